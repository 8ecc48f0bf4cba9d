"""Which column of a table of observations is what: time, point, factor, value, or a factor or point of its own.

Four layouts are understood. *Long*: one value a row, with columns for point, factor, time and value. *Wide*: a
column a factor. *By point*: a column a point, all of one factor. *National*: date, hour, type and a column a
station. Time may stand in two columns, a date and an hour, and
the date in three.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from ecoledger.hj212 import codes
from ecoledger.listings.tables.book import Cell, Table, column_letters, is_blank
from ecoledger.listings.tables.headers import (
    HEADER_WITHIN,
    Header,
    bare,
    fold,
)
from ecoledger.listings.tables.stacked import stacked
from ecoledger.listings.tables.units import claims_unit, parts, unit_said, with_units
from ecoledger.monitoring.files.parsed import FileError
from ecoledger.monitoring.files.quantities import (
    Declared,
    Quantity,
    codes_by_name,
    declared,
    in_title,
    quantity,
    same,
)
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.points import table as points
from ecoledger.standards.written_dates import UnreadableDateError, read_moment

_POINT = {"点位", "监测点", "监测点位", "站点", "站点名称", "站名", "测点", "测点名称", "点位名称", "mn", "设备编号", "点位编码",
          "编码", "站点编码", "断面", "断面名称", "排放口", "point", "station", "code", "site", "stationcode", "station_code",
          "station_id"}  # fmt: skip
_PARAMETER = {"因子", "监测因子", "项目", "监测项目", "指标", "因子编码", "污染物", "parameter", "factor", "pollutant",
              "type"}  # fmt: skip
_DATE = {"日期", "监测日期", "采样日期", "数据日期", "date"}
_TIME = {"时间", "监测时间", "数据时间", "采样时间", "time", "datetime", "datatime", "timestamp", "timepoint",
         "monitortime"}  # fmt: skip
_HOUR = {"小时", "时", "时刻", "时次", "钟点", "整点", "hour", "hours", "hr"}
# A day in three columns.
_YEAR, _MONTH, _DAY = {"年", "年份", "year"}, {"月", "月份", "month"}, {"日", "day"}
_VALUE = {"数值", "监测值", "值", "浓度", "结果", "监测结果", "value", "concentration", "result"}
_FLAG = {"标记", "数据标记", "标识", "数据标识", "状态", "数据状态", "flag", "status"}
_OF_TIME = ("小时", "时刻", "时段", "分钟", "hour", "minute")


# What says whether a row is good, and what says that it is not.
_VALID = {
    "是否有效",
    "有效性",
    "数据有效性",
    "是否可用",
    "审核状态",
    "审核结果",
    "数据审核",
    "审核",
    "数据质量",
    "qc",
}
_INVALID = {
    "是否无效",
    "是否异常",
    "是否剔除",
    "是否质控",
    "是否质控样",
    "质控样",
    "质控",
    "质控类型",
    "质控样类型",
}
_LOOKED_AT, _NOTES = 200, 20  # rows whose times are looked at, and at a table's end for notes
_OWN = (
    _POINT
    | _PARAMETER
    | _DATE
    | _TIME
    | _HOUR
    | _YEAR
    | _MONTH
    | _DAY
    | _VALUE
    | _FLAG
    | _VALID
    | _INVALID
)
_UNIT = {"单位", "计量单位", "浓度单位", "unit", "units"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A column of marks: of the factor in the column ``of``, or of whole rows. ``denies``: yes there means a bad value."""

    column: int
    of: int | None
    denies: bool


@dataclass(frozen=True)
class Layout:
    """The columns of one table. ``below`` is the index of the first row of data; ``days``: year, month and day, where
    each has a column (``time`` is then the first of them)."""

    header: Header
    below: int
    time: int
    days: tuple[int, ...]
    hour: int | None
    point: int | None
    parameter: int | None
    value: int | None
    unit: int | None
    marks: tuple[Mark, ...]
    declared: Declared
    factors: dict[int, Quantity]
    places: dict[int, str]
    ignored: list[str]
    # Columns about a factor that are not its value, each with the word that says so; "" where it is the span of time.
    others: dict[str, str]

    @property
    def name(self) -> str:
        return "long" if self.value is not None else "by point" if self.places else "wide"

    @property
    def of_row(self) -> set[int]:
        """Columns that say when, where and of what all values of a row are."""
        own = (self.time, *self.days, self.hour, self.point, self.parameter)
        return {column for column in own if column is not None}

    @property
    def used(self) -> set[int]:
        """Columns whose cells mean something."""
        own = {column for column in (self.value, self.unit) if column is not None}
        own |= {mark.column for mark in self.marks}
        return self.of_row | own | {*self.factors, *self.places}


