"""Run pytest with the arguments given, its temporary files in memory where there is room for them.

The tests write and throw away thousands of small databases. Each is synced to disk as a bureau's is; on a disk a good part
of a run is waiting for that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of the run's own is made in it
ENOUGH = 4 << 30


def place() -> str | None:
    """The file system in memory, if this machine has one with room; else the usual place."""
    roomy = (
        MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH
    )
    return str(MEMORY) if roomy else None


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="ecoledger-tests-", dir=place()) as folder:
        Path(folder).chmod(0o755)  # servers that run as another user make their folders in it
        command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        return subprocess.run(command, check=False, env={**os.environ, "TMPDIR": folder}).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
