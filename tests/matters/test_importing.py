"""Tables as they come: titles, two-line headers, GBK, damaged codes; preview, partial accept, undo."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ecoledger.listings import importing
from ecoledger.listings.importing import accepting
from ecoledger.listings.importing.cleaning import Cleaner
from ecoledger.listings.models import ImportBatch
from ecoledger.matters import actions, chain
from ecoledger.matters.actions import NotVisible, Refused
from ecoledger.matters.models import Notice
from ecoledger.registers.alarms.alarm_case import REGISTER as CASES
from ecoledger.registers.problems.problem_ledger import REGISTER, Problem
from ecoledger.web.models import SearchEntry
from ecoledger.web.search.index import entry_of

NEXT_YEAR = timezone.localdate().year + 1
HEADER = ["序号", "问题来源", "问题概述", "所在镇街", "整改责任单位", "完成时限", "重复件编号"]
GOOD = ["D1-01", "信访投诉", "夜间异味", "北镇", "北镇人民政府", f"{NEXT_YEAR}.12.31", ""]


def workbook(*rows, merge=()) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    for area in merge:
        book.active.merge_cells(area)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def preview(content: bytes, people, name="问题清单.xlsx", who="dispatcher", **more) -> ImportBatch:
    return importing.preview(REGISTER, name, content, by=people[who], **more)


def messages(row) -> dict[str, str]:
    return {e["column"]: e["message"] for e in row.errors}


def test_a_table_with_title_notes_and_total_is_read(bureau, people):
    batch = preview(
        workbook(
            ["中央生态环境保护督察交办问题清单"],
            ["填报单位：测试县生态环境局"],
            HEADER,
            GOOD,
            ["合计", "1件"],
            ["注：本表按月更新"],
            merge=("A1:G1",),
        ),
        people,
    )
    assert [row.number for row in batch.rows.all()] == [4]
    assert not batch.bad.exists()
    assert Problem.objects.count() == 0  # a preview makes nothing
    made, left = importing.accept(REGISTER, batch.pk, by=people["dispatcher"])
    assert (made, left) == (1, 0)
    problem = Problem.objects.get()
    assert (problem.source_no, problem.area_code, problem.deadline) == (
        "D1-01",
        "990101001",
        date(NEXT_YEAR, 12, 31),
    )
    assert problem.owner_organisation.name == "北镇人民政府"
    assert problem.import_batch == ImportBatch.objects.get()


def test_bad_rows_name_row_field_and_remedy_and_the_good_ones_go_in(bureau, people):
    rows = [
        GOOD,
        ["D1-02", "天外来件", "异味", "北镇", "", "", ""],
        ["D1-03", "信访投诉", "", "北镇", "", "2026年13月1日", ""],
        ["D1-04", "信访投诉", "噪声", "外县某镇", "不存在的单位", "", ""],
        ["D1-01", "信访投诉", "异味", "北镇", "", "", ""],
        [1.2345678901234567e17, "信访投诉", "异味", "北镇", "", "", ""],
        ["D1-06", "信访投诉", "垃圾", "北镇", "", f"{NEXT_YEAR}年11月底前", ""],
        ["D1-07", "信访投诉", "垃圾", "北镇", "", "长期坚持", ""],
    ]
    batch = preview(workbook(HEADER, *rows), people)
    assert [row.number for row in batch.bad] == [3, 4, 5, 6, 7]
    by_row = {row.number: row for row in batch.rows.all()}
    assert "可填：中央生态环境保护督察" in messages(by_row[3])["origin_kind"]
    assert set(messages(by_row[4])) == {"title", "deadline"}
    assert "2026-12-31" in messages(by_row[4])["deadline"]
    assert set(messages(by_row[5])) == {"area_code", "owner_organisation"}
    assert "与第 2 行相同" in messages(by_row[6])["source_no"]
    assert "设为“文本”" in messages(by_row[7])["source_no"]
    assert f"按月末 {NEXT_YEAR}-11-30 计" in by_row[8].warnings[0]["message"]
    assert "不设时限" in by_row[9].warnings[0]["message"]
    made, left = importing.accept(REGISTER, batch.pk, by=people["dispatcher"])
    assert (made, left) == (3, 5)
    batch.refresh_from_db()
    errors = openpyxl.load_workbook(
        io.BytesIO(importing.error_file(REGISTER, batch, by=people["dispatcher"]))
    ).active
    assert errors.max_row == 6
    assert "第 3 行" in errors.cell(2, errors.max_column).value
    assert errors.cell(5, 1).value == "D1-01"


def test_the_error_file_put_right_can_be_sent_again(bureau, people):
    batch = preview(workbook(HEADER, ["D1-02", "天外来件", "异味", "北镇", "", "", ""]), people)
    sheet = openpyxl.load_workbook(
        io.BytesIO(importing.error_file(REGISTER, batch, by=people["dispatcher"]))
    )
    sheet.active.cell(2, 2).value = "信访投诉"
    buffer = io.BytesIO()
    sheet.save(buffer)
    assert preview(buffer.getvalue(), people).bad.count() == 0


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-8"])
def test_csv_in_the_encodings_offices_write(bureau, people, encoding):
    text = "\r\n".join(",".join(row) for row in (HEADER, GOOD))
    batch = preview(text.encode(encoding), people, "问题.csv")
    assert not batch.bad.exists()
    assert batch.rows.first().texts["title"] == "夜间异味"


def test_a_cell_is_kept_once_and_in_its_own_letters(bureau, people):
    row = preview(workbook(HEADER, GOOD), people, history=True).rows.get()
    assert row.texts["title"] == "夜间异味"
    assert (row.texts["origin_kind"], row.values["origin_kind"]) == ("信访投诉", "petition")
    assert row.texts["deadline"] == f"{NEXT_YEAR}.12.31"
    assert "title" not in row.cells  # its value says it
    assert "ended" in row.values
    assert "ended" not in row.texts  # told by other cells, no cell itself
    with connection.cursor() as cursor:
        cursor.execute('SELECT CAST("values" AS TEXT) FROM listings_importrow')
        assert "夜间异味" in cursor.fetchone()[0]
    if (
        connection.vendor == "sqlite"
    ):  # PostgreSQL keeps no half of a letter, and no reader of files lets one through
        row.raw = {"问题概述": "夜间\ud83d"}
        row.save()
        assert type(row).objects.get().raw == row.raw


def test_a_header_of_two_lines_with_merged_cells(bureau, people):
    batch = preview(
        workbook(
            ["序号", "问题来源", "问题情况", "", "所在镇街", "整改"],
            ["", "", "问题概述", "具体问题", "", "完成时限"],
            [
                "D2-01",
                "自查发现",
                "扬尘",
                "裸土未覆盖",
                "北镇",
                (date(NEXT_YEAR, 12, 31) - date(1899, 12, 30)).days,
            ],
            merge=("A1:A2", "B1:B2", "C1:D1", "E1:E2"),
        ),
        people,
    )
    assert not batch.bad.exists()
    values = batch.rows.first().values
    assert (values["title"], values["description"]) == ("扬尘", "裸土未覆盖")
    assert values["deadline"] == f"{NEXT_YEAR}-12-31"
    assert "日期序号" in batch.rows.first().warnings[0]["message"]


def test_merged_cells_down_a_column_count_for_every_row(bureau, people):
    batch = preview(
        workbook(
            ["问题来源", "问题概述", "所在镇街"],
            ["自查发现", "甲", "北镇"],
            ["自查发现", "乙", ""],
            merge=("C2:C3",),
        ),
        people,
    )
    assert [row.texts["area_code"] for row in batch.rows.all()] == ["北镇", "北镇"]


def test_a_header_pointed_at_once_is_remembered(bureau, people):
    content = workbook(["来源", "啥问题", "镇街"], ["自查发现", "甲", "北镇"])
    with pytest.raises(Refused, match="缺少必填的列：问题"):
        preview(content, people)
    assert preview(content, people, chosen={"啥问题": "title"}).bad.count() == 0
    assert preview(content, people).bad.count() == 0


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.xlsx", b"", "空的"),
        ("a.xlsx", b"PK\x03\x04 broken", "打不开"),
        ("a.csv", b"\x00\x01\x02\x03" * 9, "不是文本"),
        ("a.csv", "甲,乙\n1,2\n".encode(), "没有找到表头"),
        ("a.csv", "来源,问题概述,镇街\n".encode(), "没有数据"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(bureau, people, name, content, why):
    with pytest.raises(Refused, match=why):
        preview(content, people, name)


def test_an_import_is_undone_as_a_whole_and_brought_back(bureau, people):
    rows = [["D3-01", *GOOD[1:]], ["D3-02", *GOOD[1:]], ["D3-03", *GOOD[1:]]]
    batch = preview(workbook(HEADER, *rows), people)
    dispatcher = people["dispatcher"]
    importing.accept(REGISTER, batch.pk, by=dispatcher)
    worked = Problem.objects.get(source_no="D3-02")
    actions.note(worked.pk, "已到现场", by=people["officer"])
    kept = importing.undo(REGISTER, batch.pk, by=dispatcher)
    assert [p.source_no for p in kept] == ["D3-02"]
    assert [p.source_no for p in REGISTER.visible_to(dispatcher)] == ["D3-02"]
    # Withdrawn numbers can be imported again.
    again = preview(workbook(HEADER, rows[0]), people)
    assert again.bad.count() == 0
    assert importing.redo(REGISTER, batch.pk, by=dispatcher) == 2
    assert REGISTER.visible_to(dispatcher).count() == 3
    assert chain.first_broken_overall() is None


def test_a_remark_on_finished_history_keeps_no_one_from_undoing_its_import(bureau, people):
    """As its page says: what is wrong there is taken away with the import and taken in again."""
    dispatcher = people["dispatcher"]
    content = workbook([*HEADER, "销号日期"], [*GOOD, "2026-03-01"])
    batch = importing.preview(REGISTER, "旧.xlsx", content, by=dispatcher, history=True)
    importing.accept(REGISTER, batch.pk, by=dispatcher)
    matter = Problem.objects.get()
    actions.note(matter.pk, "档案在三楼", by=people["officer"])
    assert "请撤销这次导入" in REGISTER.why_settled(matter, dispatcher)
    assert importing.undo(REGISTER, batch.pk, by=dispatcher) == []
    assert not REGISTER.visible_to(dispatcher).exists()


def test_a_file_taken_in_before_is_told_by_the_day_it_was_here(bureau, people):
    night = datetime(2026, 11, 29, 22, 30, tzinfo=UTC)  # the morning of the 30th
    content = workbook(HEADER, GOOD)  # a second one would say the second it was made in
    batch = preview(content, people)
    importing.accept(REGISTER, batch.pk, by=people["dispatcher"], at=night)
    again = preview(content, people)
    assert any("已于 2026-11-30 导入过" in note for note in again.notes)
    with pytest.raises(Refused, match="已于 2026-11-30 导入过"):
        importing.accept(REGISTER, again.pk, by=people["dispatcher"])


def test_what_somebody_merged_into_an_imported_matter_is_not_lost_with_it(
    bureau, people, problem_at
):
    dispatcher = people["dispatcher"]
    rows = [["D3-01", *GOOD[1:]], ["D3-02", *GOOD[1:6], "D3-01"], ["D3-03", *GOOD[1:]]]
    batch = preview(workbook(HEADER, *rows), people)
    importing.accept(REGISTER, batch.pk, by=dispatcher)
    into, genuine = Problem.objects.get(source_no="D3-03"), problem_at()
    actions.merge([genuine.pk], into.pk, by=dispatcher, reason="同一件")
    # What the table itself said to repeat is withdrawn with it.
    assert importing.undo(REGISTER, batch.pk, by=dispatcher) == [into]
    assert {p.source_no for p in REGISTER.visible_to(dispatcher)} == {"D3-03", ""}


def test_a_table_broken_off_half_way_can_be_undone(bureau, people, monkeypatch):
    batch = preview(workbook(HEADER, GOOD), people)
    monkeypatch.setattr(accepting, "_link_repeats", lambda *said: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        importing.accept(REGISTER, batch.pk, by=people["dispatcher"])
    assert REGISTER.visible_to(people["dispatcher"]).count() == 1
    assert importing.undo(REGISTER, batch.pk, by=people["dispatcher"]) == []
    assert not REGISTER.visible_to(people["dispatcher"]).exists()
    assert importing.redo(REGISTER, batch.pk, by=people["dispatcher"]) == 1


def test_a_row_that_repeats_what_its_person_may_not_see_is_taken_in_without_that_link(
    bureau, people, monkeypatch
):
    """What was seen at the preview may be another's when the table is taken in."""

    def unseen(*_said, **_more):
        raise NotVisible("1")

    rows = [["D4-01", *GOOD[1:]], ["D4-02", *GOOD[1:6], "D4-01"]]
    batch = preview(workbook(HEADER, *rows), people)
    monkeypatch.setattr(actions, "merge", unseen)
    assert importing.accept(REGISTER, batch.pk, by=people["dispatcher"]) == (2, 0)
    assert "找不到编号为“D4-01”的原件" in batch.rows.get(key="D4-02").reason


