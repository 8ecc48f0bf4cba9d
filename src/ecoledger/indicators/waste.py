"""Rates of hazardous and medical waste (mechanisms S-5, S-8): what was produced, dealt with and is in store, over an area and a span.

处置利用率 = what was dealt with ÷ (what was produced + what was dealt with of earlier years' stock), as statistics of
solid waste reckon it (mark M); both parts are told. Read from the monthly rows of the balance, by ledgers and account;
declared figures and manifests stand beside them there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.books.account import KEPT
from ecoledger.books.models import Entry
from ecoledger.entities.models import Area
from ecoledger.indicators import doors, of_books
from ecoledger.indicators.declaring import HIGHER, LOWER, Source, Span, indicator
from ecoledger.indicators.figures import PERCENT, Figure, Records, absent, quantity, ratio
from ecoledger.registers.waste.disposal_capacity import CAPACITY, Covered, cover, lines_of
from ecoledger.registers.waste.hazardous_waste import HAZARDOUS as WASTE_ACCOUNT
from ecoledger.registers.waste.hazardous_waste import category_of
from ecoledger.registers.waste.industrial_waste import (
    CONTRACTS,
    ROUTES,
    CollectionContract,
    CollectionRoute,
    IndustrialDeclaration,
    in_service,
)
from ecoledger.registers.waste.medical_waste import MEDICAL
from ecoledger.registers.waste.waste_balance import BALANCE, WasteBalance

NOTHING = Decimal(0)
TOWN = 9  # digits of a town's division code
# A part of an area's waste: its name, and the division and the category its rows are asked for.
Part = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Hazardous:
    """Hazardous waste of an area over a span, t; ``None`` where nothing was written of it."""

    records: Records
    # What is in store is read from the account, not from the rows of the balance; a rate is told by its parts.
    stock: Records
    rate: Records
    produced: Decimal | None = None
    own: Decimal | None = None
    consigned: Decimal | None = None
    # Of what was dealt with, what had been in store before the span.
    from_before: Decimal = NOTHING
    closing: Decimal | None = None

    @property
    def dealt_with(self) -> Decimal | None:
        known = [amount for amount in (self.own, self.consigned) if amount is not None]
        return sum(known, NOTHING) if known else None


def hazardous(area_code: str, span: Span, as_of: date | None = None) -> Hazardous:
    """The balance of an area's firms over a span of whole months."""
    whole = hazardous_by(area_code, span, lambda _area, _code: ("", area_code, ""))
    return whole.get("") or Hazardous(*_records(span, area_code, ""))


def hazardous_of(area_code: str, span: Span, category: str) -> Hazardous:
    """The same of one category of waste (HW06)."""
    parts = hazardous_by(
        area_code, span, lambda _area, code: (category_of(code), area_code, category_of(code))
    )
    return parts.get(category) or Hazardous(*_records(span, area_code, category))


def _records(span: Span, area_code: str, category: str) -> tuple[Records, Records, Records]:
    """The rows of a span, what is in store at its end and the parts of a rate, of a division and a category."""
    last = span.end - timedelta(days=1)
    asked = f"span=month&begin_from={span.begin}&begin_to={last}&area_code={area_code}"
    held = f"on={last}&area_code={area_code}"
    if category:
        asked, held = f"{asked}&category={category[2:]}", f"{held}&group={category}"
    return (
        doors.ROW.opens(url=f"{BALANCE.url}?{asked}"),
        doors.ROW.opens(url=f"{WASTE_ACCOUNT.url}/holdings?{held}"),
        _rate("hazardous", area_code, span, category),
    )


def _rate(of: str, area_code: str, span: Span, category: str = "") -> Records:
    asked = {"rate": of, "area": area_code, "category": category}
    return doors.WASTE_RATE.opens(begin=f"{span.begin}", end=f"{span.end}", **asked)


def _held(book: str, area_code: str, day: date) -> Records:
    return doors.ROW.opens(url=f"/b/{book}/holdings?on={day}&area_code={area_code}")


