"""What stands in a cell as the value its column asks for; what cannot be read is said, not guessed at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.accounts.models import Organisation, Person
from ecoledger.listings.lookups import NoSuchRow, lookup_for, lookup_of
from ecoledger.listings.parts import Ask, ImportColumn, Kind
from ecoledger.matters.importing.columns import plain
from ecoledger.matters.importing.reading import Cell
from ecoledger.standards.time_limits import add_months


class BadCell(ValueError):  # noqa: N818 - said to the person who filled the table
    """A cell that cannot be read; the message says why and what to write instead."""


def text_of(value: Cell) -> str:
    """A cell as a person reads it. Raises :class:`BadCell` for a number that lost digits."""
    if value is None:
        return ""
    if isinstance(value, float):
        if abs(value) >= 1e15:
            # Spreadsheets keep 15 digits: the rest of a long code is lost.
            raise BadCell(
                _("长编码被表格软件存成了数字，末几位已丢失；请把该列设为“文本”格式后重新填写")
            )
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value).strip()
        if re.fullmatch(r"\d(\.\d+)?E\+\d{2}", text):
            raise BadCell(_("“%s”是被表格软件改写的科学计数；请把该列设为“文本”后重新填写") % text)
        return text
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M")
    return str(value)


_DATE = re.compile(r"^(\d{4})[年./\-](\d{1,2})[月./\-](\d{1,2})日?(前|之前|以前)?$")
_MONTH = re.compile(r"^(\d{4})[年./\-](\d{1,2})月?(底|末)?(前|之前)?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_NO_DATE = frozenset({"长期坚持", "长期", "持续推进", "持续", "/", "-", "—", "无"})


def parse_date(value: Cell) -> tuple[date | None, str]:
    """(day, warning) of what stands in a date column. Raises ``ValueError`` for what is no date.

    >>> parse_date("2023.8.10")[0]
    datetime.date(2023, 8, 10)
    """
    if isinstance(value, datetime):
        return value.date(), ""
    if isinstance(value, date):
        return value, ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if 30_000 <= value <= 80_000:
            day = date(1899, 12, 30) + timedelta(int(value))
            return day, _("按表格软件的日期序号读作 %s") % day
        value = str(int(value))
    text = unicodedata.normalize("NFKC", str(value)).replace(" ", "")
    if text in _NO_DATE:
        return None, _("“%s”没有确定日期，不设时限") % text
    if found := _DATE.match(text) or _COMPACT.match(text):
        year, month, day_ = (int(g) for g in found.groups()[:3])
        return date(year, month, day_), ""
    if found := _MONTH.match(text):
        first = date(int(found[1]), int(found[2]), 1)
        last = add_months(first, 1) - timedelta(1)
        return last, _("只写到月，按月末 %s 计") % last
    raise ValueError(text)


@dataclass
class Lookup:
    """Names to rows, read once for a whole file."""

    person: Person
    areas: dict[str, str]
    organisations: dict[str, int]
    rows: dict[tuple[str, str], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, person: Person) -> Lookup:
        within = list(lookup_of("area").rows(person))
        return cls(
            person,
            {plain(a.name): a.code for a in within} | {a.code: a.code for a in within},
            {plain(o.name): o.pk for o in Organisation.objects.all()},
        )

    def reference(self, ask: Ask, text: str) -> Any:
        """What the form sends for the row that ``text`` names. Raises :class:`BadCell`."""
        if ask.to is None:
            return text
        if ask.to is Organisation and (pk := self.organisations.get(plain(text))):
            return pk
        key = (ask.name, text)
        if key not in self.rows:
            rows = lookup_for(ask.to)
            try:
                self.rows[key] = rows.value_of(rows.resolve(text, self.person))
            except NoSuchRow as error:
                raise BadCell(str(error)) from error
        return self.rows[key]


def value_of(column: ImportColumn, value: Cell, lookup: Lookup) -> tuple[Any, str]:
    """(value for the form, warning). Raises :class:`BadCell` with a sentence."""
    ask = column.ask
    if ask.kind is Kind.DATE:
        if value in ("", None):
            return "", ""
        try:
            day, warning = parse_date(value)
        except ValueError as error:
            raise BadCell(
                _("“%s”不是日期；请写成 2026-12-31 或 2026年12月31日") % text_of(value)
            ) from error
        return (day.isoformat() if day else ""), warning
    text = text_of(value)
    if not text:
        return "", ""
    match ask.kind:
        case Kind.CHOICE:
            return _choice(ask.choices, text, str(ask.label)), ""
        case Kind.BOOLEAN:
            if plain(text) in ("是", "√", "y", "yes", "1", "true"):
                return True, ""
            if plain(text) in ("否", "×", "n", "no", "0", "false", "/", "-"):
                return False, ""
            raise BadCell(_("“%s”应为“是”或“否”") % text)
        case Kind.AREA:
            code = lookup.areas.get(plain(text)) or lookup.areas.get(text)
            if code is None:
                names = "、".join(sorted({k for k in lookup.areas if not k.isdigit()})[:8])
                raise BadCell(
                    _("“%(text)s”不是您范围内的行政区划；可填：%(names)s")
                    % {"text": text, "names": names}
                )
            return code, ""
        case Kind.REFERENCE:
            return lookup.reference(ask, text), ""
    return text, ""


def _choice(choices: Sequence[tuple[str, Any]], text: str, label: str) -> str:
    wanted = plain(text)
    for value, name in choices:
        if wanted in (plain(value), plain(name)):
            return value
    close = [v for v, name in choices if wanted and (wanted in plain(name))]
    if len(close) == 1:
        return close[0]
    raise BadCell(
        _("“%(text)s”不是%(label)s的可选值；可填：%(names)s")
        % {"text": text, "label": label, "names": "、".join(str(n) for _v, n in choices)}
    )
