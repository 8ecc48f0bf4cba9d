"""Every change of a matter: checked, done, recorded and told in one transaction.

Pages, API, import and schedule all come through here. ``by`` is the person; ``None`` is the schedule
or a rule. What cannot be done raises :class:`Refused`; what may not be known of raises
:class:`NotVisible`. ``at`` is now unless history is being entered (import, demonstration).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.matters import deadlines, forms, notices, timeline
from ecoledger.matters.evidence import BadFile, Upload, stored
from ecoledger.matters.models import (
    BatchEdit,
    Clock,
    Event,
    Evidence,
    Extension,
    ImportBatch,
    Link,
    Matter,
)
from ecoledger.matters.numbering import next_number
from ecoledger.matters.refusals import NotVisible, Refused
from ecoledger.matters.register import Register, has_register, register_of
from ecoledger.matters.workflow import OPEN, Field, Phase, Transition, Unit
from ecoledger.registry.models import Entity, Outlet

__all__ = [
    "NotVisible",
    "Refused",
    "Step",
    "Upload",
    "assign",
    "attach",
    "available",
    "batch_edit",
    "decide_extension",
    "draw_for_review",
    "evidence_for",
    "extend",
    "find",
    "find_evidence",
    "link",
    "linked",
    "merge",
    "note",
    "open_matter",
    "perform",
    "refusal",
    "reopen",
    "resume",
    "suspend",
    "undo_batch_edit",
    "unmerge",
]


@dataclass
class Step:
    """One action under way, as its effects see it. ``form`` holds cleaned values, not JSON."""

    register: Register
    matter: Any
    transition: Transition
    person: Person | None
    at: datetime
    form: dict[str, Any]
    note: str = ""
    evidence: list[Evidence] = field(default_factory=list)


# ---- finding -------------------------------------------------------------------------------------


def find(register: Register, matter_id: int, person: Person) -> Any:
    """The matter, if ``person`` may see it. Raises :class:`NotVisible`."""
    matter = register.visible_to(person).filter(pk=matter_id).first()
    if matter is None:
        raise NotVisible(f"{register.key}/{matter_id}")
    return matter


def _locked(register: Register, matter_id: int, by: Person | None, revision: int | None) -> Any:
    """The matter, locked until the transaction ends, if it is still as the caller saw it."""
    rows = register.visible_to(by) if by else register.model._default_manager.all()
    # Narrowing by scope may join other tables; only the matter's own row is locked.
    matter = rows.select_for_update(of=("self",)).filter(pk=matter_id).first()
    if matter is None:
        raise NotVisible(f"{register.key}/{matter_id}")
    if revision is not None and revision != matter.revision:
        raise Refused(
            "conflict",
            _("在您打开此页之后，该事项已由他人处理过。"),
            _("请刷新页面，看清最新情况后再办。"),
        )
    if matter.merged_into_id is not None:
        raise Refused("state", _("该事项已并入其他事项。"), _("请到并入的事项上办理。"))
    return matter


def _bump(matter: Matter) -> None:
    matter.revision += 1


# ---- opening -------------------------------------------------------------------------------------


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
    origin_matter: tuple[Register, Matter] | None = None,
    batch: ImportBatch | None = None,
    number: str = "",
) -> Any:
    """Make a matter from model ``values`` (already cleaned) and return it.

    ``origin_matter`` begets it: both are linked. ``number`` keeps a number it already had elsewhere.
    Raises :class:`Refused` when ``by`` may not open this kind or not in that area.
    """
    at = at or timezone.now()
    if by is not None and not register.may_open(by):
        raise Refused(
            "role",
            _("您的岗位不能在“%(register)s”登记事项。") % {"register": register.label},
            _("请联系调度人员登记。"),
        )
    matter = register.model(**values)
    matter.state = register.workflow.initial.name
    matter.state_since = matter.opened_at = at
    matter.created_by = by
    matter.import_batch = batch
    if matter.entity is not None:
        _take_from_entity(matter, matter.entity)
    if by is not None and by.area_codes and not _covers(by, matter.area_code):
        raise Refused(
            "area",
            _("行政区划 %(area)s 不在您的数据范围内。") % {"area": matter.area_code or "—"},
            _("请核对属地，或请有该范围的人员登记。"),
            {"area_code": [_("不在您的数据范围内")]},
        )
    if register.prepare is not None:
        register.prepare(matter)
    if origin_matter is not None:
        matter.origin_register, matter.origin_id = origin_matter[0].key, origin_matter[1].pk
    matter.number = number or next_number(register, at)
    matter.save(force_insert=True)
    evidence = _store(register, matter, files, by, at)
    timeline.record(
        register,
        matter,
        name=OPEN,
        label=noop("登记"),
        by=by,
        at=at,
        from_state="",
        note=note,
        form=form if form is not None else {k: forms.as_json(v) for k, v in values.items()},
        evidence=evidence,
    )
    deadlines.follow_state(register, matter, at)
    if origin_matter is not None:
        link(*origin_matter, register, matter, Link.Kind.BEGETS, by=by, at=at)
    if batch is None:  # of a whole table people are told once, not row by row
        _tell_next(register, matter, by, at)
    return matter


def _covers(person: Person, area_code: str) -> bool:
    return any(area_code.startswith(code) for code in person.area_codes)


def _take_from_entity(matter: Matter, entity: Entity) -> None:
    """Place and enterprise from what the matter is about, where nothing else was said."""
    matter.area_code = matter.area_code or entity.area_code
    matter.address = matter.address or entity.address
    if matter.lon is None and matter.lat is None:
        matter.lon, matter.lat = entity.lon, entity.lat
    if not matter.enterprise_code:
        if entity.kind == Entity.Kind.ENTERPRISE:
            matter.enterprise_code = entity.code
        elif entity.kind == Entity.Kind.OUTLET:
            outlet = Outlet.objects.select_related("enterprise").get(pk=entity.pk)
            matter.enterprise_code = outlet.enterprise.code


# ---- the one action ------------------------------------------------------------------------------


def refusal(
    register: Register,
    matter: Matter,
    transition: Transition,
    person: Person | None,
    did: set[str] | None = None,
) -> Refused | None:
    """Why ``person`` may not do ``transition`` now; ``None`` when they may (form and files aside).

    ``did``: what the person did in this round, when the caller has looked it up already.
    """
    if matter.merged_into_id is not None:
        return Refused("state", _("该事项已并入其他事项。"), _("请到并入的事项上办理。"))
    if matter.state not in transition.sources:
        return Refused(
            "state",
            _("当前状态是“%(state)s”，不能“%(action)s”。")
            % {"state": register.state_of(matter).label, "action": transition.label},
            _("请刷新页面查看最新状态。"),
        )
    if person is None:
        if not transition.automatic:
            return Refused("role", _("“%s”须由人办理。") % transition.label)
    else:
        if refused := _refused_by_duty(matter, transition, person):
            return refused
        if transition.other_person_than:
            if did is None:
                did = timeline.did_in_this_round(register, matter, person)
            own = [n for n in transition.other_person_than if n in did]
            if own:
                done = register.workflow.transition(own[0]).label
                return Refused(
                    "second_person",
                    _("本轮的“%(done)s”是您办的，“%(action)s”须由另一人办理。")
                    % {"done": done, "action": transition.label},
                    _("请转同岗位的其他人员。"),
                )
    if transition.when is not None and (why := transition.when(matter)):
        return Refused("condition", why)
    return None


def _refused_by_duty(matter: Matter, transition: Transition, person: Person) -> Refused | None:
    if not person.has_role(*transition.roles):
        roles = "、".join(r.label for r in sorted(transition.roles, key=list(Role).index))
        return Refused(
            "role",
            _("“%(action)s”由%(roles)s办理。")
            % {"action": transition.label, "roles": roles or _("系统")},
            _("您可以补充说明或证据。"),
        )
    if transition.owner_only and not _owns(matter, person):
        owner = matter.owner or matter.owner_organisation
        return Refused(
            "owner",
            _("“%(action)s”由责任人办理，当前责任人是%(owner)s。")
            % {"action": transition.label, "owner": owner or _("（尚未指定）")},
            _("需要变更时，请先转办。"),
        )
    return None


def _owns(matter: Matter, person: Person) -> bool:
    if matter.owner_id is not None:
        return matter.owner_id == person.pk
    return (
        matter.owner_organisation_id is not None
        and matter.owner_organisation_id == person.organisation_id
    )


def available(register: Register, matter: Matter, person: Person) -> list[Transition]:
    """What ``person`` may do with ``matter`` now, in the order of declaration."""
    leaving = register.workflow.leaving(matter.state)
    did = (
        timeline.did_in_this_round(register, matter, person)
        if any(t.other_person_than for t in leaving)
        else set()
    )
    return [t for t in leaving if refusal(register, matter, t, person, did) is None]


@transaction.atomic
def perform(
    register: Register,
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
    transition = register.workflow.transition(name)
    matter = _locked(register, matter_id, by, revision)
    if refused := refusal(register, matter, transition, by):
        raise refused
    cleaned = _cleaned(transition.fields, form or {}, matter, by)
    evidence = _store(register, matter, files, by, at)
    _check_evidence(register, matter, transition)

    workflow = register.workflow
    before, after = workflow.state(matter.state), workflow.state(transition.target)
    from_state = matter.state
    for f in transition.fields:
        if f.stores:
            setattr(matter, f.stores, cleaned[f.name])
    matter.state = after.name
    if after.name != from_state:
        matter.state_since = at
    if after.open and not before.open:
        matter.reopened += 1
        matter.closed_at = None
    elif before.open and not after.open:
        matter.closed_at = at
    step = Step(register, matter, transition, by, at, cleaned, note, evidence)
    for effect in transition.effects:
        effect(step)
    _bump(matter)
    matter.save()
    if transition.shown_to_enterprise and evidence:
        Evidence.objects.filter(pk__in=[e.pk for e in evidence]).update(shown_to_enterprise=True)
    timeline.record(
        register,
        matter,
        name=transition.name,
        label=transition.label,
        by=by,
        at=at,
        from_state=from_state,
        note=note,
        form={k: forms.as_json(v) for k, v in cleaned.items()},
        evidence=evidence,
        shown_to_enterprise=transition.shown_to_enterprise,
    )
    deadlines.follow_state(register, matter, at)
    _tell_next(register, matter, by, at)
    return matter


def reopen(
    register: Register,
    matter_id: int,
    *,
    by: Person | None,
    form: Mapping[str, Any] | None = None,
    note: str = "",
    at: datetime | None = None,
) -> Any:
    """Bring a closed matter back by the transition its workflow has for that. Raises :class:`Refused`."""
    rows = register.visible_to(by) if by else register.model._default_manager.all()
    matter = rows.filter(pk=matter_id).first()
    if matter is None:
        raise NotVisible(f"{register.key}/{matter_id}")
    workflow = register.workflow
    refused = Refused("state", _("该事项没有办结，无需重开。"))
    if not workflow.state(matter.state).open:
        for transition in workflow.leaving(matter.state):
            if not workflow.state(transition.target).open:
                continue
            why = refusal(register, matter, transition, by)
            if why is None:
                return perform(
                    register, matter_id, transition.name, by=by, form=form, note=note, at=at
                )
            refused = why
    raise refused


def _cleaned(
    fields: Iterable[Field], data: Mapping[str, Any], matter: Matter | None, by: Person | None
) -> dict[str, Any]:
    form = forms.form_of(fields, data=data, matter=matter, person=by)
    if not form.is_valid():
        raise Refused(
            "form",
            _("有内容没有填对。"),
            _("请按各项提示修改。"),
            forms.problems(form),
        )
    return dict(form.cleaned_data)


def _store(
    register: Register, matter: Matter, files: Sequence[Upload], by: Person | None, at: datetime
) -> list[Evidence]:
    try:
        return [stored(f, register=register.key, matter_id=matter.pk, by=by, at=at) for f in files]
    except BadFile as error:
        raise Refused("file", str(error), fields={"files": [str(error)]}) from error


def _check_evidence(register: Register, matter: Matter, transition: Transition) -> None:
    if not transition.evidence:
        return
    there = Evidence.objects.filter(
        register=register.key, matter_id=matter.pk, uploaded_at__gte=matter.state_since
    ).count()
    if there < transition.evidence:
        raise Refused(
            "evidence",
            _("“%(action)s”需要在本环节上传至少 %(count)d 份证据，现有 %(there)d 份。")
            % {"action": transition.label, "count": transition.evidence, "there": there},
            _("请上传现场照片、监测报告等材料后再提交。"),
            {"files": [_("缺少证据")]},
        )


def _tell_next(register: Register, matter: Matter, by: Person | None, at: datetime) -> None:
    state = register.state_of(matter)
    text = noop("%(number)s 等待您办理：%(state)s") % {
        "number": matter.number,
        "state": state.label,
    }
    notices.tell(
        notices.whose_turn(register, matter), text, register=register, matter=matter, at=at, but=by
    )


# ---- owner, notes, evidence ----------------------------------------------------------------------


@transaction.atomic
def assign(
    register: Register,
    matter_id: int,
    *,
    by: Person | None,
    organisation: Organisation | None = None,
    person: Person | None = None,
    reason: str = "",
    at: datetime | None = None,
    revision: int | None = None,
) -> Any:
    """Give the matter to another owner (转办): managers of the register, or the present owner."""
    at = at or timezone.now()
    matter = _locked(register, matter_id, by, revision)
    if by is not None and not register.may_manage(by) and not _owns(matter, by):
        raise Refused("role", _("转办由调度人员或当前责任人办理。"), _("请联系调度人员。"))
    if person is not None:
        if not register.visible_to(person).filter(pk=matter.pk).exists():
            raise Refused(
                "area",
                _("%(person)s的数据范围不含此事项的属地，看不到它。") % {"person": person},
                _("请选择有此范围的人员，或先请安全管理员调整其范围。"),
                {"person": [_("数据范围不含此属地")]},
            )
        organisation = organisation or person.organisation
        if organisation is not None and person.organisation_id != organisation.pk:
            raise Refused(
                "form",
                _("%(person)s不属于%(organisation)s。")
                % {"person": person, "organisation": organisation},
                fields={"person": [_("与单位不符")]},
            )
    before = {
        "organisation": forms.as_json(matter.owner_organisation),
        "person": forms.as_json(matter.owner),
    }
    matter.owner_organisation, matter.owner = organisation, person
    _bump(matter)
    matter.save()
    timeline.record(
        register,
        matter,
        name="assign",
        label=noop("转办"),
        by=by,
        at=at,
        note=reason,
        form={
            "before": before,
            "organisation": forms.as_json(organisation),
            "person": forms.as_json(person),
        },
    )
    _tell_next(register, matter, by, at)
    return matter


@transaction.atomic
def note(
    register: Register,
    matter_id: int,
    text: str,
    *,
    by: Person | None,
    at: datetime | None = None,
) -> Event:
    """Add a remark to the timeline. Anyone who sees the matter may; enterprises see their own."""
    at = at or timezone.now()
    text = text.strip()
    if not text:
        raise Refused("form", _("说明是空的。"), fields={"text": [_("请填写")]})
    matter = _locked(register, matter_id, by, None)
    outside = by is not None and not register.sees_all_events(by)
    return timeline.record(
        register,
        matter,
        name="note",
        label=noop("补充说明"),
        by=by,
        at=at,
        note=text[:4000],
        shown_to_enterprise=outside,
    )


@transaction.atomic
def attach(
    register: Register,
    matter_id: int,
    files: Sequence[Upload],
    *,
    by: Person | None,
    text: str = "",
    at: datetime | None = None,
) -> list[Evidence]:
    """Add files as evidence. Raises :class:`Refused` when one cannot be taken; then none is."""
    at = at or timezone.now()
    if not files:
        raise Refused("file", _("没有选择文件。"), fields={"files": [_("请选择文件")]})
    matter = _locked(register, matter_id, by, None)
    evidence = _store(register, matter, files, by, at)
    outside = by is not None and not register.sees_all_events(by)
    if outside:
        Evidence.objects.filter(pk__in=[e.pk for e in evidence]).update(shown_to_enterprise=True)
    timeline.record(
        register,
        matter,
        name="evidence",
        label=noop("上传证据"),
        by=by,
        at=at,
        note=text[:4000],
        evidence=evidence,
        shown_to_enterprise=outside,
    )
    return evidence


def evidence_for(register: Register, matter: Matter, person: Person) -> list[Evidence]:
    """The matter's files that ``person`` may open; the caller has checked that they see the matter."""
    rows = Evidence.objects.filter(register=register.key, matter_id=matter.pk)
    if not register.sees_all_events(person):
        rows = rows.filter(shown_to_enterprise=True)
    return list(rows.select_related("uploaded_by"))


