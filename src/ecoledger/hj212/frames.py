"""Finding frames in a stream of bytes.

A frame is ``##``, four digits of length, the data segment, four hexadecimal digits. TCP cuts and joins
them at will, and devices get lengths, line ends and headers wrong; the reader finds every frame that can
be found, and a bad one never costs its neighbour. It works on bytes, never on characters.
"""

from __future__ import annotations

import re

from .crc import crc16, crc16_modbus

_LINE_END = b"\r\n"
# The end of a data segment: && and four hexadecimal digits, not the && that opens the CP area.
_TERMINATOR = re.compile(rb"(?<!CP=)&&[0-9A-Fa-f]{4}")
# The start of another frame inside what should be one: ## and, after at most six bytes, a header field.
_START = re.compile(rb"##[^#]{0,6}?(?:QN|ST|CN|PW|MN)=")
_CODE = re.compile(rb"[0-9A-Fa-f]{4}")
_REACH = 16  # bytes to look back so that a pattern cut by the edge of a chunk is found


class _Ahead:
    """Where a pattern next stands in a buffer: looked for anew only once what was there lies behind, so that the buffer is
    gone through once, however many frames begin in it."""

    __slots__ = ("_buffer", "_from", "_match", "_pattern")

    def __init__(self, pattern: re.Pattern[bytes], buffer: bytes) -> None:
        self._pattern, self._buffer = pattern, buffer
        self._match: re.Match[bytes] | None = None
        self._from = len(buffer) + 1

    def after(self, position: int) -> re.Match[bytes] | None:
        passed = self._match is not None and self._match.start() < position
        if passed or position < self._from:
            self._match, self._from = self._pattern.search(self._buffer, position), position
        return self._match


class FrameReader:
    """Bytes in, frames out. One reader for each connection or file.

    A frame is handed out without its line end, as soon as its last byte is in. ``limit`` bounds the bytes
    held back; of a longer run without an end so much is handed out, for the decoding to refuse, and the rest is
    garbage: no frame is longer than ``limit``.
    ``keep_garbage`` also hands out what lies between frames, line by line (it does not start with ``##``);
    otherwise it is only counted in ``garbage_bytes``.
    """

    __slots__ = ("_buffer", "_seen", "frames", "garbage_bytes", "keep_garbage", "limit")

    def __init__(self, *, limit: int = 16384, keep_garbage: bool = False) -> None:
        if limit < 64:
            raise ValueError("a reader needs a limit of at least 64 bytes")
        self.limit = limit
        self.keep_garbage = keep_garbage
        self.frames = 0
        self.garbage_bytes = 0
        self._buffer = b""
        self._seen = 0  # up to here the waiting frame has been searched for its end

    @property
    def waiting(self) -> int:
        """Bytes held back because their frame is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that ``data`` completes, in order."""
        return self._take(self._buffer + data if self._buffer else data, last=False)

    def flush(self) -> list[bytes]:
        """What is left when the stream has ended; an incomplete frame is handed out as it is."""
        return self._take(self._buffer, last=True)

    def _take(self, buffer: bytes, *, last: bool) -> list[bytes]:
        result: list[bytes] = []
        position = 0
        size = len(buffer)
        seen = self._seen
        starts, ends = _Ahead(_START, buffer), _Ahead(_TERMINATOR, buffer)
        while True:
            start = buffer.find(b"##", position)
            if start != position:
                stop = start if start >= 0 else size
                if start < 0 and not last and buffer.endswith(b"#"):
                    stop -= 1
                if self.keep_garbage and start < 0 and not last:
                    # A line that is still being written is not garbage yet.
                    stop = max(buffer.rfind(b"\n", position) + 1, position)
                    if size - stop > self.limit:
                        stop = size
                self._garbage(buffer[position:stop], result)
                if start < 0:
                    position = stop
                    seen = 0
                    break
                position = start
                seen = 0
            if buffer[start + 2 : start + 3] == b"#":  # ###0101...: the first # is garbage
                self._garbage(b"#", result)
                position = start + 1
                continue
            stated = buffer[start + 2 : start + 6]
            if stated.isdigit() and len(stated) == 4:
                end = start + 10 + int(stated)
                if (
                    end <= size
                    and buffer[end - 6 : end - 4] == b"&&"
                    and buffer.find(b"#", start + 2, end) < 0
                ):
                    result.append(buffer[start:end])
                    position = end
                    if buffer[end : end + 2] == _LINE_END:
                        position += 2
                    seen = 0
                    continue
            else:
                end = -1
            search = max(start + 2, seen - _REACH)
            neighbour, terminator = starts.after(search), ends.after(search)
            stop = self._end_of_odd(buffer, start, end, neighbour, terminator, last)
            if stop < 0:
                position = start
                seen = size
                break
            self._hand_out(buffer[start:stop], result)
            position = stop
            seen = 0
        self._buffer = buffer[position:]
        self._seen = max(seen - position, 0)
        if last:
            self._buffer = b""
            self._seen = 0
        self.frames += len(result)
        return result

    def _end_of_odd(
        self,
        buffer: bytes,
        start: int,
        end: int,
        neighbour: re.Match[bytes] | None,
        terminator: re.Match[bytes] | None,
        last: bool,
    ) -> int:
        """Where the frame at ``start`` ends when its length does not say so; -1 to wait for more.

        ``neighbour``, ``terminator``: what next reads like another frame's start, and like the end of a segment.
        """
        size = len(buffer)
        bound = neighbour.start() if neighbour else size
        whole = start + 10 < end <= bound and buffer[end - 6 : end - 4] == b"&&"
        if whole and b"#" not in buffer[end - 4 : end]:
            return end  # a # within the CP area, not a neighbour
        if terminator and terminator.end() <= bound:
            return terminator.end()
        if neighbour:
            return bound
        if start + 10 <= end <= size and _checks(
            buffer[start + 6 : end - 4], buffer[end - 4 : end]
        ):
            return end  # no CP area, but length and check code are right
        if size - start > self.limit:
            neighbour_begins = buffer.rfind(b"#", max(size - _REACH, start + 2))
            return neighbour_begins if neighbour_begins >= 0 else size
        if last:
            return size
        return -1

    def _hand_out(self, frame: bytes, found: list[bytes]) -> None:
        if len(frame) > self.limit:
            self._garbage(frame[self.limit :], found)
            frame = frame[: self.limit]
        clean = frame.rstrip(b"\r\n \t\0")
        if _START.match(clean) or b"=" in clean:
            found.append(clean)
        else:
            self._garbage(frame, found)

    def _garbage(self, data: bytes, found: list[bytes]) -> None:
        clean = data.strip(b"\r\n \t\0")
        if not clean:
            return
        self.garbage_bytes += len(clean)
        if self.keep_garbage:
            found.extend(line for line in map(bytes.strip, clean.split(b"\n")) if line)


def _checks(segment: bytes, code: bytes) -> bool:
    if not _CODE.fullmatch(code):
        return False
    return int(code, 16) in (crc16(segment), crc16_modbus(segment))


def frames_of(data: bytes, *, keep_garbage: bool = False) -> list[bytes]:
    """All frames in ``data``, the last incomplete one included."""
    reader = FrameReader(keep_garbage=keep_garbage)
    return reader.feed(data) + reader.flush()
