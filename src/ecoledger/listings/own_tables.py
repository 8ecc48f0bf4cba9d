"""Tables of data that a bureau edits on a page: a book's checklist, the items of an assessment.

::

    declare(OwnTable(book="station_check", room=__package__, name="station_checks", rows="item", label="检查表",
                     columns=(OwnColumn("label", "检查内容", required=True),), changed=redeclare))

The page stands at ``/b/<book>/items`` and its link on the book. What is saved takes the place of the shipped file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings import asked, own_data
from ecoledger.listings.parts import DeclarationError, Text
from ecoledger.listings.refusals import Refused


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """One column: ``kind`` is text, number or yes (ticked or not)."""

    name: str
    label: Text
    kind: str = "text"
    required: bool = False
    most: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTable:
    """A table of a book's data: the array ``rows`` of ``name``.toml of ``room``. ``changed`` is called after a change.

    Rows have a ``key`` that stays when their words change, so that what was answered before keeps its meaning.
    """

    book: str
    room: str
    name: str
    rows: str
    label: Text
    columns: tuple[OwnColumn, ...]
    changed: Callable[[], object]
    help: Text = ""

    def said(self) -> dict[str, Any]:
        """The data in force."""
        return own_data.read(self.room, self.name)

    def shown(self) -> list[dict[str, Any]]:
        """The rows in force."""
        return [dict(row) for row in self.said()[self.rows]]

    def write(self, typed: Sequence[Mapping[str, str]], *, by: Person) -> None:
        """Keep these rows; one whose first column is empty is left out. Raises :class:`Refused` with row and field."""
        first = self.columns[0].name
        known = {str(row["key"]): row for row in self.shown()}
        kept = [
            known.get(row.get("key", ""), {}) | self._row(number, row, known)
            for number, row in enumerate(typed, 1)
            if row.get(first, "").strip()
        ]
        if not kept:
            raise Refused("form", _("至少要有一行。"))
        said = {**self.said(), "mark": own_data.OWN_MARK, self.rows: kept}
        own_data.write(self.name, said, by=by)
        self.changed()

    def _row(
        self, number: int, row: Mapping[str, str], known: Mapping[str, object]
    ) -> dict[str, Any]:
        said: dict[str, Any] = {"key": row.get("key") or _new_key(known, number)}
        for column in self.columns:
            written = row.get(column.name, "").strip()
            if column.required and not written:
                raise _refused(number, column, _("不能为空"))
            if len(written) > column.most:
                raise _refused(number, column, _("不超过 %d 个字") % column.most)
            if column.kind == "yes":
                said[column.name] = bool(written)
            elif column.kind == "number":
                said[column.name] = _number(number, column, written)
            else:
                said[column.name] = written
        return said


_tables: dict[str, OwnTable] = {}


def declare(table: OwnTable) -> OwnTable:
    """Put a table beside its book. Raises :class:`DeclarationError` for a second one."""
    if table.book in _tables:
        raise DeclarationError(f"{table.book} has a table already")
    _tables[table.book] = table
    return table


def table_of(book: str) -> OwnTable | None:
    """The table of a book, if it has one."""
    return _tables.get(book)


def _new_key(known: Mapping[str, object], number: int) -> str:
    """A key no row has had: nobody sees it, it only has to stay."""
    while (key := f"own_{number}") in known:
        number += 100
    return key


def _number(number: int, column: OwnColumn, written: str) -> int | float:
    value = asked.amount(written or "0")
    if value is None or value < 0:
        raise _refused(number, column, _("请填数字，不超过一千亿"))
    return asked.short(value)


def _refused(number: int, column: OwnColumn, remedy: str) -> Refused:
    return Refused("form", _("第 %(number)d 行“%(field)s”：%(remedy)s。") % {
        "number": number, "field": _(str(column.label)), "remedy": remedy,
    })  # fmt: skip