def find_evidence(evidence_id: int, person: Person) -> Evidence:
    """The file, if ``person`` may open it. Raises :class:`NotVisible`."""
    evidence = Evidence.objects.filter(pk=evidence_id).first()
    if evidence is None or not has_register(evidence.register):
        raise NotVisible(f"evidence {evidence_id}")
    register = register_of(evidence.register)
    find(register, evidence.matter_id, person)
    if not register.sees_all_events(person) and not evidence.shown_to_enterprise:
        raise NotVisible(f"evidence {evidence_id}")
    return evidence


# ---- clocks --------------------------------------------------------------------------------------


def _clock(register: Register, matter: Matter, clock_id: int) -> Clock:
    clock = Clock.objects.filter(
        pk=clock_id, register=register.key, matter_id=matter.pk, stopped_at=None
    ).first()
    if clock is None:
        raise Refused("state", _("该时限已停止。"), _("请刷新页面。"))
    return clock


@transaction.atomic
def extend(
    register: Register,
    matter_id: int,
    clock_id: int,
    *,
    by: Person,
    length: int,
    reason: str,
    at: datetime | None = None,
) -> Extension:
    """Ask for a longer clock (申请延期): the owner or a manager, within the steps the rule allows."""
    at = at or timezone.now()
    matter = _locked(register, matter_id, by, None)
    clock = _clock(register, matter, clock_id)
    if not register.may_manage(by) and not _owns(matter, by):
        raise Refused("owner", _("延期由责任人或调度人员申请。"))
    if not reason.strip():
        raise Refused("form", _("请写明延期理由。"), fields={"reason": [_("请填写")]})
    if clock.extensions.filter(approved=None).exists():
        raise Refused("state", _("已有一份延期申请待审批。"), _("请等待审批结果。"))
    longest, unit = deadlines.longest_extension(register, clock)
    if longest == 0:
        raise Refused(
            "condition",
            _("“%(clock)s”不能再延期（依据：%(basis)s）。")
            % {"clock": clock.label, "basis": clock.basis or "—"},
        )
    if not 0 < length <= longest:
        raise Refused(
            "form",
            _("本次最多延长%(longest)d%(unit)s。") % {"longest": longest, "unit": unit},
            fields={"length": [_("应为 1 到 %d") % longest]},
        )
    made = Extension.objects.create(
        clock=clock, length=length, reason=reason.strip()[:300], asked_by=by, asked_at=at
    )
    timeline.record(
        register,
        matter,
        name="extension_asked",
        label=noop("申请延期"),
        by=by,
        at=at,
        note=made.reason,
        form={"clock": clock.label, "length": length, "unit": unit},
    )
    rule = deadlines.rule_of(register, clock)
    if rule is not None:
        notices.tell(
            notices.people_with(rule.extend_by, matter.area_code),
            noop("%(number)s 申请延期%(length)d%(unit)s，待审批")
            % {"number": matter.number, "length": length, "unit": unit},
            register=register,
            matter=matter,
            at=at,
            but=by,
        )
    return made


