"""Units of a ledger's columns: one other than the book's is converted, or its column is not taken and that is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.listings.importing.cells import BadCell
from ecoledger.listings.importing.columns import names_of, unit_of, ways_to_read
from ecoledger.listings.models import ImportBatch
from ecoledger.listings.parts import ImportColumn, Kind
from ecoledger.listings.tables.book import Table, is_blank
from ecoledger.listings.tables.headers import Header, fold
from ecoledger.listings.tables.units import (
    claims_unit,
    is_symbol,
    parts,
    pieces,
    unit_said,
    with_units,
)
from ecoledger.standards.readings import closed_up
from ecoledger.standards.written_measures import ratio, read_measure

_SAY_UNITS = ("计量单位", "单位")  # not 经营单位
# One number with what is written before and behind it, the whole of a cell: <0.5, 1,250.5, 1.5E6, 0.02L; not 3,8, not 10-20.
_NUMBER = re.compile(
    r"(?P<before>[^\d.,]*)(?P<number>[1-9]\d{0,2}(?:,\d{3}){1,12}(?:\.\d{0,40})?|\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})"
    r"(?:[eE](?P<power>[-+]?\d{1,2}))?(?P<behind>(?![.,])\D*)"
)
_OF_TIME = frozenset({"time", "month"})
_MEASURED = frozenset({"mass", "length", "share", "level", "energy", "money"})
# What an amount is for -> the words by which a name says so.
_PERIODS = {
    **dict.fromkeys(("a", "年"), ("年",)), **dict.fromkeys(("月",), ("月",)), **dict.fromkeys(("d", "天", "日"), ("日", "天")),
    **dict.fromkeys(("h", "小时", "时"), ("时",)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conversion:
    """How values below a header come to the book's unit: ``times`` so much, and where a column of the row names its unit,
    the ``choice`` there."""

    times: Fraction = Fraction(1)
    choice: str = ""

    def of(self, text: Any, field: Any) -> Any:
        """A value of the table in the book's unit, as exact as the field keeps it; what is written beside its number
        (0.02L) stays. Raises :class:`BadCell` for what holds digits and is not one number."""
        if self.times == 1 or not isinstance(text, str) or not re.search(r"\d", text):
            return text
        match = _NUMBER.fullmatch(closed_up(text))
        if match is None:
            raise BadCell(_("“%s”不是一个数，不能换算成台账的单位；请只写一个数") % text)
        exact = Fraction(match["number"].replace(",", "")) * Fraction(10) ** int(
            match["power"] or 0
        )
        number = _written(exact * self.times, getattr(field, "decimal_places", None))
        return f"{match['before']}{number}{match['behind']}"


def _written(exact: Fraction, decimals: int | None) -> str:
    """A number with so many decimals, or as many as it takes."""
    if decimals is not None:
        exact = Fraction(round(exact * 10**decimals), 10**decimals)
    with localcontext(prec=28 if decimals is None else 250):
        plain = f"{Decimal(exact.numerator) / Decimal(exact.denominator):f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def is_measured(column: ImportColumn) -> bool:
    """Whether a column holds quantities."""
    return column.ask.kind in (Kind.INTEGER, Kind.DECIMAL) or (
        column.ask.kind is Kind.TEXT and unit_of(column) != ""
    )


def _said(header: str, own: str) -> str:
    """The unit that a header says, or what reads like one; "" where there is none. A letter may be a sign: 高度（H）."""
    for word in reversed(parts(header)[1]):
        unit = unit_said(word)
        if unit and not (is_symbol(unit) and ratio(unit, own) is None):
            return unit
        if not unit and claims_unit(word):
            return word
    return ""


def _times(said: str, own: str, about: str) -> Fraction | None:
    """How many of the book's units one of the table's is; ``about``: what header and label say beside their units.

    An amount a year may be written without its year (许可排放量 吨), and with it where the name says so (年产生量 吨/年).
    """
    times = _amounts(said, own)
    if times is None and "水" in about and (inverse := _amounts(own, said)):
        times = 1 / inverse
    if times is not None:
        return times
    (amount, per), (own_amount, own_per) = _split_time(said), _split_time(own)
    if own_per and not per:
        return _amounts(said, own_amount)
    if per and not own_per and any(word in about for word in _PERIODS.get(per, ())):
        return _amounts(amount, own)
    return None


def _split_time(unit: str) -> tuple[str, str]:
    """A unit and the time it is for: (t, a) of t/a; "" where it is for none."""
    amount, stroke, per = unit.rpartition("/")
    return (amount, per) if stroke and per in _PERIODS else (unit, "")


def _amounts(said: str, own: str) -> Fraction | None:
    """The ratio of two units; water is measured by the tonne and by the cubic metre alike."""
    times = ratio(said, own)
    one, two = read_measure(said), read_measure(own)
    if times is not None or one is None or two is None:
        return times
    of_one, of_two = dict(one.dimension), dict(two.dimension)
    if of_one.pop("mass", 0) == 1 and of_two.pop("length", 0) == 3 and of_one == of_two:
        return one.size / 10**6 / two.size
    return None


def conversion(
    column: ImportColumn, header: str, of_rows: ImportColumn | None
) -> Conversion | None:
    """How a column comes from below a header; ``None`` where its unit is another. ``of_rows``: the column that says each
    row's unit, where the table has none such and the header may stand for it."""
    own, label = unit_of(column), str(column.ask.label)
    exact = {fold(text) for text in (label, column.name, *column.aliases)}
    if not is_measured(column) or fold(header) in exact or not (said := _said(header, own)):
        return Conversion()
    if own:
        times = _times(said, own, parts(header)[0] + parts(label)[0])
        return None if times is None else Conversion(times)
    measure = read_measure(said)
    if measure is None:
        return None
    of = {of for of, _power in measure.dimension}
    choices = of_rows.ask.choices if of_rows else ()
    fitting = [
        (abs(times - 1), times, value)
        for value, name in choices
        for unit in (str(name), value)
        if (times := ratio(said, unit))
    ]
    if fitting:
        _off, times, value = min(fitting)
        return Conversion(times, value)
    if dict(measure.dimension) == {"count": 1}:
        return Conversion(measure.size)
    if choices:
        return None
    return Conversion(choice=said if of_rows and of & _MEASURED else "")


