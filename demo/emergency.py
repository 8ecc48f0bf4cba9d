"""Emergencies, nature and exchanges of the demonstration city: plans, material, a drill's spill, cells, species. Synthetic."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from demo import city
from demo.work import person
from ecoledger.entities.models import Enterprise, River
from ecoledger.matters import actions, history
from ecoledger.registers.emergency import (
    around_it,
    depots,
    dispatches,
    drills,
    health_maps,
    incidents,
    plan_filings,
)
from ecoledger.registers.nature import (
    candidates,
    change_spots,
    detections,
    protected_areas,
    species,
    surveys,
)
from ecoledger.registers.network.private_network import NODES
from ecoledger.web.search.index import together

PLANS, CELLS = 42, 36
_STOCK = (("pad", 800, "A-01"), ("boom", 600, "A-02"), ("carbon", 2000, "B-01"), ("lime", 3000, "B-02"),
          ("mask", 40, "C-01"), ("suit", 20, "C-02"), ("radio", 16, "D-01"), ("meter", 6, "D-02"))  # fmt: skip
_SPECIES = (("朱鹮", "Nipponia nippon", "bird"), ("东方白鹳", "Ciconia boyciana", "bird"), ("鸳鸯", "Aix galericulata", "bird"),
            ("红隼", "Falco tinnunculus", "bird"), ("白鹭", "Egretta garzetta", "bird"), ("豹猫", "Prionailurus bengalensis", "mammal"),
            ("野猪", "Sus scrofa", "mammal"), ("黑斑蛙", "Pelophylax nigromaculatus", "amphibian"), ("鲫", "Carassius auratus", "fish"),
            ("香樟", "Camphora officinarum", "plant"), ("水杉", "Metasequoia glyptostroboides", "plant"))  # fmt: skip


@together()
def build(now: datetime) -> dict[str, int]:
    """Everything of this module; ``now`` in China standard time without zone."""
    generator = random.Random(f"{city.SEED}-emergency")
    at = timezone.make_aware(now)
    with transaction.atomic():
        _plans(generator, at)
        _material(generator, at)
        _around(generator, at)
        _incident(at)
        _health(generator, at)
    with transaction.atomic():
        _nature(generator, at)
        _network(at)
    return {"应急预案": PLANS, "健康风险网格": CELLS, "物种": len(_SPECIES)}


def _plans(generator: random.Random, at: datetime) -> None:
    """Plans on file over four years, some due; a few drills."""
    firms = list(Enterprise.objects.order_by("code")[:PLANS])
    rows = []
    for number, firm in enumerate(firms):
        filed = at - timedelta(days=30 * number)
        risk = generator.choice("LLLMMH")
        rows.append(
            {
                "title": f"{firm.name}突发环境事件应急预案", "entity": firm, "enterprise": firm, "area_code": firm.area_code,
                "sort": "firm", "risk": risk, "signed_on": (filed - timedelta(days=9)).date(), "filed_on": filed.date(),
                "filing_no": f"{city.CITY_CODE}-{filed.year}-{number + 1:03d}-{risk}", "closed_at": filed,
                "synthetic": True,
            }
        )  # fmt: skip
    history.enter(plan_filings.FILINGS, rows, by=None, source="演示备案台账", at=at)
    plan_filings.watch_terms(at)
    for number, firm in enumerate(firms[:9]):
        drills.DRILLS.open_row(
            {
                "entity": firm, "at": at - timedelta(days=20 * number + 5), "form": ("table", "single", "full")[number % 3],
                "scenario": ("储罐泄漏", "废水超标排放", "危险废物流失")[number % 3], "people": 12 + number,
                "result": "faults" if number == 4 else "good",
            },
            None,
            at,
            synthetic=True,
        )  # fmt: skip


def _material(generator: random.Random, at: datetime) -> None:
    """Two depots with their batches; one is about to run out."""
    lon, lat = city.town_centre(city.TOWNS[0][0])
    for index, name in enumerate(("市级环境应急物资储备库", "化工园区代储点")):
        depot = depots.DEPOTS.open_row(
            {
                "name": name, "area_code": city.TOWNS[index][0], "sort": ("own", "kept")[index],
                "lon": lon + 0.02 * index, "lat": lat, "address": f"演示路{index + 1}号", "keeper": "演示库管员",
                "synthetic": True,
            },
            None,
            at,
        )  # fmt: skip
        for number, (material, quantity, shelf) in enumerate(_STOCK):
            days = 40 if number == 2 else 400 + 50 * number
            depots.BATCHES.open_row(
                {
                    "parent": depots.Depot.objects.get(pk=depot.pk), "material": material,
                    "batch_no": f"{at.year}-{index + 1}{number:02d}", "received": Decimal(quantity // (index + 1)),
                    "shelf": shelf, "expires_on": (at + timedelta(days=days)).date(), "synthetic": True,
                },
                None,
                at,
            )  # fmt: skip


def _around(generator: random.Random, at: datetime) -> None:
    """Sensitive points and teams near the towns' centres."""
    for code, name in city.TOWNS:
        lon, lat = city.town_centre(code)
        for number, (sort, label, people) in enumerate(
            (("homes", "居民区", 4200), ("school", "中心小学", 900), ("hospital", "卫生院", 120))
        ):
            around_it.SENSITIVE.open_row(
                {
                    "name": f"{name}{label}", "area_code": code, "sort": sort, "people": people + generator.randrange(200),
                    "lon": round(lon + 0.01 * (number - 1), 5), "lat": round(lat + 0.006 * number, 5), "synthetic": True,
                },
                None,
                at,
            )  # fmt: skip
    section = city.SECTIONS[-1]
    lon, lat = city.place_on(city.RIVER[section.river].path, section.km)
    around_it.SENSITIVE.open_row(
        {"name": "演示水厂取水口", "area_code": city.TOWN_CODE[section.upstream], "sort": "intake",
         "lon": round(lon, 5), "lat": round(lat, 5), "synthetic": True}, None, at)  # fmt: skip
    lon, lat = city.town_centre(city.TOWNS[0][0])
    for name, sort, ability in (
        ("县环境应急分队", "rescue", "围堵、吸附、转运"),
        ("县环境应急监测队", "monitor", "水、气应急监测"),
    ):
        around_it.TEAMS.open_row(
            {"name": name, "area_code": city.TOWNS[0][0], "sort": sort, "members": 12, "ability": ability, "lon": lon,
             "lat": lat, "synthetic": True}, None, at)  # fmt: skip


