"""What two persons decided stays, is free again where it was sent back to, and is nobody's who goes a way round."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from tests.registers.steps import amend, barred, paper, perform

from ecoledger.entities.models import Enterprise, Section
from ecoledger.matters import actions, history, inbox
from ecoledger.registers.approval.document_reviews import REGISTER as DOCUMENTS
from ecoledger.registers.approval.zoning_check import REGISTER as ZONING
from ecoledger.registers.carbon.reports import REPORTS as CARBON
from ecoledger.registers.carbon.sheets import SHEETS
from ecoledger.registers.complaints import proposals
from ecoledger.registers.complaints.register import REGISTER as COMPLAINTS
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.nature.candidates import REGISTER as CANDIDATES
from ecoledger.registers.nature.detections import Deployment
from ecoledger.registers.problems.city_problems import REGISTER as CITY_PROBLEMS
from ecoledger.registers.problems.inspectorate import REGISTER as LETTERS
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.quota.plans import PLANS
from ecoledger.registers.water import compensation

pytestmark = pytest.mark.django_db
COUNTY, NORTH = "990101", "990101001"


@pytest.fixture(autouse=True)
def evidence(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "evidence"


def letter_fed_back(people):
    desk, officer = people["dispatcher"], people["officer"]
    row = actions.open_matter(
        LETTERS, {"title": "转办件", "area_code": NORTH, "letter_no": "D1"}, by=desk
    )
    perform(row, "hand_over", desk, {"owner_organisation": officer.organisation.pk})
    said = {"verdict": "true", "findings": "查明", "goal": "整改"}
    return perform(row, "feed_back", officer, said)


def test_a_letter_is_held_while_its_closing_is_looked_at_and_after_it_is_sent_back(people):
    desk, officer, leader = people["dispatcher"], people["officer"], people["leader"]
    row = letter_fed_back(people)
    perform(row, "apply_close", officer, {"handling": "已办", "standards": "齐"}, paper())
    assert "不再修改" in barred(amend, row, desk, title="另一件")
    perform(row, "return_close", leader, {"reason": "不齐"})
    assert "不再修改" in barred(amend, row, desk, title="另一件")


def test_a_letter_of_another_unit_goes_back_to_be_put_right(people):
    row = letter_fed_back(people)
    perform(row, "return", people["officer"], {"reason": "不属本单位"})
    assert amend(row, people["dispatcher"], address="真地址").address == "真地址"


def test_a_closed_problem_that_is_back_is_entered_anew(people):
    desk, officer = people["dispatcher"], people["officer"]
    row = actions.open_matter(CITY_PROBLEMS, {"title": "问题", "area_code": NORTH}, by=desk)
    perform(row, "hand_over", desk, {"owner_organisation": officer.organisation.pk})
    perform(row, "report", officer, {"result": "已改"}, paper())
    perform(row, "close", desk, {"checked": "好"})
    assert "不再修改" in barred(amend, row, desk, title="另一件")
    perform(row, "rebound", desk, {"reason": "又来了"})
    assert amend(row, desk, title="另一件").title == "另一件"


def appeal(bureau, section, by, area=COUNTY):
    now = timezone.now()
    month, _new = compensation.CompensationMonth.objects.get_or_create(
        register="compensation_month", number="M1", title="五月", month=date(2026, 5, 1), area_code=COUNTY,
        state="published", defaults={"opened_at": now, "state_since": now},
    )  # fmt: skip
    line = compensation.CompensationLine.objects.create(of=month, section=section)
    values = {"line": line, "area_code": area, "description": "不服"}
    return actions.open_matter(compensation.APPEALS, values, by=by), line


def test_an_appeal_is_decided_by_another_and_stays_about_its_section(bureau):
    desk, leader = bureau.people["dispatcher"], bureau.leader
    first = Section.objects.first()
    row, _line = appeal(bureau, first, desk)
    second = Section.objects.create(
        code="S-7", name="乙断面", area_code=NORTH, river=first.river, chainage_km=1
    )
    other, line = appeal(bureau, second, desk)
    assert "另一人" in barred(perform, row, "uphold", desk, {"answer": "成立"})
    perform(row, "uphold", leader, {"answer": "成立"})
    assert "不再修改" in barred(amend, row, desk, line=line)
    assert "不再并入" in barred(actions.merge, [row.pk], other.pk, by=desk, reason="重复")


def test_who_rewrote_what_another_entered_has_entered_it_as_well(bureau):
    town, leader, clerk = bureau.people["town"], bureau.leader, bureau.approver
    row, _line = appeal(bureau, Section.objects.first(), town, NORTH)
    amend(row, leader, description="改写的理由")
    assert "“修改”是您办的" in barred(perform, row, "uphold", leader, {"answer": "成立"})
    leader.roles = [*leader.roles, *clerk.roles]
    leader.save()
    values = {
        "title": "下达", "kind": "issued", "year": 2026, "area_code": COUNTY, "pollutant": "COD",
        "amount": Decimal(10), "paper_no": "1号", "opened_at": timezone.now(),
    }  # fmt: skip
    plan = actions.open_matter(PLANS, values, by=clerk)
    amend(plan, leader, amount=Decimal(1000))
    assert "另一人" in barred(perform, plan, "post", leader)
    [old] = history.enter(PLANS, [values | {"ended": False}], by=leader, source="旧.xlsx")
    assert "另一人" in barred(perform, old, "post", leader)
    assert inbox.waiting(leader).filter(register=PLANS.key).count() == 0


def test_points_are_decided_by_another_than_who_told_them(bureau):
    clerk, chief = bureau.approver, bureau.people["section_chief"]
    chief.roles = [*chief.roles, *clerk.roles]
    chief.save()
    values = {"title": "某报告表", "area_code": NORTH, "year": 2026}
    row = actions.open_matter(DOCUMENTS, values, by=clerk)
    marks = [{"id": m.pk, "name": m.name, "full": m.full, "score": m.full} for m in row.marks.all()]
    actions.set_lines(row.pk, "marks", marks, by=clerk)
    fault = DOCUMENTS.model.Fault.DISCREDIT
    said = {"opinion": "有错", "fault": fault, "clause": "二十六", "points": "3"}
    perform(row, "score", clerk, said)
    perform(row, "tell", chief, {"clause": "别的条款", "points": "20"})
    assert "另一人" in barred(perform, row, "decide", chief)
    assert perform(row, "decide", bureau.leader).points == 20


def test_an_appeal_is_given_up_by_who_brought_it_or_his_unit(bureau):
    town, desk = bureau.people["town"], bureau.people["dispatcher"]
    row, _line = appeal(bureau, Section.objects.first(), town, NORTH)
    assert "提出人" in barred(perform, row, "give_up", desk)
    assert perform(row, "give_up", town).state == "given_up"


def test_who_may_not_change_a_matter_is_told_the_roles_that_may(people):
    desk, place = people["dispatcher"], {"area_code": NORTH, "lon": 118.6, "lat": 24.9}
    check = actions.open_matter(ZONING, {"title": "电镀项目"} | place, by=desk)
    why = barred(amend, check, desk, title="另一个")
    assert "审批人员" in why
    assert "调度人员" not in why


def test_what_waits_for_another_than_who_entered_it_is_not_in_his_inbox(bureau):
    desk, leader = bureau.people["dispatcher"], bureau.leader
    row, _line = appeal(bureau, Section.objects.first(), desk)
    assert row.pk not in {m.pk for m in inbox.waiting(desk)}
    assert row.pk in {m.pk for m in inbox.waiting(leader)}


def test_a_species_that_nobody_screened_is_screened_before_it_is_confirmed(bureau):
    monitor, now = bureau.monitor, timezone.now()
    box = Deployment.objects.create(
        deployment_id="S01", sort="sound", lon=118.6, lat=24.9, area_code=NORTH, begin=now
    )
    values = {"title": "叫声", "deployment": box, "area_code": NORTH, "detected": "x"}
    row = actions.open_matter(CANDIDATES, values, by=monitor)
    perform(row, "reject", monitor, {"reason": "听错"})
    assert perform(row, "screen_again", monitor, {"reason": "再听"}).state == "candidate"
    perform(row, "screen", monitor)
    assert "另一人" in barred(perform, row, "confirm", monitor, {"name": "白鹭"})


def problem(by, entity=None):
    values = {"title": "异味", "area_code": NORTH, "origin_kind": "self", "entity": entity}
    return actions.open_matter(PROBLEMS, values, by=by)


def test_two_firms_are_not_joined_through_what_is_about_none(bureau):
    desk, firm = bureau.people["dispatcher"], bureau.enterprise
    other = Enterprise.objects.create(code="E-2", name="另一家", area_code=NORTH)
    first, second, none = problem(desk, firm), problem(desk, other), problem(desk)
    assert "对象不同" in barred(
        actions.merge, [first.pk, second.pk], none.pk, by=desk, reason="重复"
    )
    actions.merge([second.pk], none.pk, by=desk, reason="重复")
    assert "对象不同" in barred(actions.merge, [none.pk], first.pk, by=desk, reason="重复")
    assert "对象不同" in barred(actions.merge, [first.pk], none.pk, by=desk, reason="重复")


def test_an_unfiled_report_is_merged_and_a_filed_one_is_not(bureau):
    clerk = bureau.approver
    values = {"entity": bureau.enterprise, "industry": "power", "area_code": NORTH}
    rows = [actions.open_matter(CARBON, values | {"year": y}, by=clerk) for y in (2023, 2024, 2025)]
    actions.merge([rows[0].pk], rows[1].pk, by=clerk, reason="重复")
    sheet = {"line": "1", "source": "烟煤", "item": "consumption", "whole": Decimal(100)}
    SHEETS.open_row({"entity": bureau.enterprise, "year": 2024, **sheet}, clerk, timezone.now())
    perform(rows[1], "file", clerk, {"reported": "200"}, paper())
    assert "不再并入" in barred(actions.merge, [rows[1].pk], rows[2].pk, by=clerk, reason="重复")


def test_a_case_that_was_filed_stays_a_case_against_its_party(bureau):
    officer, today = bureau.officer, timezone.localdate()
    other = Enterprise.objects.create(code="E-2", name="另一家", area_code=NORTH)
    values = {
        "title": "超标", "kind": "general", "party": "某厂", "area_code": NORTH, "description": "x",
        "found_on": today - timedelta(days=5), "entity": bureau.enterprise,
    }  # fmt: skip
    row, twin = (actions.open_matter(CASES, values, by=officer) for _n in range(2))
    amend(row, officer, party="某厂有限公司")
    days = {"found_on": f"{today - timedelta(days=5)}", "act_until": f"{today - timedelta(days=6)}"}
    perform(row, "propose_filing", officer, {"description": "x", **days})
    perform(row, "approve_filing", bureau.leader)
    assert amend(row, officer, description="查明").description == "查明"
    assert "不再修改" in barred(amend, row, officer, entity=other)
    assert "不再修改" in barred(amend, row, officer, party="另一家")
    assert "不再并入" in barred(actions.merge, [row.pk], twin.pk, by=officer, reason="重复")


def complaint_reported(people, said):
    desk, officer = people["dispatcher"], people["officer"]
    values = {"channel": "phone", "area_code": NORTH, "description": said, "target": "某厂"}
    row = actions.open_matter(COMPLAINTS, values, by=desk)
    perform(
        row, "accept", desk, {"owner_organisation": officer.organisation.pk, "told": "已电话告知"}
    )
    return perform(row, "report", officer, {"verdict": "true", "findings": "属实"})


def test_a_complaint_that_was_reported_on_is_still_confirmed_as_a_repeat_until_it_is_approved(
    people,
):
    desk, officer = people["dispatcher"], people["officer"]
    first, again, late = (complaint_reported(people, f"臭味{n}") for n in range(3))
    repeats = [
        proposals.Repeat.objects.create(complaint=row, original=first, reasons="同一地址")
        for row in (again, late)
    ]
    perform(late, "answer", officer, {"answer": "已答复"})
    perform(late, "approve", people["leader"])
    done, skipped = proposals.decide([row.pk for row in repeats], same=True, by=desk)
    assert done == 1
    assert "不再并入" in skipped[0]
    again.refresh_from_db()
    assert again.merged_into_id == first.pk


def test_a_complaint_that_was_approved_and_is_done_again_is_merged_away_no_more(people):
    desk, officer = people["dispatcher"], people["officer"]
    row, other = (complaint_reported(people, f"臭味{n}") for n in range(2))
    perform(row, "answer", officer, {"answer": "已答复"})
    perform(row, "approve", people["leader"])
    perform(row, "dissatisfied", desk, {"reason": "还臭"})
    again = {"requirement": "重办", "owner_organisation": officer.organisation.pk}
    perform(row, "redo", people["leader"], again)
    assert "不再并入" in barred(actions.merge, [row.pk], other.pk, by=desk, reason="重复")
    actions.merge([other.pk], row.pk, by=desk, reason="重复")


def test_a_repeat_of_a_complaint_that_was_answered_goes_on_in_it(people):
    desk, officer = people["dispatcher"], people["officer"]
    first = complaint_reported(people, "臭味")
    perform(first, "answer", officer, {"answer": "已答复"})
    perform(first, "approve", people["leader"])
    values = {"channel": "phone", "area_code": NORTH, "description": "臭味", "target": "某厂"}
    again = actions.open_matter(COMPLAINTS, values, by=desk)
    assert actions.merge([again.pk], first.pk, by=desk, reason="重复").pk == first.pk


def test_who_brought_back_what_two_persons_ended_does_not_make_it_away(people):
    desk, officer, leader = people["dispatcher"], people["officer"], people["leader"]
    row = actions.open_matter(CITY_PROBLEMS, {"title": "问题", "area_code": NORTH}, by=desk)
    perform(row, "hand_over", desk, {"owner_organisation": officer.organisation.pk})
    perform(row, "return", officer, {"reason": "不属本单位"})
    perform(row, "hand_over", desk, {"owner_organisation": officer.organisation.pk})
    perform(row, "report", officer, {"result": "已改"}, paper())
    perform(row, "close", desk, {"checked": "好"})
    perform(row, "rebound", leader, {"reason": "又来了"})
    row.refresh_from_db()
    assert "另一人" in barred(perform, row, "void", leader, {"reason": "不成立"})
    assert "void" not in {t.name for t in actions.available(row, leader)}
    assert perform(row, "void", desk, {"reason": "不成立"}).state == "void"


def test_two_firms_are_not_joined_by_naming_the_firm_afterwards(bureau):
    desk, firm = bureau.people["dispatcher"], bureau.enterprise
    other = Enterprise.objects.create(code="E-2", name="另一家", area_code=NORTH)
    within, none = problem(desk, firm), problem(desk)
    actions.merge([within.pk], none.pk, by=desk, reason="重复")
    assert "另一个对象" in barred(amend, none, desk, entity=other)
    assert amend(none, desk, entity=firm).entity_id == firm.pk


def test_who_answered_for_what_was_closed_and_by_when_stands(people):
    desk, officer = people["dispatcher"], people["officer"]
    row = actions.open_matter(CITY_PROBLEMS, {"title": "问题", "area_code": NORTH}, by=desk)
    perform(row, "hand_over", desk, {"owner_organisation": officer.organisation.pk})
    perform(row, "report", officer, {"result": "已改"}, paper())
    assert amend(row, desk, deadline=date(2026, 12, 1)).deadline == date(2026, 12, 1)
    perform(row, "close", desk, {"checked": "好"})
    assert "整改时限" in barred(amend, row, people["leader"], deadline=date(2027, 1, 1))
    assert "不再修改" in barred(amend, row, desk, owner_organisation=None)


def test_what_came_in_as_finished_history_is_put_right_by_its_table_alone(people):
    officer, then = people["officer"], timezone.now() - timedelta(days=300)
    facts = {"title": "超标", "party": "某厂", "area_code": NORTH, "opened_at": then}
    [case] = history.enter(CASES, [facts | {"closed_at": then}], by=officer, source="旧台账.xlsx")
    assert "不再修改" in barred(amend, case, officer, party="另一家")
    evidence_item = {
        "name": "笔录",
        "copies": "1",
        "obtained_on": "2026-01-05",
        "provider": "某厂",
        "proves": "超标",
    }
    assert "不再修改" in barred(actions.set_lines, case.pk, "items", [evidence_item], by=officer)
    assert amend(case, officer, party_address="大道1号").party_address == "大道1号"
    [open_still] = history.enter(
        CASES, [facts | {"ended": False}], by=officer, source="旧台账.xlsx"
    )
    assert amend(open_still, officer, party="某厂有限公司").party == "某厂有限公司"
