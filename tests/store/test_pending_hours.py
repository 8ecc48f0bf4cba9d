"""The list of pending hours does what a plain list of its rows would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ecoledger.store.pending import PendingHours, Work

Row = tuple[int, int, int]  # ticket, hour, number


class Plain:
    """Every row that is not finished, and whether its ticket was handed out."""

    def __init__(self) -> None:
        self.rows: dict[Row, bool] = {}

    def fresh(self, hour: int, numbers: list[int]) -> list[int]:
        waiting = {(h, n) for (_, h, n), handed in self.rows.items() if not handed}
        return [n for n in numbers if (hour, n) not in waiting]

    def take(self, limit: int) -> list[Row]:
        newest = {(h, n): (t, h, n) for t, h, n in sorted(self.rows)}
        taken = [newest[key] for key in sorted(newest)][:limit]
        self.rows |= dict.fromkeys(taken, True)
        return taken

    def settle(self, work: list[Row]) -> list[int]:
        until = {(h, n): t for t, h, n in work}
        done = [row for row in self.rows if row[0] <= until.get(row[1:], 0)]
        for row in done:
            del self.rows[row]
        return sorted(t for t, _, _ in done)


def columns(rows: list[Row]) -> Work:
    return Work([t for t, _, _ in rows], [h for _, h, _ in rows], [n for _, _, n in rows])


touch = st.tuples(st.integers(0, 3), st.sets(st.integers(0, 4), min_size=1))
step = st.one_of(
    st.tuples(st.just("touch"), touch),
    st.tuples(st.just("take"), st.integers(1, 12)),
    st.tuples(st.just("finish"), st.tuples(st.integers(0, 5), st.integers(1, 20))),
    st.tuples(st.just("reopen"), st.none()),
)


@given(st.lists(step, max_size=40))
def test_any_course_of_events_equals_a_plain_list(steps) -> None:  # type: ignore[no-untyped-def]
    plain, pending = Plain(), PendingHours([], 1)
    in_work: list[list[Row]] = []
    for what, how in steps:
        match what:
            case "touch":
                hour, numbers = how[0], sorted(how[1])
                fresh = pending.fresh(hour, numbers)
                assert fresh == plain.fresh(hour, numbers)
                rows = [(pending.next_ticket + i, hour, n) for i, n in enumerate(fresh)]
                pending.add(columns(rows))
                plain.rows |= dict.fromkeys(rows, False)
            case "take":
                work = pending.take(how)
                rows = list(zip(work.tickets, work.hours, work.numbers, strict=True))
                assert rows == plain.take(how)
                in_work.append(rows)
            case "finish" if in_work:
                rows = in_work.pop(how[0] % len(in_work))[: how[1]]
                settled = pending.settled_by(columns(rows))
                pending.remove(columns(rows))
                assert sorted(settled) == plain.settle(rows)
            case "reopen":
                # What was handed out and not finished is handed out again.
                pending = PendingHours(list(plain.rows), pending.next_ticket)
                newest = {(h, n): t for t, h, n in sorted(plain.rows)}
                plain.rows = {row: newest[row[1:]] != row[0] for row in plain.rows}
        assert len(pending) == len({row[1:] for row in plain.rows})
