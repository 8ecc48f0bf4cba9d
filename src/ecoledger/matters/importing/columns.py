"""Where a table's header stands, and which column of the template each of its columns is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.listings.parts import ImportColumn
from ecoledger.listings.refusals import Refused
from ecoledger.matters.importing.reading import HEADER_WITHIN, Cell, Table
from ecoledger.matters.models import ColumnMapping
from ecoledger.matters.register import Register


def plain(text: Any) -> str:
    """A header or choice as it is compared: half-width, no spaces, no stars, no brackets' content."""
    folded = unicodedata.normalize("NFKC", str(text or ""))
    folded = re.sub(r"[\s*]+", "", folded)
    return re.sub(r"\(.*?\)$", "", folded).lower()


def _names(column: ImportColumn) -> set[str]:
    return {plain(column.ask.label), plain(column.ask.name), *map(plain, column.aliases)}


def find_header(register: Register, table: Table) -> tuple[int, list[str], int]:
    """(row of the header's first line, headers, first row of data). Raises :class:`Refused`.

    A header may take two lines: then both are tried, joined and apart, column by column.
    """
    known = set().union(*(_names(c) for c in register.import_columns))
    known |= {
        plain(h)
        for h in ColumnMapping.objects.filter(register=register.key).values_list(
            "header", flat=True
        )
    }
    best: tuple[int, int, list[str], int] = (0, 0, [], 0)
    for n, row in enumerate(table.rows[:HEADER_WITHIN]):
        single = [str(cell).strip() for cell in row]
        score = len({plain(h) for h in single} & known)
        if score > best[0]:
            best = (score, n, single, n + 1)
        if n + 1 < len(table.rows):
            double = _two_lines(row, table.rows[n + 1], known)
            score = len({plain(h) for h in double} & known)
            if score > best[0]:
                best = (score, n, double, n + 2)
    if best[0] < 2:
        raise Refused(
            "file",
            _("没有找到表头：前 %d 行里没有一行含有模板的列名。") % HEADER_WITHIN,
            _("请下载模板，按模板的列名整理后再导入。"),
        )
    return best[1], best[2], best[3]


def _two_lines(upper: Sequence[Cell], lower: Sequence[Cell], known: set[str]) -> list[str]:
    joined = []
    for a, b in zip(upper, lower, strict=False):
        first, second = str(a).strip(), str(b).strip()
        if plain(second) in known and plain(second) != plain(first):
            joined.append(second)
        elif plain(first + second) in known and first != second:
            joined.append(first + second)
        else:
            joined.append(first)
    return joined


def match_columns(
    register: Register, headers: Sequence[str], chosen: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Header -> name of the template's column, "" where none fits; a choice of the person wins."""
    remembered = dict(
        ColumnMapping.objects.filter(register=register.key).values_list("header", "column")
    )
    mapping: dict[str, str] = {}
    taken: set[str] = set()
    for header in headers:
        if not header or header in mapping:
            continue
        name = (chosen or {}).get(header)
        if name is None:
            name = remembered.get(header, "") or next(
                (c.name for c in register.import_columns if plain(header) in _names(c)), ""
            )
        if name in taken:
            name = ""
        mapping[header] = name
        if name:
            taken.add(name)
    return mapping
