"""The year's waste of the demonstration city: ledgers, manifests, institutions, small producers, plants, units. Synthetic."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from demo import city
from demo.work import person, picture
from ecoledger.books import duty as duties
from ecoledger.books import roster as rosters
from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions
from ecoledger.registers.waste import (
    batteries,
    closed_plants,
    disposal_capacity,
    epidemic_checks,
    industrial_waste,
    medical_alarms,
    medical_waste,
    overdue_storage,
    producers,
    radiation_units,
    small_pickups,
    small_producers,
)
from ecoledger.registers.waste.hazardous_waste import name_of
from ecoledger.registers.waste.manifest_lines import LINES
from ecoledger.registers.waste.waste_ledgers import CONSIGNED, PRODUCED, STORED, TAKEN_OUT

PRODUCERS, INSTITUTIONS, MEMBERS, SHOPS, PLANTS, UNITS = 12, 23, 60, 40, 12, 12
CODES = ("900-249-08", "336-064-17", "900-039-49", "900-041-49", "900-006-09")
RECEIVER = "安澜环保处置有限公司（演示）"
LEDGERS = ((PRODUCED, "HWCS"), (STORED, "HWRK"), (TAKEN_OUT, "HWCK"), (CONSIGNED, "HWWW"))


def _town(number: int) -> str:
    return city.TOWNS[number % len(city.TOWNS)][0]


def _at(day: date, hour: int = 9) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


def build(now: datetime) -> dict[str, int]:
    """Everything of this module; ``now`` in China standard time without zone."""
    generator = random.Random(f"{city.SEED}-waste")
    at = timezone.make_aware(now)
    firms = list(Enterprise.objects.exclude(code__startswith="M-").order_by("code")[:PRODUCERS])
    with transaction.atomic():
        manifests = _hazardous(generator, firms, at)
        _medical(generator, at)
        _small(generator, at)
        _shops_and_centres(generator, firms, at)
        _plants_and_units(generator, at)
        _epidemic(at)
    return {"联单": manifests, "医疗机构": INSTITUTIONS, "小微单位": MEMBERS}


def _hazardous(generator: random.Random, firms: Sequence[Enterprise], at: datetime) -> int:
    """A year's list with plans and ledgers; what was handed over has its manifest, one firm declares too little."""
    clerk = person("diaodu")
    edition = rosters.draft(
        producers.PRODUCERS, f"{at.year}", city.CITY_CODE, by=clerk, basis="演示"
    )
    for number, firm in enumerate(firms):
        grade = "key" if number < 4 else "simple"
        producers.PRODUCERS.open_row(
            {"edition": edition, "entity": firm, "grade": grade}, clerk, at
        )
    rosters.publish(producers.PRODUCERS, edition, date(at.year, 1, 1), by=clerk)
    months = [month for month in range(1, at.month) if month % 3 == 1] or [1]
    count = 0
    for number, firm in enumerate(firms):
        code = CODES[number % len(CODES)]
        producers.PLANS.open_row(
            {"entity": firm, "year": at.year, "at": _at(date(at.year, 3, 1 + number)), "receipt_no": f"演示{number + 1:03d}"},
            clerk, at,
        )  # fmt: skip
        for month in months:
            made = Decimal(generator.randint(20, 90))
            count += _month(firm, code, made, date(at.year, month, 3), number, at)
            declared = made - 5 if number == 1 else made
            producers.DECLARATIONS.open_row(
                {"entity": firm, "year": at.year, "period": f"m{month:02d}", "code": code, "produced": declared,
                 "consigned": made - 1, "stored": 0, "at": _at(date(at.year, month, 20))}, clerk, at,
            )  # fmt: skip
    old = date(at.year - 1, 1, 10)
    STORED.open_row(
        {"entity": firms[0], "batch_no": "HWRK-演示-旧", "at": _at(old), "code": "900-402-06",
         "common_name": "废溶剂", "quantity": Decimal(6), "unit": "t"}, clerk, at,
    )  # fmt: skip
    overdue_storage.find_overdue(at)
    for duty in (producers.PLAN_DUE, producers.MONTH_DUE, producers.QUARTER_DUE):
        duties.extend(duty, at.date())
    overdue_storage.find_overdue(at)
    unit = disposal_capacity.UNITS.open_row(
        {"name": RECEIVER, "area_code": _town(0), "licence_no": "演示F0001", "licence_until": date(at.year + 3, 6, 30)},
        person("jiance"), at,
    )  # fmt: skip
    for name, takes, tonnes, added in (
        ("焚烧线", "HW06、HW08、HW12、HW49", 20000, True),
        ("物化线", "HW09、HW17", 800, False),
    ):
        disposal_capacity.CAPACITY.open_row(
            {"unit": unit, "name": name, "takes": takes, "capacity": Decimal(tonnes), "added": added,
             "since": date(at.year, 4, 1) if added else date(2016, 5, 1)}, clerk, at,
        )  # fmt: skip
    return count


