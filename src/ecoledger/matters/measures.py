"""What a register counts about its matters, as a declaration: from it come indicators with their records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

EVERY = Q()


@dataclass(frozen=True, slots=True)
class Compared:
    """What a register compares with the year before: its rows by the field ``dated``, or the sum of ``amount`` over them.

    ``only`` narrows them, ``query`` says the same to the list; a sum is told divided by ``divided_by``.
    """

    label: str
    dated: str
    only: Q = EVERY
    query: str = ""
    amount: str = ""
    divided_by: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number of matters, or with ``denominator`` a share of them in percent.

    Counted are matters of an area whose ``dated`` moment lies in the span; without ``dated``, those of now,
    or of the end of a span that is over where ``at`` says what counted at a moment.
    With ``step`` counted are those that took that step within the span, ``said`` what they said with it; of what came
    into the book ``past`` the step its ``dated`` moment speaks.
    ``query``: parameters of the register's list that show exactly them; without, the page of records does,
    with ``columns`` beside number and title, and for a share those of its denominator.
    ``missing`` is said of a share without denominator.

    >>> Measure(key="late", name="超期", numerator=EVERY, query={"overdue": "1"}).unit
    '件'
    """

    key: str
    name: str
    numerator: Q
    denominator: Q | None = None
    dated: str = ""
    unit: str = "件"
    higher_is_better: bool = True
    query: dict[str, str] | None = None
    at: Callable[[datetime], Q] | None = None
    columns: tuple[str, ...] = ()
    step: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    past: Q = EVERY
    missing: str = "没有可计算的件"
