"""Every test of the contract runs on every implementation of the store.

``ECOLEDGER_TEST_STORE`` names those to run, with commas: ``duckdb`` (what runs when nothing is said) and ``chdb``,
today's ClickHouse in a wheel, which `make test-cluster` installs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ecoledger.store.clickhouse import store as clickhouse
from ecoledger.store.duckdb.store import DuckDBStore
from ecoledger.store.interface import ObservationStore

IMPLEMENTATIONS: dict[str, Callable[[Path], ObservationStore]] = {
    "duckdb": lambda folder: DuckDBStore(folder / "store.duckdb"),
    "chdb": lambda folder: clickhouse.opened(f"chdb://{folder / 'clickhouse'}"),
}
# A busy machine counts slowly; a test wants to know how many there are now.
clickhouse.COUNTS_LONG = float("inf")
CHOSEN = os.environ.get("ECOLEDGER_TEST_STORE", "duckdb").split(",")
collect_ignore = [] if "chdb" in CHOSEN else ["test_clickhouse.py"]


@pytest.fixture(params=CHOSEN)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], ObservationStore]:
    """Open the test's store; again after closing it, to see what lasted."""
    opened = IMPLEMENTATIONS[request.param]
    return lambda: opened(tmp_path)


@pytest.fixture
def store(open_store: Callable[[], ObservationStore]) -> Iterator[ObservationStore]:
    with open_store() as opened:
        yield opened
