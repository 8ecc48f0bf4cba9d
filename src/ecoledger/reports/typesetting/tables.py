"""Tables in Typst's words: merged cells, borders by rank, heights, repeated heads, grounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecoledger.listings.word.package import Element, child, name, value
from ecoledger.reports.typesetting.runs import colour, pt

if TYPE_CHECKING:
    from ecoledger.reports.typesetting.story import Story

_SIDES = ("top", "bottom", "left", "right")
_DASHES = {
    "dashed": "dashed",
    "dashSmallGap": "dashed",
    "dotted": "dotted",
    "dotDash": "dash-dotted",
}
# Cells of a table without settings of its own stand this far in from their sides.
_PADDING = 5.4


@dataclass
class Cell:
    """A cell of the grid: where it begins, how far it reaches, what it says."""

    element: Element
    x: int
    y: int
    across: int = 1
    down: int = 1
    conditions: tuple[str, ...] = ()


@dataclass
class Grid:
    """A table laid out on its columns."""

    columns: list[float]
    rows: list[Element]
    cells: list[Cell] = field(default_factory=list)


def source(story: Story, element: Element, part: str, above: float, room: float) -> str:
    """A w:tbl as Typst content, ``room`` points wide at most as far as its place goes."""
    properties = child(element, "w:tblPr")
    styles = story.styles.chain(
        value(child(properties, "w:tblStyle")) or story.styles.default_table_style
    )
    grid = _laid_out(element, properties)
    looks = _Looks(properties, [style.element for style in styles])
    body = [_cell(story, part, grid, cell, looks) for cell in grid.cells]
    heads = 0
    for row in grid.rows:
        head = child(row, "w:trPr", "w:tblHeader")
        if head is None or value(head) in ("0", "false"):
            break
        heads += 1
    if heads == len(grid.rows):
        heads = 0
    struts = [_strut(grid, y, row) for y, row in enumerate(grid.rows)]
    above_head = [text for cell, text in zip(grid.cells, body, strict=True) if cell.y < heads]
    rest = [text for cell, text in zip(grid.cells, body, strict=True) if cell.y >= heads]
    above_head += [strut for y, strut in enumerate(struts) if strut and y < heads]
    rest += [strut for y, strut in enumerate(struts) if strut and y >= heads]
    content = (f"table.header({', '.join(above_head)}), " if heads else "") + ", ".join(rest)
    columns = ", ".join(pt(width) for width in (*grid.columns, 0))
    heights = ", ".join(_height(row) for row in grid.rows)
    table = f"table(columns: ({columns}), rows: ({heights},), stroke: none, inset: 0pt, {content})"
    width = sum(grid.columns)
    side = (value(child(properties, "w:jc")) or "left").replace("start", "left")
    indent = float(value(child(properties, "w:tblInd"), "w:w") or 0) / 20
    if story.hangs_tables:
        indent -= looks.padding["left"]
    if side == "center":
        shift = (room - width) / 2
    elif side in ("right", "end"):
        shift = room - width
    else:
        shift = indent
    place = child(properties, "w:tblpPr")
    if place is not None:
        shift = {"center": (room - width) / 2, "right": room - width}.get(
            value(place, "w:tblpXSpec") or "", 0.0
        )
    if value(place, "w:tblpYSpec") == "bottom":
        return f"place(bottom, float: true, clearance: 0pt, move(dx: {pt(shift)}, {table}))"
    return f"block(width: 100%, above: {pt(above)}, below: 0pt, pad(left: {pt(shift)}, right: {pt(min(room - shift - width, 0))}, {table}))"


def _laid_out(element: Element, properties: Element | None) -> Grid:
    widths = [
        float(value(column, "w:w") or 0) / 20
        for column in element.findall(f"{name('w:tblGrid')}/{name('w:gridCol')}")
    ]
    rows = _rows(element)
    grid = Grid(widths, rows)
    open_cells: dict[int, Cell] = {}
    for y, row in enumerate(rows):
        x = int(value(child(row, "w:trPr", "w:gridBefore")) or 0)
        for item in _cells(row):
            own = child(item, "w:tcPr")
            across = int(value(child(own, "w:gridSpan")) or 1)
            merge = child(own, "w:vMerge")
            upper = open_cells.get(x)
            if merge is not None and value(merge) != "restart" and upper is not None:
                upper.down += 1
            else:
                cell = Cell(item, x, y, across)
                grid.cells.append(cell)
                open_cells[x] = cell
                if merge is None:
                    open_cells.pop(x)
            width = child(own, "w:tcW")
            while len(grid.columns) < x + across:
                grid.columns.append(0.0)
            if across == 1 and grid.columns[x] == 0 and value(width, "w:type") in ("dxa", None):
                grid.columns[x] = float(value(width, "w:w") or 0) / 20
            x += across
    total = len(grid.columns)
    grid.columns = [width or 30.0 for width in grid.columns]
    for cell in grid.cells:
        cell.conditions = _conditions(properties, cell, total, len(rows))
    return grid


def _rows(element: Element) -> list[Element]:
    rows: list[Element] = []
    for item in element:
        if item.tag == name("w:tr"):
            rows.append(item)
        elif item.tag == name("w:sdt"):
            content = child(item, "w:sdtContent")
            rows += _rows(content) if content is not None else []
    return rows


def _cells(row: Element) -> list[Element]:
    cells: list[Element] = []
    for item in row:
        if item.tag == name("w:tc"):
            cells.append(item)
        elif item.tag == name("w:sdt"):
            content = child(item, "w:sdtContent")
            cells += _cells(content) if content is not None else []
    return cells


def _conditions(properties: Element | None, cell: Cell, columns: int, rows: int) -> tuple[str, ...]:
    """Which parts of the table's style hold for a cell, the weakest first."""
    look = child(properties, "w:tblLook")
    bits = int(value(look) or "04A0", 16)

    def wanted(attribute: str, bit: int, *, negative: bool = False) -> bool:
        said = value(look, f"w:{attribute}")
        result = said in ("1", "true") if said is not None else bool(bits & bit)
        return not result if negative else result

    first, last = wanted("firstRow", 0x20), wanted("lastRow", 0x40)
    found = []
    if wanted("noHBand", 0x200, negative=True) and not (first and cell.y == 0):
        found.append("band1Horz" if (cell.y - first) % 2 == 0 else "band2Horz")
    if wanted("firstColumn", 0x80) and cell.x == 0:
        found.append("firstCol")
    if wanted("lastColumn", 0x100) and cell.x + cell.across == columns:
        found.append("lastCol")
    if first and cell.y == 0:
        found.append("firstRow")
    if last and cell.y + cell.down == rows:
        found.append("lastRow")
    return tuple(found)


