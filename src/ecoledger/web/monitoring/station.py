"""One monitoring point: what it says now and said before, how good its data are, and who changed what."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF
from ecoledger.accounts.visitors import address
from ecoledger.entities import editing, file
from ecoledger.entities.models import Enterprise
from ecoledger.listings import asked
from ecoledger.monitoring.computing import corrections, evaluate
from ecoledger.monitoring.computing.period_review import REPORTED
from ecoledger.monitoring.files import imports
from ecoledger.monitoring.knowing import health_of_points
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.points import limits
from ecoledger.monitoring.runtime import store
from ecoledger.standards import aqi as aqi_standard
from ecoledger.store.interface import SERIES, Layer
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.entities.health import Health
from ecoledger.web.listings.beside import beside
from ecoledger.web.monitoring import readings
from ecoledger.web.monitoring.data_table import table_of
from ecoledger.web.templatetags.show import FLAGS, WATER_CLASSES, flag_name

TABS = ("now", "calendar", "quality", "alarms", "raw")
DAYS = {"raw": 1, "hour": 3, "day": 60, "month": 730}
LONGEST = {"raw": 7, "hour": 93, "day": 1100, "month": 7400}


def _point(request: Request, pk: int) -> Point:
    rows = scoped.points(request.user) | scoped.area_points(request.user).select_related("entity")
    return get_object_or_404(rows.distinct(), pk=pk)


def _enterprise(point: Point) -> Enterprise | None:
    return Enterprise.objects.filter(code=point.owner_code).first() if point.owner_code else None


@needs("see_monitoring")
def page(request: Request, pk: int) -> HttpResponse:
    point = _point(request, pk)
    tab = request.GET.get("tab", "now")
    if tab not in TABS or (tab == "raw" and not request.user.may("see_raw_frames")):
        tab = "now"
    context: dict[str, Any] = {
        "point": point,
        "tab": tab,
        "neighbours": beside(request, point),
        "tabs": _tabs(request, point),
        "station": getattr(point.entity, "as_station", None) if point.entity else None,
        "enterprise": _enterprise(point),
        "may_command": bool(point.mn) and request.user.may("command_devices"),
        "may_register": point.kind != "area" and editing.may_edit(request.user, point.area_code),
        "open_alarms": scoped.alarms(request.user).filter(point=point, state="open"),
        "air": readings.air_now([point])[0] if point.kind in ("air", "area") else None,
        "water": readings.water_now([point])[0] if point.kind == "water" else None,
    }
    context |= _CONTENT[tab](request, point)
    return render(request, "web/monitoring/station.html", context)


def _tabs(request: Request, point: Point) -> list[tuple[str, str]]:
    tabs = [("now", _("数据"))]
    if point.kind in ("air", "area", "water"):
        tabs.append(("calendar", _("日历")))
    if point.kind != "area":
        tabs += [("quality", _("数据质量")), ("alarms", _("预警"))]
        if request.user.may("see_raw_frames") and point.mn:
            tabs.append(("raw", _("原始报文")))
    return tabs


def _now(request: Request, point: Point) -> dict[str, Any]:
    scale = request.GET.get("scale", "hour")
    if scale not in readings.SCALES:
        scale = "hour"
    begin, end = span_of(request.GET, scale)
    declared = readings.declared(point)
    chosen = [c for c in request.GET.getlist("parameter") if c in {p.code for p in declared}]
    return {
        "latest": readings.latest_of([point])[point.pk],
        "instruments": readings.instrument_states(point),
        "health": _health(request, point),
        "scale": scale,
        "scales": _scales(),
        "begin": begin.date(),
        "end": end.date() - timedelta(days=1),
        "declared": [(p.code, readings.label(p.code, point)) for p in declared],
        "chosen": chosen,
        "chart": _chart_url(request, point, scale, begin, end),
        "table": table_of(point, scale, begin, end, chosen),
        "may_correct": request.user.may("correct_observations") and point.kind != Point.Kind.AREA,
    }


def _health(request: Request, point: Point) -> Health:
    """How the point stands; of a division's mean nothing is said."""
    if point.kind == Point.Kind.AREA:
        return Health([])
    own = Point.objects.filter(pk=point.pk)
    items = health_of_points(own, request.user, "?tab=alarms&", "?tab=quality")
    return Health(file.in_order(items))