def test_a_duplicate_named_in_the_table_is_merged_and_a_wrong_one_is_refused(bureau, people):
    rows = [
        ["D4-01", *GOOD[1:6], ""],
        ["D4-02", *GOOD[1:6], "D4-01"],
        ["D4-03", *GOOD[1:6], "D9-99"],
    ]
    batch = preview(workbook(HEADER, *rows), people)
    assert importing.accept(REGISTER, batch.pk, by=people["dispatcher"]) == (2, 1)
    assert Problem.objects.get(source_no="D4-02").merged_into.as_problem.source_no == "D4-01"
    assert not Problem.objects.filter(source_no="D4-03").exists()
    batch.refresh_from_db()
    assert "找不到" in str(batch.bad[0].errors)


def test_rows_taken_in_are_not_read_one_by_one(bureau, people):
    def reads(rows: int) -> int:
        table = [[f"D{rows}-{n}", *GOOD[1:]] for n in range(rows)]
        batch = preview(workbook(HEADER, *table), people)
        with CaptureQueriesContext(connection) as asked:
            importing.accept(REGISTER, batch.pk, by=people["dispatcher"])
        assert batch.rows.exclude(made=None).count() == rows
        return sum(
            q["sql"].startswith("SELECT") and "listings_importrow" in q["sql"] for q in asked
        )

    assert reads(2) == reads(9)


