"""The sea of a year: bay segments, stations by survey, rivers to the sea with their loads."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from fractions import Fraction

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.scope import covers
from ecoledger.indicators import doors, sea
from ecoledger.indicators.figures import printed
from ecoledger.indicators.records.declaring import Asked, Cell, Column, NotThere, Page, Row, table
from ecoledger.indicators.sea import BayYear, Load, RiverYear
from ecoledger.registers.water.sea_models import Season
from ecoledger.standards import sea as standard
from ecoledger.standards.rounding import plainly


def year_of(asked: Asked) -> int:
    year = asked.number("year")
    if not 2000 <= year <= 2100:
        raise NotThere("year")
    return year


def end_of(year: int) -> date:
    """The day after the year, or tomorrow while it runs."""
    return min(date(year + 1, 1, 1), timezone.localdate() + timedelta(days=1))


@table(doors.SEA)
def sea_year(asked: Asked) -> Page:
    """The bays of an area's year with the areas behind the share."""
    year = year_of(asked)
    rows = [b for b in sea.of(asked.area(), year).bays if covers(asked.person, b.bay.area_code)]
    return bays(rows, _("近岸海域水质 %s") % year)


@table(doors.SEA_RIVERS)
def sea_rivers(asked: Asked) -> Page:
    """The rivers to the sea of a year."""
    year = year_of(asked)
    found = sea.rivers(asked.area(), year, max(end_of(year), date(year, 1, 2)))
    rows = [r for r in found.rows if covers(asked.person, r.river.area_code)]
    return rivers(rows, year, _("入海河流 %s") % year)


def bays(rows: Collection[BayYear], title: str = "") -> Page:
    """Bays with the mean area of each class, the share, the grade and their own target."""
    return Page(
        title,
        (
            Column("湾段", lead=True), *(Column(f"{label} km²", "number") for label in standard.LABELS),
            Column("优良比例 %", "number"), Column("目标 %", "number"), Column("达标"), Column("评价"), Column("航次"),
            Column("面积依据"),
        ),
        [_bay(row) for row in rows],
        notes=(
            _("面积为春、夏、秋三个航次的平均；公布了分类面积的以公布的为准，其余由监测点按反距离插值，不足 3 个监测点或没有边界的按监测点数。"),
        ),
        empty="还没有湾段。",
    )  # fmt: skip


def _bay(row: BayYear) -> Row:
    areas = row.shares.areas if row.shares else (None,) * 5
    done = [Season(s.season).label for s in row.surveys if s.shares is not None]
    target = row.bay.target_good
    verdict = {True: "✓", False: "✗", None: _("数据缺") if target is not None else "—"}
    return Row(
        (
            Cell(row.bay.name, opens=doors.ROW.opens(url=f"/entities/{row.bay.pk}")),
            *(Cell(None if area is None else float(area), "number", 1) for area in areas),
            Cell(row.good, "number", 1), Cell(None if target is None else float(target), "number", 1),
            Cell(verdict[row.met]), Cell(_(row.grade or "—")), Cell(_("、").join(_(name) for name in done) or "—"),
            Cell(_("、").join(_(way) for way in row.ways.split("、") if way) or "—"),
        ),
        {"bay": row.bay.name},
        counted=bool(row.met),
    )  # fmt: skip


def stations(rows: Collection[BayYear]) -> Page:
    """Every station with the class of each survey."""
    seasons = [Season.SPRING, Season.SUMMER, Season.AUTUMN]
    lines: list[Row] = []
    for row in rows:
        by_station: dict[int, dict[str, sea.StationSurvey]] = {}
        for survey in row.surveys:
            for station in survey.stations:
                by_station.setdefault(station.station.pk, {})[survey.season] = station
        for surveys in by_station.values():
            any_ = next(iter(surveys.values()))
            lines.append(
                Row(
                    (
                        Cell(any_.station.name, opens=doors.ROW.opens(url=f"/entities/{any_.station.pk}")),
                        Cell(row.bay.name), Cell(_(any_.station.get_target_class_display())),
                        *(Cell(_said(surveys.get(season))) for season in seasons),
                    ),
                    {"station": any_.station.name},
                )
            )  # fmt: skip
    return Page(
        "",
        (
            Column("监测点", lead=True), Column("湾段"), Column("目标"), *(Column(season.label) for season in seasons),
        ),
        lines,
        notes=(_("括号内为劣于二类的项目及超标倍数；E 为富营养化指数。"),),
        empty="还没有近岸海域监测点。",
    )  # fmt: skip


