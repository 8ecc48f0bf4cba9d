"""Figures of a summary that do not agree with each other: exactly these, and no alarm on what holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ecoledger.indicators.plan.checking import check

GOLD = Path(__file__).parents[2] / "data" / "plan_gold"
HEAD = "某市生态环境局2023年工作总结\n一、工作完成情况\n"


def found(sentence: str) -> list[tuple[str, str, str]]:
    return [(f.kind, f.stated, f.computed) for f in check(HEAD + sentence)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "00_licheng",
            [
                ("valid_days", "96.3%", "96.4%"),
                (
                    "contradiction",
                    "晋江干流浮桥断面未能稳定达标",
                    "地表水省控断面(浮桥点位)水质年均值达标率为100%",
                ),
            ],
        ),
        ("01_lianyungang", []),
        ("02_cixi", []),
        (
            "03_jingjiang",
            [("change", "10.7%", "10.6%"), ("denominator", "22", "26"), ("parts", "116", "111")],
        ),
        ("04_qingdao", []),
    ],
)
def test_five_published_texts_have_these_deviations_and_no_others(name, expected):
    text = (GOLD / f"{name}.txt").read_text(encoding="utf-8")
    assert [(f.kind, f.stated, f.computed) for f in check(text)] == expected
    assert all(text[f.start : f.end] == f.text for f in check(text))


def test_a_deviation_says_under_which_condition_both_hold():
    text = (GOLD / "00_licheng.txt").read_text(encoding="utf-8")
    assert "347–356" in check(text)[0].note
    text = (GOLD / "03_jingjiang.txt").read_text(encoding="utf-8")
    assert "未修约" in check(text)[0].note


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        (
            "完成69家企业信用评价,其中诚信企业1家、良好企业68家。",
            "完成69家企业信用评价,其中诚信企业2家、良好企业68家。",
            ("parts", "69", "70"),
        ),
        (
            "环评审批54件(报告书8件、报告表46件)。",
            "环评审批54件(报告书8件、报告表45件)。",
            ("parts", "54", "53"),
        ),
        (
            "排定工程134项,已完成建设104项,完成率77.6%。",
            "排定工程134项,已完成建设104项,完成率76.7%。",
            ("ratio", "76.7%", "77.6%"),
        ),
        (
            "反馈问题46个,已整改完成30个,正在整改16个,整改完成率为65.2%。",
            "反馈问题46个,已整改完成30个,正在整改16个,整改完成率为66.2%。",
            ("ratio", "66.2%", "65.2%"),
        ),
        (
            "保留行政许可事项14项,即办件事项占行政许可总事项的71.43%。",
            "保留行政许可事项14项,即办件事项占行政许可总事项的72.43%。",
            ("ratio", "72.43%", "71.43%"),
        ),
        (
            "6个国考断面优Ⅲ类比例均为66.7%。",
            "6个国考断面优Ⅲ类比例均为67.6%。",
            ("ratio", "67.6%", "66.7%"),
        ),
        (
            "PM2.5浓度35.0微克/立方米,同比下降5.0微克/立方米(12.5%)。",
            "PM2.5浓度35.0微克/立方米,同比下降5.0微克/立方米(14.3%)。",
            ("change", "14.3%", "12.5%"),
        ),
        (
            "新增治理行政村9个,已有4个行政村完工,2个行政村施工,其余3个行政村设计。",
            "新增治理行政村9个,已有4个行政村完工,2个行政村施工,其余4个行政村设计。",
            ("parts", "9", "10"),
        ),
        (
            "全年优良天数300天,优良率82.2%。",
            "全年优良天数300天,优良率84.2%。",
            ("valid_days", "84.2%", "82.2%"),
        ),
    ],
)
def test_an_error_is_found_and_what_holds_is_left_alone(right, wrong, expected):
    assert found(right) == []
    assert found(wrong) == [expected]


@pytest.mark.parametrize(
    "sentence",
    [
        "记录生物物种763种,其中鸟类215种,国家一级重点保护鸟类4种。",
        "完成110个项目,其中源头替代项目15个以上。",
        "检查企业1126家次,立案查处违法案件58件,处罚金额612.7万元,其中移送案件2件。",
        "截至10月31日,优良天数280天,优良率92.1%。",
        "PM2.5浓度37微克/立方米,同比下降11.9%。",
    ],
)
def test_partial_parts_and_unrelated_figures_raise_no_alarm(sentence):
    assert found(sentence) == []


def test_command_prints_a_line_a_finding(tmp_path):
    path = tmp_path / "summary.txt"
    path.write_text(HEAD + "环评审批54件(报告书8件、报告表45件)。\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "ecoledger", "report", "check", str(path)],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    [row] = [json.loads(line) for line in run.stdout.decode("utf-8").splitlines()]
    assert (row["kind"], row["stated"], row["computed"]) == ("parts", "54", "53")
    assert row["span"][0] < row["span"][1]


def test_days_that_the_text_says_are_valid_are_the_denominator():
    said = "2026年,有效监测330天(日历331天),其中污染天数31天,优良天数比例{}%。"
    assert check(said.format("90.6")) == []
    [wrong] = check(said.format("91.5"))
    assert (wrong.kind, wrong.computed) == ("valid_days", "90.6%")


def test_a_change_from_unrounded_values_is_in_order_where_the_text_says_so():
    said = "PM2.5平均浓度35.5微克/立方米,同比下降4.2微克/立方米(10.7%)。"
    assert [f.kind for f in check(said)] == ["change"]
    assert check(said + "\n注：变化量和变化率由未修约值计算后修约一次。") == []


def test_what_follows_parts_that_fill_the_whole_is_no_part():
    said = "受理举报215件,其中大气类98件、噪声类76件、水类30件、其他{}件,办结210件,办结率97.7%。"
    assert check(said.format(11)) == []
    [wrong] = [f for f in check(said.format(21)) if f.kind == "parts"]
    assert wrong.stated == "215"
