"""What every room's tests may use: an open store, a small county, and people in every role."""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import override
from tests import daily_values, remembered, small_county, spare_store
from tests.cluster import places
from tests.small_county import COUNTY, NORTH, SOUTH  # noqa: F401  # what tests ask this file for

# Rooms whose files take long: none of them is to begin when everything else is done.
LONG = ("stories", "path", "web", "cli", "contract", "demo", "store")
# Seconds after which a process of the run that is still at work says at what.
HANGS = 2400


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Rooms of long files first (``--no-loadscope-reorder``); within a room as before."""
    order = {Path(__file__).parent / room: place for place, room in enumerate(LONG)}
    items.sort(key=lambda item: min(order.get(parent, len(LONG)) for parent in item.path.parents))


def pytest_configure() -> None:
    """A test that hangs says where; one watch for all, where pytest's own starts a thread for each test."""
    faulthandler.dump_traceback_later(HANGS, repeat=True, file=os.dup(2))


def pytest_collection_finish() -> None:
    """Everything is loaded: the collector of garbage does not walk it again and again, as in the server."""
    from ecoledger.cli import process_limits

    process_limits.settle()


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """Each test begins in the source language, whatever language the test before it read pages in, and with divisions of
    its own."""
    from ecoledger.listings import cells

    cells.forget_areas()
    with override("zh-hans"):
        yield


@pytest.fixture
def store(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[object]:
    """The process's open observation store, empty."""
    from ecoledger.monitoring import runtime

    if place := places.store(tmp_path):
        from ecoledger.store.clickhouse import store as clickhouse

        # A busy machine counts slowly; a test wants to know how many there are now.
        clickhouse.COUNTS_LONG = float("inf")
        with runtime.opened(place) as opened:
            yield opened
        return
    content = request.node.stash.get(spare_store.WANTED, None)
    with spare_store.taken(tmp_path_factory, content) as opened:
        yield opened


@pytest.fixture
def people(db: None) -> dict:
    """One person a role, keyed by the role's value, all of the county; ``officer2`` is a second officer."""
    return remembered.again(small_county.people)


@pytest.fixture
def bureau(people: dict) -> small_county.Bureau:
    """A small county with stations, a river, an enterprise and its meters, and ``people``."""
    from ecoledger.monitoring.points import table

    made = remembered.again(small_county.bureau)
    table.forget()
    made.people = people
    return made


@pytest.fixture
def october(request: pytest.FixtureRequest, bureau: small_county.Bureau) -> dict:
    """A month of the small county (:func:`tests.daily_values.october`)."""
    request.node.stash[spare_store.WANTED] = daily_values.measured_in(bureau)
    return daily_values.october(request.getfixturevalue("store"), bureau)