def _month(firm: Enterprise, code: str, made: Decimal, day: date, number: int, at: datetime) -> int:
    """What a firm produced in a month, put into store and handed over but for a tonne, by a manifest."""
    clerk = person("diaodu")
    for n, (ledger, prefix) in enumerate(LEDGERS):
        quantity = made if n < 2 else made - 1
        source = f"{LEDGERS[n - 1][1]}{day:%Y%m%d}{number:03d}" if n else ""
        more: dict[str, Any] = {"receiver": RECEIVER} if ledger is CONSIGNED else {}
        ledger.open_row(
            {"entity": firm, "batch_no": f"{prefix}{day:%Y%m%d}{number:03d}", "at": _at(day + timedelta(days=n)),
             "code": code, "common_name": name_of(code), "quantity": quantity, "unit": "t",
             "source_batch": source, **more}, clerk, at,
        )  # fmt: skip
    out = day + timedelta(days=3)
    LINES.open_row(
        {"manifest__manifest_no": f"{at.year}3599{day.month:02d}{number:04d}", "manifest__entity": firm,
         "manifest__receiver": RECEIVER, "manifest__handed_on": _at(out), "manifest__accepted_on": _at(out, 16),
         "manifest__carrier": "安澜危货运输（演示）", "manifest__plate": "演A00001", "name": name_of(code) or "废物",
         "code": code, "moved": made - 1, "accepted": made - 1, "method": "D10"}, clerk, at,
    )  # fmt: skip
    return 1


def _medical(generator: random.Random, at: datetime) -> None:
    """Institutions with a week of weights; all but one are fetched from every other day."""
    officer, keeper = person("zhifa"), person("jiance")
    for number in range(INSTITUTIONS):
        place = medical_waste.INSTITUTIONS.open_row(
            {"name": f"第{number + 1}卫生院（演示）", "area_code": _town(number), "sort": "township", "online": True,
             "beds": 20 + number, "disposer": RECEIVER}, keeper, at,
        )  # fmt: skip
        held = Decimal(0)
        for days in range(6, -1, -1):
            day = at.date() - timedelta(days=days)
            if not (number == 7 and days == 1):
                kilograms = Decimal(generator.randint(40, 220)) / 10
                held += kilograms
                medical_waste.DAYS.open_row(
                    {
                        "entity": place,
                        "at": _at(day, 7),
                        "infectious": kilograms,
                        "injuring": Decimal(0),
                    },
                    officer,
                    at,
                )
            if days % 2 == 0 and held and number != 3:
                medical_waste.HANDOVERS.open_row(
                    {"entity": place, "at": _at(day, 8), "manifest_no": f"演示{day:%m%d}{number:03d}", "infectious": held,
                     "received": held - 4 if (number, days) == (5, 2) else held, "disposer": RECEIVER,
                     "plate": "演A00002"}, officer, at,
                )  # fmt: skip
                held = Decimal(0)
    duties.extend(medical_alarms.DAY_DUE, at.date() - timedelta(days=1))
    duties.extend(medical_alarms.DAY_DUE, at.date())
    medical_alarms.look(at)


