"""All monitoring points, with what they say now and whether they say it in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.entities.models import Area
from ecoledger.indicators.figures import written
from ecoledger.monitoring import runtime
from ecoledger.monitoring.models import Alarm, Point, PointParameter
from ecoledger.monitoring.point_book import POINTS
from ecoledger.web.access import Request, needs
from ecoledger.web.entities.enterprises import alarm_count
from ecoledger.web.listings import pages
from ecoledger.web.listings.known import Known, KnownColumn, know
from ecoledger.web.monitoring import readings
from ecoledger.web.templatetags.figures import unit_words
from ecoledger.web.templatetags.show import (
    ago,
    aqi_chip,
    meter,
    percent,
    reading,
    tr,
    water_chip,
    water_class,
)


@dataclass(frozen=True)
class Row:
    """One point as the list shows it."""

    point: Point
    air: readings.Air | None
    water: readings.Water | None
    latest: list[readings.Latest]
    arrival: tuple[int, int]
    alarms: int

    @property
    def share(self) -> float | None:
        received, expected = self.arrival
        return received / expected if expected else None

    @property
    def last(self) -> datetime | None:
        return max((entry.start for entry in self.latest if entry.start), default=None)


def area_names(codes: set[str]) -> dict[str, str]:
    return dict(Area.objects.filter(code__in=codes).values_list("code", "name"))


def _rows(person: Person, points: Sequence[Any]) -> Mapping[int, Row]:
    """What the points say now, and how much of what was due today has come."""
    opened = Alarm.objects.filter(point__in=[p.pk for p in points], state=Alarm.State.OPEN)
    alarms = dict(opened.order_by().values_list("point").annotate(Count("pk")))
    if not runtime.is_open():
        return {p.pk: Row(p, None, None, [], (0, 0), alarms.get(p.pk, 0)) for p in points}
    airs = {a.point.pk: a for a in readings.air_now([p for p in points if p.kind == "air"])}
    waters = {w.point.pk: w for w in readings.water_now([p for p in points if p.kind == "water"])}
    declared: list[PointParameter] = [
        parameter for point in points for parameter in point.parameters.all()
    ]
    came: dict[int, list[readings.Arrival]] = {}
    for arrival in readings.arrivals(declared, readings.today(), readings.now()):
        came.setdefault(arrival.parameter.point_id, []).append(arrival)
    latest = readings.latest_of(points)
    return {
        point.pk: Row(
            point,
            airs.get(point.pk),
            waters.get(point.pk),
            latest[point.pk],
            readings.total(came.get(point.pk, ())),
            alarms.get(point.pk, 0),
        )
        for point in points
    }


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    seen = POINTS.visible_to(request.user).filter(enabled=True).order_by()
    kinds = dict(seen.values_list("kind").annotate(Count("pk")))
    counts = {kind: kinds.get(kind, 0) for kind in Point.Kind.values}
    shown = pages.listed(request, POINTS, counts=counts, own={"parameter_names": _parameters}) | {
        "new_url": reverse("point-new"),
        "new_label": _("登记监测点"),
    }
    return render(request, "web/monitoring/stations.html", shown)


def _parameters(point: Any) -> SafeString:
    """The point's factors under the names that the person's language has for them."""
    names = _("、").join(tr(name) for name in point.parameter_names.split("、"))
    return format_html('<span class="two-lines" title="{}">{}</span>', names, names)


def _said(latest: readings.Latest) -> str:
    """A value with its unit."""
    number = reading(latest.shown, latest.parameter.decimals)
    return number if latest.shown is None else written(number, unit_words(latest.parameter.unit))


def _now_text(row: Row) -> str:
    """What the list's column 现状 says, in one line of text."""
    if row.air is not None:
        level = "" if row.air.stale or not row.air.level else tr(row.air.level.category)
        words = [str(row.air.value) if row.air.value is not None else "", level]
        stale = row.air.stale
    elif row.water is not None:
        words = [water_class(row.water.rank)]
        stale = row.water.stale and bool(row.water.rank)
    else:
        words = [" · ".join(f"{tr(value.label)} {_said(value)}" for value in row.latest[:3])]
        stale = False
    return " ".join([word for word in words if word] + ([_("非最新")] if stale else []))


def _now(row: Row) -> SafeString:
    """The column 现状 as a page draws it: index or class with its colour, else the first values."""
    stale = format_html('<span class="quiet">{}</span>', _("非最新"))
    if row.air is not None:
        value = "" if row.air.value is None else row.air.value
        if row.air.stale:
            return format_html('<span class="quiet">{}</span> {}', value or "—", stale)
        return format_html("{} {}", value, aqi_chip(row.air.value))
    if row.water is not None:
        old = row.water.stale and row.water.rank
        return format_html("{} {}", water_chip(row.water.rank), stale if old else "")
    said = (
        (
            " over" if one.over else " flagged" if one.flag and one.flag != "N" else "",
            tr(one.label),
            _said(one),
        )
        for one in row.latest[:3]
    )
    return format_html_join(" · ", '<span class="nowrap{}">{} {}</span>', said)


def _last(row: Row) -> SafeString | str:
    if row.last is None:
        return format_html('<span class="chip bad">{}</span>', _("从未收到"))
    return format_html('<span class="nowrap">{}</span>', ago(row.last))


def _arrived(row: Row) -> SafeString | str:
    if row.share is None:
        return "—"
    return format_html('<span class="nowrap">{}</span> {}', percent(row.share, 0), meter(row.share))


know(
    POINTS,
    Known(
        _rows,
        (
            KnownColumn(noop("现状"), _now_text, _now, width=40),
            KnownColumn(noop("最近数据"), lambda row: row.last, _last, "datetime"),
            KnownColumn(noop("今日到达"), lambda row: row.share, _arrived, "percent"),
            KnownColumn(
                noop("预警"), lambda row: row.alarms, lambda row: alarm_count(row.alarms), "number"
            ),
        ),
    ),
)
