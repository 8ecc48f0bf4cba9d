"""A work summary: sentences from figures, the template the bureau edits, checks before issue, reissue with differences."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone, translation
from docx import Document
from pypdf import PdfReader
from tests.daily_values import put_air, span

from ecoledger.entities.models import Area
from ecoledger.indicators import (
    of_registers,
    own_rules,
    scorecards,
    scoring,
    targets,
    warning_rules,
)
from ecoledger.indicators.declaring import Span
from ecoledger.indicators.figures import Change, Figure
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.models import Circulation, Matter
from ecoledger.monitoring.computing import evaluate
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.office.discipline import REGISTER as DISCIPLINE
from ecoledger.registers.plan.target_book import TARGETS, PlanTarget
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.publicity.articles import ARTICLES
from ecoledger.reports import checking, drafting, letter_file, named_figures, opening, rendering
from ecoledger.reports.content import Section, Statement, Table
from ecoledger.reports.models import LetterTemplate
from ecoledger.reports.summary import MONTHLY, WEEKLY, YEARLY

pytestmark = pytest.mark.django_db
COUNTY = "990101"
OCTOBER = date(2026, 10, 1)


@pytest.fixture
def month(files, people, october):
    for level, n in (("national", 4), ("provincial", 23), ("city", 84), ("", 5)):
        values = {
            "on": date(2026, 10, 9),
            "title": f"{level}稿件",
            "level": level,
            "pieces": n,
            "area_code": COUNTY,
        }
        ARTICLES.open_row(values, people["dispatcher"], timezone.now())
    values = {
        "book": "2026年责任书", "year": 2026, "area_code": COUNTY, "number": "1", "name": "优良天数比例",
        "kind": "binding", "comparator": ">=", "target": 97, "unit": "%", "indicator": "good_day_ratio",
    }  # fmt: skip
    TARGETS.open_row(values, people["dispatcher"], timezone.now())
    return drafting.begin_report(MONTHLY, COUNTY, OCTOBER, by=people["leader"])


def text_of(content: bytes) -> str:
    return "\n".join(p.text for p in Document(BytesIO(content)).paragraphs)


def test_sentences_are_written_from_figures_that_open_their_records(month):
    bulletin = rendering.report_of(month, "试")
    # Nobody has written what comes next, so that there is no heading for it.
    headings = [s.heading for s in bulletin.sections]
    assert headings == ["一、环境质量指标完成情况", "二、重点工作进展情况", "三、存在的主要问题"]
    said = checking.text_of(bulletin)
    assert (
        "2026年10月，全县有效监测30天（日历31天），其中优良天数24天、污染天数6天，优良天数比例80.0%，同比"
        in said
    )
    # A month is not laid beside the year's target.
    assert "年度目标不低于" not in said
    assert "{" not in said
    figures = {f.label: f for f in bulletin.figures()}
    assert figures["优良天数比例"].parts == "24/30"
    assert figures["优良天数比例"].records.kind == "air-days"
    assert figures["媒体发表文章"].records.query["indicator"] == "article.media"
    assert all(f.records for f in figures.values())
    assert len(figures) > 20
    assert any(isinstance(part, Change) for part in bulletin.parts())


def test_what_people_write_begins_with_what_the_data_name(month):
    assert "优良天数比例为80.0%，目前未达到目标（不低于97%）。" in month.words["存在问题"]
    said = checking.text_of(rendering.report_of(month, "试"))
    assert "（1）优良天数比例为80.0%" in said


def test_it_is_chinese_whatever_language_its_writer_reads_the_pages_in(month, people, client):
    PlanTarget.objects.update(reported=85)
    with translation.override("en"):
        draft = drafting.begin_report(YEARLY, COUNTY, OCTOBER, by=people["leader"])
        assert translation.get_language() == "en"
    said = "优良天数比例为80.0%（填报85%），目前未达到目标（不低于97%）。"
    assert said in draft.words["存在问题"]
    client.force_login(people["leader"])
    client.cookies["django_language"] = "en"
    page = client.get(reverse("draft", args=[draft.pk])).content.decode()
    assert ">30天</a>（日历" in page
    assert ">Submit</button>" in page


def test_a_month_with_too_few_valid_days_is_not_judged(files, store, bureau, people):
    first = date(2026, 9, 1)
    put_air(store, evaluate.area_point(COUNTY), {day: {} for day in span(first, 4)})
    month = drafting.begin_report(MONTHLY, COUNTY, first, by=people["leader"])
    said = checking.text_of(rendering.report_of(month, "试"))
    assert "2026年9月，全县有效监测4天（日历30天），有效天数不足，不作月评价。" in said
    assert "综合指数" not in said
    assert "平均浓度" not in said
    assert "没有在册治理工程。二是" in said
    week = drafting.begin_report(WEEKLY, COUNTY, first, by=people["leader"])
    said = checking.text_of(rendering.report_of(week, "试"))
    assert "优良天数比例100.0%" in said
    assert "空气质量有效天数4天，少于6天，所列评价数字仅供参考。" in said


def test_both_years_are_judged_by_one_edition_and_a_note_says_so(month):
    """70 µg/m³ of PM2.5, last year's October, was good by the standard of then and is not by today's."""
    bulletin = rendering.report_of(month, "试")
    said = checking.text_of(bulletin)
    assert "优良天数比例80.0%，同比上升80.0个百分点" in said
    assert "优良天数比例的同比和上年同期数，两期统一按HJ 633-2026计算；" in said
    assert "上年同期为100.0%，同比下降20.0个百分点。" in said
    (note,) = [b for s in bulletin.sections for b in s.blocks if getattr(b, "note", False)]
    assert str(note).count("注：") == 1
    assert "环境空气质量综合指数的同比和上年同期数，两期统一按" in str(note)


def test_parts_that_do_not_come_to_the_total_are_flagged_before_issue(month):
    found = checking.findings(rendering.report_of(month, "试"))
    parts = [f for f in found if f.kind == "parts"]
    # 未分级 is said, so that the sentence adds up; without it the five are missed.
    assert parts == []
    text = checking.text_of(rendering.report_of(month, "试")).replace("、未分级5篇", "")
    from ecoledger.indicators.plan.checking import check

    [one] = [f for f in check(text) if f.kind == "parts"]
    assert (one.stated, one.computed) == ("116", "111")


def test_no_figure_of_a_book_that_only_some_may_see_is_said_to_readers_of_documents(month, people):
    values = {"title": "整改一条", "area_code": COUNTY}
    actions.open_matter(DISCIPLINE, values, by=None)
    draft = drafting.begin_report(YEARLY, COUNTY, OCTOBER, by=people["leader"])
    rows = [
        row["台账"]
        for row in named_figures.rows_of(
            "台账表", named_figures.Asked(COUNTY, Span(date(2026, 1, 1), date(2027, 1, 1)))
        )
    ]
    assert str(DISCIPLINE.label) not in rows
    assert not [name for name in named_figures.named() if name.startswith("巡察整改")]
    said = checking.text_of(rendering.report_of(draft, "试"))
    assert str(DISCIPLINE.label) not in said
    assert "台账表不含限定知悉范围的台账" in draft.content["said"]["数字说明"]


def test_a_summary_of_one_town_leaves_out_figures_of_cases_that_only_some_may_know_of(
    month, bureau, people
):
    town = bureau.towns[0].code
    case = actions.open_matter(CASES, {"title": "某厂偷排", "area_code": town}, by=None)
    name = named_figures.variable(f"{CASES.label}在办")

    def told(area):
        asked = named_figures.Asked(area, Span(date(2026, 1, 1), date(2099, 1, 1)))
        named = named_figures.gathered([name, f"{name}_有"], asked).named
        rows = [row["台账"] for row in named_figures.rows_of("台账表", asked)]
        return named[name].value, named[f"{name}_有"], str(CASES.label) in rows

    assert told(COUNTY) == (1, "有", True)
    assert told(town) == (None, "限定知悉范围", False)
    draft = drafting.begin_report(YEARLY, town, OCTOBER, by=people["leader"])
    assert "涉及限定知悉范围事项的数字不列" in draft.content["said"]["数字说明"]
    # What is not told is not denied either, nor is a sentence made of dashes; a heading without text is none.
    said = checking.text_of(rendering.report_of(draft, "试"))
    assert "没有立案" not in said
    assert "一是严格执法监管。有关数字不列。" in said
    assert "—，" not in said
    assert "下一步工作打算" not in said
    Matter.objects.filter(pk=case.pk).update(circulation=Circulation.STAFF)
    assert told(town) == (1, "有", True)


def test_a_town_s_target_tells_no_figure_of_cases_that_only_some_may_know_of(
    bureau, people, client
):
    town = bureau.towns[0].code
    before = timezone.now() - timedelta(days=2)
    actions.open_matter(CASES, {"title": "某厂偷排", "area_code": town}, by=None, at=before)
    target = PlanTarget.objects.create(
        book="镇街责任书", year=timezone.localdate().year, area_code=town, number="1", name="在办案件", kind="binding",
        comparator="<=", target=0, weight=5, unit="件", indicator=f"{CASES.key}.in_hand",
    )  # fmt: skip

    def shown(name):
        client.force_login(people[name])
        book = client.get(reverse("target-book"), {"year": target.year})
        one = client.get(reverse("target", args=[target.pk]))
        (group,) = book.context["groups"]
        (standing,) = group["rows"]
        assert ("限定知悉范围" in book.content.decode()) is standing.untold
        assert one.context["standing"].met is standing.met
        listed = client.get("/b/plan_target").content.decode()
        assert f"{CASES.key}.in_hand" not in listed
        assert "?sort=year" in listed
        assert f"{target.year} 1 在办案件" == str(target)
        told = standing.figure.value, standing.met, standing.score, standing.rest
        return told, (group["lacking"], group["untold"]), book.context["marks"].lacking

    assert shown("monitor") == ((None, None, None, ""), (0, 1), 0)
    assert shown("leader") == ((1, False, 0, ""), (0, 0), 0)
    begin = date(target.year, 1, 1)
    asked = named_figures.Asked(town, Span(begin, date(target.year + 1, 1, 1)))
    (row,) = named_figures.rows_of("目标表", asked)
    assert (row["现值"].value, row["结论"]) == (None, "不列")
    assert named_figures.untold(row.values())
    # A book that only some may see is told in no document, of the whole county neither.
    kept = {"area_code": COUNTY, "indicator": f"{DISCIPLINE.key}.in_hand"}
    PlanTarget.objects.filter(pk=target.pk).update(**kept)
    (row,) = named_figures.rows_of("目标表", replace(asked, area_code=COUNTY))
    assert (row["现值"].value, row["结论"]) == (None, "不列")


def test_no_rule_score_or_short_board_tells_a_town_s_cases_that_only_some_may_know_of(
    files, bureau, people, settings, client
):
    town, today = bureau.towns[0].code, timezone.localdate()
    before = timezone.now() - timedelta(days=2)
    case = actions.open_matter(CASES, {"title": "某厂偷排", "area_code": town}, by=None, at=before)
    rule = {
        "label": "在办案件", "measure": "notice", "indicator": f"{CASES.key}.in_hand", "per": "month", "over": "towns",
        "worse_than": "999", "times": "1", "reply_days": "10",
    }  # fmt: skip
    own_rules.write_warnings([rule], by=people["leader"])
    target = PlanTarget.objects.create(
        book="镇街责任书", year=today.year, area_code=town, number="1", name="在办案件", kind="binding",
        comparator="<=", target=0, weight=5, unit="件", indicator=f"{CASES.key}.in_hand",
    )  # fmt: skip

    def told():
        broken = {b.area_code for b in warning_rules.breaches(COUNTY, today)}
        found = scoring.source(rule["indicator"])(town, today, today)
        return town in broken, (found.value, found.text)

    assert told() == (False, (None, "限定知悉范围"))
    client.force_login(people["leader"])
    answer = client.post(reverse("target-short", args=[target.pk]), follow=True)
    assert "现值属限定知悉范围，不能列为短板" in answer.content.decode()
    assert not Matter.objects.filter(register="short_board").exists()
    Matter.objects.filter(pk=case.pk).update(circulation=Circulation.STAFF)
    assert told() == (True, (1, "在办1件"))
    # No rule rests on a book that only some may see.
    with pytest.raises(Refused, match="依据指标"):
        own_rules.write_warnings(
            [rule | {"indicator": f"{DISCIPLINE.key}.in_hand"}], by=people["leader"]
        )


def test_a_target_that_stands_in_two_books_is_told_with_its_book(month, people, client):
    values = {
        "book": "三年行动方案", "year": 2026, "area_code": COUNTY, "number": "9", "name": "优良天数比例",
        "kind": "expected", "comparator": ">=", "target": 95, "unit": "%", "indicator": "good_day_ratio",
    }  # fmt: skip
    TARGETS.open_row(values, people["dispatcher"], timezone.now())
    for book in ("三年行动方案", "2026年责任书"):
        PlanTarget.objects.create(
            book=book, year=2026, area_code=COUNTY, number="8", name="噪声", kind="expected",
            comparator="<=", target=55, unit="dB(A)", reported=60,
        )  # fmt: skip
    client.force_login(people["leader"])
    page = client.get("/targets/book?book=三年行动方案&year=2026").content.decode()
    assert "与别处不同：2026年责任书 97%" in page
    draft = drafting.begin_report(YEARLY, COUNTY, OCTOBER, by=people["leader"])
    shown = [
        str(row[0])
        for section in rendering.report_of(draft, "试").sections
        for block in section.blocks
        if isinstance(block, Table)
        for row in block.rows
    ]
    assert "优良天数比例（三年行动方案）" in shown
    assert "优良天数比例（2026年责任书）" in shown
    # What both say alike stands once, and is of no book.
    assert [name for name in shown if name.startswith("噪声")] == ["噪声"]
    assert draft.words["存在问题"].count("噪声为60 dB(A)，目前未达到目标（不高于55 dB(A)）。") == 1


def test_what_is_in_hand_at_the_end_is_told_apart_from_what_was_entered_in_the_span(month, people):
    for year in (2025, 2026):
        at = timezone.make_aware(datetime(year, 10, 12))
        values = {"title": f"{year}年的问题", "area_code": COUNTY, "origin_kind": "self"}
        actions.open_matter(PROBLEMS, values, by=people["dispatcher"], at=at)
    draft = drafting.begin_report(YEARLY, COUNTY, OCTOBER, by=people["leader"])
    bulletin = rendering.report_of(draft, "试")
    figures = {f.label: f.value for f in bulletin.figures()}
    assert (figures["应整改"], figures["在办"]) == (1, 2)
    assert "（含往年结转），其中超期" in checking.text_of(bulletin)
    assert "办结、在办、超期含往年结转的件" in draft.content["said"]["数字说明"]


def test_a_summary_tells_of_penalties_and_complaints(month, people):
    draft = drafting.begin_report(YEARLY, COUNTY, OCTOBER, by=people["leader"])
    said = checking.text_of(rendering.report_of(draft, "试"))
    assert "（三）执法和信访" in said
    assert "期内没有立案，没有在办案件。" in said


def test_what_the_system_computed_is_no_question_to_the_writer_and_what_he_wrote_is(month):
    figure = next(
        f for f in rendering.report_of(month, "试").figures() if f.label == "优良天数比例"
    )
    computed = Statement(("优良天数比例为", figure, "（优良天数/有效天数：3/6）。"))
    typed = Statement(("检查企业100家，合格90家，合格率80.0%。",))
    bulletin = replace(
        rendering.report_of(month, "试"), sections=(Section("一、情况", (computed, typed)),)
    )
    assert [f.stated for f in checking.findings(bulletin)] == ["80.0%"]


def test_word_pdf_and_table_say_the_same(month, people, sent_out):
    issued = issued_by_others(month, people)
    said = text_of(opening.content(issued, "docx"))
    assert "{" not in said
    assert "\ue000" not in said
    assert "优良天数比例80.0%" in said
    assert "（1）空气质量仍不稳定。" in said
    assert issued.number == f"环总〔{issued.issued_at.year}〕1号"
    pdf = "".join(
        p.extract_text() for p in PdfReader(BytesIO(opening.content(issued, "pdf"))).pages
    )
    assert "80.0%" in pdf.replace(" ", "")
    book = openpyxl.load_workbook(BytesIO(opening.content(issued, "xlsx")))
    cells = [
        str(c.value)
        for sheet in book
        for row in sheet.iter_rows()
        for c in row
        if c.value is not None
    ]
    assert any("优良天数比例80.0%" in c for c in cells)


def issued_by_others(draft, people):
    words = {"存在问题": "空气质量仍不稳定。", "下一步打算": "抓好秋冬攻坚。"}
    drafting.write(draft, words, by=draft.author)
    drafting.submit(draft, by=draft.author)
    drafting.approve(draft, by=people["dispatcher"])
    other = people["leader2"] if "leader2" in people else _second_leader(people)
    drafting.approve(draft, by=other)
    return drafting.issue(draft, by=people["dispatcher"])


def _second_leader(people):
    from ecoledger.accounts.models import Person

    made = Person(username="leader2", name="另一局领导", organisation=people["leader"].organisation)
    made.roles, made.area_codes = ["leader"], [COUNTY]
    made.save()
    return made


def test_an_issued_summary_is_frozen_and_a_reissue_shows_what_differs(month, people):
    issued = issued_by_others(month, people)
    before = opening.content(issued, "docx")
    values = {
        "on": date(2026, 10, 20),
        "title": "补登",
        "level": "city",
        "pieces": 1,
        "area_code": COUNTY,
    }
    ARTICLES.open_row(values, people["dispatcher"], timezone.now())
    assert opening.content(issued, "docx") == before
    again = drafting.begin_report(MONTHLY, COUNTY, OCTOBER, by=people["leader"], replaces=issued)
    from ecoledger.accounts.models import Person

    drafting.write(again, {"下一步打算": "抓好秋冬攻坚。"}, by=again.author)
    drafting.submit(again, by=again.author)
    drafting.approve(again, by=people["dispatcher"])
    drafting.approve(again, by=Person.objects.get(username="leader2"))
    second = drafting.issue(again, by=people["dispatcher"])
    assert second.number == issued.number
    changed = {d["name"]: (d["before"], d["after"]) for d in second.differences}
    assert changed["媒体发表文章"] == ("116篇", "117篇")
    assert changed["市级媒体发表文章"] == ("84篇", "85篇")
    assert "优良天数比例" not in changed


def edited(change) -> bytes:
    """The house's template, changed as a person would in an office program."""
    document = Document(BytesIO(YEARLY.template()))
    change(document)
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_a_template_changed_by_hand_still_renders(month, people):
    def change(document):
        last = next(p for p in document.paragraphs if p.text.startswith("一是加强新闻宣传"))
        last.insert_paragraph_before(
            "全年公开环境信息{{ 宣传稿件公开环境信息 }}，企业在册{{ 企业在册数 }}。"
        )

    content = edited(change)
    assert letter_file.check(content, MONTHLY.examples()).errors == ()
    from django.core.files.base import ContentFile

    row = LetterTemplate(
        kind=MONTHLY.key, version=1, name="改.docx", sha256="0", uploaded_by=people["leader"]
    )
    row.file.save("t.docx", ContentFile(content), save=False)
    row.save()
    draft = drafting.begin_report(MONTHLY, COUNTY, OCTOBER, by=people["leader"])
    assert "全年公开环境信息0条，企业在册" in checking.text_of(rendering.report_of(draft, "试"))
    # The earlier draft keeps the version its figures were locked for.
    assert "企业在册" not in checking.text_of(rendering.report_of(month, "试"))


