"""Rows of a table of observations to values, each bad cell named with its remedy and the rest kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.wording import numbered
from ecoledger.hj212 import codes
from ecoledger.listings import words
from ecoledger.listings.tables.book import Cell, Fault, Table, is_blank
from ecoledger.listings.tables.headers import bare, fold, why_no_data
from ecoledger.listings.tables.observed import flag_of
from ecoledger.live import times
from ecoledger.monitoring.files.columns import Layout, known_names, year_said
from ecoledger.monitoring.files.parsed import SHEET_STEP, Parsed, RowError
from ecoledger.monitoring.files.quantities import Quantity, codes_by_name, quantity
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.points import parameters
from ecoledger.monitoring.points import table as points
from ecoledger.standards.readings import (
    State,
    UnreadableReadingError,
    commas_either_way,
    parse,
)
from ecoledger.standards.written_dates import UnreadableDateError, read_hour_beside, read_moment
from ecoledger.standards.written_measures import CONCENTRATION, read_measure

SCHEMA: dict[str, Any] = {
    "row": pl.Int64,
    "point": pl.Int64,
    "parameter": pl.String,
    "start": pl.Datetime("us"),
    "value": pl.Float64,
    "decimals": pl.Int8,
    "text": pl.String,
    "flag": pl.String,
}
# What a national file holds beside the hour's values: moving means and indices, computed here from the values.
_COMPUTED = re.compile(r".*_(?:8h|24h|8h_24h)|aqi|.*iaqi")


# A midnight written as the end of the day before.
_TO_24 = re.compile(r"(?:(?<!\d)24|^\d{8}24)(?:\.0+|[:时点].*)?$")
_NO_YEAR = re.compile(r"\d{1,2}[-/月]\d{1,2}(?![-/\d])")
_NO_UNIT = {"-", "/", "—", "无", "无量纲"}


class Places:
    """Points by whatever a file calls them."""

    def __init__(self, person: Person | None) -> None:
        from ecoledger.accounts.scope import visible

        queryset = Point.objects.select_related("entity").exclude(kind=Point.Kind.AREA)
        if person is not None:
            queryset = visible(queryset, person, "area_code", "owner_code")
        self.by_name: dict[str, list[Point]] = {}
        # By their number in the list of points: in a column of points alone, as anywhere else it is any number.
        self.by_number: dict[str, list[Point]] = {}
        for point in queryset.prefetch_related("entity__identifiers"):
            self.by_number[str(point.pk)] = [point]
            names = {point.mn or "", point.name}
            if point.entity is not None:
                names |= {point.entity.code, point.entity.name}
                names |= {each.value for each in point.entity.identifiers.all()}
            for text in names - {""}:
                self.by_name.setdefault(fold(text), []).append(point)

    def same(self, one: str, other: str) -> bool:
        """Whether two names may be of one point."""
        named = [self.by_name.get(fold(n)) or self.by_number.get(fold(n), []) for n in (one, other)]
        return any(point in named[1] for point in named[0])

    def find(self, cell: Any, subject: str | None) -> Point:
        """The point called ``cell``; of several, the one that has the factor ``subject``."""
        text = fold(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)
        candidates = self.by_name.get(text) or self.by_number.get(text, [])
        if len(candidates) > 1 and subject is not None:
            fitting = [p for p in candidates if _code_at(subject, p) is not None]
            candidates = fitting or candidates
        if not candidates:
            raise LookupError(
                _("没有编码、MN 或名称为“%(cell)s”的监测点（或不在您的数据范围内）")
                % {"cell": cell}
            )
        if len(candidates) > 1:
            raise LookupError(_("“%(cell)s”对应多个监测点，请写监测点编号或 MN") % {"cell": cell})
        return candidates[0]


def _code_at(subject: str, point: Point) -> str | None:
    """The code of a factor, named in a folded way, at a point."""
    table = points.current().parameters.filter(pl.col("point") == point.pk)
    for code, name in table.select("parameter", "name").iter_rows():
        if subject in (fold(code), fold(name)):
            return str(code)
    by_kind = codes_by_name().get(subject, {})
    if point.kind in by_kind:
        return by_kind[point.kind]
    for code, factor in codes.FACTORS.items():
        if subject in (fold(code), fold(factor.name)) and code not in by_kind.values():
            return code
    return None


class Reader:
    """Turns the rows of one table into values, remembering what it has looked up."""

    def __init__(
        self,
        table: Table,
        sheet: int,
        layout: Layout,
        places: Places,
        point: str,
        parsed: Parsed,
        *,
        by_end: bool,
    ) -> None:
        """``by_end``: a time written as a span of hours (8:00-9:00) is called by its end."""
        self.table, self.layout, self.places = table, layout, places
        self.first_row = sheet * SHEET_STEP
        self.only_point, self.parsed, self.by_end = point, parsed, by_end
        # Which of the hours 0, 1 and 24 of a day are written.
        self.hours: set[int] = set()
        self.year = year_said(parsed.name, table, layout.header)
        self.has_hours = layout.hour is not None and not all(
            is_blank(_cell(row, layout.hour)) for row in table.rows[layout.below :]
        )
        self.values: list[tuple[Any, ...]] = []
        self.days_only: list[bool] = []
        self.days: set[int] = set()  # rows that name only a day
        self._points: dict[tuple[str, str], Point] = {}
        self._factors: dict[tuple[Quantity, int], tuple[str, int, int]] = {}
        self._factors_known = known_names()
        self._subjects: dict[str, Quantity] = {}
        self.seen: set[tuple[int, str, datetime]] = set()
        self._computed = 0
        self._either: frozenset[str] = frozenset()

    def read(self) -> None:
        """Take every row below the header: a value, an error, or left out by name."""
        after = ""
        filled: dict[int, set[int]] = {}
        for line, column in self.table.filled:
            filled.setdefault(line, set()).add(column)
        lines = list(self.table.lines())
        header = self.layout.header
        for line, (number, _row) in enumerate(lines[: header.below]):
            why = "units" if line in header.units else "title" if line < header.first else ""
            if self.table.below_another and not why:
                why = "header"
            if why:
                self.parsed.left_out.append((self.table.name, number, why))
        values = {*self.layout.factors, *self.layout.places, self.layout.value}
        self._either = commas_either_way(
            _cell(row, column) for row in self.table.rows[self.layout.below :] for column in values
        )
        for number, row in lines[self.layout.below :]:
            after = why_no_data(row, self.layout.header, frozenset(filled.get(number, ())), after)
            if after:
                self.parsed.left_out.append((self.table.name, number, after))
                continue
            self.parsed.rows_total += 1
            if self._whole(number, row):
                self._take(number, row, filled.get(number, set()))
        if self._computed:
            self.parsed.notes.append(
                numbered(
                    "%d 行是滑动平均或指数（如 PM2.5_24h、AQI），由系统从小时值计算，未导入",
                    self._computed,
                )
                % self._computed
            )

    def _wrong(self, number: int, field: str, problem: str, remedy: str) -> None:
        self.parsed.wrong(RowError(number, field, problem, remedy, self.table.name))

    def _whole(self, number: int, row: Sequence[Cell]) -> bool:
        """Whether the row's cells are where the header says; else an error."""
        faults = self.table.faults.get(number, [])
        for fault in faults:
            whole_row = fault.column is None or (
                fault.column in (self.layout.used if fault.kind == "bytes" else self.layout.of_row)
            )
            if whole_row:
                self._fault(number, fault)
                return False
            if fault.kind == "bytes":
                problem, _remedy = words.fault(fault, number)
                kept = _("该列没有使用，其余内容照常导入")
                self.parsed.warnings.append(RowError(number, "", problem, kept, self.table.name))
        width = len(self.layout.header.names)
        is_text = not self.table.name and not faults
        if is_text and len(row) != width and self._text_width_differs(row):
            self._wrong(number, "", *words.wrong_width(len(row), width))
            return False
        return True

    def _text_width_differs(self, row: Sequence[Cell]) -> bool:
        """Whether a row of text lacks cells or says something beyond the header."""
        width = len(self.layout.header.names)
        return len(row) < width or any(cell is not None for cell in row[width:])

    def _fault(self, number: int, fault: Fault) -> None:
        names, column = self.layout.header.names, fault.column
        title = names[column] if column is not None and column < len(names) else ""
        self._wrong(number, title, *words.fault(fault, number))

    def _moment(self, number: int, row: Sequence[Cell]) -> tuple[datetime, bool] | None:
        """(start, whether only its day is written); an error and ``None`` for what is no time."""
        layout = self.layout
        cell, hour = _cell(row, layout.time), _cell(row, layout.hour)
        if layout.days:
            parts = (_cell(row, column) for column in layout.days)
            cell = "-".join(f"{n:.0f}" if isinstance(n, float) else str(n or "") for n in parts)
        title = layout.header.names[layout.time]
        if isinstance(cell, str) and self.year and _NO_YEAR.match(cell.strip()):
            cell = f"{self.year}-{cell.strip()}"
            note = _("时间没有写年份，按标题或文件名读作 %d 年") % self.year
            self.parsed.notes += [note] * (note not in self.parsed.notes)
        try:
            start, day_only = read_moment(cell, last=self.by_end)
            if layout.hour is not None and is_blank(hour) and day_only and self.has_hours:
                problem = _("没有写小时")
                self._wrong(
                    number, layout.header.names[layout.hour], problem, _("补上小时，如 8 或 08:00")
                )
                return None
            if layout.hour is not None and hour is not None:
                day, cell, title = cell, hour, layout.header.names[layout.hour]
                start, day_only = read_hour_beside(day, hour, last=self.by_end)
        except UnreadableDateError as error:
            problem = (
                _("“%s”不是日历上有的时间")
                if error.why == "calendar"
                else _("“%s”不是能识别的时间")
            ) % cell
            if is_blank(cell):
                problem = _("没有写时间")
            self._wrong(number, title, problem, _("写作 2026-08-10 08:00 或 2026-08-10"))
            return None
        if not datetime(1950, 1, 1) <= start < datetime(2199, 1, 1):
            self._wrong(
                number, title, _("“%(cell)s”超出 1950 至 2199 年") % {"cell": cell}, _("更正年份")
            )
            return None
        if start > times.now() + timedelta(days=1):
            problem = _("%(time)s 在将来") % {"time": f"{start:%Y-%m-%d %H:%M}"}
            self._wrong(number, title, problem, _("更正时间"))
            return None
        if start.hour < 2 and not day_only:
            self.hours.add(24 if not start.hour and _TO_24.search(str(cell)) else start.hour)
        return start, day_only

    def _take(self, number: int, row: Sequence[Cell], filled: set[int]) -> None:
        layout = self.layout
        moment = self._moment(number, row)
        if moment is None:
            return
        flags = self._flags(number, row)
        if flags is None:
            return
        place = self.only_point or _cell(row, layout.point)
        faults = {f.column: f for f in self.table.faults.get(number, []) if f.column is not None}
        before = len(self.values)
        for column, measured, where in self._cells(number, row, place):
            if fault := faults.get(column):
                self._fault(number, fault)
            elif column in filled and column != layout.value:
                self._wrong(
                    number,
                    measured.title,
                    _("数值来自合并的单元格，不知道属于哪一行"),
                    _("取消合并，逐行填写"),
                )
            elif (flag := flags.get(column, flags.get(None, ""))) is not None:
                self._value(number, where, moment[0], flag, measured, _cell(row, column))
        if len(self.values) > before:
            self.days_only.append(moment[1])
            if moment[1]:
                self.days.add(self.first_row + number)
            self.parsed.lines[self.first_row + number] = "\t".join(
                "" if c is None else str(c) for c in row
            )

    def _flags(self, number: int, row: Sequence[Cell]) -> dict[int | None, str | None] | None:
        """The flag of the row, under ``None``, and those of single columns; an error and ``None`` for an unknown one, of the
        row or of the column."""
        flags: dict[int | None, str | None] = {}
        for mark in self.layout.marks:
            cell = _cell(row, mark.column)
            flag = flag_of(cell, denies=mark.denies)
            if flag is None:
                title = self.layout.header.names[mark.column]
                self._wrong(
                    number, title,
                    _("不认识标记“%s”") % cell,
                    _("写 HJ 212 的标记（N、F、M、S、D、C、T、B）或“正常”“停运”等，或留空"),
                )  # fmt: skip
                if mark.of is None:
                    return None
            if flag is None or flags.get(mark.of) in (None, "", "N"):
                flags[mark.of] = flag
        for column, flag in flags.items():
            if column is not None and flag in ("", "N"):
                flags[column] = flags.get(None, flag)
        return flags

    def _cells(
        self, number: int, row: Sequence[Cell], place: Cell
    ) -> list[tuple[int, Quantity, Cell]]:
        """(column, what it measures, where) for each value of a row."""
        layout = self.layout
        unit = str(_cell(row, layout.unit) or "").strip()
        unit = "" if fold(unit) in _NO_UNIT else unit
        if layout.parameter is None:
            return [
                (
                    column,
                    replace(measured, shared=(unit,)) if unit else measured,
                    layout.places.get(column, place),
                )
                for column, measured in layout.factors.items()
            ]
        said = str(_cell(row, layout.parameter) or "")
        subject = bare(said)
        if not subject:
            self._wrong(number, _("因子"), _("没有写因子"), _("写因子名称或编码，如 PM2.5、w21003"))
            return []
        if _COMPUTED.fullmatch(subject):
            self._computed += 1
            return []
        measured = self._measured(said)
        if measured.other or measured.mark:
            self._wrong(
                number,
                _("因子"),
                _("“%(said)s”不是因子的监测值，或写了不认识的单位") % {"said": said},
                _("写因子名称或编码，如 PM2.5、w21003"),
            )
            return []
        if unit and not measured.unit:
            measured = replace(measured, unit=unit)
        measured = layout.declared.of(measured)
        if layout.value is not None:
            return [(layout.value, measured, place)]
        return [(column, measured, name) for column, name in layout.places.items()]

    def _measured(self, said: str) -> Quantity:
        """What the cell of a column of factors names, unknown names among them."""
        if said not in self._subjects:
            known = quantity((said,), self._factors_known)
            self._subjects[said] = (
                replace(known, title="") if known else Quantity(bare(said), "", "")
            )
        return self._subjects[said]

    def _value(
        self,
        number: int,
        place: Cell,
        start: datetime,
        flag: str,
        measured: Quantity,
        content: Cell,
    ) -> None:
        title = measured.title or _("数值")
        if isinstance(content, bool | date | time | timedelta):
            shown = _("是/否（TRUE/FALSE）") if isinstance(content, bool) else str(content)
            self._wrong(
                number, title,
                _("单元格里是%(what)s，不是数值：%(shown)s")
                % {"what": _("逻辑值") if isinstance(content, bool) else _("日期或时间"), "shown": shown},
                _("表格软件改写了数值；请把该列设为“文本”或“数值”后重新填写"),
            )  # fmt: skip
            return
        if isinstance(content, str) and content in self._either:
            self._wrong(number, title, *words.fault(Fault("comma", text=content), number))
            return
        try:
            reading = parse(content)
        except UnreadableReadingError:
            problem = _("“%(cell)s”不是数值") % {"cell": content}
            self._wrong(number, title, problem, _("写数字、0.02L、<0.02、未检出，或留空"))
            return
        if reading.state is State.MISSING:
            return
        try:
            point = self._point(place, measured.subject)
        except LookupError as error:
            self._wrong(
                number, _("监测点"), str(error.args[0]), _("核对监测点编码，或先登记监测点")
            )
            return
        known = self._factor(measured, point, number)
        if known is None:
            return
        code, up, down = known
        if (point.pk, code, start) in self.seen:
            self._wrong(
                number,
                title,
                _("同一监测点、因子、时间在文件中重复出现"),
                _("删去重复的行，只保留一个数值"),
            )
            return
        self.seen.add((point.pk, code, start))
        value = reading.value
        if value is not None and up != down:
            value = float(f"{value * up / down:.12g}")
        plain = reading.state is State.MEASURED
        written = str(content)
        whole = plain and up == down and re.fullmatch(r"-?\d+(?:\.\d*)?", written)
        decimals = len(written.partition(".")[2]) if whole else None
        if reading.state is State.NOT_MEASURED and not flag:
            flag = codes.flag_within(written) or "F"
        kept = None if plain else reading.text
        row = self.first_row + number
        self.values.append((row, point.pk, code, start, value, decimals, kept, flag or "N"))

    def _point(self, place: Cell, subject: str) -> Point:
        key = (str(place), subject)
        if key not in self._points:
            self._points[key] = self.places.find("" if place is None else place, subject)
        return self._points[key]

    def _factor(self, measured: Quantity, point: Point, number: int) -> tuple[str, int, int] | None:
        """(code, numerator, denominator) of a factor at a point; an error and ``None`` where it has none."""
        key = (measured, point.pk)
        if key in self._factors:
            return self._factors[key]
        code = _code_at(measured.subject, point)
        title = measured.title or _("因子")
        if code is None:
            self._wrong(
                number,
                title,
                _("监测点“%(point)s”没有因子“%(factor)s”")
                % {"point": point.name, "factor": measured.subject},
                _("写因子名称或编码；新因子请先在监测点下登记"),
            )
            return None
        stored = _stored_unit(code, point)
        converted = _converted(measured, stored)
        if converted is None:
            self._wrong(
                number,
                title,
                _("单位“%(unit)s”不能换算为“%(stored)s”")
                % {"unit": measured.unit or measured.shared[0], "stored": stored},
                _("改用 %(stored)s") % {"stored": stored or _("无量纲")},
            )
            return None
        up, down = converted
        self._factors[key] = (code, up, down)
        return self._factors[key]


def _converted(measured: Quantity, stored: str) -> tuple[int, int] | None:
    """What a value is multiplied with and divided by to be in the stored unit; ``None`` where it cannot be.

    What is said for a whole table holds for what it can hold for: pH has none of 单位：mg/L, but no concentration is
    in ppb.
    """
    for unit in (measured.unit,) if measured.unit else measured.shared:
        try:
            return parameters.conversion(unit, stored)
        except parameters.UnitError:
            continue
    measure = read_measure(stored)
    mass = measure is not None and measure.dimension == CONCENTRATION
    return None if measured.unit or (measured.shared and mass) else (1, 1)


def _cell(row: Sequence[Cell], column: int | None) -> Cell:
    return row[column] if column is not None and column < len(row) else None


def _stored_unit(code: str, point: Point) -> str:
    declared = points.current().parameters.filter(
        (pl.col("point") == point.pk) & (pl.col("parameter") == code)
    )
    if declared.height:
        return str(declared["unit"][0])
    return parameters.parameter(code, point.kind).unit