@transaction.atomic
def decide_extension(
    register: Register,
    matter_id: int,
    extension_id: int,
    *,
    by: Person,
    approve: bool,
    note: str = "",
    at: datetime | None = None,
) -> Extension:
    """Approve or refuse an extension: a role the clock's rule names, and not who asked."""
    at = at or timezone.now()
    matter = _locked(register, matter_id, by, None)
    extension = (
        Extension.objects.select_related("clock")
        .filter(
            pk=extension_id,
            approved=None,
            clock__register=register.key,
            clock__matter_id=matter.pk,
            clock__stopped_at=None,
        )
        .first()
    )
    if extension is None:
        raise Refused("state", _("该延期申请已处理或时限已停止。"), _("请刷新页面。"))
    rule = deadlines.rule_of(register, extension.clock)
    if rule is None or not by.has_role(*rule.extend_by):
        roles = "、".join(r.label for r in (rule.extend_by if rule else ()))
        raise Refused("role", _("延期由%s审批。") % roles)
    if extension.asked_by_id == by.pk:
        raise Refused("second_person", _("不能审批自己的延期申请。"))
    extension.decided_by, extension.decided_at, extension.approved = by, at, approve
    extension.save()
    clock = extension.clock
    if approve:
        deadlines.recount(clock)
        # A longer clock reminds anew.
        clock.reminded_at = clock.overdue_noticed_at = clock.escalated_at = None
        clock.save()
        deadlines.refresh_due(register, matter)
    timeline.record(
        register,
        matter,
        name="extension_decided",
        label=noop("同意延期") if approve else noop("不同意延期"),
        by=by,
        at=at,
        note=note,
        form={"clock": clock.label, "length": extension.length, "due": forms.as_json(clock.due)},
    )
    notices.tell(
        [extension.asked_by],
        noop("%(number)s 的延期申请：%(result)s")
        % {"number": matter.number, "result": noop("同意") if approve else noop("不同意")},
        register=register,
        matter=matter,
        at=at,
    )
    return extension