def test_history_is_taken_in_with_as_many_questions_for_many_rows_as_for_few(bureau, people):
    def asked_of(rows: int) -> int:
        table = [[f"D{rows}-{n}", *GOOD[1:], "推进中"] for n in range(rows)]
        batch = preview(workbook([*HEADER, "完成情况"], *table), people, history=True)
        with CaptureQueriesContext(connection) as asked:
            importing.accept(REGISTER, batch.pk, by=people["dispatcher"])
        assert batch.rows.exclude(made=None).count() == rows
        return len(asked)

    asked_of(3)  # what is asked once a process
    assert asked_of(8) == asked_of(30)


def test_an_import_broken_off_goes_on_where_it_stopped(bureau, people, monkeypatch):
    rows = [[f"D6-{n:02d}", *GOOD[1:]] for n in range(5)]
    batch = preview(workbook(HEADER, *rows), people)
    monkeypatch.setattr(accepting, "HISTORY_PORTION", 2)
    dispatcher = people["dispatcher"]
    clean = Cleaner(REGISTER, REGISTER.import_asks, dispatcher, ())
    looked_at, _made = accepting._portion(REGISTER, batch.pk, dispatcher, timezone.now(), clean)
    assert len(looked_at) == 2
    assert Problem.objects.count() == 2
    assert importing.accept(REGISTER, batch.pk, by=dispatcher) == (5, 0)
    assert sorted(Problem.objects.values_list("source_no", flat=True)) == [r[0] for r in rows]


