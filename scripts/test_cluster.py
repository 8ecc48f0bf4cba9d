"""Run the tests on servers: the same files as ``make test``, on PostgreSQL, NATS and ClickHouse.

    python scripts/test_cluster.py [--parts store,engines] [--table FILE] [paths]

Starts servers of its own (own folders, free ports on the loopback, stopped and removed at the end, also when it is told to
end or killed), and says at the end which tests ran on which engines beside how many there are on the embedded ones. Where a
server cannot be had on this machine it says "not run": never passed, and no failure either. A server that is there and does
not start is a failure. Exit code 0: all that could be run passed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.cluster import clickhouse_server, guardian, nats_server, places, postgres, zookeeper  # noqa: E402

PROCESSES = "2"
# Seconds after which a part is ended, and in which it may end in order: continuous integration has an end of its own.
LONGEST = 40 * 60
ENDING = 120


@dataclass(frozen=True)
class Part:
    """Directories of tests that run together on the same engines."""

    name: str
    paths: tuple[str, ...]
    database: bool = False
    store: bool = False
    bus: bool = False
    why: str = ""

    def engines(self, have: Servers) -> str:
        """What its tests run on here."""
        named = [
            "PostgreSQL" if self.database and have.database else "SQLite" if self.database else "",
            "ClickHouse (chDB)" if self.store and have.chdb else "DuckDB" if self.store else "",
            "NATS" if self.bus and have.bus else "",
        ]
        return " + ".join(filter(None, named)) or "servers of its own"


@dataclass
class Servers:
    """Addresses of this run's servers; empty where one cannot be had."""

    database: str = ""
    bus: str = ""
    chdb: bool = False
    broken: list[str] = field(default_factory=list)
    """Those that are there and did not start."""

    def settings(self, part: Part) -> dict[str, str]:
        chosen = {
            # The tests of the engines themselves make databases of their own on the run's server.
            places.SERVER: self.database if part.database or part.name == "engines" else "",
            places.STORE: "chdb" if part.store and self.chdb else "",
            places.BUS: self.bus if part.bus else "",
        }
        return {name: value for name, value in chosen.items() if value}


PARTS = (
    Part(
        "rooms",
        ("accounts", "books", "entities", "jobs", "matters", "monitoring"),
        database=True,
        store=True,
        why="business records on rows and locks of PostgreSQL, ingest and computing on ClickHouse's SQL",
    ),
    Part(
        "faces",
        ("api", "indicators", "listings", "outbox", "registers", "reports", "web"),
        database=True,
        store=True,
        why="lists, files, documents and pages on rows of PostgreSQL",
    ),
    Part(
        "house",
        ("path", "stories"),
        database=True,
        store=True,
        bus=True,
        why="people and devices at a running bureau: gateway, stream, writer, store, page",
    ),
    Part("store", ("store",), store=True, why="the store's contract in the dialect of today"),
    Part(
        "engines",
        ("cluster",),
        why="what only servers have: turns, leases, moving, death; shards and copies of Debian's ClickHouse",
    ),
)


