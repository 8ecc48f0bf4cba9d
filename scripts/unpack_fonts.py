"""Unpack the free fonts of documents from the front end's packages: web fonts become plain font files.

Usage: ``python scripts/unpack_fonts.py``, after the front end's packages are installed.
"""

from __future__ import annotations

from pathlib import Path

from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / "frontend" / "node_modules" / "@fontsource"
TARGET = ROOT / "src" / "ecoledger" / "reports" / "typesetting" / "font_files"
# 仿宋 and 楷体 of documents, and the Latin letters that are as wide as Times New Roman's.
FONTS = {
    "LXGWWenKaiLight.ttf": "lxgw-wenkai/files/lxgw-wenkai-latin-300-normal.woff",
    "LXGWWenKai.ttf": "lxgw-wenkai/files/lxgw-wenkai-latin-500-normal.woff",
    "Tinos-Regular.ttf": "tinos/files/tinos-latin-400-normal.woff",
    "Tinos-Italic.ttf": "tinos/files/tinos-latin-400-italic.woff",
}
LICENCES = {"LICENSE-LXGWWenKai": "lxgw-wenkai/LICENSE", "LICENSE-Tinos": "tinos/LICENSE"}


def main() -> None:
    """Write every font that is not there yet."""
    TARGET.mkdir(exist_ok=True)
    for target, source in FONTS.items():
        if not (TARGET / target).exists():
            font = TTFont(PACKAGES / source)
            font.flavor = None
            font.save(TARGET / target)
    for target, source in LICENCES.items():
        (TARGET / target).write_bytes((PACKAGES / source).read_bytes())


if __name__ == "__main__":
    main()
