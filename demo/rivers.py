"""The demonstration's rivers between towns, its sea, its drinking water, rains and traces. Synthetic."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from demo import city
from demo.work import person, town_person
from ecoledger.books import campaign as campaigns
from ecoledger.books import roster as rosters
from ecoledger.entities import charges, relations
from ecoledger.entities.models import Charge, Enterprise, River, Section
from ecoledger.indicators import compensating
from ecoledger.matters import actions
from ecoledger.registers.water import (
    compensation,
    flood_season,
    outlets,
    samples,
    section_help,
    sources,
    traces,
)
from ecoledger.registers.water import sea as seas
from ecoledger.registers.water.compensation_models import CompensationLine
from ecoledger.registers.water.sea_models import Bay, SeaStation
from ecoledger.registers.water.source_models import WaterSource
from ecoledger.web.search.index import together

BAYS = ("北港湾段", "沙浦湾段", "望江湾段", "河口湾段", "南滩湾段")
SOURCES = (
    ("青岭水库", "青岭镇", "lake", 6.2, 28),
    ("云台水库", "云台镇", "lake", 3.5, 15),
    ("澜溪城关取水口", "城关街道", "river", 4.8, 22),
)
MOUTHS = (
    ("S-SHIQIAOHK", "石桥河闸"),
    ("S-DONGGANGHK", "东港河闸"),
    ("S-SHAPU", "沙浦闸"),
    ("S-LINHU", "临湖闸"),
)
# What a month of each source shows: clean, clean, and one manganese above its limit in summer.
CLEAN = {
    "ph": "7.4",
    "do": "7.6",
    "codmn": "2.1",
    "nh3n": "0.09",
    "tp": "0.01L",
    "nitrate": "0.82",
    "fe": "0.05",
}


@together()
def build(now: datetime) -> dict[str, int]:
    """Everything of this module; ``now`` in China standard time without zone."""
    at = timezone.make_aware(now)
    generator = random.Random(f"{city.SEED}-rivers")
    with transaction.atomic():
        _sea(generator, at)
        _sources(generator, at)
        _outlets(at)
        months = _compensation(generator, at)
        _help_and_traces(at)
    return {
        "湾段": len(BAYS), "水源地": len(SOURCES), "入江口": len(MOUTHS), "补偿核算月份": months,
    }  # fmt: skip


def _months(at: datetime, count: int) -> Iterator[date]:
    """First days of the last whole months, the oldest first."""
    first = timezone.localdate(at).replace(day=1)
    found = []
    for _n in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    yield from reversed(found)


def _moment(day: date, hour: int = 9) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


def _enter(book: Any, values: Mapping[str, Any], at: datetime) -> Any:
    return book.open_row(values, person("jiance"), at)


def _square(west: float, south: float, wide: float, high: float) -> dict[str, Any]:
    east, north = round(west + wide, 4), round(south + high, 4)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


# ---- the sea -----------------------------------------------------------------------------------------


def _sea(generator: random.Random, at: datetime) -> None:
    year = timezone.localdate(at).year
    heights = (33.30, 33.22, 33.14, 33.06, 32.98)
    for n, name in enumerate(BAYS):
        bay = Bay.objects.create(
            code=f"B-{n + 1}", name=f"{name}（演示）", area_code=city.CITY_CODE, synthetic=True,
            geometry=_square(122.97, heights[n], 0.18, 0.07), goal="消除劣四类，优良面积比例逐年提高",
            target_good=Decimal(60 + 5 * n), target_year=year, shore_km=round(8 + 3.1 * n, 1),
            department="生态环境、自然资源和水利部门",
        )  # fmt: skip
        charges.appoint(
            None,
            Charge(
                entity=bay,
                role="bay_chief",
                level="county",
                name=f"湾长{n + 1}（演示）",
                post="副市长",
            ),
        )
        for k in range(3):
            station = SeaStation.objects.create(
                code=f"H-{n + 1}{k + 1}", name=f"{name[:2]}{k + 1}号海水监测点（演示）", area_code=city.CITY_CODE, parent=bay,
                lon=122.99 + 0.06 * k, lat=heights[n] + 0.02 + 0.015 * k, level="provincial", synthetic=True,
            )  # fmt: skip
            for season, month in (("spring", 5), ("summer", 8), ("autumn", 10)):
                day = date(year, month, 12)
                if day >= timezone.localdate(at):
                    day = date(year - 1, month, 12)
                # Nearer the mouth of the river there is more nitrogen.
                nitrogen = (
                    0.16
                    + (0.28 if n == 3 else 0.06 * n)
                    - 0.05 * k
                    + generator.uniform(-0.02, 0.02)
                )
                values = {
                    "entity": station, "at": _moment(day), "season": season, "ph": "8.1", "do": "7.1", "codmn": "1.4",
                    "din": f"{max(nitrogen, 0.05):.3f}", "dip": f"{0.012 + 0.003 * (n == 3):.4f}", "oil": "0.02L",
                }  # fmt: skip
                _enter(seas.SAMPLES, values, at)
    section = Section.objects.get(code="S-HEKOU")
    bay = Bay.objects.get(code="B-4")
    seas.SeaRiver.objects.create(
        code="V-1", name="澜溪（入海，演示）", area_code=section.area_code, section=section, parent=bay,
        tn_target=Decimal("2.5"), tp_target=Decimal("0.2"), synthetic=True,
    )  # fmt: skip
    for month in _months(at, 12):
        values = {"entity": section, "at": _moment(month), "volume": Decimal(generator.randint(2600, 5200)), "direction": "down"}  # fmt: skip
        _enter(samples.FLOWS, values, at)


# ---- drinking water ----------------------------------------------------------------------------------


def _sources(generator: random.Random, at: datetime) -> None:
    for n, (name, town, sort, supply, people) in enumerate(SOURCES, 1):
        code = city.TOWN_CODE[town]
        lon, lat = city.town_centre(code)
        source = WaterSource.objects.create(
            code=f"Y-{n}", name=f"{name}水源地（演示）", area_code=code, level="county" if n < 3 else "town", sort=sort,
            supply=Decimal(str(supply)), population=Decimal(people), zone_paper="演政函〔2020〕8号", zone_on=date(2020, 6, 1),
            signed=True, fenced=n != 3, monitored="每月", plan_paper="" if n == 3 else f"演应急备〔2024〕{n}号", lon=lon, lat=lat,
            river=River.objects.get(code="R-LANXI") if sort == "river" else None, linked="水利、住建、卫健、公安",
            synthetic=True,
        )  # fmt: skip
        for grade, wide in (("first", 0.012), ("second", 0.03)):
            sources.ProtectionZone.objects.create(
                code=f"Z-{n}-{grade}", name=f"{name}{'一' if grade == 'first' else '二'}级保护区（演示）", area_code=code,
                parent=source, grade=grade, paper="演政函〔2020〕8号", synthetic=True,
                geometry=_square(round(lon - wide / 2, 4), round(lat - wide / 2, 4), wide, wide),
            )  # fmt: skip
        charges.appoint(
            None,
            Charge(
                entity=source,
                role="source_chief",
                level="county",
                name=f"水源责任人{n}（演示）",
                post="副市长",
            ),
        )
        for month in _months(at, 12):
            manganese = "0.14" if (n, month.month) == (3, 8) else "0.03"
            values = {
                "entity": source,
                "at": _moment(month.replace(day=8)),
                **CLEAN,
                "mn": manganese,
            }
            _enter(samples.SAMPLES, values, at)
            volume = Decimal(str(supply)) * 30 + generator.randint(-5, 5)
            _enter(sources.INTAKES, {"entity": source, "at": _moment(month), "volume": volume}, at)
            patrol = {"entity": source, "at": _moment(month.replace(day=15)), "zone": "first", "found": "nothing", "place": ""}  # fmt: skip
            if (n, month.month) in ((1, 9), (3, 10)):
                patrol |= {
                    "found": "farm" if n == 1 else "waste",
                    "place": "取水口上游",
                    "note": "岸边散养（演示）",
                }
            sources.PATROLS.open_row(patrol, person("jiance"), _moment(month.replace(day=15)))


# ---- outlets and compensation ------------------------------------------------------------------------


def _outlets(at: datetime) -> None:
    year = timezone.localdate(at).year
    book, head = outlets.MOUTHS, person("diaodu")
    edition = rosters.draft(book, str(year), city.CITY_CODE, by=head)
    for code, gate in MOUTHS:
        section = Section.objects.get(code=code)
        book.open_row(
            {"edition": edition, "entity": section.entity_ptr, "target_class": 4, "gate": gate, "receiving": "澜溪",
             "unit": "属地镇街"},
            head, at,
        )  # fmt: skip
    rosters.publish(book, edition, date(year, 1, 1), by=head)


def _compensation(generator: random.Random, at: datetime) -> int:
    """Three months by the city's own formula: two frozen, the last told to the towns, who object to one line."""
    head, desk = person("diaodu"), person("jiance")
    compensating.choose(
        compensating.OWN, [], by=head, city_percent="20",
        own={"title": "安澜市镇街横向生态补偿办法（演示）", "kind": "load", "payer": "upstream", "payee": "downstream",
             "two_way": True, "factors": [("codmn", "1.5"), ("nh3n", "10"), ("tp", "10")], "bands": []},
    )  # fmt: skip
    crossing = [s for s in Section.objects.all() if s.upstream_area_code and s.upstream_area_code != s.downstream_area_code]  # fmt: skip
    done = 0
    months = list(_months(at, 3))
    for n, month in enumerate(months):
        for section in crossing:
            values = {"entity": section, "at": _moment(month), "volume": Decimal(generator.randint(60, 420)), "direction": "down"}  # fmt: skip
            _enter(samples.FLOWS, values, at)
        told = at if n == len(months) - 1 else _moment((month + timedelta(days=40)).replace(day=9))
        case = actions.open_matter(
            compensation.MONTHS,
            {"area_code": city.CITY_CODE, "month": month, "synthetic": True},
            by=desk,
            at=told,
        )
        actions.perform(case.pk, "calculate", by=desk, at=told)
        actions.perform(case.pk, "publish", by=head, at=told)
        if n < len(months) - 1:
            later = told + timedelta(days=15)
            if later < at:
                actions.perform(case.pk, "freeze", by=head, at=later)
        else:
            _objection(case, at)
        done += 1
    return done


