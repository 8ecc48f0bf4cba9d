"""Drinking-water sources month by month."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from ecoledger.accounts.scope import covers
from ecoledger.indicators import doors, sources
from ecoledger.indicators.records.declaring import Asked, Cell, Column, Page, Row, between, table
from ecoledger.indicators.sources import SourceMonth
from ecoledger.registers.water.compensation import last_of
from ecoledger.registers.water.samples import SAMPLES
from ecoledger.registers.water.source_models import WaterSource


@table(doors.SOURCES)
def water_sources(asked: Asked) -> Page:
    """Each source and month of the span."""
    begin, end = asked.span()
    found = sources.of(asked.area(), begin, end)
    rows = [row for row in found.rows if covers(asked.person, row.source.area_code)]
    return months(rows, between("饮用水水源地水质", begin, end))


def months(rows: Collection[SourceMonth], title: str = "") -> Page:
    """A row a source and month; what is counted in the rates is marked."""
    counted = [row for row in rows if row.source.use == WaterSource.Use.IN_USE and row.attains is not None]  # fmt: skip
    return Page(
        title,
        (
            Column("月份"), Column("水源地", lead=True), Column("级别"), Column("类型"), Column("使用状态"), Column("目标"),
            Column("类别"), Column("达标"), Column("超标项目"), Column("样次", "number"), Column("取水量 万m³", "number"),
        ),
        [_row(row) for row in rows],
        notes=(
            _("在用水源 %(all)s 次，有监测 %(judged)s 次，达标 %(met)s 次；没有监测的不计入分母，备用水源只列出。")
            % {
                "all": sum(1 for row in rows if row.source.use == WaterSource.Use.IN_USE),
                "judged": len(counted),
                "met": sum(1 for row in counted if row.attains),
            },
            _("地表水按 GB 3838 表1 对各自目标、表2 对限值；地下水按 GB/T 14848 已测项目。"),
        ),
        empty="您的数据范围内没有饮用水水源地。",
    )  # fmt: skip


def _row(row: SourceMonth) -> Row:
    source = row.source
    sampled = doors.ROW.opens(
        url=f"{SAMPLES.url}?about={source.pk}&at_from={row.month}&at_to={last_of(row.month)}"
    )
    return Row(
        (
            Cell(f"{row.month:%Y-%m}"), Cell(source.name, opens=doors.ROW.opens(url=f"/entities/{source.pk}")),
            Cell(_(source.get_level_display())), Cell(_(source.get_sort_display())), Cell(_(source.get_use_display())),
            Cell(_(source.get_target_class_display())), Cell(row.class_),
            Cell({True: "✓", False: "✗", None: _("数据缺")}[row.attains]), Cell(row.failures or "—"),
            Cell(row.samples, "number", opens=sampled if row.samples else None),
            Cell(None if row.volume is None else float(row.volume), "number", 2),
        ),
        {"source": source.name},
        counted=bool(row.attains),
    )  # fmt: skip
