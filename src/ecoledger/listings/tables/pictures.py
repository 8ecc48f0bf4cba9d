"""Pictures over and in the cells of an .xlsx: which sheet and row each belongs to.

Over the cells they are SpreadsheetML drawings (ECMA-376 part 1, 20.5): each anchor names the row of its upper left
corner. In a cell they are as WPS writes them: ``xl/cellimages.xml`` holds them by name, the cell's formula is
``DISPIMG("name",1)``. Other formats have no pictures here.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO

from lxml import etree

MOST, LARGEST = 2000, 20 * 1024 * 1024
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_SHOWS = re.compile(r'DISPIMG\("([^"]+)"')
_ENDINGS = (".png", ".jpg", ".jpeg")


def pictures(content: bytes) -> dict[tuple[str, int], list[tuple[str, bytes]]]:
    """(sheet, row counted from 1) → its pictures as (name, bytes); none for a file that is no .xlsx."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _of(archive)
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError, ValueError):
        return {}


def _of(archive: zipfile.ZipFile) -> dict[tuple[str, int], list[tuple[str, bytes]]]:
    result: dict[tuple[str, int], list[tuple[str, bytes]]] = {}
    if "xl/workbook.xml" not in archive.namelist():
        return result
    parts = _relations(archive, "xl/workbook.xml")
    cells = next((p for p in parts.values() if p.endswith("cellimages.xml")), "")
    named = _named(archive, cells) if cells in archive.namelist() else {}
    count = 0
    for sheet in _tree(archive, "xl/workbook.xml").iter(f"{_MAIN}sheet"):
        name, path = str(sheet.get("name")), parts.get(str(sheet.get(f"{_R}id")), "")
        for drawing in (p for p in _relations(archive, path).values() if "/drawings/" in p):
            images = _relations(archive, drawing)
            for anchor in _tree(archive, drawing):
                row = anchor.find(f"{_DRAWING}from/{_DRAWING}row")
                blip = next(anchor.iter(f"{_A}blip"), None)
                image = images.get(str(blip.get(f"{_R}embed")), "") if blip is not None else ""
                if row is None or not image.lower().endswith(_ENDINGS):
                    continue
                count += 1
                if count > MOST or archive.getinfo(image).file_size > LARGEST:
                    continue
                place = (name, int(str(row.text)) + 1)
                result.setdefault(place, []).append(
                    (posixpath.basename(image), archive.read(image))
                )
        for number, image in _in_cells(archive, path, named) if named else ():
            count += 1
            if count <= MOST and archive.getinfo(image).file_size <= LARGEST:
                place = (name, number)
                result.setdefault(place, []).append(
                    (posixpath.basename(image), archive.read(image))
                )
    return result


def _named(archive: zipfile.ZipFile, path: str) -> dict[str, str]:
    """Name → the picture that WPS keeps under it, for pictures in cells."""
    images, named = _relations(archive, path), {}
    for picture in _tree(archive, path).iter(f"{_DRAWING}pic"):
        said = next(picture.iter(f"{_DRAWING}cNvPr"), None)
        blip = next(picture.iter(f"{_A}blip"), None)
        image = images.get(str(blip.get(f"{_R}embed")), "") if blip is not None else ""
        if said is not None and image.lower().endswith(_ENDINGS):
            named[str(said.get("name"))] = image
    return named


def _in_cells(
    archive: zipfile.ZipFile, sheet: str, named: dict[str, str]
) -> Iterator[tuple[int, str]]:
    """(row counted from 1, picture) of the cells whose formula shows one."""
    for row in _tree(archive, sheet).iter(f"{_MAIN}row"):
        for formula in row.iter(f"{_MAIN}f"):
            shown = _SHOWS.search(formula.text or "")
            if shown and shown[1] in named:
                yield int(str(row.get("r"))), named[shown[1]]


def _tree(archive: zipfile.ZipFile, path: str) -> etree._Element:
    if archive.getinfo(path).file_size > 10 * LARGEST:
        raise ValueError(path)
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(archive.read(path), parser)


def _relations(archive: zipfile.ZipFile, path: str) -> dict[str, str]:
    """Relationship → the part it leads to, of the part at ``path``."""
    folder, name = posixpath.split(path)
    beside = f"{folder}/_rels/{name}.rels"
    if not path or beside not in archive.namelist():
        return {}
    return {
        str(relation.get("Id")): posixpath.normpath(
            posixpath.join(folder, str(relation.get("Target")))
            if not str(relation.get("Target")).startswith("/")
            else str(relation.get("Target"))[1:]
        )
        for relation in _tree(archive, beside).iter(_RELATION)
    }
