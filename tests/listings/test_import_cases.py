"""Ledgers that people tripped over, each with the outcome that is right. The contents are invented."""

from __future__ import annotations

import io
from datetime import date

import lxml.html
import openpyxl
import pytest
from django.urls import reverse
from tests.small_county import SOUTH

from ecoledger.accounts.models import Person
from ecoledger.listings import importing
from ecoledger.listings.importing import remembered
from ecoledger.listings.models import ImportBatch
from ecoledger.listings.refusals import Refused
from ecoledger.registers.problems.problem_ledger import REGISTER, Problem

HEAD = (
    "原编号",
    "来源类别",
    "问题",
    "具体情况",
    "属地",
    "类别",
    "整改措施",
    "责任单位",
    "整改时限",
)


def row(number="", title="河道岸线堆放垃圾", deadline=None, source="自查发现"):
    return (number, source, title, "桥下左岸堆放", "北镇", "固体废物", "清运", None, deadline)


def sheet(*rows, name="Sheet", book=None, change=None):
    book = book or openpyxl.Workbook()
    page = book.active if name == "Sheet" else book.create_sheet(name)
    for cells in rows:
        page.append(list(cells))
    if change:
        change(page)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def preview(bureau, people):
    def make(content, name="台账.xlsx", **more):
        content = content.encode() if isinstance(content, str) else content
        return importing.preview(REGISTER, name, content, by=people["dispatcher"], **more)

    return make


@pytest.fixture
def accept(people):
    def make(batch, **more):
        return importing.accept(REGISTER, batch.pk, by=people["dispatcher"], **more)

    return make


def said(batch, number):
    found = batch.rows.get(number=number)
    return "；".join(e["message"] for e in [*found.errors, *found.warnings])


def test_a_number_that_became_a_date_is_refused_as_long_numbers_are(preview):
    batch = preview(
        sheet(
            HEAD,
            row(date(2026, 3, 1)),
            row(1.2345678901234567e17),
            row("9.1350582E+17"),
            row("3-1"),
        )
    )
    assert [r.number for r in batch.bad] == [2, 3, 4]
    assert all("文本" in said(batch, n) for n in (2, 3, 4))


def test_one_number_however_it_is_typed(preview):
    batch = preview(
        sheet(
            HEAD, row("K-01", "甲"), row("K-01\u200b", "乙"), row("Ｋ－01", "丙"), row("k-01", "丁")
        )
    )
    assert [r.number for r in batch.bad] == [3, 4, 5]
    assert "与第 2 行相同" in said(batch, 3)


def test_a_number_in_the_book_is_known_however_it_is_typed(preview, accept):
    accept(preview(sheet(HEAD, row("K-01", "甲"))))
    again = preview(sheet(HEAD, row("ｋ－０１ ", "乙")))
    assert "已在台账中" in said(again, 2)
    assert again.rows.get().repeats_of == Problem.objects.get().number


@pytest.mark.parametrize(
    ("written", "day", "warned"),
    [
        ("2026年12月31日前完成", date(2026, 12, 31), False),
        ("2027/12/31 0:00:00", date(2027, 12, 31), False),
        ("2026年12月底前", date(2026, 12, 31), True),
        ("2027.8", date(2027, 8, 31), True),
        ("2027年第一季度", date(2027, 3, 31), True),
        ("立行立改", None, True),
        ("长期坚持", None, True),
        ("尽快", None, True),
        ("26.12.31", date(2026, 12, 31), True),
        ("27-3-1前", date(2027, 3, 1), True),
        (46752, date(2027, 12, 31), True),
        ("2016-12-31", date(2016, 12, 31), True),
        ("2100-01-01", date(2100, 1, 1), True),
        (date(2099, 12, 31), date(2099, 12, 31), True),
    ],
)
def test_deadlines_as_they_are_written_are_read_and_odd_ones_questioned(
    preview, accept, written, day, warned
):
    batch = preview(sheet(HEAD, row("D-1", deadline=written)))
    assert batch.bad.count() == 0, said(batch, 2)
    assert bool(batch.rows.get().warnings) is warned
    accept(batch)
    assert Problem.objects.get().deadline == day


