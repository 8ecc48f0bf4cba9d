"""Headers and words that a bureau's own tables use, where the list says them otherwise."""

from __future__ import annotations

import pytest

from ecoledger.cli import enter
from ecoledger.entities.models import Enterprise, Facility, Outlet, River, Section, Station
from ecoledger.listings.importing.cells import UnknownWord, value_of
from ecoledger.listings.parts import Ask, Kind


@pytest.fixture
def run(bureau, tmp_path):
    def do(kind, text, **more):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        lines = []
        enter.run_for_client({"kind": kind, "file": str(path), **more}, lines.append)
        return lines

    return do


@pytest.mark.parametrize(
    ("kind", "table", "model", "values"),
    [
        ("organisation", "单位名称,机构性质,所在乡镇\n东镇人民政府,镇（街道）,北镇\n", None, {}),
        ("enterprise", "企业名称,详细地址,所属区域\n新厂,一路,北镇\n", None, {}),
        ("enterprise", "企业名称,县区,镇（街道）\n新厂,测试县,北镇\n", None, {}),
        ("outlet", "企业名称,编号,名称,排放口类型\n测试化工厂,DA077,东烟囱,主要排放口（废气）\n", Outlet, {"medium": "gas"}),
        ("outlet", "所属企业,编号,名称,排放口类型\n测试化工厂,DW077,总排,废水总排放口\n", Outlet, {"medium": "water"}),
        ("facility", "企业名称,设施编号,设施名称,设施类型\n测试化工厂,TA077,塔,治理设施\n", Facility, {"role": "treatment"}),
        ("station", "站点名称,站点类型,级别,所属乡镇\n新站,空气自动站,省控点,北镇\n", Station, {"level": "provincial"}),
        ("section", "断面名称,所在水体,距河源 km,水质目标类别,属地\n新断面,清溪,5,二类,北镇\n", Section, {"target_class": 2}),
    ],
)  # fmt: skip
def test_a_first_table_is_read_under_its_own_headers(run, kind, table, model, values):
    *rows, counts = run(kind, table)
    assert (counts["kept"], counts["refused"]) == (1, 0), rows
    if model is not None:
        said = model.objects.order_by("-pk").values(*values)[0]
        assert {name: str(value) for name, value in said.items()} == {
            name: str(value) for name, value in values.items()
        }


def test_a_header_that_was_guessed_is_said(run):
    *_rows, counts = run(
        "organisation", "单位名称,机构性质,所在地\n东镇政府,镇（街道）,北镇\n", preview=True
    )
    assert "“机构性质”列按“类别”读取" in counts["notes"]


def test_of_two_headers_that_may_be_it_none_is_taken(run):
    with pytest.raises(Exception, match=r"缺少必填的列：类型.*设施类型、废水类型"):
        run("outlet", "企业名称,编号,名称,设施类型,废水类型\n测试化工厂,DA077,烟囱,废气,无\n")


ENDS = (("done", "完成"), ("gas", "废气"), ("provincial", "省控"), ("key", "达标"))


@pytest.mark.parametrize(
    "word",
    [
        "未达标",
        "达标率",
        "完成率80%",
        "完成一半",
        "基本完成",
        "非省控点",
        "省控、废气",
        "无废气排放口",
    ],
)
def test_a_longer_word_that_says_more_is_not_taken_for_its_beginning(word):
    ask = Ask("state", "状态", Kind.CHOICE, choices=ENDS)
    with pytest.raises(UnknownWord):
        value_of(ask, word, is_key=False, words={}, past=True)


def test_what_a_row_says_of_another_of_the_file_goes_with_it(run):
    """A river joins one that stands further down in its table."""
    *rows, counts = run(
        "river", "河流名称,属地,汇入河流,汇入位置 km\n小溪,北镇,大溪,3.5\n大溪,测试县,,\n"
    )
    assert counts["refused"] == 0, rows
    assert River.objects.get(name="小溪").flows_into.name == "大溪"


def test_words_for_no_number_and_no_place_lose_no_firm(run):
    head = "企业名称,属地,统一社会信用代码,排污许可证编号,经度,纬度\n"
    lines = "甲厂,北镇,无,登记管理,0,0\n乙厂,北镇,/,办理中,,\n丙厂,北镇,无,,0.0,0\n"
    *rows, counts = run("enterprise", head + lines)
    assert (counts["kept"], counts["refused"]) == (3, 0), rows
    assert "“登记管理”不是编号" in rows[1]["reason"]
    firm = Enterprise.objects.get(name="甲厂")
    assert (firm.uscc, firm.permit_no, firm.lon) == ("", "", None)


def test_two_firms_of_one_code_are_told_where_to_say_that_it_is_meant(run):
    code = "9135058200000000XX"
    *rows, _counts = run(
        "enterprise", f"企业名称,属地,信用代码\n甲厂,北镇,{code}\n乙厂,北镇,{code}\n", preview=True
    )
    assert "请在“信用代码已登记时”列说明" in rows[-1]["reason"]
