"""Figures of surface water: the class of each section for a period, against its functional-zone target.

A month is judged by the mean of its daily means, or of what was sampled by hand where its section has no station or that
had nothing; a longer period by the mean of its month means; a year's
attainment is told in two ways, by the mean and by the months (环办〔2011〕22号, ``standards.water_periods``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from ecoledger.entities.models import Section
from ecoledger.entities.validity import day_before, overlapping
from ecoledger.indicators import doors
from ecoledger.indicators.figures import Figure, ratio
from ecoledger.monitoring.computing import standard_values
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.points import table as known_points
from ecoledger.monitoring.runtime import store
from ecoledger.registers.water import samples
from ecoledger.standards import exceedance, surface_water, water_periods
from ecoledger.standards.water_periods import Attainment, Needed, PeriodMean

NO_DATA = "没有断面有有效数据"
NO_STATION = "未接入自动监测"


@dataclass(frozen=True)
class SectionPeriod:
    """A section's class over a period.

    ``rank`` is 1 (Ⅰ) to 6 (劣Ⅴ), ``None`` without data; ``failures`` names what exceeds the target, with
    the gap; ``mean`` holds the means the class was judged by, ``days`` how many daily means they rest on.
    """

    section: Section
    point: Point | None
    rank: int | None = None
    failures: str = ""
    mean: PeriodMean | None = None
    days: int = 0
    standard: str = ""

    @property
    def label(self) -> str:
        return surface_water.label(self.rank) if self.rank else "—"

    @property
    def target(self) -> str:
        return surface_water.label(self.section.target_class)

    @property
    def attains(self) -> bool | None:
        return None if self.rank is None else self.rank <= self.section.target_class

    @property
    def missing(self) -> str:
        """Why there is no class."""
        if self.rank is not None:
            return ""
        return "期内无有效数据" if self.point else NO_STATION


@dataclass(frozen=True)
class WaterPeriod:
    """How an area's sections were over a period, and their shares of those with a class."""

    sections: list[SectionPeriod]
    good: Figure
    inferior: Figure
    attained: Figure

    @property
    def judged(self) -> list[SectionPeriod]:
        return [s for s in self.sections if s.rank is not None]

    @property
    def standard(self) -> str:
        return next((s.standard for s in self.judged), "")

    def of(self, section: Section) -> SectionPeriod | None:
        return next((s for s in self.sections if s.section.pk == section.pk), None)


@dataclass(frozen=True)
class SectionYear:
    """A section over several months, mostly a year so far: each month's class, and attainment by the mean and by the months.

    ``months`` maps the first day of a month to its class; ``needed`` says what the months left must bring
    for each item that fails so far.
    """

    section: Section
    point: Point | None
    attainment: Attainment | None = None
    months: dict[date, int] = field(default_factory=dict)
    needed: tuple[Needed, ...] = ()
    standard: str = ""

    @property
    def rank(self) -> int | None:
        return self.attainment.mean_class.class_ if self.attainment else None

    @property
    def label(self) -> str:
        return surface_water.label(self.rank) if self.rank else "—"

    @property
    def target(self) -> str:
        return surface_water.label(self.section.target_class)

    @property
    def attains(self) -> bool | None:
        """By the mean so far, whether or not the year has the months for a verdict yet."""
        return None if self.rank is None else self.rank <= self.section.target_class

    @property
    def months_attained(self) -> int:
        return sum(1 for rank in self.months.values() if rank <= self.section.target_class)


@dataclass(frozen=True)
class WaterYear:
    """An area over several months, mostly its year so far, ``begin <= day < end``. ``enough``: every section judged has the months that
    a year's verdict needs; until then the shares by the mean are told as they stand."""

    begin: date
    end: date
    sections: list[SectionYear]
    good: Figure
    inferior: Figure
    attained: Figure
    months_attained: Figure

    @property
    def judged(self) -> list[SectionYear]:
        return [s for s in self.sections if s.rank is not None]

    @property
    def enough(self) -> bool:
        return all(s.attainment.mean.valid for s in self.judged if s.attainment)

    @property
    def months(self) -> list[date]:
        """First days of the months that any section was judged in."""
        return sorted({month for s in self.sections for month in s.months})


def places(area_code: str, begin: date, end: date) -> list[tuple[Section, Point | None]]:
    """The sections that an area had on the days ``begin <= day < end``, downstream along each river, with the water station
    that speaks for each.

    Where several stations stand at a section, the one registered first speaks.
    """
    stations: dict[int, Point] = {}
    for point in (
        Point.objects.filter(kind="water", enabled=True)
        .filter(entity__as_station__section__area_code__startswith=area_code)
        .select_related("entity__as_station")
        .order_by("pk")
    ):
        if point.entity is not None:
            stations.setdefault(point.entity.as_station.section_id or 0, point)
    there = overlapping(begin, day_before(end))
    sections = Section.objects.filter(there, area_code__startswith=area_code)
    ordered = sections.select_related("river").order_by("river__code", "chainage_km", "pk")
    return [(section, stations.get(section.pk)) for section in ordered]


