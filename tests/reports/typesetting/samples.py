"""Documents as bureaus make them: a letter with red head, a form, lists, and one as WPS saves it."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_BREAK
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt
from PIL import Image

from ecoledger.reports.official_document import OfficialDocument

SENTENCES = (
    "2026年11月20日，我局在自动监控数据巡查中发现，位于你镇的某涂装企业DA001排放口非甲烷总烃"
    "小时均值连续3小时超过排放限值（60 mg/m³），最大超标0.45倍。",
    "请依法调查处理，于2026年12月5日前书面反馈调查情况、整改措施和责任落实情况；逾期未反馈的，"
    "我局将按程序发出督办函，并抄送市委市政府督查室。",
    "《排污许可管理条例》第二十条规定，排污单位应当按照排污许可证规定和有关标准规范，依法安装、"
    "使用、维护污染物排放自动监测设备，并与生态环境主管部门的监控设备联网。",
)


def letter() -> bytes:
    """A letter in official layout over two pages, with a table and an imprint."""
    document = OfficialDocument(
        "安澜市生态环境局", "安环督〔2026〕12号", "关于交办东港镇涂装企业废气超标问题的函"
    )
    document.addressee("东港镇人民政府")
    for heading in ("一、基本情况", "二、工作要求", "三、法律依据"):
        document.heading(heading)
        for sentence in SENTENCES:
            document.paragraph(sentence)
    rows = [
        (f"11-20 {hour:02d}时", "非甲烷总烃", f"{value}", "60")
        for hour, value in ((8, 87), (9, 82), (10, 71))
    ]
    document.table(
        "小时超标情况", ("时间", "因子", "浓度 (mg/m³)", "限值"), rows, "数据来自自动监控平台"
    )
    document.sign("安澜市生态环境局", date(2026, 11, 27))
    document.imprint("市委市政府督查室", "安澜市生态环境局办公室", date(2026, 11, 27))
    return document.save()


def _saved(document: object) -> bytes:
    buffer = BytesIO()
    document.save(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()


def _chinese(document: object, font: str = "宋体", size: float = 12) -> None:
    normal = document.styles["Normal"]  # type: ignore[attr-defined]
    normal.font.name, normal.font.size = "Times New Roman", Pt(size)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def form() -> bytes:
    """A form: merged cells both ways, row heights, grounds, a repeated head over a page break."""
    document = Document()
    _chinese(document)
    document.add_heading("现场检查记录表", 1)
    table = document.add_table(rows=6, cols=6, style="Table Grid")
    table.cell(0, 0).text = "单位名称"
    table.cell(0, 1).merge(table.cell(0, 3)).text = "安澜市长青涂装有限公司（演示）"
    table.cell(0, 4).text = "检查日期"
    table.cell(0, 5).text = "2026-11-20"
    table.cell(1, 0).merge(table.cell(3, 0)).text = "检查情况"
    table.cell(1, 1).merge(table.cell(1, 5)).text = SENTENCES[0]
    table.cell(2, 1).merge(table.cell(3, 5)).text = SENTENCES[1]
    for place, text in enumerate(("检查人", "", "证件号", "", "当事人", "")):
        table.cell(4, place).text = text
    table.cell(5, 0).merge(table.cell(5, 5)).text = "以上记录经核对无误。"
    table.rows[5].height = Mm(20)
    shade = parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:fill="D9E2E0"/>')
    table.cell(0, 0)._tc.get_or_add_tcPr().append(shade)
    document.add_paragraph()
    long = document.add_table(rows=1, cols=4, style="Table Grid")
    for cell, text in zip(long.rows[0].cells, ("序号", "检查项", "结果", "备注"), strict=True):
        cell.text = text
    long.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
    for number in range(1, 41):
        for cell, text in zip(
            long.add_row().cells, (str(number), f"第{number}项检查内容", "符合", ""), strict=True
        ):
            cell.text = text
    return _saved(document)


def lists() -> bytes:
    """Numbered levels in Chinese, hanging indents, tabs with leaders, a picture, a lying page."""
    document = Document()
    _chinese(document, "仿宋_GB2312", 14)
    numbering = document.part.numbering_part.element
    numbering.insert(
        0,
        parse_xml(
            f'<w:abstractNum {nsdecls("w")} w:abstractNumId="90"><w:multiLevelType w:val="multilevel"/>'
            '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:suff w:val="nothing"/>'
            '<w:lvlText w:val="%1、"/><w:pPr><w:ind w:firstLineChars="200" w:firstLine="560"/></w:pPr></w:lvl>'
            '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:suff w:val="nothing"/>'
            '<w:lvlText w:val="（%2）"/><w:pPr><w:ind w:firstLineChars="200" w:firstLine="560"/></w:pPr></w:lvl>'
            '<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
            '<w:lvlText w:val="%3."/><w:pPr><w:ind w:left="980" w:hanging="420"/></w:pPr></w:lvl>'
            "</w:abstractNum>"
        ),
    )
    numbering.append(
        parse_xml(f'<w:num {nsdecls("w")} w:numId="90"><w:abstractNumId w:val="90"/></w:num>')
    )

    def item(text: str, level: int) -> None:
        paragraph = document.add_paragraph(text)
        properties = paragraph._p.get_or_add_pPr()
        properties.append(
            parse_xml(
                f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="90"/></w:numPr>'
            )
        )

    for part in ("大气污染防治", "水污染防治"):
        item(part, 0)
        item("重点任务", 1)
        for sentence in SENTENCES:
            item(sentence, 2)
        item("保障措施", 1)
    toc = document.add_paragraph("附件目录\t12")
    toc.paragraph_format.tab_stops.add_tab_stop(Mm(140), 2, 1)
    picture = BytesIO()
    Image.new("RGB", (600, 200), "#0f766e").save(picture, "PNG")
    document.add_picture(picture, width=Mm(120))
    underlined = document.add_paragraph()
    underlined.add_run("联系人：")
    underlined.add_run("            ").underline = True
    underlined.add_run("PM")
    underlined.add_run("2.5").font.subscript = True
    underlined.add_run("  单位 m")
    underlined.add_run("3").font.superscript = True
    section = document.add_section()
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width
    document.add_paragraph("横向页面的内容。")
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("分页符之后的内容。")
    return _saved(document)


_BOX = """
<w:r {names}><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>
<wp:anchor distT="0" distB="0" distL="114300" distR="114300" simplePos="0" relativeHeight="2" behindDoc="0"
 locked="0" layoutInCell="1" allowOverlap="1"><wp:simplePos x="0" y="0"/>
