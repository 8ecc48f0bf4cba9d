"""Runs in Typst's words: text of one look, fields, what is drawn in the line."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ecoledger.listings.word.package import Element, child, name, value
from ecoledger.reports.typesetting import fonts
from ecoledger.reports.typesetting.properties import Properties, number, on, twips

if TYPE_CHECKING:
    from ecoledger.reports.typesetting.story import Story

_HIGHLIGHTS = {
    "yellow": "FFFF00",
    "green": "00FF00",
    "cyan": "00FFFF",
    "magenta": "FF00FF",
    "blue": "0000FF",
    "red": "FF0000",
    "darkBlue": "000080",
    "darkCyan": "008080",
    "darkGreen": "008000",
    "darkMagenta": "800080",
    "darkRed": "800000",
    "darkYellow": "808000",
    "darkGray": "808080",
    "lightGray": "C0C0C0",
    "black": "000000",
}
# Boxes and ticks of symbol fonts, by their code there.
_SYMBOLS = {
    "F0FE": "☑",
    "F0A8": "☐",
    "F06F": "☐",
    "F0FC": "✓",
    "F0FD": "☒",
    "F052": "☑",
    "F0A3": "☐",
    "F0D8": "➢",
    "F06C": "●",
    "F06E": "■",
    "F0B7": "•",
    "F0E0": "→",
}
TAB = "\t"
MINUTE = 0.05


def quoted(text: str) -> str:
    """A text as a Typst string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def pt(length: float) -> str:
    return f"{length:.2f}pt"


def colour(code: str | None) -> str | None:
    """A six-digit colour in Typst's words; ``None`` for none and for automatic."""
    if code and re.fullmatch(r"[0-9A-Fa-f]{6}", code):
        return f'rgb("#{code}")'
    return None


@dataclass(frozen=True)
class Piece:
    """A stretch of one look, or something placed in the line (``drawn``: Typst content)."""

    text: str = ""
    look: str = ""
    drawn: str = ""
    size: float = 0.0
    height: float = 0.0

    def source(self) -> str:
        return self.drawn or f"text({self.look}, {quoted(self.text)})"


def wide(text: str) -> bool:
    """Whether a text has Chinese characters."""
    return any(unicodedata.east_asian_width(c) in "WF" for c in text)