def _objection(case: Any, at: datetime) -> None:
    line = CompensationLine.objects.filter(of=case.pk, amount__gt=0).order_by("-amount").first()
    if line is None or not line.section.upstream_area_code:
        return
    town = town_person(line.section.upstream_area_code)
    actions.open_matter(
        compensation.APPEALS,
        {"area_code": line.section.upstream_area_code, "line": line, "synthetic": True,
         "description": "上游来水偏高，请核实入境断面数据（演示）"},
        by=town, at=at,
    )  # fmt: skip


# ---- help, rain, a trace -----------------------------------------------------------------------------


def _help_and_traces(at: datetime) -> None:
    head, desk, officer = person("diaodu"), person("jiance"), person("zhifa")
    today = timezone.localdate(at)
    drive = section_help.HELP.open_row(
        {"name": f"{today:%Y年%m月}断面专项帮扶（演示）", "area_code": city.CITY_CODE, "begin": today.replace(day=1),
         "end": today.replace(day=28)},
        head, at,
    )  # fmt: skip
    failing = list(Section.objects.filter(code__in=("S-SHIQIAOHK", "S-DONGGANGHK", "S-SHAPU")))
    campaigns.add_objects(section_help.HELP, drive, failing, by=head)
    campaigns.start(section_help.HELP, drive, by=head)
    first = drive.tasks.order_by("pk").first()
    campaigns.visit(
        section_help.HELP, first, {}, by=officer, at=at - timedelta(days=1), note="沿线三处雨水口晴天有水（演示）",
        seen=("雨水口晴天排水",),
    )  # fmt: skip
    for n in range(1, 4):
        firm = Enterprise.objects.order_by("code")[n]
        _discharges(firm, Section.objects.get(code="S-SHIQIAODU"))
    seen = Section.objects.get(code="S-WANGJIANG")
    case = actions.open_matter(
        traces.TRACES,
        {"title": "望江闸上游水体发黑（演示）", "area_code": seen.area_code, "entity": seen.entity_ptr,
         "seen_at": at - timedelta(hours=5), "channel": "complaint", "pollutant": "化学需氧量、氨氮", "speed": 0.4,
         "look_back_hours": 72, "synthetic": True},
        by=officer, at=at - timedelta(hours=4),
    )  # fmt: skip
    form = {
        "seen_at": f"{timezone.localtime(at - timedelta(hours=5)):%Y-%m-%d %H:%M}",
        "measured": "COD 78 mg/L",
    }
    actions.perform(case.pk, "begin", by=officer, form=form, at=at - timedelta(hours=3))
    trace = traces.TRACES.model.objects.get(pk=case.pk)
    _net, rows = traces.upstream_of(trace, desk)
    keys = [row.thing.pk for row in rows if row.thing.kind in traces.network.SOURCE_KINDS][:3]
    if keys:
        traces.suspect(trace, keys, by=desk)
    mode = actions.open_matter(
        flood_season.FLOODS,
        {"title": "汛期联防联控（演示）", "area_code": city.CITY_CODE, "rain_mm": Decimal("38"), "synthetic": True,
         "forecast": "市气象台预报"},
        by=head, at=at - timedelta(hours=6),
    )  # fmt: skip
    checked = [
        {"id": row.pk, "thing": row.thing.code, "place": row.place, "sort": row.sort, "unit": row.unit,
         "result": "problem" if n == 0 else "fine", "found": "闸门启闭不灵" if n == 0 else ""}
        for n, row in enumerate(mode.checks.all())
    ]  # fmt: skip
    actions.set_lines(mode.pk, "checks", checked, by=head)


def _discharges(firm: Enterprise, section: Section) -> None:
    relations.relate(None, firm, "discharges_into", section, since=None)
