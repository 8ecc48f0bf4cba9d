"""The answers to packets of a batch that want one."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from .batch import Batch
from .codes import reply_command
from .dialogue import flag_of
from .encoding import framed_many


def acknowledgements(batch: Batch, rows: NDArray[Any]) -> list[bytes]:
    """Frames of the replies (9014, or 9013 for a notification) to packets of a batch, in order; empty
    for a packet that is itself a reply."""
    commands: dict[bytes, bytes | None] = {}
    flags = {2017: flag_of(2017), 2025: flag_of(2025)}
    segments: list[bytes] = []
    for row, edition, qn, cn, pw, mn in zip(
        rows.tolist(),
        batch.edition[rows].tolist(),
        batch.qn[rows].tolist(),
        batch.cn[rows].tolist(),
        batch.pw[rows].tolist(),
        batch.mn[rows].tolist(),
        strict=True,
    ):
        if cn not in commands:
            answer = reply_command(cn.decode())
            commands[cn] = answer.encode() if answer else None
        command = commands[cn]
        if command is None:
            segments.append(b"")
            continue
        if edition == 2005:
            inner = qn or batch.packet_at(row).answers.encode()
            content = b"QN=%b" % inner if inner else b""
            segment = b"ST=91;CN=%b;PW=%b;MN=%b;Flag=0;CP=&&%b&&" % (command, pw, mn, content)
        else:
            header = b"QN=%b;" % qn if qn else b""
            segment = b"%bST=91;CN=%b;PW=%b;MN=%b;Flag=%d;CP=&&&&" % (
                header,
                command,
                pw,
                mn,
                flags[edition],
            )
        segments.append(segment)
    frames = iter(framed_many([segment for segment in segments if segment]))
    return [next(frames) if segment else b"" for segment in segments]