def _small(generator: random.Random, at: datetime) -> None:
    """Members of the platform, some signed and not joined, orders in every state."""
    officer, keeper = person("zhifa"), person("jiance")
    joined = []
    for number in range(MEMBERS):
        signed = at.date() - timedelta(days=generator.randint(60, 500))
        member = small_producers.MEMBERS.open_row(
            {"name": f"汽修店{number + 1}号（演示）", "area_code": _town(number), "sort": "garage",
             "codes": "900-249-08、900-052-31", "expected": Decimal("1.5"), "collector": "安澜收集（演示）",
             "signed_on": signed, "joined_on": signed + timedelta(days=10) if number % 3 else None}, keeper, at,
        )  # fmt: skip
        if number % 3:
            joined.append(member)
    trip = actions.open_matter(
        small_pickups.BATCHES,
        {"area_code": city.CITY_CODE, "planned_on": at.date() + timedelta(days=2), "collector": "安澜收集（演示）",
         "plate": "演A00003", "synthetic": True}, by=officer, at=at - timedelta(days=1),
    )  # fmt: skip
    for number, member in enumerate(joined[:9]):
        small_producers.DECLARED.open_row(
            {"entity": member, "at": at - timedelta(days=3), "waste": "废机油", "code": "900-249-08",
             "kilograms": Decimal(120)}, officer, at,
        )  # fmt: skip
        order = actions.open_matter(
            small_pickups.ORDERS,
            {"entity": member, "waste": "废机油", "code": "900-249-08", "estimated": Decimal(120), "synthetic": True},
            by=officer, at=at - timedelta(days=2),
        )  # fmt: skip
        if number % 3:
            actions.perform(order.pk, "pool", by=officer, at=at, form={"batch": str(trip.pk)})
        if number % 3 == 2:
            form = {"weighed": str(generator.randint(90, 140)), "price": "2.40"}
            actions.perform(order.pk, "collect", by=officer, at=at, form=form)
    duties.extend(small_producers.CALLS, at.date())


def _shops_and_centres(generator: random.Random, firms: Sequence[Enterprise], at: datetime) -> None:
    """Battery shops with collections; three sorting centres, their routes, contracts and a month of declarations."""
    officer, keeper = person("zhifa"), person("jiance")
    for number in range(SHOPS):
        shop = batteries.SITES.open_row(
            {"name": f"电动车行{number + 1}号（演示）", "area_code": _town(number), "sort": "e_bike" if number % 2 else "garage",
             "collector": "安澜收集（演示）", "signed_on": date(at.year, 1, 10), "container": number % 5 != 0}, keeper, at,
        )  # fmt: skip
        if number % 2:
            pieces = generator.randint(10, 60)
            batteries.COLLECTIONS.open_row(
                {"entity": shop, "at": at - timedelta(days=number), "pieces": pieces, "kilograms": Decimal(pieces * 14),
                 "collector": "安澜收集（演示）", "paper_no": f"演示{number:03d}"}, officer, at,
            )  # fmt: skip
    centres = [
        industrial_waste.CENTRES.open_row(
            {"name": f"{n}号分拣中心（演示）", "area_code": _town(n), "operator": "安澜环卫（演示）",
             "capacity": Decimal(30000), "running": True}, keeper, at,
        )
        for n in (1, 2, 3)
    ]  # fmt: skip
    for number, (town, *_rest) in enumerate(city.TOWNS):
        industrial_waste.ROUTES.open_row(
            {"centre": centres[number % 3], "name": f"{number + 1}号线", "area_code": town, "frequency": "weekly",
             "since": date(at.year, 1, 1)}, officer, at,
        )  # fmt: skip
    month = max(1, at.month - 1)
    for number, firm in enumerate(firms):
        tonnes = Decimal(generator.randint(5, 90))
        industrial_waste.DECLARATIONS.open_row(
            {"entity": firm, "year": at.year, "month": month, "waste": "炉渣" if number % 2 else "废钢屑",
             "code": "900-001-S03" if number % 2 else "900-001-S17", "produced": tonnes, "consigned_used": tonnes,
             "own_used": Decimal(0), "own_disposed": Decimal(0), "consigned_disposed": Decimal(0),
             "stock_before": Decimal(0), "stock_after": Decimal(0)}, officer, at,
        )  # fmt: skip
        if number % 6:
            industrial_waste.CONTRACTS.open_row(
                {"firm": firm, "centre": centres[number % 3], "since": date(at.year, 1, 1)},
                officer,
                at,
            )
    for centre in centres:
        industrial_waste.INTAKE.open_row(
            {"entity": centre, "at": at - timedelta(days=20), "taken_in": Decimal(900), "recycled": Decimal(620),
             "burnt": Decimal(240), "landfilled": Decimal(0)}, officer, at,
        )  # fmt: skip


