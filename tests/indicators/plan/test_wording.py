"""How the language of plans and summaries is read, one construction each."""

from __future__ import annotations

import pytest

from ecoledger.indicators.plan.extraction import extract
from ecoledger.indicators.plan.items import Item

PLAN = "某市生态环境局2024年工作计划\n一、主要目标\n"
SUMMARY = "某市生态环境局2023年工作总结\n一、工作完成情况\n"


def plan(sentence: str) -> list[Item]:
    return extract(PLAN + sentence)


def summary(sentence: str) -> list[Item]:
    return extract(SUMMARY + sentence)


def level(item: Item) -> tuple[object, ...]:
    return item.type, item.indicator, item.comparator, item.value, item.unit


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("PM2.5年均浓度控制在29微克/立方米以下。", ("target", "air.pm2_5.mean", "<=", 29, "微克/立方米")),
        ("细颗粒物浓度降到31μg/m³。", ("target", "air.pm2_5.mean", "=", 31, "微克/立方米")),
        ("空气质量优良天数比率不低于85%。", ("target", "air.good_day_ratio", ">=", 85, "%")),
        ("县级集中式饮用水水源地水质达标率保持100%。", ("target", "water.source.compliance_ratio", "=", 100, "%")),
        ("国省考断面优Ⅲ比例达到90%以上。", ("target", "water.section.class3_ratio", ">=", 90, "%")),
        ("受污染耕地安全利用率不低于93%。", ("target", "soil.farmland_safe_ratio", ">=", 93, "%")),
        ("近岸海域水质优良比例达到省下达目标。", ("target", "sea.class2_ratio", "reach", None, None)),
        ("青溪入湖断面水质达到Ⅲ类。", ("target", "water.class", "reach", "III", "类")),
        ("城市建成区黑臭水体全部消除。", ("target", "water.black_odorous.count", "=", 0, "个")),
        ("不得出现重污染天气。", ("target", "air.heavy_days", "=", 0, "天")),
        ("VOCs排放量较2019年削减120吨。", ("target", "emission.vocs.reduction", "=", 120, "吨")),
    ],
)  # fmt: skip
def test_levels_of_a_plan(sentence, expected):
    assert [level(item) for item in plan(sentence)] == [expected]


def test_respectively_gives_each_member_one_item_with_one_span():
    first, second = plan("PM2.5、PM10浓度分别不高于21.5、39微克每立方米。")
    assert level(first) == ("target", "air.pm2_5.mean", "<=", 21.5, "微克/立方米")
    assert level(second) == ("target", "air.pm10.mean", "<=", 39, "微克/立方米")
    assert (first.start, first.end) == (second.start, second.end)


def test_share_of_change_is_a_field_and_the_second_way_of_saying_it_is_dropped():
    [item] = summary("2023年1-6月份,全市PM2.5浓度35.5微克/立方米,同比下降4.2微克/立方米(10.7%)。")
    assert item.text == "PM2.5浓度35.5微克/立方米,同比下降4.2微克/立方米(10.7%)"
    assert (item.change_value, item.change_unit, item.change_base) == (-4.2, "微克/立方米", "yoy")
    assert item.period == "2023H1"


def test_percentage_points_are_no_percent():
    [item] = summary("空气优良率80.7%,同比上升6.7个百分点。")
    assert (item.unit, item.change_unit, item.change_value) == ("%", "百分点", 6.7)


def test_a_change_alone_is_one_item():
    [item] = summary("12369环境信访量同比下降72.8%。")
    assert (item.indicator, item.comparator, item.value) == ("complaint.count", "trend_down", None)
    assert item.change_value == -72.8


def test_parts_are_no_items():
    [item] = summary("办理环评审批54件(报告书8件、报告表46件)。")
    assert (item.indicator, item.value) == ("eia.count", 54)
    assert [part.value for part in item.parts or []] == [8, 46]


def test_number_that_sizes_a_rate_is_no_item():
    [item] = summary("10个国省考断面水质优Ⅲ比例均为100%。")
    assert (item.indicator, item.value) == ("water.section.class3_ratio", 100)


@pytest.mark.parametrize(
    ("sentence", "value", "unit", "noun"),
    [
        ("完成110个VOCs治理项目。", 110, "个", "VOCs治理项目"),
        ("新建污水管网12.5公里。", 12.5, "公里", "污水管网"),
        ("建设50套以上水质自动监测站。", 50, "套", "水质自动监测站"),
        ("举办两场业务培训。", 2, "场", "业务培训"),
        ("淘汰35蒸吨/小时以下燃煤锅炉12台。", 12, "台", "燃煤锅炉"),
    ],
)
def test_quantities_to_do_are_tasks(sentence, value, unit, noun):
    [item] = plan(sentence)
    assert (item.type, item.value, item.unit) == ("task", value, unit)
    assert noun in (item.quantity_of or "")