@pytest.mark.parametrize("history", [True, False])
def test_search_entries_of_an_import_say_what_the_kept_rows_say(bureau, people, history):
    rows = [[*GOOD, "推进中"], ["D8-2", "信访投诉", "重庆路扬尘", "北镇", "", "", "", ""]]
    batch = preview(workbook([*HEADER, "完成情况"], *rows), people, history=history)
    assert importing.accept(REGISTER, batch.pk, by=people["dispatcher"]) == (2, 0)
    kept = SearchEntry.objects.filter(kind=SearchEntry.Kind.MATTER).order_by("target")
    anew = [entry_of(SearchEntry.Kind.MATTER, own) for own in Problem.objects.order_by("pk")]
    fields = [f.attname for f in SearchEntry._meta.concrete_fields if not f.primary_key]
    assert [[getattr(e, f) for f in fields] for e in kept] == [
        [getattr(e, f) for f in fields] for e in anew
    ]


def test_a_table_is_announced_once_not_row_by_row(bureau, people):
    rows = [[f"D7-{n}", *GOOD[1:]] for n in range(4)]
    batch = preview(workbook(HEADER, *rows), people, who="officer")
    importing.accept(REGISTER, batch.pk, by=people["officer"])
    notice = Notice.objects.get(person=people["dispatcher"])
    assert "导入 4 件" in notice.text