@pytest.mark.parametrize(
    "written", ["12月底前", "2026-02-30", "下周", "9999-12-31", "0001-01-01", "26.13.31"]
)
def test_what_is_no_deadline_is_refused_with_the_way_to_write_it(preview, written):
    batch = preview(sheet(HEAD, row("D-1", deadline=written)))
    assert batch.bad.count() == 1
    assert written in said(batch, 2)


def test_formulas_without_results_and_error_cells_are_reported(preview):
    batch = preview(
        sheet(
            HEAD, row("F-1", deadline="=DATE(2026,12,31)"), row("F-2", deadline="#N/A"), row("F-3")
        )
    )
    assert "I2" in said(batch, 2)
    assert "#N/A" in said(batch, 3)
    assert [r.number for r in batch.good] == [4]


def test_every_sheet_is_read_and_it_is_said(preview):
    book = openpyxl.Workbook()
    book.active.title = "封面"
    book.active.append(["某县台账"])
    sheet(HEAD, row("S-1"), row("S-2"), name="大气", book=book)
    batch = preview(sheet(HEAD, row("S-11"), row("S-1"), name="水", book=book))
    assert [(r.sheet, r.number, r.wrong) for r in batch.rows.all()] == [
        ("大气", 2, False), ("大气", 3, False), ("水", 2, False), ("水", 3, True),
    ]  # fmt: skip
    assert "大气、水" in "".join(batch.notes)
    assert "封面" in "".join(batch.notes)
    assert "大气!2" in batch.bad.get().errors[0]["message"]


def test_rows_that_look_like_notes_are_kept_or_listed(preview):
    batch = preview(
        sheet(
            ("问题", "来源类别", "具体情况", "属地", "类别", "整改时限", "原编号"),
            ("说明书印刷厂废气扰民", "自查发现", "夜间异味", "北镇", "大气", "2027-12-31", "Z-01"),
            ("制表厂门前污水横流", "自查发现", "污水横流", "北镇", "水", "2027-12-31", "Z-02"),
            ("合计砂场扬尘", "自查发现", "扬尘", "北镇", "大气", "2027-12-31", "Z-03"),
            ("扬尘", "扬尘", "扬尘", "扬尘", "扬尘", "扬尘", "扬尘"),
            ("合计", "3件"),
            ("填表人：甲",),
        )
    )
    assert [r.number for r in batch.rows.all()] == [2, 3, 4, 5]
    assert [(n, why) for _s, n, why in batch.left_out] == [
        (1, "header"),
        (6, "total"),
        (7, "footer"),
    ]


def test_hidden_rows_are_said(preview):
    def hide(page):
        page.row_dimensions[3].hidden = True

    batch = preview(sheet(HEAD, row("H-1"), row("H-2"), change=hide))
    assert "第 3 行" in "".join(batch.notes)


def test_a_blank_far_below_makes_no_rows(preview):
    def blank(page):
        page["D20000"] = " "

    assert preview(sheet(HEAD, row("E-1"), row("E-2"), change=blank)).rows.count() == 2


def test_a_stray_mark_costs_its_row_alone(preview):
    batch = preview(
        '原编号,来源类别,问题,属地\nQ-1,自查发现,"三角地"垃圾,北镇\nQ-2,自查发现,"断头路扬尘,北镇\nQ-3,自查发现,丙,北镇\n',
        "a.csv",
    )
    assert [r.number for r in batch.bad] == [3]
    assert "引号" in said(batch, 3)
    assert batch.rows.get(number=2).texts["title"] == '"三角地"垃圾'


