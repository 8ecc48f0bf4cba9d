"""Many new matters of one register written at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecoledger.accounts import inserting
from ecoledger.matters.clocks import local
from ecoledger.matters.number_order import order_of
from ecoledger.matters.numbering import next_numbers
from ecoledger.matters.register import Register


def give_numbers(register: Register, matters: Sequence[Any]) -> None:
    """Numbers of the year of their opening for those that bring none."""
    by_year: dict[int, list[Any]] = {}
    for matter in matters:
        if not matter.number:
            by_year.setdefault(local(matter.opened_at).year, []).append(matter)
    for same_year in by_year.values():
        numbers = next_numbers(register, same_year[0].opened_at, len(same_year))
        for matter, number in zip(same_year, numbers, strict=True):
            matter.number = number


def insert(matters: Sequence[Any]) -> None:
    """Both rows of each matter of one register."""
    for matter in matters:
        matter.number_order = order_of(matter.number)
    inserting.insert_things(matters)