def _scales() -> list[tuple[str, str]]:
    return [("raw", _("实时")), ("hour", _("小时")), ("day", _("日")), ("month", _("月"))]


def span_of(given: Mapping[str, str], scale: str) -> tuple[datetime, datetime]:
    """The dates asked for as ``[begin, end)``; the last days up to today where they are left out."""
    last = asked.day(given.get("end", "")) or readings.now().date()
    first = asked.day(given.get("begin", "")) or last - timedelta(days=DAYS[scale] - 1)
    first = max(min(first, last), last - timedelta(days=LONGEST[scale]))
    return datetime.combine(first, time()), datetime.combine(last + timedelta(days=1), time())


def _chart_url(request: Request, point: Point, scale: str, begin: datetime, end: datetime) -> str:
    query = request.GET.copy()
    query.pop("tab", None)
    query["scale"] = scale
    query["begin"] = f"{begin:%Y-%m-%d}"
    query["end"] = f"{end - timedelta(days=1):%Y-%m-%d}"
    return reverse("station-series", args=[point.pk]) + "?" + query.urlencode()


def _calendar(request: Request, point: Point) -> dict[str, Any]:
    year = asked.number(request.GET.get("year", ""))
    this = readings.now().year
    chosen = year if year is not None and 1990 <= year <= this else this
    return {
        "year": chosen,
        "years": range(this, this - 5, -1),
        "chart": reverse("station-calendar", args=[point.pk]) + f"?year={chosen}",
    }


def _quality(request: Request, point: Point) -> dict[str, Any]:
    days = 7
    end = readings.now()
    begin = readings.today() - timedelta(days=days - 1)
    declared = list(point.parameters.all())
    today = readings.arrivals(declared, readings.today(), end)
    week = readings.arrivals(declared, begin, end)
    flags = readings.flags_of(point, begin, end)
    by_code: dict[str, list[tuple[str, int]]] = {}
    for code, flag, count in flags.iter_rows():
        by_code.setdefault(code, []).append((flag, count))
    lines = []
    for arrival, seven in zip(today, week, strict=True):
        counts = by_code.get(arrival.parameter.code, [])
        whole = sum(count for _flag, count in counts)
        good = sum(count for flag, count in counts if flag in ("", "N", "T"))
        lines.append(
            {
                "label": readings.label(arrival.parameter.code, point),
                "today": arrival,
                "week": seven,
                "valid": good / whole if whole else None,
                "flags": [(flag, count) for flag, count in counts if flag not in ("", "N")],
            }
        )
    return {"lines": lines, "days": days}


def _alarms(request: Request, point: Point) -> dict[str, Any]:
    return {"alarms": scoped.alarms(request.user).filter(point=point)[:100]}


def _raw(request: Request, point: Point) -> dict[str, Any]:
    before = asked.number(request.GET.get("before", ""))
    frames = store().frames(mn=point.mn, before=before, limit=50)
    return {"frames": list(frames.iter_rows(named=True))}


_CONTENT = {
    "now": _now,
    "calendar": _calendar,
    "quality": _quality,
    "alarms": _alarms,
    "raw": _raw,
}


def drawn(point: Point, codes: Sequence[str], rows: pl.DataFrame) -> list[dict[str, Any]]:
    """``rows`` as the lines of a chart: names, units, decimals, and each value with its flag."""
    if rows.is_empty():
        return []
    declared = {p.code: p for p in readings.declared(point)}
    held = limits.PointLimits([point])
    units = list(dict.fromkeys(declared[code].unit for code in codes if code in declared))
    lines = []
    for code in codes:
        own = rows.filter(pl.col("parameter") == code)
        if own.is_empty() or code not in declared:
            continue
        unit = declared[code].unit
        converted = held.converts(point.pk, code) and own["converted"].is_not_null().any()
        name = readings.label(code, point) + (_("（折算）") if converted else "")
        lines.append(
            {
                "name": name,
                "unit": unit,
                # A panel a unit: no line is read by another's scale.
                "axis": units.index(unit),
                "decimals": declared[code].decimals,
                "points": [
                    [
                        f"{start:%Y-%m-%dT%H:%M:%S}",
                        value,
                        flag_name(flag) if flag not in (None, "", "N") else "",
                    ]
                    for start, value, flag in own.select(
                        "start", "converted" if converted else "value", "flag"
                    ).iter_rows()
                ],
            }
        )
    return lines