class _Looks:
    """Borders, padding and run settings of a table: its style's, then its own."""

    def __init__(self, properties: Element | None, styles: list[Element]) -> None:
        self.borders: dict[str, Element] = {}
        self.padding = {"top": 0.0, "bottom": 0.0, "left": _PADDING, "right": _PADDING}
        self.conditional: dict[str, list[Element]] = {}
        self.paragraphs = [child(style, "w:pPr") for style in styles]
        self.runs = [child(style, "w:rPr") for style in styles]
        for holder in (*(child(style, "w:tblPr") for style in styles), properties):
            self._take(holder)
        for style in styles:
            for part in style.findall(name("w:tblStylePr")):
                self.conditional.setdefault(value(part, "w:type") or "", []).append(part)

    def _take(self, holder: Element | None) -> None:
        borders = child(holder, "w:tblBorders")
        for border in borders if borders is not None else ():
            self.borders[_plain(border.tag)] = border
        margins = child(holder, "w:tblCellMar")
        for margin in margins if margins is not None else ():
            self.padding[_plain(margin.tag)] = float(value(margin, "w:w") or 0) / 20

    def of(self, cell: Cell, *path: str) -> list[Element]:
        """Settings of the style's parts that hold for a cell."""
        parts = [part for key in cell.conditions for part in self.conditional.get(key, [])]
        return [element for part in parts if (element := child(part, *path)) is not None]


def _plain(tag: str) -> str:
    local = tag.rpartition("}")[2]
    return {"start": "left", "end": "right"}.get(local, local)


