"""Create the virtual environment, on a bare Debian too, where Python comes without its venv part.

Usage: ``python3 scripts/make_venv.py .venv``. Uses nothing but the standard library.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

NEWEST_NEEDED = (3, 11)


def can_make_venv() -> bool:
    """Debian ships ``venv`` without ``ensurepip``; both are needed for an environment with pip."""
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def install_venv_part() -> int:
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    remedy = f"apt-get install --no-install-recommends {package}"
    if not Path("/usr/bin/apt-get").exists():
        sys.stderr.write(
            f"{sys.executable} lacks the modules venv and ensurepip: install your system's package for them.\n"
        )
        return 1
    if os.geteuid() != 0:
        sys.stderr.write(f"Python's venv part is missing. Run: sudo {remedy}\n")
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
    ):
        done = subprocess.run(command, check=False, env=environment, stdout=sys.stderr)  # noqa: S603
        if done.returncode:
            sys.stderr.write(f"Check the network or Debian's mirror, then run: {remedy}\n")
            return 1
    return 0


def main(folder: str) -> int:
    if sys.version_info < NEWEST_NEEDED:
        needed = ".".join(map(str, NEWEST_NEEDED))
        sys.stderr.write(
            f"Python {needed} or newer is needed, this is {sysconfig.get_python_version()}. "
            f"Name a newer one: make PYTHON=python{needed} …\n"
        )
        return 1
    if not can_make_venv() and (failed := install_venv_part()):
        return failed
    # In a process of its own: this one has already decided that ensurepip is not there.
    return subprocess.run([sys.executable, "-m", "venv", folder], check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ".venv"))