def drawn_limits(steps: Sequence[limits.Step], begin: date, end: date) -> Iterator[dict[str, Any]]:
    """The steps of limits as lines of a chart from ``begin`` to ``end``; a step shorter has its days."""
    for step in steps:
        after = step.last + timedelta(days=1)
        days = (
            {}
            if (step.first, after) == (begin, end)
            else {"from": f"{step.first}", "to": f"{after}"}
        )
        for name, value in ((_("限值"), step.value), (_("下限"), step.lower)):
            if value is not None:
                yield {"name": name, "value": value, **days}


@needs("see_monitoring")
def series(request: Request, pk: int) -> JsonResponse:
    """The chart of a point: chosen parameters over a period, with flags and limits."""
    point = _point(request, pk)
    scale = request.GET.get("scale", "hour")
    if scale not in readings.SCALES:
        raise Http404
    begin, end = span_of(request.GET, scale)
    declared = {p.code: p for p in readings.declared(point)}
    chosen = [code for code in request.GET.getlist("parameter") if code in declared]
    codes = chosen or list(declared)[:6]
    rows = readings.series(point, codes, scale, begin, end)
    lines = drawn(point, codes, rows)
    only = declared[codes[0]] if len(lines) == 1 else None
    steps = []
    if only is not None:
        held = limits.PointLimits([point])
        basis = "day" if scale in ("day", "month") else "hour"
        steps = held.steps(point.pk, only.code, begin.date(), end.date(), basis, only.unit)
    period = readings.SCALES[scale][1] or (
        min((declared[c].interval_seconds for c in codes), default=0) if scale == "raw" else 0
    )
    return JsonResponse(
        {
            "kind": "lines",
            "series": lines,
            "limits": list(drawn_limits(steps, begin.date(), end.date())),
            "period": period,
            "flagged": _("带标记"),
            "empty": _("所选时段没有数据，请放宽日期或换一个时间尺度。"),
        }
    )


@needs("see_monitoring")
def calendar(request: Request, pk: int) -> JsonResponse:
    """A year of daily indices (or water classes), one coloured square a day."""
    point = _point(request, pk)
    year = asked.number(request.GET.get("year", ""))
    if year is None or not 1990 <= year <= 2199:
        raise Http404
    begin, end = date(year, 1, 1), date(year + 1, 1, 1)
    water = point.kind == "water"
    rows = (
        readings.day_values(point, "water_class", begin, end)
        if water
        else readings.air_days(point, begin, end)
    )
    station = reverse("station", args=[point.pk])
    return JsonResponse(
        {
            "kind": "calendar",
            "from": f"{begin}",
            "to": f"{end - timedelta(days=1)}",
            "days": [
                [
                    f"{day}",
                    round(value),
                    text or "",
                    f"{station}?scale=hour&begin={day}&end={day}",
                ]
                for day, value, text in rows.select("day", "value", "text").iter_rows()
                if value is not None
            ],
            "pieces": _water_pieces() if water else _air_pieces(),
            "empty": _("这一年还没有日评价结果。"),
        }
    )


def _air_pieces() -> list[dict[str, Any]]:
    pieces = []
    lowest = 0
    for level in aqi_standard.levels():
        piece = {"min": lowest, "color": level.hex, "label": _(level.category)}
        if level.upto is not None:
            piece["max"] = level.upto
            lowest = level.upto + 1
        pieces.append(piece)
    return pieces


def _water_pieces() -> list[dict[str, Any]]:
    colours = ("#3f7fd9", "#3f7fd9", "#2fa84f", "#f2d33b", "#f08a24", "#d63939")
    return [
        {"min": rank, "max": rank, "color": colour, "label": str(name)}
        for rank, (name, colour) in enumerate(zip(WATER_CLASSES, colours, strict=True), start=1)
    ]


def _start(text: str) -> datetime:
    start = asked.moment(text)
    if start is None:
        raise Http404
    return start


