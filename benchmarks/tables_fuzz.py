"""Damaged tables by the thousand: no exception, and every row that goes in is kept or reported.

    python -m benchmarks.tables_fuzz --tables 1000000 --seed 1

Each table is a small ledger written as text (encoding, delimiter, line end by chance) or as .xlsx, then damaged: stray
quotation marks, broken bytes, cut lines, blank lines, swapped delimiters, nonsense bytes. Printed: how many still
open, and how many rows came out for those that went in.
"""

from __future__ import annotations

import argparse
import io
import random
from dataclasses import dataclass

import xlsxwriter

from ecoledger.listings.tables.headers import find_header, fold, why_no_data
from ecoledger.listings.tables.reading import NoTableError, book_of

HEAD = ("序号", "问题", "属地", "责任单位", "整改时限", "备注")
_WORDS = (
    "河道垃圾",
    "夜间异味",
    "扬尘,噪声",
    '5"管道',
    "",
    "北镇",
    "2026年8月底",
    "0,125",
    "1e400",
    "合计砂场",
    "说明书厂",
    "\u200b",
)
_ENCODINGS = ("utf-8", "utf-8-sig", "gbk", "utf-16", "utf-16-le", "gb18030")


@dataclass
class Score:
    """What came of the tables."""

    tables: int = 0
    opened: int = 0
    with_header: int = 0
    rows_in: int = 0
    rows_out: int = 0

    def __str__(self) -> str:
        share = 100 * self.opened / max(self.tables, 1)
        return (
            f"{self.tables} tables, {self.opened} open ({share:.1f} %), {self.with_header} with a header; "
            f"{self.rows_in} rows in, {self.rows_out} kept, reported or left out"
        )


def _text(chance: random.Random, rows: list[list[str]]) -> bytes:
    delimiter, end = chance.choice(",\t;|"), chance.choice(("\n", "\r\n", "\r"))

    def cell(text: str) -> str:
        quoted = delimiter in text or chance.random() < 0.05
        return f'"{text.replace(chr(34), chr(34) * 2)}"' if quoted else text

    text = end.join(delimiter.join(map(cell, row)) for row in rows) + end
    return text.encode(chance.choice(_ENCODINGS), errors="replace")


def _workbook(chance: random.Random, rows: list[list[str]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(chance.choice(("Sheet1", "大气")))
        for y, row in enumerate(rows):
            for x, text in enumerate(row):
                match chance.randrange(12):
                    case 0:
                        sheet.write_number(y, x, chance.uniform(-1e6, 1e6))
                    case 1:
                        sheet.write_formula(y, x, "=1+1", value="")
                    case 2:
                        sheet.write_boolean(y, x, True)
                    case _:
                        sheet.write_string(y, x, text)
    return buffer.getvalue()


def _damaged(chance: random.Random, content: bytes) -> bytes:
    """Up to three small damages."""
    data = bytearray(content)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[at:at] = b'"'
            case 1:
                data[at:at] = bytes([chance.randrange(256)])
            case 2:
                del data[at : at + chance.randrange(1, 8)]
            case 3:
                data[at:at] = b"\n\n"
            case 4 if data:
                data[min(at, len(data) - 1)] ^= 1 << chance.randrange(8)
    return bytes(data)


def one(chance: random.Random, score: Score) -> None:
    """Make one table, damage it and read it."""
    count = chance.randrange(1, 9)
    rows = [[str(n), *(chance.choice(_WORDS) for _ in HEAD[1:])] for n in range(1, count + 1)]
    table = [["某县台账"]] * chance.randrange(2) + [list(HEAD), *rows]
    as_text = chance.random() < 0.8
    content = _damaged(chance, (_text if as_text else _workbook)(chance, table))
    score.tables += 1
    try:
        book = book_of(content)
    except NoTableError:
        return
    score.opened += 1
    known = {fold(name) for name in HEAD}
    for found in book.tables:
        assert len(found.rows) == len(found.numbers) == len(set(found.numbers))  # noqa: S101
        header = find_header(found, lambda text: fold(text) in known)
        if header is None:
            continue
        score.with_header += 1
        score.rows_in += len(found.rows)
        told, after = header.below, ""
        for _number, cells in list(found.lines())[header.below :]:
            after = why_no_data(cells, header, frozenset(), after)
            told += 1
        score.rows_out += told


def run(tables: int, seed: int) -> Score:
    """Read so many damaged tables; any exception but :class:`NoTableError` is a fault of the reader."""
    score = Score()
    for n in range(tables):
        one(random.Random(seed * 1_000_003 + n), score)
    return score


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tables", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    said = options.parse_args()
    print(run(said.tables, said.seed))