def daily(points: Sequence[Point], begin: date, end: date) -> pl.DataFrame:
    """Valid daily means of water points: ``point, time`` and a column an item."""
    codes = standard_values.water_codes()
    rows = store().read(
        [p.pk for p in points],
        list(codes),
        "computed-day",
        datetime.combine(begin, time()),
        datetime.combine(end, time()),
        columns=("point", "parameter", "start", "value", "valid"),
    )
    rows = standard_values.in_standard_units(
        rows.filter(pl.col("valid").fill_null(True)), "water", known_points.current()
    ).filter(pl.col("value").is_not_null())
    if rows.is_empty():
        return pl.DataFrame(schema={"point": pl.Int64, "time": pl.Date})
    return (
        rows.with_columns(
            item=pl.col("parameter").replace_strict(codes), time=pl.col("start").dt.date()
        )
        .pivot("item", index=["point", "time"], values="value", aggregate_function="first")
        .sort("point", "time")
    )


def rows_of(
    found: Sequence[tuple[Section, Point | None]], begin: date, end: date
) -> dict[int, list[dict[str, Any]]]:
    """Key of the section -> its days: of its station and, of months in which that has none, what was sampled by hand."""
    measured = _by_point(daily([point for _, point in found if point], begin, end))
    sampled = samples.days_of([section.pk for section, _ in found], begin, end)
    rows: dict[int, list[dict[str, Any]]] = {}
    for section, point in found:
        own = measured.get(point.pk, []) if point else []
        months = {(row["time"].year, row["time"].month) for row in own}
        by_hand = [
            row
            for row in sampled.get(section.pk, ())
            if (row["time"].year, row["time"].month) not in months
        ]
        rows[section.pk] = sorted([*own, *by_hand], key=lambda row: row["time"])
    return rows


def _by_point(table: pl.DataFrame) -> dict[int, list[dict[str, Any]]]:
    result: dict[int, list[dict[str, Any]]] = {}
    for row in table.iter_rows(named=True):
        result.setdefault(row["point"], []).append(
            {key: value for key, value in row.items() if value is not None and key != "point"}
        )
    return result


def _is_good(rank: int | None) -> bool:
    """Whether a class is one of 优良 (Ⅰ to Ⅲ)."""
    return rank is not None and rank <= surface_water.GOOD_UP_TO


def _waterbody(section: Section) -> surface_water.Waterbody:
    return "lake" if section.is_lake else "river"


def _month_means(rows: Sequence[dict[str, Any]], section: Section) -> dict[date, PeriodMean]:
    """First day of each month -> the mean of its days."""
    months: dict[date, list[dict[str, Any]]] = {}
    for row in rows:
        months.setdefault(row["time"].replace(day=1), []).append(row)
    return {
        month: water_periods.period_mean(
            parts, period="month", on=parts[-1]["time"], waterbody=_waterbody(section)
        )
        for month, parts in months.items()
    }


def period(area_code: str, begin: date, end: date) -> WaterPeriod:
    """Figures of an area's sections for the days ``begin <= day < end``."""
    found = places(area_code, begin, end)
    rows = rows_of(found, begin, end)
    sections = [_section(section, point, rows[section.pk]) for section, point in found]
    span = {"area": area_code, "begin": begin.isoformat(), "end": end.isoformat()}
    judged = [s for s in sections if s.rank is not None]
    standard = judged[0].standard if judged else ""

    def share(label: str, chosen: str, number: int) -> Figure:
        return ratio(
            label,
            number,
            len(judged),
            doors.WATER_SECTIONS.opens(**span, only=chosen),
            standard=standard,
            missing=NO_DATA,
            judged=True,
        )

    return WaterPeriod(
        sections,
        share(
            "优良（Ⅰ～Ⅲ类）断面比例",
            "good",
            sum(1 for s in judged if _is_good(s.rank)),
        ),
        share(
            "劣Ⅴ类断面比例", "inferior", sum(1 for s in judged if s.rank == surface_water.INFERIOR)
        ),
        share("断面达标率", "attained", sum(1 for s in judged if s.attains)),
    )


def _section(section: Section, point: Point | None, rows: list[dict[str, Any]]) -> SectionPeriod:
    months = _month_means(rows, section)
    if not months:
        return SectionPeriod(section, point)
    on: date = rows[-1]["time"]
    if len(months) == 1:
        (mean,) = months.values()
    else:
        mean = water_periods.period_mean(
            [month.unrounded for month in months.values()],
            period="year",
            on=on,
            waterbody=_waterbody(section),
        )
    judged = surface_water.classify(mean.values, on=on, waterbody=_waterbody(section))
    return SectionPeriod(
        section,
        point,
        judged.class_,
        failing(mean, section, on),
        mean,
        len(rows),
        judged.standard,
    )


