"""Reading files of strangers in a process of their own, with limits of memory and time.

A workbook of 1.7 KB can ask for 550 GB (two cells, A1 and XFD1048576) and end the process that reads it. So
:func:`look` first refuses what says of itself that it is too large, and :func:`read_confined` has the rest read by
a child process that the system stops when it takes too much. A child gives back plain JSON, nothing that runs.

``python -m ecoledger.listings.tables.confined module:function`` is the child; use :func:`read_confined`.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass
from importlib import import_module
from typing import Any

_CELL = re.compile(rb'<dimension[^>]*\sref="[A-Z]{1,3}\d+:([A-Z]{1,3})(\d+)"')
_HEAD = 8192  # bytes of a sheet in which its dimension stands
_AT_ONCE = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take. Sizes in bytes, times in seconds."""

    octets: int = 50 << 20  # of the file itself
    unpacked: int = 300 << 20  # of all parts of a zip together
    ratio: int = 200  # unpacked to packed, of a part larger than a megabyte
    parts: int = 5_000
    cells: int = 5_000_000  # rows × columns of a sheet
    memory: int = 1 << 30  # address space of the child
    processor: int = 60
    patience: float = 120.0
    wait: float = 600.0  # for a place, while others' files are read; a page must not wait
    answer: int = 400 << 20


class Refusal(ValueError):  # noqa: N818 - said to the uploader, not a programming error
    """The file is not read; the text (Chinese, to be translated where shown) says why."""


class TooLarge(Refusal):
    """It would take more memory or time than one file is granted."""


class Stopped(TooLarge):
    """It was stopped while it was read: it takes too long."""


class Busy(Refusal):
    """As many files are being read as may be at once."""


class Unreadable(Refusal):
    """It is damaged, protected by a password, or no such file."""


_TOO_LARGE = "表格太大：展开后超出允许的大小。请删去多余的空行、空列后另存，或分成几个文件。"
_BUSY = "正在读取其他文件，请稍后再试。"
_UNREADABLE = "打不开这个表格，可能已损坏或加了密码。请用表格软件另存为 .xlsx 后再试。"


def look(content: bytes, limits: Limits | None = None) -> None:
    """Refuse a file that declares too much, without unpacking it. Raises :class:`Refusal`."""
    limits = limits or Limits()
    if len(content) > limits.octets:
        raise TooLarge(_TOO_LARGE)
    if not content.startswith(b"PK\x03\x04"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _look_into(archive, limits)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Unreadable(_UNREADABLE) from error


def _look_into(archive: zipfile.ZipFile, limits: Limits) -> None:
    parts = archive.infolist()
    if len(parts) > limits.parts or sum(p.file_size for p in parts) > limits.unpacked:
        raise TooLarge(_TOO_LARGE)
    for part in parts:
        if part.file_size > 1 << 20 and part.file_size > limits.ratio * max(part.compress_size, 1):
            raise TooLarge(_TOO_LARGE)
        if "worksheets/" in part.filename and part.filename.endswith(".xml"):
            with archive.open(part) as sheet:
                declared = _CELL.search(sheet.read(_HEAD))
            if declared and _column(declared[1]) * int(declared[2]) > limits.cells:
                raise TooLarge(_TOO_LARGE)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def read_confined(reader: str, content: bytes, limits: Limits | None = None) -> Any:
    """What ``reader`` (``"module:function"``, bytes to JSON values) makes of ``content``, read by a child process.

    The function raises ``ValueError`` for what it cannot read. At most two files are read at once; who finds no place
    within the time that his limits give is told so (:class:`Busy`). Raises :class:`Refusal`.
    """
    limits = limits or Limits()
    look(content, limits)
    if not _AT_ONCE.acquire(timeout=limits.wait):
        raise Busy(_BUSY)
    try:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", __name__, reader, str(limits.memory), str(limits.processor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # No secrets of ours, and one thread of each library.
            env={
                "PATH": os.environ.get("PATH", ""),
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "PYTHONIOENCODING": "utf-8",
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
        )
        stop = threading.Timer(limits.patience, child.kill)
        stop.start()
        try:
            answer = _exchanged(child, content, limits)
        finally:
            stop.cancel()
            child.kill()
            child.wait()
    finally:
        _AT_ONCE.release()
    if answer is None:
        raise Stopped(_TOO_LARGE)
    kind, value = answer
    if kind == "unreadable":
        raise Unreadable(_UNREADABLE)
    if kind == "too large":
        raise TooLarge(_TOO_LARGE)
    return value


def _exchanged(child: subprocess.Popen[bytes], content: bytes, limits: Limits) -> Any:
    """The child's answer; ``None`` when it was stopped or said too much."""
    assert child.stdin is not None  # noqa: S101 - both are pipes
    assert child.stdout is not None  # noqa: S101
    try:
        child.stdin.write(content)
        child.stdin.close()
    except BrokenPipeError:
        return None
    said = child.stdout.read(limits.answer + 1)
    if len(said) > limits.answer:
        return None
    child.stdout.close()
    if child.wait() != 0:
        return None
    return json.loads(said)


def _answer(reader: str, memory: int, processor: int) -> None:
    """The child: limits itself, reads what comes in, writes one JSON value."""
    content = sys.stdin.buffer.read()
    module, _, name = reader.partition(":")
    read = getattr(import_module(module), name)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        answer = json.dumps(["read", read(content)], ensure_ascii=False)
    except MemoryError:
        answer = json.dumps(["too large", None])
    except ValueError:
        answer = json.dumps(["unreadable", None])
    sys.stdout.write(answer)


if __name__ == "__main__":
    _answer(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
