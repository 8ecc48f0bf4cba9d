"""The year's air work of the demonstration city: lists, a response under way, sources, patrols, noise, fires. Synthetic."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from demo import city
from demo.work import person, picture
from ecoledger.books import roster as rosters
from ecoledger.entities.models import Enterprise, Station
from ecoledger.matters import actions
from ecoledger.registers.air import hot_spots, noise_sites, quality_checks, weather_response
from ecoledger.registers.air.clues import CLUE, Clue
from ecoledger.registers.air.emergency_list import EMERGENCY
from ecoledger.registers.air.event_assurance import PLAN
from ecoledger.registers.air.instructions import Instruction
from ecoledger.registers.air.staggering import STAGGERING
from ecoledger.registers.air_sources import (
    boilers,
    cameras,
    carbon_boxes,
    mobile,
    patrols,
    sites,
    voc_projects,
)
from ecoledger.registers.air_sources import shared_centres as centres
from ecoledger.registers.air_sources.ultra_low import ASSESSMENTS
from ecoledger.registers.network.connections import CONNECTIONS
from ecoledger.web.search.index import together

LISTED, BOXES, CAMERAS, BOILERS, PROJECTS = 140, 320, 37, 46, 110
GRADES = ("A", "B", "B", "C", "C", "C", "D", "D", "引领性", "民生豁免")
MEASURES = {
    "C": ("限产20%", "限产30%", "停产50%"),
    "D": ("停产1/2", "停产", "停产"),
    "B": ("自主减排", "限产10%", "限产20%"),
}


@together()
def build(now: datetime) -> dict[str, int]:
    """Everything of this module; ``now`` in China standard time without zone."""
    generator = random.Random(f"{city.SEED}-air")
    at = timezone.make_aware(now)
    metered = list(Enterprise.objects.exclude(code__startswith="M-").order_by("code"))
    small = list(Enterprise.objects.filter(code__startswith="M-").order_by("code")[:400])
    with transaction.atomic():
        told = _weather(generator, metered, small, at)
    with transaction.atomic():
        _sources(generator, small, at)
        _year_of_sources(small, at)
        _projects(generator, small, now.year)
        _watched(generator, at)
    return {"减排清单": LISTED, "减排指令": told, "活性炭箱": BOXES}


def _weather(
    generator: random.Random,
    metered: Sequence[Enterprise],
    small: Sequence[Enterprise],
    at: datetime,
) -> int:
    """The season's list, a yellow warning of eight hours ago with its instructions, staggering and an event."""
    clerk = person("diaodu")
    season = f"{at.year}—{at.year + 1}年秋冬季"
    edition = rosters.draft(EMERGENCY, season, city.CITY_CODE, by=clerk, basis="演示")
    firms = [*metered, *small][:LISTED]
    for number, firm in enumerate(firms):
        grade = GRADES[number % len(GRADES)]
        yellow, orange, red = MEASURES.get(grade, ("自主减排", "自主减排", "自主减排"))
        EMERGENCY.open_row(
            {
                "edition": edition, "entity": firm, "part": "1号线" if number % 3 == 0 else "",
                "grade": grade, "trade": firm.industry, "yellow": yellow, "orange": orange, "red": red,
                "so2": Decimal(generator.randint(0, 60)), "nox": Decimal(generator.randint(5, 180)),
                "pm": Decimal(generator.randint(1, 40)), "vocs": Decimal(generator.randint(0, 90)),
                "proof": "用电、在线监测" if firm in metered else "现场",
            },
            clerk, at,
        )  # fmt: skip
        if number % 14 == 0:  # some stand on the province's list as well, with another grade
            EMERGENCY.open_row(
                {
                    "edition": edition, "entity": firm, "part": "1号线" if number % 3 == 0 else "",
                    "source": "province", "grade": GRADES[(number + 1) % len(GRADES)],
                    "trade": firm.industry, "yellow": "限产20%", "orange": "限产30%", "red": "限产50%",
                    "nox": Decimal(generator.randint(5, 180)),
                },
                clerk, at,
            )  # fmt: skip
    rosters.publish(EMERGENCY, edition, at.date() - timedelta(days=50), by=clerk)
    response = actions.open_matter(
        weather_response.RESPONSE,
        {"title": f"{at.month}月污染天气过程（演示）", "area_code": city.CITY_CODE, "warning": "yellow",
         "forecast": "静稳、高湿，预计日均AQI超过200（合成数据）", "synthetic": True},
        by=clerk, at=at - timedelta(hours=20),
    )  # fmt: skip
    begin = at - timedelta(hours=8)
    actions.perform(
        response.pk, "activate", by=clerk, at=begin,
        form={"warning": "yellow", "issued_no": "演示预警〔3〕号",
              "begin": f"{timezone.localtime(begin):%Y-%m-%d %H:%M}"},
    )  # fmt: skip
    told = list(Instruction.objects.filter(response=response.pk).order_by("pk"))
    officer = person("zhifa")
    for number, one in enumerate(told):
        if number % 5 == 4:
            continue
        actions.perform(one.pk, "sign", by=officer, at=begin + timedelta(minutes=20 + number % 60))
        if number % 3 == 0:
            # Who is asked no share (自主减排) has left nothing undone.
            left = one.asked_percent and number % 30 == 0
            form = {"outcome": "violated" if left else "done", "proof": "site"}
            actions.perform(one.pk, "verify", by=officer, form=form, at=at - timedelta(hours=2))
    plan = rosters.draft(STAGGERING, f"{at.year}年错峰", city.CITY_CODE, by=clerk, basis="演示")
    for firm in metered[:24]:
        STAGGERING.open_row(
            {
                "edition": plan, "entity": firm, "pollutant": generator.choice(("nox", "so2", "vocs")),
                "begins_on": date(at.year, 1, 1), "ends_on": date(at.year, 12, 31), "from_hour": 10,
                "to_hour": 16, "measure": "10—16时压减负荷", "base_rate": Decimal("4.2"),
                "cut_rate": Decimal("1.3"),
            },
            clerk, at,
        )  # fmt: skip
    rosters.publish(STAGGERING, plan, date(at.year, 1, 1), by=clerk)
    actions.open_matter(
        PLAN,
        {"title": "安澜国际论坛空气质量保障（演示）", "area_code": city.CITY_CODE,
         "begins_on": at.date() + timedelta(days=12), "ends_on": at.date() + timedelta(days=15),
         "warning": "yellow", "goal": "日AQI不超过75", "synthetic": True},
        by=clerk, at=at - timedelta(days=2),
    )  # fmt: skip
    return len(told)


