"""A document walked through: its blocks, one after another, and its pages, in Typst's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ecoledger.listings.word.numbering import Numbering
from ecoledger.listings.word.package import Element, Package, child, name, value
from ecoledger.reports.typesetting import paragraphs, tables
from ecoledger.reports.typesetting.drawings import Drawings
from ecoledger.reports.typesetting.paragraphs import Paragraph
from ecoledger.reports.typesetting.properties import Styles, on
from ecoledger.reports.typesetting.runs import Piece, pt

_PAGE_FORMATS = {
    "lowerRoman": "i",
    "upperRoman": "I",
    "lowerLetter": "a",
    "upperLetter": "A",
    "chineseCounting": "一",
    "chineseCountingThousand": "一",
    "japaneseCounting": "一",
    "numberInDash": "- 1 -",
    "decimalEnclosedCircle": "①",
}


@dataclass(frozen=True)
class Page:
    """A section's page in points."""

    width: float = 595.3
    height: float = 841.9
    top: float = 72.0
    bottom: float = 72.0
    left: float = 90.0
    right: float = 90.0
    header: float = 36.0
    footer: float = 36.0

    @property
    def text_width(self) -> float:
        return self.width - self.left - self.right


@dataclass
class Story:
    """A document being said in Typst's words. ``own_fonts``: a folder of the bureau's font files."""

    package: Package
    own_fonts: str = ""
    named: set[str] = field(default_factory=set)
    page: Page = field(default_factory=Page)
    page_format: str = "1"
    grid_pitch: float = 0.0
    grid_tracking: float = 0.0

    def __post_init__(self) -> None:
        self.styles = Styles(self.package)
        self.numbering = Numbering(self.package)
        self.drawings = Drawings(self)
        self._last: Page | None = None
        settings = self.package.settings
        tab = value(child(settings, "w:defaultTabStop"))
        self.default_tab = float(tab or 720) / 20
        compatible = child(settings, "w:compat")
        modes = {
            value(row, "w:name"): value(row)
            for row in (
                compatible.findall(name("w:compatSetting")) if compatible is not None else ()
            )
        }
        self.grid_in_tables = child(compatible, "w:adjustLineHeightInTable") is not None
        # Up to Word 2010 the text of a table, not its border, stands on the margin.
        self.hangs_tables = int(modes.get("compatibilityMode") or 12) < 15
        self.even_and_odd = on_(child(settings, "w:evenAndOddHeaders"))
        self.mirrored = on_(child(settings, "w:mirrorMargins"))

    # -- blocks ----------------------------------------------------------------------------------

    def chosen(self, parent: Element) -> Iterator[Element]:
        """The children of a run, of alternatives the one for programs that know drawings."""
        for item in parent:
            if not isinstance(item.tag, str):
                continue
            if item.tag == name("mc:AlternateContent"):
                choice = child(item, "mc:Choice")
                if choice is None or (
                    choice.find(f".//{name('wp:inline')}") is None
                    and (choice.find(f".//{name('wp:anchor')}") is None)
                ):
                    choice = child(item, "mc:Fallback")
                if choice is not None:
                    yield from self.chosen(choice)
            else:
                yield item

    def footnote(self, key: str) -> str:
        root = self.package.related("/footnotes")
        if root is None:
            return ""
        for note in root.findall(name("w:footnote")):
            if value(note, "w:id") == key:
                part = next(
                    target
                    for kind, target in self.package.relations(self.package.main).values()
                    if kind.endswith("/footnotes")
                )
                return "{" + self.blocks(note, part) + "}"
        return ""

    def blocks(
        self,
        parent: Element,
        part: str,
        *,
        width: float | None = None,
        in_table: bool = False,
        table: Sequence[Element | None] = (),
        table_runs: Sequence[Element | None] = (),
    ) -> str:
        """Everything below ``parent`` that stands one below the other."""
        out: list[str] = []
        below = 0.0
        previous: Paragraph | None = None
        items = list(_block_elements(parent))
        for item in items:
            if item.tag == name("w:tbl"):
                out.append(tables.source(self, item, part, below, width or self.page.text_width))
                below, previous = 0.0, None
                continue
            if (
                in_table
                and previous is None
                and len(items) > 1
                and item is items[-1]
                and not _text(item)
            ):
                # The paragraph that must follow a table inside a cell takes no room.
                continue
            paragraph = paragraphs.read(self, item, part, table, table_runs)
            above = paragraph.above
            if previous is not None and _contextual(previous, paragraph):
                above = below = 0.0
            first = not out
            out += self._paragraph(paragraph, above + below, first=first, in_table=in_table)
            below, previous = paragraph.below, paragraph
        if below and in_table:
            out.append(f"v({pt(below)})")
        return "\n".join(out)

    def _paragraph(
        self, paragraph: Paragraph, above: float, *, first: bool, in_table: bool
    ) -> list[str]:
        out = []
        if on(paragraph.properties, "pageBreakBefore") and not first:
            out.append("pagebreak(weak: true)")
        if first and above:
            # Space above a block is dropped at the top of a page; the first paragraph keeps its own.
            out.append(f"v({pt(above)})")
            above = 0.0
        for source in paragraph.anchored:
            out.append(
                f"block(width: 100%, height: 0pt, above: {pt(above)}, below: 0pt, sticky: true, {source})"
            )
            above = 0.0
        stretch: list[Piece] = []
        stretches: list[list[Piece]] = [stretch]
        for piece in paragraph.pieces:
            if piece.drawn in ("page", "column"):
                stretch = []
                stretches.append(stretch)
            else:
                stretch.append(piece)
        breaks = [piece.drawn for piece in paragraph.pieces if piece.drawn in ("page", "column")]
        for place, pieces in enumerate(stretches):
            if place:
                out.append("pagebreak()" if breaks[place - 1] == "page" else "colbreak()")
                if not pieces and place == len(stretches) - 1:
                    break
            if place == 0 and breaks and not pieces:
                continue
            out.append(
                paragraphs.source(self, paragraph, above=above, in_table=in_table, pieces=pieces)
            )
            above = 0.0
        return out

    # -- pages -----------------------------------------------------------------------------------

    def document(self) -> str:
        """The whole document."""
        body = child(self.package.document, "w:body")
        out: list[str] = []
        holders: list[tuple[list[Element], Element | None]] = []
        gathered: list[Element] = []
        for item in _block_elements(body) if body is not None else ():
            gathered.append(item)
            section = child(item, "w:pPr", "w:sectPr")
            if section is not None:
                holders.append((gathered, section))
                gathered = []
        holders.append((gathered, child(body, "w:sectPr")))
        headers: dict[tuple[str, str], str] = {}
        for place, (items, section) in enumerate(holders):
            headers = self._section(section, headers)
            kind = value(child(section, "w:type")) or "nextPage"
            begun = self.page
            if place == 0 or kind != "continuous" or begun != self._last:
                out.append(self._page(section, headers, place, kind))
            self._last = begun
            columns = int(value(child(section, "w:cols"), "w:num") or 1)
            blocks = self.blocks(items, self.package.main)
            if columns > 1:
                space = float(value(child(section, "w:cols"), "w:space") or 720) / 20
                blocks = f"columns({columns}, gutter: {pt(space)}, {{ {blocks} }})"
            out.append(blocks)
        out.append("[#metadata(none)<the-end>]")
        return "\n".join(out)

    def _section(
        self, section: Element | None, before: dict[tuple[str, str], str]
    ) -> dict[tuple[str, str], str]:
        """Takes on a section's page and grid; its headers and footers, those left out as before."""

        def length(of: str, attribute: str, default: float) -> float:
            text = value(child(section, of), f"w:{attribute}")
            return float(text) / 20 if text else default

        standard = Page()
        gutter = length("w:pgMar", "gutter", 0.0)
        self.page = Page(
            length("w:pgSz", "w", standard.width),
            length("w:pgSz", "h", standard.height),
            abs(length("w:pgMar", "top", standard.top)),
            abs(length("w:pgMar", "bottom", standard.bottom)),
            length("w:pgMar", "left", standard.left) + gutter,
            length("w:pgMar", "right", standard.right),
            length("w:pgMar", "header", standard.header),
            length("w:pgMar", "footer", standard.footer),
        )
        grid = child(section, "w:docGrid")
        kind = value(grid, "w:type")
        self.grid_pitch = (
            float(value(grid, "w:linePitch") or 0) / 20
            if kind in ("lines", "linesAndChars")
            else 0.0
        )
        self.grid_tracking = (
            float(value(grid, "w:charSpace") or 0) / 4096 if kind == "linesAndChars" else 0.0
        )
        numbers = child(section, "w:pgNumType")
        self.page_format = _PAGE_FORMATS.get(value(numbers, "w:fmt") or "", "1")
        headers = dict(before)
        for tag in ("header", "footer"):
            for reference in (
                section.findall(name(f"w:{tag}Reference")) if section is not None else ()
            ):
                key = reference.get(name("r:id")) or ""
                target = self.package.relations(self.package.main).get(key, ("", ""))[1]
                if self.package.has(target):
                    headers[tag, value(reference, "w:type") or "default"] = target
        return headers

    def _page(
        self,
        section: Element | None,
        headers: dict[tuple[str, str], str],
        place: int,
        kind: str,
    ) -> str:
        page = self.page
        own_first = on_(child(section, "w:titlePg"))

        def band(tag: str) -> str:
            kinds = ["default"]
            kinds += ["even"] if self.even_and_odd else []
            kinds += ["first"] if own_first else []
            said = {}
            for which in kinds:
                target = headers.get((tag, which))
                said[which] = self.blocks(self.package.xml(target), target) if target else ""
            parts = []
            if own_first:
                parts.append(
                    f"if here().page() == locate(<section-{place}>).page() {{ {said['first']} }} else "
                )
            if self.even_and_odd:
                parts.append(f"if not odd-page() {{ {said['even']} }} else ")
            return "".join(parts) + f"{{ {said['default']} }}"

        sides = (
            f"inside: {pt(page.left)}, outside: {pt(page.right)}"
            if self.mirrored
            else f"left: {pt(page.left)}, right: {pt(page.right)}"
        )
        left = (
            f"(if odd-page() {{ {pt(page.left)} }} else {{ {pt(page.right)} }})"
            if self.mirrored
            else pt(page.left)
        )
        width = pt(page.text_width)
        background = (
            f"context {{ place(top + left, dx: {left}, dy: {pt(page.header)}, "
            f"block(width: {width}, {band('header')})); "
            f"place(bottom + left, dx: {left}, dy: {pt(-page.footer)}, "
            f"block(width: {width}, {band('footer')})) }}"
        )
        begins = ""
        if place:
            to = {"oddPage": 'to: "odd", ', "evenPage": 'to: "even", '}.get(kind, "")
            begins = f"pagebreak({to}weak: true)\n"
        start = value(child(section, "w:pgNumType"), "w:start")
        count = f"counter(page).update({int(start)})\n" if start else ""
        return (
            f"{begins}set page(width: {pt(page.width)}, height: {pt(page.height)}, "
            f"margin: (top: {pt(page.top)}, bottom: {pt(page.bottom)}, {sides}), "
            f"background: {background})\n{count}[#metadata(none)<section-{place}>]"
        )


