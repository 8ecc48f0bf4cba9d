"""站点比较: one factor at two to six points side by side, as a chart, a table and a file."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.listings import asked
from ecoledger.listings.workbook import Head
from ecoledger.monitoring.models import Point
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.export import download
from ecoledger.web.monitoring import readings
from ecoledger.web.monitoring.station import span_of
from ecoledger.web.templatetags.show import flag_name

MOST = 6
SHOWN = 96
_DRAWN_KINDS = ("air", "water", "flue_gas", "wastewater", "noise", "weather")


class _Asked:
    """What the address asks for: kind, points, factor, scale and period."""

    def __init__(self, request: Request) -> None:
        query = request.GET
        seen = scoped.points(request.user).filter(enabled=True, kind__in=_DRAWN_KINDS)
        kinds = list(seen.order_by("kind").values_list("kind", flat=True).distinct())
        first = "air" if "air" in kinds else next(iter(kinds), "")
        self.kind = query.get("kind", "") if query.get("kind") in kinds else first
        self.kinds = [(k, label) for k, label in Point.Kind.choices if k in kinds]
        self.offered = list(
            seen.filter(kind=self.kind).prefetch_related("parameters").order_by("id")
        )
        wanted = {n for text in query.getlist("point") if (n := asked.number(text)) is not None}
        self.points = [p for p in self.offered if p.pk in wanted][:MOST]
        factors = {
            p.code: (readings.label(p.code, point), p)
            for point in (self.points or self.offered[:MOST])
            for p in readings.declared(point)
        }
        self.factors = [(code, label) for code, (label, _p) in factors.items()]
        self.code = (
            query.get("factor", "") if query.get("factor") in factors else next(iter(factors), "")
        )
        self.label = factors[self.code][0] if self.code else ""
        self.unit = factors[self.code][1].unit if self.code else ""
        self.decimals = factors[self.code][1].decimals if self.code else 1
        self.scale = query.get("scale", "hour") if query.get("scale") in readings.SCALES else "hour"
        self.begin, self.end = span_of(query, self.scale)

    def values(self) -> dict[datetime, dict[int, dict[str, Any]]]:
        """Period start -> point -> its row."""
        rows: dict[datetime, dict[int, dict[str, Any]]] = {}
        for point in self.points:
            found = readings.series(point, [self.code], self.scale, self.begin, self.end)
            for row in found.iter_rows(named=True):
                rows.setdefault(row["start"], {})[point.pk] = row
        return rows


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    wanted = _Asked(request)
    rows = wanted.values() if len(wanted.points) > 1 else {}
    newest = sorted(rows, reverse=True)
    context = {
        "asked": wanted,
        "scales": (("hour", _("小时")), ("day", _("日")), ("month", _("月"))),
        "chosen": [point.pk for point in wanted.points],
        "last": wanted.end - timedelta(days=1),
        "chart": f"{reverse('stations-compare-series')}?{request.GET.urlencode()}",
        "rows": [
            (start, [rows[start].get(point.pk) for point in wanted.points])
            for start in newest[:SHOWN]
        ],
        "more": max(len(newest) - SHOWN, 0),
        "most": MOST,
    }
    return render(request, "web/monitoring/compare.html", context)


@needs("see_monitoring")
def series(request: Request) -> JsonResponse:
    """The chart: one line a point."""
    wanted = _Asked(request)
    lines = []
    for point in wanted.points:
        rows = readings.series(point, [wanted.code], wanted.scale, wanted.begin, wanted.end)
        if rows.is_empty():
            continue
        points = [
            [
                f"{start:%Y-%m-%dT%H:%M:%S}",
                value,
                str(flag_name(flag)) if flag not in (None, "", "N") else "",
            ]
            for start, value, flag in rows.select("start", "value", "flag").iter_rows()
        ]
        lines.append(
            {
                "name": point.name, "unit": wanted.unit, "axis": 0, "decimals": wanted.decimals,
                "points": points,
            }
        )  # fmt: skip
    return JsonResponse(
        {
            "kind": "lines",
            "series": lines,
            "limits": [],
            "period": readings.SCALES[wanted.scale][1],
            "flagged": _("带标记"),
            "empty": _("所选时段没有数据，请放宽日期或换一个时间尺度。"),
        }
    )


@needs("see_monitoring")
def export(request: Request) -> HttpResponse:
    wanted = _Asked(request)
    rows = wanted.values()
    heads = [Head(_("时段起点"), "datetime")]
    for point in wanted.points:
        heads += [Head(f"{point.name} {wanted.unit}".strip(), "number"), Head(_("标记"), width=10)]
    cells = (
        [
            timezone.make_aware(start),
            *(c for p in wanted.points for c in _cells(rows[start].get(p.pk))),
        ]
        for start in sorted(rows)
    )
    title = _("%(factor)s监测点比较（时间为时段起点）") % {"factor": _(wanted.label)}
    return download(request, "stations-compare", title, heads, cells, len(rows))


def _cells(row: dict[str, Any] | None) -> list[Any]:
    if row is None:
        return [None, ""]
    flag = row["flag"]
    return [row["value"], str(flag_name(flag)) if flag not in (None, "", "N") else ""]
