"""What a .docx holds that its PDF will not show as Word shows it, named for the person who uploads it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from ecoledger.listings import pixels
from ecoledger.listings.word.package import NAMES, Element, Package, child, name, value
from ecoledger.reports.typesetting import fonts
from ecoledger.reports.typesetting.drawings import FORMATS, LINES
from ecoledger.reports.typesetting.pdf import source

# Elements that stand for a feature of their own, by local name.
_BY_TAG = {
    "endnoteReference": "尾注（不显示）",
    "ruby": "拼音指南（只显示文字）",
    "em": "着重号（不显示）",
    "fitText": "调整宽度（按原宽显示）",
    "eastAsianLayout": "双行合一或纵横混排（按普通文字显示）",
    "lnNumType": "行号（不显示）",
    "pgBorders": "页面边框（不显示）",
    "oMath": "公式（只显示文字）",
    "commentReference": "批注（不印出）",
    "framePr": "图文框（按普通段落显示）",
    "altChunk": "嵌入的其他文档（不显示）",
    "chart": "图表（不显示）：请另存为图片后插入",
    "relIds": "SmartArt 图形（不显示）：请另存为图片后插入",
    "OLEObject": "嵌入对象（不显示）",
    "wgp": "组合图形（不显示）",
    "wpc": "画布（不显示）",
    "group": "组合图形（不显示）",
    "textpath": "艺术字或水印（不显示）",
    "tl2br": "单元格斜线（不显示）",
    "tr2bl": "单元格斜线（不显示）",
    "bdr": "字符边框（不显示）",
}
_TRACKED = {
    "ins": "未接受的修订（按接受后显示）",
    "del": "未接受的修订（按接受后显示）",
    "moveFrom": "未接受的修订（按接受后显示）",
}
_WRAPS = {
    "wrapSquare": "图形四周环绕文字（图形浮在文字上）",
    "wrapTight": "图形四周环绕文字（图形浮在文字上）",
    "wrapThrough": "图形四周环绕文字（图形浮在文字上）",
    "wrapTopAndBottom": "图形上下环绕文字（图形浮在文字上）",
}
# Fields whose value is made anew; of all others the last result is shown.
_FIELDS = {"PAGE", "NUMPAGES", "SECTIONPAGES", "HYPERLINK", ""}
_PLAIN_LINES = {"single", "thick", "none", "nil", "dashed", "dotted", "dashSmallGap", "dotDash"}
_OFF = {"0", "false", "off", "none"}


def uncarried(document: bytes, own_fonts: str = "") -> list[str]:
    """The features of a document that its PDF does not show as Word does, each once, in words.

    Raises :class:`~.package.NotADocumentError`.
    """
    package = Package(document)
    said: dict[str, None] = {}
    for part in package.parts():
        for element in _walked(package.xml(part)):
            for look in _LOOKS:
                for words in look(package, part, element):
                    said[words] = None
    return [words for words in said if words]


def missing_fonts(document: bytes, own_fonts: str = "") -> list[str]:
    """The fonts a document asks for that are not there: a free one of the same kind stands in."""
    return sorted(
        named for named in source(document, own_fonts).fonts if fonts.missing(named, own_fonts)
    )


def _walked(root: Element) -> list[Element]:
    """Every element that is read: of alternatives only the one that is taken."""
    result: list[Element] = []
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if not isinstance(element.tag, str):
            continue
        if element.tag == name("mc:AlternateContent"):
            choice = child(element, "mc:Choice")
            taken = (
                choice
                if choice is not None and _readable(choice)
                else child(element, "mc:Fallback")
            )
            if choice is not None and not _readable(choice) and _drawn(choice):
                # Neither is read as it is meant: name what the first one holds.
                result += [item for item in choice.iter() if isinstance(item.tag, str)]
            waiting += list(taken)[::-1] if taken is not None else []
            continue
        result.append(element)
        waiting += list(element)[::-1]
    return result


def _readable(choice: Element) -> bool:
    holders = (f".//{name('wp:inline')}", f".//{name('wp:anchor')}")
    return any(choice.find(path) is not None for path in holders)


def _drawn(choice: Element) -> bool:
    return choice.find(f".//{name('wps:wsp')}") is not None


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _by_tag(package: Package, part: str, element: Element) -> list[str]:
    local = _local(element)
    if local in _BY_TAG and value(element) not in _OFF:
        return [_BY_TAG[local]]
    if local in _TRACKED and element.tag == name(f"w:{local}"):
        return [_TRACKED[local]]
    if local in _WRAPS:
        return [_WRAPS[local]]
    return []


def _fields(package: Package, part: str, element: Element) -> list[str]:
    local = _local(element)
    code = (element.text or "") if local == "instrText" else ""
    if local == "fldSimple":
        code = value(element, "w:instr") or ""
    words = re.findall(r"[A-Za-z]+", code)
    if words and words[0].isupper() and words[0] not in _FIELDS and len(words[0]) > 2:
        kind = "目录" if words[0] == "TOC" else f"域 {words[0]}"
        return [f"{kind}（显示上次更新的结果）"]
    return []


def _pictures(package: Package, part: str, element: Element) -> list[str]:
    key = {"blip": name("r:embed"), "imagedata": name("r:id")}.get(_local(element))
    if key is None:
        return []
    target = package.relations(part).get(element.get(key) or "", ("", ""))[1]
    ending = posixpath.splitext(target)[1].lower()
    if target and ending not in FORMATS:
        return [f"{ending.lstrip('.').upper() or '外部'} 格式的图片（不显示）：请换成 PNG 或 JPEG"]
    if target and package.has(target) and not pixels.may_be_drawn(package.bytes(target)):
        return ["过大的图片（不显示）：请缩小到 6400 万像素以内"]
    if _local(element) == "blip" and element.get(name("r:link")):
        return ["链接的图片（不显示）：请改为嵌入"]
    return []


def _shapes(package: Package, part: str, element: Element) -> list[str]:
    if _local(element) == "srcRect" and element.attrib:
        return ["裁剪过的图片（显示整张）"]
    if element.tag != name("wps:wsp"):
        return []
    preset = element.find(f".//{name('a:prstGeom')}")
    kind = preset.get("prst") if preset is not None else "custom"
    if kind in LINES or kind == "rect":
        return []
    has_text = element.find(f".//{name('w:txbxContent')}") is not None
    return ["自选图形（只显示其中文字）" if has_text else "自选图形（不显示）"]


def _old_shapes(package: Package, part: str, element: Element) -> list[str]:
    vml = f"{{{NAMES['v']}}}"
    if element.tag in (
        f"{vml}oval",
        f"{vml}roundrect",
        f"{vml}polyline",
        f"{vml}curve",
        f"{vml}arc",
    ):
        return ["自选图形（不显示）"]
    return []


def _directions(package: Package, part: str, element: Element) -> list[str]:
    if element.tag == name("w:textDirection") and value(element) not in ("lrTb", None):
        parent = _local(element.getparent())
        if parent == "tcPr":
            return ["单元格竖排文字（逐字换行显示）"]
        return ["竖排页面（按横排显示）"]
    return []


def _borders(package: Package, part: str, element: Element) -> list[str]:
    parent = element.getparent()
    if parent is None or _local(parent) not in ("pBdr", "tblBorders", "tcBorders"):
        return []
    kind = value(element) or "none"
    return [] if kind in _PLAIN_LINES else ["双线或花式边框（按单线显示）"]


def _underlines(package: Package, part: str, element: Element) -> list[str]:
    plain = {"single", "words", "thick", "none", None}
    if element.tag == name("w:u") and value(element) not in plain:
        return ["双线、虚线或波浪下划线（按单线显示）"]
    return []


def _floating_tables(package: Package, part: str, element: Element) -> list[str]:
    if element.tag == name("w:tblpPr") and value(element, "w:tblpYSpec") != "bottom":
        return ["环绕文字的表格（按原位置单独成行）"]
    return []


_Look = Callable[[Package, str, Element], list[str]]
_LOOKS: tuple[_Look, ...] = (
    _by_tag,
    _fields,
    _pictures,
    _shapes,
    _old_shapes,
    _directions,
    _borders,
    _underlines,
    _floating_tables,
)
