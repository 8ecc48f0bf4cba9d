"""Sections of a period, of a year by months, and one section's days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.accounts.wording import numbered
from ecoledger.entities.models import Section
from ecoledger.indicators import doors, water
from ecoledger.indicators.figures import Records
from ecoledger.indicators.records.declaring import (
    Asked,
    Cell,
    Column,
    NotThere,
    Page,
    Row,
    between,
    table,
)
from ecoledger.standards import surface_water

# Whether a section of a class and with a target counts in the numerator of a share.
_COUNTED: dict[str, Callable[[int, int], bool]] = {
    "good": lambda rank, target: rank <= surface_water.GOOD_UP_TO,
    "inferior": lambda rank, target: rank == surface_water.INFERIOR,
    "attained": lambda rank, target: rank <= target,
    "months": lambda rank, target: rank <= target,
}


def _counts(only: str, rank: int | None, target: int) -> bool:
    return rank is not None and only in _COUNTED and _COUNTED[only](rank, target)


def _seen(asked: Asked) -> set[int]:
    return set(asked.see.sections(asked.person).values_list("pk", flat=True))


def _days_of(section: Section, begin: date, end: date) -> Records:
    return doors.WATER_DAYS.opens(
        section=str(section.pk), begin=begin.isoformat(), end=end.isoformat()
    )


def _marks(section: Section, rank: int | None) -> dict[str, str]:
    return {"section": str(section.pk), "rank": "" if rank is None else str(rank)}


@table(doors.WATER_SECTIONS)
def water_sections(asked: Asked) -> Page:
    """Sections of an area with the means their class was judged by."""
    begin, end = asked.span()
    only = asked.text("only")
    seen = _seen(asked)
    rows = [s for s in water.period(asked.area(), begin, end).sections if s.section.pk in seen]
    return Page(
        between("断面水质", begin, end),
        (
            Column("断面", lead=True), Column("河流"), Column("目标"), Column("类别", "chip"),
            Column("计入"), Column("超目标项目"), Column("有效天数", "number"), Column("均值"),
        ),
        [_section(row, begin, end, only) for row in rows],
        notes=(
            _("断面 %(all)s 个，有类别 %(judged)s 个；打勾的计入分子。")
            % {"all": len(rows), "judged": sum(1 for s in rows if s.rank is not None)},
        ),
        empty="您的数据范围内没有断面。",
    )  # fmt: skip


def _section(period: water.SectionPeriod, begin: date, end: date, only: str) -> Row:
    counted = _counts(only, period.rank, period.section.target_class)
    means = period.mean.values.items() if period.mean else ()
    return Row(
        (
            Cell(period.section.name, opens=_days_of(period.section, begin, end)),
            Cell(str(period.section.river or "")),
            Cell(period.target),
            Cell(period.rank, "water"),
            Cell(counted, "tick"),
            Cell(period.failures or period.missing or "—"),
            Cell(period.days, "number"),
            Cell(" · ".join(f"{_(surface_water.item_name(k))} {v:.10g}" for k, v in means)),
        ),
        _marks(period.section, period.rank),
        counted=counted,
    )


@table(doors.WATER_MONTHS)
def water_months(asked: Asked) -> Page:
    """Each section's class of every month and of the mean of the months."""
    begin, end = asked.span()
    only = asked.text("only")
    seen = _seen(asked)
    rows = [s for s in water.year(asked.area(), begin, end).sections if s.section.pk in seen]
    months = sorted({month for s in rows for month in s.months})
    words = {
        "all": len(rows),
        "judged": sum(1 for s in rows if s.rank is not None),
        "section_months": sum(len(s.months) for s in rows),
        "section_months_attained": sum(s.months_attained for s in rows),
    }
    return Page(
        between("断面逐月水质", begin, end),
        (
            Column("断面", lead=True), Column("目标"),
            *(Column(f"{month.month}{_('月')}", "chip") for month in months),
            Column("累计均值", "chip"), Column("计入"),
        ),
        [_year(row, begin, end, only, months) for row in rows],
        notes=(
            _(
                "断面 %(all)s 个，有类别 %(judged)s 个，打勾的按累计均值计入分子。按月次："
                "%(section_months)s 断面次，达标 %(section_months_attained)s 断面次。"
            )
            % words,
        ),
        empty="您的数据范围内没有断面。",
    )  # fmt: skip


def _year(year: water.SectionYear, begin: date, end: date, only: str, months: list[date]) -> Row:
    counted = _counts(only, year.rank, year.section.target_class)
    classes: list[Cell] = []
    for month in months:
        rank = year.months.get(month)
        met = "" if rank is None else str(int(rank <= year.section.target_class))
        classes.append(Cell(rank, "water", mark="month-met" if met else "", note=met))
    return Row(
        (
            Cell(year.section.name, opens=_days_of(year.section, begin, end)),
            Cell(year.target),
            *classes,
            Cell(year.rank, "water"),
            Cell(counted, "tick"),
        ),
        _marks(year.section, year.rank),
        counted=counted,
    )


@table(doors.WATER_DAYS)
def water_days(asked: Asked) -> Page:
    """One section's days, their month means and the mean its class was judged by."""
    begin, end = asked.span()
    section = asked.see.sections(asked.person).filter(pk=asked.number("section")).first()
    if section is None:
        raise NotThere("section")
    found = water.section_days(section, begin, end)
    limits = surface_water.limits_on(end)[1].of("lake" if section.is_lake else "river")
    items = [(key, limits[key].name, limits[key].decimals) for key in found.items]

    def values(row: dict[str, Any]) -> list[Cell]:
        return [Cell(row.get(key), "number", decimals) for key, _name, decimals in items]

    rows: list[Row] = []
    if found.days:
        mean = dict(found.period.mean.values) if found.period.mean else {}
        rows.append(
            Row((Cell(_("均值")), *values(mean), Cell(found.period.rank, "water")), total=True)
        )
    if len(found.months) > 1:
        for month, mean_of, rank in found.months:
            days = numbered("%(parts)s 天", mean_of.parts) % {"parts": mean_of.parts}
            rows.append(
                Row(
                    (
                        Cell(f"{month:%Y-%m}", note=days),
                        *values(dict(mean_of.values)),
                        Cell(rank, "water"),
                    ),
                    total=True,
                )
            )
    for row in found.days:
        day: date = row["time"]
        rows.append(Row((Cell(day, "day"), *values(row), Cell()), {"day": day.isoformat()}))
    period = found.period
    said: list[str | Cell] = [
        f"{section.river or ''} · {_('水质目标')} {period.target} · {_('评价结果')} {period.label}"
        f" {period.failures}{_(period.missing) if period.missing else ''}"
    ]
    if period.point is not None:
        said.append(Cell(period.point.name, opens=doors.STATION.opens(point=str(period.point.pk))))
    return Page(
        f"{section.name} · {between('逐日水质', begin, end)}",
        (
            Column("日期", lead=True),
            *(Column(name, "number") for _key, name, _decimals in items),
            Column("类别", "chip"),
        ),
        rows,
        notes=said,
        empty="期内没有有效日均值。",
    )
