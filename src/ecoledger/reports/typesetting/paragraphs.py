"""Paragraphs in Typst's words: indents, spacing, tabs, labels of lists, lines around them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecoledger.listings.word.numbering import Level
from ecoledger.listings.word.package import Element, child, value
from ecoledger.reports.typesetting import fonts
from ecoledger.reports.typesetting.properties import Properties, laid_over, number, on, twips
from ecoledger.reports.typesetting.runs import MINUTE, TAB, Piece, Runs, colour, pt, quoted, wide

if TYPE_CHECKING:
    from ecoledger.reports.typesetting.story import Story


@dataclass
class Paragraph:
    """One paragraph: its own settings in points and what stands in it, split at page breaks."""

    properties: Properties
    pieces: list[Piece] = field(default_factory=list)
    anchored: list[str] = field(default_factory=list)
    size: float = 10.5
    font: str = ""
    above: float = 0.0
    below: float = 0.0


def read(
    story: Story,
    element: Element,
    part: str,
    table: Iterable[Element | None] = (),
    table_runs: Iterable[Element | None] = (),
) -> Paragraph:
    """One w:p with its label, look and spacing; ``table``, ``table_runs``: what its table's style says."""
    own = child(element, "w:pPr")
    styles = story.styles
    key, level = _list_level(story, own)
    properties = styles.paragraph(own, [level.paragraph] if level else [], table)
    base = styles.paragraph_run(own, table_runs)
    runs = Runs(story, part, base).read(element)
    mark = laid_over(base, child(own, "w:rPr"))
    sizes = [piece.size for piece in runs.pieces if piece.size]
    size = max(sizes, default=(number(mark, "sz") or 20) / 2)
    paragraph = Paragraph(properties, runs.pieces, [], size, styles.font(mark, "eastAsia"))
    if level is not None and key is not None:
        paragraph.pieces = _labelled(story, part, paragraph, level, *key, base, mark)
    paragraph.anchored = [
        source for drawing in runs.anchored for source in story.drawings.anchored(drawing, part)
    ]
    _spacing(story, paragraph)
    return paragraph


def _list_level(story: Story, own: Element | None) -> tuple[tuple[str, int] | None, Level | None]:
    """The list and level a paragraph belongs to, by itself or by its style."""
    numbered = child(own, "w:numPr")
    key, depth = value(child(numbered, "w:numId")), value(child(numbered, "w:ilvl"))
    style = value(child(own, "w:pStyle")) or story.styles.default_paragraph_style
    for step in reversed(story.styles.chain(style)):
        if key is not None:
            break
        inherited = child(step.paragraph, "w:numPr")
        key = value(child(inherited, "w:numId"))
        depth = depth or value(child(inherited, "w:ilvl"))
    if key is None or key == "0":
        return None, None
    level = story.numbering.level(key, int(depth or 0))
    return ((key, int(depth or 0)), level) if level else (None, None)


def _labelled(
    story: Story,
    part: str,
    paragraph: Paragraph,
    level: Level,
    key: str,
    depth: int,
    base: Properties,
    mark: Properties,
) -> list[Piece]:
    label = story.numbering.next(key, depth)
    if not label:
        return paragraph.pieces
    runs = Runs(story, part, base)
    look, size = runs.look(laid_over(mark, level.run), label)
    shown = f"text({look}, {quoted(label)})"
    if level.suffix == "tab":
        left, first = indents(paragraph)[:2]
        stop = next((at for at, _ in _stops(paragraph.properties) if at > left + first), None)
        room = -first if first < 0 else (stop - left - first if stop else 0.0)
        source = f"label({pt(room)}, {pt(story.default_tab)}, {shown})"
    else:
        source = shown if level.suffix == "nothing" else f"text({look}, {quoted(label + ' ')})"
    return [Piece(label, look, source, size), *paragraph.pieces]


def indents(paragraph: Paragraph) -> tuple[float, float, float]:
    """Left, first-line and right indent in points; characters count over lengths."""
    properties, size = paragraph.properties, paragraph.size

    def length(*names: str) -> float:
        for name in names:
            in_characters = number(properties, "ind", f"{name}Chars")
            if in_characters:
                return in_characters / 100 * size
            in_points = twips(properties, "ind", name)
            if in_points is not None:
                return in_points
        return 0.0

    hanging = length("hanging")
    first = -hanging if hanging else length("firstLine")
    return length("left", "start"), first, length("right", "end")


def _stops(properties: Properties) -> list[tuple[float, str]]:
    stops = properties.get("tabs", {}).get("stops", "")
    result = []
    for stop in filter(None, stops.split(";")):
        at, kind, leader = stop.split(",")
        result.append((float(at), f"{kind},{leader}"))
    return sorted(result)


def _spacing(story: Story, paragraph: Paragraph) -> None:
    """Space above and below; in lines where it is given in lines."""
    for side in ("before", "after"):
        lines = number(paragraph.properties, "spacing", f"{side}Lines")
        space = twips(paragraph.properties, "spacing", side) or 0.0
        if lines:
            space = lines / 100 * (story.grid_pitch or 12.0)
        if number(paragraph.properties, "spacing", f"{side}Autospacing") == 1:
            space = 5.0 if not lines else space
        if side == "before":
            paragraph.above = space
        else:
            paragraph.below = space


