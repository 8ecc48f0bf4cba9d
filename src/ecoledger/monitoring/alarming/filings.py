"""Filed shutdowns, maintenance and faults (停运、维护、故障申报): they silence alarms and are on record.

Who may: the enterprise itself for its own file, and monitoring staff and officers within their area
(capability ``file_shutdown``). Other rooms hook on ``on_filed``: callables that take the filing, whatever way it came in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.accounts.scope import visible
from ecoledger.entities.models import Entity
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.alarming import alarms
from ecoledger.monitoring.alarming.ledgers import GOING_ON
from ecoledger.monitoring.models import Alarm, Filing, Point
from ecoledger.monitoring.points import table

on_filed: list[Callable[[Filing], None]] = []

# How far back an enterprise may file: later than that it explains, it does not silence.
LATEST_FILING = timedelta(hours=24)
# A filing whose begin lies no further back than this is made in time.
GRACE = timedelta(minutes=15)
# For how long an enterprise silences by its own word; what is longer, or has no end, holds once the bureau agrees. What
# the bureau agrees to without an end runs out by itself after as long.
LONGEST = timedelta(days=30)
# Filings of a firm no more than this apart count as one: else a minute between them would begin the count anew.
APART = timedelta(days=1)
# The years a filing may lie in: what is outside of them is a slip, and cannot be reckoned with in every zone.
YEARS = range(2000, 2101)


def owner_code(entity: Entity) -> str:
    """Code of the enterprise an entity belongs to; its own code where it belongs to none."""
    return entity.enterprise.code if entity.enterprise else entity.code


def may_file(person: Person, entity: Entity) -> bool:
    """Whether ``person`` may file for ``entity``."""
    if not person.may("file_shutdown"):
        return False
    if person.has_role(Role.ENTERPRISE):
        return bool(person.entity_code) and person.entity_code == owner_code(entity)
    return any(entity.area_code.startswith(code) for code in person.area_codes)


def not_yours() -> str:
    """What is said to who may not file for an entity."""
    return _("只能为本企业或本辖区的对象申报")


def silent_together(filing: Filing, end: datetime) -> timedelta:
    """How long a firm's filing up to ``end`` silences, with those before and after it that the firm filed earlier.

    Only what is in force counts, and only what silences a point that this one silences too.
    """
    mine = set(points_of(filing))
    earlier = Filing.objects.filter(
        Filing.silencing(),
        filed_by__organisation__entity_code=filing.filed_by.entity_code,
        filed_at__lte=filing.filed_at,
        end__isnull=False,
    )
    own = (filing.begin, end)
    spans = [
        (other.begin, other.end)
        for other in earlier.exclude(pk=filing.pk).select_related("entity")
        if other.end is not None and not mine.isdisjoint(points_of(other))
    ]
    spans = sorted([own, *spans])
    total, until, met = timedelta(0), spans[0][0], False
    for since, last in spans:
        if since - until > APART:
            if met:
                break
            total, until = timedelta(0), since
        total += max(timedelta(0), last - max(since, until))
        until = max(until, last)
        met = met or (since, last) == own
    return total


def too_long(filing: Filing) -> bool:
    """Whether an enterprise's filing silences for longer, with its neighbours, than the firm may by its own word."""
    if filing.end is None or filing.end - filing.begin > LONGEST:
        return True
    if filing.pk and not filing.decision:
        return (
            False  # It held at once, so it was not: its neighbours filed since do not change that.
        )
    return silent_together(filing, filing.end) > LONGEST


def doubts(filing: Filing) -> list[str]:
    """In words, why an enterprise's filing waits for the bureau: each of them alone is enough."""
    alone = filing.end is not None and filing.end - filing.begin > LONGEST
    return [
        words
        for holds, words in (
            (filing.after_the_fact, _("事后申报")),
            (filing.during_alarm, _("预警中申报")),
            (filing.filed_by.has_role(Role.ENTERPRISE) and filing.end is None, _("未报预计恢复")),
            (
                filing.filed_by.has_role(Role.ENTERPRISE)
                and filing.end is not None
                and too_long(filing),
                (_("超过 %d 天") if alone else _("连同前后申报超过 %d 天")) % LONGEST.days,
            ),
            (
                filing.filed_by.has_role(Role.ENTERPRISE)
                and filing.begin - filing.filed_at > LONGEST,
                _("%d 天以后才开始") % LONGEST.days,
            ),
        )
        if holds
    ]


def ending(now: datetime, within: timedelta) -> QuerySet[Filing]:
    """The filings in force that run out by themselves within that time."""
    return Filing.objects.filter(
        Filing.silencing(), begin__lte=now, end__gt=now, end__lte=now + within
    )


