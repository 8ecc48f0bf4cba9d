"""The outlets of inner rivers: month by month, the mean, and what the rest of the quarter and the year must bring."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.utils.translation import gettext as _

from ecoledger.indicators import doors
from ecoledger.indicators.outlets import Mouth
from ecoledger.indicators.records.declaring import Cell, Column, Page, Row
from ecoledger.standards import surface_water
from ecoledger.standards.water_periods import Needed


def mouths(rows: Collection[Mouth], begin: date, end: date) -> Page:
    """A row an outlet: both attainments, the outlook, and what is needed."""
    differing = [row.section.name for row in rows if row.differs]
    return Page(
        "",
        (
            Column("断面", lead=True), Column("责任单位"), Column("目标"), Column("月次达标"), Column("本季均值", "chip"),
            Column("累计均值", "chip"), Column("均值达标"), Column("全年预判"), Column("以月保季：本季余下月份"),
            Column("以季保年：全年余下月份"), Column("溯源"),
        ),
        [_row(row, begin, end) for row in rows],
        notes=(
            _("年均值达标与月次达标分开计算，两者可以不同。") + (
                _("均值达标而有月份未达标的：%s。") % _("、").join(differing) if differing else ""
            ),
            _("稳定达标：余下各月都如今年最差的一月也能达标；难以达标：余下各月再好也达不到；其余为有望达标。"),
        ),
        empty="还没有生效的考核名单。登记本年度名单并公布后，在这里逐月测算。",
    )  # fmt: skip


def months(rows: Collection[Mouth]) -> Page:
    """The class of every month."""
    known = sorted({month for row in rows for month in row.months})
    return Page(
        "",
        (
            Column("断面", lead=True), Column("目标"), *(Column(f"{month.month}{_('月')}", "chip") for month in known),
        ),
        [
            Row(
                (
                    Cell(row.section.name), Cell(surface_water.label(row.target)),
                    *(Cell(row.months.get(month), "water") for month in known),
                ),
                {"months-of": row.section.name},
            )
            for row in rows
        ],
        empty="还没有数据。",
    )  # fmt: skip


def _row(row: Mouth, begin: date, end: date) -> Row:
    section = row.section
    days = doors.WATER_DAYS.opens(section=str(section.pk), begin=f"{begin}", end=f"{end}")
    met = "—" if not row.months else f"{row.months_met} / {len(row.months)}"
    return Row(
        (
            Cell(section.name, opens=days), Cell(row.line.unit or "—"), Cell(surface_water.label(row.target)), Cell(met),
            Cell(row.quarter_rank, "water"), Cell(row.rank, "water"),
            Cell({True: "✓", False: "✗", None: "—"}[row.attains]), Cell(_(row.outlook)),
            Cell(_said(row.quarter_needed)), Cell(_said(row.year_needed)),
            Cell(_("上游溯源"), opens=doors.ROW.opens(url=f"/water/upstream?section={section.pk}")),
        ),
        {"mouth": section.name, "outlook": row.outlook},
        counted=bool(row.attains),
    )  # fmt: skip


def _said(needed: Collection[Needed]) -> str:
    return "；".join(need.text for need in needed) or "—"
