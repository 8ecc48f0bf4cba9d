"""A later table of the ledger a matter came from: what has changed there since is kept here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Organisation, Person
from ecoledger.listings import forms
from ecoledger.listings.refusals import Refused
from ecoledger.matters import deadlines, timeline
from ecoledger.matters.actions.access import came_finished, keep, locked, owns, put, refuse_settled
from ecoledger.matters.actions.amending import refuse_moved, refuse_owner
from ecoledger.matters.actions.lapsing import end_requests
from ecoledger.matters.actions.lining import make_anew
from ecoledger.matters.models import Event, Matter
from ecoledger.matters.register import Register, register_of
from ecoledger.matters.workflow import Phase

EVENT, LABEL = "followed", noop("按原平台更新")
# Events that an import and its undoing leave, and why it lets one matter go on for another; any other is work that
# somebody has done since, a merging of one's own too.
_OF_IMPORT, _MERGINGS = ("open", "history", "withdrawn", "restored"), ("merged", "absorbed")
SAID_TO_REPEAT = noop("导入时标明重复")
# What anybody adds who sees it changes nothing of it: its table goes on to say it.
_ADDED = ("note", "evidence")
_OWNER = frozenset({"owner", "owner_id", "owner_organisation", "owner_organisation_id"})


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

    Work that is over here is not begun again, and what needs a second person here is never closed by a table. The
    person manages the matter or owns it; what somebody works on here is moved on by its own steps alone.
    ``ended``: when it ended there. ``unsaid`` names values that the event does not repeat.
    """
    matter = locked(matter_id, by)
    register = register_of(matter.register)
    if by is not None and not register.may_open(by):
        raise Refused("role", _("您的岗位不能在“%s”登记事项。") % _(str(register.label)))
    if by is not None:
        may_follow(register, matter, by, values, state)
    hidden = frozenset(unsaid)
    before = {n: forms.as_json(getattr(matter, n)) for n in values if n not in hidden}
    said = {n: forms.as_json(v) for n, v in values.items() if n not in hidden}
    was = put(matter, values)
    make_anew(matter, was)
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
    deadlines.put_right(matter, was)
    return matter


def may_follow(
    register: Register, matter: Any, by: Person, values: Mapping[str, Any], state: str = ""
) -> None:
    """Raise :class:`Refused` for what ``by`` may not change of ``matter`` by a table: neither what was decided here, nor, as
    its owner, who sees it and by when it is due; nor what nobody does."""
    manages = register.manages(by, matter)
    if not manages and not owns(matter, by):
        raise Refused(
            "role",
            _("%(number)s 不由您负责，不能按表格更新。") % {"number": matter.number},
            _("请由%s或当前责任人导入。") % register.managers,
        )
    if not manages:
        refuse_owner(register, matter, values)
    if not (manages and only_followed(matter)):
        _refuse_decided(register, matter, values, state)
    elif not _may_give(by, values):
        raise Refused("unit", _("不能按表格把事项交给其他单位。"), _("请用“转办”申请。"))
    then = copy(matter)
    was = put(then, values)
    if not manages:
        refuse_moved(register, then, was)


def _refuse_decided(register: Register, matter: Any, values: Mapping[str, Any], state: str) -> None:
    """Raise :class:`Refused` where a table says otherwise what was judged here, or what steps alone say."""
    refuse_settled(matter, values)
    decided = sorted(set(values) & (_OWNER | _set_by_steps(register)))
    labels = [_("状态")] if state and state != matter.state else []
    labels += [_(str(register.derive.ask(name.removesuffix("_id")).label)) for name in decided]
    if labels:
        raise Refused(
            "state",
            _("%(number)s 已在本局办理，“%(what)s”不能按表格改变。")
            % {"number": matter.number, "what": _("、").join(labels)},
            _("请打开该事项，按环节办理；表中可只保留基本情况各列。"),
        )


def only_followed(matter: Matter) -> bool:
    """Whether the matter came by a table and nobody has worked on it here: its work is done elsewhere."""
    if matter.import_batch_id is None:
        return False
    done = work_on(matter).exclude(transition__in=(EVENT, *_ADDED))
    return not done.filter(person__isnull=False).exists()


def work_on(matter: Matter) -> QuerySet[Event]:
    """What was done about an imported matter since; of what came finished a note is no work, else nobody puts it right."""
    linked = Q(transition__in=_MERGINGS, note=SAID_TO_REPEAT)
    left_out = (*_OF_IMPORT, *_ADDED) if came_finished(matter) else _OF_IMPORT
    return Event.objects.filter(matter=matter).exclude(Q(transition__in=left_out) | linked)


def _may_give(by: Person, values: Mapping[str, Any]) -> bool:
    """Whether ``by`` may give a matter to the unit among ``values``: the bureau to all, anybody else to his own."""
    unit = values.get("owner_organisation_id") or values.get("owner_organisation")
    if unit is None or (by.organisation and by.organisation.kind == Organisation.Kind.BUREAU):
        return True
    return bool(getattr(unit, "pk", unit) == by.organisation_id)


def _set_by_steps(register: Register) -> set[str]:
    """What only steps of the workflow write: not what may be amended at any time."""
    written: set[str] = set()
    for way in register.workflow.transitions:
        written |= {ask.stores for ask in register.asks_of(way) if ask.stores} | set(way.sets)
    return written - {ask.stores for ask in (*register.fields, *register.batch)}
