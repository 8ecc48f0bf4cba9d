"""The parts of a .docx file: XML parsed without entities or network, relations resolved, sizes bounded."""

from __future__ import annotations

import posixpath
import zipfile
from functools import cached_property
from io import BytesIO
from typing import Any

from lxml import etree

# A letter with photographs has a few megabytes; more unpacked is not a letter.
MOST_BYTES = 80_000_000
NAMES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
}
# Files in the strict form of the standard say the same under other names.
_STRICT = {
    "http://purl.oclc.org/ooxml/wordprocessingml/main": NAMES["w"],
    "http://purl.oclc.org/ooxml/officeDocument/relationships": NAMES["r"],
    "http://purl.oclc.org/ooxml/drawingml/main": NAMES["a"],
    "http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing": NAMES["wp"],
    "http://purl.oclc.org/ooxml/drawingml/picture": NAMES["pic"],
    "http://purl.oclc.org/ooxml/officeDocument/math": NAMES["m"],
}
W = f"{{{NAMES['w']}}}"

Element = Any


class NotADocumentError(ValueError):
    """The file is no .docx that can be read; the message says why and what would help."""


def name(qualified: str) -> str:
    """``w:p`` as lxml writes it."""
    prefix, local = qualified.split(":")
    return f"{{{NAMES[prefix]}}}{local}"


def value(element: Element | None, attribute: str = "w:val") -> str | None:
    """An attribute of an element that may be absent."""
    return None if element is None else element.get(name(attribute))


def child(element: Element | None, *path: str) -> Element | None:
    """The first child along a path of qualified names."""
    for step in path:
        if element is None:
            return None
        element = element.find(name(step))
    return element


class Package:
    """One .docx, its parts by name. Raises :class:`NotADocumentError`."""

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(BytesIO(content))
        except zipfile.BadZipFile as wrong:
            raise NotADocumentError(
                "不是 .docx 文件（可能是 .doc 或改了扩展名）：请在 Word 或 WPS 中另存为 .docx"
            ) from wrong
        if sum(info.file_size for info in self._zip.infolist()) > MOST_BYTES:
            raise NotADocumentError("文件解开后超过 80 MB：请压缩图片后再上传")
        self._names = set(self._zip.namelist())
        self._trees: dict[str, Element] = {}
        self._relations: dict[str, dict[str, tuple[str, str]]] = {}
        main = [
            target
            for kind, target in self.relations("").values()
            if kind.endswith("/officeDocument")
        ]
        if not main or main[0] not in self._names:
            raise NotADocumentError("文件里没有 Word 正文：请在 Word 或 WPS 中另存为 .docx")
        self.main = main[0]

    def bytes(self, part: str) -> bytes:
        return self._zip.read(part)

    def has(self, part: str) -> bool:
        return part in self._names

    def xml(self, part: str) -> Element:
        """The root of a part."""
        if part not in self._trees:
            content = self.bytes(part)
            for strict, transitional in _STRICT.items():
                content = content.replace(strict.encode(), transitional.encode())
            parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
            try:
                self._trees[part] = etree.fromstring(content, parser)
            except etree.XMLSyntaxError as wrong:
                raise NotADocumentError(f"文件的 {part} 部分已损坏：请重新保存后上传") from wrong
        return self._trees[part]

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Relation id to (kind, part name or outside address) of a part; of the whole for ``""``."""
        if part not in self._relations:
            folder, file = posixpath.split(part)
            source = posixpath.join(folder, "_rels", f"{file}.rels")
            rows: dict[str, tuple[str, str]] = {}
            if source in self._names:
                for row in self.xml(source):
                    if not isinstance(row.tag, str):
                        continue
                    target = row.get("Target", "")
                    if row.get("TargetMode") != "External":
                        target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                    rows[row.get("Id", "")] = (row.get("Type", ""), target)
            self._relations[part] = rows
        return self._relations[part]

    def related(self, ending: str) -> Element | None:
        """The root of the main part's first relation of a kind (``/styles``), if there is one."""
        for kind, target in self.relations(self.main).values():
            if kind.endswith(ending) and target in self._names:
                return self.xml(target)
        return None

    @cached_property
    def document(self) -> Element:
        return self.xml(self.main)

    @cached_property
    def settings(self) -> Element | None:
        return self.related("/settings")

    def parts(self) -> list[str]:
        """Every part that holds text: the body, headers, footers and notes."""
        kinds = ("/header", "/footer", "/footnotes", "/endnotes")
        others = [
            target
            for kind, target in self.relations(self.main).values()
            if kind.endswith(kinds) and target in self._names
        ]
        return [self.main, *others]
