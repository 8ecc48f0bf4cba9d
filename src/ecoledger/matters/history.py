"""Matters of an existing ledger as imported facts (导入的历史), in bulk: closed ones, and those still open.

They have their own dates, start no clock, tell nobody and were checked by no second person here. Each
has one event on the chain, which says whose facts they are and from which file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import inserting, scope
from ecoledger.accounts.models import Person
from ecoledger.listings import forms
from ecoledger.listings.models import ImportBatch
from ecoledger.listings.refusals import Refused
from ecoledger.matters import chain, insertion
from ecoledger.matters.models import Event
from ecoledger.matters.register import Register
from ecoledger.matters.rows import ENDED
from ecoledger.matters.workflow import Phase, State

EVENT, LABEL = "history", "导入的历史"
# Key of a row's cells that no attribute keeps.
REMARKS = "remarks"


def ending_of(register: Register) -> State:
    """The state a matter of the past stands in: closed, or done where the register knows no closing."""
    states = register.workflow.states
    ends = [s for phase in (Phase.CLOSED, Phase.DONE) for s in states if s.phase is phase]
    if not ends:
        raise Refused("condition", _("“%s”没有办结的状态。") % _(str(register.label)))
    return ends[0]


def working_of(register: Register) -> State:
    """The state in which a matter that was open in the earlier ledger goes on: the one its owner works in."""
    states = [s for s in register.workflow.states if s.open]
    return next((s for s in states if s.by_owner), states[0])


def refusal(values: Mapping[str, Any], by: Person | None, now: datetime) -> str:
    """Why a row cannot be a matter of the past; empty when it can."""
    opened, closed = values.get("opened_at"), values.get("closed_at")
    if closed is None and ENDED not in values:
        return _("没有办结日期；未办结的请不作为历史导入。")
    if wrong := impossible(opened, closed, now):
        return wrong
    if by is not None and by.area_codes and not scope.covers(by, values.get("area_code", "")):
        return _("行政区划 %s 不在您的数据范围内。") % (values.get("area_code") or "—")
    return ""


def impossible(opened: Any, closed: Any, now: Any) -> str:
    """Why nothing of the past can have begun and ended so; empty when it can. All three are moments, or all are days
    written alike, as a table is looked at before it is taken in."""
    if closed and closed > now:
        return _("办结日期在今天之后。")
    if opened and opened > (closed or now):
        return _("登记日期在办结日期之后。") if closed else _("登记日期在今天之后。")
    return ""


@transaction.atomic
def enter(
    register: Register,
    rows: Sequence[Mapping[str, Any]],
    *,
    by: Person | None,
    source: str,
    batch: ImportBatch | None = None,
    at: datetime | None = None,
) -> list[Any]:
    """Keep ``rows`` of cleaned values by attribute; the matters, in their order.

    Each row needs ``closed_at``, or says by ``ended`` whether it was closed on a day nobody knows or is still open;
    ``opened_at`` is the same where nobody knows it. ``remarks`` are further cells of the ledger, kept in the event.
    No clock starts, also for what is still open. ``source`` names the file. Raises :class:`Refused` for the first row that cannot be; the caller asks :func:`refusal`
    beforehand to leave such rows out.
    """
    at = at or timezone.now()
    if by is not None and not register.may_open(by):
        raise Refused("role", _("您的岗位不能在“%s”登记事项。") % _(str(register.label)))
    states = (working_of(register), ending_of(register))
    made = inserting.maker(register.model)
    matters = [_matter(register, made, states, row, by, batch, at) for row in rows]
    insertion.give_numbers(register, matters)
    insertion.insert(matters)
    if register.holds_to is not None and len(matters) > 1:
        for matter in matters:  # and beside the others of the same table
            register.holds_to(matter)
    event = inserting.maker(Event)
    chain.append_all(
        event(
            matter_id=matter.pk,
            at=at,
            person_id=by.pk if by is not None else None,
            transition=EVENT,
            label=LABEL,
            to_state=matter.state,
            note=source,
            form={name: forms.as_json(value) for name, value in row.items() if value != {}},
        )
        for matter, row in zip(matters, rows, strict=True)
    )
    return matters


def _matter(
    register: Register,
    made: Callable[..., Any],
    states: tuple[State, State],
    row: Mapping[str, Any],
    by: Person | None,
    batch: ImportBatch | None,
    now: datetime,
) -> Any:
    if why := refusal(row, by, now):
        raise Refused("form", why)
    beside = (ENDED, REMARKS)
    values = {n: value for n, value in row.items() if value not in (None, "") and n not in beside}
    matter = made(register=register.key, **values)
    closed = values.get("closed_at")
    matter.opened_at = values.get("opened_at") or closed or now
    state = states[bool(row.get(ENDED, True))]
    # A row may say by which of the register's ends it ended.
    if (
        "state" in values
        and (said := register.workflow.state(values["state"])).phase is not Phase.OPEN
    ):
        state = said
    matter.state, matter.phase = state.name, state.phase.value
    matter.state_since = closed or matter.opened_at
    matter.history, matter.created_by, matter.import_batch = True, by, batch
    if register.prepare is not None:
        register.prepare(matter)
    if register.holds_to is not None:
        register.holds_to(matter)
    if register.level is not None:
        matter.level = register.level(matter)
    return matter
