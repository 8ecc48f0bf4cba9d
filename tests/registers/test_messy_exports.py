"""Exports as they really come: each kind of mess, and that every row of it is kept, refused or listed as left out."""

from __future__ import annotations

import io
from datetime import datetime

import openpyxl
import pytest

from ecoledger.listings import importing
from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.registers.complaints.register import REGISTER

pytestmark = pytest.mark.django_db
NATIONAL = ["序号", "举报编号", "举报时间", "举报类型", "举报人", "联系电话", "是否实名", "被举报单位（对象）", "行政区划", "详细地址",
            "污染类型", "行业", "举报内容", "受理状态", "受理时间", "办理单位", "办结时间", "是否属实", "调查处理情况", "回访结果"]  # fmt: skip


def row(n, **more):
    """One complaint by the national platform's columns."""
    values = {
        "序号": n, "举报编号": f"D{n:05d}", "举报时间": "2026-03-02 08:30", "举报类型": "电话", "举报人": "孙某某",
        "联系电话": "13911112222", "是否实名": "是", "被举报单位（对象）": f"某{n}号厂", "行政区划": "北镇", "详细地址": f"北镇滨河路{n}号",
        "污染类型": "大气", "行业": "化工", "举报内容": f"第{n}家夜间有刺鼻气味", "受理状态": "办理中", "受理时间": "2026-03-02 10:00",
        "办理单位": "测试县生态环境局",
    } | more  # fmt: skip
    return [values.get(name, "") for name in NATIONAL]


def workbook(rows, *more, merge=()):
    book = openpyxl.Workbook()
    for values in rows:
        book.active.append(values)
    for area in merge:
        book.active.merge_cells(area)
    for name, others in more:
        sheet = book.create_sheet(name)
        for values in others:
            sheet.append(values)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def take_in(bureau, name, content, refused=0):
    """The complaints that a file makes, by their numbers; ``refused`` rows are."""
    batch = importing.preview(REGISTER, name, content, by=bureau.people["complaint"])
    wrong = [r.reason for r in batch.rows.filter(wrong=True)]
    assert refused is None or len(wrong) == refused, wrong[:5]
    importing.accept(REGISTER, batch.pk, by=bureau.people["complaint"], again=True)
    return {c.source_no: c for c in Complaint.objects.all()}, batch


def local(moment):
    from django.utils import timezone

    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def test_titles_two_header_rows_and_a_foot(bureau):
    """A title over merged cells, groups above the headers, a sum and a signature line below: none of it is data."""
    groups = ["基本情况", *[""] * 6, "被举报对象", *[""] * 4, "举报内容", "办理情况", *[""] * 6]
    rows = [["测试县2026年一季度生态环境信访投诉明细表"], ["填报单位：测试县生态环境局", "", "", "填报日期：2026-04-01"], groups, NATIONAL,
            row(1), row(2), [], ["合计", "2件"], ["填表人：张某", "", "", "审核人：李某", "", "", "联系电话：0595-00000000"],
            ["注：本表不含重复件。"]]  # fmt: skip
    made, _batch = take_in(bureau, "季度.xlsx", workbook(rows, merge=("A1:T1", "A3:G3", "H3:L3", "N3:T3")))  # fmt: skip
    assert sorted(made) == ["D00001", "D00002"]
    assert made["D00001"].address == "北镇滨河路1号"
    # Told on one day and accepted on another: two columns, two facts.
    assert local(made["D00001"].opened_at) == "2026-03-02 08:30"
    assert local(made["D00001"].accepted_at) == "2026-03-02 10:00"


def test_numbers_kept_as_text_and_telephones_as_floats(bureau):
    """Apostrophes before numbers, a telephone as a float, in exponents, with blanks; a number that begins with a nought."""
    rows = [NATIONAL, row(1, 举报编号="'0020260302001", 联系电话=13911112222.0), row(2, 联系电话="1.3911112222E10"),
            row(3, 联系电话=" 139-1111-2222 "), row(4, 举报编号="\t0020260302004", 联系电话="'13911112222")]  # fmt: skip
    made, _batch = take_in(bureau, "编号.xlsx", workbook(rows))
    assert {"0020260302001", "0020260302004"} <= set(made)
    assert {c.telephone for c in made.values()} <= {"13911112222", "139-1111-2222"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-02 08:30", "2026-03-02 08:30"),
        ("2026/3/2 8:30:05", "2026-03-02 08:30"),
        ("2026年3月2日 8时30分", "2026-03-02 08:30"),
        ("2026年3月2日", "2026-03-02 00:00"),
        ("2026.3.2 08:30", "2026-03-02 08:30"),
        ("2026.03.02", "2026-03-02 00:00"),
        ("20260302", "2026-03-02 00:00"),
        ("20260302083000", "2026-03-02 08:30"),
        ("2026-03-02T08:30:00", "2026-03-02 08:30"),
        ("2026-03-02 08:30:00.0", "2026-03-02 08:30"),
        ("2026-03-02 上午8:30", "2026-03-02 08:30"),
        ("2026-03-02  08：30", "2026-03-02 08:30"),
        (46083.354166666664, "2026-03-02 08:30"),
        (datetime(2026, 3, 2, 8, 30), "2026-03-02 08:30"),
    ],
)
def test_dates_in_many_forms(bureau, written, read):
    made, _batch = take_in(bureau, "日期.xlsx", workbook([NATIONAL, row(1, 举报时间=written)]))
    assert local(made["D00001"].opened_at) == read