@transaction.atomic
def suspend(
    register: Register,
    matter_id: int,
    *,
    by: Person,
    reason: str,
    at: datetime | None = None,
) -> Any:
    """Stop counting the matter's running clocks (中止): managers only, with a reason."""
    return _pause(register, matter_id, by, reason, at or timezone.now(), begin=True)


@transaction.atomic
def resume(
    register: Register, matter_id: int, *, by: Person, reason: str = "", at: datetime | None = None
) -> Any:
    """Count again (恢复): each deadline moves by what was suspended of it."""
    return _pause(register, matter_id, by, reason, at or timezone.now(), begin=False)


def _pause(
    register: Register, matter_id: int, by: Person, reason: str, at: datetime, *, begin: bool
) -> Any:
    matter = _locked(register, matter_id, by, None)
    if not register.may_manage(by):
        raise Refused("role", _("时限的中止与恢复由调度人员或局领导办理。"))
    if begin and not reason.strip():
        raise Refused("form", _("请写明中止理由和依据。"), fields={"reason": [_("请填写")]})
    touched = [c for c in deadlines.running(register, matter) if c.suspended is not begin]
    if not touched:
        raise Refused("state", _("没有可以中止的时限。") if begin else _("没有中止的时限。"))
    for clock in touched:
        if begin:
            clock.suspensions.append([at.isoformat(), None])
        else:
            clock.suspensions[-1][1] = at.isoformat()
            deadlines.recount(clock)
        clock.save()
    deadlines.refresh_due(register, matter)
    timeline.record(
        register,
        matter,
        name="suspend" if begin else "resume",
        label=noop("中止计时") if begin else noop("恢复计时"),
        by=by,
        at=at,
        note=reason,
        form={"clocks": [c.label for c in touched]},
    )
    return matter


