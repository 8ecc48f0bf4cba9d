"""What a matter's page says first: where the matter stands, and what is asked of the person.

The stage line shows every stage with who brought it there and when; the ask says who asks, in their words,
what each way on sets off, and which conditions the system has checked already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ecoledger.accounts.grants import roles_held
from ecoledger.accounts.roles import Role
from ecoledger.matters import evidence
from ecoledger.matters.models import Clock, Event, Evidence, Matter
from ecoledger.matters.register import Register
from ecoledger.matters.workflow import Phase, State, Transition
from ecoledger.web.work import lefts, tone_of

# Roles that are named of those whose turn it is.
_NAMED = 3


@dataclass(frozen=True)
class Stage:
    """One stage of the line: ``standing`` is done, now, ahead or skipped.

    ``at`` and ``who``: when and by whom a stage was done; of the stage it stands in, since when. ``late``: it is overdue
    now, or was done after its time.
    """

    label: str
    standing: str
    at: datetime | None = None
    who: str = ""
    late: bool = False


def stage_line(
    register: Register, matter: Matter, events: Sequence[Event], clocks: Sequence[Clock] = ()
) -> list[Stage]:
    """Every stage in order, with the last event that brought the matter into it, or out of it. A stage that lies beside the
    way (督办 of who is not satisfied) stands there once the matter was in it."""
    workflow = register.workflow
    stage_of = {state.name: str(state.stage) for state in workflow.states}
    entered: dict[str, Event] = {}
    left: dict[str, Event] = {}
    for event in events:
        came, gone = stage_of.get(event.to_state), stage_of.get(event.from_state)
        if event.to_state != event.from_state and came:
            entered[came] = event
        if gone and came != gone:
            left[gone] = event
    state = register.state_of(matter)
    on_the_way = {stage_of[t.target] for t in workflow.transitions if t.target and t.main}
    on_the_way |= {str(workflow.initial.stage), str(state.stage), *entered, *left}
    labels = [str(label) for label in workflow.stages if str(label) in on_the_way]
    here = labels.index(str(state.stage)) if str(state.stage) in labels else len(labels)
    late = _done_late(register, clocks)
    line = []
    for number, label in enumerate(labels):
        if number == here:
            since = entered.get(label)
            at = since.at if since else None
            line.append(Stage(label, "now", at, late=bool(matter.overdue)))
        elif number > here:
            line.append(Stage(label, "ahead"))
        elif (done := left.get(label)) or number == 0:
            who = done.person.name if done and done.person else ""
            line.append(Stage(label, "done", done.at if done else None, who, label in late))
        else:
            # What came in as a fact of the past was not seen on its way.
            unseen = state.phase is Phase.DONE and not left
            line.append(Stage(label, "done" if label in entered or unseen else "skipped"))
    if not state.open:
        line.append(Stage(str(state.label), "now", matter.closed_at))
    return line


def _done_late(register: Register, clocks: Sequence[Clock]) -> set[str]:
    """Stages that have a clock of their own which stopped after its time."""
    stage_of = {state.name: str(state.stage) for state in register.workflow.states}
    during = {
        rule.name: {stage_of.get(name, "") for name in rule.during}
        for rule in register.workflow.clocks
    }
    late = set()
    for clock in clocks:
        stages = during.get(clock.name, set())
        if len(stages) == 1 and clock.stopped_at and clock.due and clock.stopped_at > clock.due:
            late |= stages
    return late


@dataclass(frozen=True)
class Asking:
    """Who asks, when, and in which words; the files that came with it."""

    event: Event
    who: str
    phone: str
    files: tuple[Evidence, ...]


def asked_by(events: Sequence[Event], files: Iterable[Evidence], *, inside: bool) -> Asking | None:
    """The event that brought the matter where it stands."""
    moved = [e for e in events if e.to_state != e.from_state]
    if not moved:
        return None
    event = moved[-1]
    known = {f.pk: f for f in files}
    attached = tuple(known[f["id"]] for f in event.evidence if f["id"] in known)
    person = event.person
    if person is None:
        return Asking(event, _("系统"), "", attached)
    organisation = str(person.organisation or "")
    who = f"{organisation} {person.name}".strip() if inside else organisation
    return Asking(event, who, person.phone if inside else "", attached)


def sets_off(register: Register, transition: Transition) -> str:
    """What a way on sets off: the state it leads to and the clock that begins there."""
    if not transition.target:
        return ""
    target = register.workflow.state(transition.target)
    stays = set(transition.sources) == {transition.target}
    words = [_("状态不变") if stays else _("转为“%s”") % _(str(target.label))]
    if transition.target not in transition.sources:
        words += [
            f"{_(str(rule.label))} {rule.length} {_(rule.unit.label)}"
            for rule in register.workflow.clocks
            if transition.target in rule.during and not rule.waiting and rule.length
        ]
    return _("；").join(words)


@dataclass(frozen=True)
class Check:
    """A condition the system has checked: whether it holds, and the fact."""

    holds: bool
    label: str
    fact: str = ""


def checks(
    register: Register, matter: Matter, transition: Transition, files: Sequence[Evidence]
) -> list[Check]:
    """The conditions of a way on that can be told before it is taken."""
    rows = []
    if register.before_end is not None and _towards_end(register, transition):
        rows += [
            Check(holds, _(str(label)), fact) for holds, label, fact in register.before_end(matter)
        ]
    here = [f for f in files if matter.state_since is None or f.uploaded_at >= matter.state_since]
    if transition.evidence:
        n = len(here)
        rows.append(
            Check(n >= transition.evidence, _("本环节的证据"), f"{n}/{transition.evidence}")
        )
    if transition.pictures:
        captions = {f.caption for f in here}
        n = sum(1 for _key, label in transition.pictures if str(label) in captions)
        wanted = len(transition.pictures)
        rows.append(Check(n == wanted, _("各位置的照片"), f"{n}/{wanted}"))
    if transition.other_person_than:
        rows.append(Check(True, _("办理人与申请人不是同一人"), _("符合")))
    return rows


def _towards_end(register: Register, transition: Transition) -> bool:
    """Whether a way on ends the matter, or asks that it be ended."""
    target = register.workflow.state(transition.target) if transition.target else None
    return target is not None and (not target.open or target.name == "close_check")


def images(files: Iterable[Evidence]) -> list[Evidence]:
    """The files that are pictures, to be shown."""
    return [
        f
        for f in files
        if f.content_type.startswith("image/") and f.content_type in evidence.INLINE
    ]


# A label that says what has come about, or what somebody else does.
_COME_ABOUT = re.compile(
    r"(?!报告|申请|提交|填报|登记|确认)(?:.*已.+|.+(?:完成|结束|终结|终止|完毕|生效|期满|收齐|到位|通过))|(?:法院|公安|承运人|移出人|接受人|接收单位).+"
)


def _as_verb(label: str) -> str:
    """A way on as what one is asked to do: of 无隐患或已整改，办结 the verb is the last word, what holds first stands behind.

    告知书已送达 is no verb: it is named as it stands.
    """
    condition, comma, verb = label.rpartition("，")
    if _COME_ABOUT.fullmatch(verb):
        return f"办理“{label}”"
    return f"{verb}（{condition}）" if comma else label


# Of a label that is the favourable end of a judgement, what is to be judged.
_RESULT = re.compile(r"(.*?)(?:通过|合格|(?<!不)(?:属实|成立|同意))")
_CONSENT = {"同意": "审核", "准予": "审核", "批准": "审批"}


def _judged(label: str) -> str:
    """What is asked where a way on is named by its favourable end: 初筛通过 is 初筛, 同意分配 is 审核分配; "" of others."""
    for part in label.split("，"):
        if match := _RESULT.fullmatch(part):
            return {"": "审核", "整改": "核查整改", "申诉": "答复申诉"}.get(match[1], match[1])
        for consent, verb in _CONSENT.items():
            if part.startswith(consent):
                return verb + part.removeprefix(consent)
    return ""


def _asked_to(label: str, state_label: str) -> str:
    """The one way on as a sentence that leaves its outcome open."""
    judged = _judged(label)
    if not judged:
        return _("请您%s") % _as_verb(_(label))
    is_chinese = (get_language() or "").startswith("zh")
    return f"请您{judged}" if is_chinese else _("请您选一项办理（现在%s）") % _(state_label)


def title(
    offered: Sequence[Any],
    state_label: str,
    *,
    for_firm: bool = False,
    holder: str = "",
    blocked: Transition | None = None,
    unowned: bool = False,
    own: bool = False,
) -> str:
    """The ask as a sentence with a verb; ``for_firm``: what is asked is the firm's, and may be done in its place.

    ``holder``: whose turn it is, where the way on is another's. ``blocked``: the person's own way on, while something is
    lacking to it. ``unowned``: the person has to say first whose it is. ``own``: what is asked is the
    firm's that looks: it says what has come about, and judges nobody.
    """
    mains = [o for o in offered if o.transition.main]
    if not mains and unowned:
        return _("请您确定责任单位")
    if not mains and blocked is not None:
        return _("“%s”还不能办") % _(str(blocked.label))
    if not mains and holder:
        return _("现在由 %(holder)s 办理") % {"holder": holder}
    if len(mains) == 1 and for_firm:
        return _("应由企业办理，您可以代企业%s") % _as_verb(_(str(mains[0].transition.label)))
    if len(mains) == 1 and own:
        return _("请您%s") % _as_verb(_(str(mains[0].transition.label)))
    if len(mains) == 1:
        return _asked_to(str(mains[0].transition.label), state_label)
    if mains and for_firm:
        return _("应由企业办理（现在%s），您可以代办") % _(state_label)
    return _("请您选一项办理（现在%s）") % _(state_label) if mains else _("您可以办理")


def context(
    register: Register,
    matter: Matter,
    offered: Sequence[Any],
    events: Sequence[Event],
    files: Sequence[Evidence],
    clocks: Sequence[Clock] = (),
    *,
    inside: bool,
    blocked: Transition | None = None,
    manages: bool = False,
) -> dict[str, Any]:
    """Stage line and ask as template variables."""
    state = register.state_of(matter)
    now = timezone.now()
    for_firm = inside and matter.enterprise_id is not None and state.of_firm
    whose = holder(register, matter, state, inside=inside)
    unowned = manages and state.open and state.by_owner
    unowned = unowned and matter.owner_id is None and matter.owner_organisation_id is None
    goes_on = any(t.main and not t.automatic for t in register.workflow.leaving(matter.state))
    return {
        "stage_line": stage_line(register, matter, events, clocks),
        "ask_title": title(
            offered,
            str(state.label),
            for_firm=for_firm,
            holder=whose if state.open and goes_on else "",
            blocked=blocked,
            unowned=unowned,
            own=not inside and state.of_firm,
        ),
        "unowned": unowned,
        "blocked": blocked,
        "ask_left": lefts([matter], now)[matter.pk] if state.open else "",
        "ask_tone": tone_of(matter.due, now) if state.open else "",
        "asking": asked_by(events, files, inside=inside),
        "ways": [
            {
                "offered": one,
                "sets_off": sets_off(register, one.transition),
                "checks": checks(register, matter, one.transition, files),
            }
            for one in offered
        ],
        "pictures": images(files)[-4:],
        "holder": whose,
        "holder_phone": matter.owner.phone
        if matter.owner and inside and (state.by_owner or not state.waits_for)
        else "",
    }


def holder(register: Register, matter: Matter, state: State, *, inside: bool) -> str:
    """Whose turn it is, where nothing is asked of the person looking: the owner's, or that of a role of the authority."""
    if state.waits_for and not state.by_owner:
        if not inside or Role.ENTERPRISE in state.waits_for:
            firm = register.firm_on_turn(matter) if Role.ENTERPRISE in state.waits_for else None
            return str(firm or _("生态环境部门"))
        return _roles(register, matter, state)
    unit = str(matter.owner_organisation or "")
    if matter.owner and inside:
        return f"{unit} {matter.owner.name}".strip()
    return unit or _("生态环境部门")


def _roles(register: Register, matter: Matter, state: State) -> str:
    """The roles whose people can take the matter on from here, heads last; a few are enough to know whom to ask."""
    on = {role for way in register.workflow.leaving(state.name) if way.main for role in way.by}
    # Whoever works for the bureau from outside does what was given to him alone.
    may = set((state.waits_for & on) or state.waits_for) - {Role.THIRD_PARTY}
    may = roles_held(may, matter.area_code) or may
    last = (Role.LEADER, Role.SECTION_CHIEF)
    named = sorted((role for role in Role if role in may), key=lambda role: role in last)
    words = _("、").join(_(role.label) for role in named[:_NAMED])
    if len(named) > _NAMED:
        return str(matter.owner_organisation or _("%s等") % words)
    return words
