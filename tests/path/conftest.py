"""One real server on a small county, and people who sign in to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cluster import places, serving
from tests.path.house import SETTINGS, House, Visitor, built_once


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The county's data folder, to be copied."""
    return built_once(tmp_path_factory.getbasetemp() / "county" / "data")


@pytest.fixture(scope="module")
def house(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("path") / "data"
    shutil.copytree(built, folder)
    places.copied(built, folder)
    with serving.begun(folder, SETTINGS) as process:
        yield House(process)
    places.forget(folder)
    # Nothing anybody did made the server itself fail.
    failures = [line for line in process.log().splitlines() if '"level": "error"' in line]
    assert [line for line in failures if '"logger": "django.security' not in line] == []


@pytest.fixture(scope="module")
def visitor(house: House) -> Iterator[Callable[[str], Visitor]]:
    """``visitor("officer")``: that person, signed in once a module."""
    known: dict[str, Visitor] = {}

    def who(username: str) -> Visitor:
        if username not in known:
            known[username] = Visitor(house, username)
        return known[username]

    yield who
    for one in known.values():
        one.close()
