"""Random draw (双随机抽查) that anybody can repeat: lists, counts and a seed give one result, on every machine.

The rule, complete (method ``ecoledger-draw-1``):

1. Every object has as many tickets as its weight, a whole number. Ticket ``n`` of object ``code`` is the SHA-256 of
   the UTF-8 text ``seed|code|n`` as 64 small hexadecimal digits, ``n`` from 1. The object's ticket is its smallest.
2. In each tier the objects are put in the order of their tickets. The first ``count`` are drawn; those after them are
   the reserve, in that order. An object of weight 2 comes before one of weight 1 twice as often as behind it.
3. For each drawn object, tier by tier and in order, every inspector who may go there has the text
   ``seed|object code|inspector code``. Whoever has been chosen less often comes first, then the smaller SHA-256;
   the first two go.
   An inspector may not go to what he avoids, nor, where the draw says so, into his own district.

Nothing here reads a clock or a random source: the seed is given. ``docs/random_draw.md`` says the same for readers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

METHOD = "ecoledger-draw-1"
TEAM = 2  # 行政处罚法 42: not fewer than two officers


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that may be drawn. ``weight``: tickets, a whole number from 0; ``district``: its division."""

    code: str
    name: str
    tier: str
    weight: int = 1
    district: str = ""

    @property
    def line(self) -> str:
        return f"{self.code}|{self.name}|{self.tier}|{self.weight}|{self.district}"


@dataclass(frozen=True, slots=True)
class Inspector:
    """Who may be drawn to go. ``avoids``: codes of objects; ``district``: his own division."""

    code: str
    name: str
    district: str = ""
    avoids: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        return f"{self.code}|{self.name}|{self.district}|{','.join(sorted(self.avoids))}"


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of a tier are drawn: ``count`` of ``of``, as ``share`` (a decimal or 1:5) makes it."""

    tier: str
    count: int
    of: int
    share: str = ""

    @property
    def line(self) -> str:
        return f"{self.tier}|{self.count}|{self.of}|{self.share}"


@dataclass(frozen=True, slots=True)
class Lists:
    """What a draw is of; frozen by its hash before a seed exists."""

    objects: tuple[Candidate, ...]
    inspectors: tuple[Inspector, ...]
    quotas: tuple[Quota, ...]
    other_district: bool = False

    @property
    def sha256(self) -> str:
        """The hash of every line of the lists, sorted, one a line, under its heading."""
        parts = [
            METHOD,
            f"other_district={int(self.other_district)}",
            "objects",
            *sorted(o.line for o in self.objects),
            "inspectors",
            *sorted(i.line for i in self.inspectors),
            "quotas",
            *sorted(q.line for q in self.quotas),
        ]
        return _sha("\n".join(parts))


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawn object with those who go there, in the order of the draw."""

    object: str
    tier: str
    inspectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What a seed gives. ``reserve``: tier → codes that come next. ``short``: objects with too few inspectors."""

    drawn: tuple[Drawn, ...]
    reserve: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    short: tuple[str, ...] = ()


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def ticket(seed: str, code: str, weight: int) -> str:
    """The smallest ticket of an object; "" for weight 0, which is never drawn.

    >>> ticket("00", "E-1", 1) == hashlib.sha256(b"00|E-1|1").hexdigest()
    True
    """
    return min((_sha(f"{seed}|{code}|{n}") for n in range(1, weight + 1)), default="")


def count_of(share: str, of: int, people: int = 0) -> int:
    """How many are drawn: a decimal share of ``of`` rounded up, or ``1:5`` = five for each of ``people``.

    Raises ``ValueError`` for a share that is neither.

    >>> count_of("0.25", 30), count_of("1:5", 200, 7), count_of("1", 12)
    (8, 35, 12)
    """
    try:
        if ":" in share:
            persons, units = (int(part) for part in share.split(":"))
            return min(of, people * units // persons)
        exact = Fraction(share) * of
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"a share is a decimal such as 0.25 or 1:5, not {share!r}") from error
    if not 0 <= exact <= of:
        raise ValueError(f"a share lies between 0 and 1, not {share!r}")
    return -int(-exact // 1)


def order(objects: Iterable[Candidate], seed: str) -> list[Candidate]:
    """The objects in the order of their tickets, those of weight 0 left out."""
    kept = [(ticket(seed, o.code, o.weight), o.code, o) for o in objects if o.weight > 0]
    return [o for _ticket, _code, o in sorted(kept, key=lambda entry: entry[:2])]


def draw(lists: Lists, seed: str) -> Result:
    """The result of ``seed`` over ``lists``."""
    drawn: list[Candidate] = []
    reserve: dict[str, tuple[str, ...]] = {}
    for quota in lists.quotas:
        row = order((o for o in lists.objects if o.tier == quota.tier), seed)
        drawn += row[: quota.count]
        reserve[quota.tier] = tuple(o.code for o in row[quota.count :])
    often: dict[str, int] = {}
    made, short = [], []
    for chosen in drawn:
        team = team_for(lists, seed, chosen, often)
        for code in team:
            often[code] = often.get(code, 0) + 1
        if len(team) < TEAM:
            short.append(chosen.code)
        made.append(Drawn(chosen.code, chosen.tier, team))
    return Result(tuple(made), reserve, tuple(short))


def may_go(inspector: Inspector, candidate: Candidate, *, other_district: bool) -> bool:
    """Whether an inspector may check an object: neither avoided nor, where asked, of his own district."""
    own = (
        other_district and inspector.district and candidate.district.startswith(inspector.district)
    )
    return candidate.code not in inspector.avoids and not own


def team_for(
    lists: Lists,
    seed: str,
    candidate: Candidate,
    often: Mapping[str, int],
    without: Sequence[str] = (),
    size: int = TEAM,
) -> tuple[str, ...]:
    """Those who go to ``candidate``: chosen least often so far, then by hash; ``without`` are left out."""
    able = [
        (often.get(i.code, 0), _sha(f"{seed}|{candidate.code}|{i.code}"), i.code)
        for i in lists.inspectors
        if i.code not in without and may_go(i, candidate, other_district=lists.other_district)
    ]
    return tuple(code for _often, _hash, code in sorted(able)[:size])
