"""A bureau is carried to a database server and home again; nothing of it changes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.server import Server
from tests.path import county
from tests.path.house import House, Visitor, hours_ago, until


class Embedded(Server):
    """A server on the embedded engines, whatever the run's other servers use."""

    address = ""
    store = ""

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in super().environment.items() if not k.startswith("ECOLEDGER")}
        named = {"ECOLEDGER_DATABASE": self.address, "ECOLEDGER_STORE": self.store}
        return {**kept, **{name: address for name, address in named.items() if address}}


def move(server: Server, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    run = subprocess.run(
        [sys.executable, "-m", "ecoledger", "move", *arguments],
        capture_output=True, text=True, env=server.environment, check=False,
    )  # fmt: skip
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()], run.stderr


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded bureau in which a device reported, an alarm was raised and people did something."""
    folder = tmp_path_factory.mktemp("lived") / "data"
    server = Embedded(folder)
    server.prepare(county.call("build"))
    with server:
        house = House(server)
        house.emit("闭环锅炉烟囱", 90.0, *(hours_ago(n) for n in (3, 2, 1)))
        house.settled()
        officer = Visitor(house, "dispatcher")
        until(lambda: officer.cases("闭环锅炉烟囱"), "a case")
        officer.close()
    return folder


def test_to_the_server_and_home_again(
    lived_in: Path, new_database: Callable[[], str], tmp_path: Path
) -> None:
    address = new_database()
    here = Embedded(lived_in)
    there, home = tmp_path / "there", tmp_path / "home"
    code, lines, errors = move(
        here, "--from", str(lived_in), "--to", str(there), "--to-database", address
    )
    assert code == 0, errors
    tables = {line["table"]: line for line in lines if "table" in line}
    assert tables["matters_event"]["rows"][0] > 0
    assert all(before == after for line in tables.values() for before, after in [line["rows"]])
    assert all(len(set(line["sha256"])) == 1 for line in tables.values())
    assert lines[-1]["event"] == "moved"
    assert lines[-1]["chains"] == "whole"

    # The new house opens, with the same people, cases and numbers, and goes on counting.
    served = Embedded(there)
    served.address = address
    served.prepare(
        "from ecoledger.web.office import integrity; assert list(integrity._problems()) == []"
    )

    code, back, errors = move(
        here, "--from", str(there), "--from-database", address, "--to", str(home)
    )
    assert code == 0, errors
    again = {line["table"]: line for line in back if "table" in line}
    assert {k: v["sha256"][1] for k, v in again.items()} == {
        k: v["sha256"][0] for k, v in tables.items()
    }
    with sqlite3.connect(home / "business.sqlite3") as base:
        count = base.execute("SELECT count(*) FROM matters_event").fetchone()[0]
    assert count == tables["matters_event"]["rows"][0]


def test_observations_go_to_clickhouse_and_home_again(
    lived_in: Path, new_database: Callable[[], str], tmp_path: Path
) -> None:
    pytest.importorskip("chdb", reason="not run: chDB is not installed")
    address = new_database()
    here = Embedded(lived_in)
    there, home = tmp_path / "there", tmp_path / "home"
    store = f"chdb://{tmp_path / 'clickhouse'}"
    code, lines, errors = move(
        here, "--from", str(lived_in), "--to", str(there),
        "--to-database", address, "--to-store", store,
    )  # fmt: skip
    assert code == 0, errors
    moved = next(line for line in lines if "store" in line)
    assert moved["frames"] == [3, 3]
    assert moved["rows"][0] == moved["rows"][1] > 3
    assert moved["sha256"][0] == moved["sha256"][1]
    assert not (there / "observations.duckdb").exists()

    # The new house shows what the device said, and takes more.
    served = Embedded(there)
    served.address, served.store = address, store
    with served:
        house = House(served)
        officer = Visitor(house, "dispatcher")
        assert officer.cases("闭环锅炉烟囱")
        house.emit("闭环锅炉烟囱", 80.0, hours_ago(1))
        house.settled()
        officer.close()

    code, lines, errors = move(
        here, "--from", str(there), "--from-database", address, "--from-store", store,
        "--to", str(home),
    )  # fmt: skip
    assert code == 0, errors
    back = next(line for line in lines if "store" in line)
    assert back["frames"] == [4, 4]
    assert back["rows"][0] == back["rows"][1] > moved["rows"][0]
    assert back["same"]
    with Embedded(home) as server:
        House(server).settled()
        assert (home / "observations.duckdb").exists()


def test_what_the_server_would_refuse_is_named_and_nothing_is_moved(
    lived_in: Path, new_database: Callable[[], str], tmp_path: Path
) -> None:
    address = new_database()
    folder = tmp_path / "long"
    server = Embedded(folder)
    server.prepare(
        "from ecoledger.accounts.models import Organisation\n"
        "Organisation.objects.create(name='局' * 121, kind='bureau', area_code='990101')"
    )
    code, lines, errors = move(
        server, "--from", str(folder), "--to", str(tmp_path / "to"), "--to-database", address
    )
    assert code == 1
    assert [line["problem"] for line in lines] == [
        "accounts_organisation #1 name：121 字，超过 120 字"
    ]
    assert "请改正后再搬移" in errors


def test_nothing_is_moved_on_top_of_another_bureau(
    lived_in: Path, new_database: Callable[[], str], tmp_path: Path
) -> None:
    address = new_database()
    here = Embedded(lived_in)
    arguments = ("--from", str(lived_in), "--to-database", address)
    assert move(here, *arguments, "--to", str(tmp_path / "one"))[0] == 0
    code, _, errors = move(here, *arguments, "--to", str(tmp_path / "two"))
    assert code == 1
    assert "请给一个空数据库" in errors