# ---- links and duplicates ------------------------------------------------------------------------


def link(
    from_register: Register,
    from_matter: Matter,
    to_register: Register,
    to_matter: Matter,
    kind: Link.Kind,
    *,
    by: Person | None,
    at: datetime | None = None,
) -> Link:
    """Say that two matters have to do with each other; the same link twice is one."""
    made, _new = Link.objects.get_or_create(
        from_register=from_register.key,
        from_id=from_matter.pk,
        to_register=to_register.key,
        to_id=to_matter.pk,
        kind=kind,
        defaults={"person": by, "at": at or timezone.now()},
    )
    return made


def linked(register: Register, matter: Matter, person: Person) -> list[tuple[str, Register, Any]]:
    """The matters linked with ``matter`` that ``person`` may see: (relation, register, matter)."""
    out = [
        (Link.Kind(row.kind).label, row.to_register, row.to_id)
        for row in Link.objects.filter(from_register=register.key, from_id=matter.pk)
    ]
    back = {
        Link.Kind.BEGETS: _("引自"),
        Link.Kind.DUPLICATE_OF: _("并入了"),
        Link.Kind.RELATED: _("相关"),
    }
    out += [
        (back[Link.Kind(row.kind)], row.from_register, row.from_id)
        for row in Link.objects.filter(to_register=register.key, to_id=matter.pk)
    ]
    found = []
    for relation, key, matter_id in out:
        if not has_register(key):
            continue
        other = register_of(key)
        row = other.visible_to(person).filter(pk=matter_id).first()
        if row is not None:
            found.append((str(relation), other, row))
    return found