@pytest.mark.parametrize("written", ["昨天", "2026-13-02", "2026-02-30", "不详", "3月2日"])
def test_a_date_that_is_none_is_refused_with_its_cell(bureau, written):
    made, batch = take_in(
        bureau, "坏日期.xlsx", workbook([NATIONAL, row(1, 举报时间=written), row(2)]), refused=1
    )
    assert sorted(made) == ["D00002"]
    assert "举报时间" in batch.rows.get(wrong=True).reason


def test_empty_columns_and_a_header_that_stands_twice(bureau):
    """An empty column in the middle; 备注 twice; a column nobody knows: the rows are kept, the rest stays on the import."""
    head = [*NATIONAL[:5], "", *NATIONAL[5:], "备注", "备注", "坐席工号"]
    rows = [head]
    for n in (1, 2):
        values = row(n)
        rows.append([*values[:5], None, *values[5:], "", "二次来电", "8061"])
    made, batch = take_in(bureau, "空列.xlsx", workbook(rows))
    assert len(made) == 2
    assert made["D00001"].telephone == "13911112222"
    assert "8061" in str(batch.rows.first().raw)
    assert made["D00001"].remark == "二次来电"
    # Both say something: the second stays with the row.
    rows[1][-3] = "夜间"
    both = importing.preview(
        REGISTER, "两个备注.xlsx", workbook(rows), by=bureau.people["complaint"]
    )
    assert both.rows.first().raw["备注"] == "夜间"
    assert "二次来电" in both.rows.first().raw.values()


def test_several_sheets_of_different_columns_and_a_page_of_words(bureau):
    hotline = [
        "工单编号",
        "来电时间",
        "来电人",
        "来电号码",
        "诉求内容",
        "所属区域",
        "承办单位",
        "工单状态",
    ]
    sheets = [
        ("12345", [hotline, ["GD1", "2026-03-05 09:00", "李女士", 13800001111, "北镇河道发黑", "北镇", "测试县生态环境局", "已派单"]]),
        ("填报说明", [["一、本表每周一报送。"], ["二、时间为来电时间。"]]),
        ("空表", []),
    ]  # fmt: skip
    made, _batch = take_in(bureau, "多表.xlsx", workbook([NATIONAL, row(1)], *sheets))
    assert sorted(made) == ["D00001", "GD1"]
    assert made["GD1"].telephone == "13800001111"
    assert made["GD1"].description == "北镇河道发黑"


