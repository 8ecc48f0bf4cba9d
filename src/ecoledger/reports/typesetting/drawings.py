"""Pictures, text boxes and lines of a document in Typst's words."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ecoledger.listings import pixels
from ecoledger.listings.word.package import NAMES, Element, child, name
from ecoledger.reports.typesetting.runs import colour, pt

if TYPE_CHECKING:
    from ecoledger.reports.typesetting.story import Story

_EMU = 12_700  # to a point
# What Typst can draw.
FORMATS = {".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"}
LINES = {"line", "straightConnector1"}


def points(text: str | None) -> float:
    """A length of VML (``12.5pt``, ``3mm``), in points."""
    match = re.fullmatch(r"\s*(-?[\d.]+)\s*(pt|mm|cm|in|px)?\s*", text or "")
    if not match:
        return 0.0
    unit = {"mm": 72 / 25.4, "cm": 72 / 2.54, "in": 72.0, "px": 0.75}.get(match.group(2) or "", 1.0)
    return float(match.group(1)) * unit


class Drawings:
    """Reads drawings and keeps the files of pictures for Typst."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.files: dict[str, bytes] = {}

    def picture(self, key: str | None, part: str, width: float, height: float) -> str | None:
        """A picture by its relation, in points; ``None`` when its format or size cannot be drawn."""
        target = self.story.package.relations(part).get(key or "", ("", ""))[1]
        ending = posixpath.splitext(target)[1].lower()
        if ending not in FORMATS or not self.story.package.has(target):
            return None
        content = self.story.package.bytes(target)
        if not pixels.may_be_drawn(content):
            return None
        file = target.replace("/", "-")
        self.files[file] = content
        return f'image("{file}", width: {pt(width)}, height: {pt(height)}, fit: "stretch")'

    def _extent(self, holder: Element) -> tuple[float, float]:
        extent = child(holder, "wp:extent")
        if extent is None:
            return 0.0, 0.0
        return int(extent.get("cx", 0)) / _EMU, int(extent.get("cy", 0)) / _EMU

    def inline(self, inline: Element, part: str) -> tuple[str, float] | None:
        """A picture or box in the line, and its height."""
        width, height = self._extent(inline)
        made = self._content(inline, part, width, height)
        return (f"box({made})", height) if made else None

    def _content(self, holder: Element, part: str, width: float, height: float) -> str | None:
        blip = holder.find(f".//{name('a:blip')}")
        if blip is not None:
            return self.picture(blip.get(name("r:embed")), part, width, height)
        shape = holder.find(f".//{name('wps:wsp')}")
        return self._shape(shape, part, width, height) if shape is not None else None

    def _shape(self, shape: Element, part: str, width: float, height: float) -> str | None:
        properties = child(shape, "wps:spPr")
        preset = child(properties, "a:prstGeom")
        kind = preset.get("prst") if preset is not None else ""
        line, fill = child(properties, "a:ln"), child(properties, "a:solidFill")
        stroke = self._stroke(line)
        if stroke == "none" and line is None:
            styled = shape.find(f"{name('wps:style')}/{name('a:lnRef')}")
            if styled is not None and styled.get("idx") != "0":
                stroke = f"0.75pt + {self._ink(styled) or 'black'}"
        if kind in LINES:
            return f"line(end: ({pt(width)}, {pt(height)}), stroke: {stroke})"
        text = shape.find(f"{name('wps:txbx')}/{name('w:txbxContent')}")
        ground = self._ink(fill)
        if text is None and kind != "rect":
            return None
        inside = ""
        body = child(shape, "wps:bodyPr")
        margins = [
            int(body.get(side, default)) / _EMU if body is not None else default / _EMU
            for side, default in (
                ("lIns", 91440),
                ("tIns", 45720),
                ("rIns", 91440),
                ("bIns", 45720),
            )
        ]
        if text is not None:
            inside = self.story.blocks(text, part)
        # A box that grows with its text, and one that does not wrap, say so.
        grows = body is not None and child(body, "a:spAutoFit") is not None
        loose = body is not None and body.get("wrap") == "none"
        size = f"width: {'auto' if loose else pt(width)}, height: {'auto' if grows else pt(height)}"
        left, top, right, bottom = margins
        inset = f"(left: {pt(left)}, top: {pt(top)}, right: {pt(right)}, bottom: {pt(bottom)})"
        paint = f", fill: {ground}" if ground else ""
        return f"block({size}, inset: {inset}, stroke: {stroke}{paint}, {{ {inside} }})"

    def _stroke(self, line: Element | None) -> str:
        if line is None or child(line, "a:noFill") is not None:
            return "none"
        thick = int(line.get("w", 9525)) / _EMU
        return f"{pt(thick)} + {self._ink(child(line, 'a:solidFill')) or 'black'}"

    def _ink(self, holder: Element | None) -> str | None:
        if holder is None:
            return None
        code = child(holder, "a:srgbClr")
        if code is not None:
            return colour(code.get("val"))
        scheme = child(holder, "a:schemeClr")
        if scheme is not None:
            return {"bg1": "white", "lt1": "white"}.get(scheme.get("val", ""), "black")
        return None

    # -- placed ----------------------------------------------------------------------------------

    def anchored(self, holder: Element, part: str) -> Iterator[str]:
        """What a w:drawing or w:pict places on the page, by the place of its paragraph ``p``."""
        anchor = child(holder, "wp:anchor")
        if anchor is not None:
            width, height = self._extent(anchor)
            made = self._content(anchor, part, width, height)
            if made:
                x = self._place(child(anchor, "wp:positionH"), width, upright=False)
                y = self._place(child(anchor, "wp:positionV"), height, upright=True)
                yield f"put(p => {x}, p => {y}, {made})"
            return
        for shape in holder:
            if isinstance(shape.tag, str) and shape.tag.startswith(f"{{{NAMES['v']}}}"):
                yield from self._vml(shape, part)

    def _place(self, position: Element | None, size: float, *, upright: bool) -> str:
        """An offset from the paragraph's place ``p``, in Typst's words."""
        page = self.story.page
        start = "p.y" if upright else "p.x"
        if position is None:
            return "0pt"
        relative = position.get("relativeFrom", "page")
        if upright:
            begin, room = {
                "page": (0.0, page.height),
                "margin": (page.top, page.height - page.top - page.bottom),
                "topMargin": (0.0, page.top),
                "bottomMargin": (page.height - page.bottom, page.bottom),
            }.get(relative, (None, 0.0))
        else:
            begin, room = {
                "page": (0.0, page.width),
                "margin": (page.left, page.text_width),
                "column": (page.left, page.text_width),
                "leftMargin": (0.0, page.left),
                "rightMargin": (page.width - page.right, page.right),
            }.get(relative, (None, 0.0))
        align, offset = child(position, "wp:align"), child(position, "wp:posOffset")
        if align is not None:
            kind = (align.text or "").strip()
            if begin is None:
                return "0pt"
            if kind in ("outside", "inside"):
                near, far = pt(begin), pt(begin + room - size)
                odd, even = (far, near) if kind == "outside" else (near, far)
                return f"(if odd-page() {{ {odd} }} else {{ {even} }}) - {start}"
            share = {"center": 0.5, "right": 1.0, "bottom": 1.0}.get(kind, 0.0)
            return f"{pt(begin + (room - size) * share)} - {start}"
        length = int((offset.text if offset is not None else None) or 0) / _EMU
        if begin is None:
            return pt(length)
        return f"{pt(begin + length)} - {start}"

    def _vml(self, shape: Element, part: str) -> Iterator[str]:
        """Lines, pictures and text boxes as older programs and WPS write them."""
        tag = shape.tag.rpartition("}")[2]
        if tag == "group":
            return
        style = dict(
            pair.split(":", 1) for pair in (shape.get("style") or "").split(";") if ":" in pair
        )
        style = {key.strip(): text.strip() for key, text in style.items()}
        x, y = points(style.get("margin-left")), points(style.get("margin-top"))
        width, height = points(style.get("width")), points(style.get("height"))
        across = self._vml_place(style, x, width, upright=False)
        down = self._vml_place(style, y, height, upright=True)
        ink = (shape.get("strokecolor") or "").split(" ")[0].lstrip("#")
        ink = {"red": "FF0000", "black": "000000"}.get(ink, ink)
        stroke = f"{pt(points(shape.get('strokeweight') or '0.75pt'))} + {colour(ink) or 'black'}"
        if tag == "line":
            ends = [
                [points(number) for number in (shape.get(end) or "0,0").split(",")]
                for end in ("from", "to")
            ]
            (x0, y0), (x1, y1) = ends
            yield (
                f"put(p => {pt(x0)}, p => {pt(y0)}, line(end: ({pt(x1 - x0)}, {pt(y1 - y0)}), stroke: {stroke}))"
            )
            return
        data = child(shape, "v:imagedata")
        if data is not None:
            made = self.picture(data.get(name("r:id")), part, width, height)
            if made:
                absolute = style.get("position") == "absolute"
                yield (
                    f"put(p => {across if absolute else '0pt'}, "
                    f"p => {down if absolute else '0pt'}, {made})"
                )
            return
        text = shape.find(f"{name('v:textbox')}/{name('w:txbxContent')}")
        if text is not None:
            stroke = "none" if shape.get("stroked") in ("f", "false") else stroke
            yield (
                f"put(p => {across}, p => {down}, block(width: {pt(width)}, height: {pt(height)}, "
                f"inset: (x: 7.2pt, y: 3.6pt), stroke: {stroke}, {{ {self.story.blocks(text, part)} }}))"
            )

    def _vml_place(
        self, style: dict[str, str], offset: float, size: float, *, upright: bool
    ) -> str:
        page = self.story.page
        side = "vertical" if upright else "horizontal"
        relative = style.get(f"mso-position-{side}-relative", "text")
        align = style.get(f"mso-position-{side}", "absolute")
        start = "p.y" if upright else "p.x"
        margins = (
            (page.top, page.height - page.top - page.bottom)
            if upright
            else (
                page.left,
                page.text_width,
            )
        )
        begin, room = {
            "page": (0.0, page.height if upright else page.width),
            "margin": margins,
        }.get(relative, (None, margins[1]))
        if align in ("center", "right", "bottom", "left", "top") and (
            begin is not None or not upright
        ):
            share = {"center": 0.5, "right": 1.0, "bottom": 1.0}.get(align, 0.0)
            origin = margins[0] if begin is None else begin
            return f"{pt(origin + (room - size) * share)} - {start}"
        return pt(offset) if begin is None else f"{pt(begin + offset)} - {start}"
