"""Chains of repeats among complaints: the same trouble told again, in other words, from another telephone.

A pair is weighed by what it shares: firm, place, telephone, trade, words; it must share a trouble, and a firm or a
place that contradicts forbids it. Two complaints about one firm at one address are no repeats when one is about
smell and the other about noise. What comes out is a proposal that a person confirms. No Django here: rows in,
chains out. Pairs are looked for among rows that share a firm, a place or a telephone, so twenty thousand rows take
seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from ecoledger.standards.written_names import (
    Firm,
    Place,
    media_of,
    plain,
    read_firm,
    read_place,
    same_end,
    trade_of,
    troubles,
)

# A pair whose weight reaches this is proposed.
ENOUGH = 4.0
WITHIN = timedelta(days=366)
# Rows of one street or telephone beyond which it tells nothing (a switchboard, a whole town).
_CROWD = 400


@dataclass(frozen=True, slots=True)
class Complaint:
    """One row. ``key`` tells it from others and comes back in the chains; what is not known is empty."""

    key: Hashable
    day: date | None = None
    text: str = ""
    firm: str = ""
    address: str = ""
    telephone: str = ""
    town: str = ""
    media: str = ""
    trade: str = ""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why two rows may be one matter: their weight, and what they share in words a person reads."""

    weight: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Rows that seem to be one matter, the earliest first; ``reasons`` why, the strongest pair's."""

    keys: tuple[Hashable, ...]
    reasons: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class _Read:
    """A complaint as it is compared."""

    row: Complaint
    firm: Firm | None
    place: Place
    town: str
    telephone: str
    trade: str
    troubles: frozenset[str]
    media: frozenset[str]
    pairs: frozenset[str]  # of characters


def chains(rows: Iterable[Complaint], enough: float = ENOUGH) -> list[Chain]:
    """The chains among ``rows``, the one with the earliest row first."""
    read = _read_all(rows)
    above: dict[int, int] = {}

    def root(n: int) -> int:
        while n in above:
            n = above[n]
        return n

    best: dict[int, Likeness] = {}
    weighed = (
        (likeness, one, other)
        for one, other in _pairs(read)
        if (likeness := _weigh(read[one], read[other])) is not None and likeness.weight >= enough
    )
    for likeness, one, other in sorted(weighed, key=lambda found: -found[0].weight):
        first, second = sorted((root(one), root(other)))
        if first != second:
            above[second] = first
            best[first] = max(
                (kept for n in (first, second) if (kept := best.get(n))),
                key=lambda kept: kept.weight,
                default=likeness,
            )
    members: dict[int, list[int]] = defaultdict(list)
    for n in range(len(read)):
        members[root(n)].append(n)
    made = [
        Chain(tuple(read[n].row.key for n in sorted(group, key=lambda n: _order(read[n]))),
              best[top].reasons, best[top].weight)
        for top, group in members.items() if len(group) > 1
    ]  # fmt: skip
    place = {item.row.key: _order(item) for item in read}
    return sorted(made, key=lambda chain: place[chain.keys[0]])


def alike(
    row: Complaint, others: Iterable[Complaint], enough: float = ENOUGH
) -> list[tuple[Hashable, Likeness]]:
    """Those of ``others`` that ``row`` seems to repeat, the likeliest first: for a form that is being filled."""
    read = _read_all([row, *others])
    found = [
        (read[n].row.key, likeness)
        for n in range(1, len(read))
        if (likeness := _weigh(read[0], read[n])) is not None and likeness.weight >= enough
    ]
    return sorted(found, key=lambda pair: -pair[1].weight)


def _order(item: _Read) -> tuple[date, str]:
    return item.row.day or date.max, str(item.row.key)


def _read_all(rows: Iterable[Complaint]) -> list[_Read]:
    listed = list(rows)
    firms = [read_firm(row.firm) for row in listed]
    named = {firm.brand: firm for firm in firms if firm is not None and firm.trade}
    lengths = sorted({len(brand) for brand in named}, reverse=True)
    return [
        _read(row, firm or _firm_in(plain(row.text), named, lengths))
        for row, firm in zip(listed, firms, strict=True)
    ]


def _firm_in(text: str, named: dict[str, Firm], lengths: Sequence[int]) -> Firm | None:
    """A firm that other rows name and this text mentions."""
    for length in lengths:
        if length < 2:
            continue
        for start in range(len(text) - length + 1):
            firm = named.get(text[start : start + length])
            # A brand alone may be any two characters: the trade must stand behind it.
            if firm and trade_of(text[start + length : start + length + 6]) == firm.trade:
                return firm
    return None


