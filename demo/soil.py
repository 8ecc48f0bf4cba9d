"""The soil section's year and what the city creates, synthetic: parcels with their reports, key units, a grid of wells, farmland,
creation projects, manure and fertiliser."""

from __future__ import annotations

import math
import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from demo import city
from demo.work import aware, person, picture
from ecoledger.accounts.models import Organisation
from ecoledger.books import roster as rosters
from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions
from ecoledger.registers.creation.communities import COMMUNITIES, SCORES
from ecoledger.registers.creation.criteria import ITEMS
from ecoledger.registers.creation.projects import PROJECTS
from ecoledger.registers.soil.apportionments import APPORTIONMENTS
from ecoledger.registers.soil.farmland import FIELD_YEARS, FIELDS
from ecoledger.registers.soil.hazards import DEMOLITIONS, HAZARDS
from ecoledger.registers.soil.key_units import SURVEYS, UNITS
from ecoledger.registers.soil.land_uses import LAND_USES
from ecoledger.registers.soil.manure import FERTILIZERS, RUNS
from ecoledger.registers.soil.manure import SITES as MANURE_SITES
from ecoledger.registers.soil.parcel_cases import CASES
from ecoledger.registers.soil.parcels import PARCELS
from ecoledger.registers.soil.report_checks import CHECKS, EXPERTS
from ecoledger.registers.soil.soil_reports import REPORTS
from ecoledger.registers.soil.soil_tests import AROUND_TESTS, SELF_TESTS
from ecoledger.registers.soil.wells import SAMPLES, WELLS
from ecoledger.web.search.index import together

UNITS_LISTED, SIDE, QUARTERS = 12, 4, 6
_PARCELS = ("原甲染化地块", "原乙电镀地块", "原丙农药地块", "原丁皮革地块", "原戊机械地块")
_MADE = {"synthetic": True}


@together()
def build(now: datetime) -> dict[str, int]:
    """Everything of this module; returns how many of each."""
    generator = random.Random(f"{city.SEED}-soil")
    at = aware(now)
    counts = {}
    for name, make in (
        ("地块", _parcels),
        ("土壤重点单位", _units),
        ("监测井", _wells),
        ("耕地", _farmland),
        ("创建项目", _creation),
        ("粪污站点", _manure),
    ):
        with transaction.atomic():
            counts[name] = make(generator, at)
    return counts