def _sources(generator: random.Random, small: Sequence[Enterprise], at: datetime) -> None:
    today = at.date()
    for number in range(BOXES):
        firm = small[number]
        box = carbon_boxes.CarbonBox(
            code=f"T-{number + 1:04d}", name=f"{number + 1}号炭箱", parent=firm, area_code=firm.area_code,
            carbon="granular" if number % 4 else "honeycomb", iodine=800 if number % 7 else 640,
            mass=Decimal(generator.choice((300, 600, 1000))), flow=Decimal(generator.choice((6000, 10000))),
            filled_on=today - timedelta(days=generator.randint(0, 40)), removed=Decimal(30),
            hours=Decimal(8), synthetic=True,
        )  # fmt: skip
        carbon_boxes.reckon(box)
        box.save()
    for number in range(CAMERAS):
        firm = small[number % 22]
        cameras.Camera.objects.create(
            code=f"V-{number + 1:04d}", name=f"摄像头{number + 1}", parent=firm, area_code=firm.area_code,
            looks_at="treatment" if number % 2 else "production", retention_days=90,
            online=number % 9 != 0, synthetic=True,
        )  # fmt: skip
    for number in range(BOILERS):
        firm = small[number * 3]
        boilers.Furnace.objects.create(
            code=f"K-{number + 1:04d}", name=f"{number + 1}号生物质锅炉", parent=firm,
            area_code=firm.area_code, sort="boiler", fuel="biomass", size=Decimal(4),
            standard="GB 13271-2014", category="燃煤锅炉（特别排放限值）",
            retrofit="done" if number % 4 else "planned", synthetic=True,
        )  # fmt: skip
    for number in range(180):
        town = city.TOWNS[number % len(city.TOWNS)][0]
        mobile.Machine.objects.create(
            code=f"MM-{number + 1:04d}", name=f"机械{number + 1}（演示）", area_code=town,
            registration=f"3YS{number:05d}A", sort=generator.choice(("excavator", "loader", "forklift")),
            power=Decimal(110), stage=generator.choice("2334"),
            upgrade="planned" if number % 11 == 0 else "none", synthetic=True,
        )  # fmt: skip
    mobile.VehicleCheck.objects.bulk_create(
        mobile.VehicleCheck(
            sortie=f"{at.year}年第{n // 3 + 1}次", on=today - timedelta(days=20 * (n // 3) + 5),
            place="省道检查点（演示）", area_code=city.TOWNS[n % len(city.TOWNS)][0], plate=f"演A{n:05d}",
            stage="5", opacity=Decimal("1.4") if n % 6 == 3 else Decimal("0.3"), passed=n % 6 != 3,
            handling="fined" if n % 6 == 3 else "none", synthetic=True,
        )
        for n in range(12)
    )  # fmt: skip
    for number, (name, sort) in enumerate(
        (("活性炭集中再生中心（演示）", "carbon"), ("餐饮绿岛（演示）", "catering"))
    ):
        centres.SharedCentre.objects.create(
            code=f"G-{number + 1:04d}", name=name, area_code=city.TOWNS[number][0], sort=sort,
            capacity=Decimal(5000), synthetic=True,
        )  # fmt: skip
    for number in range(30):
        town = city.TOWNS[number % len(city.TOWNS)][0]
        lon, lat = city.town_centre(town)
        sites.DustSite.objects.create(
            code=f"D-{number + 1:04d}", name=f"工地{number + 1}（演示）", area_code=town, sort="building",
            lon=round(lon + generator.gauss(0, 0.01), 5), lat=round(lat + generator.gauss(0, 0.01), 5),
            monitored=number % 3 == 0, synthetic=True,
        )  # fmt: skip
        sites.FuelStation.objects.create(
            code=f"J-{number + 1:04d}", name=f"加油站{number + 1}（演示）", area_code=town,
            sales=Decimal(generator.randint(800, 9000)), guns=8, monitored=number % 2 == 0, synthetic=True,
        )  # fmt: skip


def _year_of_sources(small: Sequence[Enterprise], at: datetime) -> None:
    """Carbon replaced and its waste booked, firms connected, ultra-low assessments under way."""
    officer, monitor, clerk = person("zhifa"), person("jiance"), person("diaodu")
    boxes = carbon_boxes.CarbonBox.objects.order_by("code")[:40]
    for number, box in enumerate(boxes):
        carbon_boxes.REPLACEMENTS.open_row(
            {
                "entity": box, "at": at - timedelta(days=number % 30), "mass": box.mass,
                "waste": box.mass * Decimal("1.15"), "waste_code": carbon_boxes.WASTE_CODE,
                "manifest_no": f"{at.year}350000{number:06d}" if number % 3 == 0 else "",
            },
            officer, at, synthetic=True,
        )  # fmt: skip
    for number, firm in enumerate(small[:65]):
        task = actions.open_matter(
            CONNECTIONS,
            {"title": f"{firm.name}在线监控联网", "entity": firm, "batch": f"{at.year}年新增65家",
             "factors": "SO2、NOx、颗粒物", "due_on": date(at.year, 12, 31), "synthetic": True},
            by=clerk, at=at - timedelta(days=90),
        )  # fmt: skip
        if number % 3:
            form = {"installed_on": f"{(at - timedelta(days=60 - number % 30)).date()}"}
            actions.perform(task.pk, "install", by=monitor, form=form, at=at - timedelta(days=20))
    for number, firm in enumerate(small[:4]):
        case = actions.open_matter(
            ASSESSMENTS,
            {"title": f"{firm.name}超低排放评估", "entity": firm, "trade": "steel", "synthetic": True},
            by=clerk, at=at - timedelta(days=40),
        )  # fmt: skip
        if number:
            form = {"assessor": "某环境监测中心（演示）"}
            actions.perform(case.pk, "begin", by=monitor, form=form, at=at - timedelta(days=30))


def _projects(generator: random.Random, small: Sequence[Enterprise], year: int) -> None:
    clerk, officer = person("diaodu"), person("zhifa")
    for number in range(PROJECTS):
        firm = small[number * 3]
        before = Decimal(generator.randint(20, 120)) / 10
        done = number < 70
        project = actions.open_matter(
            voc_projects.PROJECTS,
            {
                "year": year, "title": f"{firm.name.removesuffix('（演示）')}VOCs治理（演示）", "entity": firm,
                "way": "substitution" if number % 6 == 0 else "treatment", "trade": firm.industry,
                "before": before, "after": before * Decimal("0.4"), "owner": officer,
                "owner_organisation": officer.organisation,
                "planned_finish": date(year, 3 + number % 9, 28), "synthetic": True,
            },
            by=clerk, at=_morning(date(year, 1, 8)),
        )  # fmt: skip
        if done:
            day = date(year, 2 + number % 8, 20)
            form = {"before": str(project.before), "after": str(project.after)}
            actions.perform(
                project.pk, "finish", by=officer, form=form, files=[picture(project.number)],
                at=_morning(day),
            )  # fmt: skip
            actions.perform(
                project.pk, "accept", by=clerk, form={"checked": "现场核实，同意"},
                at=_morning(day + timedelta(days=3)),
            )  # fmt: skip


def _watched(generator: random.Random, at: datetime) -> None:
    """Patrols, clues, noise, fires, checks of data."""
    clerk, officer, monitor = person("diaodu"), person("zhifa"), person("jiance")
    stations = list(Station.objects.filter(medium="air").order_by("code")[:3])
    for number in range(60):
        station = stations[number % 3]
        patrols.PATROLS.open_row(
            {
                "entity": station, "at": at - timedelta(hours=11 * number + 3),
                "found": "nothing" if number % 3 else generator.choice(("dust", "fume", "burning")),
                "place": f"{station.name}周边{number + 1}（演示）", "night": number % 2 == 0,
                "lon": (station.lon or 0) + 0.003, "lat": station.lat, "on_the_spot": number % 6 == 0,
                "note": "合成数据",
            },
            officer, at - timedelta(hours=11 * number), synthetic=True,
        )  # fmt: skip
    firms = Enterprise.objects.exclude(code__startswith="M-").order_by("code")[:4]
    for number, firm in enumerate(firms):
        station = stations[number % 3]
        clue = actions.open_matter(
            CLUE,
            {"title": f"{station.name} SO2 异常：{firm.name}", "entity": firm, "station": station,
             "origin_kind": Clue.Origin.STATION, "parameter": "a21026", "rank": 1 + number % 2,
             "score": 0.7, "evidence_text": "合成数据", "synthetic": True},
            by=clerk, at=at - timedelta(hours=6 * number + 2),
        )  # fmt: skip
        if number % 2:
            form = {"owner_organisation": str(officer.organisation_id)}
            actions.perform(
                clue.pk, "dispatch", by=clerk, form=form, at=at - timedelta(hours=6 * number)
            )
    town = city.TOWNS[0][0]
    for number, zone in enumerate(("1", "2", "3", "4a")):
        row = noise_sites.NoiseZone.objects.create(
            code=f"Q-{number + 1:04d}",
            name=f"{zone}类区（演示）",
            area_code=town,
            zone=zone,
            synthetic=True,
        )
        site = noise_sites.NoiseSite.objects.create(
            code=f"Z-{number + 1:04d}", name=f"功能区{number + 1}（演示）", area_code=town, parent=row,
            sort="zone", zone=zone, synthetic=True,
        )  # fmt: skip
        for month in (2, 5, 8, 11):
            noise_sites.READINGS.open_row(
                {"entity": site, "at": _morning(date(at.year, month, 10)),
                 "day": Decimal("53.1") + number * 4, "night": Decimal("43.0") + number * 4},
                monitor, at, synthetic=True,
            )  # fmt: skip
    for number in range(24):
        road = number >= 18
        site = noise_sites.NoiseSite.objects.create(
            code=f"Z-{number + 101:04d}", name=f"{'道路' if road else '网格'}{number + 1}（演示）",
            area_code=town, sort="road" if road else "grid", length=Decimal(600) if road else None,
            synthetic=True,
        )  # fmt: skip
        level = Decimal("66.0") if road else Decimal("52.0")
        noise_sites.READINGS.open_row(
            {"entity": site, "at": _morning(date(at.year, 6, 12)), "day": level + number % 5,
             "night": level - 10 + number % 5},
            monitor, at, synthetic=True,
        )  # fmt: skip
    lon, lat = city.town_centre(town)
    for number in range(6):
        hot_spots.SPOTS.open_row(
            {"lon": round(lon + 0.012 * number, 4), "lat": round(lat, 4), "area_code": town,
             "seen_on": (at - timedelta(days=number)).date(), "seen_time": "1332", "satellite": "N20",
             "instrument": "VIIRS", "confidence": "n", "synthetic": True},
            clerk, at - timedelta(days=number),
        )  # fmt: skip
    for number, station in enumerate(stations):
        actions.open_matter(
            quality_checks.CHECKS,
            {"title": f"{station.name}数据质量核查（演示）", "entity": station, "sort": "station",
             "campaign": f"{at.year}年双线联动", "synthetic": True},
            by=clerk, at=at - timedelta(days=number + 1),
        )  # fmt: skip


def _morning(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day, 10))