def _said(station: sea.StationSurvey | None) -> str:
    if station is None or station.judged is None or station.rank is None:
        return "—"
    said = _(station.judged.label)
    if station.judged.exceeding_text:
        said += f"（{station.judged.exceeding_text}）"
    if station.index is not None:
        said += f" E={station.index:.2f} {_(standard.eutrophication_level(station.index))}"
    return said


def rivers(rows: Collection[RiverYear], year: int, title: str = "") -> Page:
    """Rivers with class and target, and the means that their control targets speak of."""
    return Page(
        title,
        (
            Column("入海河流", lead=True), Column("控制断面"), Column("汇入湾段"), Column("目标"), Column("类别", "chip"),
            Column("达标"), Column("总氮均值（控制目标）"), Column("总磷均值（控制目标）"),
        ),
        [_river(row, year) for row in rows],
        empty="还没有入海河流。",
    )  # fmt: skip


def _river(row: RiverYear, year: int) -> Row:
    now = row.loads[year]
    section = row.river.section
    begin, end = date(year, 1, 1), end_of(year)
    days = doors.WATER_DAYS.opens(section=str(section.pk), begin=f"{begin}", end=f"{end}")
    return Row(
        (
            Cell(row.river.name, opens=doors.ROW.opens(url=f"/entities/{row.river.pk}")),
            Cell(section.name, opens=days), Cell(str(row.river.parent or "—")), Cell(row.year.target),
            Cell(row.year.rank, "water"), Cell({True: "✓", False: "✗", None: "—"}[row.year.attains]),
            Cell(_against(now["tn"])), Cell(_against(now["tp"])),
        ),
        {"river": row.river.name},
        counted=bool(row.year.attains),
    )  # fmt: skip


def loads(rows: Collection[RiverYear], year: int) -> Page:
    """What each river carried to the sea in tonnes over the years."""
    years = list(range(year - sea.YEARS + 1, year + 1))
    columns = [Column("入海河流", lead=True)]
    for name, change in (("总氮", Column("总氮变化")), ("总磷", Column("总磷变化"))):
        columns += [*(Column(f"{_(name)} {y} t", "number") for y in years), change]
    return Page(
        "",
        (*columns, Column("计入月份")),
        [_load(row, year, years) for row in rows],
        notes=(
            _("入海量＝各月月均浓度×月水量之和（mg/L×万m³÷100＝t），只计两者都有的月份；月数不同的年份不比较。"),
        ),
        empty="还没有入海河流。",
    )  # fmt: skip


def _load(row: RiverYear, year: int, years: list[int]) -> Row:
    now, cells = row.loads[year], [Cell(row.river.name)]
    for item in sea.ITEMS:
        cells += [Cell(_number(row.loads[y][item]), "number", 2) for y in years]
        cells.append(Cell(_percent(row.change(item, year))))
    months = f"{now['tn'].months} / {now['tp'].months}"
    return Row((*cells, Cell(months)), {"load": row.river.name})


def _number(load: Load) -> float | None:
    return None if load.tonnes is None else float(load.tonnes)


def _percent(value: Fraction | None) -> str:
    return "—" if value is None else f"{'+' if value > 0 else ''}{printed(value, 1)} %"


def _against(load: Load) -> str:
    if load.mean is None:
        return "—"
    said = printed(load.mean, 3)
    if load.target is None:
        return said
    return f"{said}（{plainly(load.target)}）{'✓' if load.met else '✗'}"