def known_names() -> frozenset[str]:
    """Every folded name, symbol or code of a factor that any kind of point may have."""
    names: set[str] = set(codes_by_name())
    names |= {fold(code) for code in codes.FACTORS} | {fold(f.name) for f in codes.FACTORS.values()}
    declared = points.current().parameters
    names |= {fold(text) for text in declared["parameter"].unique().to_list()}
    names |= {fold(text) for text in declared["name"].unique().to_list()}
    return frozenset(names)


def tables_in(
    sheet: Table, places: Mapping[str, list[Point]], factors: Collection[str]
) -> list[tuple[Table, Header]]:
    """The tables of a sheet with their headers. ``places``: points by their folded names. Raises :class:`FileError`."""

    def leads(name: str) -> bool:
        return _called(name) in _OWN

    def known(name: str) -> bool:
        return (
            leads(name) or place_of((name,), places) != "" or quantity((name,), factors) is not None
        )

    # A bare number is a value before it is a point's code: rows of data must not be taken for the header.
    found = stacked(sheet, lambda name: known(name) and not fold(name).isdigit(), leads=leads)
    found = found or stacked(sheet, known, leads=leads)
    if not found:
        raise FileError(
            _(
                "%(where)s前%(rows)d行里没有找到表头。长表需要“监测点、因子、时间、数值”四列，"
                "宽表需要“时间”列和以因子命名的列（如 PM2.5、氨氮(mg/L)、w21003）"
            )
            % {"where": _where(sheet), "rows": HEADER_WITHIN}
        )
    return found


