"""部门生态环保责任清单: the issued list is brought in from its spreadsheet, published, and names the department."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from tests.path.county import COUNTY, NORTH
from tests.stories.pages import open_page, page_after, submit, text

ROWS = [
    ("住房和城乡建设局", "施工工地扬尘", "大气", "工地、扬尘", "大气污染防治法第六十九条"),
    ("农业农村局", "秸秆禁烧", "大气", "秸秆", "大气污染防治法第七十七条"),
    ("城市管理局", "建筑垃圾", "固体废物", "建筑垃圾、渣土", "固体废物污染环境防治法"),
]


def spreadsheet():
    book = openpyxl.Workbook()
    book.active.append(["测试县生态环境保护责任清单（2026年）"])
    book.active.append(["年度", "责任部门", "责任事项", "类别", "关键词", "依据"])
    for row in ROWS:
        book.active.append(["2026", *row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.story("T14")
def test_the_list_in_force_names_the_department_at_the_hand_over(house, hired, visitor):
    """The list is entered from its spreadsheet and published; a problem of a building site is offered to the
    housing department, one of straw to that of agriculture; before publication nobody is named."""
    dispatcher = visitor("dispatcher")
    code, lines, errors = house.process.command(
        "enter", "organisation", str(departments(house)), "--data", str(house.process.data)
    )
    assert code == 0, errors
    assert [line["outcome"] for line in lines if line.get("row")].count("kept") == 3

    # An empty edition is begun on the page, and filled from the file.
    submit(
        dispatcher,
        "/b/responsibility/editions",
        "/editions/new",
        {"name": "2026", "area_code": COUNTY, "basis": "测委办〔2026〕1号"},
    )
    file = house.process.data.parent / "责任清单.xlsx"
    file.write_bytes(spreadsheet())
    code, lines, errors = house.process.command(
        "enter", "responsibility", str(file), "--data", str(house.process.data)
    )
    assert code == 0, errors
    assert [line["outcome"] for line in lines if line.get("row")].count("kept") == 3

    # Not in force yet: nobody is named.
    assert offered(dispatcher, "清溪桥工地扬尘未覆盖", "air") == ""

    pages = open_page(dispatcher, "/b/responsibility/editions")
    (edition,) = pages.xpath(
        "//a[contains(@href, '/editions/') and not(contains(@href, 'new'))]/@href"
    )
    submit(dispatcher, edition, edition, {"since": "2026-01-01"}, button="publish")
    assert "2026-01-01" in text(open_page(dispatcher, edition))

    assert offered(dispatcher, "南街工地扬尘扰民", "air") == "住房和城乡建设局"
    assert offered(dispatcher, "北镇田间秸秆露天焚烧", "air") == "农业农村局"
    assert offered(dispatcher, "河道岸线堆放建筑垃圾", "waste") == "城市管理局"
    assert offered(dispatcher, "河道水体发黑", "water") == ""


def departments(house):
    """The departments as a file that the command takes."""
    file = house.process.data.parent / "部门.csv"
    rows = [f"{name},政府部门,{COUNTY}" for name, *_rest in ROWS]
    file.write_text("\n".join(["名称,类别,行政区划代码", *rows]), encoding="utf-8")
    return file


def offered(dispatcher, title, category):
    """Whom the hand-over form of a new problem names."""
    values = {
        "title": title,
        "area_code": NORTH,
        "origin_kind": "self",
        "category": category,
        "tier": "county",
        "risk": "normal",
        "key_item": "0",
    }
    page = page_after(dispatcher, "/matters/problem/new", "/new", values)
    form = next(
        f for f in page.forms if re.search(r"/do/hand_over$", (f.action or "").split("#")[0])
    )
    named = [n for n in form.fields if n and n.endswith("owner_organisation_text")]
    return (form.fields[named[0]] or "").split("（")[0].strip()
