"""Pages of the same .docx set by the product and by LibreOffice, compared page by page.

LibreOffice is no part of the product: install it by hand (Debian: libreoffice-writer, poppler-utils).
Both programs get the same fonts, under the names the documents use, and lines as high as Word makes
them (1.3 of the size for Chinese fonts), so that what differs is the setting and not the type.

Usage: ``python benchmarks/docx_pdf.py [--keep FOLDER] [FILE.docx …]``; without files, those that
the tests use.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import unescape

from fontTools.ttLib import TTFont

from ecoledger.reports.typesetting import fonts, pdf

WORD_NAMES = {
    fonts.SONG: ("宋体", "SimSun", "方正小标宋简体", "方正小标宋_GBK", "华文中宋", "STZhongsong"),
    fonts.HEI: ("黑体", "SimHei", "等线", "微软雅黑", "Microsoft YaHei", "Calibri", "Arial"),
    fonts.KAI: ("楷体", "楷体_GB2312", "KaiTi", "KaiTi_GB2312"),
    fonts.FANGSONG: ("仿宋", "仿宋_GB2312", "FangSong", "FangSong_GB2312", "方正仿宋_GBK"),
    fonts.TIMES: ("Times New Roman", "Cambria", "Liberation Serif"),
}


def font_folder(folder: Path) -> None:
    """Copies of the product's fonts with Word's line height, and a list of the names they answer to."""
    files = [path for place in fonts.folders() for path in sorted(Path(place).glob("*.[ot]tf"))]
    for path in files:
        face = TTFont(path)
        if "Tinos" not in path.name:
            size = face["head"].unitsPerEm
            up, down = round(1.03 * size), round(0.27 * size)
            face["hhea"].ascent, face["hhea"].descent, face["hhea"].lineGap = up, -down, 0
            face["OS/2"].usWinAscent, face["OS/2"].usWinDescent = up, down
            face["OS/2"].sTypoAscender, face["OS/2"].sTypoDescender = up, -down
            face["OS/2"].sTypoLineGap = 0
        face.save(folder / path.name)
    aliases = "".join(
        f'<match target="pattern"><test name="family"><string>{name}</string></test>'
        f'<edit name="family" mode="assign" binding="strong"><string>{family}</string></edit></match>'
        for family, names in WORD_NAMES.items()
        for name in names
    )
    (folder / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{folder}</dir><cachedir>{folder}/cache</cachedir>{aliases}</fontconfig>",
        encoding="utf-8",
    )


def office(document: Path, folder: Path, font_list: Path) -> Path:
    """The PDF that LibreOffice makes."""
    environment = {**os.environ, "FONTCONFIG_FILE": str(font_list)}
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            str(folder),
            str(document),
        ],
        check=True,
        capture_output=True,
        env=environment,
    )
    return folder / f"{document.stem}.pdf"


@dataclass(frozen=True)
class Line:
    """A line of a page: its text without blanks, its place in points."""

    text: str
    x: float
    y: float


def pages(path: Path) -> list[list[Line]]:
    """The lines of every page."""
    said = subprocess.run(
        ["pdftotext", "-bbox-layout", str(path), "-"], check=True, capture_output=True, text=True
    ).stdout
    result = []
    for page in said.split("<page ")[1:]:
        words = [
            Line(unescape(text).replace(" ", ""), float(x), float(bottom))
            for x, bottom, text in re.findall(
                r'<word xMin="([\d.-]+)" yMin="[\d.-]+" xMax="[\d.-]+" yMax="([\d.-]+)">(.*?)</word>',
                page,
            )
        ]
        rows: list[list[Line]] = []
        for word in sorted(words, key=lambda w: (w.y, w.x)):
            if rows and abs(rows[-1][0].y - word.y) < 4:
                rows[-1].append(word)
            else:
                rows.append([word])
        result.append(
            [
                Line(
                    "".join(w.text for w in sorted(row, key=lambda w: w.x)),
                    min(w.x for w in row),
                    row[0].y,
                )
                for row in rows
            ]
        )
    return result


def ink(path: Path, folder: Path, stem: str) -> list[list[bytes]]:
    """Grey pages at 36 dots an inch, as rows of bytes."""
    subprocess.run(["pdftoppm", "-r", "36", "-gray", str(path), str(folder / stem)], check=True)
    result = []
    for file in sorted(folder.glob(f"{stem}-*.pgm")):
        _, size, _, body = file.read_bytes().split(b"\n", 3)
        width = int(size.split()[0])
        result.append([body[n : n + width] for n in range(0, len(body), width)])
    return result


def overlap(ours: list[bytes], theirs: list[bytes]) -> float:
    """Share of dark dots of either page that have a dark dot of the other within two (1.4 mm)."""

    def dark(rows: list[bytes]) -> set[tuple[int, int]]:
        return {(x, y) for y, row in enumerate(rows) for x, grey in enumerate(row) if grey < 200}

    a, b = dark(ours), dark(theirs)
    if not a and not b:
        return 1.0

    def near(dots: set[tuple[int, int]], others: set[tuple[int, int]]) -> int:
        reach = [(dx, dy) for dx in range(-2, 3) for dy in range(-2, 3)]
        return sum(any((x + dx, y + dy) in others for dx, dy in reach) for x, y in dots)

    return (near(a, b) + near(b, a)) / (len(a) + len(b))


def compare(document: Path, folder: Path, font_list: Path) -> tuple[int, int, float, float, float]:
    began = time.perf_counter()
    content = pdf.render(document.read_bytes())
    took = time.perf_counter() - began
    ours = folder / f"{document.stem}.ours.pdf"
    ours.write_bytes(content)
    theirs = office(document, folder, font_list)
    a, b = pages(ours), pages(theirs)
    ink_a, ink_b = ink(ours, folder, f"{document.stem}.ours"), ink(theirs, folder, document.stem)
    print(f"{document.name}: pages {len(a)} / LibreOffice {len(b)}, {took:.2f} s")
    same_page = total = lines_same = lines_all = 0
    shifts: list[float] = []
    inks: list[float] = []
    for number in range(max(len(a), len(b))):
        mine = a[number] if number < len(a) else []
        other = b[number] if number < len(b) else []
        letters_a = Counter("".join(line.text for line in mine))
        letters_b = Counter("".join(line.text for line in other))
        both = sum((letters_a & letters_b).values())
        most = max(sum(letters_a.values()), sum(letters_b.values()), 1)
        at: dict[str, list[Line]] = {}
        for line in other:
            at.setdefault(line.text, []).append(line)
        matched = [
            (line, min(at[line.text], key=lambda other: abs(other.y - line.y)))
            for line in mine
            if line.text in at
        ]
        dy = [abs(x.y - y.y) for x, y in matched]
        shifts += dy
        covered = (
            overlap(ink_a[number], ink_b[number])
            if number < len(ink_a) and number < len(ink_b)
            else 0.0
        )
        inks.append(covered)
        same_page, total = same_page + both, total + most
        lines_same += len(matched)
        lines_all += max(len(mine), len(other))
        print(
            f"  page {number + 1}: letters on the same page {both / most:.1%}, "
            f"lines broken alike {len(matched)}/{max(len(mine), len(other))}, "
            f"their height differs by {statistics.median(dy) if dy else 0:.1f} pt (most {max(dy, default=0):.1f}), "
            f"ink together {covered:.1%}"
        )
    return (
        len(a),
        len(b),
        same_page / max(total, 1),
        lines_same / max(lines_all, 1),
        statistics.mean(inks),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--keep", type=Path, help="where both PDFs stay")
    asked = parser.parse_args()
    for program in ("soffice", "pdftotext", "pdftoppm"):
        if not shutil.which(program):
            parser.error(
                f"{program} is missing: install libreoffice-writer and poppler-utils by hand"
            )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        font_folder(folder)
        documents = list(asked.files)
        if not documents:
            from tests.reports.typesetting.samples import SAMPLES

            for name, make in SAMPLES.items():
                documents.append(folder / f"{name}.docx")
                documents[-1].write_bytes(make())
        rows = [(d.name, *compare(d, folder, folder / "fonts.conf")) for d in documents]
        print(
            "\nfile, pages, LibreOffice's pages, letters on the same page, lines alike, ink together"
        )
        for name, mine, other, letters, lines, covered in rows:
            print(f"{name}, {mine}, {other}, {letters:.1%}, {lines:.1%}, {covered:.1%}")
        if asked.keep:
            asked.keep.mkdir(parents=True, exist_ok=True)
            for path in folder.glob("*.pdf"):
                shutil.copy(path, asked.keep)
            for path in documents:
                shutil.copy(path, asked.keep)


if __name__ == "__main__":
    main()
