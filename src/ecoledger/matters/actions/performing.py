"""The transitions of a workflow: who may do which now, and doing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.listings import forms
from ecoledger.listings.cells import area_name
from ecoledger.listings.derive import field_at
from ecoledger.listings.parts import Text
from ecoledger.listings.refusals import Refused, refuse
from ecoledger.matters import deadlines, notices, timeline
from ecoledger.matters.actions.access import find, keep, locked, owns
from ecoledger.matters.actions.adding import take_in
from ecoledger.matters.actions.lapsing import end_requests
from ecoledger.matters.evidence import Upload
from ecoledger.matters.models import Clock, Evidence, Matter
from ecoledger.matters.register import register_of, state_of
from ecoledger.matters.workflow import NOW, ClockNote, Phase, Step, Transition


def refusal(
    matter: Matter,
    transition: Transition,
    person: Person | None,
    did: set[str] | None = None,
) -> Refused | None:
    """Why ``person`` may not do ``transition`` now; ``None`` when they may (form and files aside).

    ``did``: what the person did that still counts, when the caller has looked it up already.
    """
    if matter.merged_into_id is not None:
        return Refused("state", _("该事项已并入其他事项。"), _("请到并入的事项上办理。"))
    if matter.state not in transition.sources:
        return Refused(
            "state",
            _("当前状态是“%(state)s”，不能“%(action)s”。")
            % {
                "state": _(str(state_of(matter).label)),
                "action": _(str(transition.label)),
            },
            _("请刷新页面查看最新状态。"),
        )
    if person is None:
        if not transition.automatic:
            return Refused("role", _("“%s”须由人办理。") % _(str(transition.label)))
    else:
        if refused := _refused_by_duty(matter, transition, person):
            return refused
        if transition.other_person_than:
            if did is None:
                did = timeline.did(matter, person)
            own = [n for n in transition.barring if n in did]
            if own:
                done = register_of(matter.register).workflow.label_of(own[0])
                return _by_another(done, transition)
        if _dismisses(matter, transition) and (undid := timeline.undid(matter, person)):
            return _by_another(undid, transition)
    if transition.when is not None and (why := transition.when(matter)):
        return Refused("condition", why)
    return None


def _dismisses(matter: Matter, transition: Transition) -> bool:
    """Whether it would end work as if it had never been."""
    after = register_of(matter.register).workflow.after(transition, matter.state)
    return after.phase is Phase.DISMISSED and after.name != matter.state


def _by_another(done: Text, transition: Transition) -> Refused:
    return Refused(
        "second_person",
        _("“%(done)s”是您办的，“%(action)s”须由另一人办理。")
        % {"done": _(str(done)), "action": _(str(transition.label))},
        _("请转同岗位的其他人员。"),
    )


def _entered(matter: Matter, person: Person) -> bool:
    """Whether ``person`` or a colleague of his unit entered ``matter``."""
    by = matter.created_by
    return by is not None and (
        by.pk == person.pk
        or (by.organisation_id is not None and by.organisation_id == person.organisation_id)
    )


def _refused_by_duty(matter: Matter, transition: Transition, person: Person) -> Refused | None:
    if not person.has_role(*transition.by):
        roles = _("、").join(_(role.label) for role in Role if role in transition.by)
        return Refused(
            "role",
            _("“%(action)s”由%(roles)s办理。")
            % {"action": _(str(transition.label)), "roles": roles or _("系统")},
            _("您可以补充说明或证据。"),
        )
    if register_of(matter.register).leads_elsewhere(person, matter, transition):
        return Refused(
            "area",
            _("“%(action)s”由事项属地的人员办理，本事项在%(area)s。")
            % {"action": _(str(transition.label)), "area": area_name(matter.area_code)},
            _("本单位承办的部分请照常反馈，其他请联系调度人员。"),
        )
    if transition.by_opener and not _entered(matter, person):
        return Refused(
            "owner",
            _("“%s”由提出人或其单位办理。") % _(str(transition.label)),
            _("您可以补充说明或证据。"),
        )
    if not register_of(matter.register).takes_of_two(person, matter, transition):
        return Refused(
            "owner",
            _("“%s”由对方单位或管理部门办理。") % _(str(transition.label)),
            _("您可以补充说明或证据。"),
        )
    elsewhere = register_of(matter.register).held_elsewhere(person, matter, transition)
    if elsewhere or (transition.owner_only and not owns(matter, person)):
        owner = matter.owner or matter.owner_organisation
        return Refused(
            "owner",
            _("“%(action)s”由责任人办理，当前责任人是%(owner)s。")
            % {"action": _(str(transition.label)), "owner": owner or _("（尚未指定）")},
            _("需要变更时，请先转办。"),
        )
    return None


def available(matter: Matter, person: Person) -> list[Transition]:
    """What ``person`` may do with ``matter`` now, in the order of declaration."""
    leaving = register_of(matter.register).workflow.leaving(matter.state)
    did = timeline.did(matter, person) if any(t.other_person_than for t in leaving) else set()
    return [t for t in leaving if refusal(matter, t, person, did) is None]


def in_place_of_firm(matter: Matter, transition: Transition, person: Person | None) -> bool:
    """Whether ``person`` does what the firm owes: the trail says that it was done in its place (代填)."""
    return (
        person is not None
        and matter.enterprise_id is not None
        and state_of(matter).of_firm
        and Role.ENTERPRISE in transition.by
        and not person.has_role(Role.ENTERPRISE)
    )


@transaction.atomic
def perform(
    matter_id: int,
    name: str,
    *,
    by: Person | None,
    form: Mapping[str, Any] | None = None,
    note: str = "",
    files: Sequence[Upload] = (),
    at: datetime | None = None,
    revision: int | None = None,
) -> Any:
    """Do the transition ``name``; returns the matter as it is afterwards.

    ``form`` holds raw values by field name, as a page or the API sends them. Raises :class:`Refused`,
    :class:`NotVisible`, and ``KeyError`` for a transition the register does not have.
    """
    at = at or timezone.now()
    matter = locked(matter_id, by, revision)
    register = register_of(matter.register)
    workflow = register.workflow
    transition = workflow.transition(name)
    if refused := refusal(matter, transition, by):
        raise refused
    known = set(register.said_before(transition, matter)) - set(form or {})
    asks = tuple(ask for ask in register.asks_of(transition) if ask.name not in known)
    cleaned = forms.cleaned(asks, register.model, form or {}, row=matter, person=by)
    refuse(register.lying_ahead(asks, cleaned, at))
    # What is taken over stands in the event as well: it keeps what the next person reviews.
    said = cleaned | {
        ask.name: getattr(matter, ask.stores or ask.name)
        for ask in register.asks_of(transition)
        if ask.name in known
    }
    label = str(transition.label)
    if in_place_of_firm(matter, transition, by):
        label += timeline.IN_PLACE
    evidence = take_in(matter, files, by, at)
    _check_evidence(matter, transition)

    before, after = workflow.state(matter.state), workflow.after(transition, matter.state)
    from_state, since = matter.state, matter.state_since
    # What the step offers and nobody sent stays as it is.
    unsent = {ask.stores or ask.name for ask in asks if ask.name not in (form or {})}
    for name, value in forms.stored(asks, cleaned).items():
        if value is not None or (name not in unsent and _may_be_empty(register.model, name)):
            setattr(matter, name, value)
    for name, value in transition.sets.items():
        setattr(matter, name, at if value is NOW else value)
    matter.state = after.name
    if after.name != from_state:
        matter.state_since = at
    if after.open and not before.open:
        matter.reopened += not before.standing
        matter.closed_at = None
    elif before.open and not after.open:
        matter.closed_at = at
    step = Step(matter, transition, by, at, said)
    for effect in transition.effects:
        effect(step)
    keep(matter)
    timeline.record(
        matter,
        name=transition.name,
        label=label,
        by=by,
        at=at,
        from_state=from_state,
        stayed=at - since if after.name != from_state else None,
        note=note,
        form={k: forms.as_json(v) for k, v in said.items()},
        evidence=evidence,
        shown_to_enterprise=transition.shown_to_enterprise,
    )
    stopped = deadlines.follow_state(matter, at, transition.name)
    _say_of_clocks(matter, step, deadlines.cut_short(stopped, at))
    end_requests(matter, at)
    notices.tell_next(matter, by, at)
    if transition.shown_to_enterprise and after.name != from_state:
        notices.tell_firm(matter, by, at)
    return matter


def _say_of_clocks(matter: Matter, step: Step, cut_short: Sequence[Clock]) -> None:
    """On the timeline, why a clock stands still, counts again or ended before its time."""
    early = noop("“%(clock)s”期限未满，因“%(step)s”停止计时")
    for note in (
        *step.clocks,
        *(
            ClockNote(
                "clock_stopped",
                noop("停止计时"),
                early % {"clock": clock.label, "step": step.transition.label},
            )
            for clock in cut_short
        ),
    ):
        timeline.record(
            matter, name=note.name, label=note.label, by=step.person, at=step.at, note=note.why
        )


def _may_be_empty(model: type[Matter], attribute: str) -> bool:
    """Whether nothing said empties a column; one that always holds something keeps what it has."""
    column = field_at(model, attribute)
    return column is None or column.null or not column.has_default()


def _check_evidence(matter: Matter, transition: Transition) -> None:
    if not (transition.evidence or transition.pictures):
        return
    # What is proved in one matter of a bundle is proved in all.
    shared = Q(matter__bundle=matter.bundle_id) if matter.bundle_id else Q(matter=matter)
    files = Evidence.objects.filter(shared, uploaded_at__gte=matter.state_since)
    _check_pictures(transition, set(files.values_list("caption", flat=True)))
    there = files.count()
    if there < transition.evidence:
        raise Refused(
            "evidence",
            _("“%(action)s”需要在本环节上传至少 %(count)d 份证据，现有 %(there)d 份。")
            % {"action": _(str(transition.label)), "count": transition.evidence, "there": there},
            _("请上传现场照片、监测报告等材料后再提交。"),
            {"files": [_("缺少证据")]},
        )


def _check_pictures(transition: Transition, captions: set[str]) -> None:
    """Refuse where a place for a picture is empty."""
    missing = [label for _key, label in transition.pictures if str(label) not in captions]
    if missing:
        names = "、".join(_(str(label)) for label in missing)
        raise Refused(
            "evidence",
            _("“%(action)s”还缺照片：%(names)s。")
            % {"action": _(str(transition.label)), "names": names},
            _("请在各自的位置上传后再提交。"),
            {"files": [_("缺少照片")]},
        )


def reopen(
    matter_id: int,
    *,
    by: Person | None,
    form: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Any:
    """Bring a closed matter back by the transition its workflow has for that. Raises :class:`Refused`."""
    matter = find(matter_id, by)
    workflow = register_of(matter.register).workflow
    refused = Refused("state", _("该事项没有办结，无需重开。"))
    if not workflow.state(matter.state).open:
        for transition in workflow.leaving(matter.state):
            if not workflow.after(transition, matter.state).open:
                continue
            why = refusal(matter, transition, by)
            if why is None:
                return perform(matter_id, transition.name, by=by, form=form, at=at)
            refused = why
    raise refused
