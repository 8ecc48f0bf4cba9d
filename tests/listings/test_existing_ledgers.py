"""Existing ledgers (存量台账) as offices have them: read as they are, with no edit and nothing pointed at by hand."""

from __future__ import annotations

import io
import json
from datetime import date

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from ecoledger.accounts.models import Organisation
from ecoledger.cli import enter
from ecoledger.listings import importing
from ecoledger.matters import chain, inbox, statistics
from ecoledger.matters.models import Clock, Notice
from ecoledger.matters.register import register_of, seen_of
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.registers.problems.ledger_rows import origin_of
from ecoledger.registers.problems.problem_ledger import REGISTER, Problem

# A sheet with a header of two rows, years as headings, subtotals and notes.
AIR = (
    ("测试县突出问题整改台账（大气）",),
    ("填报单位：县整改办    填报时间：2023年12月30日",),
    ("序号", "问题来源", "发现时间", "所属镇街", "具体点位", "问题描述", "责任单位", "整改情况", "", "", "备注"),
    ("", "", "", "", "", "", "", "整改时限", "完成情况", "完成时间", ""),
    ("2022年度（4项）",),
    (1, "省督察", "2022年3月5日", "北镇", "路东1号", "甲厂喷漆房未密闭", "北镇政府", "2022年底前", "已完成整改并销号", "2022.12.20", "挂牌"),
    (2, "12345热线", "20220410", "南镇", "路西2号", "乙厂废气无组织排放", "县住建局、南镇党委、政府", "6月底前", "已完成80%", "", None),
    (3, "自查", "2022.5.6", "北镇", "路南3号", "丙村露天焚烧", "环保局", "立行立改", "已于2022年6月1日完成", "", None),
    (4, "市级交办", "2022年7月", "南镇", "", "丁厂锅炉改造滞后", "南镇", "2023年第三季度", "未达到序时进度", "", None),
    ("2022年小计", "4项", None, None, None, None, None, None, "已完成2项"),
    ("2023年度（3项，含结转）",),
    (1, "市级交办", "2022年7月", "南镇", "", "丁厂锅炉改造滞后", "南镇人民政府", "2023年第三季度", "完成", "2023年9月28日", "结转"),
    (2, "信访", date(2023, 2, 3), "北镇", "路北5号", "戊饭店油烟扰民", "北镇人民政府", "长期坚持", "持续推进并长期坚持", "", None),
    (3, "上级转来", "2023年4月31日", "北镇", "", "己厂扬尘", "北镇", "2023年底前", "基本完成，待验收", "", None),
    ("2023年小计", "3项"),
    ("总计", "7项"),
    ("注：完成情况按实填写。",),
    ("填报人：某某    审核人：某某",),
)  # fmt: skip
WATER = (
    ("编号", "属地", "督察反馈问题（整改任务）", "责任单位", "监管单位", "交办日期", "完成时限", "进展情况", "完成/销号时间"),
    ("一、2023年新增",),
    ("1", "南镇", "庚厂雨水口检出超标", "县水务局", "环保局", "2023.1.4", "12月底前", "已整改完成（见附件2）", "20231120"),
    ("2", "北镇", "辛河段蓝藻", "北镇", "县水利局", "2023年1月29日", "2023年6月至10月", "推进中", None),
    ("3", None, "壬村污水直排", "南镇政府", "县水利局", "2023-02-01", "2023-12-31", "已完成", "2023-11-01"),
    ("4", "北镇", "癸厂排口无标识", "县某某办", None, "2023-02-02", "2023-12-31", "已完成（待验收）", None),
)  # fmt: skip


def workbook(**sheets) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(list(row))
    if "大气" in sheets:
        for area in (
            "A1:K1",
            "A3:A4",
            "B3:B4",
            "C3:C4",
            "D3:D4",
            "E3:E4",
            "F3:F4",
            "G3:G4",
            "H3:J3",
            "K3:K4",
            "A5:K5",
        ):
            book["大气"].merge_cells(area)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def units(bureau):
    for name, kind, code in (
        ("南镇人民政府", "town", "990101002"), ("测试县住房和城乡建设局", "department", "990101"),
        ("测试县水利局", "department", "990101"),
    ):  # fmt: skip
        Organisation.objects.create(name=name, kind=kind, area_code=code)