def conversions(
    batch: ImportBatch, columns: Sequence[ImportColumn]
) -> dict[tuple[str, str], Conversion]:
    """(column, header) -> how its values come in. A column in a unit that is none of the book's is taken out of the
    mapping; both are noted."""
    by_name = {column.name: column for column in columns}
    of_rows = by_name.get("unit")
    if "unit" in batch.mapping.values() or (of_rows and str(of_rows.ask.label) not in _SAY_UNITS):
        of_rows = None
    start = _("单位：")
    batch.notes = [note for note in batch.notes if not note.startswith(start)]
    converted: dict[tuple[str, str], Conversion] = {}
    for header, name in batch.mapping.items():
        column = by_name.get(name)
        if column is None:
            continue
        how = conversion(column, header, of_rows)
        label, own = _(str(column.ask.label)), unit_of(column)
        words = {"header": header, "label": label, "unit": _said(header, own), "own": own}
        if how is None:
            batch.mapping[header] = ""
            if own:
                batch.notes.append(
                    start
                    + _(
                        "表里“%(header)s”是%(unit)s，本列“%(label)s”是%(own)s，不能换算，没有导入这一列"
                    )
                    % words
                )
            else:
                batch.notes.append(
                    start
                    + _("表里“%(header)s”是%(unit)s，本列“%(label)s”没有这个单位，没有导入这一列")
                    % words
                )
        elif how != Conversion():
            converted[name, header] = how
            if how.times != 1:
                words["times"] = _written(how.times, None)
                batch.notes.append(
                    start + _("表里“%(header)s”的数已乘以 %(times)s，换算为“%(label)s”") % words
                )
    return converted


def with_units_said(table: Table, header: Header, columns: Sequence[ImportColumn]) -> Header:
    """The header with the units of a row of their own, and those of a title where they are not the book's."""
    of_header: dict[int, ImportColumn] = {}
    measured = [(column, names_of(column)) for column in columns if is_measured(column)]
    for x, name in enumerate(header.names):
        ways = ways_to_read(name) if name else ()
        column = next((c for c, names in measured if not names.isdisjoint(ways)), None)
        if column is not None:
            of_header[x] = column
    header = with_units(table, header, of_header.__contains__, words=False)
    lines = [line for i, line in enumerate(table.rows[: header.first]) if i not in header.units]
    titles = dict.fromkeys(str(cell) for line in lines for cell in line if not is_blank(cell))
    bracketed, after = pieces(list(titles))
    units = [unit for piece in after if (unit := unit_said(piece))]
    units += [unit for piece in bracketed if (unit := unit_said(piece)) and not _of_time(unit)]
    names = list(header.names)
    for x, column in of_header.items():
        own = unit_of(column)
        if _said(names[x], own):
            continue
        fitting = [
            unit
            for unit in units
            if (ratio(unit, own) if own else column.ask.kind is Kind.DECIMAL and _is_mass(unit))
        ]
        if len({*fitting}) == 1 and (not own or ratio(fitting[0], own) != 1):
            names[x] = f"{names[x]}({fitting[0]})"
    return replace(header, names=tuple(names), plain=header.folded)


def _of_time(unit: str) -> bool:
    measure = read_measure(unit)
    return measure is not None and {of for of, _power in measure.dimension} <= _OF_TIME


def _is_mass(unit: str) -> bool:
    measure = read_measure(unit)
    return measure is not None and dict(measure.dimension) == {"mass": 1}
