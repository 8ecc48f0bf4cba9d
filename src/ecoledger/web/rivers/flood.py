"""汛期联防联控 (mechanism W13): a rain's checks, its raised limits, and the sections before, during and after it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.accounts.scope import covers
from ecoledger.indicators import doors, rain
from ecoledger.indicators.rain import RainOnSection
from ecoledger.indicators.records.declaring import Cell, Column, Fact, Page, Row
from ecoledger.monitoring.models import Alarm
from ecoledger.registers.water import flood_season
from ecoledger.registers.water.flood_models import FloodMode, RainCheck
from ecoledger.registers.water.flood_season import FLOODS
from ecoledger.standards import surface_water
from ecoledger.standards.rounding import plainly
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs


@needs("see_matters")
@require_GET
def page(request: Request, pk: int) -> HttpResponse:
    mode = FLOODS.visible_to(request.user).filter(pk=pk).first()
    if not isinstance(mode, FloodMode):
        raise Http404
    panels: list[tuple[str, Page]] = [("联防联控", _facts(mode, request))]
    if mode.begin is not None:
        last = mode.until or timezone.now()
        rows = rain.of(mode.area_code, timezone.localdate(mode.begin), timezone.localdate(last))
        seen = [row for row in rows if covers(request.user, row.section.area_code)]
        panels.append(("雨前、雨中、雨后水质", _sections(seen)))
    context = {"mode": mode, "panels": panels}
    return render(request, "web/rivers/flood.html", context)


def _facts(mode: FloodMode, request: Request) -> Page:
    checks = mode.checks.all()
    done = [row for row in checks if row.result != RainCheck.Result.OPEN]
    problems = [row for row in checks if row.result == RainCheck.Result.PROBLEM]
    facts = [
        Fact("雨量", (f"{mode.rain_mm} mm {_(mode.rain_level) if mode.rain_level else ''}",)),
        Fact("预警限值倍数", (f"×{plainly(mode.factor)}",)),
        Fact("雨前检查", (f"{len(done)} / {len(checks)}",)),
        Fact("发现问题", (str(len(problems)),)),
    ]
    if mode.begin is not None:
        gauge = flood_season.measured(mode.area_code, mode.begin, mode.until or timezone.now())
        facts.append(
            Fact("实测雨量", (f"{gauge} mm" if gauge is not None else _("没有雨量计数据"),))
        )
        alarms = scoped.alarms(request.user).filter(
            point__kind="water", point__area_code__startswith=mode.area_code, begin__gte=mode.begin
        )
        if mode.until is not None:
            alarms = alarms.filter(begin__lt=mode.until)
        told = alarms.exclude(state__in=Alarm.QUIET).count()
        facts.append(Fact("模式期间水站预警", (str(told),)))
    said = _(
        "放宽只影响预警，水质评价和考核仍按标准限值；倍数按雨量等级取自 flood_season.toml，可由本局改写。"
    )
    return Page("", (), (), facts=facts, notes=(said,))


def _sections(rows: list[RainOnSection]) -> Page:
    lines = []
    for row in rows:
        cells: list[Cell] = []
        for item in rain.ITEMS:
            cells += [Cell(value, "number", 3) for value in row.means[item]]
            cells.append(Cell({True: "✓", False: "✗", None: "—"}[row.recovered(item)]))
        lines.append(
            Row(
                (
                    Cell(row.section.name, opens=doors.ROW.opens(url=f"/entities/{row.section.pk}")),
                    Cell(" / ".join(str(n) for n in row.days)), *cells,
                ),
                {"rained": row.section.name},
            )
        )  # fmt: skip
    columns = [Column("断面", lead=True), Column("天数（前/中/后）")]
    for item in rain.ITEMS:
        name = _(surface_water.item_name(item))
        columns += [Column(f"{name} {_(when)}", "number") for when in ("雨前", "雨中", "雨后")]
        columns.append(Column(f"{name} {_('雨后恢复')}"))
    return Page(
        "",
        columns,
        lines,
        notes=(_("雨前、雨后各 3 天；雨后不高于雨前 10% 为恢复；没有数据的不判断。"),),
        empty="本区域没有断面。",
    )