@pytest.fixture
def entered(units, people):
    batch = importing.preview(
        REGISTER,
        "存量台账.xlsx",
        workbook(大气=AIR, 水=WATER),
        by=people["dispatcher"],
        history=True,
    )
    importing.accept(REGISTER, batch.pk, by=people["dispatcher"])
    batch.refresh_from_db()
    return batch


def made(batch, sheet, number):
    return Problem.objects.get(pk=batch.rows.get(sheet=sheet, number=number).made)


def test_every_row_is_kept_refused_or_left_out(entered):
    kept = {(r.sheet, r.number) for r in entered.rows.all()}
    left = {(s, n): why for s, n, why in entered.left_out}
    assert {n for s, n in kept if s == "大气"} == {6, 7, 8, 9, 12, 13, 14}
    assert {n for s, n in kept if s == "水"} == {3, 4, 5, 6}
    assert [left["大气", n] for n in (1, 2, 3, 4, 5, 10, 11, 15, 16, 17, 18)] == [
        "title", "title", "header", "header", "section", "subtotal", "section", "subtotal", "total", "note", "footer",
    ]  # fmt: skip
    # The day that is none is refused with its cell; all else is kept.
    assert [(r.sheet, r.number) for r in entered.bad] == [("大气", 14)]
    assert "日历上" in entered.bad.get().reason


@pytest.mark.parametrize(
    ("sheet", "row", "course", "phase", "closed", "deadline"),
    [
        ("大气", 6, "closed", "closed", "2022-12-20", "2022-12-31"),
        ("大气", 7, "moving", "open", None, "2022-06-30"),
        ("大气", 8, "closed", "closed", "2022-06-01", None),
        ("大气", 9, "behind", "open", None, "2023-09-30"),
        ("大气", 12, "closed", "closed", "2023-09-28", "2023-09-30"),
        ("大气", 13, "always", "open", None, None),
        ("水", 3, "closed", "closed", "2023-11-20", "2023-12-31"),
        ("水", 4, "moving", "open", None, "2023-10-31"),
        ("水", 6, "nearly", "open", None, "2023-12-31"),
    ],
)
def test_states_and_dates_by_their_meaning(entered, sheet, row, course, phase, closed, deadline):
    problem = made(entered, sheet, row)
    told = timezone.localtime(problem.closed_at).date().isoformat() if problem.closed_at else None
    assert (problem.course, problem.phase, told) == (course, phase, closed)
    assert (problem.deadline and problem.deadline.isoformat()) == deadline


def test_units_under_several_names_are_one_and_the_second_helps(entered):
    assert made(entered, "大气", 6).owner_organisation.name == "北镇人民政府"
    both = made(entered, "大气", 7)
    assert both.owner_organisation.name == "测试县住房和城乡建设局"
    assert both.assisting == "南镇人民政府"
    assert made(entered, "大气", 8).owner_organisation.name == "测试县生态环境局"
    assert made(entered, "水", 3).owner_organisation.name == "测试县水利局"
    assert made(entered, "水", 3).supervisor == "环保局"
    # Without a town the unit's own counts; an office that is no more leaves the row, and says so.
    assert made(entered, "水", 5).area_code == "990101002"
    assert made(entered, "水", 6).owner_organisation is None
    assert "县某某办" in entered.rows.get(sheet="水", number=6).reason


def test_what_is_carried_over_goes_on_in_its_later_row(entered):
    assert entered.rows.get(sheet="大气", number=12).carried_from == "大气!9"
    assert made(entered, "大气", 9).merged_into_id == made(entered, "大气", 12).pk
    counted = statistics.by_name(
        statistics.of(REGISTER, Problem.objects.all(), timezone.now(), seen_of(None))
    )
    assert (counted["done_of_distinct"].numerator, counted["done_of_distinct"].denominator) == (
        5,
        9,
    )
    assert (counted["done_of_all"].numerator, counted["done_of_all"].denominator) == (5, 10)
    # Open with its day gone by: not what is kept up for ever, not what went on elsewhere.
    assert counted["past_deadline"].value == 3


