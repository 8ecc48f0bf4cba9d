"""ClickHouse servers of a test's own: own folders, own free ports on the loopback, as shards of one cluster.

The program is Debian's ``clickhouse-server`` (18.16, of 2018): installed without starting a service. It shows that the
tables are spread and read over shards as meant. What it lacks beside the ClickHouse of today, which chDB shows: Arrow, so
tables travel as TSV (:class:`OldLink`); codecs; writing through to the disk (``fsync_after_insert``); storage policies.
With a ZooKeeper (:mod:`tests.cluster.zookeeper`) each shard may have copies.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import polars as pl
from tests.cluster import guardian, places
from tests.cluster.postgres import free_port

from ecoledger.store.clickhouse.link import HttpLink

PATIENCE = 180.0
CLUSTER = "eco"
USERS = """<yandex><profiles><default><max_threads>2</max_threads>
<connect_timeout_with_failover_ms>2000</connect_timeout_with_failover_ms></default></profiles><users><default><password></password><networks><ip>127.0.0.1</ip></networks>
<profile>default</profile><quota>default</quota></default></users><quotas><default><interval><duration>3600</duration>
<queries>0</queries><errors>0</errors><result_rows>0</result_rows><read_rows>0</read_rows><execution_time>0</execution_time>
</interval></default></quotas></yandex>"""
SETTINGS: dict[str, str | int] = {
    "max_query_size": 64 << 20,
    "insert_distributed_sync": 1,
    "max_insert_block_size": 10_000_000,
    "min_insert_block_size_rows": 10_000_000,
}


def program() -> str | None:
    """The path of the server; ``None`` where it is not installed."""
    if places.embedded_only():
        return None
    return shutil.which("clickhouse-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Shard:
    """One server of the cluster: a shard, or a copy of one."""

    def __init__(self, folder: Path, shard: int = 0, copy: int = 0) -> None:
        self.folder = folder
        self.shard, self.copy = shard, copy
        self.http, self.tcp, self.between = free_port(), free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}/"

    def configure(self, servers: list[Shard], zookeeper: int = 0) -> None:
        """Write the configuration; ``zookeeper`` is the port of one where shards have copies."""
        for name in ("data", "tmp", "files", "schemas"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        copies = f"<internal_replication>{'true' if zookeeper else 'false'}</internal_replication>"
        listed = "".join(
            f"<shard>{copies}"
            + "".join(
                f"<replica><host>127.0.0.1</host><port>{server.tcp}</port></replica>"
                for server in servers
                if server.shard == number
            )
            + "</shard>"
            for number in sorted({server.shard for server in servers})
        )
        replicated = (
            f"""<zookeeper><node><host>127.0.0.1</host><port>{zookeeper}</port></node>
            <session_timeout_ms>6000</session_timeout_ms></zookeeper>
            <distributed_ddl><path>/clickhouse/ddl</path></distributed_ddl>
            <macros><shard>{self.shard}</shard><replica>{self.copy}</replica></macros>
            <interserver_http_port>{self.between}</interserver_http_port>
            <interserver_http_host>127.0.0.1</interserver_http_host>"""
            if zookeeper
            else ""
        )
        (self.folder / "users.xml").write_text(USERS)
        # ruff: noqa: S108 - what it takes for a path of the system's is an element
        (self.folder / "config.xml").write_text(
            f"""<yandex><logger><level>warning</level><log>{self.folder}/log</log>
            <errorlog>{self.folder}/errors</errorlog></logger><http_port>{self.http}</http_port>
            <tcp_port>{self.tcp}</tcp_port><listen_host>127.0.0.1</listen_host><path>{self.folder}/data/</path>
            <tmp_path>{self.folder}/tmp/</tmp_path><user_files_path>{self.folder}/files/</user_files_path>
            <format_schema_path>{self.folder}/schemas/</format_schema_path><users_config>users.xml</users_config>
            <default_profile>default</default_profile><default_database>default</default_database>
            <mark_cache_size>67108864</mark_cache_size><timezone>UTC</timezone>{replicated}
            <remote_servers><{CLUSTER}>{listed}</{CLUSTER}></remote_servers></yandex>"""
        )

    def start(self) -> Self:
        """Start, also after :meth:`kill`; returns when questions are answered."""
        with (self.folder / "out").open("ab") as log:
            self.process = subprocess.Popen(
                [str(program()), f"--config-file={self.folder}/config.xml"],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        guardian.watch(self.process)
        end = time.monotonic() + PATIENCE
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(
                    f"ClickHouse did not start:\n{(self.folder / 'out').read_text()[-3000:]}"
                )
            time.sleep(0.1)
        return self

    def look_after(self) -> None:
        """Wait until it has its ZooKeeper; started again if it fell, as the old one does while it has none."""
        assert self.process is not None
        question = "?query=SELECT+1+FROM+system.zookeeper+WHERE+path='/clickhouse/ddl'"
        end = time.monotonic() + 3 * PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                self.start()
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(self.url + question, timeout=20) as answer,  # noqa: S310
            ):
                if answer.status == 200:
                    return
            time.sleep(0.5)
        raise RuntimeError("ClickHouse does not find its ZooKeeper")

    def kill(self) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        guardian.let_go(self.process)

    def freeze(self) -> None:
        """As a machine that answers no more."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
                guardian.let_go(self.process)
            except subprocess.TimeoutExpired:
                self.kill()

    def _ready(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(self.url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
        return False


@contextlib.contextmanager
def started(count: int = 2, copies: int = 1, zookeeper: int = 0) -> Iterator[list[Shard]]:
    """``count`` shards, each ``copies`` times, in a folder that is gone afterwards; sorted by shard, then copy."""
    with guardian.folder("clickhouse") as place:
        servers = [
            Shard(place / f"shard-{shard}-{copy}", shard, copy)
            for shard in range(count)
            for copy in range(copies)
        ]
        try:
            for server in servers:
                server.configure(servers, zookeeper)
                server.start()
                if zookeeper:
                    server.look_after()
            yield servers
        finally:
            for server in servers:
                server.stop()


class OldLink(HttpLink):
    """HTTP to a server that knows no Arrow: tables travel as TSV."""

    def __init__(self, url: str, database: str) -> None:
        super().__init__(url, database, settings=SETTINGS)

    def ask(self, sql: str, wanted: pl.DataFrame | None = None) -> pl.DataFrame:
        if wanted is None:
            return _read(self._post("", f"{sql} FORMAT TabSeparatedWithNamesAndTypes".encode()))
        structure = ", ".join(f"{n} {_KINDS[str(kind)]}" for n, kind in wanted.schema.items())
        return _read(
            self._post(
                f"{sql.replace('{wanted}', 'wanted')} FORMAT TabSeparatedWithNamesAndTypes",
                None,
                files={"wanted": ("wanted", _written(wanted))},
                wanted_format="TabSeparated",
                wanted_structure=structure,
            )
        )

    def insert(self, table: str, rows: pl.DataFrame) -> None:
        columns = ", ".join(f"`{name}`" for name in rows.columns)
        self._post(f"INSERT INTO {table} ({columns}) FORMAT TabSeparated", _written(rows))


_KINDS = {
    "Int64": "Int64",
    "Int8": "Int8",
    "UInt64": "UInt64",
    "String": "String",
    "Binary": "String",
}
_ESCAPES = {b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r", b"\0": b"\\0"}
_PLAIN = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"0": b"\0", b"b": b"\b", b"f": b"\f"}


def _written(rows: pl.DataFrame) -> bytes:
    return b"".join(b"\t".join(map(_cell, row)) + b"\n" for row in rows.iter_rows())


def _cell(value: Any) -> bytes:
    if value is None:
        return b"\\N"
    if isinstance(value, bool):
        return b"1" if value else b"0"
    if not isinstance(value, str | bytes):
        return repr(value).encode()
    data = value.encode() if isinstance(value, str) else value
    for plain, escaped in _ESCAPES.items():
        data = data.replace(plain, escaped)
    return data


def _read(answer: bytes) -> pl.DataFrame:
    lines = answer.split(b"\n")
    if len(lines) < 2:
        return pl.DataFrame()
    names = [name.decode() for name in lines[0].split(b"\t")]
    kinds = [kind.decode() for kind in lines[1].split(b"\t")]
    rows = [line.split(b"\t") for line in lines[2:-1]]
    return pl.DataFrame(
        [
            pl.Series(name, [_value(row[place], kind) for row in rows], dtype=_type(kind))
            for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
        ]
    )


def _type(kind: str) -> Any:
    if "Int" in kind and "Tuple" not in kind:
        return pl.UInt64 if "UInt64" in kind else pl.Int64
    return pl.Float64 if "Float" in kind else pl.Binary


def _value(cell: bytes, kind: str) -> Any:
    if cell == b"\\N":
        return None
    if "Int" in kind:
        return int(cell)
    if "Float" in kind:
        return float(cell)
    parts = cell.split(b"\\\\")
    for number, part in enumerate(parts):
        pieces = part.split(b"\\")
        parts[number] = pieces[0] + b"".join(_PLAIN.get(p[:1], p[:1]) + p[1:] for p in pieces[1:])
    return b"\\".join(parts)
