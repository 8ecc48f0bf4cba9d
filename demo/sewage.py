"""Outfalls and sewage of the demonstration city: what its water section keeps. Everything is synthetic."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from demo import city
from demo.work import person, picture, town_person
from ecoledger.books import roster as rosters
from ecoledger.entities.models import Enterprise, River
from ecoledger.matters import actions
from ecoledger.matters.evidence import Upload
from ecoledger.registers.water import (
    balance,
    black_waters,
    district_plans,
    industrial_water,
    outfall_settings,
    outfalls,
    plants,
    sewer_works,
    village_works,
    villages,
)
from ecoledger.registers.water.outfall_models import OutfallWork
from ecoledger.registers.water.outfall_work import PICTURES
from ecoledger.registers.water.sewage_models import VillageWork
from ecoledger.web.search.index import together

OUTFALLS, VILLAGES, FACILITIES, FIRMS = 42, 40, 24, 10
PLACES = ("城东", "城西", "开发区")
CLASSES = ("3008", "3005", "0201", "3007", "0101", "3004")


@together()
def build(now: datetime) -> dict[str, int]:
    """Everything of this module; ``now`` in China standard time without zone."""
    generator = random.Random(f"{city.SEED}-sewage")
    at = timezone.make_aware(now)
    for part in (_outfalls, _villages, _plants, _firms, _waters):
        with transaction.atomic():
            part(generator, at)
    return {"排污口": OUTFALLS, "污水设施": FACILITIES, "治理村": VILLAGES}


def _outfalls(generator: random.Random, at: datetime) -> None:
    """Outfalls along the rivers: suspected, surveyed, traced, some struck off; one that is applied for."""
    clerk, tester = person("diaodu"), person("jiance")
    rivers = list(River.objects.order_by("code"))
    paths = {plan.code: plan.path for plan in city.RIVERS}
    for n in range(OUTFALLS):
        river = rivers[n % len(rivers)]
        path = paths.get(river.code)
        lon, lat = city.place_on(path, 1.5 + 2.1 * (n // len(rivers))) if path else (None, None)
        outfalls.OUTFALLS.open_row(
            {"name": f"{river.name}{n + 1:03d}号排口（演示）", "area_code": city.TOWNS[n % len(city.TOWNS)][0],
             "river": river, "lon": lon, "lat": lat, "synthetic": True},
            tester, at - timedelta(days=90),
        )  # fmt: skip
    works = list(OutfallWork.objects.order_by("pk"))
    for n, work in enumerate(works[: OUTFALLS * 2 // 3]):
        _on_its_way(work, n, clerk, tester, at, generator)
    actions.open_matter(
        outfall_settings.SETTINGS,
        {"title": "东港污水厂二期排污口（演示）", "sort": "new", "outfall_class": "1000", "river": rivers[0],
         "area_code": city.TOWNS[0][0], "liable": "东港水务（演示）", "synthetic": True},
        by=clerk, at=at - timedelta(days=3),
    )  # fmt: skip


def _on_its_way(
    work: Any, n: int, clerk: Any, tester: Any, at: datetime, generator: random.Random
) -> None:
    """Survey and confirm; of the first half test, trace and decide; a few are struck off."""
    town, begin = town_person(work.area_code), at - timedelta(days=80)

    def do(
        name: str, by: Any, days: int, form: dict[str, Any], files: tuple[Upload, ...] = ()
    ) -> None:
        actions.perform(
            work.pk, name, by=by, at=begin + timedelta(days=days), form=form, files=files
        )

    slots = tuple(Upload(picture(f"{work.pk} {key}").file, str(label)) for key, label in PICTURES)
    day = f"{(begin + timedelta(days=2)).date()}"
    dry = n % 4 == 0
    seen = {"surveyed_on": day, "outfall_class": CLASSES[n % len(CLASSES)], "mouth": "pipe", "dry_flow": "1" if dry else "0",
            "rhythm": "steady" if dry else "rain", "surroundings": "居民区、沿河道路", "sampleable": "1" if dry else "0",
            "flow": str(generator.randint(5, 80)) if dry else ""}  # fmt: skip
    do("survey", town, 2, seen, slots)
    do("confirm", clerk, 4, {})
    if n % 2:
        return
    found = "化学需氧量 88 mg/L，氨氮 11.2 mg/L（合成数据）"
    do("monitor", tester, 9, {"monitored_on": day, "exceeds": "1" if dry else "0", "found": found},
       (picture(f"report {work.pk}"),))  # fmt: skip
    do("trace", town, 15, {"traced_on": day, "trace_way": "pipes", "liable": str(town.organisation),
                           "traced": "雨污混接（合成数据）"})  # fmt: skip
    if n % 6 == 2:
        do("keep", clerk, 18, {"reason": "雨洪排口，保留监管"})
        return
    deadline = f"{(at + timedelta(days=20 if n % 4 else -3)).date()}"
    do("decide", clerk, 18, {"rectify": "merge" if n % 3 else "standard", "measures": "截污接管", "deadline": deadline,
                             "owner_organisation": str(town.organisation_id)})  # fmt: skip
    if n % 3 == 0:
        do("apply_close", town, 50, {"result": "已接入截污管"}, (picture(f"after {work.pk}"),))
        do("confirm_close", clerk, 52, {"checked": "现场核实无出水"})


def _villages(generator: random.Random, at: datetime) -> None:
    """Villages with their facilities, a week of power and flow, the year's projects."""
    keeper, clerk = person("jiance"), person("diaodu")
    there = []
    for n in range(VILLAGES):
        done = n < VILLAGES * 2 // 5
        there.append(villages.VILLAGES.open_row(
            {"name": f"{city.TOWNS[n % len(city.TOWNS)][1][:2]}{n + 1}村（演示）", "area_code": city.TOWNS[n % len(city.TOWNS)][0],
             "households": 120 + 7 * n, "treated": done, "mode": "central" if done else "", "synthetic": True},
            keeper, at,
        ))  # fmt: skip
    for n in range(FACILITIES):
        village = there[n % len(there)]
        facility = villages.FACILITIES.open_row(
            {"name": f"{village.name[:-4]}处理站（演示）{n + 1}", "area_code": village.area_code, "village": village,
             "design_m3d": Decimal(30), "process": "A/O＋人工湿地", "grade": "first", "synthetic": True},
            keeper, at,
        )  # fmt: skip
        for back in range(1, 9):
            power, flow = Decimal("6.4"), Decimal(14 + generator.randint(0, 9))
            if n == 5:
                power, flow = Decimal(0), None
            elif n == 9:
                flow = Decimal(0)
            elif n == 17:
                continue
            day = {"entity": facility, "at": at - timedelta(days=back), "power_kwh": power}
            villages.DAYS.open_row(
                {**day, **({"flow_m3": flow} if flow is not None else {})}, keeper, at
            )
        if n % 4 == 0:
            seen = {"entity": facility, "at": at - timedelta(days=3), "inflow": True, "outflow": True, "equipment": n != 8,
                    "cod": Decimal(41), "note": "风机异响" if n == 8 else ""}  # fmt: skip
            villages.VISITS.open_row(seen, keeper, at)
    for n in range(9):
        village = there[VILLAGES * 2 // 5 + n]
        work: VillageWork = actions.open_matter(
            village_works.REGISTER,
            {"title": f"{village.name}生活污水治理", "entity": village, "year": at.year, "mode": "central",
             "planned_finish": (at + timedelta(days=30)).date(), "synthetic": True,
             "owner_organisation": town_person(village.area_code).organisation},
            by=clerk, at=at - timedelta(days=150), state="completed" if n < 4 else "building" if n < 6 else "design",
        )  # fmt: skip
        work.refresh_from_db()


def _plants(generator: random.Random, at: datetime) -> None:
    """Two regions with three plants, a year of reports, the figures of account, a plan, works on sewers."""
    keeper, clerk = person("jiance"), person("diaodu")
    regions = [
        plants.REGIONS.open_row({"name": f"{name}（演示）", "sort": sort, "area_code": city.CITY_CODE, "synthetic": True}, keeper, at)
        for name, sort in (("建成区", "built"), ("经济开发区", "development"))
    ]  # fmt: skip
    firms = [
        Enterprise.objects.create(
            code=f"M-WS{n + 1}", name=f"{name}水务有限公司（演示）", area_code=city.TOWNS[n][0],
            industry="污水处理及其再生利用", industry_code="4620", synthetic=True,
        )
        for n, name in enumerate(PLACES)
    ]  # fmt: skip
    year = at.year - 1
    for n, (firm, design, cod) in enumerate(
        zip(firms, (60_000, 30_000, 20_000), (168, 205, 232), strict=True)
    ):
        plant = plants.PLANTS.open_row(
            {"name": f"{PLACES[n]}污水处理厂（演示）", "parent": firm, "area_code": firm.area_code, "sort": "town",
             "design_m3d": Decimal(design), "region": regions[n // 2], "grade": "grade_1a", "synthetic": True},
            keeper, at,
        )  # fmt: skip
        for text in (
            *(f"{year}-{m:02d}" for m in range(1, 13)),
            f"{at - timedelta(days=at.day):%Y-%m}",
        ):
            volume = (
                Decimal(design * plants.days_of(text)) * Decimal(generator.randint(62, 97)) / 100
            )
            plants.MONTHS.open_row(
                {"entity": plant, "month": text, "inflow_m3": volume, "industrial_m3": Decimal(0),
                 "cod_in": Decimal(cod + generator.randint(-15, 15)), "bod_in": Decimal(cod // 2),
                 "cod_out": Decimal(generator.randint(18, 34)), "ammonia_out": Decimal("1.4"), "phosphorus_out": Decimal("0.3")},
                keeper, at,
            )  # fmt: skip
    for region, sewage, direct in zip(
        regions, (30_500_000, 7_400_000), (560_000, 90_000), strict=True
    ):
        balance.YEARS.open_row(
            {"region": region, "year": year, "sewage_m3": Decimal(sewage), "direct_kg": Decimal(direct), "basis": "演示"},
            keeper, at, synthetic=True,
        )  # fmt: skip
    actions.open_matter(
        district_plans.PLANS,
        {"title": "建成区一区一策（演示）", "entity": regions[0], "year": year, "synthetic": True},
        by=clerk, at=at - timedelta(days=30),
        lines={"plan_measures": [{"cause": "sewers", "text": "补齐老城空白区管网", "gain": "6.5"},
                                 {"cause": "mixed", "text": "雨污混接点改造", "gain": "4"}]},
    )  # fmt: skip
    for title, sort, km in (("东港路污水管新建", "new", "2.45"), ("老城管网改造", "renewed", "3"), ("南岸截污干管", "trunk", "4.8"),
                            ("主次干道管网清淤", "cleared", "30")):  # fmt: skip
        town = town_person(city.TOWNS[0][0])
        actions.open_matter(
            sewer_works.REGISTER,
            {"title": f"{title}（演示）", "sort": sort, "year": at.year, "planned_km": Decimal(km), "region": regions[0],
             "area_code": city.TOWNS[0][0], "owner_organisation": town.organisation, "synthetic": True,
             "planned_finish": (at + timedelta(days=40)).date()},
            by=clerk, at=at - timedelta(days=120),
        )  # fmt: skip
    sewer_works.GAPS.open_row(
        {"name": "城西空白区（演示）", "area_code": city.TOWNS[0][0], "region": regions[0], "size_km2": Decimal("1.2"),
         "missing_km": Decimal("3.5"), "synthetic": True}, keeper, at,
    )  # fmt: skip


def _firms(generator: random.Random, at: datetime) -> None:
    """Firms looked at by the five norms, and the list of fluoride firms."""
    clerk, officer = person("diaodu"), person("zhifa")
    firms = list(Enterprise.objects.exclude(code__startswith="M-").order_by("code")[:FIRMS])
    for n, firm in enumerate(firms):
        check = actions.open_matter(
            industrial_water.CHECKS,
            {"title": f"{firm.name}五规范检查", "entity": firm, "trade": firm.industry, "synthetic": True},
            by=clerk, at=at - timedelta(days=40),
        )  # fmt: skip
        if n % 3 == 2:
            continue
        items = list(check.norm_items.all())
        rows = [
            {
                "id": str(item.pk),
                "item": item.item,
                "result": "failed" if n % 3 == 0 and k == 1 else "met",
                "note": "",
            }
            for k, item in enumerate(items)
        ]
        actions.set_lines(check.pk, "norm_items", rows, by=officer, at=at - timedelta(days=20))
        form = {
            "checked_on": f"{(at - timedelta(days=20)).date()}",
            "found": "现场检查（合成数据）",
        }
        if n % 3:
            actions.perform(check.pk, "pass", by=officer, at=at - timedelta(days=20), form=form)
        else:
            form |= {
                "ordered_on": form["checked_on"],
                "deadline": f"{(at + timedelta(days=5)).date()}",
            }
            actions.perform(check.pk, "order", by=officer, at=at - timedelta(days=20), form=form,
                            files=(picture(f"norms {check.pk}"),))  # fmt: skip
    edition = rosters.draft(
        industrial_water.FLUORIDE, f"{at.year}", city.CITY_CODE, by=clerk, basis="演示"
    )
    for firm in firms[:4]:
        industrial_water.FLUORIDE.open_row(
            {
                "edition": edition,
                "entity": firm,
                "trade": firm.industry,
                "anodising": generator.random() < 0.5,
            },
            clerk,
            at,
        )
    rosters.publish(industrial_water.FLUORIDE, edition, at.date() - timedelta(days=60), by=clerk)


def _waters(generator: random.Random, at: datetime) -> None:
    """Black and odorous waters: removed, being treated, back again; with their tests."""
    keeper, clerk = person("jiance"), person("diaodu")
    for n in range(8):
        town = city.TOWNS[n % len(city.TOWNS)][0]
        water = black_waters.WATERS.open_row(
            {"name": f"{n + 1}号村前塘（演示）", "area_code": town, "sort": "rural", "form": "pond", "cause": "生活污水",
             "size_m2": Decimal(600 + 90 * n), "standing": "gone" if n < 5 else "black", "synthetic": True},
            keeper, at,
        )  # fmt: skip
        bad = n >= 5
        black_waters.TESTS.open_row(
            {"entity": water, "stage": "before" if bad else "watch", "clarity_cm": Decimal(14 if bad else 52), "at": at,
             "oxygen": Decimal("1.1" if bad else "5.2"), "ammonia": Decimal(18 if bad else 1)},
            keeper, at,
        )  # fmt: skip
        if bad:
            work = actions.open_matter(
                black_waters.WORKS,
                {"title": f"{n + 1}号村前塘治理（演示）", "entity": water, "year": at.year, "synthetic": True},
                by=clerk, at=at - timedelta(days=20),
            )  # fmt: skip
            if n < 7:
                unit = town_person(town).organisation_id
                form = {
                    "measures": "截污、清淤",
                    "deadline": f"{(at + timedelta(days=60)).date()}",
                    "owner_organisation": str(unit),
                }
                actions.perform(
                    work.pk, "assign_plan", by=clerk, at=at - timedelta(days=18), form=form
                )
