"""Two web processes on one PostgreSQL without a bus: pages hear of both, and a guesser gains nothing by asking both."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from tests.cluster import postgres, webs
from tests.path import county
from tests.path.house import PATIENCE, House, Visitor, this_hour, until

from ecoledger.accounts.sign_in import FAILURES_ALLOWED, FREE_FAILURES
from ecoledger.live import over_postgresql


@pytest.fixture(scope="module")
def database(postgres_address: str) -> Iterator[str]:
    with postgres.empty_database(postgres_address) as address:
        yield address


@pytest.fixture(scope="module")
def houses(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[House]]:
    with contextlib.ExitStack() as running:
        made = webs.built(tmp_path_factory.mktemp("several"), database)
        yield [House(running.enter_context(web)) for web in made]


@pytest.fixture(scope="module")
def person(houses: list[House]) -> Iterator[Callable[[int], Visitor]]:
    """``person(1)``: the dispatcher at the second process, signed in at the first alone."""
    with contextlib.closing(Visitor(houses[0], "dispatcher")) as first:
        second = Visitor(houses[1])
        second.cookies.update(first.cookies)
        with contextlib.closing(second):
            yield lambda number: (first, second)[number]


class Page(threading.Thread):
    """An open page: what it is told of."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__(daemon=True)
        self.visitor = visitor
        self.told: queue.Queue[str] = queue.Queue()
        self.start()
        assert self.told.get(timeout=PATIENCE) == "retry"

    def run(self) -> None:
        with (
            contextlib.suppress(httpx.HTTPError),
            self.visitor.stream("GET", "/live", timeout=PATIENCE) as answer,
        ):
            for line in answer.iter_lines():
                kind, _, topic = line.partition(": ")
                if kind == "retry":
                    self.told.put("retry")
                elif kind == "event":
                    self.told.put(topic)

    def is_told(self, topic: str) -> None:
        while self.told.get(timeout=PATIENCE) != topic:
            pass


def test_a_page_hears_what_the_other_process_did(
    houses: list[House], person: Callable[[int], Visitor]
) -> None:
    page = Page(person(1))
    houses[0].emit("闭环锅炉烟囱", 12.0, this_hour())
    page.is_told("observation")
    # Told anew after the connection to the database was lost, with word that something may have been missed.
    before = _listeners(houses)
    assert len(before) == 2
    for number in before:
        _ask(houses, "SELECT pg_terminate_backend(%s)", number)
    until(
        lambda: len(now := _listeners(houses)) == 2 and not now & before,
        "both processes to listen again",
    )
    page.is_told("matter")
    houses[0].emit("闭环锅炉烟囱", 13.0, this_hour())
    page.is_told("observation")


def _listeners(houses: list[House]) -> set[int]:
    """The server's processes that hear for one of ours."""
    listen = f"LISTEN {over_postgresql.CHANNEL}"
    rows = _ask(
        houses,
        "SELECT pid FROM pg_stat_activity WHERE query = %s AND datname = current_database()",
        listen,
    )
    return {number for (number,) in rows}


def _ask(houses: list[House], sql: str, *values: str | int) -> list[tuple[Any, ...]]:
    import psycopg

    database = houses[0].process.environment["ECOLEDGER_DATABASE"]
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(sql, values).fetchall()


def test_wrong_passwords_are_counted_over_both(houses: list[House]) -> None:
    strangers = [Visitor(house) for house in houses]
    tried = 0
    for number in range(FREE_FAILURES):
        answer = strangers[number % 2].sign_in(f"nobody{number}", "wrong")
        assert "登录失败次数过多" not in answer.text, number
        tried += 1
    for stranger in strangers:
        assert "登录失败次数过多" in stranger.sign_in("officer", county.PASSWORD).text
        stranger.close()
    assert tried == FREE_FAILURES > FAILURES_ALLOWED
