"""污水处理厂运行 (mechanism W4): every plant's month, one plant's days with their curves, and its month drawn up from them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.entities.validity import overlapping
from ecoledger.listings.refusals import Refused
from ecoledger.registers.water import plants
from ecoledger.registers.water.plant_series import FACTORS, PlantSeries, limits_of, rules, series
from ecoledger.registers.water.plants import MONTHS, PLANTS
from ecoledger.registers.water.sewage_models import PlantMonth, SewagePlant
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.finding import say

NAMES = {"cod": "化学需氧量", "ammonia": "氨氮", "phosphorus": "总磷", "nitrogen": "总氮"}


def _month(request: Request) -> str:
    """The month asked for; left out or none, the newest of which anything is entered, else the last whole one."""
    said, now = request.GET.get("month", ""), f"{timezone.localdate():%Y-%m}"
    try:
        plants.days_of(said)
        if len(said) == 7 and said <= now:
            return said
    except ValueError:
        pass
    newest = MONTHS.visible_to(request.user).filter(month__lte=now).aggregate(Max("month"))
    last = timezone.localdate().replace(day=1) - timedelta(days=1)
    return newest["month__max"] or f"{last:%Y-%m}"


@needs("see_monitoring")
@require_GET
def page(request: Request) -> HttpResponse:
    """The month of every plant that is entered; which have none."""
    month = _month(request)
    first = date.fromisoformat(f"{month}-01")
    in_month = overlapping(first, first.replace(day=plants.days_of(month)))
    shown = (
        PLANTS.visible_to(request.user).filter(in_month).select_related("region").order_by("code")
    )
    entries = MONTHS.visible_to(request.user).filter(month=month).select_related(None)
    told = {entry.entity_id: entry for entry in entries}
    rows = [(plant, told.get(plant.pk)) for plant in shown]
    there = [entry for _plant, entry in rows if entry is not None]
    judged = [entry for entry in there if entry.meets is not None]
    design = sum(float(p.design_m3d or 0) * _days(e) for p, e in rows if e is not None)
    context = {
        "month": month,
        "rows": rows,
        "entered": len(there),
        "inflow": sum(float(entry.inflow_m3) for entry in there) / 10_000,
        "load": 100 * sum(float(e.inflow_m3) for e in there) / design if design else None,
        "judged": len(judged),
        "met": sum(1 for entry in judged if entry.meets),
        "warned": sum(1 for entry in there if entry.warning),
        "missing": len(rows) - len(there),
        "rules": rules(),
    }
    return render(request, "web/sewage/plants.html", context)


def _days(entry: PlantMonth) -> int:
    return entry.days or plants.days_of(entry.month)


def _plant(request: Request, pk: int) -> SewagePlant:
    plant = (
        PLANTS.visible_to(request.user)
        .filter(pk=pk)
        .select_related("inlet", "outlet", "region")
        .first()
    )
    if plant is None:
        raise Http404
    found: SewagePlant = plant
    return found


@needs("see_monitoring")
@require_GET
def plant(request: Request, pk: int) -> HttpResponse:
    """One plant's month, day by day, and its months that are entered."""
    one, month = _plant(request, pk), _month(request)
    drawn = series(one, month)
    entries = list(MONTHS.visible_to(request.user).filter(entity=pk).order_by("-month")[:13])
    bounds = limits_of(one, drawn.days[0].on)
    context = {
        "plant": one,
        "month": month,
        "drawn": drawn,
        "days": [_row(day) for day in drawn.days] if drawn.measured or drawn.judged else [],
        "names": NAMES,
        "bounds": [(NAMES[name], bound) for name, bound in bounds.items()],
        "entries": entries,
        "entered": next((entry for entry in entries if entry.month == month), None),
        "may_enter": MONTHS.may_open(request.user),
        "inflow_mean": {NAMES[n]: drawn.mean("inflow", n) for n in FACTORS},
        "rules": rules(),
    }
    return render(request, "web/sewage/plant.html", context)


def _row(day: Any) -> dict[str, Any]:
    return {
        "day": day,
        "inflow": [day.inflow.values.get(name) for name in FACTORS],
        "outflow": [(day.outflow.values.get(name), name in day.exceeds) for name in FACTORS],
    }


@needs("see_monitoring")
@require_GET
def chart(request: Request, pk: int) -> JsonResponse:
    """The days of a month as curves: flow in and out, what came in, what went out with its limit."""
    one, month = _plant(request, pk), _month(request)
    drawn = series(one, month)
    bounds = limits_of(one, drawn.days[0].on)
    lines = [
        _line(drawn, _("进水量"), "m³/d", 0, 0, lambda day: day.inflow.volume),
        _line(drawn, _("出水量"), "m³/d", 0, 0, lambda day: day.outflow.volume),
        _line(drawn, _("进水化学需氧量"), "mg/L", 1, 1, lambda day: day.inflow.values.get("cod")),
        _line(drawn, _("出水化学需氧量"), "mg/L", 2, 1, lambda day: day.outflow.values.get("cod")),
    ]
    limits = []
    if "cod" in bounds:
        limits.append({"name": _("出水化学需氧量限值"), "value": bounds["cod"].high, "axis": 2})
    return JsonResponse(
        {
            "kind": "lines",
            "series": [line for line in lines if line["points"]],
            "limits": limits,
            "period": 86400,
            "empty": _("这个月没有监测数据"),
            "flagged": "",
        }
    )


def _line(
    drawn: PlantSeries, name: str, unit: str, axis: int, decimals: int, value: Any
) -> dict[str, Any]:
    points = [[f"{day.on}T00:00:00", value(day)] for day in drawn.days]
    there = [point for point in points if point[1] is not None]
    return {"name": name, "unit": unit, "axis": axis, "decimals": decimals, "points": there}


@needs("see_monitoring")
@require_POST
def draw_up(request: Request, pk: int) -> HttpResponseBase:
    """Enter the month as the devices say it."""
    one = _plant(request, pk)
    month = request.POST.get("month", "")
    if not MONTHS.may_open(request.user):
        raise Http404
    try:
        plants.days_of(month)
        entry = plants.draw_up(series(one, month), by=request.user, at=timezone.now())
    except ValueError as error:
        raise Http404 from error
    except Refused as refused:
        say(request, refused)
        return redirect(f"/water/plants/{pk}?month={month}")
    messages.success(request, _("已按监测数据生成 %s 月运行记录。") % entry.month)
    return redirect(MONTHS.url_of(entry))