def test_history_starts_no_clock_and_tells_nobody(entered, people):
    assert not Clock.objects.exists()
    assert not Notice.objects.exists()
    assert Problem.objects.filter(history=True).count() == 10
    assert inbox.load(people["dispatcher"]).overdue == 0
    assert chain.first_broken_overall() is None
    # What no column takes stays in the event.
    event = made(entered, "大气", 6).events.get()
    assert event.form["remarks"] == {"备注": "挂牌"}
    assert made(entered, "大气", 6).source_batch == "大气 2022年度（4项）"


def test_a_ledger_of_last_year_keeps_its_numbers_its_year_and_its_ends(bureau, people):
    head = (
        "立案号",
        "当事人",
        "案由",
        "所在镇街",
        "立案时间",
        "处罚决定时间",
        "罚款金额（万元）",
        "结案时间",
    )
    rows = (
        ("测环立〔2025〕1号", "某某纸业有限公司", "超标排放水污染物", "北镇", "2025年1月20日", "2025.3.15", 12.5, "2025年4月2日"),
        ("测环立〔2025〕2号", "某某电镀厂", "未按规定贮存", "北镇", "2025.2.11", "2025.5.6", "10", None),
        ("/", "李某某", "未验先投", "北镇", "2025-6-1", None, None, "2025-7-15"),
        ("测环立〔2025〕4号", "某某石材厂", "未验先投", "北镇", "2025-6-1", None, None, "已结"),
    )  # fmt: skip
    cases, by = register_of("penalty_case"), people["officer"]
    batch = importing.preview(cases, "2025.xlsx", workbook(案件=(head, *rows)), by=by, history=True)
    assert [row.number for row in batch.bad] == [5], [row.reason for row in batch.rows.all()]
    importing.accept(cases, batch.pk, by=by)
    told = [
        (case.number, case.phase, f"{timezone.localtime(case.opened_at):%m-%d}")
        for case in PenaltyCase.objects.order_by("opened_at")
    ]
    assert told == [
        ("测环立〔2025〕1号", "closed", "01-20"),
        ("测环立〔2025〕2号", "open", "02-11"),
        ("环立〔2025〕1号", "closed", "06-01"),
    ]
    again = importing.preview(cases, "2026.xlsx", workbook(案件=(head, rows[0])), by=by)
    assert "没有新内容" in again.rows.get().reason


def test_a_case_without_a_division_lies_where_its_firm_lies(bureau, people):
    head, cells = ("当事人", "案由", "立案日期"), ("超标排放水污染物", "2026-01-20")
    table = workbook(案件=(head, ("测试化工厂", *cells), ("某某电镀厂", *cells)))
    batch = importing.preview(register_of("penalty_case"), "案.xlsx", table, by=people["officer"])
    first, other = batch.rows.order_by("number")
    assert first.values["area_code"] == bureau.enterprise.area_code, first.reason
    assert other.wrong


def test_what_is_not_dated_is_of_the_year_it_is_listed_under(bureau, people):
    rows = (
        ("问题来源", "具体问题", "所属乡镇", "责任单位", "责任单位", "整改时限", "整改情况", "完成时间", "是否完成"),
        (None, None, None, "牵头", "配合", *[None] * 4),
        ("一、2024年度（3项）", *[None] * 8),
        ("信访", "危险废物未清运", "北镇", "北镇人民政府", "南镇人民政府", "2024年9月30日", "已清运，2024年9月28日完成验收", None, "是"),
        ("信访", "雨污混接", "北镇", None, None, "2026年6月", "完成率65%", None, "推进中"),
        ("省生态环境厅暗访", "氨氮超标", "北镇", None, None, "2024年底", "已整改", "2025/3/28", "是"),
    )  # fmt: skip
    batch = importing.preview(
        REGISTER, "旧.xlsx", workbook(台账=rows), by=people["dispatcher"], history=True
    )
    importing.accept(REGISTER, batch.pk, by=people["dispatcher"])
    told = [
        (made(batch, "台账", n).phase, timezone.localdate(made(batch, "台账", n).opened_at).year)
        for n in (4, 5, 6)
    ]
    assert told == [("closed", 2024), ("open", 2024), ("closed", 2024)]
    first, last = made(batch, "台账", 4), made(batch, "台账", 6)
    assert timezone.localdate(first.closed_at) == date(2024, 9, 28)
    assert (first.owner_organisation.name, first.assisting) == ("北镇人民政府", "南镇人民政府")
    assert last.number.startswith("问题〔2024〕")
    assert last.origin_kind == "superior"


