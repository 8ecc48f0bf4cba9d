"""Servers of these tests' own; a machine without the programs says so by skipping, never by passing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

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


@pytest.fixture
def new_database(postgres_address: str) -> Callable[[str], str]:
    """``new_database("name")``: the address of an empty database of that name."""
    import psycopg

    def make(name: str) -> str:
        with psycopg.connect(postgres_address, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return urlsplit(postgres_address)._replace(path=f"/{name}").geturl()

    return make
