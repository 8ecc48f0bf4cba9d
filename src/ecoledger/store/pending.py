"""Hours waiting to be aggregated: which point, parameter and hour, under which ticket."""

from __future__ import annotations

from collections.abc import Iterable

Key = tuple[int, int]
"""Hour in microseconds, and the number of the (point, parameter)."""


class PendingHours:
    """The list in memory; its durable copy is a table of the same rows.

    A touch of an hour that is waiting needs no new row. Once it has been handed out, a touch gives
    it a new ticket, so that finishing the old work does not lose the new.
    """

    def __init__(self, stored: Iterable[tuple[int, int, int]], next_ticket: int) -> None:
        """``stored``: (ticket, hour, number)."""
        self._waiting: dict[int, dict[int, int]] = {}
        self._handed: dict[Key, list[int]] = {}
        self.next_ticket = next_ticket
        for ticket, hour, number in sorted(stored):
            before = self._waiting.setdefault(hour, {}).get(number)
            if before is not None:
                self._handed.setdefault((hour, number), []).append(before)
            self._waiting[hour][number] = ticket

    def __len__(self) -> int:
        handed_only = sum(
            number not in self._waiting.get(hour, ()) for hour, number in self._handed
        )
        return sum(map(len, self._waiting.values())) + handed_only

    def fresh(self, hour: int, numbers: list[int]) -> list[int]:
        """Those of ``numbers`` that are not waiting for this hour yet."""
        known = self._waiting.get(hour)
        return [n for n in numbers if n not in known] if known else numbers

    def add(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """Add (ticket, hour, number) once they are stored."""
        for ticket, hour, number in rows:
            self._waiting.setdefault(hour, {})[number] = ticket
            self.next_ticket = max(self.next_ticket, ticket + 1)

    def take(self, limit: int) -> list[tuple[int, int, int]]:
        """Up to ``limit`` (ticket, hour, number), oldest hour first; they count as handed out."""
        chosen: dict[Key, int] = {key: tickets[-1] for key, tickets in self._handed.items()}
        # Enough waiting hours to fill the limit, oldest first.
        left = limit
        for hour in sorted(self._waiting):
            if left <= 0:
                break
            for number, ticket in self._waiting[hour].items():
                chosen[hour, number] = ticket
            left -= len(self._waiting[hour])
        rows = sorted((hour, number, ticket) for (hour, number), ticket in chosen.items())[:limit]
        for hour, number, ticket in rows:
            waiting = self._waiting.get(hour)
            if waiting is not None and waiting.get(number) == ticket:
                self._unlist(hour, number)
                self._handed.setdefault((hour, number), []).append(ticket)
        return [(ticket, hour, number) for hour, number, ticket in rows]

    def settled_by(self, work: Iterable[tuple[int, int, int]]) -> list[int]:
        """Tickets that finishing ``work`` settles: each one given, and older ones of its key."""
        settled = []
        for given, hour, number in work:
            settled += [t for t in self._handed.get((hour, number), ()) if t <= given]
            waiting = self._waiting.get(hour, {}).get(number)
            if waiting is not None and waiting <= given:
                settled.append(waiting)
        return settled

    def remove(self, work: Iterable[tuple[int, int, int]]) -> None:
        """Forget finished work once its tickets are gone from the table."""
        for given, hour, number in work:
            left = [t for t in self._handed.get((hour, number), ()) if t > given]
            if left:
                self._handed[hour, number] = left
            else:
                self._handed.pop((hour, number), None)
            if self._waiting.get(hour, {}).get(number, given + 1) <= given:
                self._unlist(hour, number)

    def _unlist(self, hour: int, number: int) -> None:
        waiting = self._waiting[hour]
        del waiting[number]
        if not waiting:
            del self._waiting[hour]
