"""Checklists in XLSForm columns: read as staff write them, refused by row with a remedy, answered."""

from __future__ import annotations

import io

import openpyxl
import pytest

from ecoledger.books import checklists
from ecoledger.listings.refusals import Refused

HEAD = ["type", "name", "label", "required", "relevant", "constraint"]
FOUND = [["list_name", "name", "label"], ["found", "ok", "符合"], ["found", "problem", "有问题"]]


def book(survey, choices=FOUND):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "survey"
    for row in survey:
        sheet.append(row)
    other = workbook.create_sheet("choices")
    for row in choices:
        other.append(row)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


COATING = [
    HEAD,
    ["select_one found", "房间密闭", "喷漆房是否密闭", "yes", None, None],
    ["text", "缺口", "未密闭的部位", "yes", "${房间密闭} = 'problem'", None],
    ["decimal", "风速", "集气罩口风速 m/s", None, None, ". >= 0 and . <= 30"],
    [None, None, None, None, None, None],
    ["note", "说明", "拍照留存", None, None, None],
]


def test_questions_are_read_with_choices_conditions_and_limits():
    room, gap, speed, note = checklists.read(book(COATING))
    assert (room.type, room.required, room.finds) == ("select_one", True, True)
    assert room.choices == (("ok", "符合"), ("problem", "有问题"))
    assert gap.relevant == ("房间密闭", "=", "problem")
    assert speed.constraint == ((">=", "0"), ("<=", "30"))
    assert note.type == "note"


def test_a_question_that_does_not_apply_is_not_asked():
    questions = checklists.read(book(COATING))
    assert checklists.clean(questions, {"房间密闭": "ok", "缺口": "侧门"}) == {"房间密闭": "ok"}
    with pytest.raises(Refused) as refused:
        checklists.clean(questions, {"房间密闭": "problem"})
    assert refused.value.fields == {"缺口": ["请填写“未密闭的部位”"]}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("31", "31 不满足 <= 30"),
        ("快", "“快”不是数"),
        ("NaN", "“NaN”不是整数"),
        ("1e999999", "“1e999999”数量过大"),
        ("-1", "-1 不满足 >= 0"),
    ],
)
def test_a_number_outside_its_limits_is_refused(said, why):
    questions = checklists.read(book(COATING))
    with pytest.raises(Refused) as refused:
        checklists.clean(questions, {"房间密闭": "ok", "风速": said})
    assert refused.value.fields == {"风速": [why]}


def test_numbers_keep_the_digits_they_were_given():
    questions = checklists.read(book(COATING))
    assert checklists.clean(questions, {"房间密闭": "ok", "风速": "0.50"})["风速"] == "0.50"


def test_problems_are_the_answers_that_say_so():
    questions = checklists.read(book(COATING))
    assert [q.name for q in checklists.problems(questions, {"房间密闭": "problem"})] == ["房间密闭"]
    assert checklists.problems(questions, {"房间密闭": "ok"}) == []


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (["barcode", "a", "条码"], "第 2 行：不能用类型 barcode"),
        (["text", "1 a", "名称"], "第 2 行：名称“1 a”不合规"),
        (["select_one none", "a", "选择"], "第 2 行：没有选项表 none"),
        (["text", "a", "甲", None, "${b} = 'x'"], "第 2 行：relevant 提到的 b 不在前面"),
        (["text", "a", "甲", None, "b > 3"], "第 2 行：读不懂 relevant"),
        (["integer", "a", "甲", None, None, "regex(., 'x')"], "第 2 行：读不懂 constraint"),
    ],
)
def test_what_cannot_be_read_is_named_by_row(row, why):
    with pytest.raises(Refused, match=why):
        checklists.read(book([HEAD, row]))


def test_a_name_used_twice_is_refused():
    rows = [HEAD, ["text", "a", "甲"], ["text", "a", "乙"]]
    with pytest.raises(Refused, match="第 3 行：名称 a 已经用过"):
        checklists.read(book(rows))