def _square(code: str, number: int) -> dict[str, Any]:
    lon, lat = city.town_centre(code)
    west, south = round(lon + 0.004 * number, 5), round(lat - 0.01, 5)
    east, north = round(west + 0.003, 5), round(south + 0.003, 5)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _parcels(generator: random.Random, at: datetime) -> int:
    """Five parcels: one is clear, one polluted, one surveyed still, two only suspected; a plan for homes over the first two."""
    desk, head = person("diaodu"), person("juzhang")
    town = city.TOWNS[4][0]
    made = []
    for number, name in enumerate(_PARCELS):
        values = {"name": name, "area_code": town, "geometry": _square(town, number), "planned_use": "residential",
                  "holder": "城关街道（演示）", "risk": ("", "high", "middle", "", "")[number], "key_land": number < 2}  # fmt: skip
        made.append(PARCELS.open_row({**values, **_MADE}, None, at))
    cases = [
        actions.open_matter(CASES, {"title": f"{one.name}调查", "entity": one.entity_ptr, **_MADE}, by=desk, at=at)
        for one in made[:3]
    ]  # fmt: skip
    notified = {
        "notified_on": at.date() - timedelta(days=40),
        "basis": f"安环函〔{at.year}〕6号（演示）",
    }
    for case in cases:
        actions.perform(case.pk, "notify", by=desk, form=notified, at=at)
    for number, (one, conclusion, amount) in enumerate(zip(made, ("clear", "not", "clear"), (12, 150, 9), strict=False)):  # fmt: skip
        report = actions.open_matter(
            REPORTS,
            {"title": f"{one.name}初步调查报告", "entity": one.entity_ptr, "kind": "preliminary", "use": "residential",
             "agency": f"演示环境咨询{number % 2 + 1}", "reported_on": at.date() - timedelta(days=9), **_MADE},
            by=desk, at=at, lines={"samples": [{"point": "S1", "depth": "0-0.5", "item": "砷", "value": str(amount)}]},
        )  # fmt: skip
        actions.perform(report.pk, "submit", by=desk, files=[picture(f"report {number}")], at=at)
        if number < 2:
            opinion = {
                "reviewers": "专家甲、专家乙（演示）",
                "criteria": "HJ 25.1",
                "opinion": "同意",
                "conclusion": conclusion,
            }
            actions.perform(
                report.pk,
                "pass",
                by=head,
                form=opinion,
                files=[picture(f"opinion {number}")],
                at=at,
            )
    actions.perform(cases[0].pk, "clear", by=head, at=at)
    basis = {"basis": f"安环〔{at.year}〕8号（演示）"}
    actions.perform(cases[1].pk, "pollute", by=head, form=basis, at=at)
    west, south = _square(town, 0)["coordinates"][0][0]
    ring = [
        [west, south],
        [west + 0.007, south],
        [west + 0.007, south + 0.003],
        [west, south + 0.003],
        [west, south],
    ]
    plan = {"title": "城关居住片区", "area_code": town, "request": "change", "use": "residential", "key_land": True,
            "geometry": {"type": "Polygon", "coordinates": [ring]}, **_MADE}  # fmt: skip
    actions.open_matter(LAND_USES, plan, by=desk, at=at)
    for number, unit in enumerate(("某大学", "某研究院", "某中心"), 1):
        EXPERTS.open_row({"name": f"专家{number}（演示）", "number": f"YS-{number}", "unit": unit,
                          "field": "土壤修复", "active": True, "area_code": city.CITY_CODE}, None, at)  # fmt: skip
    check = actions.open_matter(
        CHECKS, {"title": "年度报告抽查（演示）", "area_code": city.CITY_CODE, "first": date(at.year, 1, 1),
                 "last": date(at.year, 12, 31), "share": "1", **_MADE}, by=desk, at=at,
    )  # fmt: skip
    for step in ("freeze", "draw"):
        actions.perform(check.pk, step, by=desk, at=at)
    return len(made)


def _units(generator: random.Random, at: datetime) -> int:
    """The list of the year, surveys and tests of some, and dangers in hand."""
    firms = list(Enterprise.objects.order_by("code")[:UNITS_LISTED])
    edition = rosters.draft(UNITS, f"{at.year}年度", city.CITY_CODE, by=None)
    for firm in firms:
        UNITS.open_row({"edition": edition, "entity": firm.entity_ptr, "substances": "镉、苯（演示）",
                        "listed_on": at.date() - timedelta(days=300), "in_permit": True}, None, at)  # fmt: skip
    rosters.publish(UNITS, edition, date(at.year, 1, 1), by=None)
    for firm in firms[:4]:
        SURVEYS.open_row({"entity": firm.entity_ptr, "report_no": "隐患排查报告（演示）", "places": 9, "dangers": 1,
                          **_MADE}, None, at)  # fmt: skip
        values = {"entity": firm.entity_ptr, "place": "S1", "land": "second", **_MADE}
        SELF_TESTS.open_row(
            {**values, "v_as": Decimal(generator.randint(8, 30)), "v_pb": Decimal(120)}, None, at
        )
        AROUND_TESTS.open_row({**values, "place": "东侧水田", "land": "paddy", "ph": Decimal("6.1"),
                               "v_cd": Decimal("0.21")}, None, at)  # fmt: skip
        hazard = {"title": "储罐区围堰破损", "entity": firm.entity_ptr, "place": "储罐区", "substances": "苯",
                  "planned_finish": at.date() + timedelta(days=generator.randint(5, 60)), **_MADE}  # fmt: skip
        actions.open_matter(HAZARDS, hazard, by=None, at=at)
    start = at.date() + timedelta(days=45)
    demolition = {
        "title": "二车间拆除",
        "entity": firms[0].entity_ptr,
        "objects_text": "车间和管线",
        "starts_on": start,
        **_MADE,
    }
    actions.open_matter(DEMOLITIONS, demolition, by=None, at=at)
    return len(firms)


