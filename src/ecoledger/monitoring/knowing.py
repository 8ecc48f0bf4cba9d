"""What monitoring knows of an entity's file: warnings, arrival of data, filings, limits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import visible
from ecoledger.entities.file import Happening, HealthItem, Mark, knows
from ecoledger.entities.models import Entity
from ecoledger.entities.validity import in_force
from ecoledger.monitoring.models import Alarm, Filing, Limit, Point

_YEAR = timedelta(days=365)
_QUIET = timedelta(days=90)


def _points(entity: Entity) -> Q:
    """Points of the thing and of its parts."""
    return Q(entity_id=entity.pk) | Q(entity__parent_id=entity.pk)


def _alarms(entity: Entity, person: Person) -> list[Alarm]:
    points = Point.objects.filter(_points(entity)).values("pk")
    rows = visible(Alarm.objects.filter(point__in=points), person, "area_code", "owner_code")
    return list(rows.exclude(state__in=Alarm.QUIET).select_related("rule")[:200])


def _health(entity: Entity, person: Person) -> Iterable[HealthItem]:
    if not person.may("see_monitoring"):
        return
    points = Point.objects.filter(_points(entity), enabled=True)
    if not points.exists():
        yield HealthItem(_("在线监测"), _("没有接入自动监测"), Mark.UNKNOWN, _("有监测点才能判断"))
        return
    rows = _alarms(entity, person)
    rule = _("持续中的预警为需处置；90日内有过为需关注；再久没有为良好")
    running = [alarm for alarm in rows if alarm.state == Alarm.State.OPEN]
    for alarm in running[:5]:
        day = timezone.localtime(alarm.begin).date()
        yield HealthItem(_("预警"), alarm.text, Mark.BAD, rule, day, f"/alarms/{alarm.pk}")
    if not running:
        recent = [alarm for alarm in rows if alarm.begin >= timezone.now() - _QUIET]
        if recent:
            last = recent[0]
            text = _("90日内预警%(count)d次，均已恢复") % {"count": len(recent)}
            day = timezone.localtime(last.begin).date()
            yield HealthItem(_("预警"), text, Mark.WATCH, rule, day, f"/alarms/{last.pk}")
        else:
            yield HealthItem(_("预警"), _("90日内没有预警"), Mark.GOOD, rule)
    outlets = Q(entity_id=entity.pk) | Q(entity__parent_id=entity.pk)
    if points.filter(kind__in=("flue_gas", "wastewater")).exists():
        held = Limit.objects.filter(in_force()).filter(outlets | Q(point__in=points.values("pk")))
        mark, text = (
            (Mark.GOOD, _("有在用限值%(count)d项") % {"count": held.count()})
            if held.exists()
            else (Mark.WATCH, _("没有登记许可限值，超标不能判断"))
        )
        yield HealthItem(_("许可限值"), text, mark, _("废气、废水监测点应有在用限值"))


def _timeline(entity: Entity, person: Person) -> Iterable[Happening]:
    if not person.may("see_monitoring"):
        return
    for alarm in _alarms(entity, person):
        yield Happening(alarm.begin, _("预警"), alarm.text, f"/alarms/{alarm.pk}")
    filings = Filing.objects.filter(Q(entity_id=entity.pk) | Q(entity__parent_id=entity.pk))
    for filing in visible(filings, person, "area_code", "entity__code"):
        kind = _(filing.get_kind_display())
        marks = [_("事后申报")] if filing.after_the_fact else []
        marks += [_("预警中申报")] if filing.during_alarm else []
        if filing.decision:
            marks.append(_(str(filing.get_decision_display())))
        told = f"{filing.reason}（{'，'.join(marks)}）" if marks else filing.reason
        yield Happening(filing.begin, kind, told, "/filings")


knows(health=_health, timeline=_timeline)
