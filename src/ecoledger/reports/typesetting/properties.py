"""What a paragraph and a run look like: defaults, styles, numbering and direct settings laid over another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ecoledger.listings.word.package import Element, Package, W, child, name, value

# Attributes of these elements are laid over another one by one; of all others the last element holds.
_BY_ATTRIBUTE = {"rFonts", "spacing", "ind"}
_FALSE = {"0", "false", "off", "none"}

Properties = dict[str, dict[str, str]]


def laid_over(below: Properties, element: Element | None) -> Properties:
    """The settings of ``element`` (w:rPr, w:pPr) over those below it."""
    if element is None:
        return below
    result = dict(below)
    for item in element:
        if not isinstance(item.tag, str) or not item.tag.startswith(W):
            continue
        key = item.tag[len(W) :]
        attributes = {k.removeprefix(W): v for k, v in item.attrib.items()}
        if key == "tabs":
            attributes = {"stops": _stops(item, below.get(key, {}).get("stops", ""))}
        elif key == "pBdr":
            attributes = {"sides": _sides(item)}
        if key in _BY_ATTRIBUTE:
            attributes = {**_unchallenged(key, below.get(key, {}), attributes), **attributes}
        result[key] = attributes
    return result


def _unchallenged(key: str, below: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    """What stays of an element's attributes: a font named directly wins over a theme's, and so on."""
    losers = {
        "ascii": "asciiTheme",
        "hAnsi": "hAnsiTheme",
        "eastAsia": "eastAsiaTheme",
        "firstLine": "hanging",
        "hanging": "firstLine",
    }
    gone = {losers[k] for k in new if k in losers}
    if key == "ind":
        # An indent given in points takes the place of one in characters, and the other way round.
        for k in new:
            if k in ("firstLine", "hanging") and f"{k}Chars" not in new:
                gone |= {"firstLineChars", "hangingChars"}
            if k in ("left", "start") and f"{k}Chars" not in new:
                gone |= {"leftChars", "startChars"}
            if k in ("right", "end") and f"{k}Chars" not in new:
                gone |= {"rightChars", "endChars"}
    return {k: v for k, v in below.items() if k not in gone}


def _stops(tabs: Element, below: str) -> str:
    """Tab stops as ``points,kind,leader;``, those of ``w:tabs`` among the ones inherited."""
    stops = {row.split(",")[0]: row for row in below.split(";") if row}
    for tab in tabs:
        if not isinstance(tab.tag, str):
            continue
        at = f"{float(value(tab, 'w:pos') or 0) / 20:.2f}"
        kind = value(tab) or "left"
        stops.pop(at, None)
        if kind != "clear":
            stops[at] = f"{at},{kind},{value(tab, 'w:leader') or 'none'}"
    return ";".join(stops.values())


def _sides(borders: Element) -> str:
    """Lines around a paragraph as ``side,thickness in points,colour,distance in points;``."""
    sides = []
    for side in borders:
        if not isinstance(side.tag, str) or value(side) in ("none", "nil", None):
            continue
        thick = float(value(side, "w:sz") or 4) / 8
        space = float(value(side, "w:space") or 0)
        sides.append(
            f"{side.tag.rpartition('}')[2]},{thick},{value(side, 'w:color') or 'auto'},{space}"
        )
    return ";".join(sides)


def on(properties: Properties, key: str) -> bool:
    """Whether a switch (w:b, w:keepNext) is set."""
    return key in properties and properties[key].get("val", "1") not in _FALSE


def number(properties: Properties, key: str, attribute: str = "val") -> float | None:
    """A number among the settings; ``None`` when absent or unreadable."""
    try:
        return float(properties[key][attribute])
    except (KeyError, ValueError):
        return None


def twips(properties: Properties, key: str, attribute: str) -> float | None:
    """A length given in twentieths of a point, in points."""
    length = number(properties, key, attribute)
    return None if length is None else length / 20


@dataclass
class Style:
    """One style with what it is based on."""

    based_on: str | None
    kind: str
    run: Element | None
    paragraph: Element | None
    element: Element


@dataclass
class Styles:
    """The styles, defaults and theme fonts of a document."""

    package: Package
    styles: dict[str, Style] = field(default_factory=dict)
    defaults_run: Properties = field(default_factory=dict)
    defaults_paragraph: Properties = field(default_factory=dict)
    default_paragraph_style: str | None = None
    default_table_style: str | None = None
    theme: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        root = self.package.related("/styles")
        if root is not None:
            self._read(root)
        theme = self.package.related("/theme")
        if theme is not None:
            self._read_theme(theme)

    def _read(self, root: Element) -> None:
        self.defaults_run = laid_over({}, child(root, "w:docDefaults", "w:rPrDefault", "w:rPr"))
        self.defaults_paragraph = laid_over(
            {}, child(root, "w:docDefaults", "w:pPrDefault", "w:pPr")
        )
        for style in root.findall(name("w:style")):
            key, kind = value(style, "w:styleId") or "", value(style, "w:type") or "paragraph"
            self.styles[key] = Style(
                value(child(style, "w:basedOn")),
                kind,
                child(style, "w:rPr"),
                child(style, "w:pPr"),
                style,
            )
            if value(style, "w:default") in ("1", "true"):
                if kind == "paragraph":
                    self.default_paragraph_style = key
                if kind == "table":
                    self.default_table_style = key

    def _read_theme(self, root: Element) -> None:
        for size in ("major", "minor"):
            fonts = root.find(f".//{name(f'a:{size}Font')}")
            if fonts is None:
                continue
            latin, east = fonts.find(name("a:latin")), fonts.find(name("a:ea"))
            hans = [f for f in fonts.findall(name("a:font")) if f.get("script") == "Hans"]
            chinese = (east.get("typeface") if east is not None else "") or (
                hans[0].get("typeface") if hans else ""
            )
            for place in ("Ascii", "HAnsi"):
                self.theme[f"{size}{place}"] = latin.get("typeface") if latin is not None else ""
            self.theme[f"{size}EastAsia"] = chinese

    def chain(self, key: str | None) -> list[Style]:
        """A style after all it is based on."""
        chain: list[Style] = []
        seen: set[str] = set()
        while key and key in self.styles and key not in seen:
            seen.add(key)
            chain.append(self.styles[key])
            key = self.styles[key].based_on
        return chain[::-1]

    def paragraph(
        self,
        element: Element | None,
        levels: Iterable[Element | None] = (),
        table: Iterable[Element | None] = (),
    ) -> Properties:
        """The settings of a paragraph whose w:pPr is given.

        ``levels`` are w:pPr of its numbering, ``table`` those of the style of its table.
        """
        properties = self.defaults_paragraph
        for part in table:
            properties = laid_over(properties, part)
        for style in self.chain(self._style_of(element)):
            properties = laid_over(properties, style.paragraph)
        for level in levels:
            properties = laid_over(properties, level)
        return laid_over(properties, element)

    def _style_of(self, element: Element | None) -> str | None:
        key = value(child(element, "w:pStyle"))
        return key if key in self.styles else self.default_paragraph_style

    def paragraph_run(
        self, element: Element | None, table: Iterable[Element | None] = ()
    ) -> Properties:
        """The settings runs of a paragraph begin with; ``table`` are w:rPr of the table's style."""
        properties = self.defaults_run
        for part in table:
            properties = laid_over(properties, part)
        for style in self.chain(self._style_of(element)):
            properties = laid_over(properties, style.run)
        return properties

    def run(self, below: Properties, element: Element | None) -> Properties:
        """The settings of a run whose w:rPr is given."""
        for style in self.chain(value(child(element, "w:rStyle"))):
            below = laid_over(below, style.run)
        return laid_over(below, element)

    def font(self, properties: Properties, place: str) -> str:
        """The name of the font for ``ascii`` or ``eastAsia`` text."""
        fonts = properties.get("rFonts", {})
        theme = fonts.get(f"{place}Theme")
        if theme:
            return self.theme.get(theme, "")
        return fonts.get(place, "")
