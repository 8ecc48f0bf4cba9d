"""What the headers of a table mean: each a column of the list's template, remembered, pointed at by hand, or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings.importing import remembered
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch, ImportRow
from ecoledger.listings.parts import Import, ImportColumn, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tables.book import Table
from ecoledger.listings.tables.headers import Header, bare, fold
from ecoledger.listings.tables.units import parts, unit_said

# What ledgers write above divisions, whichever list it is.
_AREA_HEADERS = (
    "行政区划",
    "行政区划代码",
    "属地",
    "所在地",
    "镇街",
    "乡镇",
    "镇（街道）",
    "乡镇（街道）",
    "乡镇街道",
)
# Before what something belongs to or lies in.
_BELONGING = ("所属", "所在")
# Words of divisions in a header that no list knows, those of the smaller ones first.
_AREA_WORDS = (
    re.compile("乡镇|镇街|街道|镇$"),
    re.compile("区划|属地|区域|辖区|[区县]$|县区|地区"),
)
# Words for which one stands as well as another.
_SORT = re.compile("(?:类型|类别|性质|种类|分类)$")


def open_columns(listing: Listing, by: Person | None) -> tuple[ImportColumn, ...]:
    """The template's columns whose values ``by`` may know of."""
    columns = listing.import_columns
    if by is None:
        return columns
    return tuple(c for c in columns if listing.is_open(c.ask.stores or c.name, by))


def _texts(column: ImportColumn) -> tuple[str, ...]:
    texts = (str(column.ask.label), column.name, *column.aliases)
    if column.ask.kind is Kind.AREA:
        texts = (*texts, *_AREA_HEADERS)
    elif column.ask.kind is not Kind.REFERENCE:
        return texts
    plain = [text[2:] if text.startswith(_BELONGING) and len(text) > 3 else text for text in texts]
    return (*texts, *plain, *(f"{belongs}{text}" for text in plain for belongs in _BELONGING))


def unit_of(column: ImportColumn) -> str:
    """The unit of the column's values in the book, as its label says it (保额 万元); "" where it says none."""
    units = [unit for word in parts(str(column.ask.label))[1] if (unit := unit_said(word))]
    return column.ask.unit or (units[-1] if units else "")


def _names(column: ImportColumn) -> frozenset[str]:
    texts = {fold(text) for text in _texts(column)}
    # A header of two rows has no brackets: 责任单位 over 牵头.
    return frozenset(
        {bare(text) for text in texts} | texts | {re.sub(r"[()]", "", text) for text in texts}
    )


def _short_names(column: ImportColumn) -> frozenset[str]:
    """What the column is called without its unit: 保额 of 保额 万元."""
    split = [parts(text) for text in _texts(column)]
    return frozenset(fold(name) for name, said in split if any(map(unit_said, said)))


def names_of(column: ImportColumn) -> frozenset[str]:
    """Every header that means the column, folded."""
    return _names(column) | _short_names(column)


def ways_to_read(header: str) -> tuple[str, ...]:
    """A header as it may be known: whole, without its brackets, without its unit, and of 完成/销号时间 the last of its
    names."""
    whole = fold(header)
    return (whole, bare(header), fold(parts(header)[0]), *reversed(whole.split("/")[1:]))


def match_columns(
    columns: tuple[ImportColumn, ...],
    headers: Iterable[str],
    chosen: Mapping[str, str],
    earlier: Mapping[str, str],
) -> dict[str, str]:
    """Header -> name of the template's column, "" where none fits.

    ``chosen`` by a person for this table wins. What was said ``earlier`` wins where no header bears the column's own
    name: that one always means it.
    """
    mapping: dict[str, str] = {}
    own = {fold(name): c.name for c in columns for name in (str(c.ask.label), c.name)}
    named = {own[fold(header)] for header in headers if fold(header) in own}
    chosen = {
        **{h: c for h, c in earlier.items() if fold(h) not in own and c not in named},
        **chosen,
    }
    known = {c.name for c in columns}
    by_name: dict[str, list[str]] = {}
    for column in columns:
        for name in _names(column):
            by_name.setdefault(name, []).append(column.name)
    for column in columns:
        for name in _short_names(column) - by_name.keys():
            by_name[name] = [column.name]
    taken = {chosen[h] for h in headers if chosen.get(h)}
    meant: dict[str, list[str]] = {}
    for header in headers:
        if not header or header in mapping or header in meant:
            continue
        if header in chosen:
            mapping[header] = chosen[header] if chosen[header] in known else ""
            continue
        mapping[header] = ""
        meant[header] = next((by_name[w] for w in ways_to_read(header) if w in by_name), [])
    # What means one column alone is placed first: beside 举报时间, 受理时间 is the acceptance. Of several that mean the same
    # it is the one that bears its name: beside 受理编号, 编号 is another number.
    placed = sorted(meant.items(), key=lambda pair: (len(pair[1]) > 1, fold(pair[0]) not in own))
    for header, names in placed:
        name = next((name for name in names if name not in taken), "")
        mapping[header] = name
        taken.add(name)
    return mapping


