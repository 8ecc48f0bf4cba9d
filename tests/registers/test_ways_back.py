"""What was judged stands as it was judged; where it was wrong from the beginning, a step leads back to put it right."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone
from tests.registers.steps import amend, paper, perform

from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.models import Event
from ecoledger.matters.register import all_registers
from ecoledger.registers.air_sources.mobile import BLACK_SMOKE
from ecoledger.registers.approval.document_reviews import REGISTER as DOCUMENTS
from ecoledger.registers.enforcement.production_orders import REGISTER as ORDERS
from ecoledger.registers.water.compensation import MONTHS
from ecoledger.registers.water.compensation_models import CompensationAppeal, CompensationLine
from ecoledger.registers.water.traces import TRACES

pytestmark = pytest.mark.django_db
COUNTY, NORTH = "990101", "990101001"


@pytest.fixture(autouse=True)
def evidence(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "evidence"


def reached(workflow, begin, without=frozenset()):
    """The states to which steps lead from those of ``begin``, they themselves included."""
    seen, todo = set(begin), list(begin)
    while todo:
        for way in workflow.leaving(todo.pop()):
            if way.name not in without and way.target and way.target not in seen:
                seen.add(way.target)
                todo.append(way.target)
    return seen


def test_from_whatever_is_open_and_judged_a_way_leads_back_before_that():
    """But where what was decided is issued: an order runs, and is revoked."""
    closed = {}
    for register in all_registers():
        workflow = register.workflow
        if not workflow.judging or register.settled is not None or not register.judged:
            continue
        before = reached(workflow, {workflow.initial.name}, workflow.judging)
        firsts = [t for t in workflow.transitions if t.name in workflow.judging and set(t.sources) & before]  # fmt: skip
        begun = {state for way in firsts for state in way.sources}
        after = reached(workflow, {way.target for way in firsts if way.target})
        if stuck := {s for s in after if workflow.state(s).open and not reached(workflow, {s}) & begun}:  # fmt: skip
            closed[register.key] = stuck
    assert closed == {"production_order": {"decided", "running", "released", "again"}}


def test_a_plate_that_was_misread_is_put_right_and_read_by_two_again(bureau):
    monitor, officer = bureau.monitor, bureau.officer
    caught = {
        "title": "国道卡口抓拍", "area_code": NORTH, "plate": "闽C12345", "caught_at": timezone.now(), "ringelmann": 3,
    }  # fmt: skip
    row = actions.open_matter(BLACK_SMOKE, caught, by=monitor)
    perform(row, "first", monitor)
    row = perform(
        row, "correct", officer, {"plate": "闽C12346", "ringelmann": "3", "reason": "末位误识"}
    )
    assert (row.state, row.plate) == ("new", "闽C12346")
    plates = [event.form.get("plate") for event in Event.objects.filter(matter=row).order_by("pk")]
    assert plates == ["闽C12345", None, "闽C12346"]
    perform(row, "first", monitor)
    assert perform(row, "send", officer, {"told": "已推送"}).state == "sent"


def test_an_order_is_narrowed_when_it_is_decided_and_told_again_where_its_ground_changes(bureau):
    officer, leader = bureau.officer, bureau.leader
    values = {
        "title": "超标排放",
        "kind": "limit",
        "party": "某厂",
        "area_code": NORTH,
        "scale": "全厂减产",
    }
    row = actions.open_matter(ORDERS, values, by=officer)
    perform(row, "approve", leader, {"ground": "excess", "scale": "全厂减产"})
    ORDERS.model.objects.filter(pk=row.pk).update(
        state="deciding", notice_served_on=date(2026, 1, 5)
    )
    with pytest.raises(Refused, match="须重新告知"):
        perform(row, "decide", leader, {"scale": "一车间减产"})
    narrower = {"scale": "一车间减产", "narrowed": "二车间已改正"}
    decided = perform(row, "decide", leader, narrower)
    assert "原告知：全厂减产" in decided.events.last().form["narrowed"]
    assert (decided.state, decided.scale) == ("decided", "一车间减产")

    other = actions.open_matter(ORDERS, values, by=officer)
    perform(other, "approve", leader, {"ground": "excess", "scale": "全厂减产"})
    ORDERS.model.objects.filter(pk=other.pk).update(
        state="deciding",
        notice_served_on=date(2026, 1, 5),
        statement="不服",
        statement_answer="采纳",
    )
    told = perform(other, "tell_again", leader, {"reason": "改变情形"})
    assert (told.state, told.notice_served_on, told.statement) == ("telling", None, "")
    assert amend(other, leader, ground="total").ground == "total"


def test_points_are_decided_as_they_were_told(bureau):
    clerk, chief = bureau.approver, bureau.people["section_chief"]
    row = actions.open_matter(DOCUMENTS, {"title": "某报告表", "area_code": NORTH, "year": 2026}, by=clerk)  # fmt: skip
    marks = [{"id": m.pk, "name": m.name, "full": m.full, "score": m.full} for m in row.marks.all()]
    actions.set_lines(row.pk, "marks", marks, by=clerk)
    found = {"opinion": "源强偏小", "fault": "criticism", "clause": "第二十六条", "points": "3"}
    perform(row, "score", clerk, found)
    with pytest.raises(Refused):
        perform(row, "tell", clerk, {"points": "0"})
    perform(row, "tell", clerk)
    told = Event.objects.filter(matter=row, transition="tell").get().form
    assert (told["fault"], told["clause"], told["points"]) == ("criticism", "第二十六条", 3)
    decided = perform(row, "decide", chief, {"statement": "无异议", "points": "20"})
    assert (decided.state, decided.points) == ("done", 3)


def test_a_month_of_the_wrong_county_is_sent_back_until_a_town_has_objected(bureau):
    desk, leader = bureau.people["dispatcher"], bureau.leader
    row = actions.open_matter(MONTHS, {"month": date(2026, 5, 1), "area_code": COUNTY}, by=desk)
    MONTHS.model.objects.filter(pk=row.pk).update(state="published", published_on=date(2026, 6, 5))
    back = perform(row, "return", leader, {"reason": "月份有误"})
    assert (back.state, back.published_on) == ("new", None)

    MONTHS.model.objects.filter(pk=row.pk).update(state="published")
    line = CompensationLine.objects.create(of=back, section=bureau.section)
    CompensationAppeal.objects.create(
        register="compensation_appeal", number="A1", title="申诉", line=line
    )
    with pytest.raises(Refused, match="申诉"):
        perform(row, "return", leader, {"reason": "月份有误"})


def test_who_else_was_suspected_is_cleared_after_the_source_was_found(bureau):
    desk = bureau.people["dispatcher"]
    seen = {"title": "河水发黑", "area_code": NORTH, "seen_at": timezone.now()}
    thing = {"thing": bureau.enterprise.code, "distance_km": "1"}
    row = actions.open_matter(TRACES, seen, by=desk, lines={"suspects": [thing]})
    TRACES.model.objects.filter(pk=row.pk).update(state="tracing")
    found = {"source": bureau.enterprise.code, "basis": "同源"}
    perform(row, "locate", bureau.monitor, found, paper())
    (listed,) = row.suspects.all()
    kept = thing | {"id": listed.pk, "verdict": "cleared", "found": "已查"}
    actions.set_lines(row.pk, "suspects", [kept], by=desk)
    assert row.suspects.get().verdict == "cleared"
    with pytest.raises(Refused):
        actions.set_lines(row.pk, "suspects", [], by=desk)