def hazardous_by(
    area_code: str, span: Span, part: Callable[[str, str], Part]
) -> dict[str, Hazardous]:
    """The same of each part of an area's waste; ``part`` says it for a division's code and a waste code.

    What is in store is told by the account at the end of the span, also of what did not move within it.
    """
    months = WasteBalance.objects.filter(
        span="month", begin__gte=span.begin, begin__lt=span.end, area_code__startswith=area_code
    ).order_by("entity", "code", "begin")
    amounts: dict[Part, dict[str, Decimal | None]] = {}
    before: dict[Part, Decimal] = {}
    for _key, rows in groupby(months, key=lambda row: (row.entity_id, row.code)):
        own = list(rows)
        key = part(own[0].area_code, own[0].code)
        sums = amounts.setdefault(key, {})
        for name in ("produced", "own", "consigned"):
            for month in own:
                sums[name] = _plus(sums.get(name), getattr(month, name))
        out = sum((month.taken_out or NOTHING for month in own), NOTHING)
        before[key] = before.get(key, NOTHING) + min(own[0].opening or NOTHING, out)
    held = Entry.objects.filter(
        holding__book=WASTE_ACCOUNT.key, holding__outside=False, on__lt=span.end,
        holding__area_code__startswith=area_code,
    ).order_by()  # fmt: skip
    for area, code, kilograms in held.values_list("holding__area_code", "holding__item").annotate(
        n=Sum("quantity")
    ):
        sums = amounts.setdefault(part(area, code), {})
        sums["closing"] = _plus(sums.get("closing"), Decimal(kilograms).quantize(KEPT) / 1000)
    made = {}
    for (name, division, category), sums in amounts.items():
        balance, stock, rate = _records(span, division, category)
        from_before = before.get((name, division, category), NOTHING)
        made[name] = Hazardous(balance, stock, rate, from_before=from_before, **sums)
    return made


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if one is None else one if other is None else one + other


HAZARDOUS = Source("waste:hazardous", hazardous, touched_by="book:waste_balance", as_of_now=True)


@indicator(
    key="hazardous_produced", name="危险废物产生量", unit="t", better=LOWER, line="waste", source=HAZARDOUS,
    per=("month", "quarter", "half", "year"),
)  # fmt: skip
def produced(waste: Hazardous) -> Figure:
    return quantity(
        "危险废物产生量", waste.produced, 2, "t", waste.records, missing=noop("没有产生台账")
    )


@indicator(
    key="hazardous_dealt_with", name="危险废物利用处置量", unit="t", better=HIGHER, line="waste",
    source=HAZARDOUS, per=("month", "quarter", "half", "year"),
)  # fmt: skip
def dealt_with(waste: Hazardous) -> Figure:
    return quantity(
        "危险废物利用处置量",
        waste.dealt_with,
        2,
        "t",
        waste.records,
        missing=noop("没有利用处置台账"),
    )


@indicator(
    key="hazardous_in_store", name="危险废物贮存量", unit="t", better=LOWER, line="waste", source=HAZARDOUS,
    per=("month", "quarter", "half", "year"),
)  # fmt: skip
def in_store(waste: Hazardous) -> Figure:
    return quantity(
        "危险废物贮存量", waste.closing, 2, "t", waste.stock, missing=noop("没有出入库台账")
    )


@indicator(
    key="hazardous_disposal_ratio", name="危险废物处置利用率", unit=PERCENT, better=HIGHER, line="waste",
    source=HAZARDOUS, per=("month", "quarter", "half", "year"), target="ratio", highest=100,
)  # fmt: skip
def disposal_ratio(waste: Hazardous) -> Figure:
    """Dealt with ÷ (produced + dealt with of what was in store before)."""
    if waste.dealt_with is None:
        return absent("危险废物处置利用率", waste.rate, noop("没有利用处置台账"))
    whole = (waste.produced or NOTHING) + waste.from_before
    return ratio(
        "危险废物处置利用率",
        waste.dealt_with,
        whole,
        waste.rate,
        missing=noop("没有产生台账，无法计算"),
    )


