"""What a PDF cannot carry is named."""

from __future__ import annotations

import pytest
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from tests.reports.typesetting.samples import _BOX, NAMES, SAMPLES, _saved

from ecoledger.reports.typesetting import features

_W = nsdecls("w")
_M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
# A piece of a paragraph, and a word of what is said about it.
PIECES = {
    "脚注以外": (f'<w:r {_W}><w:endnoteReference w:id="2"/></w:r>', "尾注"),
    "公式": (f"<m:oMath {_M}><m:r><m:t>x</m:t></m:r></m:oMath>", "公式"),
    "修订": (f'<w:ins {_W} w:id="1" w:author="a"><w:r><w:t>新</w:t></w:r></w:ins>', "修订"),
    "目录": (f'<w:fldSimple {_W} w:instr=" TOC \\o "/>'.replace('\\o "', '\\o"'), "目录"),
    "日期域": (f'<w:fldSimple {_W} w:instr="DATE"/>', "域 DATE"),
    "着重号": (f'<w:r {_W}><w:rPr><w:em w:val="dot"/></w:rPr><w:t>重</w:t></w:r>', "着重号"),
    "波浪线": (f'<w:r {_W}><w:rPr><w:u w:val="wave"/></w:rPr><w:t>线</w:t></w:r>', "下划线"),
    "环绕": (
        _BOX.format(names=NAMES).replace("wp:wrapNone/", 'wp:wrapSquare wrapText="bothSides"/'),
        "环绕",
    ),
    "自选图形": (_BOX.format(names=NAMES).replace('prst="rect"', 'prst="star5"'), "自选图形"),
}


@pytest.mark.parametrize(("piece", "word"), PIECES.values(), ids=PIECES)
def test_feature_is_named(piece: str, word: str) -> None:
    document = Document()
    document.add_paragraph("前文")._p.append(parse_xml(piece))
    said = features.uncarried(_saved(document))
    assert len(said) == 1
    assert word in said[0]


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_carried_is_not_complained_about(sample: str) -> None:
    assert features.uncarried(SAMPLES[sample]()) == []


def test_missing_fonts_are_those_of_the_text() -> None:
    assert features.missing_fonts(SAMPLES["letter"]()) == [
        "Times New Roman",
        "仿宋_GB2312",
        "宋体",
        "方正小标宋简体",
        "黑体",
    ]