def test_a_ledger_that_tells_of_no_end_is_no_earlier_one(bureau, people):
    head = ("问题来源", "具体问题", "所属乡镇", "整改时限", "登记日期")
    table = workbook(台账=(head, ("信访", "雨污混接", "北镇", "2025年6月", "2025-03-01")))
    batch = importing.preview(REGISTER, "旧.xlsx", table, by=people["dispatcher"], history=True)
    assert "看不出是否办结" in batch.bad.get().reason


def test_an_open_one_is_worked_on_from_where_it_stands(entered, people):
    from ecoledger.matters import actions

    problem = made(entered, "大气", 7)
    form = {"progress": "90", "progress_text": "已完成九成"}
    actions.assign(problem.pk, by=people["dispatcher"], person=people["officer"])
    assert (
        actions.perform(problem.pk, "report_progress", by=people["officer"], form=form).progress
        == 90
    )


def test_a_running_number_tells_no_row_from_another(units, people):
    first = importing.preview(
        REGISTER, "a.xlsx", workbook(水=WATER), by=people["dispatcher"], history=True
    )
    importing.accept(REGISTER, first.pk, by=people["dispatcher"])
    other = (
        *WATER[:1],
        (
            "1",
            "南镇",
            "另一处排口无标识",
            "县水利局",
            None,
            "2024-01-04",
            "2024-12-31",
            "推进中",
            None,
        ),
    )
    second = importing.preview(
        REGISTER, "b.xlsx", workbook(水=other), by=people["dispatcher"], history=True
    )
    assert second.bad.count() == 0
    # A number that names its problem is still one.
    named = (*WATER[:1], ("SW-07", *WATER[3][1:]), ("SW-07", *WATER[4][1:]))
    third = importing.preview(
        REGISTER, "c.xlsx", workbook(水=named), by=people["dispatcher"], history=True
    )
    assert third.bad.count() == 1


def test_the_page_takes_it_as_history_without_another_upload(units, people, client):
    client.force_login(people["dispatcher"])
    upload = io.BytesIO(workbook(大气=AIR, 水=WATER))
    upload.name = "存量台账.xlsx"
    sent = client.post(reverse("book-import", args=["problem"]), {"file": upload})
    shown = client.get(sent["Location"]).content.decode()
    assert "作为历史" in shown
    client.post(sent["Location"], {"history": "1"})
    client.post(sent["Location"] + "/accept", {})
    assert Problem.objects.filter(phase="closed").count() == 5
    assert Problem.objects.filter(phase="open").count() == 5
    assert not Clock.objects.exists()


def test_the_command_reads_it_by_itself(units, tmp_path):
    path = tmp_path / "存量台账.xlsx"
    path.write_bytes(workbook(大气=AIR, 水=WATER))
    lines: list[dict] = []
    enter.run_for_client({"kind": "problem", "file": str(path), "history": True}, lines.append)
    assert {k: lines[-1][k] for k in ("kept", "refused", "left_out")} == {
        "kept": 10,
        "refused": 1,
        "left_out": 13,
    }
    assert json.dumps(lines, ensure_ascii=False)


@pytest.mark.parametrize(
    ("words", "origin"),
    [
        ("中央环保督察", "central"), ("省督察", "provincial"), ("第二轮省级生态环境保护督察", "provincial"), ("信访", "petition"),
        ("12345", "petition"), ("市级交办", "superior"), ("县纪委巡察", "discipline"), ("部门移交", "other"), ("日常巡查", "self"),
        ("新闻曝光", "media"), ("天外来件", ""),
    ],
)  # fmt: skip
def test_origins_by_their_meaning(words, origin):
    assert origin_of(words) == origin


def test_the_same_words_under_own_numbers_on_two_sheets_are_two(units, people):
    head = ("原编号", "来源类别", "问题", "属地", "责任单位")

    def rows(a, b):
        return (
            head,
            (a, "自查", "河道岸线堆放垃圾", "北镇", None),
            (b, "自查", "河道岸线堆放垃圾", "北镇", None),
        )

    for history in (True, False):
        batch = importing.preview(
            REGISTER,
            "a.xlsx",
            workbook(气=rows("S-1", "S-2"), 水=rows("S-11", "S-12")),
            by=people["dispatcher"],
            history=history,
        )
        assert not batch.rows.exclude(carried_from="").exists()
