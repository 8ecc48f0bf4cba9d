"""Figures of the sea (mechanisms Q11, T19): class of each station by survey, shares of the area, rivers to the sea.

A bay's areas by class come from what the authority published; else they are interpolated from its stations inside its
border; without a border or with fewer than three stations the share is of stations, and says so. The year is the mean of
the spring, summer and autumn surveys (HJ 442). A river's load is the sum over months of mean × volume; months without
either are left out and named.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from django.db.models import Count, Q
from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.entities.models import Entity
from ecoledger.entities.validity import in_force, overlapping
from ecoledger.indicators import doors, water
from ecoledger.indicators.figures import Figure, absent, quantity, ratio
from ecoledger.indicators.water import SectionYear
from ecoledger.matters.workflow import COMPLETED
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.water import samples
from ecoledger.registers.water import sea as books
from ecoledger.registers.water.sample_models import MonthlyFlow
from ecoledger.registers.water.sea_models import Bay, SeaRiver, Season, SeaStation
from ecoledger.science import sea_area
from ecoledger.standards import sea
from ecoledger.standards.sea import AreaShares
from ecoledger.standards.single_item import ItemJudgement

PUBLISHED, INTERPOLATED, BY_STATIONS = "公布面积", "插值", "监测点数"


@dataclass(frozen=True, slots=True)
class StationSurvey:
    """A station in a survey: the class of its mean, and its index of eutrophication."""

    station: SeaStation
    judged: ItemJudgement | None
    index: float | None
    samples: int

    @property
    def rank(self) -> int | None:
        return self.judged.class_ if self.judged else None


@dataclass(frozen=True, slots=True)
class Survey:
    """One survey of a bay: its stations, the shares of its area and how they were found."""

    season: str
    stations: tuple[StationSurvey, ...]
    shares: AreaShares | None
    way: str


@dataclass(frozen=True, slots=True)
class BayYear:
    """A bay's year: surveys, the mean of their areas, the grade, and whether its own target is met."""

    bay: Bay
    surveys: tuple[Survey, ...]
    shares: AreaShares | None
    grade: str | None

    @property
    def good(self) -> float | None:
        return self.shares.good if self.shares else None

    @property
    def met(self) -> bool | None:
        """Against its target, where that is set and there are data."""
        if self.bay.target_good is None or self.good is None:
            return None
        return round(self.good, 9) >= float(self.bay.target_good)

    @property
    def ways(self) -> str:
        return "、".join(dict.fromkeys(s.way for s in self.surveys if s.shares))


@dataclass(frozen=True, slots=True)
class SeaYear:
    """The sea of a county over a year: its bays, and the share of 一二类 of all their area."""

    year: int
    bays: tuple[BayYear, ...]
    good: Figure
    attained: Figure
    stations: Figure


def _there(year: int) -> Q:
    """What there was in a year."""
    return overlapping(date(year, 1, 1), date(year, 12, 31))


def of(area_code: str, year: int) -> SeaYear:
    """Every bay of an area over a year."""
    bays = Bay.objects.filter(_there(year), area_code__startswith=area_code).order_by("code")
    rows = tuple(bay_year(bay, year) for bay in bays)
    query = {"area": area_code, "year": str(year)}
    door = doors.SEA.opens(**query)
    standard = sea.scheme_on(date(year, 6, 30))[0].standard
    with_area = [row for row in rows if row.shares is not None and row.shares.total]
    label = "近岸海域优良（一、二类）面积比例"
    if not with_area:
        good = absent(label, door, "没有海水监测数据", standard)
    else:
        # Areas of different kinds (km² and numbers of stations) are not added up.
        kinds = {BY_STATIONS in row.ways for row in with_area}
        if len(kinds) > 1:
            good = absent(label, door, "部分湾段只有监测点数，面积不能相加", standard)
        else:
            total = sum(row.shares.total for row in with_area if row.shares)
            part = sum(sum(row.shares.areas[:2]) for row in with_area if row.shares)
            good = quantity(label, 100 * part / total, 1, "%", door, standard, judged=True)
    aimed = [row for row in rows if row.bay.target_good is not None]
    attained = ratio(
        "达到自身目标的湾段比例", sum(1 for row in aimed if row.met), sum(1 for row in aimed if row.met is not None),
        door, standard=standard, missing="没有既有目标又有数据的湾段",
    )  # fmt: skip
    judged = [s for row in rows for survey in row.surveys for s in survey.stations if s.rank is not None]  # fmt: skip
    stations = ratio(
        "优良（一、二类）点次比例", sum(1 for s in judged if (s.rank or 9) <= 2), len(judged), door, standard=standard,
        missing="没有海水监测数据", judged=True,
    )  # fmt: skip
    return SeaYear(year, rows, good, attained, stations)


