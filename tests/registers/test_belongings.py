"""Rows of a judged matter stand with it, also in the list that they have of their own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone
from tests.registers.steps import barred, paper, perform

from ecoledger.accounts.models import Person
from ecoledger.listings import importing
from ecoledger.listings.importing import checking
from ecoledger.matters import actions, history
from ecoledger.registers.creation.criteria import CRITERIA, ITEMS, Criterion
from ecoledger.registers.creation.projects import PROJECTS, Kind, Level
from ecoledger.registers.office.discipline import MEASURES, REGISTER, RULES

pytestmark = pytest.mark.django_db
COUNTY = "990101"


@pytest.fixture(autouse=True)
def evidence(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "evidence"


@pytest.fixture
def second(bureau):
    leader = bureau.leader
    person = Person(
        username="second", name="副局长", roles=leader.roles, area_codes=leader.area_codes
    )
    person.organisation = leader.organisation
    person.set_unusable_password()
    person.save()
    return person


def problem(bureau, title):
    return actions.open_matter(REGISTER, {"title": title, "area_code": COUNTY}, by=bureau.leader)


def test_measures_and_rules_of_a_closed_problem_stand(bureau, second):
    leader, now = bureau.leader, timezone.now()
    closed, going = problem(bureau, "已改"), problem(bureau, "在改")
    table = f"问题编号,措施\n{closed.number},建立制度\n".encode()
    batch = checking.preview(MEASURES, "措施.csv", table, by=leader)
    importing.accept(MEASURES, batch.pk, by=leader)
    measure = closed.measures.get()
    elsewhere = MEASURES.open_row({"problem": going, "text": "另一条"}, leader, now)
    rule = RULES.open_row({"problem": closed, "name": "制度"}, leader, now)
    MEASURES.change_row(measure, {"owner": "某科"}, leader, now)

    perform(closed, "apply", leader, {"result": "完成"}, paper())
    perform(closed, "close", second, {"checked": "好"})
    for change in ({"text": "改了"}, {"done_on": date(2020, 1, 1)}, {"problem": going}):
        assert "已销号" in barred(MEASURES.change_row, measure, change, leader, now)
    assert "已销号" in barred(RULES.change_row, rule, {"name": "别的"}, leader, now)
    barred(MEASURES.change_row, elsewhere, {"problem": closed}, leader, now)
    barred(MEASURES.open_row, {"problem": closed, "text": "新增"}, leader, now)
    kept = importing.undo(MEASURES, batch.pk, by=leader)
    assert kept == [measure]

    again = checking.preview(MEASURES, "再.csv", f"问题编号,措施\n{closed.number},又一条\n".encode(), by=leader)  # fmt: skip
    (row,) = again.rows.all()
    assert "已销号" in str(row.errors)

    perform(closed, "reopen", leader, {"reason": "反弹"})
    MEASURES.change_row(measure, {"text": "改了"}, leader, now)
    assert closed.measures.get().text == "改了"


def test_rows_of_finished_history_come_and_go_by_a_table_and_stand_otherwise(bureau):
    leader, now = bureau.leader, timezone.now()
    past = {"title": "旧问题", "area_code": COUNTY, "closed_at": now}
    (closed,) = history.enter(REGISTER, [past], by=leader, source="旧.xlsx")
    table = f"问题编号,措施\n{closed.number},建立制度\n".encode()
    batch = checking.preview(MEASURES, "措施.csv", table, by=leader)
    importing.accept(MEASURES, batch.pk, by=leader)
    measure = closed.measures.get()
    assert "已销号" in barred(MEASURES.change_row, measure, {"text": "改了"}, leader, now)
    assert "已销号" in barred(MEASURES.open_row, {"problem": closed, "text": "手填"}, leader, now)
    assert importing.undo(MEASURES, batch.pk, by=leader) == []


@pytest.mark.parametrize("ended", [True, False])
def test_rows_of_history_that_two_persons_closed_here_stand(bureau, second, ended):
    leader, now = bureau.leader, timezone.now()
    past = {"title": "旧问题", "area_code": COUNTY, "opened_at": now, "ended": ended}
    (row,) = history.enter(REGISTER, [past], by=leader, source="旧.xlsx")
    table = f"问题编号,措施\n{row.number},建立制度\n".encode()
    batch = checking.preview(MEASURES, "措施.csv", table, by=leader)
    importing.accept(MEASURES, batch.pk, by=leader)
    if ended:
        perform(row, "reopen", leader, {"reason": "反弹"})
    perform(row, "apply", leader, {"result": "完成"}, paper())
    perform(row, "close", second, {"checked": "好"})
    row.refresh_from_db()
    assert importing.undo(MEASURES, batch.pk, by=leader) == list(row.measures.all())
    again = checking.preview(MEASURES, "再.csv", f"问题编号,措施\n{row.number},又一条\n".encode(), by=leader)  # fmt: skip
    assert "已销号" in str(again.rows.get().errors)
    assert "历史台账" not in actions.why_settled(row, leader)


def project(bureau, title):
    values = {"title": title, "area_code": COUNTY, "kind": Kind.RIVER, "rank": Level.COUNTY, "year": 2026}  # fmt: skip
    row = actions.open_matter(PROJECTS, values, by=bureau.people["dispatcher"])
    return perform(row, "start", bureau.leader)


def test_what_a_self_assessment_rests_on_stands_from_it_on(bureau):
    desk, monitor, leader = bureau.people["dispatcher"], bureau.monitor, bureau.leader
    now = timezone.now()
    assessed, other = project(bureau, "甲河"), project(bureau, "乙河")
    item = ITEMS.open_row({"project": assessed, "list": "task", "name": "清淤", "department": "某镇"}, desk, now)  # fmt: skip
    for criterion in assessed.criteria.all():
        CRITERIA.change_row(criterion, {"met": True}, monitor, now)
        proof = actions.attach(assessed.pk, paper(), by=desk, text="佐证")
        criterion.proofs.add(*proof)
    criterion = Criterion.objects.filter(project=assessed).first()
    loose = Criterion.objects.filter(project=other).first()

    perform(assessed, "assess", desk, {"self_marks": Decimal(95)}, paper())
    for row, book, change in (
        (criterion, CRITERIA, {"met": False}),
        (criterion, CRITERIA, {"project": other, "number": "99"}),
        (loose, CRITERIA, {"project": assessed, "number": "99"}),
        (item, ITEMS, {"progress": "过半"}),
    ):
        barred(book.change_row, row, change, desk, now)
    barred(ITEMS.open_row, {"project": assessed, "list": "work", "name": "新", "department": "某镇"}, desk, now)  # fmt: skip

    perform(assessed, "return", leader, {"reason": "补充"})
    ITEMS.change_row(item, {"progress": "过半"}, desk, now)
    CRITERIA.change_row(criterion, {"measure": "再改"}, desk, now)

    perform(assessed, "assess", desk, {}, paper())
    perform(assessed, "accept", leader, {"opinion": "好"})
    perform(
        assessed,
        "name",
        leader,
        {"named_on": f"{timezone.localdate()}", "named_no": "1号"},
        paper(),
    )
    barred(CRITERIA.change_row, criterion, {"met": False}, desk, now)
    perform(assessed, "due", leader)
    criterion.refresh_from_db()
    # Looked at again after three years, it is measured anew.
    CRITERIA.change_row(criterion, {"measure": "复核"}, desk, now)