def _cell(story: Story, part: str, grid: Grid, cell: Cell, looks: _Looks) -> str:
    own = child(cell.element, "w:tcPr")
    padding = dict(looks.padding)
    margins = child(own, "w:tcMar")
    for margin in margins if margins is not None else ():
        padding[_plain(margin.tag)] = float(value(margin, "w:w") or 0) / 20
    width = sum(grid.columns[cell.x : cell.x + cell.across]) - padding["left"] - padding["right"]
    inside = story.blocks(
        cell.element,
        part,
        width=width,
        in_table=True,
        table=[*looks.paragraphs, *looks.of(cell, "w:pPr")],
        table_runs=[*looks.runs, *looks.of(cell, "w:rPr")],
    )
    direction = value(child(own, "w:textDirection"))
    if direction in ("tbRl", "tbRlV", "btLr"):
        inside = (
            f"upright({{ {inside} }})"
            if direction != "btLr"
            else f"rotate(-90deg, reflow: true, {{ {inside} }})"
        )
    options = [f"x: {cell.x}", f"y: {cell.y}"]
    if cell.across > 1:
        options.append(f"colspan: {cell.across}")
    if cell.down > 1:
        options.append(f"rowspan: {cell.down}")
    upright = {"center": "horizon", "bottom": "bottom"}.get(
        value(child(own, "w:vAlign")) or "", "top"
    )
    options.append(f"align: {upright} + left")
    strokes, thick = _strokes(grid, cell, looks, own)
    # The line above a row takes its own room, as in Word.
    padding["top"] += thick
    options.append("inset: (" + ", ".join(f"{side}: {pt(padding[side])}" for side in _SIDES) + ")")
    if strokes:
        options.append(f"stroke: ({', '.join(strokes)})")
    ground = None
    for shade in (*looks.of(cell, "w:tcPr", "w:shd"), child(own, "w:shd")):
        ground = colour(value(shade, "w:fill")) or ground
    if ground:
        options.append(f"fill: {ground}")
    splits = child(grid.rows[cell.y], "w:trPr", "w:cantSplit")
    if splits is not None and value(splits) not in ("0", "false"):
        options.append("breakable: false")
    return f"table.cell({', '.join(options)}, {{ {inside} }})"


def _strokes(grid: Grid, cell: Cell, looks: _Looks, own: Element | None) -> tuple[list[str], float]:
    """The four lines of a cell (its own, else the style's for its part, else the table's), and how
    thick the one above is."""
    edge = {
        "top": cell.y == 0,
        "bottom": cell.y + cell.down == len(grid.rows),
        "left": cell.x == 0,
        "right": cell.x + cell.across == len(grid.columns),
    }
    strokes = []
    above = 0.0
    for side in _SIDES:
        inner = "insideH" if side in ("top", "bottom") else "insideV"
        border = looks.borders.get(side if edge[side] else inner)
        for borders in (*looks.of(cell, "w:tcPr", "w:tcBorders"), child(own, "w:tcBorders")):
            for item in borders if borders is not None else ():
                if isinstance(item.tag, str) and _plain(item.tag) == side:
                    border = item
        said = stroke(border)
        if said:
            strokes.append(f"{side}: {said}")
            if side == "top":
                above = float(value(border, "w:sz") or 4) / 8
    return strokes, above


def stroke(border: Element | None) -> str | None:
    """A line of a border in Typst's words; ``None`` for no line."""
    kind = value(border)
    if border is None or kind in (None, "none", "nil"):
        return None
    thick = max(float(value(border, "w:sz") or 4) / 8, 0.25)
    ink = colour(value(border, "w:color")) or "black"
    dash = _DASHES.get(kind)
    if dash:
        return f'(thickness: {pt(thick)}, paint: {ink}, dash: "{dash}")'
    return f"{pt(thick)} + {ink}"


def _height(row: Element) -> str:
    height = child(row, "w:trPr", "w:trHeight")
    if value(height, "w:hRule") == "exact":
        return pt(float(value(height, "w:val") or 0) / 20)
    return "auto"


def _strut(grid: Grid, y: int, row: Element) -> str:
    """Holds a row open that has a least height: Typst's rows know none."""
    height = child(row, "w:trPr", "w:trHeight")
    if height is None or value(height, "w:hRule") == "exact":
        return ""
    least = float(value(height) or 0) / 20
    return f"table.cell(x: {len(grid.columns)}, y: {y}, box(width: 0pt, height: {pt(least)}))"