@dataclass
class Outcome:
    """What became of the tests of one directory."""

    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    """With the reason."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default=",".join(part.name for part in PARTS))
    parser.add_argument("--table", type=Path, help="write the table there too")
    parser.add_argument("paths", nargs="*", help="only these, on the engines of their part")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begun = time.monotonic()
    chosen = [part for part in PARTS if part.name in asked.parts.split(",")]
    failed: list[str] = []
    rows: list[tuple[str, ...]] = []
    not_run: list[str] = []
    with contextlib.ExitStack() as running:
        scratch = running.enter_context(guardian.folder("run"))
        embedded = _embedded([] if asked.paths else chosen)
        have = _servers(running)
        failed += have.broken
        for part in chosen:
            paths = [
                path for path in asked.paths if any(f"tests/{p}" in path for p in part.paths)
            ] or [f"tests/{path}" for path in part.paths]
            if asked.paths and not set(paths) & set(asked.paths):
                continue
            code, found, seconds = _run(part, paths, have, scratch / f"{part.name}.xml")
            if code:
                failed.append(part.name)
            if code is not None:
                _say(f"{part.name}: {seconds / 60:.1f} minutes, exit code {code}")
            rows += _rows(part, found, embedded, have)
            for outcome in found.values():
                not_run += [f"{name}: {why}" for name, why in outcome.skipped.items()]
    table = "\n".join(_table(rows))
    print(table)  # noqa: T201
    for line in not_run:
        _say(f"not run here: {line}")
    if asked.table:
        asked.table.write_text(table + "\n", encoding="utf-8")
    _say(f"all: {(time.monotonic() - begun) / 60:.1f} minutes")
    left = f"; {len(not_run)} tests or files not run here" if not_run else ""
    _say((f"failed: {', '.join(failed)}" if failed else "nothing failed") + left)
    return 1 if failed else 0


def _servers(running: contextlib.ExitStack) -> Servers:
    have = Servers(chdb=importlib.util.find_spec("chdb") is not None)
    if why := postgres.available():
        _say(f"PostgreSQL: not run: {why}")
    else:
        with _starting("PostgreSQL", have):
            have.database = _postgresql(running)
    if importlib.util.find_spec("nats") is None:
        _say("NATS: not run: nats-py is not installed")
    elif not nats_server.program():
        _say("NATS: not run: neither the wheel nor Debian's nats-server is installed")
    elif not have.database:
        _say("NATS: not run: what travels over it needs PostgreSQL")
    else:
        with _starting("NATS", have):
            nats = running.enter_context(nats_server.started(durable=False))
            have.bus = nats.url()
            _say(nats.version())
    if not have.chdb:
        _say("ClickHouse of today: not run: the wheel chdb-core is not installed")
    if not clickhouse_server.program():
        _say("ClickHouse's shards: not run: clickhouse-server is not installed")
    elif why := zookeeper.available():
        _say(f"copies of ClickHouse's shards: not run: {why}")
    return have


def _postgresql(running: contextlib.ExitStack) -> str:
    server = running.enter_context(postgres.started())
    begun = time.monotonic()
    places.make_template(server.url(), {**os.environ, places.SERVER: server.url()})
    _say(f"{server.version()}; the tables took {time.monotonic() - begun:.1f} s")
    return server.url()


@contextlib.contextmanager
def _starting(name: str, have: Servers) -> Iterator[None]:
    """A server that does not start is a failure, and keeps what needs no such server from nothing."""
    try:
        yield
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        _say(f"{name}: cannot be started: {error}")
        have.broken.append(name)


def _run(
    part: Part, paths: list[str], have: Servers, report: Path
) -> tuple[int | None, dict[str, Outcome], float]:
    """Exit code (``None``: not run), outcomes by directory, seconds."""
    settings = have.settings(part)
    if (part.database or part.store) and not settings:
        return None, {}, 0.0
    _say(f"{part.name}: {' '.join(paths)} on {part.engines(have)}")
    begun = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-n", PROCESSES, "--dist", "loadfile"]
    # Folders of its own: what lies in the system's place for them may be swept away by others. What a test that passed
    # leaves is of no use to anybody, and much over all tests.
    folder = report.with_suffix("")
    own = [
        f"--basetemp={folder}",
        "--override-ini=tmp_path_retention_policy=failed",
        f"--junitxml={report}",
    ]
    process = subprocess.Popen(  # noqa: S603
        [*command, *own, *paths], cwd=ROOT, env={**os.environ, places.SERVERS: "", **settings}
    )
    guardian.watch(process)
    code: int | None = None
    try:
        code = process.wait(LONGEST)
    except subprocess.TimeoutExpired:
        _say(f"{part.name}: not done after {LONGEST / 60:.0f} minutes, and ended")
    finally:
        if code is None:
            _end(process)
        guardian.let_go(process)
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if code is None else code, _outcomes(report), time.monotonic() - begun


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the tests in order, so that they end what they started."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _outcomes(report: Path) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    if not report.exists():
        return found
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own file
        module = case.get("classname", "")
        name = _plain(f"{module}::{case.get('name')}")
        # What failed before it was a test has no module: its name says where.
        place = (module or case.get("name", "")).split(".")
        outcome = found.setdefault(place[1] if len(place) > 1 else place[0], Outcome())
        skipped = case.find("skipped")
        if skipped is not None:
            outcome.skipped[name] = skipped.get("message", "")
        elif case.find("failure") is not None or case.find("error") is not None:
            outcome.failed.add(name)
        else:
            outcome.passed.add(name)
    return found


def _embedded(parts: list[Part]) -> dict[str, set[str]]:
    """The tests of the parts' directories as ``make test`` runs them."""
    if not parts:
        return {}
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ECOLEDGER_TEST")}
    listed = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pytest", "--collect-only", "-n", "0",
         *(f"tests/{path}" for part in parts for path in part.paths)],
        cwd=ROOT, env=kept, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found: dict[str, set[str]] = {}
    for line in listed.stdout.splitlines():
        if line.startswith("tests/") and "::" in line:
            path, _, name = line.partition("::")
            found.setdefault(path.split("/")[1], set()).add(
                _plain(f"{path.removesuffix('.py').replace('/', '.')}::{name}")
            )
    return found


def _plain(name: str) -> str:
    """A test's name without the implementation it ran on."""
    return re.sub(r"(?<=[\[-])(duckdb|chdb)(?=[]-])", "store", name)


def _rows(
    part: Part, found: dict[str, Outcome], embedded: dict[str, set[str]], have: Servers
) -> list[tuple[str, ...]]:
    rows = []
    for path in part.paths:
        outcome = found.get(path)
        here = embedded.get(path, set())
        if outcome is None:
            rows.append((f"tests/{path}", str(len(here)), "not run", "", "", "", part.why))
            continue
        ran = outcome.passed | outcome.failed
        both = len(ran & here)
        rows.append(
            (
                f"tests/{path}",
                str(len(here)) if part.name != "engines" else "as far as no server is needed",
                f"{len(ran)} ({both} the same)" if part.name != "engines" else str(len(ran)),
                str(len(outcome.failed)),
                str(len(outcome.skipped)),
                part.engines(have),
                part.why,
            )
        )
    return rows


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    head = ("tests", "embedded", "here", "failed", "skipped", "engines here", "why")
    lines = [head, ("---",) * len(head), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def _say(text: str) -> None:
    print(f"test-cluster: {text}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