def _wells(generator: random.Random, at: datetime) -> int:
    """Three wells of the region over two years, and a grid of sixteen with a source and one well that rises."""
    regional = []
    for name, code in (
        ("上塘村井", city.TOWNS[0][0]),
        ("临湖井", city.TOWNS[6][0]),
        ("河口井", city.TOWNS[8][0]),
    ):
        lon, lat = city.town_centre(code)
        values = {
            "name": name,
            "area_code": code,
            "sort": "region",
            "lon": round(lon, 5),
            "lat": round(lat, 5),
        }
        regional.append(WELLS.open_row({**values, **_MADE}, None, at))
    for years in (1, 0):
        for number, well in enumerate(regional):
            day = at - timedelta(days=365 * years + 20)
            nitrogen = (0.8, 0.08, 0.4)[number] * (1 if years else (0.3, 4, 1)[number])
            readings = {
                "nh3n": f"{nitrogen:.2f}",
                "as": "0.0003L",
                "nitrate": "4.1",
                "hardness": "210",
            }
            SAMPLES.open_row(
                {"entity": well.entity_ptr, "at": day, "readings": readings, **_MADE}, None, day
            )
    code = city.TOWNS[7][0]
    lon, lat = city.town_centre(code)
    grid = []
    for n in range(SIDE * SIDE):
        values = {"name": f"东港基地{n + 1:02}号井", "area_code": code, "sort": "source", "site": "东港基地（演示）", "position": "inside",
                  "lon": round(lon + 0.001 * (n % SIDE), 5), "lat": round(lat + 0.001 * (n // SIDE), 5)}  # fmt: skip
        grid.append(WELLS.open_row({**values, **_MADE}, None, at))
    for quarter in range(QUARTERS):
        day = at - timedelta(days=10 + 91 * (QUARTERS - 1 - quarter))
        for n, well in enumerate(grid):
            benzene = 24 * math.exp(-math.hypot(n % SIDE - 1, n // SIDE - 1) / 0.9)
            benzene *= 1 + 0.04 * generator.uniform(-1, 1)
            if n == SIDE * SIDE - 2:
                benzene = 3 + 1.1 * quarter
            SAMPLES.open_row({"entity": well.entity_ptr, "at": day, "readings": {"benzene": f"{benzene:.2f}"},
                              **_MADE}, None, day)  # fmt: skip
    return len(regional) + len(grid)


def _farmland(generator: random.Random, at: datetime) -> int:
    """A field of each town, what was done on it this year, and a source apportionment under way."""
    for number, (code, name) in enumerate(city.TOWNS):
        category = ("protected", "safe", "safe", "strict")[number % 4]
        values = {"name": f"{name}耕地单元", "area_code": code, "area_mu": Decimal(generator.randint(300, 4000) // (20 if number in (5, 6) else 1)),
                  "category": category, "land": "paddy", "pollutants": "镉"}  # fmt: skip
        field = FIELDS.open_row({**values, **_MADE}, None, at)
        if category != "protected" and number != 5:
            FIELD_YEARS.open_row({"field": field, "year": at.year, "measure": "variety", "samples": 20, "passed": 19,
                                  "achieved": number != 6}, None, at)  # fmt: skip
    desk = person("diaodu")
    region = {"title": "南片污染耕地集中区域", "area_code": city.TOWNS[7][0], "area_mu": Decimal(10000), "pollutant": "镉",
              "deadline": at.date() + timedelta(days=90), **_MADE}  # fmt: skip
    case = actions.open_matter(
        APPORTIONMENTS, region, by=desk, at=at,
        lines={"sources": [{"name": "大气沉降", "share": "55"}, {"name": "灌溉水", "share": "25"}, {"name": "投入品", "share": "20"}]},
    )  # fmt: skip
    actions.perform(
        case.pk, "begin", by=desk, form={"agency": "某研究院（演示）", "method": "PMF"}, at=at
    )
    return len(city.TOWNS)


def _creation(generator: random.Random, at: datetime) -> int:
    """Projects of several kinds, begun; one community is scored; the four lists of the waste-free city."""
    desk, head = person("diaodu"), person("juzhang")
    unit = Organisation.objects.filter(kind="town").order_by("area_code").first()
    kinds = (
        ("东港工业园区污水零直排区", "zero_discharge", "city"),
        ("望江工业园区污水零直排区", "zero_discharge", "county"),
        ("清溪美丽河湖", "river", "province"),
        ("安澜市生态文明建设示范区", "demo_area", "national"),
        ("安澜市“无废城市”", "waste_free", "province"),
        ("望江社区低碳社区", "community", "city"),
    )
    projects = []
    for number, (name, kind, rank) in enumerate(kinds):
        values = {"title": name, "kind": kind, "rank": rank, "year": at.year, "area_code": city.TOWNS[number][0],
                  "planned_finish": date(at.year, 12, 20), "owner_organisation": unit, **_MADE}  # fmt: skip
        projects.append(actions.open_matter(PROJECTS, values, by=desk, at=at))
        if number != 3:
            actions.perform(projects[-1].pk, "start", by=head, at=at)
    for number, (kind, name) in enumerate(
        (("work", "一般工业固废分拣中心"), ("work", "建筑垃圾资源化利用厂"), ("task", "修订生活垃圾分类办法"), ("duty", "建筑垃圾全过程监管"))
    ):  # fmt: skip
        ITEMS.open_row({"project": projects[4], "list": kind, "name": name, "department": "住建局（演示）",
                        "deadline": at.date() + timedelta(days=30 * number - 20), "status": "running"}, None, at)  # fmt: skip
    for number, name in enumerate(("望江社区", "城关一社区")):
        COMMUNITIES.open_row({"name": name, "area_code": city.TOWNS[5 - number][0], "rank": ("city", "county")[number],
                              "households": 1800, **_MADE}, None, at)  # fmt: skip
    SCORES.open_row({"name": f"{at.year}年低碳社区评分（演示）", "area_code": city.CITY_CODE, "begin": date(at.year, 1, 1),
                     "end": date(at.year, 12, 31)}, head, at, synthetic=True)  # fmt: skip
    return len(projects)


def _manure(generator: random.Random, at: datetime) -> int:
    """One centre, four stations and eight farms with a month's tonnes; fertiliser of two years."""
    town = city.TOWNS[0][0]
    centre = MANURE_SITES.open_row(
        {"name": "青岭粪污处理中心", "tier": "centre", "area_code": town, **_MADE}, None, at
    )
    stations = [
        MANURE_SITES.open_row({"name": f"{city.TOWNS[n][1]}收集站", "tier": "station", "parent": centre.entity_ptr,
                               "area_code": city.TOWNS[n][0], **_MADE}, None, at)
        for n in range(4)
    ]  # fmt: skip
    for n in range(8):
        station = stations[n % 4]
        farm = MANURE_SITES.open_row({"name": f"演示养殖场{n + 1}", "tier": "farm", "parent": station.entity_ptr,
                                      "area_code": station.area_code, "heads": 900, **_MADE}, None, at)  # fmt: skip
        made = Decimal(generator.randint(80, 160))
        RUNS.open_row(
            {
                "entity": farm.entity_ptr,
                "produced": made,
                "collected": made - 6,
                "used": made - 8,
                **_MADE,
            },
            None,
            at,
        )
    for year in (at.year - 1, at.year):
        for n, (code, _name) in enumerate(city.TOWNS):
            used = Decimal(300 + 20 * n) * (Decimal(1) if year < at.year else Decimal("0.97"))
            FERTILIZERS.open_row({"area_code": code, "year": year, "sown_mu": Decimal(16000), "fertilizer": used,
                                  "pesticide": Decimal(6)}, None, at)  # fmt: skip
    return 13
