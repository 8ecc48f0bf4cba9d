"""Pictures of a table: over its cells as a drawing, in its cells as WPS keeps them."""

from __future__ import annotations

import io
import zipfile

import openpyxl
from openpyxl.drawing.image import Image
from PIL import Image as Picture

from ecoledger.listings.tables.pictures import pictures


def png():
    file = io.BytesIO()
    Picture.new("RGB", (4, 4), "green").save(file, "PNG")
    return file.getvalue()


PNG = png()
_CELL_IMAGES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<etc:cellImages xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"
 xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData">
<etc:cellImage><xdr:pic><xdr:nvPicPr><xdr:cNvPr id="2" name="ID_0A1B"/></xdr:nvPicPr>
<xdr:blipFill><a:blip r:embed="rId1"/></xdr:blipFill></xdr:pic></etc:cellImage></etc:cellImages>"""
_RELATIONS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
 Target="media/image9.png"/></Relationships>"""


def of_wps(*, formula='=_xlfn.DISPIMG("ID_0A1B",1)'):
    """A book whose cell B3 holds a picture the way WPS writes it, and one over B2."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "清单"
    for row in (["问题", "照片"], ["甲", ""], ["乙", formula]):
        sheet.append(row)
    over = Image(io.BytesIO(PNG))
    over.anchor = "B2"
    sheet.add_image(over)
    plain, made = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/_rels/workbook.xml.rels":
                more = b'<Relationship Id="rId99" Type="http://www.wps.cn/officeDocument/2020/cellImage" Target="cellimages.xml"/>'
                content = content.replace(b"</Relationships>", more + b"</Relationships>")
            target.writestr(name, content)
        target.writestr("xl/cellimages.xml", _CELL_IMAGES)
        target.writestr("xl/_rels/cellimages.xml.rels", _RELATIONS)
        target.writestr("xl/media/image9.png", PNG)
    return made.getvalue()


def test_a_picture_over_a_cell_and_one_in_a_cell_belong_to_their_rows():
    found = pictures(of_wps())
    assert sorted(found) == [("清单", 2), ("清单", 3)]
    assert found["清单", 3] == [("image9.png", PNG)]


def test_a_formula_that_names_no_picture_brings_none():
    assert sorted(pictures(of_wps(formula='=_xlfn.DISPIMG("ID_OTHER",1)'))) == [("清单", 2)]


def test_what_is_no_workbook_has_no_pictures():
    assert pictures(b"PK\x03\x04 broken") == {}