<wp:positionH relativeFrom="margin"><wp:align>center</wp:align></wp:positionH>
<wp:positionV relativeFrom="paragraph"><wp:posOffset>0</wp:posOffset></wp:positionV>
<wp:extent cx="1828800" cy="1828800"/><wp:effectExtent l="0" t="0" r="0" b="0"/><wp:wrapNone/>
<wp:docPr id="1" name="文本框 1"/><wp:cNvGraphicFramePr/>
<a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">
<wps:wsp><wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="1828800" cy="1828800"/></a:xfrm>
<a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:noFill/><a:ln><a:noFill/></a:ln></wps:spPr>
<wps:txbx><w:txbxContent><w:p><w:pPr><w:jc w:val="center"/></w:pPr>
<w:r><w:t xml:space="preserve">- </w:t></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r>
<w:r><w:instrText xml:space="preserve"> PAGE \\* MERGEFORMAT </w:instrText></w:r>
<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r>
<w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:t xml:space="preserve"> -</w:t></w:r></w:p></w:txbxContent></wps:txbx>
<wps:bodyPr wrap="square" lIns="0" tIns="0" rIns="0" bIns="0"><a:spAutoFit/></wps:bodyPr></wps:wsp>
</a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice></mc:AlternateContent></w:r>
"""
_LINE = """
<w:r {names}><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>
<wp:anchor distT="0" distB="0" distL="114300" distR="114300" simplePos="0" relativeHeight="2" behindDoc="0"
 locked="0" layoutInCell="1" allowOverlap="1"><wp:simplePos x="0" y="0"/>
<wp:positionH relativeFrom="column"><wp:posOffset>0</wp:posOffset></wp:positionH>
<wp:positionV relativeFrom="paragraph"><wp:posOffset>100000</wp:posOffset></wp:positionV>
<wp:extent cx="5616000" cy="0"/><wp:effectExtent l="0" t="0" r="0" b="0"/><wp:wrapNone/>
<wp:docPr id="2" name="直线 2"/><wp:cNvGraphicFramePr/>
<a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">
<wps:wsp><wps:cNvCnPr/><wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="5616000" cy="0"/></a:xfrm>
<a:prstGeom prst="line"><a:avLst/></a:prstGeom>
<a:ln w="28575"><a:solidFill><a:srgbClr val="FF0000"/></a:solidFill></a:ln></wps:spPr><wps:bodyPr/></wps:wsp>
</a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice></mc:AlternateContent></w:r>
"""
NAMES = " ".join(
    (
        nsdecls("w", "wp", "a"),
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"',
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"',
    )
)


def wps() -> bytes:
    """As WPS saves it: a line grid, indents in characters, red head stretched over the line, a drawn
    red line, the page number in a text box of the footer, and WPS's own marks among the runs."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    grid = section._sectPr.find(qn("w:docGrid"))
    if grid is not None:
        section._sectPr.remove(grid)
    section._sectPr.append(
        parse_xml(f'<w:docGrid {nsdecls("w")} w:type="lines" w:linePitch="312"/>')
    )
    _chinese(document, "宋体", 10.5)
    head = document.add_paragraph()
    head._p.get_or_add_pPr().append(parse_xml(f'<w:jc {nsdecls("w")} w:val="distribute"/>'))
    run = head.add_run("安澜市生态环境局文件")
    run.font.size = Pt(36)
    run._r.get_or_add_rPr().append(parse_xml(f'<w:color {nsdecls("w")} w:val="FF0000"/>'))
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "方正小标宋简体")
    number = document.add_paragraph("安环发〔2026〕8号\t签发人：林舒")
    number.paragraph_format.tab_stops.add_tab_stop(Mm(156), 2)
    line = document.add_paragraph()
    line._p.append(parse_xml(_LINE.format(names=NAMES)))
    line._p.append(
        parse_xml(
            f'<mc:AlternateContent {NAMES} xmlns:wpsCustomData="http://www.wps.cn/officeDocument/2013/wpsCustomData">'
            '<mc:Choice Requires="wpsCustomData"><wpsCustomData:docfieldStart id="0" docfieldname="标题"/>'
            "</mc:Choice></mc:AlternateContent>"
        )
    )
    for sentence in SENTENCES * 4:
        paragraph = document.add_paragraph(sentence)
        properties = paragraph._p.get_or_add_pPr()
        properties.append(
            parse_xml(f'<w:ind {nsdecls("w")} w:firstLine="420" w:firstLineChars="200"/>')
        )
    footer = section.footer.paragraphs[0]
    footer._p.append(parse_xml(_BOX.format(names=NAMES)))
    return _saved(document)


SAMPLES = {"letter": letter, "form": form, "lists": lists, "wps": wps}
