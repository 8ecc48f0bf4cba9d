"""The store at a place: a file of this process's own, or an address of ClickHouse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from ecoledger.store.interface import ObservationStore


def opened(place: Path | str, *, clock: Callable[[], datetime] = datetime.now) -> ObservationStore:
    """Open ``place``: an address (:func:`ecoledger.store.clickhouse.store.opened`), else a DuckDB file."""
    if "://" in str(place):
        from ecoledger.store.clickhouse import store as clickhouse

        return clickhouse.opened(str(place), clock=clock)
    from ecoledger.store.duckdb.store import DuckDBStore

    return DuckDBStore(place, clock=clock)