def test_an_unknown_figure_is_refused_with_its_place(files):
    def change(document):
        target = next(p for p in document.paragraphs if p.text.startswith("一是推进治理工程"))
        target.add_run("另有{{ 优良天数比列 }}。")

    [error] = letter_file.check(edited(change), MONTHLY.examples()).errors
    assert "没有变量“优良天数比列”，是不是“优良天数比例" in error
    assert "段“" in error

    def column(document):
        document.tables[0].rows[2].cells[0].paragraphs[0].add_run("{{ 行.指标名 }}")

    [error] = letter_file.check(edited(column), MONTHLY.examples()).errors
    assert "指标名" in error


def test_a_year_under_way_is_told_up_to_yesterday(files, store, bureau, people):
    draft = drafting.begin_report(YEARLY, COUNTY, timezone.localdate(), by=people["leader"])
    assert draft.content["end"] == timezone.localdate().isoformat()
    assert isinstance(rendering.report_of(draft, "试").figures()[0], Figure)


def test_what_one_town_keeps_back_is_no_difference_of_what_the_others_and_the_county_tell(
    bureau, people
):
    """Its neighbour is kept back with it, whichever of the two it is; a county of one town keeps back its own figure."""
    codes = sorted(town.code for town in bureau.towns)
    assert len(codes) == 2
    third, fourth = (f"{COUNTY}00{n}" for n in (8, 9))
    for code in (third, fourth):
        Area.objects.create(code=code, name=f"{code[-1]}镇", level="town")
    case = actions.open_matter(CASES, {"title": "某厂偷排", "area_code": third}, by=None)

    def back():
        every = [COUNTY, *codes, third, fourth, f"{fourth}001"]
        return {code for code, key in of_registers.kept_back(every) if key == CASES.key}

    assert back() == {third, fourth, f"{fourth}001"}
    Matter.objects.filter(pk=case.pk).update(area_code=fourth)
    assert back() == {third, fourth}
    # Of an odd number of towns the last three go together.
    fifth = Area.objects.create(code=f"{COUNTY}010", name="10镇", level="town")
    assert back() == {third, fourth}
    assert of_registers.kept_back([fifth.code])
    # One that is abolished is nobody's neighbour: it has no figure that could be kept back. Its own case it still hides.
    Area.objects.filter(pk=fifth.pk).update(until=date(2020, 1, 1))
    assert fifth.code not in scorecards.towns(COUNTY)
    Area.objects.filter(code=third).update(until=date(2020, 1, 1))
    assert back() == {*codes, fourth}
    Matter.objects.filter(pk=case.pk).update(area_code=third)
    assert back() & {*codes, fourth} == {fourth}
    Matter.objects.filter(pk=case.pk).update(area_code=fourth)
    Area.objects.filter(code=third).update(until=None)
    fifth.delete()
    found = scoring.source(f"{CASES.key}.in_hand")
    today = timezone.localdate()
    assert [found(code, today, today).value is None for code in (*codes, third, fourth)] == [
        False, False, True, True,
    ]  # fmt: skip
    asked = named_figures.Asked(COUNTY, Span(date(2026, 1, 1), date(2099, 1, 1)))
    name = named_figures.variable(f"{CASES.label}在办")
    assert named_figures.gathered([name], asked).named[name].value == 1
    Area.objects.filter(code__in=[*codes, third]).delete()
    assert back() == {COUNTY, fourth}
    assert named_figures.gathered([name], asked).named[name].value is None


def test_a_town_is_not_measured_by_the_target_of_the_whole_area(files, bureau, settings):
    """A target without an area is the bureau's; a town's document speaks of what is set for the town."""
    own = bureau.towns[0].code
    (settings.PROFILE / "targets.toml").write_text(
        '[[target]]\nindicator = "good_day_ratio"\nyear = 2026\nvalue = 97\n'
        f'[[target]]\nindicator = "good_day_ratio"\nyear = 2026\nvalue = 90\narea = "{own}"\n',
        encoding="utf-8",
    )
    set_for = {
        code: [int(goal.value) for goal in targets.own(code, 2026)]
        for code in (COUNTY, own, bureau.towns[1].code)
    }
    assert list(set_for.values()) == [[97], [90], []]