def _read(row: Complaint, firm: Firm | None) -> _Read:
    text = plain(row.text)
    kinds = troubles(text)
    return _Read(
        row,
        firm,
        read_place(row.address, row.text),
        plain(row.town),
        "".join(c for c in row.telephone if c.isdigit()),
        (firm.trade if firm else "") or trade_of(row.text, row.trade),
        kinds,
        media_of(kinds, row.media),
        frozenset(text[n : n + 2] for n in range(len(text) - 1)),
    )


def _pairs(read: Sequence[_Read]) -> Iterator[tuple[int, int]]:
    """Rows worth weighing against each other: of one firm, place or telephone, not too far apart in time."""
    blocks: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for n, item in enumerate(read):
        place = item.place
        if item.firm:
            blocks["firm", item.firm.brand].append(n)
        if place.road:
            blocks["road", place.road[-3:], place.number].append(n)
        if place.estate:
            blocks["estate", place.estate[-4:]].append(n)
        if place.village:
            blocks["village", item.town, place.village[-3:], place.road[-3:]].append(n)
        if (firm := plain(item.row.firm)) and (address := plain(item.row.address)):
            blocks["named", firm, address].append(n)
        if len(item.telephone) >= 7:
            blocks["telephone", item.telephone].append(n)
    seen: set[tuple[int, int]] = set()
    for block in blocks.values():
        if len(block) > _CROWD:
            continue
        for one, other in combinations(block, 2):
            pair = (one, other) if one < other else (other, one)
            first, second = read[one].row.day, read[other].row.day
            near = first is None or second is None or abs(first - second) <= WITHIN
            if near and pair not in seen:
                seen.add(pair)
                yield pair


def _weigh(one: _Read, other: _Read) -> Likeness | None:
    """What two rows share; ``None`` where something forbids that they are one matter."""
    if one.town and other.town and one.town != other.town:
        return None
    if one.media and other.media and not one.media & other.media:
        return None
    weight, reasons = 0.0, []
    if one.troubles and other.troubles and not one.troubles & other.troubles:
        weight -= 3.0  # one medium, another trouble: smell and dust
    firm = _same_firm(one.firm, other.firm)
    if firm is False:
        return None
    # A unit and an address of which nothing can be read are still the same when they are written the same.
    written = _named_alike(one.row, other.row)
    firm = firm or written
    if firm:
        weight += 3.0
        reasons.append("同一企业")
    place = _same_place(one.place, other.place)
    if place is None:
        return None
    place = max(place, 3.0) if written else place
    weight += place
    if place >= 3.0:
        reasons.append("同一地址")
    elif place > 0:
        reasons.append("地址相近")
    if one.telephone and one.telephone == other.telephone and len(one.telephone) >= 7:
        weight += 1.5
        reasons.append("同一电话")
    if one.trade and one.trade == other.trade:
        # Where nobody names the firm, the trade and the address are what tells it.
        weight += 0.5 if firm else 1.0
        if not firm:
            reasons.append("同一行业")
    elif not firm and one.trade and other.trade:
        weight -= 1.0
    if one.town and other.town:
        weight += 0.5
    words = _shared(one.pairs, other.pairs)
    if words >= 0.4:
        weight += 2.0 * words
        reasons.append("文字相近")
    if one.troubles & other.troubles:
        reasons.append("同类问题")
    return Likeness(round(weight, 2), tuple(reasons))


def _named_alike(one: Complaint, other: Complaint) -> bool:
    """Whether both name a unit and an address, each in the same words."""
    pairs = ((plain(one.firm), plain(other.firm)), (plain(one.address), plain(other.address)))
    return all(len(here) >= 2 and here == there for here, there in pairs)


def _same_firm(one: Firm | None, other: Firm | None) -> bool | None:
    """Whether two firms are one; ``None`` where it cannot be told."""
    if one is None or other is None:
        return None
    if one.trade and other.trade and one.trade != other.trade:
        return False
    if one.brand == other.brand:
        return True
    short, long = sorted((one.brand, other.brand), key=len)
    return len(short) >= 2 and short in long


def _same_place(one: Place, other: Place) -> float | None:
    """How much two places say that they are one; ``None`` where they are two."""
    if one.empty or other.empty:
        return 0.0
    weight = 0.0
    if one.road and other.road:
        if not same_end(one.road, other.road):
            return None if not _shares_estate(one, other) else 1.0
        if one.number and other.number:
            return 3.0 if one.number == other.number else None
        weight = 1.5
    if _shares_estate(one, other):
        return 3.0
    if one.village and other.village:
        if not same_end(one.village, other.village):
            return None
        return weight + 1.5
    return weight


def _shares_estate(one: Place, other: Place) -> bool:
    return bool(one.estate and other.estate and same_end(one.estate, other.estate))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of character pairs two texts have in common (Jaccard)."""
    if not one or not other:
        return 0.0
    both = len(one & other)
    return both / (len(one) + len(other) - both)