def open_choices(listing: Listing, chosen: Mapping[str, str]) -> dict[str, str]:
    """Choices of what headers mean, without those that would lay what is hidden into a column that others read.

    What somebody chose is remembered for others too: 举报人电话 stays what it says, whoever points elsewhere.
    """
    hidden = {c.name for c in listing.import_columns if (c.ask.stores or c.name) in listing.hidden}
    said = {word for c in listing.import_columns if c.name in hidden for word in names_of(c)}
    return {
        header: column
        for header, column in chosen.items()
        if not column or column in hidden or said.isdisjoint(ways_to_read(header))
    }


def remember_columns(
    listing: Listing,
    chosen: Mapping[str, str],
    sheets: list[tuple[Table, Header]],
    by: Person | None,
) -> None:
    headers = {name for _table, header in sheets for name in header.names}
    for header, column in open_choices(listing, chosen).items():
        if column and header in headers:
            remembered.keep_header(listing, header, column, by)


def _missing(
    imports: Import, columns: tuple[ImportColumn, ...], mapping: Mapping[str, str]
) -> list[ImportColumn]:
    there = set(mapping.values())
    return [
        c
        for c in columns
        if c.ask.required and c.ask.kind is not Kind.BOOLEAN and c.name not in there
        and not (c.name in imports.instead and imports.instead[c.name] in there | {""})
    ]  # fmt: skip


def likely_columns(
    imports: Import, columns: tuple[ImportColumn, ...], mapping: Mapping[str, str]
) -> dict[str, str]:
    """Header -> required column of choices or of divisions that no header means, where one alone may: 单位性质 is the 类别 of
    units. A wrong guess shows in the cells, and each is said."""
    likely: dict[str, str] = {}
    for column in _missing(imports, columns, mapping):
        unused = [header for header, name in mapping.items() if not name and header not in likely]
        if column.ask.kind is Kind.AREA:
            ways = [[h for h in unused if words.search(bare(h))] for words in _AREA_WORDS]
        elif column.ask.kind in (Kind.CHOICE, Kind.CHOICES):
            ends = tuple({_SORT.sub("类别", name) for name in _names(column) if len(name) > 1})
            ways = [[h for h in unused if _SORT.sub("类别", bare(h)).endswith(ends)]]
        else:
            continue
        if len(fitting := next(filter(None, ways), [])) == 1:
            likely[fitting[0]] = column.name
    return likely


def need_required(
    imports: Import, columns: tuple[ImportColumn, ...], mapping: Mapping[str, str]
) -> None:
    missing = [_(str(c.ask.label)) for c in _missing(imports, columns, mapping)]
    if missing:
        unused = _("、").join(unused_headers(mapping))
        told = _("没有认出的列：%s。") % unused if unused else ""
        raise Refused(
            "file",
            _("表里缺少必填的列：%s。") % _("、").join(missing),
            _("请补上这些列，或把表中对应的列改成这个名称。") + told,
        )


def unused_headers(mapping: Mapping[str, str]) -> list[str]:
    """The headers that mean no column; one over serial numbers says nothing that could be lost."""
    return [header for header, name in mapping.items() if not name and fold(header) not in _SERIAL]


def headers_side_by_side(batch: ImportBatch) -> dict[str, set[str]]:
    """Header -> the headers of the sheets it stands in: only these may not mean the same column."""
    sheets: dict[str, set[str]] = {}
    for sheet, raw in batch.rows.values_list("sheet", "raw"):
        sheets.setdefault(sheet, set()).update(raw)
    return {
        header: set().union(*(headers for headers in sheets.values() if header in headers))
        for header in batch.mapping
    }


_SERIAL = frozenset({"序号", "顺序号", "no", "no.", "#"})


def running_numbers(
    rows: list[ImportRow], headers_of: Mapping[str, list[str]], key: tuple[str, ...]
) -> set[str]:
    """Headers over numbers that only count the rows (序号 1, 2, 3 …, often anew each year): they tell no row from another.

    A remark among them (以下空白) changes nothing, and plain numbers under 序号 count whichever they are.
    """
    running: set[str] = set()
    headers = headers_of.get(key[0], []) if len(key) == 1 else []
    for header in headers:
        cells = [row.raw[header] for row in rows if row.raw.get(header) not in (None, "")]
        numbers = [n for cell in cells if (n := _counted(cell)) is not None]
        if 2 * len(numbers) <= len(cells):
            continue
        steps = sum(
            1
            for before, n in zip([None, *numbers], numbers, strict=False)
            if n == 1 or (before is not None and 0 < n - before <= 2)
        )
        if fold(header) in _SERIAL or (steps >= 0.8 * len(numbers) and 1 in numbers):
            running.add(header)
    return running


def _counted(cell: Any) -> int | None:
    text = fold(cell).removesuffix(".0").removesuffix(".").removesuffix("、")
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else None