def _incident(at: datetime) -> None:
    """A small spill of this morning, reported and being answered."""
    section = city.SECTIONS[0]
    river = River.objects.get(code=section.river)
    km = max(section.km - 4, 0.5)
    lon, lat = city.place_on(city.RIVER[section.river].path, km)
    began = at - timedelta(hours=3)
    clerk, chief = person("diaodu"), person("juzhang")
    event = actions.open_matter(
        incidents.INCIDENTS,
        {
            "title": "国道货车侧翻柴油泄漏（演示）", "area_code": city.TOWN_CODE[section.upstream], "address": "国道 K12",
            "lon": round(lon, 5), "lat": round(lat, 5), "occurred_at": began, "found_at": began + timedelta(minutes=10),
            "learned_at": began + timedelta(minutes=20), "source": "公安部门通报", "cause": "traffic", "medium": "water",
            "grade": "4", "description": "货车油箱破裂，柴油流入边沟", "process": "货车侧翻，约 0.5 吨柴油流入边沟后入河",
            "pollutants": "柴油约 0.5 吨", "harmed": "无人员伤亡", "affected": "下游有监测断面", "trend": "油膜向下游移动",
            "handling": "已筑坝一道、布设围油栏", "planned": "加密监测，回收油污", "river": river, "chainage_km": km,
            "speed": 0.5, "synthetic": True,
        },
        by=None,
        at=began + timedelta(minutes=30),
    )  # fmt: skip
    actions.perform(event.pk, "report_first", by=clerk, at=began + timedelta(minutes=70))
    for minutes, order, unit in (
        (75, "下游桥下布设两道围油栏", "镇人民政府"),
        (90, "每小时监测石油类", "监测站"),
    ):
        actions.perform(event.pk, "command", by=chief, form={"order": order, "unit": unit},
                        at=began + timedelta(minutes=minutes))  # fmt: skip
    actions.perform(
        event.pk,
        "call_material",
        by=clerk,
        form={"what": "围油栏 200 m"},
        at=began + timedelta(minutes=95),
    )
    note = dispatches.Dispatch.objects.get(origin_matter=event.pk)
    boom = depots.Batch.objects.filter(material="boom").order_by("pk").first()
    if boom is not None:
        actions.set_lines(note.pk, "items", [{"batch": str(boom.pk), "quantity": "200"}], by=None,
                          at=began + timedelta(minutes=100))  # fmt: skip
        actions.perform(note.pk, "approve", by=chief, at=began + timedelta(minutes=105))


