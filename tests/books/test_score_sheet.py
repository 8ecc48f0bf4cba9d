"""Score sheets: the standardised assessment of hazardous-waste firms, scored, published, objected to, locked."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from tests.conftest import COUNTY, NORTH, SOUTH

from ecoledger.accounts import acting
from ecoledger.books import score_sheet as sheets
from ecoledger.books.models import Mark, Score, ScoreRound
from ecoledger.books.score_sheet import Grade, Item, Measured, ScoreSheet
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import DeclarationError
from ecoledger.listings.refusals import Refused

D = Decimal
pytestmark = pytest.mark.django_db
RATES = {"E-1": D("100"), "E-2": D("88.5"), "E-3": None}


def declaration_rate(firm, first, last):
    value = RATES[firm.code]
    return Measured(value, "" if value is None else f"{value}%", f"/enterprises/{firm.pk}")


@pytest.fixture
def firms(db):
    return [
        Enterprise.objects.create(code=f"E-{n}", name=f"{n}号厂", area_code=NORTH)
        for n in (1, 2, 3)
    ]


@pytest.fixture
def assessment(declared, firms):
    return declared(
        ScoreSheet(
            key="test_assessment",
            label="危险废物规范化评估",
            items=(
                Item("marks", "识别标志", D(20), "HJ 1276"),
                Item("plan", "管理计划", D(30), veto=True),
                Item(
                    "declared",
                    "申报率",
                    D(50),
                    source="declaration_rate",
                    steps=((D(0), D(0)), (D(60), D(30)), (D(100), D(50))),
                ),
            ),
            grades=(Grade("达标", D(80)), Grade("基本达标", D(60)), Grade("不达标", D(0))),
            sources={"declaration_rate": declaration_rate},
            scores=lambda area: Enterprise.objects.filter(area_code__startswith=area),
            columns=("name", "begin", "end", "state"),
        )
    )


@pytest.fixture
def year(assessment, people):
    return sheets.begin(
        assessment,
        "2025年度",
        COUNTY,
        date(2025, 1, 1),
        date(2025, 12, 31),
        by=people["dispatcher"],
    )


@pytest.fixture
def soon():
    return timezone.localdate() + timedelta(days=7)


def mark(year, code, item):
    return Mark.objects.get(score__round=year, score__entity__code=code, item=item)


def give(sheet, year, person, code, **marks):
    for item, value in marks.items():
        sheets.give(sheet, mark(year, code, item), D(value), by=person, reason="现场检查")


def score(year, code):
    return Score.objects.get(round=year, entity__code=code)


def test_totals_grades_and_a_veto(assessment, year, people):
    person = people["officer"]
    give(assessment, year, person, "E-1", marks=20, plan=30)
    give(assessment, year, person, "E-2", marks="15.5", plan=0)
    first, second = score(year, "E-1"), score(year, "E-2")
    assert (first.total, first.grade, first.vetoed) == (100, "达标", "")
    # 88.5 reaches the step of 60, not that of 100.
    assert (second.total, second.grade, second.vetoed) == (D("45.5"), "不达标", "管理计划")


def test_what_lacks_data_is_shown_and_not_ranked(assessment, year, people):
    for code in ("E-1", "E-2", "E-3"):
        give(assessment, year, people["officer"], code, marks=20, plan=30)
    places, apart = sheets.ranking(year)
    assert [(p.score.entity.code, p.rank, p.margin) for p in places] == [
        ("E-1", 1, None),
        ("E-2", 2, D(20)),
    ]
    assert [(s.entity.code, s.missing, s.grade) for s in apart] == [("E-3", 1, "")]


def test_a_grade_is_by_the_share_of_what_could_be_reached(assessment, year, people, monkeypatch):
    # Nobody has data for the rate: 45 of the other 50 marks are 90 of 100, not 45.
    for code in ("E-1", "E-2", "E-3"):
        monkeypatch.setitem(RATES, code, None)
    sheets.compute(assessment, year)
    for code, marks in (("E-1", 20), ("E-2", 15), ("E-3", 0)):
        give(assessment, year, people["officer"], code, marks=marks, plan=30 if marks else 10)
    assert sheets.full_marks(year) == 50
    grades = [(score(year, f"E-{n}").total, score(year, f"E-{n}").grade) for n in (1, 2, 3)]
    assert grades == [(50, "达标"), (45, "达标"), (10, "不达标")]


def test_equal_totals_share_a_rank(assessment, year, people, monkeypatch):
    monkeypatch.setitem(RATES, "E-2", D(100))
    monkeypatch.setitem(RATES, "E-3", D(70))
    sheets.compute(assessment, year)
    for code in ("E-1", "E-2", "E-3"):
        give(assessment, year, people["officer"], code, marks=20, plan=30)
    assert [p.rank for p in sheets.ranking(year)[0]] == [1, 1, 3]


def test_computed_marks_are_not_edited_and_lost_ones_need_a_reason(assessment, year, people):
    person = people["officer"]
    with pytest.raises(Refused, match="由系统计算"):
        sheets.give(assessment, mark(year, "E-1", "declared"), D(50), by=person, reason="")
    with pytest.raises(Refused, match="扣分没有写明依据"):
        sheets.give(assessment, mark(year, "E-1", "marks"), D(10), by=person, reason=" ")
    with pytest.raises(Refused, match="0—20"):
        sheets.give(assessment, mark(year, "E-1", "marks"), D(21), by=person, reason="")


def test_an_objection_is_answered_by_another_person_and_changes_the_marks(
    assessment, year, people, soon
):
    give(assessment, year, people["officer"], "E-2", marks=20, plan=30)
    with pytest.raises(Refused, match="不在异议期"):
        sheets.object_to(mark(year, "E-2", "declared"), "已补报", by=people["enterprise"])
    sheets.publish(assessment, year, soon, by=people["dispatcher"])
    with pytest.raises(Refused, match="不再重算"):
        sheets.compute(assessment, year)
    objection = sheets.object_to(mark(year, "E-2", "declared"), "已补报", by=people["enterprise"])
    ScoreRound.objects.update(objections_until=date(2026, 1, 31))
    with pytest.raises(Refused, match="还有 1 条异议"):
        sheets.lock(assessment, year, by=people["leader"])
    with pytest.raises(Refused, match="自己提出"):
        sheets.answer(assessment, objection, by=people["enterprise"], text="是", marks=D(50))
    with acting.by(people["enterprise"]), pytest.raises(Refused, match="自己提出"):
        sheets.answer(assessment, objection, by=people["dispatcher"], text="是", marks=D(50))
    for beyond in (D(99999), D(-50)):
        with pytest.raises(Refused, match="应在 0—50 分之间"):
            sheets.answer(assessment, objection, by=people["dispatcher"], text="属实", marks=beyond)
    answered = sheets.answer(
        assessment, objection, by=people["dispatcher"], text="核实已补报", marks=D(50)
    )
    assert (answered.upheld, answered.marks_before) == (True, 30)
    assert score(year, "E-2").total == 100
    assert sheets.lock(assessment, year, by=people["leader"]).state == "locked"


def test_a_round_is_published_when_its_span_is_over_and_locked_by_another_after_the_objections(
    assessment, year, people, soon
):
    today = timezone.localdate()
    ScoreRound.objects.update(end=today)
    with pytest.raises(Refused, match="才结束"):
        sheets.publish(assessment, year, soon, by=people["dispatcher"])
    ScoreRound.objects.update(end=today - timedelta(days=1))
    with pytest.raises(Refused, match="早于今天"):
        sheets.publish(assessment, year, today - timedelta(days=1), by=people["dispatcher"])
    sheets.publish(assessment, year, today, by=people["dispatcher"])
    with pytest.raises(Refused, match="异议期到"):
        sheets.lock(assessment, year, by=people["leader"])
    ScoreRound.objects.update(objections_until=today - timedelta(days=1))
    with pytest.raises(Refused, match="两人"):
        sheets.lock(assessment, year, by=people["dispatcher"])
    assert sheets.lock(assessment, year, by=people["leader"]).state == "locked"


def test_a_round_keeps_the_items_it_was_scored_by(assessment, year):
    assert [item.full for item in sheets.items_of(year)] == [20, 30, 50]
    assert year.items[2]["steps"][2] == ["100", "50"]


def test_places_are_scored_by_their_codes(declared, people):
    sheet = declared(
        ScoreSheet(
            key="test_towns",
            label="镇街考核",
            items=(Item("a", "空气质量", D(10), source="one", steps=((D(0), D(10)),)),),
            sources={"one": lambda place, first, last: Measured(D(1))},
            scores=lambda area: [NORTH, SOUTH],
            columns=("name",),
        )
    )
    row = sheets.begin(
        sheet, "2026上半年", COUNTY, date(2026, 1, 1), date(2026, 6, 30), by=people["leader"]
    )
    assert list(row.scores.values_list("area_code", "total")) == [(NORTH, 10), (SOUTH, 10)]


def test_an_item_of_an_unknown_source_is_refused_when_declared():
    with pytest.raises(DeclarationError, match="no source"):
        ScoreSheet(
            key="wrong",
            label="错",
            items=(Item("a", "甲", D(1), source="none", steps=((D(0), D(1)),)),),
            sources={},
            scores=lambda area: [],
            columns=("name",),
        )


def test_who_is_scored_finds_the_round_in_the_list_from_its_publication_on(
    assessment, year, firms, people, soon
):
    """The round is of the county; a town whose firm is scored lists it once it is public, and another does not."""
    town = people["town"]
    assert not assessment.visible_to(town).exists()
    sheets.publish(assessment, year, soon, by=people["leader"])
    assert list(assessment.visible_to(town)) == [year]
    Enterprise.objects.filter(pk__in=[f.pk for f in firms]).update(area_code=SOUTH)
    Score.objects.filter(round=year).update(area_code=SOUTH)
    assert not assessment.visible_to(town).exists()
