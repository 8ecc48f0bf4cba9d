"""What people do to clocks: ask for more time and decide on it, stop counting and count again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import covers
from ecoledger.listings import forms
from ecoledger.listings.refusals import Refused
from ecoledger.matters import deadlines, notices, timeline
from ecoledger.matters.actions.access import locked, owns
from ecoledger.matters.models import Clock, Extension, Matter
from ecoledger.matters.register import register_of
from ecoledger.matters.requests import is_another_hand


@transaction.atomic
def extend(
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
    matter = locked(matter_id, by)
    clock = _clock(matter, clock_id)
    if not register_of(matter.register).manages(by, matter) and not owns(matter, by):
        raise Refused("owner", _("延期由责任人或调度人员申请。"))
    if not reason.strip():
        raise Refused("form", _("请写明延期理由。"), fields={"reason": [_("请填写")]})
    if clock.extensions.filter(approved=None).exists():
        raise Refused("state", _("已有一份延期申请待审批。"), _("请等待审批结果。"))
    longest, unit = deadlines.longest_extension(clock)
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
        matter,
        name="extension_asked",
        label=noop("申请延期"),
        by=by,
        at=at,
        note=made.reason,
        form={"clock": clock.label, "length": length, "unit": unit},
    )
    rule = deadlines.rule_of(clock)
    if rule is not None:
        notices.tell(
            notices.people_with(rule.extend_by, matter.area_code),
            noop("%(number)s 申请延期%(length)d%(unit)s，待审批")
            % {"number": matter.number, "length": length, "unit": unit},
            matter=matter,
            at=at,
            but=by,
        )
    return made


@transaction.atomic
def decide_extension(
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
    matter = locked(matter_id, by)
    extension = (
        Extension.objects.select_related("clock")
        .filter(
            pk=extension_id,
            approved=None,
            clock__matter=matter,
            clock__stopped_at=None,
        )
        .first()
    )
    if extension is None:
        raise Refused("state", _("该延期申请已处理或时限已停止。"), _("请刷新页面。"))
    rule = deadlines.rule_of(extension.clock)
    if rule is None or not by.has_role(*rule.extend_by):
        roles = "、".join(r.label for r in (rule.extend_by if rule else ()))
        raise Refused("role", _("延期由%s审批。") % roles)
    if not covers(by, matter.area_code):
        raise Refused("area", _("该事项的属地不在您的数据范围内，延期由有此范围的人员审批。"))
    if not is_another_hand(extension, by):
        raise Refused("second_person", _("不能审批自己的延期申请。"))
    extension.decided_by, extension.decided_at, extension.approved = by, at, approve
    extension.save()
    clock = extension.clock
    if approve:
        deadlines.recount(clock)
        # A longer clock reminds anew.
        clock.reminded_at = clock.overdue_noticed_at = clock.escalated_at = None
        clock.save()
        deadlines.refresh_due(matter)
    timeline.record(
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
        matter=matter,
        at=at,
    )
    return extension


def _clock(matter: Matter, clock_id: int) -> Clock:
    clock = Clock.objects.filter(pk=clock_id, matter=matter, stopped_at=None).first()
    if clock is None:
        raise Refused("state", _("该时限已停止。"), _("请刷新页面。"))
    return clock


@transaction.atomic
def suspend(
    matter_id: int,
    *,
    by: Person,
    reason: str,
    at: datetime | None = None,
) -> Any:
    """Stop counting the matter's running clocks (中止): managers only, with a reason."""
    return _pause(matter_id, by, reason, at or timezone.now(), begin=True)


@transaction.atomic
def resume(matter_id: int, *, by: Person, reason: str = "", at: datetime | None = None) -> Any:
    """Count again (恢复): each deadline moves by what was suspended of it."""
    return _pause(matter_id, by, reason, at or timezone.now(), begin=False)


def _pause(matter_id: int, by: Person, reason: str, at: datetime, *, begin: bool) -> Any:
    """Stop or go on counting, in the matter and in those beside it."""
    matter = locked(matter_id, by)
    together = [matter, *(locked(pk, by) for pk in _beside(matter))]
    if not all(register_of(m.register).manages(by, m) for m in together):
        raise Refused("role", _("时限的中止与恢复由调度人员或局领导办理。"))
    if begin and not reason.strip():
        raise Refused("form", _("请写明中止理由和依据。"), fields={"reason": [_("请填写")]})
    if not [_pause_one(m, by, reason, at, begin=begin) for m in together if _clocks(m, begin)]:
        raise Refused("state", _("没有可以中止的时限。") if begin else _("没有中止的时限。"))
    return matter


def _beside(matter: Matter) -> list[int]:
    if matter.bundle_id is None:
        return []
    rows = Matter.objects.filter(bundle=matter.bundle_id, phase="open", merged_into=None)
    return list(rows.exclude(pk=matter.pk).values_list("pk", flat=True))


def _clocks(matter: Matter, begin: bool) -> list[Clock]:
    return [c for c in deadlines.running(matter) if c.suspended is not begin]


def _pause_one(matter: Matter, by: Person, reason: str, at: datetime, *, begin: bool) -> Matter:
    touched = _clocks(matter, begin)
    for clock in touched:
        if begin:
            clock.suspensions.append([at.isoformat(), None])
        else:
            clock.suspensions[-1][1] = at.isoformat()
            deadlines.recount(clock)
        clock.save()
    deadlines.refresh_due(matter)
    timeline.record(
        matter,
        name="suspend" if begin else "resume",
        label=noop("中止计时") if begin else noop("恢复计时"),
        by=by,
        at=at,
        note=reason,
        form={"clocks": [c.label for c in touched]},
    )
    return matter
