"""Which font stands for a font that Word names: the bureau's own file, else a free one of the same kind.

The commercial fonts of official documents may not be shipped. A bureau that owns them puts the files
into ``fonts/`` of its profile; until then a free font of the same class stands in, and upload says so.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import typst
from fontTools.ttLib import TTFont, TTLibError
from fontTools.ttLib.ttCollection import TTCollection

SONG, HEI, KAI, FANGSONG = "Noto Serif SC", "Noto Sans SC", "LXGW WenKai", "LXGW WenKai Light"
TIMES = "Tinos"
# Typst brings these itself; they stand in when the fonts of the front end's packages were not unpacked.
_LAST = ("Libertinus Serif", "DejaVu Sans Mono")
UNPACKED = Path(__file__).parent / "font_files"

# (parts of a font's name, what stands for it)
_CLASSES = (
    (("标宋", "中宋", "大标宋", "zhongsong", "xiaobiaosong"), SONG),
    (("仿宋", "fangsong"), FANGSONG),
    (("楷", "kaiti", "kai"), KAI),
    (("黑", "hei", "等线", "dengxian", "yahei", "雅黑", "圆", "arial", "gothic", "sans"), HEI),
    (("calibri", "helvetica", "verdana", "tahoma", "segoe"), HEI),
    (("宋", "simsun", "song", "明"), SONG),
)
_TALL = {"微软雅黑": (1.36, 0.37), "microsoft yahei": (1.36, 0.37)}


def substitute(named: str) -> str:
    """The free font of the same class; Song for a name that says nothing."""
    plain = named.lower().replace(" ", "")
    for parts, family in _CLASSES:
        if any(part in plain for part in parts):
            return family
    return SONG


def line(named: str, *, east_asian: bool) -> tuple[float, float]:
    """How far a single line of this font reaches above and below the letters' baseline, in its size.

    Word makes a line of Chinese text three tenths higher than the letters (observed; not written in
    the standard), of Latin letters as high as the font says.
    """
    if east_asian:
        return _TALL.get(named.lower(), (1.03, 0.27))
    return 0.91, 0.24


@cache
def own_fonts(folder: str) -> dict[str, str]:
    """Every name of every font file in a folder, lower case, to the name Typst knows it by."""
    families: dict[str, str] = {}
    for path in sorted(Path(folder).glob("*")) if folder else ():
        if path.suffix.lower() not in (".ttf", ".otf", ".ttc"):
            continue
        try:
            faces = (
                list(TTCollection(str(path), lazy=True).fonts)
                if path.suffix.lower() == ".ttc"
                else [TTFont(str(path), lazy=True)]
            )
        except (TTLibError, OSError):
            continue
        for face in faces:
            names = face["name"]
            family = names.getDebugName(16) or names.getDebugName(1)
            for record in names.names:
                if family and record.nameID in (1, 4, 16):
                    families[record.toUnicode().lower()] = family
    return families


def chosen(named: str, folder: str = "") -> str:
    """The family to set text in that asks for the font ``named``."""
    return own_fonts(folder).get(named.lower()) or substitute(named)


def missing(named: str, folder: str = "") -> bool:
    """Whether another font stands in for ``named``."""
    return (
        bool(named) and named.lower() not in own_fonts(folder) and named not in (SONG, HEI, TIMES)
    )


def folders(own: str = "") -> list[str]:
    """Where Typst finds fonts: the bureau's, those unpacked by setup, those of the font package."""
    shipped = str(resources.files("pylopdf_fonts_zh_cn"))
    return [str(place) for place in (own, str(UNPACKED), shipped) if place and Path(place).is_dir()]


@cache
def loaded(own: str = "") -> typst.Fonts:
    """The fonts, read once a process. The machine's fonts are left out: pages look alike everywhere."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=folders(own)
    )


def _latin(named: str) -> str:
    """Letters of a Chinese font stay in it; of Latin fonts, the serif ones are as wide as Times."""
    plain = named.lower().replace(" ", "")
    for parts, family in _CLASSES:
        if any(part in plain for part in parts):
            return family
    return TIMES


def look(ascii_name: str, east_asian_name: str, folder: str = "") -> str:
    """The fonts of a run in Typst's words: Latin letters from one, the rest from another."""
    latin = own_fonts(folder).get(ascii_name.lower()) or _latin(ascii_name)
    chinese = chosen(east_asian_name, folder)
    families = [_family(chinese), SONG, *_LAST]
    fallback = ", ".join(f'"{family}"' for family in dict.fromkeys(families))
    weight = ", weight: 300" if chinese == FANGSONG else ""
    return f'font: ((name: "{_family(latin)}", covers: "latin-in-cjk"), {fallback}){weight}'


def _family(face: str) -> str:
    """Typst counts a light face to its family."""
    return KAI if face == FANGSONG else face
