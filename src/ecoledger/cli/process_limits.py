"""What the system grants the process: files it may open, memory it keeps, and who may read what it writes."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
from dataclasses import dataclass
from pathlib import Path

import click

WANTED_FILES = 65_536
FEWEST_FILES = 4_096
# Databases, logs, evidence being read, children reading tables.
_OWN_FILES = 512
_MOST_DEVICES = 20_000
# glibc's names for what mallopt sets, and bytes: the most it allows, and room for the arrays of a full batch.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_KEPT = 32 << 20
_KEPT = 32 << 20
# New objects after which the collector looks for garbage; 700 are not one row of a list.
GARBAGE = 20_000


@dataclass(frozen=True, slots=True)
class Shares:
    """How many connections each door of the process may hold open at once."""

    devices: int
    pages: int


def raise_files() -> int:
    """Raise the limit of open files as far as the system allows; how many they are now.

    Refuses to go on with fewer than :data:`FEWEST_FILES`: every page and every device needs one.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft < FEWEST_FILES:
        raise click.ClickException(
            f"系统只允许本进程打开 {soft} 个文件，至少需要 {FEWEST_FILES} 个："
            f"请在 systemd 单元中设 LimitNOFILE={WANTED_FILES}，或先执行 ulimit -n {WANTED_FILES}"
        )
    return soft


def shares(files: int) -> Shares:
    """Files divided so that neither strangers' devices nor strangers' browsers take the last one."""
    free = files - _OWN_FILES
    devices = min(_MOST_DEVICES, free * 6 // 10)
    # A page may need three: its connection, a database, a temporary file.
    return Shares(devices, min(5_000, (free - devices) // 3))


def keep_private(folder: Path) -> None:
    """What the process writes from now on is its owner's alone; ``folder`` and its databases too."""
    os.umask(0o077)
    if not folder.is_dir() or folder.stat().st_uid != os.geteuid():
        return
    folder.chmod(0o700)
    for path in folder.iterdir():
        if path.is_file() and path.stat().st_mode & 0o077 and path.stat().st_uid == os.geteuid():
            path.chmod(0o600)


def settle() -> None:
    """The program is loaded and stays: the collector of garbage need not walk it again and again.

    It took a sixth of a long import; a full collection keeps every page waiting.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE, 20, 20)


def keep_memory() -> None:
    """Keep what large arrays give back for the next ones; elsewhere than on glibc nothing happens.

    The system clears every page that it gives out anew: that was a third of reading a batch of packets.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
        libc.mallopt(_TRIM_THRESHOLD, _KEPT)
