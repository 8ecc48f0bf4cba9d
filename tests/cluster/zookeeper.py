"""A ZooKeeper of a test's own, by which copies of a shard of Debian's ClickHouse are kept equal: own folder, own free port.

The program is Debian's (``apt-get install zookeeper``), run by its Java; nothing of it is started as a service.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from tests.cluster import guardian, places
from tests.cluster.postgres import free_port

PATIENCE = 180.0
JAR = Path("/usr/share/java/zookeeper.jar")


def available() -> str:
    """Why there can be none here; empty when there can."""
    if why := places.embedded_only():
        return why
    if not JAR.exists():
        return "Debian's zookeeper is not installed"
    return "" if shutil.which("java") else "java is not installed"


class ZooKeeper:
    """One server, its changes on the disk before it answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "data").mkdir(parents=True)
        (folder / "zoo.cfg").write_text(
            f"dataDir={folder}/data\nclientPortAddress=127.0.0.1\nclientPort={self.port}\n"
            "admin.enableServer=false\ntickTime=2000\n4lw.commands.whitelist=ruok\n"
        )

    def start(self) -> Self:
        """Start, also after :meth:`kill`; returns when it says that it is well."""
        with (self.folder / "out").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    "java", "-Xmx128m", "-XX:+UseSerialGC", "-cp", f"{self.folder}:{JAR}",
                    "org.apache.zookeeper.server.quorum.QuorumPeerMain", "zoo.cfg",
                ],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        guardian.watch(self.process)
        end = time.monotonic() + PATIENCE
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(
                    f"ZooKeeper did not start:\n{(self.folder / 'out').read_text()[-3000:]}"
                )
            time.sleep(0.1)
        return self

    def kill(self) -> None:
        """``kill -9``, as when the power fails."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        guardian.let_go(self.process)

    def _ready(self) -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), 2) as asking,
        ):
            asking.sendall(b"ruok")
            return asking.recv(4) == b"imok"
        return False


@contextlib.contextmanager
def started() -> Iterator[ZooKeeper]:
    """A server in a folder that is gone afterwards."""
    with guardian.folder("zookeeper") as place:
        server = ZooKeeper(place)
        try:
            yield server.start()
        finally:
            if server.process is not None:
                server.kill()
