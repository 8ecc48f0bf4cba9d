"""What monitoring knows of an entity's file, and of one point's: arrival of data, warnings, limits, filings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import visible, within
from ecoledger.accounts.wording import numbered
from ecoledger.entities.about import about, in_scope
from ecoledger.entities.file import File, Happening, HealthItem, Mark, Shelf, Tab, knows
from ecoledger.entities.validity import in_force
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.models import Alarm, Filing, Limit, Point

_QUIET = timedelta(days=90)
# Of a long history so many warnings and filings stand on the timeline.
LATEST = 60
# Without data for so long a point is watched, and then something is done about it.
LATE, SILENT = timedelta(hours=4), timedelta(hours=24)


def _points(file: File) -> QuerySet[Point]:
    """Points of the thing and of its parts."""
    return Point.objects.filter(pk__in=file.once(_keys))


def _keys(file: File) -> list[int]:
    its = Point.objects.filter(about(file))
    return list(its.order_by().values_list("pk", flat=True))


def _all_alarms(points: QuerySet[Point], person: Person) -> QuerySet[Alarm]:
    rows = Alarm.objects.filter(point__in=points.order_by().values("pk"))
    return visible(rows, person, "area_code", "owner_code")


def _alarms(points: QuerySet[Point], person: Person) -> QuerySet[Alarm]:
    """Those that were told: not what was silenced or belongs to another."""
    return _all_alarms(points, person).exclude(state__in=Alarm.QUIET)


def _health(file: File) -> Iterable[HealthItem]:
    alarms = f"/alarms?about={file.entity.pk}&"
    yield from health_of_points(_points(file), file.person, alarms, "?tab=data")


def health_of_points(
    points: QuerySet[Point], person: Person, alarms: str, data: str
) -> Iterable[HealthItem]:
    """How the points of a thing, or one point, stand; the addresses that show their warnings and their data."""
    if not person.may("see_monitoring"):
        return
    inside = points.filter(within(person, "area_code", "owner_code"))
    enabled = list(inside.filter(enabled=True).order_by().values_list("pk", "kind"))
    if not enabled:
        yield HealthItem(_("在线监测"), _("没有接入自动监测"), Mark.UNKNOWN, _("有监测点才能判断"))
        return
    numbers = [pk for pk, _kind in enabled]
    yield _arrival(numbers, data)
    yield _warned(_alarms(points, person), alarms)
    if {kind for _pk, kind in enabled} & {"flue_gas", "wastewater"}:
        yield _limited(numbers, data)


def _arrival(points: list[int], url: str) -> HealthItem:
    """Whether every point is heard."""
    item, rule = _("数据"), _("监测点超过24小时没有数据为需处置，超过4小时为需关注")
    heard: dict[int, datetime] = {}
    if runtime.is_open():
        for point, start in runtime.store().latest(points).select("point", "start").iter_rows():
            heard[point] = max(heard.get(point, start), start)
    if not heard:
        return HealthItem(item, _("从未收到数据"), Mark.UNKNOWN, rule, url=url)
    now = times.now().replace(tzinfo=None)
    silent = [pk for pk in points if pk not in heard or now - heard[pk] > SILENT]
    late = [pk for pk in points if pk in heard and now - heard[pk] > LATE]
    last = max(heard.values())
    if silent:
        text = _("%(points)d个监测点中%(count)d个没有数据，最近 %(last)s")
        mark, count = Mark.BAD, len(silent)
    elif late:
        text = _("%(points)d个监测点中%(count)d个数据迟到，最近 %(last)s")
        mark, count = Mark.WATCH, len(late)
    else:
        text = numbered("%(points)d个监测点都有数据，最近 %(last)s", len(points))
        mark, count = Mark.GOOD, 0
    told = text % {"points": len(points), "count": count, "last": f"{last:%m-%d %H:%M}"}
    gone = min((heard[pk] for pk in silent if pk in heard), default=None)
    return HealthItem(item, told, mark, rule, gone.date() if gone else None, url)


def _warned(alarms: QuerySet[Alarm], url: str) -> HealthItem:
    rule = _("持续中的预警为需处置；90 日内有过为需关注；再久没有为良好")
    recent = Q(begin__gte=timezone.now() - _QUIET)
    said = alarms.aggregate(
        running=Count("pk", filter=Q(state=Alarm.State.OPEN)),
        first=Min("begin", filter=Q(state=Alarm.State.OPEN)),
        recent=Count("pk", filter=recent),
    )
    if said["running"]:
        text = _("持续中%(count)d条") % {"count": said["running"]}
        day = timezone.localtime(said["first"]).date()
        return HealthItem(_("预警"), text, Mark.BAD, rule, day, f"{url}state=open")
    if said["recent"]:
        text = numbered("90 日内预警 %(count)d 次，均已恢复", said["recent"]) % {
            "count": said["recent"]
        }
        return HealthItem(_("预警"), text, Mark.WATCH, rule, url=f"{url}state=ended")
    return HealthItem(_("预警"), _("90 日内没有预警"), Mark.GOOD, rule, url=f"{url}state=all")


def _limited(points: list[int], url: str) -> HealthItem:
    rows = Limit.objects.filter(in_force())
    places = Point.objects.filter(pk__in=points).values("entity")
    count = rows.filter(Q(point__in=points) | Q(entity__in=places)).count()
    mark, text = (
        (Mark.GOOD, numbered("有在用限值%(count)d项", count) % {"count": count})
        if count
        else (Mark.WATCH, _("没有登记许可限值，超标不能判断"))
    )
    return HealthItem(_("许可限值"), text, mark, _("废气、废水监测点应有在用限值"), url=url)


def _filings(file: File) -> QuerySet[Filing]:
    return Filing.objects.filter(about(file), in_scope(file.person))


def _latest_filings(file: File) -> list[Filing]:
    rows = _filings(file).select_related("ended_by")
    return list(rows.order_by("-begin")[:LATEST])


def _shelves(file: File) -> Iterable[Shelf]:
    if not file.person.may("see_monitoring"):
        return
    its = f"about={file.entity.pk}"
    alarms = _all_alarms(_points(file), file.person).count()
    yield Shelf(Tab.DATA, _("预警"), alarms, f"/alarms?{its}&state=all")
    filings = len(file.once(_latest_filings))
    if filings == LATEST:
        filings = _filings(file).count()
    yield Shelf(Tab.DATA, _("停运申报"), filings, f"/filings?{its}")


def _timeline(file: File) -> Iterable[Happening]:
    if not file.person.may("see_monitoring"):
        return
    for alarm in _alarms(_points(file), file.person).order_by("-begin")[:LATEST]:
        tone = "bad" if alarm.state == Alarm.State.OPEN else ""
        kind = f"{_(str(alarm.get_level_display()))}{_('预警')}"
        yield Happening(alarm.begin, kind, alarm.text, f"/alarms/{alarm.pk}", Tab.DATA, tone)
    for filing in file.once(_latest_filings):
        kind = _(filing.get_kind_display())
        marks = [_("事后申报")] if filing.after_the_fact else []
        marks += [_("预警中申报")] if filing.during_alarm else []
        if filing.withdrawn_at is not None:
            marks.append(_(str(Filing.Standing.WITHDRAWN.label)))
        elif filing.decision:
            marks.append(_(str(filing.get_decision_display())))
        told = f"{filing.reason}{_('（%s）') % _('，').join(marks)}" if marks else filing.reason
        yield Happening(filing.begin, kind, told, f"/filings/{filing.pk}", Tab.DATA)
        if filing.ended_at is not None and filing.withdrawn_at is None:
            ended = _("%(kind)s申报提前结束，%(person)s") % {
                "kind": kind,
                "person": filing.ended_by,
            }
            link = f"/filings/{filing.pk}"
            yield Happening(filing.end or filing.ended_at, _("恢复运行"), ended, link, Tab.DATA)


knows(health=_health, timeline=_timeline, shelves=_shelves)