def wrong(
    person: Person,
    entity: Entity,
    *,
    kind: str,
    begin: datetime,
    reason: str,
    end: datetime | None = None,
    point: Point | None = None,
) -> dict[str, str]:
    """What stands against such a filing, by field, and what would help."""
    problems: dict[str, str] = {}
    if kind not in Filing.Kind.values:
        problems["kind"] = _("没有这种申报类别：%(kind)s") % {"kind": kind}
    if not reason.strip():
        problems["reason"] = _("请写明原因")
    if end is not None and end <= begin:
        problems["end"] = _("结束时间应晚于开始时间")
    if person.has_role(Role.ENTERPRISE) and begin < times.aware(times.now()) - LATEST_FILING:
        problems["begin"] = _("企业申报不得早于当前时间24小时以前，请联系监测人员补录")
    if point is not None and point.entity_id != entity.pk and point.owner_code != entity.code:
        problems["point"] = _("监测点不属于所申报的对象")
    for field, moment in (("begin", begin), ("end", end)):
        if moment is not None and moment.year not in YEARS:
            problems[field] = _("年份应在%(first)d年至%(last)d年之间，请核对") % {
                "first": YEARS[0],
                "last": YEARS[-1],
            }
    return problems


def file(
    person: Person,
    entity: Entity,
    *,
    kind: str,
    begin: datetime,
    reason: str,
    end: datetime | None = None,
    point: Point | None = None,
    address: str = "",
) -> Filing:
    """Put a filing on record. Times are aware; ``end`` may be open, and then an enterprise's waits for the bureau.

    Raises ``PermissionDenied``, or ``ValidationError`` naming the field and what would help.
    """
    if not may_file(person, entity):
        raise PermissionDenied(not_yours())
    problems = wrong(person, entity, kind=kind, begin=begin, end=end, reason=reason, point=point)
    if problems:
        raise ValidationError(problems)
    with transaction.atomic():
        _one_at_a_time(entity)
        filing = Filing(
            entity=entity,
            point=point,
            kind=kind,
            begin=begin,
            end=end,
            reason=reason.strip(),
            filed_by=person,
            area_code=entity.area_code,
        )
        if person.has_role(Role.ENTERPRISE):
            filing.after_the_fact = begin < times.aware(times.now()) - GRACE
            # One that was merged into another goes on too, though only the other is told.
            going_on = Alarm.objects.filter(GOING_ON, point__in=points_of(filing))
            filing.during_alarm = going_on.exists()
            if doubts(filing):
                filing.decision = Filing.Decision.WAITING
        filing.save()
        audit.record(
            person,
            "filing made",
            filing,
            details={
                "entity": entity.code,
                "point": point.pk if point else None,
                "kind": kind,
                "begin": begin,
                "end": end,
                "reason": filing.reason,
                "after_the_fact": filing.after_the_fact,
                "during_alarm": filing.during_alarm,
            },
            address=address,
        )
        for hook in on_filed:
            hook(filing)
    return filing


def _one_at_a_time(entity: Entity) -> None:
    """Let the firm's filings be judged one after the other, until the transaction ends: each reckons with those before it."""
    list(Entity.objects.select_for_update(of=("self",)).filter(code=owner_code(entity)))


def _held(filing: Filing) -> None:
    """``filing`` as it stands now, locked until the transaction ends."""
    filing.refresh_from_db(from_queryset=Filing.objects.select_for_update(of=("self",)))


def may_decide(person: Person) -> bool:
    """Whether ``person`` is of the bureau's people who agree to filings."""
    return person.may("file_shutdown") and not person.has_role(Role.ENTERPRISE)


def of_a_firm(filing: Filing) -> bool:
    """Whether the firm itself filed it: it alone takes that back, and the bureau does not agree to it."""
    return filing.filed_by.has_role(Role.ENTERPRISE)


def may_take_back(person: Person, filing: Filing) -> bool:
    """Whether ``person`` is of those who filed it: a firm's people for the firm's, the bureau's for the bureau's."""
    theirs = person.has_role(Role.ENTERPRISE)
    return may_file(person, filing.entity) and theirs == of_a_firm(filing)


def may_refuse(person: Person, filing: Filing) -> bool:
    """Whether ``person`` may say no to it: to what waits, and to a firm's that holds and is not over."""
    if not (may_decide(person) and may_file(person, filing.entity)):
        return False
    over = filing.end is not None and filing.end <= timezone.now()
    holds = filing.silences and not over and of_a_firm(filing)
    return holds or filing.decision == Filing.Decision.WAITING