@transaction.atomic
def merge(
    register: Register,
    duplicate_ids: Iterable[int],
    into_id: int,
    *,
    by: Person,
    reason: str,
    at: datetime | None = None,
) -> Any:
    """Let one matter go on for several that are the same thing; the duplicates stay, linked."""
    at = at or timezone.now()
    if not register.may_manage(by):
        raise Refused("role", _("合并重复事项由调度人员或局领导办理。"))
    target = _locked(register, into_id, by, None)
    duplicates = [_locked(register, pk, by, None) for pk in dict.fromkeys(duplicate_ids)]
    duplicates = [d for d in duplicates if d.pk != target.pk]
    if not duplicates:
        raise Refused("form", _("没有选择要并入的事项。"))
    for duplicate in duplicates:
        duplicate.merged_into = target
        _bump(duplicate)
        duplicate.save()
        deadlines.stop_all(register, duplicate, at)
        link(register, duplicate, register, target, Link.Kind.DUPLICATE_OF, by=by, at=at)
        timeline.record(
            register,
            duplicate,
            name="merged",
            label=noop("并入 %s") % target.number,
            by=by,
            at=at,
            note=reason,
        )
    timeline.record(
        register,
        target,
        name="absorbed",
        label=noop("并入重复事项"),
        by=by,
        at=at,
        note=reason,
        form={"duplicates": [d.number for d in duplicates]},
    )
    _bump(target)
    target.save()
    return target


