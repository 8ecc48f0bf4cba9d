"""One real server on a small county, and people who sign in to it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cluster import places, serving
from tests.path.house import SETTINGS, House, Visitor, build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The county's data folder, to be copied. Of processes that test side by side one builds it."""
    beginning = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ and not os.environ.get(places.SERVER):
        beginning = beginning.parent
    folder, whole = beginning / "county" / "data", beginning / "county" / "whole"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            build(folder)
            whole.touch()
    return folder


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
