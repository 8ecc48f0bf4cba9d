"""Headers of one to three rows under titles, units below them, and rows that are no data."""

from __future__ import annotations

import pytest

from ecoledger.listings.tables import headers
from ecoledger.listings.tables.book import Table

KNOWN = {"序号", "编号", "问题", "属地", "责任单位", "pm2.5", "pm10", "点位", "时间", "备注"}


def known(name: str) -> bool:
    return headers.bare(name) in KNOWN


def find(*rows):
    return headers.find_header(
        Table("", [list(r) for r in rows], list(range(1, len(rows) + 1))), known
    )


def test_names_are_compared_without_what_nobody_sees():
    assert headers.fold(" Ｋ－01\u200b＊") == "k-01"
    assert headers.bare("氨氮（NH3-N）(mg/L)") == "氨氮"
    assert headers.bare("(3)") == "(3)"


def test_the_header_stands_below_titles():
    found = find(
        ["某市台账", "某市台账", "某市台账"],
        ["2026年"],
        ["序号", "问题", "属地"],
        ["1", "甲", "北镇"],
    )
    assert (found.first, found.below, found.names) == (2, 3, ("序号", "问题", "属地"))


def test_a_header_of_two_rows_is_read_by_its_lowest_known_names():
    found = find(
        ["点位", "时间", "监测项目", "监测项目"],
        ["点位", "时间", "PM2.5", "PM10"],
        ["市政府", "1", "2", "3"],
    )
    assert (found.below, found.names) == (2, ("点位", "时间", "PM2.5", "PM10"))
    found = find(
        ["点位", "时间", "监测项目"], [None, None, "PM2.5", "PM10"], ["市政府", "1", "2", "3"]
    )
    assert (found.below, found.names) == (2, ("点位", "时间", "PM2.5", "PM10"))


def test_a_row_of_data_in_which_one_word_is_a_name_is_no_header():
    found = find(
        ["序号", "问题", "类别", "属地"],
        ["1", "某厂扬尘", "备注", "北镇"],
        ["2", "某厂废水", "其他", "南镇"],
    )
    assert (found.below, found.names) == (1, ("序号", "问题", "类别", "属地"))


def test_no_header_is_none():
    assert find(["a", "b"], ["问题", "b"]) is None


HEADER = headers.Header(("序号", "问题", "属地", "责任单位", "备注"), 0, 1, 5)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ([None, " ", "\u3000"], "blank"),
        (["序号", "问题", "属地", "责任单位", "备注"], "header"),
        (["合计", "48件（含重复）"], "total"),
        (["2022年小计", "17项", None, None, "已完成10项"], "subtotal"),
        (["小计：17"], "subtotal"),
        (["最大值", None, "35", "40", "1.2"], "total"),
        (["超标率", None, "0%", "3.5%"], "total"),
        (["日均值（μg/m3）", "35", "40"], "total"),
        (["第95百分位数", "35", "40"], "total"),
        (["最大值超标", "信访投诉", "35", "北镇"], ""),
        (["最大值", "信访投诉", "35", "北镇"], ""),
        (["注：1.本表由平台导出"], "note"),
        (["填表说明：按实际填写"], "note"),
        (["填报人：甲    审核人：乙"], "footer"),
        (["审批人（签字）：", "经办人（签字）：", "日期：2026年11月30日"], "footer"),
        (["单位负责人：", "填表人：", "填报日期：2026.11.30"], "footer"),
        (["填报单位（盖章）：某局"], "footer"),
        (["负责人联系不上", "信访投诉", "青岭镇"], ""),
        (["一、大气"], "section"),
        (["2022年度（17项）"], "section"),
        (["3", None, None], "serial"),
        (["1", "说明书印刷厂废气扰民", "青岭镇", "市水利局"], ""),
        (["制表厂门前污水横流", "信访投诉", "污水横流", "青岭镇", "水"], ""),
        (["合计砂场扬尘", "信访投诉", "扬尘"], ""),
        (["合计", "信访投诉", "扬尘", "青岭镇", "大气"], ""),
        (["扬尘", "扬尘", "扬尘", "扬尘", "扬尘"], ""),
        ([None, "只写了问题"], ""),
        (["2026年3月5日", "甲", "北镇"], ""),
    ],
)
def test_rows_below_the_header(row, why):
    assert headers.why_no_data(row, HEADER, frozenset(), "") == why


def test_lines_after_a_note_belong_to_it():
    assert headers.why_no_data(["2.第二条"], HEADER, frozenset(), "note") == "note"
