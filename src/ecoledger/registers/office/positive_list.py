"""监督执法正面清单 (mechanism P15): who enters and who leaves by rule, and what it means for planning: off-site first.

The conditions stand in ``data/positive_list.toml``; a file of that name in the bureau's profile takes its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.books import campaign as campaigns
from ecoledger.books.models import RosterLine
from ecoledger.books.roster import Roster
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings import own_data, own_files
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import
from ecoledger.matters.models import Matter
from ecoledger.monitoring.models import Point


class PositiveLine(RosterLine):
    """One enterprise on the list, with what it was entered for."""

    class Ground(models.TextChoices):
        GREEN = "green", "绿色低碳、治理水平高"
        LIVELIHOOD = "livelihood", "民生保障"
        SMALL = "small", "污染小、吸纳就业强"
        PROMISE = "promise", "自主承诺安装自动监控"
        OTHER = "other", "其他"

    ground = models.CharField(
        "列入类别", max_length=12, choices=Ground.choices, default=Ground.OTHER
    )
    exit_reason = models.CharField("应退出原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "正面清单企业"


own_files.declare(
    own_files.Rules("ecoledger.registers.office", "positive_list", "监督执法正面清单条件")
)


def rules() -> dict[str, Any]:
    """The conditions of entry and exit."""
    return own_data.read("ecoledger.registers.office", "positive_list")


def faults(entity: Entity, day: date) -> list[str]:
    """What keeps an enterprise off the list on ``day``: the conditions that it does not meet, each in words."""
    rule, found = rules(), []
    since = timezone.now() - timedelta(days=int(rule["clean_days"]))
    own = Matter.objects.filter(enterprise=entity, withdrawn_at=None, opened_at__gte=since)
    for book in rule["against"]:
        rows = own.filter(register=book["register"], merged_into=None).exclude(phase="dismissed")
        if book.get("field"):
            rows = rows.filter(**{book["field"]: book["value"]})
        if rows.count() > int(book.get("allowed", 0)):
            found.append(_("%(days)d 天内有%(what)s %(n)d 件") % {
                "days": rule["clean_days"], "what": _(book["label"]), "n": rows.count(),
            })  # fmt: skip
    if rule["automatic_monitoring"] and not Point.objects.filter(owner_code=entity.code).exists():
        found.append(_("没有联网的自动监控"))
    return found


def eligible(area_code: str, day: date) -> Iterator[tuple[Entity, dict[str, Any]]]:
    """Enterprises of the area that may enter, with the values of their line."""
    rule = rules()
    rows = Enterprise.objects.filter(area_code__startswith=area_code, until=None)
    if rule["automatic_monitoring"]:
        rows = rows.filter(code__in=Point.objects.exclude(owner_code="").values("owner_code"))
    for entity in rows.order_by("code"):
        if not faults(entity, day):
            yield entity, {"reason": _("符合列入条件（按条件拟定）"), "ground": "promise"}


def exit_reason(line: Any, day: date) -> str:
    """Why a line must leave the list; "" while it may stay."""
    return "；".join(faults(line.entity, day)) if line.entity else ""


POSITIVE = declare(Roster(
    key="positive_list", label="监督执法正面清单", line="enforcement", model=PositiveLine,
    attributes=("ground", "reason"),
    columns=("entity", "ground", "reason", "exit_reason", "edition", "area_code"),
    filters=("edition", "ground"), search=("entity__name", "reason"),
    fields=("edition", Ask("entity", required=True), "ground", "reason"), lead="entity",
    imports=Import(key=("edition", "entity"), headers={"entity": ("企业名称", "单位名称"), "ground": ("类别",),
                   "edition": ("年度", "版本")}, examples={"edition": "2026", "entity": "示例企业"}),
    proposes=eligible, leaves=exit_reason,
    edit=frozenset({Role.DISPATCHER, Role.OFFICER, Role.SECTION_CHIEF}),
    empty="还没有正面清单。建一个版本，按条件拟定后公布；在册企业以非现场方式优先。",
))  # fmt: skip


def off_site_first() -> dict[int, str]:
    """Why enterprises are not visited as a matter of routine today: key -> reason."""
    why = _("在监督执法正面清单（%s），以非现场方式优先")
    return {key: why % line.edition for key, line in POSITIVE.listed().items()}


campaigns.reasons_to_leave_out.append(off_site_first)
