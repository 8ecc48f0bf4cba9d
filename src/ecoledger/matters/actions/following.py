"""A later table of the ledger a matter came from: what has changed there since is kept here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.listings import forms
from ecoledger.listings.refusals import Refused
from ecoledger.matters import deadlines, timeline
from ecoledger.matters.actions.access import keep, locked
from ecoledger.matters.actions.lapsing import end_requests
from ecoledger.matters.register import register_of
from ecoledger.matters.workflow import Phase

EVENT, LABEL = "followed", noop("按原平台更新")


@transaction.atomic
def follow(
    matter_id: int,
    values: Mapping[str, Any],
    *,
    by: Person | None,
    at: datetime,
    state: str = "",
    ended: datetime | None = None,
    unsaid: Iterable[str] = (),
    note: str = "",
) -> Any:
    """Keep ``values`` by attribute and, with ``state``, where the other ledger says the matter stands.

    Work that is over here is not begun again, and what needs a second person here is never closed by a table.
    ``ended``: when it ended there. ``unsaid`` names values that the event does not repeat.
    """
    matter = locked(matter_id, by)
    register = register_of(matter.register)
    if by is not None and not register.may_open(by):
        raise Refused("role", _("您的岗位不能在“%s”登记事项。") % _(str(register.label)))
    hidden = frozenset(unsaid)
    before = {n: forms.as_json(getattr(matter, n)) for n in values if n not in hidden}
    said = {n: forms.as_json(v) for n, v in values.items() if n not in hidden}
    for name, value in values.items():
        setattr(matter, name, value)
    from_state = matter.state
    if state and state != from_state:
        here, there = register.state_of(matter), register.workflow.state(state)
        if not here.open or there.phase in (Phase.CLOSED, Phase.REVIEW):
            raise Refused("state", _("本事项已办结，或须经本局办理，不能按表格改变状态。"))
        matter.state, matter.state_since = state, ended or at
        if not there.open:
            matter.closed_at = ended or at
    keep(matter)
    timeline.record(
        matter,
        name=EVENT,
        label=LABEL,
        by=by,
        at=at,
        from_state=from_state,
        note=note,
        form={**said, "before": before},
    )
    deadlines.follow_state(matter, ended or at)
    end_requests(matter, at)
    if {rule.deadline_field for rule in register.workflow.clocks} & set(values):
        deadlines.follow_dates(matter, at)
    return matter