def bay_year(bay: Bay, year: int) -> BayYear:
    """One bay: its surveys, and the mean of those that HJ 442 counts."""
    stations = list(SeaStation.objects.filter(in_force(date(year, 7, 1)), parent=bay).order_by("code"))  # fmt: skip
    surveys = tuple(_survey(bay, stations, year, season) for season in books.YEARLY)
    done = [survey.shares for survey in surveys if survey.shares is not None]
    ways = {survey.way for survey in surveys if survey.shares is not None}
    # Numbers of stations and square kilometres are not averaged with each other.
    if BY_STATIONS in ways and len(ways) > 1:
        done = [s.shares for s in surveys if s.shares is not None and s.way != BY_STATIONS]
    shares = sea.mean_of_surveys(done) if done else None
    return BayYear(bay, surveys, shares, sea.grade(shares) if shares else None)


def _survey(bay: Bay, stations: Sequence[SeaStation], year: int, season: Season) -> Survey:
    on = date(year, {"spring": 5, "summer": 8, "autumn": 10}.get(season, 12), 1)
    means: dict[int, list[dict[str, float]]] = {}
    for sample in books.samples_of([s.pk for s in stations], year, season):
        means.setdefault(sample.entity_id, []).append(books.values_of(sample))
    rows: list[StationSurvey] = []
    placed: list[tuple[float, float, dict[str, float]]] = []
    for station in stations:
        parts = means.get(station.pk, [])
        values = _mean(parts)
        judged = sea.classify(values, on=on) if values else None
        rows.append(StationSurvey(station, judged, _index(values), len(parts)))
        if values and station.lon is not None and station.lat is not None:
            placed.append((station.lon, station.lat, values))
    told = books.published(bay.pk, year, season)
    if told is not None:
        areas = (told.first, told.second, told.third, told.fourth, told.inferior)
        first, second, third, fourth, inferior = (float(area) for area in areas)
        shares = AreaShares((first, second, third, fourth, inferior))
        return Survey(season, tuple(rows), shares if shares.total else None, PUBLISHED)
    said = json.dumps([placed, bay.geometry])
    if bay.geometry and (shared := _interpolated(said, on)) is not None:
        return Survey(season, tuple(rows), shared, INTERPOLATED)
    counted = sea.shares_of_points([row.rank for row in rows])
    return Survey(season, tuple(rows), counted if counted.total else None, BY_STATIONS)


@lru_cache(maxsize=256)
def _interpolated(said: str, on: date) -> AreaShares | None:
    """The shares of a bay by ``said``, its stations with their means and its border: half a second each, and alike until a
    sample or the border changes."""
    placed, border = json.loads(said)
    return sea_area.area_shares(placed, border, on=on)


def _mean(parts: Sequence[dict[str, float]]) -> dict[str, float]:
    """Arithmetic mean of each item over a survey's samples of one station."""
    keys = dict.fromkeys(key for part in parts for key in part)
    return {key: sum(v := [p[key] for p in parts if key in p]) / len(v) for key in keys}


def _index(values: dict[str, float]) -> float | None:
    if not {"codmn", "din", "dip"} <= set(values):
        return None
    return float(sea.eutrophication_index(values["codmn"], values["din"], values["dip"]))


# ---- rivers to the sea -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Load:
    """Tonnes of an item over a year, by month; ``months`` that had both mean and volume, of those that are over."""

    item: str
    tonnes: Fraction | None
    months: int
    mean: Fraction | None
    target: Decimal | None

    @property
    def met(self) -> bool | None:
        if self.target is None or self.mean is None:
            return None
        return self.mean <= Fraction(self.target)