def decide(
    person: Person, filing: Filing, *, agreed: bool, reason: str = "", address: str = ""
) -> Filing:
    """Agree to a filing that waits, or not: what is judged from now on is silenced by it, or is not.

    One that holds may still be refused: what it silenced becomes alarms.

    One without an end gets one, :data:`LONGEST` from now, or from its begin when that is later: it goes on if it is
    filed again.
    """
    if not (may_decide(person) and may_file(person, filing.entity)):
        raise PermissionDenied(_("由本辖区的监测或执法人员确认"))
    if not agreed and not reason.strip():
        raise ValidationError({"reason": _("不予确认请写明原因")})
    with transaction.atomic():
        _held(filing)
        waits = filing.decision == Filing.Decision.WAITING
        if filing.withdrawn_at is not None or not (
            waits or (not agreed and may_refuse(person, filing))
        ):
            raise ValidationError(_("这份申报已经核定、撤回或结束，请刷新页面"))
        filing.decision = Filing.Decision.AGREED if agreed else Filing.Decision.REFUSED
        filing.decided_by, filing.decided_at = person, times.aware(times.now())
        if agreed and filing.end is None:
            filing.end = max(filing.begin, filing.decided_at) + LONGEST
        filing.decision_reason = reason.strip()[:300]
        filing.save()
        audit.record(
            person,
            "filing agreed" if agreed else "filing refused",
            filing,
            details={"reason": filing.decision_reason, "end": filing.end},
            address=address,
        )
        if not agreed and not waits:
            _look_again(filing, filing.begin)
    return filing


def finish(person: Person, filing: Filing, end: datetime, *, address: str = "") -> Filing:
    """End a filing earlier, at ``end`` (operation resumes); what came after it is judged again."""
    if not may_file(person, filing.entity):
        raise PermissionDenied(_("只能结束本企业或本辖区的申报"))
    with transaction.atomic():
        _held(filing)
        if filing.withdrawn_at is not None:
            raise ValidationError(_("申报已撤回"))
        if end <= filing.begin:
            raise ValidationError({"end": _("结束时间应晚于开始时间；若申报有误请撤回")})
        if filing.end is not None and end >= filing.end:
            # Else who ends what has run out would lengthen it to now.
            ended = f"{timezone.localtime(filing.end):%Y-%m-%d %H:%M}"
            said = _("申报于%(end)s到期，不能再往后结束；仍未恢复的请另行申报") % {"end": ended}
            raise ValidationError({"end": said})
        before = filing.end
        filing.end = end
        filing.ended_at, filing.ended_by = times.aware(times.now()), person
        filing.save()
        audit.record(
            person, "filing ended", filing, details={"end": end, "before": before}, address=address
        )
        _look_again(filing, end)
    return filing


def withdraw(person: Person, filing: Filing, *, reason: str, address: str = "") -> Filing:
    """Take a filing back as if it had never been: what it silenced becomes alarms."""
    if not may_take_back(person, filing):
        raise PermissionDenied(
            _("只能撤回本企业或本辖区的申报；企业的申报由企业撤回，监测或执法人员可不予确认")
        )
    with transaction.atomic():
        _held(filing)
        if filing.withdrawn_at is not None:
            raise ValidationError(_("申报已撤回"))
        filing.withdrawn_at = times.aware(times.now())
        filing.save()
        audit.record(
            person, "filing withdrawn", filing, details={"reason": reason}, address=address
        )
        _look_again(filing, filing.begin)
    return filing


def active(at: datetime | None = None) -> list[Filing]:
    """Filings in force at a moment (aware; now when not given)."""
    moment = at or times.aware(times.now())
    running = Filing.objects.filter(Filing.silencing(), begin__lte=moment)
    return [filing for filing in running if filing.end is None or filing.end > moment]


def beside(filing: Filing, since: datetime, until: datetime | None = None) -> list[Filing]:
    """The other filings that silence one of its points between two moments, or at the first alone."""
    until = until or since
    mine = set(points_of(filing))
    rows = Filing.objects.filter(
        Filing.silencing(), Q(end=None) | Q(end__gt=since), begin__lte=until
    )
    rows = rows.exclude(pk=filing.pk).select_related("entity").order_by("begin", "pk")
    return [other for other in rows if not mine.isdisjoint(points_of(other))]


def waiting_for(person: Person) -> QuerySet[Filing]:
    """The filings that wait for a word of ``person``, the oldest first."""
    if not may_decide(person):
        return Filing.objects.none()
    rows = Filing.objects.filter(withdrawn_at=None, decision=Filing.Decision.WAITING)
    rows = visible(rows, person, "entity__area_code")
    return rows.select_related("entity", "filed_by").order_by("filed_at", "pk")


def points_of(filing: Filing) -> list[int]:
    """The points a filing silences."""
    if filing.point_id:
        return [filing.point_id]
    own = Point.objects.filter(entity_id=filing.entity_id).values_list("pk", flat=True)
    owned = Point.objects.filter(owner_code=filing.entity.code).values_list("pk", flat=True)
    return sorted({*own, *owned})


def _look_again(filing: Filing, begin: datetime) -> None:
    # The records of silence that no longer hold make room for the alarms they were.
    Alarm.objects.filter(filing=filing, state=Alarm.State.SILENCED, begin__gte=begin).delete()
    Alarm.objects.filter(filing=filing, state=Alarm.State.SILENCED, last__gt=begin).update(
        last=begin
    )
    if not runtime.is_open():
        return
    numbers, since = points_of(filing), times.naive(begin)
    transaction.on_commit(
        lambda: alarms.reevaluate(numbers, since, times.now(), runtime.store(), table.current())
    )