def _health(generator: random.Random, at: datetime) -> None:
    """Cells around a park, calculated."""
    lon, lat = city.town_centre(city.TOWNS[1][0])
    row = health_maps.ASSESSMENTS.open_row(
        {"name": "精细化工园区周边环境健康风险评价（演示）", "area_code": city.TOWNS[1][0], "land": "first",
         "on": (at - timedelta(days=60)).date()}, None, at, synthetic=True)  # fmt: skip
    for number in range(CELLS):
        place = {
            "lon": round(lon + 0.008 * (number % 6), 5),
            "lat": round(lat + 0.006 * (number // 6), 5),
        }
        near = 1 / (1 + number % 6 + number // 6)
        for substance, medium, level in (
            ("镉", "soil", 8),
            ("苯并[a]芘", "soil", 0.9),
            ("镍", "soil", 60),
            ("镉", "water", 0.002),
        ):
            health_maps.SAMPLES.open_row(
                {"assessment": row, "cell": f"G{number + 1:02d}", **place, "medium": medium, "substance": substance,
                 "value": round(level * near * generator.uniform(0.6, 1.4), 5)}, None, at, synthetic=True)  # fmt: skip
    health_maps.calculate(row, "", None)


def _square(lon: float, lat: float, side: float) -> dict[str, object]:
    ring = [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def _nature(generator: random.Random, at: datetime) -> None:
    """Species, cameras and recorders with candidates, surveys, areas and changed patches."""
    for name, latin, group in _SPECIES[:-1]:
        species.SPECIES.open_row(
            {"name": name, "scientific_name": latin, "group": group, "area_code": city.CITY_CODE,
             "first_on": (at - timedelta(days=generator.randrange(400, 1500))).date()}, None, at, synthetic=True)  # fmt: skip
    code = city.TOWNS[2][0]
    lon, lat = city.town_centre(code)
    seen = (("Ciconia boyciana", "东方白鹳"), ("Sus scrofa", "野猪"), ("Prionailurus bengalensis", "豹猫"),
            ("Martes flavigula", "黄喉貂"))  # fmt: skip
    for number in range(4):
        place = detections.DEPLOYMENTS.open_row(
            {"deployment_id": f"CAM-{number + 1:02d}", "name": f"演示林缘{number + 1}号", "lon": lon + 0.01 * number, "lat": lat,
             "begin": at - timedelta(days=60), "end": at - timedelta(days=2), "area_code": code}, None, at, synthetic=True)  # fmt: skip
        for index in range(12):
            detections.DETECTIONS.open_row(
                {"observation_id": f"DEMO-{number}-{index}", "deployment": place,
                 "at": at - timedelta(days=3 + 4 * index, hours=generator.randrange(10)), "sort": "animal",
                 **dict(zip(("scientific_name", "name"), seen[(number + index) % len(seen)], strict=True)), "confidence": round(generator.uniform(0.4, 0.98), 2),
                 "count": 1}, None, at, synthetic=True)  # fmt: skip
    candidates.gather(None, at)
    clerk, chief = person("jiance"), person("juzhang")
    for row in candidates.SpeciesCandidate.objects.filter(detected="Sus scrofa").order_by("pk")[:2]:
        actions.perform(row.pk, "screen", by=clerk, form={"name": "野猪", "group": "mammal"}, at=at)
        actions.perform(row.pk, "confirm", by=chief, at=at)
    for number in range(8):
        trip = surveys.TRIPS.open_row(
            {"trip_no": f"DC-{at.year}-{number + 1:02d}", "on": (at - timedelta(days=9 * number + 3)).date(), "sort": "boat",
             "route": f"{city.RIVERS[0].name}干流", "km": Decimal("24.5"), "area_code": city.CITY_CODE}, None, at, synthetic=True)  # fmt: skip
        surveys.SIGHTINGS.open_row({"trip": trip, "name": "白鹭", "groups": 1 + number % 3, "individuals": 4 + number},
                                   None, at, synthetic=True)  # fmt: skip
    protected_areas.AREAS.open_row(
        {"name": "演示水源涵养红线", "area_code": code, "sort": "red_line", "geometry": _square(lon, lat, 0.03),
         "synthetic": True}, None, at)  # fmt: skip
    for number in range(5):
        actions.open_matter(
            change_spots.REGISTER,
            {"title": f"图斑 TB-{number + 1:03d}", "spot_no": f"TB-{number + 1:03d}", "batch": f"{at.year}年上半年",
             "area_code": code, "sort": ("building", "mining", "road", "farming", "other")[number],
             "outline": json.dumps(_square(lon + 0.008 * number, lat + 0.002, 0.001)), "synthetic": True},
            by=None,
            at=at - timedelta(days=6),
        )  # fmt: skip


def _network(at: datetime) -> None:
    """The bureau's towns on the private network, all of them answering."""
    for code, name in city.TOWNS:
        NODES.open_row(
            {"unit": f"{name}生态环境所", "level": "town", "device": "路由器", "required": True, "connected": True,
             "answers": True, "tried_on": at.date(), "area_code": code}, None, at, synthetic=True)  # fmt: skip
