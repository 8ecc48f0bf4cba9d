"""A real server in its own process, for tests and benchmarks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.cluster import guardian, places
from tests.cluster.roles import first_line


class Server:
    """``ecoledger serve`` on a data folder; a context manager that stops it gracefully."""

    def __init__(self, data: Path, *more: str, settings: dict[str, str] | None = None) -> None:
        """``more``: further arguments; ``settings``: environment besides that of the run."""
        self.data = data
        self.more = more
        self.settings = settings or {}
        self.process: subprocess.Popen[str] | None = None
        self.http = ""
        self.device = ("", 0)
        self.preexec: Callable[[], None] | None = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ECOLEDGER", "DJANGO"))}
        return {**kept, "PYTHONUNBUFFERED": "1", **places.environment(self.data), **self.settings}

    def start(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data.parent / f"{self.data.name}.log").open("a") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "ecoledger.cli.serve", "--data", str(self.data),
                    "--http", "127.0.0.1:0", "--hj212", "127.0.0.1:0", *self.more,
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self.environment,
                preexec_fn=self.preexec,
            )  # fmt: skip
        guardian.watch(self.process)
        line = first_line(self.process)
        if not line:
            raise RuntimeError(
                "the server did not start:\n"
                + (self.data.parent / f"{self.data.name}.log").read_text()[-4000:]
            )
        ready = json.loads(line)
        self.http = ready["http"]
        host, port = ready["hj212"].rsplit(":", 1)
        port = port or "0"
        self.device = (host, int(port))
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """As when the power fails."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        guardian.let_go(self.process)

    def stop(self) -> int:
        """Gracefully; the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(180)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        guardian.let_go(self.process)
        return code

    def log(self) -> str:
        return (self.data.parent / f"{self.data.name}.log").read_text()

    def command(self, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        """Run another ``ecoledger`` command on the same folder: exit code, JSON lines, errors."""
        run = subprocess.run(
            [sys.executable, "-m", "ecoledger", *arguments],
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=600,  # a machine may be busy; it ends all the same
            check=False,
        )
        return run.returncode, [json.loads(line) for line in run.stdout.splitlines()], run.stderr

    def prepare(self, script: str) -> None:
        """Run Python inside the data folder before the server starts, with Django set up."""
        text = (
            "import sys; from pathlib import Path\n"
            "from ecoledger.cli import data_folder\n"
            "data_folder.use(Path(sys.argv[1]), make=True); data_folder.migrate()\n" + script
        )
        subprocess.run(
            [sys.executable, "-c", text, str(self.data)], check=True, env=self.environment
        )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