def test_only_the_uploader_accepts_and_strangers_know_nothing_of_it(bureau, people):
    batch = preview(workbook(HEADER, GOOD), people, who="officer")
    with pytest.raises(NotVisible):
        importing.accept(REGISTER, batch.pk, by=people["town"])
    with pytest.raises(Refused, match="上传人"):
        importing.accept(REGISTER, batch.pk, by=people["dispatcher"])
    importing.accept(REGISTER, batch.pk, by=people["officer"])
    with pytest.raises(Refused, match="已经处理过"):
        importing.accept(REGISTER, batch.pk, by=people["officer"])


def test_a_town_imports_only_into_its_own_area(bureau, people):
    row = ["D5-01", "自查发现", "垃圾", "南镇", "", "", ""]
    batch = preview(workbook(HEADER, row), people, who="town")
    assert "不是您范围内的行政区划" in messages(batch.rows.first())["area_code"]


def test_a_register_without_a_template_takes_no_table(bureau, people):
    with pytest.raises(Refused, match="不能从表格导入"):
        importing.preview(CASES, "a.csv", b"x", by=people["dispatcher"])


def test_the_template_filled_with_its_example_is_accepted(bureau, people):
    batch = preview(importing.template(REGISTER), people)
    assert not batch.bad.exists()


def test_the_pages_of_an_import(client, bureau, people):
    client.force_login(people["dispatcher"])
    upload = io.BytesIO(workbook(HEADER, GOOD, ["D1-02", "不明", "x", "北镇", "", "", ""]))
    upload.name = "问题.xlsx"
    sent = client.post(reverse("book-import", args=["problem"]), {"file": upload})
    shown = client.get(sent["Location"]).content.decode()
    assert "不是来源类别的可选值" in shown
    pk = ImportBatch.objects.get().pk
    client.post(reverse("book-import-act", args=["problem", pk, "accept"]))
    assert Problem.objects.count() == 1
    assert client.get(reverse("book-import-errors", args=["problem", pk])).status_code == 200
    client.post(reverse("book-import-act", args=["problem", pk, "undo"]))
    assert not REGISTER.visible_to(people["dispatcher"]).exists()
    client.force_login(people["officer"])
    assert client.get(sent["Location"]).status_code == 404
    client.force_login(people["enterprise"])
    assert client.get(reverse("book-import", args=["problem"])).status_code == 403