@pytest.mark.parametrize(
    ("sentence", "deadline"),
    [
        ("3月底前报县政府审定。", "2024-03-31"),
        ("7月10日前完成河道清淤方案编制。", "2024-07-10"),
        ("年底前,建成东区污水处理厂。", "2024-12-31"),
        ("供暖季前完成散煤替代任务。", None),
    ],
)
def test_deadlines(sentence, deadline):
    [item] = plan(sentence)
    assert (item.type, item.deadline) == ("task", deadline)


@pytest.mark.parametrize(
    "sentence",
    [
        "制定臭氧污染应对清单。",
        "修编《某市生态文明建设规划》。",
        "动态更新土壤污染重点监管单位名录。",
        "开展“静夜守护”专项行动。",
        "督促重点排污单位安装自动监控设备。",
    ],
)
def test_definite_things_are_tasks(sentence):
    assert [item.type for item in plan(sentence)] == ["task"]


@pytest.mark.parametrize(
    "sentence",
    [
        "加强联防联控,持续深化污染治理。",
        "淘汰老旧车辆。",
        "完成各项工作任务。",
        "推动建立长效管理机制。",
        "臭氧浓度增长趋势得到有效控制。",
        "重点建设用地安全利用得到有效保障。",
        "深入打好三大保卫战,抓好四个方面工作。",
        "针对4个短板指标,完善工作机制。",
    ],
)
def test_slogans_are_nothing(sentence):
    assert plan(sentence) == []


def test_nothing_happened_is_zero():
    [item] = summary("全年未发生突发环境事件。")
    assert level(item) == ("fact", "emergency.count", "=", 0, "起")


def test_rank_is_no_item():
    assert summary("空气质量改善幅度排名全市第二。") == []


def test_owners_of_a_bracket_answer_for_all_items_of_the_point():
    items = extract(
        PLAN
        + "1.整治排污口。完成30个排污口整治,编制“一口一策”方案。(牵头单位:市生态环境局;配合单位:市水利局、住建局)"
    )
    assert len(items) == 2
    assert all(item.owner == ["市生态环境局", "市水利局", "住建局"] for item in items)
    assert {item.section for item in items} == {"一/1"}


def test_spaces_inside_words_change_nothing():
    [item] = plan("新建空白区污水管网 80 公 里。")
    assert item.text == "新建空白区污水管网 80 公 里"
    assert (item.value, item.unit) == (80, "公里")


def test_goal_in_a_summary_stays_a_target():
    [item] = summary("全年优良率未能达到市下达指标(空气质量优良率不低于97.1%)。")
    assert level(item) == ("target", "air.good_day_ratio", ">=", 97.1, "%")


def test_a_figure_that_begins_a_line_is_read():
    [item] = summary("6个国考断面优Ⅲ类比例为66.7%。")
    assert (item.indicator, item.value) == ("water.section.class3_ratio", 66.7)
    [item] = summary("16家企业完成治理。")
    assert (item.value, item.unit) == (16, "家")


def test_a_count_of_days_before_a_clause_about_sections_stays():
    items = plan("优良天数不少于320天;地表水国控断面水质优良率100%。")
    assert [level(i)[1:4] for i in items] == [
        ("air.good_days", ">=", 320),
        ("water.section.class3_ratio", "=", 100),
    ]


def test_parts_end_where_they_fill_the_whole():
    whole, closed, _ratio = summary("受理举报21件,其中大气类9件、水类12件,办结20件,办结率95.2%。")
    assert [p.value for p in whole.parts] == [9, 12]
    assert (closed.indicator, closed.value) == ("complaint.closed", 20)


def test_none_of_the_worst_class_is_a_count_of_nought():
    [item] = summary("国省考断面无劣Ⅴ类断面。")
    assert level(item)[1:] == ("water.section.inferior5_count", "=", 0, "个")


def test_at_least_may_stand_before_the_verb_and_all_year_ends_a_deadline():
    once, firms = plan("6月底前完成12家企业改造;每季度至少组织1次交叉执法。")[::-1]
    assert (once.comparator, once.unit) == (">=", "次/季度")
    assert firms.deadline == "2024-06-30"
    [_first, all_year] = plan("6月底前完成4台锅炉改造,全年实施大气治理项目120个。")
    assert all_year.deadline == "2024-12-31"


def test_a_goal_that_is_only_pointed_at_is_no_target():
    assert [i.text for i in summary("农村污水治理率仅36.5%,距离40%的目标还差3.5个百分点。")] == [
        "农村污水治理率仅36.5%"
    ]