def _plants_and_units(generator: random.Random, at: datetime) -> None:
    """Closed plants on their way to being cleared; units with their licences and assessments."""
    officer, clerk, keeper = person("zhifa"), person("diaodu"), person("jiance")
    for number in range(PLANTS):
        plant = closed_plants.PLANTS.open_row(
            {"name": f"关停化工{number + 1}号（演示）", "area_code": _town(number), "closed_on": date(at.year, 2, 1),
             "trade": "有机化学原料"}, keeper, at,
        )  # fmt: skip
        found = {sort: Decimal(generator.randint(100, 900)) for sort in closed_plants.Sort.values}
        for sort, tonnes in found.items():
            closed_plants.STOCK.open_row(
                {"entity": plant, "at": _at(date(at.year, 2, 20)), "sort": sort, "tonnes": tonnes},
                officer,
                at,
            )
        case = actions.open_matter(
            closed_plants.CLEARANCE,
            {"entity": plant, "area_code": plant.area_code, **found, "cleared_on": at.date() - timedelta(days=number),
             "destination": RECEIVER, "synthetic": True}, by=officer, at=at - timedelta(days=number),
        )  # fmt: skip
        if number % 3:
            proof = picture(f"WEIGHBRIDGE {number + 1}")
            actions.perform(
                case.pk, "prove", by=officer, at=at, form={"result": "已清运"}, files=[proof]
            )
        if number % 3 == 2:
            actions.perform(case.pk, "verify", by=clerk, at=at, form={"checked": "现场核实"})
    for number in range(UNITS):
        unit = radiation_units.UNITS.open_row(
            {"name": f"核技术利用单位{number + 1}号（演示）", "area_code": _town(number), "sort": "medical" if number % 3 else "industry",
             "licence_no": f"演环辐证[{number + 1:05d}]", "licence_until": at.date() + timedelta(days=40 + 200 * number)},
            keeper, at,
        )  # fmt: skip
        if number % 4:
            radiation_units.ASSESSMENTS.open_row(
                {
                    "entity": unit,
                    "year": at.year - 1,
                    "at": _at(date(at.year, 1, 12)),
                    "outcome": "good",
                },
                officer,
                at,
            )
        if number < 8:
            radiation_units.CHECKS.open_row(
                {"entity": unit, "at": at - timedelta(days=number), "licence": True, "ledger": True,
                 "warning": number != 2, "monitoring": True, "plan": True}, officer, at,
            )  # fmt: skip
    duties.extend(radiation_units.DUE, at.date())
    duties.extend(radiation_units.RENEWAL, at.date())


def _epidemic(at: datetime) -> None:
    """A list of ten institutions, checked in the week that is over."""
    clerk, officer = person("diaodu"), person("zhifa")
    edition = rosters.draft(
        epidemic_checks.OBJECTS, f"{at.year}年冬季（演示）", city.CITY_CODE, by=clerk, basis="演示"
    )
    places = list(medical_waste.MedicalInstitution.objects.order_by("code")[:10])
    for place in places:
        values = {"edition": edition, "entity": place.entity_ptr, "sort": "institution"}
        epidemic_checks.OBJECTS.open_row(values, clerk, at)
    rosters.publish(epidemic_checks.OBJECTS, edition, at.date() - timedelta(days=20), by=clerk)
    monday = at.date() - timedelta(days=at.weekday() + 7)
    duties.extend(epidemic_checks.WEEKLY, monday)
    for number, place in enumerate(places):
        epidemic_checks.CHECKS.open_row(
            {"entity": place.entity_ptr, "at": _at(monday + timedelta(days=1)), "people": 2 + number % 2,
             "waste_removed": True, "packed": number != 4, "water_treated": True, "chlorine": Decimal("4.5")},
            officer, at,
        )  # fmt: skip
    duties.extend(epidemic_checks.WEEKLY, at.date())
