"""Changing what is known of a matter without moving it on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings import forms
from ecoledger.listings.parts import Text
from ecoledger.listings.refusals import Refused, refuse
from ecoledger.listings.unchanged import same
from ecoledger.matters import deadlines, timeline
from ecoledger.matters.actions.access import (
    PLACE,
    finished,
    keep,
    locked,
    put,
    refusal_to_change,
    refuse_settled,
)
from ecoledger.matters.actions.lapsing import end_transfer
from ecoledger.matters.actions.lining import make_anew
from ecoledger.matters.models import TOLD, Matter
from ecoledger.matters.register import Register, register_of


@transaction.atomic
def amend(
    matter_id: int,
    values: Mapping[str, Any],
    *,
    event: str = "",
    label: Text = "",
    by: Person | None,
    at: datetime | None = None,
    note: str = "",
    form: Mapping[str, Any] | None = None,
) -> Any:
    """Keep cleaned ``values`` by attribute: what a machine learned, or what a person puts right.

    Recorded as ``event`` with the values before; unchanged values change nothing. Only a machine may do
    without an event, for what it learns again and again. A person must manage the matter or own it, and
    changes only what its forms ask; who only owns it changes neither what is finished nor who sees it nor
    by when it is due.
    """
    at = at or timezone.now()
    matter = locked(matter_id, by)
    register = register_of(matter.register)
    if by is not None:
        if refused := refusal_to_change(matter, by):
            raise refused
        asked = {ask.stores for ask in (*register.fields, *register.batch)}
        if not event:
            raise ValueError("what a person changes stands on the timeline")
        if barred := set(values) - asked:
            raise Refused("role", _("“%s”不能这样修改。") % "、".join(sorted(barred)))
    after = {name: said for name, said in values.items() if not same(getattr(matter, name), said)}
    if by is not None:
        refuse_settled(matter, after)
        refuse(register.lying_ahead((*register.fields, *register.batch), after, at))
    owner_only = by is not None and not register.manages(by, matter)
    if owner_only:
        refuse_owner(register, matter, after)
    if not after and form is None:
        return matter
    if not event:
        for name, value in after.items():
            setattr(matter, name, value)
        matter.save(update_fields=list(after))
        return matter
    was = copy(matter)
    before = change(matter, after, at)
    if owner_only:
        refuse_moved(register, matter, was)
    said = {name: forms.as_json(getattr(matter, name)) for name in before}
    timeline.record(
        matter,
        name=event,
        label=label,
        by=by,
        at=at,
        note=note,
        form={**said, **(form or {}), "before": before},
    )
    return matter


def refuse_owner(register: Register, matter: Matter, after: Iterable[str]) -> None:
    """Raise :class:`Refused` where what ``after`` names is not for who owns the matter without managing it."""
    if refused := finished(matter):
        raise refused
    held = register.held & set(after)
    if held & {"owner_organisation", "owner"}:
        raise Refused("unit", _("转给其他单位须由调度人员决定。"), _("请用“转办”申请。"))
    if held:
        labels = "、".join(sorted(_(str(register.derive.ask(name).label)) for name in held))
        raise Refused(
            "role",
            _("“%(what)s”由%(who)s修改，责任人不能自行更改。")
            % {"what": labels, "who": register.managers},
            _("期限可申请延期。"),
        )


def refuse_moved(register: Register, matter: Matter, was: Matter) -> None:
    """Raise :class:`Refused` where who owns ``matter`` would show it to others by what he says that it is about."""
    seen_by = ("area_code", "enterprise") if matter.circulation in TOLD else ("area_code",)
    refuse_owner(register, was, [n for n in seen_by if getattr(matter, n) != getattr(was, n)])


def change(matter: Matter, values: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Set and save ``values``; what they were before, as an event keeps them."""
    register = register_of(matter.register)
    names = dict.fromkeys((*values, "enterprise", *PLACE, *register.follows))
    before = {name: forms.as_json(getattr(matter, name)) for name in names}
    owner = matter.owner_organisation_id, matter.owner_id
    was = put(matter, values)
    make_anew(matter, was)
    # A person of another organisation is no longer the owner once the organisation changed.
    if matter.owner is not None and matter.owner.organisation_id != matter.owner_organisation_id:
        matter.owner = None
    keep(matter)
    if owner != (matter.owner_organisation_id, matter.owner_id):
        end_transfer(matter, at)
    # What only follows is told where it has changed.
    before = {
        name: said
        for name, said in before.items()
        if name in values or forms.as_json(getattr(matter, name)) != said
    }
    deadlines.put_right(matter, was)
    return before