def line(story: Story, paragraph: Paragraph, *, in_table: bool) -> tuple[float, float]:
    """How far a line reaches above and below its baseline."""
    properties = paragraph.properties
    rule = properties.get("spacing", {}).get("lineRule", "auto")
    asked = number(properties, "spacing", "line")
    if rule == "exact" and asked:
        # As LibreOffice divides it; Word comes near.
        return 0.8 * asked / 20, 0.2 * asked / 20
    text = "".join(piece.text for piece in paragraph.pieces)
    above, under = fonts.line(paragraph.font, east_asian=wide(text))
    up, down = above * paragraph.size, under * paragraph.size
    grid = story.grid_pitch if (not in_table or story.grid_in_tables) else 0.0
    if grid and properties.get("snapToGrid", {}).get("val", "1") not in ("0", "false"):
        spare = math.ceil((up + down) / grid - 0.01) * grid - up - down
        up, down = up + spare / 2, down + spare / 2
    if rule == "atLeast" and asked:
        up += max(asked / 20 - up - down, 0)
    elif asked:
        # What a multiple adds stands above the letters.
        up += (up + down) * (asked / 240 - 1)
    return up, down


_ALIGN = {"center": "center", "right": "right", "end": "right"}


def source(
    story: Story,
    paragraph: Paragraph,
    *,
    above: float = 0.0,
    in_table: bool = False,
    pieces: Sequence[Piece] | None = None,
) -> str:
    """The paragraph as a Typst block, ``above`` points below what stands before it."""
    pieces = paragraph.pieces if pieces is None else pieces
    properties = paragraph.properties
    left, first, right = indents(paragraph)
    up, down = line(story, paragraph, in_table=in_table)
    align = properties.get("jc", {}).get("val", "left")
    settings = [
        "leading: 0pt",
        "spacing: 0pt",
        'linebreaks: "simple"',
        f"justify: {str(align in ('both', 'distribute')).lower()}",
    ]
    if first > MINUTE and align not in _ALIGN:
        settings.append(f"first-line-indent: (amount: {pt(first)}, all: true)")
    if first < -MINUTE:
        settings.append(f"hanging-indent: {pt(-first)}")
        left += first
    elif first > MINUTE and align in _ALIGN:
        # A centred line is centred in what the indent leaves.
        left += first
    if any(piece.text == TAB for piece in pieces):
        body = _tabbed(
            story, paragraph, pieces, left + max(first, 0) if align not in _ALIGN else left
        )
    else:
        body = "; ".join(piece.source() for piece in pieces)
    if align == "distribute":
        body += "; linebreak(justify: true)"
    edges = f"set text(top-edge: {pt(up)}, bottom-edge: {pt(-down)})"
    if not on({"widowControl": {}, **properties}, "widowControl"):
        edges += "; set text(costs: (widow: 0%, orphan: 0%))"
    if properties.get("autoSpaceDE", {}).get("val") in ("0", "false"):
        edges += "; set text(cjk-latin-spacing: none)"
    inside = f"par({', '.join(settings)}, {{ {body} }})" if body else f"v({pt(up + down)})"
    if not body:
        inside = f"box(height: {pt(up + down)})"
    if align in _ALIGN:
        inside = f"align({_ALIGN[align]}, {inside})"
    options = [
        "width: 100%",
        f"above: {pt(above)}",
        "below: 0pt",
        *_frame(properties, left, right),
    ]
    if on(properties, "keepNext"):
        options.append("sticky: true")
    if on(properties, "keepLines"):
        options.append("breakable: false")
    return f"block({', '.join(options)}, {{ {edges}; {inside} }})"


def _frame(properties: Properties, left: float, right: float) -> list[str]:
    """Indents, lines around the paragraph and its ground."""
    sides = [
        part.split(",") for part in properties.get("pBdr", {}).get("sides", "").split(";") if part
    ]
    options = []
    inset = {"left": left, "right": right}
    outset = {}
    strokes = []
    for side, thick, ink, space in sides:
        if side not in ("top", "bottom", "left", "right"):
            continue
        strokes.append(f"{side}: {thick}pt + {colour(ink) or 'black'}")
        if side in ("top", "bottom"):
            inset[side] = float(space) + float(thick)
        else:
            outset[side] = float(space)
    options.append(f"inset: ({', '.join(f'{k}: {pt(v)}' for k, v in inset.items())})")
    if strokes:
        options.append(f"stroke: ({', '.join(strokes)})")
    if outset:
        options.append(f"outset: ({', '.join(f'{k}: {pt(v)}' for k, v in outset.items())})")
    ground = colour(properties.get("shd", {}).get("fill"))
    if ground:
        options.append(f"fill: {ground}")
    return options


def _tabbed(story: Story, paragraph: Paragraph, pieces: Sequence[Piece], start: float) -> str:
    stops = "".join(
        f'(at: {pt(at)}, kind: "{kind.split(",")[0]}", leader: "{kind.split(",")[1]}"), '
        for at, kind in _stops(paragraph.properties)
    )
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.text == TAB and not piece.drawn:
            parts.append([])
        else:
            parts[-1].append(piece)
    shown = ", ".join("{" + "; ".join(p.source() for p in part) + "}" for part in parts)
    return f"tabs(({stops}), {pt(story.default_tab)}, {pt(start)}, ({shown},))"
