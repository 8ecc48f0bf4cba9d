"""Which column of a table of observations is what: time, point, factor, value, or a factor or point of its own.

Four layouts are understood. *Long*: one value a row, with columns for point, factor, time and value. *Wide*: a
column a factor. *By point*: a column a point, all of one factor, or each of the factor above or below it. *National*: date, hour, type and a column a
station. Time may stand in two columns, a date and an hour, and
the date in three.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence, Set
from contextlib import suppress
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
from ecoledger.listings.tables.observed import (
    DATES,
    FACTORS,
    FLAGS,
    HOURS,
    MARKS,
    POINTS,
    TIMES,
    UNITS,
    VALUES,
    denies,
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
from ecoledger.standards.written_dates import (
    UnreadableDateError,
    read_hour_beside,
    read_moment,
)

_COUNTING = {"序号", "编号", "no", "no.", "id"}  # columns that only count the rows
# What is computed here from what is measured.
_COMPUTED = ("water_class", "aqi")
# A day in three columns.
_YEAR, _MONTH, _DAY = {"年", "年份", "year"}, {"月", "月份", "month"}, {"日", "day"}
_TIME_WORD = re.compile(r"^h$|^(?!.*(?:运行|时长|时数|时效|历时|工时|累计)).*(?:时|hour|time)")
_OF_TIME = ("小时", "时刻", "时段", "分钟", "hour", "minute")


_LOOKED_AT, _NOTES = 200, 20  # rows whose times are looked at, and at a table's end for notes
_OWN = POINTS | FACTORS | DATES | TIMES | HOURS | _YEAR | _MONTH | _DAY | VALUES | MARKS


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
            _called(header.names[i]) in VALUES
            or place_of(stack, places)
            or quantity(stack, factors) is not None
        )
    }
    header = with_units(table, header, has_values.__contains__)
    # A column that names a point and a factor, one above the other.
    of_place: dict[int, str] = {}
    stacks = list(header.stacks)
    for i, stack in enumerate(stacks):
        others_of = tuple(text for text in stack if not place_of((text,), places))
        if len(others_of) < len(stack) and quantity(others_of, factors) is not None:
            of_place[i], stacks[i] = place_of(stack, places), others_of
    # A single name like 站点 or 标识 is the table's own; under a factor it is the factor's.
    own = _OWN - VALUES
    about = {
        i: measured
        for i, stack in enumerate(stacks)
        if not (len(stack) == 1 and _called(stack[0]) in own)
        and (measured := quantity(stack, factors)) is not None
    }
    names = ["" if i in about else _called(name) for i, name in enumerate(header.names)]

    def find(*wanted: Set[str]) -> int | None:
        return next((i for each in wanted for i, name in enumerate(names) if name in each), None)

    days = tuple(i for i in (find(_YEAR), find(_MONTH), find(_DAY)) if i is not None)
    time, hour = find(DATES), find(TIMES)
    days = days if time is None and len(days) == 3 else ()
    time = days[0] if days else time
    if time is None or hour is None:
        time, hour = (hour if time is None else time), find(HOURS)
    row = table.numbers[header.below - 1]
    if time is None:
        raise FileError(
            _("%(where)s第%(row)d行是表头（%(names)s），但没有时间列；请加一列“时间”")
            % {"where": _where(table), "row": row, "names": _listed(header)}
        )
    below = header.below
    rows = table.rows[below:]
    if hour is None and not days:
        hour = _hour_column(rows, header.names, time)
    point, value, subject = _point_column(rows, names, places), find(VALUES), find(FACTORS)
    if value is None or subject is None:
        value = None
    unit = _unit_column(rows, names)
    marks = [i for i, name in enumerate(names) if name in MARKS]
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
            elif not any(same(measured.subject, made) for made in _COMPUTED):
                by_factor[i] = said.of(measured)
                if i in of_place:
                    by_place[i] = of_place[i]
        by_factor = _single(by_factor, by_place, table, others)
        if by_factor:
            by_place = {i: place for i, place in by_place.items() if i in by_factor}
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
        again = names[i] in DATES | TIMES | HOURS and _differ(rows, i, (time, hour))
        if again or (any(word in fold(name) for word in _OF_TIME) and not _about(name, factors)):
            raise FileError(
                _(
                    "%(where)s“%(time)s”和“%(odd)s”两列都与时间有关，不知道怎样合在一起；请合成一列，如 2026-03-05 08:00"
                )
                % {"where": _where(table), "time": header.names[time], "odd": name}
            )
        if (names[i] in POINTS and _other_points(rows, names, i, point, places)) or any(
            column is not None and names[i] == names[column] and _differ(rows, i, (column,))
            for column in (subject, value)
        ):
            raise FileError(
                _(
                    "%(where)s%(column)s 列“%(name)s”说的是另一个监测点或因子，像是并排的两张表；请分开，一张在另一张下面或各占一个工作表"
                )
                % {"where": _where(table), "column": column_letters(i), "name": name}
            )
    if point is not None or by_place:
        _refuse_told_apart(table, header, rows, (time, *days, hour, point, subject), ignored)
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


def _refuse_told_apart(
    table: Table,
    header: Header,
    rows: Sequence[Sequence[Cell]],
    of_row: Sequence[int | None],
    ignored: Mapping[int, str],
) -> None:
    """Refuse a table most of whose rows are of the same time, point and factor as others, and are told apart by a column
    that nobody understands: an hour called otherwise, a depth, a number of the sample."""

    def keys(columns: Sequence[int | None]) -> list[tuple[str, ...]]:
        return [
            tuple(fold(row[i]) if i is not None and i < len(row) else "" for i in columns)
            for row in rows[:_LOOKED_AT]
            if any(i is not None and i < len(row) and not is_blank(row[i]) for i in of_row)
        ]

    alike = keys(of_row)
    if len(alike) < 4 or len(set(alike)) * 2 > len(alike):
        return
    for i, name in ignored.items():
        if bare(name) not in _COUNTING and len(set(keys((*of_row, i)))) == len(alike):
            raise FileError(
                _(
                    "%(where)s多数行的监测点、因子和“%(time)s”都相同，只有“%(odd)s”列不同，而这一列没有读懂；"
                    "它若是时刻，请把列名改为“小时”，若是层次、频次等，请分成几个文件"
                )
                % {
                    "where": _where(table),
                    "time": header.names[of_row[0] or 0],
                    "odd": name,
                }
            )


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


# What a title says of the whole table: 监测点：市政府; 2026年.
_OF_TITLE = re.compile(r"[\u4e00-\u9fffA-Za-z]{0,8}[:：]\s*(\S+)")
_YEAR_SAID = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


def point_said(table: Table, header: Header, places: Collection[str]) -> str:
    """The point that a sheet's name or a title names for the whole table; "" where none does, or several."""
    texts = [table.name, *_lines(table, header, above=True)]
    texts += [word for text in texts for word in _OF_TITLE.findall(text)]
    said = {fold(text): text for text in texts if fold(text) in places}
    return said.popitem()[1] if len(said) == 1 else ""


