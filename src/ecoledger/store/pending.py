"""Hours waiting to be aggregated: which point, parameter and hour, under which ticket."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Key = tuple[int, int]
"""Hour in microseconds, and the number of the (point, parameter)."""


@dataclass(frozen=True, slots=True)
class Work:
    """Rows of the list as columns, in ascending order of the hours."""

    tickets: Sequence[int] = field(default_factory=list)
    hours: Sequence[int] = field(default_factory=list)
    numbers: Sequence[int] = field(default_factory=list)

    def by_hour(self) -> Iterator[tuple[int, dict[int, int]]]:
        """Each hour with its tickets by number; of several for one number the newest."""
        begin = 0
        while begin < len(self.hours):
            hour = self.hours[begin]
            end = bisect_right(self.hours, hour, begin)
            numbers, tickets = self.numbers[begin:end], self.tickets[begin:end]
            found = dict(zip(numbers, tickets, strict=True))
            if len(found) < end - begin:
                found = dict(sorted(zip(numbers, tickets, strict=True)))
            yield hour, found
            begin = end


class PendingHours:
    """The list in memory; its durable copy is a table of the same rows.

    A touch of an hour that is waiting needs no new row. Once it has been handed out, a touch gives
    it a new ticket, so that finishing the old work does not lose the new.

    Most hours come, are handed out and are finished as a whole, so everything is kept by hour and
    whole hours change hands at once.
    """

    def __init__(self, stored: Sequence[tuple[int, int, int]], next_ticket: int) -> None:
        """``stored``: (ticket, hour, number)."""
        self._waiting: dict[int, dict[int, int]] = {}
        self._handed: dict[int, dict[int, int]] = {}
        # Tickets handed out before the one in _handed and not finished: after a failure.
        self._older: dict[Key, list[int]] = {}
        self.next_ticket = next_ticket
        for ticket, hour, number in sorted(stored):
            waiting = self._waiting.setdefault(hour, {})
            if (before := waiting.get(number)) is not None:
                self._hand_out(hour, number, before)
            waiting[number] = ticket

    def __len__(self) -> int:
        handed_only = sum(
            len(handed.keys() - self._waiting[hour].keys())
            if hour in self._waiting
            else len(handed)
            for hour, handed in self._handed.items()
        )
        return sum(map(len, self._waiting.values())) + handed_only

    def fresh(self, hour: int, numbers: list[int]) -> list[int]:
        """Those of ``numbers`` that are not waiting for this hour yet."""
        known = self._waiting.get(hour)
        return [n for n in numbers if n not in known] if known else numbers

    def add(self, work: Work) -> None:
        """Add rows once they are stored."""
        for hour, tickets in work.by_hour():
            self._waiting.setdefault(hour, {}).update(tickets)
        self.next_ticket = max(self.next_ticket, max(work.tickets, default=0) + 1)

    def take(self, limit: int) -> Work:
        """Up to ``limit`` rows, oldest hour first; they count as handed out.

        What was handed out before and is not finished comes again.
        """
        tickets: list[int] = []
        hours: list[int] = []
        numbers: list[int] = []
        for hour in sorted(self._waiting.keys() | self._handed.keys()):
            left = limit - len(hours)
            if left <= 0:
                break
            handed = self._handed.get(hour, {})
            both = {**handed, **self._waiting.get(hour, {})}
            chosen = dict(sorted(both.items())[:left])
            tickets += chosen.values()
            numbers += chosen
            hours += [hour] * len(chosen)
            if not handed and len(chosen) == len(both):
                self._handed[hour] = self._waiting.pop(hour)
                continue
            for number, ticket in chosen.items():
                if handed.get(number) != ticket:
                    self._unlist(self._waiting, hour, number)
                    self._hand_out(hour, number, ticket)
        return Work(tickets, hours, numbers)

    def settled_by(self, work: Work) -> list[int]:
        """Tickets that finishing ``work`` settles: each one given, and older ones of its key."""
        settled: list[int] = []
        for hour, given in work.by_hour():
            if self._is_whole(hour, given):
                settled += given.values()
                continue
            handed, waiting = self._handed.get(hour, {}), self._waiting.get(hour, {})
            for number, ticket in given.items():
                known = [*self._older.get((hour, number), ())]
                known += [tickets[number] for tickets in (handed, waiting) if number in tickets]
                settled += [t for t in known if t <= ticket]
        return settled

    def remove(self, work: Work) -> None:
        """Forget finished work once its tickets are gone from the table."""
        for hour, given in work.by_hour():
            if self._is_whole(hour, given):
                del self._handed[hour]
                continue
            for number, ticket in given.items():
                older = [t for t in self._older.pop((hour, number), ()) if t > ticket]
                if older:
                    self._older[hour, number] = older
                for tickets in (self._handed, self._waiting):
                    if tickets.get(hour, {}).get(number, ticket + 1) <= ticket:
                        self._unlist(tickets, hour, number)

    def _is_whole(self, hour: int, given: dict[int, int]) -> bool:
        """Whether ``given`` is all that was handed out of the hour, and nothing older is about."""
        return not self._older and self._handed.get(hour) == given

    def _hand_out(self, hour: int, number: int, ticket: int) -> None:
        handed = self._handed.setdefault(hour, {})
        if number in handed:
            self._older.setdefault((hour, number), []).append(handed[number])
        handed[number] = ticket

    @staticmethod
    def _unlist(tickets: dict[int, dict[int, int]], hour: int, number: int) -> None:
        numbers = tickets[hour]
        del numbers[number]
        if not numbers:
            del tickets[hour]
