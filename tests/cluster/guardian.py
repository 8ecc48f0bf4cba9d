"""What a test starts ends with it, also when the test itself is killed.

Beside a process that starts servers stands a guardian: a small process at the other end of a pipe. When the pipe ends,
in whatever way that came, it kills the servers that are left, and removes their folders and the disks mounted there.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

_GUARDIAN = r"""
import os, shutil, signal, subprocess, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
left = {"server": [], "folder": []}
for line in sys.stdin:
    sign, kind, name = line.rstrip("\n").split(" ", 2)
    if sign == "+":
        left[kind].append(name)
    elif name in left[kind]:
        left[kind].remove(name)
def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
for pid in map(int, left["server"]):
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
end = time.monotonic() + 20
while any(alive(pid) for pid in left["server"]) and time.monotonic() < end:
    time.sleep(0.05)
for folder in left["folder"]:
    mounts = [line.split()[1] for line in open("/proc/mounts")]
    for place in mounts:
        if place == folder or place.startswith(folder + "/"):
            subprocess.run(["umount", "-l", place], capture_output=True)
    while os.path.exists(folder) and time.monotonic() < end:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)
"""
_lock = threading.Lock()
_process: subprocess.Popen[str] | None = None


def watch(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """A server was started; where it leads a group of processes, the group goes with it."""
    _tell(f"+ server {process.pid}")


def let_go(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """The server has ended: its number may be another's now."""
    _tell(f"- server {process.pid}")


@contextlib.contextmanager
def folder(name: str) -> Iterator[Path]:
    """A folder that is gone afterwards. In the system's place: a server's unprivileged user enters no private folder."""
    place = Path(tempfile.mkdtemp(prefix=f"ecoledger-{name}-"))
    _tell(f"+ folder {place}")
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        _tell(f"- folder {place}")


def _tell(line: str) -> None:
    global _process
    with _lock:
        if _process is None:
            _process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _GUARDIAN],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                text=True, start_new_session=True,
            )  # fmt: skip
        assert _process.stdin is not None
        _process.stdin.write(line + "\n")
        _process.stdin.flush()
