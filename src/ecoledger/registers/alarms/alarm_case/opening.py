"""From alarm to case: joined to an open one, reopening a closed one, or a new one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.entities.models import Entity
from ecoledger.matters import actions, notices
from ecoledger.matters.models import Link, Notice, Urgency
from ecoledger.matters.timeline import record
from ecoledger.matters.workflow import Phase
from ecoledger.monitoring.models import Alarm, Point
from ecoledger.monitoring.points import parameters
from ecoledger.registers.alarms import economy
from ecoledger.registers.alarms.alarm_case import first_step
from ecoledger.registers.alarms.alarm_case.models import AlarmCase, CaseAlarm
from ecoledger.registers.alarms.alarm_case.owners import routing
from ecoledger.registers.alarms.alarm_case.register import REGISTER
from ecoledger.registers.alarms.alarm_case.workflow import WORKFLOW

# An alarm older than this when it is raised comes from history being loaded: nobody can act on it.
STALE_AFTER = timedelta(days=3)
# An alarm on the same point and parameter within this time of the closing is a rebound (反弹).
REBOUND_WITHIN = timedelta(days=90)


def raised(alarm: Alarm) -> None:
    """Hook on a new alarm: open, join or reopen its case, unless the alarm is history."""
    if alarm.last >= timezone.now() - STALE_AFTER:
        open_from_alarm(alarm)


def merged(alarm: Alarm) -> None:
    """Hook on an alarm that belongs to an earlier one: the trouble is back after its case was closed."""
    if alarm.last < timezone.now() - STALE_AFTER:
        return
    with transaction.atomic():
        case = AlarmCase.objects.filter(
            joined__alarm=alarm.merged_into, merged_into=None, withdrawn_at=None
        ).first()
        if case is not None and _goes_on_after_closing(alarm, case):
            at = timezone.now()
            _join(case, alarm, at)
            actions.perform(case.pk, "rebound_by_alarm", by=None, note=alarm.text, at=at)


def repeated(alarm: Alarm) -> None:
    """Hook on an alarm that goes on: the case takes its time and, when it rises, its level.

    A closed case is reopened by a period of trouble that began after its closing: the alarm never
    ended, so no new one will say that the trouble is back.
    """
    with transaction.atomic():
        case = AlarmCase.objects.filter(joined__alarm=alarm, merged_into=None).first()
        if case is None:
            return
        if _goes_on_after_closing(alarm, case):
            case = actions.perform(case.pk, "rebound_by_alarm", by=None, note=alarm.text)
        elif not WORKFLOW.state(case.state).open:
            return
        actions.amend(case.pk, {"last_alarm_at": _last(case, alarm)}, by=None)
        if _severity(alarm.level) > _severity(case.level):
            rises, at = {"level": alarm.level}, timezone.now()
            case = _learn(case, rises, "alarm_rises", noop("预警升级"), alarm, at)
            case = first_step.go_on(case, alarm, at)
            _told_all(case, alarm, at)


def _learn(
    case: AlarmCase, values: dict[str, Any], event: str, label: str, alarm: Alarm, at: datetime
) -> AlarmCase:
    about = {"alarm": alarm.pk, "level": alarm.level}
    amended: AlarmCase = actions.amend(
        case.pk, values, event=event, label=label, by=None, at=at, note=alarm.text, form=about
    )
    return amended


def _told_all(case: AlarmCase, alarm: Alarm, at: datetime) -> None:
    """What has grown so grave that it is always told is told now, whatever digest its first reminder waits for."""
    waits = Notice.objects.filter(matter=case, in_digest=True, digest=None)
    if economy.most_a_day(case) is None and waits.exists():
        notices.tell(notices.whose_turn(case), alarm.text, matter=case, urgency=Urgency.SOON, at=at)


def _last(case: AlarmCase, alarm: Alarm) -> datetime:
    return max(filter(None, (case.last_alarm_at, alarm.last)))


def _goes_on_after_closing(alarm: Alarm, case: AlarmCase) -> bool:
    if WORKFLOW.state(case.state).phase not in (Phase.CLOSED, Phase.REVIEW):
        return False
    began = alarm.last - timedelta(seconds=alarm.evidence.get("seconds", 0))
    return case.closed_at is not None and began >= case.closed_at


def ended(alarm: Alarm) -> None:
    """Hook on an alarm that is over: said on the case's timeline; the case goes on to its closing."""
    case = AlarmCase.objects.filter(joined__alarm=alarm).first()
    if case is not None and WORKFLOW.state(case.state).open:
        record(
            case,
            name="alarm_ends",
            label=noop("数据恢复正常"),
            by=None,
            at=timezone.now(),
            note=alarm.text,
            form={"alarm": alarm.pk},
        )


