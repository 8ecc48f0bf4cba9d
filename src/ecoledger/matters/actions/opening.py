"""Making a matter; hiding one that should not have been made, and bringing it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import scope
from ecoledger.accounts.models import Person
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings import forms, own_firm
from ecoledger.listings.models import ImportBatch
from ecoledger.listings.parts import Kind
from ecoledger.listings.refusals import Refused, refuse
from ecoledger.matters import deadlines, notices, timeline
from ecoledger.matters.actions.access import keep
from ecoledger.matters.actions.adding import take_in
from ecoledger.matters.actions.lapsing import end_requests
from ecoledger.matters.actions.lining import write_lines
from ecoledger.matters.actions.linking import link
from ecoledger.matters.evidence import Upload
from ecoledger.matters.models import Link, Matter
from ecoledger.matters.numbering import next_number
from ecoledger.matters.register import Register
from ecoledger.matters.workflow import OPEN


@transaction.atomic
def open_matter(
    register: Register,
    values: Mapping[str, Any],
    *,
    by: Person | None,
    at: datetime | None = None,
    note: str = "",
    form: Mapping[str, Any] | None = None,
    files: Sequence[Upload] = (),
    origin_matter: Matter | None = None,
    batch: ImportBatch | None = None,
    number: str = "",
    state: str = "",
    lines: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Any:
    """Make a matter from model ``values`` (already cleaned) and return it.

    ``origin_matter`` begets it: both are linked. ``number`` keeps a number it already had elsewhere.
    ``state`` is where it stands already by what another system says.
    ``lines`` are raw child rows by the key of their declaration.
    Raises :class:`Refused` when ``by`` may not open this kind or not in that area.
    """
    at = at or timezone.now()
    may_open(register, by)
    # What nobody said keeps the model's default.
    values = {name: value for name, value in values.items() if value not in (None, "")}
    matter = begun(register, values, by=by, at=at, batch=batch, state=state)
    if origin_matter is not None:
        matter.origin_matter_id = origin_matter.pk
    matter.number = number or next_number(register, at)
    keep(matter)
    for declared in register.lines:
        rows = list((lines or {}).get(declared.key, ()))
        named = declared.asks[0]
        if declared.first is not None and not (rows and named.kind is Kind.REFERENCE):
            said = {str(row.get(named.name) or "").strip() for row in rows}
            rows += [row for row in declared.first(matter) if str(row[named.name]) not in said]
        write_lines(declared, matter, rows, by)
    evidence = take_in(matter, files, by, at)
    timeline.record(
        matter,
        name=OPEN,
        label=noop("登记"),
        by=by,
        at=at,
        from_state="",
        note=note,
        # As it is kept, not as it was said: a register may take out what not everybody may read.
        form=form if form is not None else {k: forms.as_json(getattr(matter, k)) for k in values},
        evidence=evidence,
    )
    deadlines.follow_state(matter, at)
    if origin_matter is not None:
        link(origin_matter, matter, Link.Kind.BEGETS, by=by, at=at)
    if batch is None:  # of a whole table people are told once, not row by row
        notices.tell_next(matter, by, at)
        if register.opened is not None:
            register.opened(matter)
    return matter


def may_open(register: Register, by: Person | None) -> None:
    """Raises :class:`Refused` when ``by`` may not open matters of this kind."""
    if by is not None and not register.may_open(by):
        raise Refused(
            "role",
            _("您的岗位不能在“%(register)s”登记事项。") % {"register": _(str(register.label))},
            _("请联系调度人员登记。"),
        )


def begun(
    register: Register,
    values: Mapping[str, Any],
    *,
    by: Person | None,
    at: datetime,
    batch: ImportBatch | None,
    state: str = "",
) -> Any:
    """A new matter of ``values``, not written yet. Raises :class:`Refused` where it lies outside the scope of ``by``."""
    kept = {name: value for name, value in values.items() if value not in (None, "")}
    matter = register.model(register=register.key, **kept)
    matter.state = state or register.workflow.initial.name
    matter.state_since = at
    matter.opened_at = kept.get("opened_at", at)
    matter.created_by = by
    matter.import_batch = batch
    if matter.entity is None and by is not None and own_firm.speaks_for_one(by):
        matter.entity = Enterprise.objects.filter(code=by.entity_code).first()
    if matter.entity is not None:
        _take_from_entity(matter, matter.entity)
    if by is not None and by.area_codes and not scope.covers(by, matter.area_code):
        raise Refused(
            "area",
            _("行政区划 %(area)s 不在您的数据范围内。") % {"area": matter.area_code or "—"},
            _("请核对属地，或请有该范围的人员登记。"),
            {"area_code": [_("不在您的数据范围内") if matter.area_code else _("请选择属地。")]},
        )
    refuse(register.wrong(kept, by))
    if by is not None and batch is None:
        refuse(register.lying_ahead(register.fields, kept, at))
    if register.prepare is not None:
        register.prepare(matter)
    if register.holds_to is not None:
        register.holds_to(matter)
    return matter


def _take_from_entity(matter: Matter, entity: Entity) -> None:
    """Place and enterprise from what the matter is about, where nothing else was said."""
    matter.area_code = matter.area_code or entity.area_code
    matter.address = matter.address or entity.address
    if matter.lon is None and matter.lat is None:
        matter.lon, matter.lat = entity.lon, entity.lat
    if matter.enterprise_id is None and entity.enterprise is not None:
        matter.enterprise_id = entity.enterprise.pk


def withdraw(matter: Matter, *, by: Person | None, label: str, at: datetime) -> None:
    """Hide a matter that should not have been made (an undone import). It and its events remain."""
    matter.withdrawn_at = at
    keep(matter)
    deadlines.stop_all(matter, at)
    timeline.record(matter, name="withdrawn", label=label, by=by, at=at)
    end_requests(matter, at)


def restore(matter: Matter, *, by: Person | None, label: str, at: datetime) -> None:
    """Bring a withdrawn matter back."""
    matter.withdrawn_at = None
    keep(matter)
    timeline.record(matter, name="restored", label=label, by=by, at=at)
    deadlines.follow_state(matter, at)