def on_(element: Element | None) -> bool:
    """Whether a switch among settings is there and not off."""
    return element is not None and value(element) not in ("0", "false", "off")


def _block_elements(parent: Element) -> Iterator[Element]:
    for item in parent:
        if not isinstance(item.tag, str):
            continue
        match item.tag.rpartition("}")[2]:
            case "p" | "tbl":
                yield item
            case "sdt":
                content = child(item, "w:sdtContent")
                if content is not None:
                    yield from _block_elements(content)
            case "ins" | "moveTo" | "customXml":
                yield from _block_elements(item)


def _text(paragraph: Element) -> bool:
    return bool("".join(paragraph.itertext()).strip())


def _contextual(upper: Paragraph, lower: Paragraph) -> bool:
    """Whether two paragraphs of one style stand without space between them."""
    same = upper.properties.get("pStyle") == lower.properties.get("pStyle")
    return (
        same
        and on(upper.properties, "contextualSpacing")
        and on(lower.properties, "contextualSpacing")
    )


PRELUDE = """
#set text(lang: "zh", region: "cn", fallback: true, hyphenate: false)
#let page-number(pattern) = context counter(page).display(pattern)
#let page-count() = context str(locate(<the-end>).page())
#let odd-page() = calc.odd(counter(page).get().first())
#let put(x, y, body) = context {
  let p = here().position()
  place(top + left, dx: x(p), dy: y(p), body)
}
#let label(room, tab, body) = context {
  let wide = measure(body).width
  if wide <= room { box(width: room, body) } else { body; h(calc.max(0.25em.to-absolute(), 0pt)) }
}
#let upright(body) = {
  show regex("."): it => it + linebreak()
  body
}
#let tabs(stops, default, start, parts) = context {
  let x = start
  for (place, part) in parts.enumerate() {
    let wide = measure(part).width
    if place > 0 {
      let stop = stops.find(s => s.at > x + 0.1pt)
      let at = if stop == none { (calc.floor(x / default) + 1) * default } else { stop.at }
      let kind = if stop == none { "left" } else { stop.kind }
      let gap = at - x - if kind == "right" { wide } else if kind == "center" { wide / 2 } else { 0pt }
      gap = calc.max(gap, 0pt)
      if stop != none and stop.leader == "dot" { box(width: gap, repeat[.]) } else { h(gap) }
      x += gap
    }
    part
    x += wide
  }
}
"""