def _severity(level: str) -> int:
    return [value for value, _label in Alarm.Level.choices].index(level)


@transaction.atomic
def open_from_alarm(alarm: Alarm, at: datetime | None = None) -> AlarmCase | None:
    """Join ``alarm`` to the case about its point and parameter, reopen that case, or open a new one.

    An alarm that is silenced or merged, or one whose routing says so, makes no case: ``None``. The same
    alarm twice changes nothing.
    """
    at = at or timezone.now()
    if alarm.state in Alarm.QUIET:
        return None
    if joined := CaseAlarm.objects.filter(alarm=alarm).select_related("case").first():
        return joined.case
    rule = routing(alarm.area_code, alarm.point.kind, alarm.rule.detector)
    if rule is not None and not rule.opens_case:
        return None
    # What another alarm was merged into goes on where that one's case stands.
    absorbed = AlarmCase.objects.filter(joined__alarm__merged_into=alarm, merged_into=None).first()
    if absorbed is not None and WORKFLOW.state(absorbed.state).open:
        return _join(absorbed, alarm, at)
    before = (
        AlarmCase.objects.select_for_update()
        .filter(point=alarm.point, parameter=alarm.parameter, merged_into=None, withdrawn_at=None)
        .order_by("-opened_at", "-id")
        .first()
    )
    if before is not None:
        phase = WORKFLOW.state(before.state).phase
        if phase is Phase.OPEN:
            return _join(before, alarm, at)
        if (
            phase in (Phase.CLOSED, Phase.REVIEW)
            and before.closed_at
            and alarm.begin <= before.closed_at + REBOUND_WITHIN
            and alarm.begin >= before.closed_at
        ):
            _join(before, alarm, at)
            case: AlarmCase = actions.perform(
                before.pk, "rebound_by_alarm", by=None, note=alarm.text, at=at
            )
            return case
    return _open(alarm, at, before)


def _join(case: AlarmCase, alarm: Alarm, at: datetime) -> AlarmCase:
    CaseAlarm.objects.create(case=case, alarm=alarm, joined_at=at)
    values = {"alarm_count": case.alarm_count + 1, "last_alarm_at": _last(case, alarm)}
    if _severity(alarm.level) > _severity(case.level):
        values["level"] = alarm.level
    case = first_step.go_on(_learn(case, values, "alarm", noop("再次预警"), alarm, at), alarm, at)
    _told_all(case, alarm, at)
    return case


def _open(alarm: Alarm, at: datetime, before: AlarmCase | None) -> AlarmCase:
    parameter = alarm.point.parameters.filter(code=alarm.parameter).first()
    kind = alarm.point.kind
    # A division's own point declares nothing: it has the names of the stations it is computed from.
    kind = Point.Kind.AIR.value if kind == Point.Kind.AREA else kind
    name = parameter.name if parameter else parameters.label(alarm.parameter, kind)
    title = f"{alarm.point.name}{name}{alarm.rule.get_detector_display()}"
    case: AlarmCase = actions.open_matter(
        REGISTER,
        {
            "title": title[:200],
            "description": alarm.text,
            "area_code": alarm.area_code,
            "enterprise": Entity.objects.filter(code=alarm.owner_code).first(),
            "entity": alarm.point.entity,
            "origin": alarm.rule.name,
            "point": alarm.point,
            "parameter": alarm.parameter,
            "parameter_name": name,
            "rule": alarm.rule,
            "level": alarm.level,
            "first_alarm_at": alarm.begin,
            "last_alarm_at": alarm.last,
            "alarm_count": 1,
            "synthetic": alarm.point.synthetic,
        },
        by=None,
        at=at,
        note=alarm.text,
        form={"alarm": alarm.pk, "level": alarm.level, "rule": alarm.rule.name},
    )
    CaseAlarm.objects.create(case=case, alarm=alarm, joined_at=at)
    if before is not None:
        actions.link(case, before, Link.Kind.RELATED, by=None, at=at)
    return first_step.ask(case, alarm, at)