class Runs:
    """The pieces of one paragraph, read from its runs, fields and inserted text."""

    def __init__(self, story: Story, part: str, base: Properties) -> None:
        self.story, self.part, self.base = story, part, base
        self.pieces: list[Piece] = []
        self.anchored: list[Element] = []
        # Fields: where each stands (code, result), what it says, and whether its result is made anew.
        self._fields: list[dict[str, str]] = []

    def read(self, parent: Element) -> Runs:
        for item in parent:
            if not isinstance(item.tag, str):
                continue
            match item.tag.rpartition("}")[2]:
                case "r":
                    self._run(item)
                case "hyperlink" | "ins" | "smartTag" | "moveTo" | "customXml":
                    self.read(item)
                case "sdt":
                    content = child(item, "w:sdtContent")
                    if content is not None:
                        self.read(content)
                case "fldSimple":
                    if not self._made(value(item, "w:instr") or "", self.base):
                        self.read(item)
                case "oMath" | "oMathPara":
                    text = "".join(item.itertext(name("m:t")))
                    self._text(text, self.base)
        return self

    # -- fields --------------------------------------------------------------------------------

    def _made(self, code: str, properties: Properties) -> bool:
        """Writes the value of a page-number field; whether the field was one."""
        words = code.split()
        kind = words[0].upper() if words else ""
        made = {"PAGE": "page-number()", "NUMPAGES": "page-count()", "SECTIONPAGES": "page-count()"}
        if kind not in made:
            return False
        source = made[kind]
        if kind == "PAGE":
            source = f"page-number({quoted(self.story.page_format)})"
        look, size = self.look(properties, "1")
        self.pieces.append(Piece("1", look, f"text({look}, {source})", size))
        return True

    def _field_mark(self, kind: str | None, properties: Properties) -> None:
        if kind == "begin":
            self._fields.append({"at": "code", "code": ""})
        elif kind == "separate" and self._fields:
            field_ = self._fields[-1]
            field_["at"] = "made" if self._made(field_["code"], properties) else "result"
        elif kind == "end" and self._fields:
            field_ = self._fields.pop()
            if field_["at"] == "code":
                self._made(field_["code"], properties)

    # -- runs ----------------------------------------------------------------------------------

    def _run(self, run: Element) -> None:
        properties = self.story.styles.run(self.base, child(run, "w:rPr"))
        if on(properties, "vanish"):
            return
        for item in self.story.chosen(run):
            tag = item.tag.rpartition("}")[2]
            if tag == "fldChar":
                self._field_mark(value(item, "w:fldCharType"), properties)
                continue
            if tag == "instrText" and self._fields:
                self._fields[-1]["code"] += item.text or ""
                continue
            if any(field_["at"] in ("code", "made") for field_ in self._fields):
                continue
            match tag:
                case "t":
                    self._text(item.text or "", properties)
                case "tab" | "ptab":
                    self._text(TAB, properties)
                case "br" | "cr":
                    kind = value(item, "w:type")
                    if kind in ("page", "column"):
                        self.pieces.append(Piece(drawn=kind))
                    else:
                        self.pieces.append(Piece(drawn="linebreak()"))
                case "noBreakHyphen":
                    self._text("\u2011", properties)
                case "sym":
                    self._text(_SYMBOLS.get((value(item, "w:char") or "").upper(), "□"), properties)
                case "footnoteReference":
                    self._footnote(value(item, "w:id") or "", properties)
                case "drawing":
                    self._drawing(item)
                case "pict" | "object":
                    self.anchored.append(item)

    def _footnote(self, key: str, properties: Properties) -> None:
        source = self.story.footnote(key)
        if source:
            look, size = self.look(properties, "1")
            self.pieces.append(Piece("1", look, f"text({look}, footnote({source}))", size))

    def _drawing(self, drawing: Element) -> None:
        inline = child(drawing, "wp:inline")
        if inline is None:
            self.anchored.append(drawing)
            return
        made = self.story.drawings.inline(inline, self.part)
        if made is not None:
            source, height = made
            self.pieces.append(Piece(drawn=source, height=height))

    def _text(self, text: str, properties: Properties) -> None:
        if on(properties, "caps"):
            text = text.upper()
        if "u" in properties and properties["u"].get("val", "single") != "none":
            # Blanks with a line under them are places to write in: they must not shrink.
            text = text.replace(" ", "\u00a0")
        for part in re.split(f"({TAB})", text):
            if not part:
                continue
            look, size = self.look(properties, part)
            source = self._dressed(part, look, properties, size) if part != TAB else ""
            last = self.pieces[-1] if self.pieces else None
            plain = source == f"text({look}, {quoted(part)})"
            if plain and last and last.look == look and not last.drawn and last.text != TAB:
                self.pieces[-1] = replace(last, text=last.text + part)
            else:
                self.pieces.append(Piece(part, look, "" if plain or part == TAB else source, size))

    def _dressed(self, text: str, look: str, properties: Properties, size: float) -> str:
        """Text with what Typst puts around it: lines, ground, scale."""
        source = f"text({look}, {quoted(text)})"
        ground = colour(_HIGHLIGHTS.get(properties.get("highlight", {}).get("val", "")))
        ground = ground or colour(properties.get("shd", {}).get("fill"))
        if ground:
            source = f"highlight(fill: {ground}, {source})"
        line = properties.get("u", {}).get("val", "single" if "u" in properties else "none")
        if line != "none":
            thick = size * (0.09 if line in ("thick", "heavy") else 0.05)
            source = (
                f"underline(offset: {pt(size * 0.16)}, evade: false, stroke: {pt(thick)}, {source})"
            )
        if on(properties, "strike") or on(properties, "dstrike"):
            source = f"strike({source})"
        scale = number(properties, "w")
        if scale and abs(scale - 100) > 1:
            # Each character by itself, so that lines still break.
            source = (
                "{"
                + "; ".join(
                    f"box(scale(x: {scale:.0f}%, reflow: true, text({look}, {quoted(c)})))"
                    for c in text
                )
                + "}"
            )
        return source

    def look(self, properties: Properties, text: str) -> tuple[str, float]:
        """How a run looks in Typst's words, and its size in points."""
        styles = self.story.styles
        size = (number(properties, "sz") or 20) / 2
        shown, rise = size, 0.0
        vertical = properties.get("vertAlign", {}).get("val")
        if vertical == "superscript":
            shown, rise = size * 0.65, size * 0.34
        elif vertical == "subscript":
            shown, rise = size * 0.65, -size * 0.14
        rise += (number(properties, "position") or 0) / 2
        east, ascii_ = styles.font(properties, "eastAsia"), styles.font(properties, "ascii")
        self.story.named.update(
            name_
            for name_, used in ((east, wide(text)), (ascii_, not wide(text)))
            if used and name_
        )
        look = [
            fonts.look(ascii_, east, self.story.own_fonts),
            f"size: {pt(shown)}",
        ]
        ink = colour(properties.get("color", {}).get("val"))
        if ink:
            look.append(f"fill: {ink}")
        if on(properties, "b"):
            # The Chinese fonts have one weight; Word and LibreOffice thicken the strokes too.
            look.append(f"stroke: {pt(shown * 0.025)} + {ink or 'black'}")
        if on(properties, "i") and not wide(text):
            look.append('style: "italic"')
        tracking = twips(properties, "spacing", "val") or 0.0
        if self.story.grid_tracking and on({"x": {}, **properties}, "x"):
            tracking += self.story.grid_tracking if wide(text) else self.story.grid_tracking / 2
        if abs(tracking) > MINUTE / 2:
            look.append(f"tracking: {tracking:.3f}pt")
        if rise:
            look += [f"baseline: {pt(-rise)}", "top-edge: 0pt", "bottom-edge: 0pt"]
        return ", ".join(look), size