@dataclass(frozen=True)
class SectionDays:
    """Everything a section's class over a period was made from: its days, their month means, the mean."""

    section: Section
    period: SectionPeriod
    days: list[dict[str, Any]]
    months: list[tuple[date, PeriodMean, int | None]]

    @property
    def items(self) -> list[str]:
        """Keys of the items measured, in the standard's order."""
        return list(self.period.mean.values) if self.period.mean else []


def _days_at(section: Section, begin: date, end: date) -> tuple[Point | None, list[dict[str, Any]]]:
    """The point that speaks for a section, and its days."""
    point = dict(places(section.area_code, begin, end)).get(section)
    return point, rows_of([(section, point)], begin, end)[section.pk]


def section_year(section: Section, begin: date, end: date) -> SectionYear:
    """One section from 1 January ``begin`` to before ``end``, by mean and by months."""
    return _section_year(section, *_days_at(section, begin, end), end)


def section_days(section: Section, begin: date, end: date) -> SectionDays:
    """One section's records of the days ``begin <= day < end``."""
    point, rows = _days_at(section, begin, end)
    months = [
        (
            month,
            mean,
            surface_water.classify(mean.values, on=month, waterbody=_waterbody(section)).class_,
        )
        for month, mean in _month_means(rows, section).items()
    ]
    return SectionDays(section, _section(section, point, rows), rows, months)


def failing(mean: PeriodMean, section: Section, on: date) -> str:
    """The items by which a mean misses the section's target, worst multiple first, as bulletins print them."""
    found = surface_water.failures(
        mean.values, section.target_class, on=on, waterbody=_waterbody(section)
    )
    ordered = sorted(found, key=lambda f: -(f.multiple or 0))
    return "、".join(
        f.name if f.multiple is None else f"{f.name}({exceedance.multiple_text(f.multiple)})"
        for f in ordered
    )


def year(area_code: str, begin: date, end: date) -> WaterYear:
    """An area's sections from the first of a month ``begin`` to before ``end``, by mean and by months."""
    found = places(area_code, begin, end)
    rows = rows_of(found, begin, end)
    sections = [_section_year(section, point, rows[section.pk], end) for section, point in found]
    judged = [s for s in sections if s.rank is not None]
    standard = judged[0].standard if judged else ""
    span = {"area": area_code, "begin": begin.isoformat(), "end": end.isoformat()}

    def share(label: str, chosen: str, part: int, whole: int) -> Figure:
        return ratio(
            label,
            part,
            whole,
            doors.WATER_MONTHS.opens(**span, only=chosen),
            standard=standard,
            missing=NO_DATA,
            judged=True,
        )

    return WaterYear(
        begin,
        end,
        sections,
        share(
            "优良（Ⅰ～Ⅲ类）断面比例（累计均值）",
            "good",
            sum(1 for s in judged if _is_good(s.rank)),
            len(judged),
        ),
        share(
            "劣Ⅴ类断面比例（累计均值）",
            "inferior",
            sum(1 for s in judged if s.rank == surface_water.INFERIOR),
            len(judged),
        ),
        share(
            "断面达标率（累计均值）", "attained", sum(1 for s in judged if s.attains), len(judged)
        ),
        share(
            "断面达标率（月次）",
            "months",
            sum(s.months_attained for s in judged),
            sum(len(s.months) for s in judged),
        ),
    )


def _section_year(
    section: Section, point: Point | None, rows: list[dict[str, Any]], end: date
) -> SectionYear:
    means = _month_means(rows, section)
    if not means:
        return SectionYear(section, point)
    waterbody = _waterbody(section)
    on: date = rows[-1]["time"]
    judged = water_periods.attainment(
        {month: mean.unrounded for month, mean in means.items()},
        section.target_class,
        on=on,
        waterbody=waterbody,
    )
    classes: dict[date, int] = {}
    for month, mean in means.items():
        rank = surface_water.classify(mean.values, on=on, waterbody=waterbody).class_
        if rank is not None:
            classes[month] = rank
    # The running month is not over: its mean may still move, so it counts among those left.
    done = [mean.unrounded for month, mean in means.items() if _next_month(month) <= end]
    fail = {f.item for f in judged.mean_failures}
    left = water_periods.needed(
        done,
        section.target_class,
        total_months=len(done) + _months_left(end),
        on=on,
        waterbody=waterbody,
    )
    return SectionYear(
        section,
        point,
        judged,
        classes,
        tuple(n for n in left if n.item in fail),
        judged.mean_class.standard,
    )


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _months_left(end: date) -> int:
    """Months of the year not over before ``end``: on 1 November two, on 1 January of the next none."""
    return (13 - end.month) % 12 if end.day == 1 else 13 - end.month