@transaction.atomic
def unmerge(register: Register, matter_id: int, *, by: Person, at: datetime | None = None) -> Any:
    """Take a duplicate out again: it goes on in the state it was in, its clocks started anew."""
    at = at or timezone.now()
    if not register.may_manage(by):
        raise Refused("role", _("拆分事项由调度人员或局领导办理。"))
    matter = find(register, matter_id, by)
    if matter.merged_into_id is None:
        raise Refused("state", _("该事项没有并入其他事项。"))
    Link.objects.filter(
        from_register=register.key, from_id=matter.pk, kind=Link.Kind.DUPLICATE_OF
    ).delete()
    matter.merged_into = None
    _bump(matter)
    matter.save()
    timeline.record(register, matter, name="unmerged", label=noop("拆分"), by=by, at=at)
    deadlines.follow_state(register, matter, at)
    return matter


# ---- many at once --------------------------------------------------------------------------------


@transaction.atomic
def batch_edit(
    register: Register,
    matter_ids: Iterable[int],
    data: Mapping[str, Any],
    *,
    by: Person,
    reason: str = "",
    at: datetime | None = None,
) -> BatchEdit:
    """Change the register's ``batch_fields`` named in ``data`` on many matters; undone as a whole."""
    at = at or timezone.now()
    if not register.may_manage(by):
        raise Refused("role", _("批量修改由调度人员或局领导办理。"))
    fields = [f for f in register.batch_fields if data.get(f.name) not in (None, "", [])]
    if not fields:
        raise Refused("form", _("没有填写要修改的内容。"))
    cleaned = _cleaned(fields, data, None, by)
    matters = [_locked(register, pk, by, None) for pk in dict.fromkeys(matter_ids)]
    if not matters:
        raise Refused("form", _("没有选择事项。"))
    edit = BatchEdit.objects.create(
        register=register.key,
        person=by,
        at=at,
        changes={f.name: forms.as_json(cleaned[f.name]) for f in fields},
        before={str(m.pk): {f.stores: _plain_value(m, f.stores) for f in fields} for m in matters},
    )
    for matter in matters:
        before = {f.name: forms.as_json(getattr(matter, f.stores)) for f in fields}
        for f in fields:
            setattr(matter, f.stores, cleaned[f.name])
        _keep_owner_in_organisation(matter)
        _bump(matter)
        matter.save()
        _recount_dates(register, matter, at)
        timeline.record(
            register,
            matter,
            name="edit",
            label=noop("批量修改"),
            by=by,
            at=at,
            note=reason,
            form={"batch": edit.pk, "before": before, **edit.changes},
        )
    return edit