def year_said(name: str, table: Table, header: Header) -> int | None:
    """The one year that a table's titles, its sheet's or its file's name tell."""
    texts = [name, table.name, *_lines(table, header, above=True)]
    years = {year for text in texts for year in _YEAR_SAID.findall(text)}
    return int(years.pop()) if len(years) == 1 else None


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


def _hour_column(rows: Sequence[Sequence[Cell]], names: Sequence[str], time: int) -> int | None:
    """Where days come again and again, the column beside them that is called as one of time is (时段, 整点时间) and holds
    hours."""
    cells = [row for row in rows[:_LOOKED_AT] if time < len(row) and not is_blank(row[time])]
    if len({fold(row[time]) for row in cells}) * 2 > len(cells):
        return None
    for i, name in enumerate(names):
        if i == time or not _TIME_WORD.search(fold(name)):
            continue
        beside = {(row[time], row[i]) for row in cells if i < len(row) and not is_blank(row[i])}
        if len(beside) > 1 and all(_is_hour(day, hour) for day, hour in beside):
            return i
    return None


def _is_hour(day: Cell, hour: Cell) -> bool:
    """Whether a cell holds the hour of a day that stands beside it, and no whole time."""
    try:
        day_only = read_moment(day)[1]
        with suppress(UnreadableDateError):
            read_moment(hour)
            return False
        return day_only and not read_hour_beside(day, hour)[1]
    except (UnreadableDateError, OverflowError):
        return False


def _point_column(
    rows: Sequence[Sequence[Cell]], names: Sequence[str], places: Collection[str]
) -> int | None:
    """The column of points; of several (编码 beside 名称) the first of those that name most of the points known here."""

    def known(i: int) -> int:
        return sum(1 for row in rows[:_LOOKED_AT] if i < len(row) and fold(row[i]) in places)

    return max((i for i, name in enumerate(names) if name in POINTS), key=known, default=None)


def _unit_column(rows: Sequence[Sequence[Cell]], names: Sequence[str]) -> int | None:
    """The column that says each row's unit: 单位, where it does not name the firms."""
    for i, name in enumerate(names):
        if name in UNITS:
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
    by_factor: dict[int, Quantity], by_place: dict[int, str], table: Table, others: dict[str, str]
) -> dict[int, Quantity]:
    """One column a factor, and a point where columns name points: that which says of which span its values are gives way; of two alike nobody knows which."""
    kept: dict[int, Quantity] = {}
    for i, measured in by_factor.items():
        rival = next(
            (
                j
                for j, other in kept.items()
                if same(other.subject, measured.subject) and by_place.get(i) == by_place.get(j)
            ),
            None,
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
    beside = [i for i in columns if i - 1 in by_factor and names[i] in FLAGS]
    for i in columns:
        of = i - 1 if i in beside and len(beside) > 1 else None
        marks.append(Mark(i, of, denies(names[i])))
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
