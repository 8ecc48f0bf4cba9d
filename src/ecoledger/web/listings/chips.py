"""The filters above a list, as the page draws them: what may be chosen of each, and what is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings import asked, selecting
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, lookup_among, lookup_of
from ecoledger.listings.parts import Filter, Kind
from ecoledger.web.access import Request

FIRST = 3  # filters that stand above the list at once; the others wait under 条件
OFFERED = 40  # rows of another table that a chip lists; where there are more, they are looked up
_SPANS = (Kind.DATE, Kind.DATETIME, Kind.DUE, Kind.INTEGER, Kind.DECIMAL)
_DAYS = (Kind.DATE, Kind.DATETIME, Kind.DUE)


@dataclass(frozen=True)
class Chip:
    """One filter: its choices as boxes to tick, or the look-up that finds them; and in words what is chosen."""

    declared: Filter
    text: str
    boxes: SafeString | None = None
    lookup: str = ""
    value: str = ""
    since: str = ""
    until: str = ""

    @property
    def is_span(self) -> bool:
        return self.declared.kind in _SPANS

    @property
    def is_day(self) -> bool:
        return self.declared.kind in _DAYS


def chips(listing: Listing, request: Request) -> dict[str, Any]:
    """What ``listings/_picks.html`` draws: the filters open to this person, and what else the address keeps."""
    every = [_chip(declared, request) for declared in listing.open_filters(request.user)]
    own = {"q", "page", "exact"}
    for chip in every:
        own |= {f"{chip.declared.name}{end}" for end in ("", "_from", "_to", "_text")}
    return {
        "chips": [c for c in every if c.text or c in every[:FIRST]],
        "more": [c for c in every[FIRST:] if not c.text],
        "kept": [(name, value) for name, value in request.GET.items() if name not in own and value],
        "narrowed": any(c.text for c in every)
        or bool(request.GET.get("q") or request.GET.get("about")),
    }


def _chip(declared: Filter, request: Request) -> Chip:
    chosen = selecting.chosen(declared, request.GET)
    if declared.kind in _SPANS:
        since, until = selecting.ends(declared, request.GET)
        text = since if since == until else f"{since}～{until}"
        return Chip(declared, text, since=since, until=until)
    lookup = _lookup(declared)
    if lookup is not None:
        rows = list(lookup.open_rows(request.user)[: OFFERED + 1])
        if len(rows) > OFFERED:
            names = _names(lookup, request.user, chosen)
            text = _listed(names) or _("、").join(chosen)
            return Chip(declared, text, lookup=lookup.key, value=next(iter(chosen), ""))
        pairs = [(str(lookup.value_of(row)), str(row)) for row in rows]
    elif declared.kind is Kind.BOOLEAN:
        pairs = [("1", _("是")), ("0", _("否"))]
    else:
        pairs = [(value, _(str(label))) for value, label in declared.choices]
    # "all" takes back what the list begins with.
    chosen = [v for v in chosen if v != "all" or any(value == v for value, _text in pairs)]
    names = [text for value, text in pairs if value in chosen]
    boxes = "".join(_box(declared.name, v, t, v in chosen) for v, t in pairs)
    safe = mark_safe(boxes) if pairs else None  # noqa: S308 - each part is escaped
    return Chip(declared, _listed(names) or _("、").join(chosen), safe)


def _box(name: str, value: str, text: str, ticked: bool) -> str:
    """A choice to tick. A page has hundreds of them: put together by hand, every part escaped."""
    return (
        f'<label class="form-check"><input class="form-check-input" type="checkbox" name="{name}"'
        f' value="{escape(value)}"{" checked" if ticked else ""}>'
        f'<span class="form-check-label">{escape(text)}</span></label>'
    )


def _lookup(declared: Filter) -> Lookup | None:
    """Where the rows come from that the filter chooses among; ``None``: it names none."""
    if declared.kind is Kind.AREA:
        return lookup_of("area")
    if declared.kind is Kind.REFERENCE and declared.to is not None:
        return lookup_among(declared.among, declared.to)
    return None


def _names(lookup: Lookup, person: Person, chosen: Iterable[str]) -> list[str]:
    """What the chosen rows are called, of those that are offered."""
    path = lookup.value
    numbers = [value for value in chosen if path != "pk" or asked.number(value) is not None]
    return [str(row) for row in lookup.open_rows(person).filter(**{f"{path}__in": numbers})]


def _listed(names: list[str]) -> str:
    if len(names) > 1:
        return _("%(first)s等 %(count)d 个") % {"first": names[0], "count": len(names)}
    return names[0] if names else ""