@transaction.atomic
def undo_batch_edit(
    register: Register, edit_id: int, *, by: Person, at: datetime | None = None
) -> list[Any]:
    """Put back what a batch edit changed. Matters acted on since keep what they have and are returned."""
    at = at or timezone.now()
    if not register.may_manage(by):
        raise Refused("role", _("撤销批量修改由调度人员或局领导办理。"))
    edit = BatchEdit.objects.select_for_update().filter(pk=edit_id, register=register.key).first()
    if edit is None:
        raise NotVisible(f"batch edit {edit_id}")
    if edit.undone_at is not None:
        raise Refused("state", _("这次批量修改已经撤销。"))
    kept = []
    for key, before in edit.before.items():
        matter = _locked(register, int(key), by, None)
        last = Event.objects.filter(register=register.key, matter_id=matter.pk).last()
        if last is None or last.form.get("batch") != edit.pk:
            kept.append(matter)
            continue
        for attribute, value in before.items():
            model_field: Any = register.model._meta.get_field(attribute)
            setattr(matter, model_field.attname, model_field.to_python(value))
        _bump(matter)
        matter.save()
        _recount_dates(register, matter, at)
        timeline.record(
            register,
            matter,
            name="edit_undone",
            label=noop("撤销批量修改"),
            by=by,
            at=at,
            form={"undone": edit.pk},
        )
    edit.undone_at, edit.undone_by = at, by
    edit.save()
    return kept


def _plain_value(matter: Matter, attribute: str) -> Any:
    model_field: Any = matter._meta.get_field(attribute)
    return forms.as_json(getattr(matter, model_field.attname))


def _keep_owner_in_organisation(matter: Matter) -> None:
    """A person of another organisation is no longer the owner once the organisation changed."""
    if matter.owner is not None and matter.owner.organisation_id != matter.owner_organisation_id:
        matter.owner = None


def _recount_dates(register: Register, matter: Matter, at: datetime) -> None:
    """Clocks that run to the matter's own date follow it when the date is changed."""
    names = {r.name for r in register.workflow.clocks if r.deadline_field}
    for clock in deadlines.running(register, matter):
        if clock.name in names and clock.unit == Unit.DATE:
            clock.delete()
    deadlines.follow_state(register, matter, at)


def withdraw(register: Register, matter: Matter, *, by: Person, label: str, at: datetime) -> None:
    """Hide a matter that should not have been made (an undone import). It and its events remain."""
    matter.withdrawn_at = at
    _bump(matter)
    matter.save()
    deadlines.stop_all(register, matter, at)
    timeline.record(register, matter, name="withdrawn", label=label, by=by, at=at)


def restore(register: Register, matter: Matter, *, by: Person, label: str, at: datetime) -> None:
    """Bring a withdrawn matter back."""
    matter.withdrawn_at = None
    _bump(matter)
    matter.save()
    timeline.record(register, matter, name="restored", label=label, by=by, at=at)
    deadlines.follow_state(register, matter, at)


def draw_for_review(
    register: Register, share: float, seed: int, *, by: Person, at: datetime | None = None
) -> list[Any]:
    """Draw closed matters at random for a second look (抽查回头看) and start it; see ``schedule``.

    The draw can be repeated by anyone: same closed matters, ``share`` (0-1] and ``seed``, same result.
    """
    at = at or timezone.now()
    if not register.may_manage(by):
        raise Refused("role", _("抽查由调度人员或局领导发起。"))
    workflow = register.workflow
    closed = workflow.names(Phase.CLOSED)
    starts = [
        t
        for t in workflow.transitions
        if workflow.state(t.target).phase is Phase.REVIEW and set(t.sources) & set(closed)
    ]
    if not starts:
        raise Refused("condition", _("“%s”没有回头看环节。") % register.label)
    rows = register.visible_to(by).filter(state__in=starts[0].sources, merged_into=None)
    ids = sorted(rows.values_list("pk", flat=True))
    if not ids:
        raise Refused("condition", _("没有可以抽查的已销号事项。"))
    count = max(1, round(len(ids) * share))
    drawn = sorted(random.Random(seed).sample(ids, min(count, len(ids))))  # noqa: S311 - repeatable
    text = _("抽查回头看：在 %(all)d 件中抽 %(drawn)d 件，随机种子 %(seed)d") % {
        "all": len(ids),
        "drawn": len(drawn),
        "seed": seed,
    }
    return [perform(register, pk, starts[0].name, by=by, note=text, at=at) for pk in drawn]


def unread_count(person: Person) -> int:
    """How many notices ``person`` has not read."""
    return person.notices.filter(read_at=None).count()