def layout(
    table: Table,
    header: Header,
    places: Mapping[str, list[Point]],
    factors: Collection[str],
    parameter: str = "",
) -> Layout:
    """The columns of ``table``. ``parameter``: the factor of a table that names none. Raises :class:`FileError` with
    what was looked at and what is missing.
    """

    has_values = {
        i
        for i, stack in enumerate(header.stacks)
        if stack
        and (
            _called(header.names[i]) in _VALUE
            or place_of(stack, places)
            or quantity(stack, factors) is not None
        )
    }
    header = with_units(table, header, has_values.__contains__)
    # A single name like 站点 or 标识 is the table's own; under a factor it is the factor's.
    own = _OWN - _VALUE
    about = {
        i: measured
        for i, stack in enumerate(header.stacks)
        if not (len(stack) == 1 and _called(stack[0]) in own)
        and (measured := quantity(stack, factors)) is not None
    }
    names = ["" if i in about else _called(name) for i, name in enumerate(header.names)]

    def find(*wanted: set[str]) -> int | None:
        return next((i for each in wanted for i, name in enumerate(names) if name in each), None)

    days = tuple(i for i in (find(_YEAR), find(_MONTH), find(_DAY)) if i is not None)
    time, hour = find(_DATE), find(_TIME)
    days = days if time is None and len(days) == 3 else ()
    time = days[0] if days else time
    if time is None or hour is None:
        time, hour = (hour if time is None else time), find(_HOUR)
    row = table.numbers[header.below - 1]
    if time is None:
        raise FileError(
            _("%(where)s第%(row)d行是表头（%(names)s），但没有时间列；请加一列“时间”")
            % {"where": _where(table), "row": row, "names": _listed(header)}
        )
    point, value, subject = find(_POINT), find(_VALUE), find(_PARAMETER)
    if value is None or subject is None:
        value = None
    below = header.below
    rows = table.rows[below:]
    unit = _unit_column(rows, names)
    marks = [i for i, name in enumerate(names) if name in _FLAG | _VALID | _INVALID]
    taken = {time, *days, hour, point, value, subject, unit, *marks}
    rest = {i: name for i, name in enumerate(header.names) if name and i not in taken}
    said = declared(_lines(table, header), factors)
    by_factor: dict[int, Quantity] = {}
    by_place: dict[int, str] = {}
    others: dict[str, str] = {}
    of_factor: dict[int, Quantity] = {}
    if value is not None:
        units = _units(header.stacks[value])
        said = replace(said, shared=units[:1] or said.shared)
    else:
        spans = _spans(rows, time, hour)
        for i in rest:
            measured = about.get(i) if subject is None else None
            if measured is None:
                if place := place_of(header.stacks[i], places):
                    by_place[i] = place
            elif measured.mark and not measured.other:
                of_factor[i] = measured
            elif measured.other or (measured.span and measured.span not in spans):
                others[measured.title] = measured.other
            elif not same(measured.subject, "water_class"):  # computed here from what is measured
                by_factor[i] = said.of(measured)
        by_factor = _single(by_factor, table, others)
        if by_factor:
            by_place = {}
        elif by_place and subject is None:
            titles = _lines(table, header, above=True)
            named = quantity((parameter,), factors) or in_title(
                "、".join([table.name, *titles]), factors
            )
            if (
                named is None
                or named.other
                or named.mark
                or (named.span and named.span not in spans)
            ):
                raise FileError(
                    _(
                        "%(where)s第%(row)d行是表头，各列是监测点（%(names)s），但没有写监测的是哪个因子；请指定因子，或在标题中写明"
                    )
                    % {"where": _where(table), "row": row, "names": _listed(header)}
                )
            titled = said.shared[0] if len(said.shared) == 1 else ""
            for i in by_place:
                written = (*_units(header.stacks[i]), named.unit, titled)
                by_factor[i] = said.of(replace(named, unit=next(filter(None, written), "")))
    used = taken | set(by_factor) | set(by_place)
    marked = _marks(marks, names, of_factor, by_factor)
    used |= {mark.column for mark in marked}
    ignored = {
        i: about[i].title if i in about else name for i, name in rest.items() if i not in used
    }
    for i, name in ignored.items():
        again = names[i] in _DATE | _TIME | _HOUR and _differ(rows, i, (time, hour))
        if again or (any(word in fold(name) for word in _OF_TIME) and not _about(name, factors)):
            raise FileError(
                _(
                    "%(where)s“%(time)s”和“%(odd)s”两列都与时间有关，不知道怎样合在一起；请合成一列，如 2026-03-05 08:00"
                )
                % {"where": _where(table), "time": header.names[time], "odd": name}
            )
        if (names[i] in _POINT and _other_points(rows, names, i, point, places)) or any(
            column is not None and names[i] == names[column] and _differ(rows, i, (column,))
            for column in (subject, value)
        ):
            raise FileError(
                _(
                    "%(where)s%(column)s 列“%(name)s”说的是另一个监测点或因子，像是并排的两张表；请分开，一张在另一张下面或各占一个工作表"
                )
                % {"where": _where(table), "column": column_letters(i), "name": name}
            )
    if value is None and not by_factor and not by_place:
        raise FileError(
            _(
                "%(where)s第%(row)d行是表头（%(names)s），但没有一列是因子或监测点；请用因子名称或编码作列名，如 PM2.5、w21003"
            )
            % {"where": _where(table), "row": row, "names": _listed(header)}
            + "".join(f"；{why}" for why in why_others(others))
        )
    return Layout(
        header, below, time, days, hour, point, subject, value, unit, marked, said, by_factor, by_place,
        list(ignored.values()), others,
    )  # fmt: skip


def _called(header: str) -> str:
    """The folded name of a header that stands for itself: 时间, 监测值(mg/L), 浓度/(μg/m3)."""
    whole = bare(header)
    return whole if whole in _OWN else fold(parts(header)[0])


def place_of(stack: Sequence[str], places: Collection[str]) -> str:
    """The point that a header names, with its unit or without; "" for none."""
    for text in reversed(stack):
        name, words = parts(text)
        if fold(text) in places:
            return text
        if fold(name) in places and all(map(unit_said, words)):
            return name
    return ""


def why_others(others: Mapping[str, str]) -> list[str]:
    """Why columns about a factor are not taken for its values, in sentences."""
    return [
        _("“%(column)s”列没有导入：“%(word)s”不是该因子的单位或别名，看来不是它的监测值")
        % {"column": column, "word": word}
        if word
        else _("“%s”列没有导入：它写的时段与时间列或另一列不同") % column
        for column, word in others.items()
    ]


def _units(stack: Sequence[str]) -> tuple[str, ...]:
    """The units that a header says, the lowest first; what only reads like one too, so that it is refused by name."""
    words = [
        word for text in reversed(stack) for said in [parts(text)] for word in (said[0], *said[1])
    ]
    return tuple(unit_said(word) or word for word in words if unit_said(word) or claims_unit(word))


