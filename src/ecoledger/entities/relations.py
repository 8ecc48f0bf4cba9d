"""What entities have to do with each other (关系), with dates: one table, not a column for each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.entities import editing
from ecoledger.entities.models import Entity, Relation
from ecoledger.entities.validity import in_force, overlapping

# Key -> (a's words for b, b's words for a).
KINDS: dict[str, tuple[str, str]] = {
    "member_of": ("所属集中处理中心", "服务单位"),
    "discharges_into": ("排入", "接纳来水"),
    "upstream_of": ("下游", "上游"),
    "treats": ("治理的生产设施", "治理设施"),
    "leads_to": ("排放口", "来源设施"),
    "placed_with": ("同址", "同址"),
}
# The same as one says it of both: "a … b".
PHRASES: dict[str, str] = {
    "member_of": "属于集中处理中心",
    "discharges_into": "排入",
    "upstream_of": "在其上游",
    "treats": "治理其废气废水",
    "leads_to": "接至排放口",
    "placed_with": "与其同址",
}
# Kinds by which the chiefs of ``b`` answer for what happens at ``a``.
ANSWERING = ("discharges_into",)


def check(
    person: Person | None, a: Entity, kind: str, b: Entity, since: date | None, until: date | None
) -> None:
    """Raise ``PermissionDenied`` outside the person's divisions, ``ValidationError`` by field for what cannot be."""
    if not editing.may_edit(person, a.area_code):
        raise PermissionDenied(_("只能登记和修改本辖区的对象"))
    if kind not in KINDS:
        raise ValidationError({"kind": _("没有这种关系：%(kind)s") % {"kind": kind}})
    if a.pk == b.pk:
        raise ValidationError({"b": _("对象不能与自己有关系")})
    if since and until and since > until:
        raise ValidationError({"until": _("停用日期应不早于启用日期")})


@transaction.atomic
def relate(
    person: Person | None,
    a: Entity,
    kind: str,
    b: Entity,
    *,
    since: date | None = None,
    until: date | None = None,
    values: Mapping[str, Any] | None = None,
    address: str = "",
) -> Relation:
    """Put a relation on record, or change what it measures where it stands already."""
    check(person, a, kind, b, since, until)
    same = Relation.objects.filter(overlapping(since, until), a_id=a.pk, b_id=b.pk, kind=kind)
    relation = same.first() or Relation(a_id=a.pk, b_id=b.pk, kind=kind, since=since)
    relation.until, relation.values = until, dict(values or relation.values)
    relation.save()
    audit.record(
        person,
        "relation entered",
        a,
        details={"kind": kind, "b": b.code, "since": since, "until": until, "values": values or {}},
        address=address,
    )
    return relation


@transaction.atomic
def change(
    person: Person | None,
    relation: Relation,
    *,
    since: date | None,
    until: date | None,
    values: Mapping[str, Any] | None = None,
    address: str = "",
) -> Relation:
    """Change the dates of a relation (end it), or what it measures."""
    if not editing.may_edit(person, relation.a.area_code):
        raise PermissionDenied(_("只能登记和修改本辖区的对象"))
    if since and until and since > until:
        raise ValidationError({"until": _("停用日期应不早于启用日期")})
    before = {"since": relation.since, "until": relation.until, "values": relation.values}
    relation.since, relation.until = since, until
    relation.values = {**relation.values, **(values or {})}
    relation.save()
    after = {"since": since, "until": until, "values": relation.values}
    details = {"kind": relation.kind, "b": relation.b.code, "before": before, "after": after}
    audit.record(person, "relation changed", relation.a, details=details, address=address)
    return relation


def of(thing: Entity, on: date | None = None) -> list[tuple[str, Entity, Relation]]:
    """The relations of a thing on a day (today): words for the other, the other, the row."""
    rows = Relation.objects.filter(in_force(on)).filter(Q(a_id=thing.pk) | Q(b_id=thing.pk))
    result = []
    for row in rows.select_related("a", "b"):
        forth = row.a_id == thing.pk
        words = KINDS.get(row.kind, (row.kind, row.kind))[0 if forth else 1]
        result.append((words, row.b if forth else row.a, row))
    return result