@dataclass(frozen=True, slots=True)
class RiverYear:
    """A river to the sea over a year: quality at its control section, and what it carried by year."""

    river: SeaRiver
    year: SectionYear
    loads: dict[int, dict[str, Load]] = field(default_factory=dict)

    def change(self, item: str, year: int) -> Fraction | None:
        """In percent of the year before, where both have the same months; a year of fewer months says nothing."""
        now, before = (self.loads.get(y, {}).get(item) for y in (year, year - 1))
        if not now or not before or now.tonnes is None or not before.tonnes:
            return None
        return 100 * (now.tonnes - before.tonnes) / before.tonnes if now.months == before.months else None  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rivers:
    """The rivers to the sea of a county over a year."""

    rows: tuple[RiverYear, ...]
    attained: Figure
    inferior: Figure


ITEMS = ("tn", "tp")
YEARS = 3


def rivers(area_code: str, year: int, end: date) -> Rivers:
    """Every river to the sea from 1 January to before ``end``, with its loads of this year and those before."""
    found = SeaRiver.objects.filter(_there(year), area_code__startswith=area_code)
    rows = tuple(
        RiverYear(river, water.section_year(river.section, date(year, 1, 1), end), _loads(river, year, end))
        for river in found.select_related("section__river", "parent").order_by("code")
    )  # fmt: skip
    judged = [row for row in rows if row.year.rank is not None]
    door = doors.SEA_RIVERS.opens(area=area_code, year=str(year))
    standard = next((row.year.standard for row in judged), "")
    attained = ratio(
        "入海河流控制断面达标率", sum(1 for row in judged if row.year.attains), len(judged), door, standard=standard,
        missing=water.NO_DATA, judged=True,
    )  # fmt: skip
    inferior = ratio(
        "入海河流劣Ⅴ类比例", sum(1 for row in judged if row.year.rank == 6), len(judged), door, standard=standard,
        missing=water.NO_DATA, judged=True,
    )  # fmt: skip
    return Rivers(rows, attained, inferior)


def _loads(river: SeaRiver, year: int, end: date) -> dict[int, dict[str, Load]]:
    """Year -> item -> load; earlier years over the same months, so that they can be compared."""
    return {
        y: _load(river, date(y, 1, 1), _same_day(end, end.year - (year - y)))
        for y in range(year - YEARS + 1, year + 1)
    }


def _same_day(day: date, year: int) -> date:
    """The day of another year; of 29 February the day before where that year has none."""
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return date(year, day.month, last)


def _load(river: SeaRiver, begin: date, end: date) -> dict[str, Load]:
    section = river.section
    means = {month: mean for month, mean, _rank in water.section_days(section, begin, end).months}
    volumes: dict[date, Decimal] = {}
    for row in samples.flows_of([section.pk], begin, end).get(section.pk, ()):
        month = timezone.localdate(row.at).replace(day=1)
        back = row.direction == MonthlyFlow.Direction.BACK
        volumes[month] = volumes.get(month, Decimal(0)) + (-row.volume if back else row.volume)
    loads: dict[str, Load] = {}
    for item in ITEMS:
        both = {
            month: Fraction(str(mean.unrounded[item])) * Fraction(volumes[month]) / 100
            for month, mean in means.items()
            if item in mean.unrounded and month in volumes
        }
        parts = [Fraction(str(m.unrounded[item])) for m in means.values() if item in m.unrounded]
        loads[item] = Load(
            item,
            sum(both.values(), Fraction(0)) if both else None,
            len(both),
            sum(parts, Fraction(0)) / len(parts) if parts else None,
            river.tn_target if item == "tn" else river.tp_target,
        )
    return loads


def problems_of(bays: Iterable[Bay], person: Person) -> dict[int, dict[str, int]]:
    """Bay -> problems of it and of its stations and rivers, of those that ``person`` may see: all, open, late, closed."""
    counted = {bay.pk: dict.fromkeys(("all", "open", "late", "closed"), 0) for bay in bays}
    bay_of = {pk: pk for pk in counted}
    bay_of |= dict(Entity.objects.filter(parent__in=counted).values_list("pk", "parent_id"))
    late = Q(phase="open", due__lt=timezone.now())
    rows = (
        PROBLEMS.visible_to(person)
        .filter(entity__in=bay_of, merged_into=None, withdrawn_at=None)
        .order_by()
        .values("entity")
        .annotate(
            all=Count("pk"), open=Count("pk", filter=Q(phase="open")), late=Count("pk", filter=late),
            closed=Count("pk", filter=Q(phase__in=COMPLETED)),
        )
    )  # fmt: skip
    for row in rows:
        sums = counted[bay_of[row["entity"]]]
        for name in sums:
            sums[name] += row[name]
    return counted
