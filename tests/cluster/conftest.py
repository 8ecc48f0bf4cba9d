"""Servers of these tests' own; a machine without the programs says so by skipping, never by passing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

import pytest
from tests.cluster import places, postgres


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """The run's server, or one of its own."""
    if address := os.environ.get(places.SERVER):
        yield address
        return
    if why := postgres.available():
        pytest.skip(f"not run: {why}")
    with postgres.started() as server:
        yield server.url()


@pytest.fixture(scope="session")
def with_tables(postgres_address: str) -> Iterator[str]:
    """The address of a database that has the tables of this version, for tests that empty them for themselves."""
    with postgres.empty_database(postgres_address) as address:
        places.make_tables(places.on(address))
        yield address


@pytest.fixture
def new_database(postgres_address: str) -> Iterator[Callable[[], str]]:
    """``new_database()``: the address of an empty database. Other files use the same server at the same time."""
    with contextlib.ExitStack() as kept:
        yield lambda: kept.enter_context(postgres.empty_database(postgres_address))