@needs("see_monitoring")
def value(request: Request, pk: int) -> HttpResponse:
    """One observation with every word on it: device, check, enterprise, review, and the frame."""
    point = _point(request, pk)
    code, name = request.GET.get("parameter", ""), request.GET.get("series", "")
    start = _start(request.GET.get("start", ""))
    declared = point.parameters.filter(code=code).first()
    if name not in SERIES:
        raise Http404
    rows = list(store().history(point.pk, code, name, start).iter_rows(named=True))
    if not rows:
        raise Http404
    end = start + timedelta(seconds=int(rows[0]["seconds"] or 3600))
    marks = _marks(point, code, start, end) if SERIES[name] else []
    names = _names(request, {row["author"] for row in (*rows, *marks)})
    for row in (*rows, *marks):
        row["author"] = names.get(row["author"], row["author"])
    for row in rows:
        row["line"] = _line(request, row["frame_id"])
    return render(
        request,
        "web/monitoring/value.html",
        {
            "point": point,
            "decimals": declared.decimals if declared else None,
            "label": readings.label(code, point),
            "code": code,
            "series": name,
            "computed": SERIES[name],
            "span_end": end,
            "marks": marks,
            "may_review": request.user.may("correct_observations"),
            "start": start,
            "rows": rows,
            "spoken": next((row for row in rows if row["accepted"]), None),
            "flags": FLAGS.items(),
            "may_correct": request.user.may("correct_observations") and not SERIES[name],
            "may_see_raw": request.user.may("see_raw_frames"),
            "may_import": request.user.may("import_observations"),
        },
    )


def _names(request: Request, authors: set[str]) -> dict[str, str]:
    """What who wrote is called: in the house by name, outside it by the unit."""
    people = Person.objects.filter(username__in=authors - {None}).select_related("organisation")
    inside = request.user.has_role(*STAFF)
    return {p.username: p.name if inside else str(p.organisation or "") for p in people}


def _line(request: Request, frame_id: int | None) -> dict[str, Any] | None:
    """Of a value that came in by a file: the import, the row, and who brought it in."""
    told = imports.line_of(store().frame(frame_id)) if frame_id is not None else None
    if told is None:
        return None
    batch, number = told
    names = _names(request, {batch.person.username}) if batch.person else {}
    return {"batch": batch, "number": number, "by": next(iter(names.values()), "")}


def _marks(point: Point, code: str, begin: datetime, end: datetime) -> list[dict[str, Any]]:
    """What people said of the reported values that a computed one is made of: who, why, and of how many."""
    index = code == evaluate.AQI
    codes = list(point.parameters.values_list("code", flat=True)) if index else [code]
    columns = ["layer", "author", "reason", "flag", "rule"]
    told = store().read([point.pk], codes, REPORTED, begin, end, columns=columns)
    people = told.filter(pl.col("layer") >= int(Layer.ENTERPRISE))
    return people.group_by(columns, maintain_order=True).len("values").to_dicts()


def _number(given: str) -> float | None:
    """What was written as a value. Raises ``ValueError`` for words, and for those that Python takes for numbers (nan)."""
    number = float(given) if given else None
    if number is not None and not math.isfinite(number):
        raise ValueError(given)
    return number


@require_POST
@needs("correct_observations")
def correct(request: Request, pk: int) -> HttpResponse:
    """Set or take back a review (layer 3) on one reported observation; the device's value stays."""
    point = _point(request, pk)
    code, name = request.POST.get("parameter", ""), request.POST.get("series", "")
    start = _start(request.POST.get("start", ""))
    back = (
        reverse("value", args=[pk]) + f"?parameter={code}&series={name}&start={start.isoformat()}"
    )
    withdrawn = request.POST.get("action") == "withdraw"
    given = request.POST.get("value", "").strip()
    try:
        number = _number(given)
    except ValueError:
        messages.error(request, _("“%(text)s”不是数值，请改正后再提交。") % {"text": given[:40]})
        return redirect(back)
    try:
        corrections.review(
            request.user,
            point,
            code,
            name,
            start,
            value=number,
            flag=request.POST.get("flag", ""),
            reason=request.POST.get("reason", ""),
            withdraw=withdrawn,
            address=address(request),
        )
    except corrections.NotCorrectedError as refused:
        messages.error(request, str(refused))
        return redirect(back)
    messages.success(
        request,
        _("已撤回审核，恢复为下层数据。") if withdrawn else _("已审核。小时值和日评价将自动重算。"),
    )
    return redirect(back)