@pytest.mark.parametrize("delimiter", ["\t", ";", ",", "，"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.xls"])
def test_text_of_any_kind(preview, delimiter, encoding, name):
    lines = [
        delimiter.join(str(c or "") for c in cells) for cells in (HEAD, row("T-1"), row("T-2"))
    ]
    batch = preview("\r\n".join(lines).encode(encoding), name)
    assert (batch.good.count(), batch.bad.count()) == (2, 0)


def test_html_named_xls_is_read(preview):
    cells = ["".join(f"<td>{c or ''}</td>" for c in line) for line in (HEAD, row("X-1"))]
    page = f"<html><table>{''.join(f'<tr>{line}</tr>' for line in cells)}</table></html>"
    assert preview(page, "a.xls").good.count() == 1


def test_a_duplicate_names_a_row_above_or_below_it_but_not_itself(preview, accept):
    head = ("原编号", "来源类别", "问题", "属地", "重复于")
    batch = preview(
        sheet(
            head,
            ("DUP-2", "自查发现", "重复件", "北镇", "dup-1"),
            ("DUP-1", "自查发现", "原件", "北镇", None),
            ("DUP-3", "自查发现", "自己重复自己", "北镇", "DUP-3"),
            ("DUP-4", "自查发现", "没有的原件", "北镇", "DUP-9"),
        )
    )
    assert [r.number for r in batch.bad] == [4, 5]
    assert accept(batch) == (2, 2)
    assert Problem.objects.get(source_no="DUP-2").merged_into.as_problem.source_no == "DUP-1"


def test_the_same_file_again_goes_on_only_on_purpose(preview, accept, client, people):
    content = sheet(HEAD, row("", "河道垃圾甲"), row("", "河道垃圾乙"))
    accept(preview(content))
    again = preview(content, "副本.xlsx")
    assert "导入过" in "".join(again.notes)
    with pytest.raises(Refused, match="导入过"):
        accept(again)
    assert Problem.objects.count() == 2
    client.force_login(people["dispatcher"])
    shown = client.get(reverse("book-import-batch", args=["problem", again.pk])).content.decode()
    assert 'name="again"' in shown
    assert accept(again, again=True) == (2, 0)


def test_the_same_rows_saved_anew_go_on_only_on_purpose(preview, accept):
    """Another blank row, another sort of file: other bytes, and nothing new."""
    rows = [row("", "河道垃圾甲"), row("", "河道垃圾乙")]
    accept(preview(sheet(HEAD, *rows)))
    text = "\n".join(",".join(cell or "" for cell in cells) for cells in (HEAD, *rows))
    for content, name in ((sheet(HEAD, *rows, ()), "台账.xlsx"), (text, "台账.csv")):
        again = preview(content, name)
        assert "内容完全相同" in said(again, 2)
        with pytest.raises(Refused, match="导入过"):
            accept(again)
    more = preview(sheet(HEAD, *rows, row("", "河道垃圾丙")))
    assert ["完全相同" in said(more, n) for n in (2, 3, 4)] == [True, True, False]
    assert accept(more) == (3, 0)


def test_rows_without_a_number_that_say_the_same_are_pointed_out(preview):
    batch = preview(sheet(HEAD, row("", "甲"), row("", "甲"), row("", "乙")))
    assert "完全相同" in said(batch, 3)
    assert batch.rows.get(number=3).repeats_of == "Sheet!2"
    assert batch.bad.count() == 0


def test_a_town_sees_only_its_own_areas_in_the_words_offered(preview, client, people):
    batch = preview(
        sheet(HEAD, row("W-1", source="某处来的"), row("W-2", source="某处来的"), row("W-3"))
    )
    assert batch.unknown["origin_kind"] == {"某处来的": 2}
    client.force_login(people["dispatcher"])
    address = reverse("book-import-batch", args=["problem", batch.pk])
    assert "某处来的 × 2" in client.get(address).content.decode()
    client.post(address, {"word:origin_kind:0": "superior"})
    batch.refresh_from_db()
    assert batch.bad.count() == 0
    assert batch.rows.first().values["origin_kind"] == "superior"
    # What a word means is remembered for the next file.
    assert preview(sheet(HEAD, row("W-9", source="某处来的"))).bad.count() == 0


def test_a_column_is_pointed_at_in_the_preview_and_remembered(preview, client, people):
    head = [*HEAD[:7], "谁来管", HEAD[8]]
    batch = preview(sheet(head, (*row("C-1")[:7], "北镇人民政府", None)))
    assert batch.mapping["谁来管"] == ""
    client.force_login(people["dispatcher"])
    place = list(batch.mapping).index("谁来管")
    address = reverse("book-import-batch", args=["problem", batch.pk])
    # The page itself asks what the column is, and offers those of the template.
    form = lxml.html.fromstring(client.get(address).content)
    assert "owner_organisation" in form.xpath(f"//select[@name='header:{place}']/option/@value")
    client.post(address, {f"header:{place}": "owner_organisation"})
    batch.refresh_from_db()
    assert batch.rows.get().values["owner_organisation"] == "北镇人民政府"
    assert (
        preview(sheet(head, (*row("C-2")[:7], "北镇人民政府", None))).mapping["谁来管"]
        == "owner_organisation"
    )


def pointed(batch, by, **words):
    importing.recheck(REGISTER, batch, by=by, words=words)
    return batch


def test_what_somebody_said_a_word_means_holds_for_his_own_unit_only(preview, people):
    """A colleague's table is read so too, and says so; another unit's stays as it is written."""
    table = sheet(HEAD, row("W-1", source="某处来的"))
    town, desk = people["town"], people["dispatcher"]
    own = importing.preview(REGISTER, "镇.xlsx", table, by=town)
    pointed(own, town, origin_kind={"某处来的": "superior"})
    assert "某处来的 → 上级交办" in said(own, 2)
    assert preview(table).unknown["origin_kind"] == {"某处来的": 1}
    pointed(preview(table), desk, origin_kind={"某处来的": "self"})
    assert importing.preview(REGISTER, "队.xlsx", table, by=people["officer"]).good.count() == 1
    # Each keeps his own word, and may say another one.
    again = importing.preview(REGISTER, "镇二.xlsx", table, by=town)
    assert again.rows.get().values["origin_kind"] == "superior"
    pointed(again, town, origin_kind={"某处来的": "self"})
    assert (
        importing.preview(REGISTER, "镇三.xlsx", table, by=town).rows.get().values["origin_kind"]
        == "self"
    )


def test_people_of_firms_are_remembered_for_themselves(people):
    firm = people["enterprise"]
    other = Person.objects.create(username="other", name="另一人", organisation=firm.organisation)
    remembered.keep_word(REGISTER, "origin_kind", "某处", "self", firm)
    remembered.keep_header(REGISTER, "啥问题", "title", firm)
    assert remembered.words(REGISTER, firm) == {"origin_kind": {"某处": "self"}}
    assert remembered.headers(REGISTER, firm) == {"啥问题": "title"}
    for stranger in (other, people["dispatcher"], None):
        assert not remembered.words(REGISTER, stranger)
        assert not remembered.headers(REGISTER, stranger)


def test_a_name_that_is_found_by_itself_is_never_read_as_something_else(preview, people):
    town, desk = people["town"], people["dispatcher"]
    for by in (town, desk):
        for word in ("北镇", "北街道片区"):
            remembered.keep_word(REGISTER, "area_code", word, SOUTH, by)
    table = sheet(HEAD, row("W-1"), (*row("W-2")[:4], "北街道片区", *row("W-2")[5:]))
    batch = preview(table)
    assert batch.rows.get(number=2).values["area_code"] == "北镇"
    assert not batch.rows.get(number=2).warnings
    # What it was read as stands beside the cell.
    assert batch.rows.get(number=3).values["area_code"] == SOUTH
    assert f"北街道片区 → 南镇（{SOUTH}）" in said(batch, 3)
    # Where that is not the reader's to choose, the word is as unknown as before.
    own = importing.preview(REGISTER, "镇.xlsx", table, by=town)
    assert [r.number for r in own.bad] == [3]


def test_a_column_that_bears_its_own_name_is_never_another(preview, people):
    for header, column in (("问题描述", "title"), ("责任单位", ""), ("来源类别", "")):
        remembered.keep_header(REGISTER, header, column, people["dispatcher"])
    own = next(str(c.ask.label) for c in REGISTER.import_columns if c.name == "owner_organisation")
    head = [own if cell == "责任单位" else cell for cell in HEAD]
    remembered.keep_header(REGISTER, own, "", people["dispatcher"])
    mapping = preview(sheet([*head, "问题描述"], (*row("C-1"), "长文"))).mapping
    assert mapping[own] == "owner_organisation"
    assert mapping["问题"] == "title"


def test_what_is_confirmed_is_what_was_seen(preview, accept):
    first, second = preview(sheet(HEAD, row("A-1", "甲"))), preview(sheet(HEAD, row("B-1", "乙")))
    accept(first)
    assert [p.title for p in Problem.objects.all()] == ["甲"]
    assert ImportBatch.objects.get(pk=second.pk).state == "preview"


def test_every_row_is_kept_refused_or_left_out(preview):
    rows = [
        ("某县台账",),
        HEAD,
        row("R-1"),
        row("R-1"),
        ("小计", "1件"),
        (),
        row("R-2", deadline="下周"),
        ("注：完",),
    ]
    batch = preview(sheet(*rows))
    left = {number for _sheet, number, _why in batch.left_out}
    told = left | {r.number for r in batch.rows.all()}
    assert told == {1, 2, 3, 4, 5, 7, 8}
    assert (batch.good.count(), batch.bad.count(), len(left)) == (1, 2, 4)


def test_what_cannot_have_begun_and_ended_so_is_said_before_it_is_taken_in(preview, accept):
    head = ("原编号", "来源类别", "问题", "属地", "登记日期", "办结日期", "完成情况")
    rows = (
        ("H-1", "自查发现", "甲", "北镇", "2025-03-01", "2025-04-01", "已完成"),
        ("H-2", "自查发现", "乙", "北镇", "2025-05-01", "2025-04-01", "已完成"),
        ("H-3", "自查发现", "丙", "北镇", "2025-05-01", "2199-04-01", "已完成"),
        ("H-4", "自查发现", "丁", "北镇", "2199-05-01", "", "整改中"),
        ("H-5", "自查发现", "戊", "北镇", "2025-05-01", "2025-05-01", "已完成"),
    )
    batch = preview(sheet(head, *rows), history=True)
    assert [row.number for row in batch.bad] == [3, 4, 5]
    assert "登记日期在办结日期之后" in said(batch, 3)
    assert "办结日期在今天之后" in said(batch, 4)
    assert "登记日期在今天之后" in said(batch, 5)
    assert accept(batch) == (2, 3)


def test_an_earlier_ledger_keeps_rows_whose_dates_nobody_can_read(preview, accept):
    head = ("原编号", "来源类别", "问题", "属地", "整改时限", "完成情况")
    batch = preview(
        sheet(head, ("H-1", "自查发现", "甲", "北镇", "下个月", "已完成")), history=True
    )
    assert batch.bad.count() == 0, said(batch, 2)
    assert "“下个月”读不出日期" in said(batch, 2)
    assert batch.rows.get().texts["deadline"] == "下个月"
    assert accept(batch) == (1, 0)
    assert Problem.objects.get().deadline is None


@pytest.mark.parametrize("number", ["3月1日", "1-Mar", True])
def test_a_number_that_became_something_else_in_a_text_is_refused_by_cell(preview, number):
    batch = preview(sheet(HEAD, row(number), row("T-01"), row("T—02")))
    assert [r.number for r in batch.rows.all() if r.wrong] == [2]


def test_hyphens_written_otherwise_are_one_number(preview):
    batch = preview(sheet(HEAD, row("T-01"), *(row(f"T{dash}01") for dash in "—–‑－")))
    assert [r.wrong for r in batch.rows.order_by("number")] == [False] + [True] * 4


def test_cells_merged_over_rows_are_said(preview):
    def merge(page):
        page.merge_cells("C2:C3")

    batch = preview(sheet(HEAD, row("M-1"), row("M-2", title=None), change=merge))
    assert "“问题”有合并的单元格" in "".join(batch.notes)
    assert batch.rows.count() == 2


def test_a_second_table_below_is_read_by_its_own_header(preview):
    turned = ("问题", "原编号", "来源类别", "属地", "整改措施")
    batch = preview(
        sheet(
            HEAD,
            row("A-1"),
            HEAD,
            row("A-2"),
            ("二、补报",),
            turned,
            ("乱堆", "B-1", "自查发现", "北镇", "清运"),
        )
    )
    rows = [(r.raw["原编号"], r.raw["问题"], r.section) for r in batch.rows.order_by("number")]
    assert rows == [
        ("A-1", "河道岸线堆放垃圾", ""),
        ("A-2", "河道岸线堆放垃圾", ""),
        ("B-1", "乱堆", "二、补报"),
    ]
    assert "2 张表" in "".join(batch.notes)
    assert [why for _s, _n, why in batch.left_out] == ["header", "header", "title", "header"]


def test_a_second_table_beside_is_not_lost(preview):
    head = ("原编号", "来源类别", "问题", "属地")
    with pytest.raises(Refused, match="并排"):
        preview(
            sheet(
                (*head, None, *head),
                ("A-1", "自查发现", "甲", "北镇", None, "B-1", "自查发现", "乙", "北镇"),
            )
        )
    batch = preview(sheet((*HEAD, "问题"), (*row("A-1"), "另一个问题")))
    assert batch.mapping["问题（第10列）"] == ""
    assert batch.rows.get().raw["问题（第10列）"] == "另一个问题"