@pytest.mark.parametrize("code", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_text_of_every_code_and_separator(bureau, code, mark):
    """With line breaks and separators inside quoted cells, an apostrophe before the number, and a sum below."""
    lines = [NATIONAL, row(1, 举报内容=f"夜间{mark}异味\n第二行", 举报编号="'D00001"), row(2)]
    text = (
        "\r\n".join(mark.join(f'"{v}"' for v in values) for values in lines)
        + "\r\n合计"
        + mark
        + "2\r\n"
    )
    made, _batch = take_in(bureau, "导出.csv", text.encode(code))
    assert sorted(made) == ["D00001", "D00002"]
    assert "第二行" in made["D00001"].description


def test_cells_merged_downwards_are_of_every_row(bureau):
    """One caller with three orders: name and telephone stand once, merged over the rows."""
    rows = [NATIONAL, row(1), row(2, 举报人="", 联系电话=""), row(3, 举报人="", 联系电话="")]
    content = workbook(rows, merge=("E2:E4", "F2:F4"))
    made, _batch = take_in(bureau, "合并.xlsx", content)
    assert {c.telephone for c in made.values()} == {"13911112222"}
    assert len(made) == 3


def test_a_header_repeated_on_every_printed_page(bureau):
    rows = [NATIONAL, row(1), row(2), NATIONAL, row(3), ["第2页 共2页"], NATIONAL, row(4)]
    made, _batch = take_in(bureau, "分页.xlsx", workbook(rows))
    assert sorted(made) == ["D00001", "D00002", "D00003", "D00004"]


def test_what_is_not_known_stays_open_and_says_so(bureau):
    """不详 where a name would be, a town that is none, a unit that is none: kept, with what was written on the import's row."""
    rows = [
        NATIONAL,
        row(
            1,
            **{
                "被举报单位（对象）": "不详",
                "行政区划": "外星镇",
                "办理单位": "某委办局",
                "污染类型": "其他扰民",
            },
        ),
    ]
    made, batch = take_in(bureau, "不详.xlsx", workbook(rows))
    one = made["D00001"]
    assert (one.target, one.owner_organisation) == ("", None)
    assert one.handled_by == "某委办局"
    assert "外星镇" in str(batch.rows.first().texts)


def test_the_same_number_twice_in_one_file_is_said(bureau):
    rows = [NATIONAL, row(1), row(1, 举报内容="再次反映"), row(2)]
    batch = importing.preview(REGISTER, "重号.xlsx", workbook(rows), by=bureau.people["complaint"])
    assert batch.rows.count() == 3
    (second,) = batch.rows.filter(wrong=True)
    assert second.number == 3
    assert "与第 2 行相同" in second.reason


def test_every_row_is_kept_refused_or_left_out(bureau):
    """Of a file with all of it nothing goes without a word."""
    rows = [["明细表"], NATIONAL, row(1), row(2, 举报时间="不详"), ["小计", "1件"], row(3), ["", "", "", "", "", "", "", "", "", "续上表"], row(4), ["总计", 4]]  # fmt: skip
    made, batch = take_in(bureau, "全.xlsx", workbook(rows), refused=1)
    assert sorted(made) == ["D00001", "D00003", "D00004"]
    assert [why for _sheet, _row, why in batch.left_out] == [
        "title",
        "header",
        "subtotal",
        "note",
        "total",
    ]


STATES = {
    "visited done": "逾期办结 归档 已归档 已回访 已反馈 处理完毕 已查处 √ 已办结（不满意） 办结 已办理完毕",
    "refused": "不予受理 已退回 退件",
    "handling": "延期办理 超期未办结 正在核实 未办结 阶段性办结 预计12月办结",
}


@pytest.mark.parametrize(
    ("word", "states"), [(w, s.split()) for s, words in STATES.items() for w in words.split()]
)
def test_where_a_complaint_stands_is_read_from_many_words(bureau, word, states):
    made, batch = take_in(bureau, "状态.xlsx", workbook([NATIONAL, row(1, 受理状态=word)]))
    assert made["D00001"].state in states
    said = "".join(w["message"] for w in batch.rows.get().warnings)
    assert ("没有写办结时间" in said) is (states != ["handling"])
    assert "看不出" not in said


@pytest.mark.parametrize("word", ["撤诉", "重复件", "甲乙丙"])
def test_a_state_that_nobody_can_tell_is_pointed_out(bureau, word):
    _made, batch = take_in(bureau, "状态.xlsx", workbook([NATIONAL, row(1, 受理状态=word)]))
    assert f"“{word}”看不出是否办结" in "".join(w["message"] for w in batch.rows.get().warnings)


def test_a_foot_below_the_numbers_is_no_complaint(bureau):
    feet = ["共1件", "总数：1", "以上共1件", "截止日期：2026-11-30", "— 完 —"]
    rows = [NATIONAL, row(1), *(["", foot] for foot in feet)]
    made, batch = take_in(bureau, "脚注.xlsx", workbook(rows), refused=None)
    assert list(made) == ["D00001"]
    assert batch.rows.filter(made=None, wrong=False).count() == 0


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"举报时间": "2026-03-02 25:00"}, "不是日历上有的日期"),
        ({"举报时间": "2099-03-02 08:00"}, "登记日期在今天之后"),
        ({"受理状态": "已办结", "办结时间": "2026-03-01 08:00"}, "登记日期在办结日期之后"),
    ],
)
def test_what_cannot_have_been_so_is_refused(bureau, more, why):
    _made, batch = take_in(
        bureau, "时间.xlsx", workbook([NATIONAL, row(1, **more), row(2)]), refused=1
    )
    assert why in batch.rows.get(wrong=True).reason