# ---- medical waste -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Medical:
    """Medical waste of an area over a span, kg: weighed, fetched, and what lay there at both ends.

    ``waiting``: of what lies there at the end, what may still do so. The doors: of the rate, and of each part of it.
    """

    rate: Records
    days: Records
    handed_over: Records
    held_before: Records
    held: Records
    weighed: Decimal
    fetched: Decimal
    opening: Decimal
    waiting: Decimal


def medical(area_code: str, span: Span, as_of: date | None = None) -> Medical:
    """The account of medical waste of an area over a span, or as far as it has gone."""
    entries = Entry.objects.filter(
        holding__book=MEDICAL.key, holding__outside=False, holding__area_code__startswith=area_code
    ).order_by()
    end = min(span.end, timezone.localdate() + timedelta(days=1))
    # What came in on these last days may lie there still.
    fresh = end - timedelta(days=MEDICAL.longest_days)
    closing: dict[int, Decimal] = {}
    recent: dict[int, Decimal] = {}
    sums = dict.fromkeys(("weighed", "fetched", "opening"), NOTHING)
    rows = entries.filter(on__lt=end).values_list("holding", "on", "quantity", "posting__kind")
    for holding, on, moved, kind in rows:
        closing[holding] = closing.get(holding, NOTHING) + moved
        if on >= fresh and moved > 0:
            recent[holding] = recent.get(holding, NOTHING) + moved
        if on < span.begin:
            sums["opening"] += moved
        elif kind == "weighed":
            sums["weighed"] += moved
        else:
            sums["fetched"] -= moved
    waiting = sum((min(held, recent.get(key, NOTHING)) for key, held in closing.items()), NOTHING)
    tallies = of_books.every_tally()
    days, handed_over = (
        of_books.Counting(tally.book, area_code, span).records_of(tally)
        for tally in (tallies["medical_day.kilograms"], tallies["medical_handover.kilograms"])
    )
    return Medical(
        _rate("medical", area_code, span),
        days,
        handed_over,
        _held(MEDICAL.key, area_code, span.begin - timedelta(days=1)),
        _held(MEDICAL.key, area_code, end - timedelta(days=1)),
        waiting=waiting,
        **sums,
    )


MEDICAL_WASTE = Source("waste:medical", medical, touched_by="book:medical_waste", as_of_now=True)


@indicator(
    key="medical_disposal_ratio", name="医疗废物安全处置率", unit=PERCENT, better=HIGHER, line="waste",
    source=MEDICAL_WASTE, per=("month", "quarter", "half", "year"), target="ratio", highest=100,
)  # fmt: skip
def medical_disposal_ratio(waste: Medical) -> Figure:
    """Fetched ÷ (weighed + there before − what may still lie there)."""
    whole = waste.weighed + waste.opening - waste.waiting
    return ratio(
        "医疗废物安全处置率",
        waste.fetched,
        whole,
        waste.rate,
        missing=noop("没有称重记录，无法计算"),
    )


# ---- capacity against generation -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an area produced over a span, by code, and what its lines could take of it in a year."""

    records: Records
    rows: tuple[Covered, ...]
    months: int

    @property
    def produced(self) -> Decimal:
        return sum((row.produced for row in self.rows), NOTHING)

    @property
    def taken(self) -> Decimal:
        return sum((row.taken for row in self.rows), NOTHING)