def _unit_column(rows: Sequence[Sequence[Cell]], names: Sequence[str]) -> int | None:
    """The column that says each row's unit: 单位, where it does not name the firms."""
    for i, name in enumerate(names):
        if name in _UNIT:
            cells = [str(row[i]) for row in rows[:200] if i < len(row) and not is_blank(row[i])]
            if any(map(unit_said, cells)) or (cells and all(cell.isascii() for cell in cells)):
                return i
    return None


def _lines(table: Table, header: Header, *, above: bool = False) -> list[str]:
    """The titles above a table, and unless only those are asked for the notes below it that speak of units."""
    lines = [line for i, line in enumerate(table.rows[: header.first]) if i not in header.units]
    texts = [str(cell) for line in lines for cell in line if not is_blank(cell)]
    if not above:
        texts.append(table.name)
        for line in table.rows[max(header.below, len(table.rows) - _NOTES) :]:
            said = list(dict.fromkeys(str(cell) for cell in line if not is_blank(cell)))
            texts += said if len(said) == 1 and "单位" in said[0] else []
    return list(dict.fromkeys(texts))


def _spans(rows: Sequence[Sequence[Cell]], time: int, hour: int | None) -> set[str]:
    """What the rows can be of by their times: hours, days, or with midnights alone either."""
    spans = {"hour"} if hour is not None else {"hour", "day"}
    for row in rows[:_LOOKED_AT] if hour is None else ():
        try:
            start, day_only = read_moment(row[time] if time < len(row) else None)
        except UnreadableDateError:
            continue
        if day_only:
            spans.discard("hour")
        elif start.hour or start.minute:
            spans.discard("day")
    return spans


def _single(
    by_factor: dict[int, Quantity], table: Table, others: dict[str, str]
) -> dict[int, Quantity]:
    """One column a factor: that which says of which span its values are gives way; of two alike nobody knows which."""
    kept: dict[int, Quantity] = {}
    for i, measured in by_factor.items():
        rival = next(
            (j for j, other in kept.items() if same(other.subject, measured.subject)), None
        )
        if rival is None:
            kept[i] = measured
            continue
        one, other = kept[rival], measured
        if bool(one.span) == bool(other.span):
            raise FileError(
                _(
                    "%(where)s“%(one)s”和“%(other)s”两列说的是同一个因子；请只留一列，或在列名中写明各是什么"
                )
                % {"where": _where(table), "one": one.title, "other": other.title}
            )
        spare = one if one.span else other
        others[spare.title] = ""
        if one.span:
            del kept[rival]
            kept[i] = other
    return kept


def _marks(
    columns: Sequence[int],
    names: Sequence[str],
    of_factor: Mapping[int, Quantity],
    by_factor: Mapping[int, Quantity],
) -> tuple[Mark, ...]:
    """The columns of marks: those named after a factor are its; of several, each is of the factor on its left."""
    marks = [
        Mark(i, column, False)
        for i, mark in of_factor.items()
        for column, measured in by_factor.items()
        if same(mark.subject, measured.subject)
    ]
    beside = [i for i in columns if i - 1 in by_factor and names[i] in _FLAG]
    for i in columns:
        of = i - 1 if i in beside and len(beside) > 1 else None
        marks.append(Mark(i, of, names[i] in _INVALID))
    return tuple(marks)


def _about(name: str, factors: Collection[str]) -> bool:
    """Whether a header has a factor's name in it."""
    return any(len(factor) > 1 and factor in fold(name) for factor in factors)


def _differ(rows: Sequence[Sequence[Cell]], other: int, columns: Collection[int | None]) -> bool:
    """Whether a column says in some row what none of ``columns`` says there."""
    for row in rows:
        said = {fold(row[i]) for i in columns if i is not None and i < len(row)}
        if other < len(row) and not is_blank(row[other]) and fold(row[other]) not in said:
            return True
    return False


def _other_points(
    rows: Sequence[Sequence[Cell]],
    names: Sequence[str],
    other: int,
    column: int | None,
    places: Mapping[str, list[Point]],
) -> bool:
    """Whether two columns name different points in some row; a point's code beside its name does not."""
    if column is None:
        return False
    for row in rows:
        here, there = (fold(row[i]) if i < len(row) else "" for i in (column, other))
        if not (here and there) or here == there:
            continue
        points_here, points_there = places.get(here, []), places.get(there, [])
        known = (points_here and points_there) or names[other] == names[column]
        if known and not any(point in points_here for point in points_there):
            return True
    return False


def _where(table: Table) -> str:
    return _("工作表“%s”") % table.name if table.name else ""


def _listed(header: Header) -> str:
    return _("、").join(name for name in header.names if name)[:80]
