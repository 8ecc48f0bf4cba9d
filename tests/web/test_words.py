"""One word for one thing: terms that were used for the same thing side by side stand in no text of the interface.

The list is the house's own glossary. Where a word is part of another, is the official term of something else, or names
a column as files write it, the pattern says so.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from ecoledger.matters.register import all_registers
from ecoledger.monitoring.points import parameters

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import compile_messages

# Not this -> but that.
RULES = {
    # 点位长 and 重点点位 are offices and lists of that name; 采样点位置 is no 点位.
    r"(?<!重点)点位(?!长|类别|置)": "监测点",
    # 站点长, 站点巡查 and 站点周边 are official names of an office and of duties.
    r"站点(?!长|巡查|周边|日巡)": "监测点、空气站",
    r"(?<!自动)监测站": "监测点；机构才叫监测站，设施叫自动监测站",
    r"报警(?!器|电话|（110）)": "预警",
    r"所在地|归属": "属地、地址、所属",
    r"乡镇|街镇": "镇街",
    r"(?<!调)查询": "筛选、搜索",
    # Of a quantity 新增 is a noun: 本月新增, 新增排放量, 新增污染源, 今日新增.
    r"^新增(?!排放|污染| VOCs|$)|请新增|里新增|新申报": "登记、添加",
    r"录入": "登记、填报、导入",
    r"收到提醒|提醒页": "消息、催办",
    r"逾期(?!未开工)|已多 ?\d": "超期",
    r"截止": "期限、时限",
    r"条目|单子": "对象、事项、项",
    r"准确率": "预警属实率",
    r"烟尘(?!污染)": "颗粒物",
    r"审计日志": "操作记录",
    r"人员权限": "人员与权限",
    r"你(?!单位|（单位）)": "您",
    r"^确定$": "按钮写动作",
    r"下级": "全市、本镇、所辖",
    r"^批量(?:交办|转办|催办)修改": "交办、转办、改责任人",
    r"NH3-N|\bCOD(?:Mn|Cr)?\b|NMHC": "氨氮、化学需氧量、高锰酸盐指数、非甲烷总烃",
}
# Texts that quote what somebody else writes: a ledger's own words, the columns of a form by law.
# A factor as files may call it; the institution as a line of the menu; columns of patrols' and joint visits' own forms;
# a criterion of the levels of environmental incidents.
QUOTED = frozenset({"烟尘", "监测站", "所在地", "点位", "站点", "乡镇级水源取水中断"})


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {message[0]: where for message, where in compile_messages.messages().items()}


@pytest.mark.parametrize("wrong", RULES)
def test_one_word_a_thing(wrong, texts):
    found = [
        f"{where}: {text[:60]}"
        for text, where in texts.items()
        if re.search(wrong, text) and text not in QUOTED
    ]
    assert found == [], f"write {RULES[wrong]}"


def test_factors_are_called_by_their_names():
    """Formulas that are read as words stay (PM2.5, NOx); the others are said as official papers say them."""
    wrong = {
        "COD",
        "CODMn",
        "BOD5",
        "NH3",
        "NH3-N",
        "NMHC",
        "TN",
        "TP",
        "DO",
        "废气",
        "烟尘",
        "aqi",
    }
    every = [p for kind in parameters.SYSTEMS for p in parameters.of_kind(kind)]
    assert len(every) > 60
    assert [(p.kind, p.code, p.label) for p in every if p.label in wrong] == []
    assert parameters.parameter("w21003", "water").label == "氨氮"
    assert parameters.parameter("a34004", "air").label == "PM2.5"


def test_a_matter_is_closed_in_the_three_words_there_are():
    """销号 on evidence, 办结 otherwise, 结案 for a penalty file; nothing is 关闭 or just 完成."""
    labels = {
        (register.key, str(state.label))
        for register in all_registers()
        for state in register.workflow.states
    }
    assert len(labels) > 100
    # A task of the year's plan is 完成 in the plan's own account of it.
    assert {pair for pair in labels if pair[1] in {"关闭", "已关闭", "完成"}} == {
        ("work_task", "完成")
    }


def test_progress_is_said_as_what_ought_to_be_there_today(texts):
    """序时 is a ledger's own word; a page says 应到."""
    own_words = {"达到序时进度", "未达到序时进度"}
    assert {text for text in texts if "序时" in text} <= own_words
