"""Which column of a table of observations is what: time, point, factor, value, or a factor or point of its own.

Four layouts are understood. *Long*: one value a row, with columns for point, factor, time and value. *Wide*: a
column a factor. *By point*: a column a point, all of one factor. *National*: date, hour, type and a column a
station. Time may stand in two columns, a date and an hour, and
the date in three.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ecoledger.hj212 import codes
from ecoledger.listings.tables.book import Cell, Table, column_letters, is_blank
from ecoledger.listings.tables.headers import (
    HEADER_WITHIN,
    Header,
    bare,
    brackets,
    find_header,
    fold,
    is_unit,
    is_units_row,
)
from ecoledger.monitoring.files.parsed import FileError
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.points import parameters
from ecoledger.monitoring.points import table as points

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


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a column measures: the folded name, its unit as written, and the header as it stands."""

    subject: str
    unit: str
    title: str


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
    flag: int | None
    factors: dict[int, Quantity]
    places: dict[int, str]
    ignored: list[str]

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
        own = {column for column in (self.value, self.flag) if column is not None}
        return self.of_row | own | {*self.factors, *self.places}


def known_names() -> frozenset[str]:
    """Every folded name, symbol or code of a factor that any kind of point may have."""
    names: set[str] = set(codes_by_name())
    names |= {fold(code) for code in codes.FACTORS} | {fold(f.name) for f in codes.FACTORS.values()}
    declared = points.current().parameters
    names |= {fold(text) for text in declared["parameter"].unique().to_list()}
    names |= {fold(text) for text in declared["name"].unique().to_list()}
    return frozenset(names)


def codes_by_name() -> dict[str, dict[str, str]]:
    """Folded name -> kind of point -> code."""
    by_name: dict[str, dict[str, str]] = {}
    for kind in Point.Kind.values:
        for entry in parameters.of_kind(kind):
            names = set(entry.spellings)
            if entry.key:
                names |= {entry.key, entry.key.replace("_", ".")}
            for text in names - {""}:
                by_name.setdefault(fold(text), {}).setdefault(kind, entry.code)
    return by_name


def quantity(title: str, factors: Collection[str]) -> Quantity | None:
    """What a header measures: 氨氮（NH3-N）, 总磷（以P计）(mg/L), 细颗粒物(PM2.5); ``None`` when it is no factor."""
    inside = brackets(title)
    unit = next((text for text in reversed(inside) if is_unit(text)), "")
    whole = fold(title)
    tried = [whole, *(whole[: -len(f"({text})")] for text in inside[-1:]), bare(title), *inside]
    subject = next((text for text in tried if text in factors), None)
    return None if subject is None else Quantity(subject, unit, title)


def layout(table: Table, places: Mapping[str, list[Point]], parameter: str = "") -> Layout:
    """The columns of ``table``. ``places``: points by their folded names; ``parameter``: the factor of a table that
    names none. Raises :class:`FileError` with what was looked at and what is missing.
    """
    factors = known_names()
    own = _POINT | _PARAMETER | _DATE | _TIME | _HOUR | _YEAR | _MONTH | _DAY | _VALUE | _FLAG

    def known(name: str) -> bool:
        return bare(name) in own or fold(name) in places or quantity(name, factors) is not None

    # A bare number is a value before it is a point's code: rows of data must not be taken for the header.
    header = find_header(table, lambda name: known(name) and not fold(name).isdigit())
    header = header or find_header(table, known)
    if header is None:
        raise FileError(
            _(
                "%(where)s前%(rows)d行里没有找到表头。长表需要“监测点、因子、时间、数值”四列，"
                "宽表需要“时间”列和以因子命名的列（如 PM2.5、氨氮(mg/L)、w21003）"
            )
            % {"where": _where(table), "rows": HEADER_WITHIN}
        )
    names = [bare(name) for name in header.names]

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
    point, value, flag, subject = find(_POINT), find(_VALUE), find(_FLAG), find(_PARAMETER)
    taken = {time, *days, hour, point, value, flag, subject}
    rest = {i: name for i, name in enumerate(header.names) if name and i not in taken}
    below = header.below
    units = table.rows[below] if below < len(table.rows) and is_units_row(table.rows[below]) else []
    below += bool(units)
    by_factor: dict[int, Quantity] = {}
    by_place: dict[int, str] = {}
    if value is None or subject is None:
        value = None
        for i, name in rest.items():
            measured = quantity(name, factors) if subject is None else None
            if measured is not None:
                unit = str(units[i]) if i < len(units) and units[i] else measured.unit
                by_factor[i] = Quantity(measured.subject, unit, name)
            elif fold(name) in places:
                by_place[i] = name
        if by_factor:
            by_place = {}
        elif by_place and subject is None:
            title = " ".join(str(c) for line in table.rows[: header.first] for c in line if c)
            named = quantity(parameter, factors) or _factor_in(f"{table.name} {title}", factors)
            if named is None:
                raise FileError(
                    _(
                        "%(where)s第%(row)d行是表头，各列是监测点（%(names)s），但没有写监测的是哪个因子；请指定因子，或在标题中写明"
                    )
                    % {"where": _where(table), "row": row, "names": _listed(header)}
                )
            by_factor = dict.fromkeys(by_place, named)
    used = taken | set(by_factor) | set(by_place)
    ignored = {i: name for i, name in rest.items() if i not in used}
    rows = table.rows[below:]
    for i, name in ignored.items():
        again = names[i] in _DATE | _TIME | _HOUR and _differ(rows, i, (time, hour))
        if again or any(word in fold(name) for word in _OF_TIME):
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
        )
    return Layout(
        header, below, time, days, hour, point, subject, value, flag, by_factor, by_place,
        list(ignored.values()),
    )  # fmt: skip


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


def _factor_in(text: str, factors: Collection[str]) -> Quantity | None:
    """The factor that a title or a sheet's name speaks of; the longest name wins."""
    folded = fold(text)
    named = max((name for name in factors if len(name) > 1 and name in folded), key=len, default="")
    return Quantity(named, "", text) if named else None


def _where(table: Table) -> str:
    return _("工作表“%s”") % table.name if table.name else ""


def _listed(header: Header) -> str:
    return _("、").join(name for name in header.names if name)[:80]