def coverage(area_code: str, span: Span, as_of: date | None = None) -> Coverage:
    """Produced tonnes by code against the capacity of the year in which the span begins."""
    months = WasteBalance.objects.filter(
        span="month", begin__gte=span.begin, begin__lt=span.end,
        area_code__startswith=area_code, produced__gt=0,
    ).order_by()  # fmt: skip
    amounts: dict[str, Decimal] = {}
    for code, tonnes in months.values_list("code", "produced"):
        amounts[code] = amounts.get(code, NOTHING) + tonnes
    rows = cover(amounts, lines_of(area_code, span.begin.year))
    door = doors.ROW.opens(url=f"{CAPACITY.url}?area_code={area_code}")
    return Coverage(door, tuple(rows), len({*months.values_list("begin", flat=True)}))


COVERAGE = Source("waste:coverage", coverage, touched_by="book:waste_balance", as_of_now=True)


@indicator(
    key="disposal_coverage", name="危废产生量处置能力覆盖率", unit=PERCENT, better=HIGHER, line="waste",
    source=COVERAGE, per=("year",), target="ratio", highest=100,
)  # fmt: skip
def disposal_coverage(covered: Coverage) -> Figure:
    """What the area's own lines could take together ÷ what was produced."""
    if covered.rows and not any(row.capacity for row in covered.rows):
        return absent(
            "危废产生量处置能力覆盖率", covered.records, noop("没有可接收这些废物的处置能力")
        )
    return ratio(
        "危废产生量处置能力覆盖率", covered.taken, covered.produced, covered.records,
        missing=noop("没有产生台账，无法计算"),
    )  # fmt: skip


# ---- collection of industrial waste --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the collection of general industrial waste reaches: towns by routes, firms by contracts."""

    routes: Records
    contracts: Records
    towns: int
    towns_reached: int
    firms: int
    firms_reached: int
    any_route: bool


def reach(area_code: str, span: Span, as_of: date | None = None) -> Reach:
    """Towns of an area with a route, and firms that declared in the span with a contract, both as they are today."""
    towns = {
        code for code in Area.objects.filter(code__startswith=area_code).values_list("code", flat=True)
        if len(code) == TOWN
    }  # fmt: skip
    routes = {*in_service(CollectionRoute.objects.all()).values_list("area_code", flat=True)}
    reached = {town for town in towns for code in routes if town.startswith(code)}
    declared = IndustrialDeclaration.objects.filter(
        current=True, until__gte=span.begin, until__lt=span.end, area_code__startswith=area_code
    )
    firms = {*declared.order_by().values_list("entity_id", flat=True)}
    signed = {*in_service(CollectionContract.objects.all()).values_list("firm_id", flat=True)}
    return Reach(
        doors.ROW.opens(url=f"{ROUTES.url}?area_code={area_code}"),
        doors.ROW.opens(url=f"{CONTRACTS.url}?area_code={area_code}"),
        len(towns),
        len(reached),
        len(firms),
        len(firms & signed),
        bool(routes),
    )


REACH = Source("waste:reach", reach, touched_by="book:collection_route", as_of_now=True)


@indicator(
    key="collection_town_coverage", name="一般工业固废收运镇街覆盖率", unit=PERCENT, better=HIGHER, line="waste",
    source=REACH, per=("year",), target="ratio", highest=100,
)  # fmt: skip
def town_coverage(of: Reach) -> Figure:
    """Towns with a route ÷ towns."""
    if not of.any_route:
        return absent("一般工业固废收运镇街覆盖率", of.routes, noop("没有登记收运线路"))
    return ratio(
        "一般工业固废收运镇街覆盖率",
        of.towns_reached,
        of.towns,
        of.routes,
        missing=noop("没有镇级行政区划"),
    )


@indicator(
    key="collection_firm_coverage", name="一般工业固废收运企业覆盖率", unit=PERCENT, better=HIGHER, line="waste",
    source=REACH, per=("year",), target="ratio", highest=100,
)  # fmt: skip
def firm_coverage(of: Reach) -> Figure:
    """Firms under contract ÷ firms that declared."""
    return ratio(
        "一般工业固废收运企业覆盖率",
        of.firms_reached,
        of.firms,
        of.contracts,
        missing=noop("没有企业申报"),
    )
