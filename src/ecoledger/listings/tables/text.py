"""Text as a table: its encoding, its delimiter, and its rows, however the quotation marks stand.

A mark that nobody closes swallows the rest of a file in most readers. Here it is a fault of its own line,
and the lines after it are read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ecoledger.listings.tables.book import Book, Cell, Fault, Table, trimmed

DELIMITERS = ",\t;，|"
_LOOKED_AT = 200  # lines, for the delimiter
_CELL_LINES = 100  # the longest cell in quotation marks, in lines
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


class NoTextError(ValueError):
    """The bytes are no text."""


def encoding_of(content: bytes) -> tuple[str, int]:
    """(encoding, length of its mark). What is no UTF is read as GB 18030, which holds GBK and GB 2312.

    Raises :class:`NoTextError`.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name, len(mark)
    start = content[:4096]
    if b"\0" in start:
        # UTF-16 without its mark: every ASCII character has a zero beside it.
        odd, even = start[1::2].count(0), start[::2].count(0)
        if max(odd, even) * 8 > len(start) and min(odd, even) * 8 < max(odd, even):
            name = "utf-16-le" if odd > even else "utf-16-be"
            if not _CONTROL.search(start[: len(start) // 2 * 2].decode(name, errors="replace")):
                return name, 0
        raise NoTextError("not text")
    utf, gb = (_broken(content, name) for name in ("utf-8", "gb18030"))
    return ("utf-8" if utf <= gb else "gb18030"), 0


def _broken(content: bytes, encoding: str) -> int:
    """How many lines are not in this encoding; 0 at once when the whole is."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return sum(1 for line in content.split(b"\n") if _decoded(line, encoding)[1])
    return 0


def _decoded(line: bytes, encoding: str) -> tuple[str, bool]:
    try:
        return line.decode(encoding), False
    except UnicodeDecodeError:
        return line.decode(encoding, errors="replace"), True


def fed(content: bytes, encoding: str) -> bytes:
    """Bytes whose lines end with LF, where most end with CR or with a line separator of Unicode."""
    feed, back = b"\n", b"\r"
    feeds = content.count(feed)
    lone = content.count(back) - content.count(back + feed)
    if lone and lone >= feeds:
        return content.replace(back + feed, feed).replace(back, feed)
    for sign in "\u2028\u2029\x85":
        if content.count(end := sign.encode(encoding)) > feeds:
            return content.replace(back + feed, feed).replace(end, feed)
    return content


def lines_of(content: bytes) -> tuple[list[str], frozenset[int], str]:
    """(lines, numbers of those with a broken byte, encoding). Lines end with LF, CR LF or CR."""
    encoding, mark = encoding_of(content)
    content = content[mark:]
    if wide := encoding.startswith(("utf-16", "utf-32")):
        content = content.decode(encoding, errors="replace").encode()
    # Neither UTF-8 nor GB 18030 has a line end inside a character.
    written = "utf-8" if wide else encoding
    decoded = [_decoded(line, written) for line in fed(content, written).split(b"\n")]
    lines = [line for line, _bad in decoded]
    broken = frozenset(
        n for n, (line, bad) in enumerate(decoded, 1) if bad or (wide and "\ufffd" in line)
    )
    return [line.rstrip("\r") for line in lines], broken, encoding


def delimiter_of(lines: Sequence[str]) -> str:
    """The character that divides most lines into equally many cells; "" when none divides any."""
    best, score = "", (0, 0)
    looked_at = [re.sub(r'"[^"]*"', "", line) for line in lines[:_LOOKED_AT] if line.strip()]
    for delimiter in DELIMITERS:
        counts = Counter(n for line in looked_at if (n := line.count(delimiter)))
        if counts and (top := max((f, n) for n, f in counts.items())) > score:
            best, score = delimiter, top
    return best


def width_of(lines: Sequence[str], delimiter: str) -> int:
    """How many cells most rows have; a row whose quoted cell goes on over further lines is one row.

    >>> width_of(['编号,内容,电话', '1,"夜间', '异味",139', '2,"白天', '粉尘",138'], ",")
    3
    """
    if not delimiter:
        return 1
    counts: Counter[int] = Counter()
    at = 0
    while at < min(len(lines), _LOOKED_AT):
        line = lines[at]
        at += 1
        if line.strip():
            cells, taken = _closed_soon(lines, at - 1, delimiter)
            counts[cells or line.count(delimiter) + 1] += 1
            at += taken
    return max(counts, key=lambda n: (counts[n], n), default=1)


def _closed_soon(lines: Sequence[str], at: int, delimiter: str) -> tuple[int, int]:
    """(cells, further lines) of the row at ``at`` if a cell that is open at its end is closed soon; else (0, 0)."""
    joined = lines[at]
    for taken, line in enumerate(lines[at : at + _CELL_LINES]):
        joined = f"{joined}\n{line}" if taken else line
        # Only a mark can close what is open.
        if taken and '"' not in line:
            continue
        cells, is_open = split(joined, delimiter)
        if not is_open:
            return (len(cells), taken) if '"' in joined else (0, 0)
    return 0, 0


def split(line: str, delimiter: str) -> tuple[list[str], bool]:
    """(cells of a line, whether its last cell's quotation mark is still open).

    A mark inside a cell, and text after a closing mark, stand for themselves.

    >>> split('a,"b,c",5"管道', ",")
    (['a', 'b,c', '5"管道'], False)
    """
    if '"' not in line:
        return line.split(delimiter) if delimiter else [line], False
    cells: list[str] = []
    at = 0
    while True:
        closed = at
        if line.startswith('"', at):
            closed = _closing(line, at)
            if closed < 0:
                cells.append(line[at:])
                return cells, True
        end = line.find(delimiter, closed) if delimiter else -1
        raw = line[at:] if end < 0 else line[at:end]
        whole = len(raw) > 1 and raw.startswith('"') and closed == at + len(raw)
        cells.append(raw[1:-1].replace('""', '"') if whole else raw)
        if end < 0:
            return cells, False
        at = end + len(delimiter)


def _closing(line: str, at: int) -> int:
    """Position after the mark that closes the cell begun at ``at``; -1 when none does."""
    position = at + 1
    while (position := line.find('"', position)) >= 0:
        if line.startswith('""', position):
            position += 2
        else:
            return position + 1
    return -1


def records(
    lines: Sequence[str], delimiter: str, width: int
) -> Iterator[tuple[int, list[str], str]]:
    """(number of its first line from 1, cells, name of its fault or "") of each row that is not empty."""
    at = 0
    while at < len(lines):
        number, line = at + 1, lines[at]
        cells, is_open = split(line, delimiter)
        at += 1
        fault = ""
        if is_open:
            more = _continued(lines, at - 1, delimiter, width)
            if more is None:
                cells, fault = line.split(delimiter) if delimiter else [line], "quote"
            else:
                cells, taken = more
                at += taken
        if line.strip():
            yield number, cells, fault


def _continued(
    lines: Sequence[str], at: int, delimiter: str, width: int
) -> tuple[list[str], int] | None:
    """Cells of a row whose cell goes on over further lines, and how many; ``None``: the mark is stray.

    It goes on when a mark closes it soon, the row then has as many cells as the others, and no line
    inside the cell would make a whole row of its own.
    """
    joined = lines[at]
    for taken, line in enumerate(lines[at + 1 : at + 1 + _CELL_LINES], 1):
        joined += "\n" + line
        inside = line.partition('"')[0]
        if width > 1 and delimiter and inside.count(delimiter) >= width - 1:
            return None
        if '"' in line:
            cells, is_open = split(joined, delimiter)
            if not is_open:
                return (cells, taken) if len(cells) == width or width == 1 else None
    return None


DECIMAL = re.compile(r"[+-]?\d+,\d+")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")


def read(content: bytes) -> Book:
    """The text as a book of one table. Raises :class:`NoTextError`."""
    lines, broken, encoding = lines_of(content)
    delimiter, first = "", 0
    if lines and (hint := re.fullmatch(r"sep=(.)", lines[0].strip())):
        delimiter, first = hint[1], 1
    delimiter = delimiter or delimiter_of(lines[first:])
    width = width_of(lines[first:], delimiter)
    rows: list[list[Cell]] = []
    numbers: list[int] = []
    faults: dict[int, list[Fault]] = {}
    for number, cells, fault in records(lines[first:], delimiter, width):
        number += first
        if fault:
            faults.setdefault(number, []).append(Fault(fault, None, lines[number - 1]))
        if number in broken:
            bad = next((i for i, cell in enumerate(cells) if "\ufffd" in cell), None)
            faults.setdefault(number, []).append(Fault("bytes", bad, lines[number - 1]))
        row = trimmed(cells)
        # The width as written stays: a row that is cut off is told from one with empty cells at its end.
        if row or fault:
            rows.append([*row, *[None] * (len(cells) - len(row))])
            numbers.append(number)
    table = Table("", rows, numbers, faults)
    if delimiter == ";":
        _decimal_commas(table)
    return Book("text", [table], encoding, delimiter)


def _decimal_commas(table: Table) -> None:
    """Between semicolons a comma is the decimal sign, if one cell at least can be nothing else."""
    cells = [
        (number, row, i, cell)
        for number, row in table.lines()
        for i, cell in enumerate(row)
        if isinstance(cell, str) and DECIMAL.fullmatch(cell.strip())
    ]
    decimal = any(not THOUSANDS.fullmatch(cell.strip()) for _n, _row, _i, cell in cells)
    for number, row, i, cell in cells:
        if decimal:
            row[i] = cell.replace(",", ".")
        else:
            table.faults.setdefault(number, []).append(Fault("comma", i, cell))
