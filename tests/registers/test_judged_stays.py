"""What was put before a second person stays as it was, whoever manages it, until it is sent back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import lxml.html
import pytest
from django.urls import reverse
from django.utils import timezone
from tests.registers.steps import amend, barred, paper, perform

from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions, history, timeline
from ecoledger.registers.approval import agencies
from ecoledger.registers.approval.document_reviews import REGISTER as DOCUMENTS
from ecoledger.registers.approval.permit_review import REGISTER as PERMIT_REVIEWS
from ecoledger.registers.approval.permits import Permit
from ecoledger.registers.complaints.register import REGISTER as COMPLAINTS
from ecoledger.registers.credit.batches import BATCHES
from ecoledger.registers.credit.subsidies import SUBSIDIES
from ecoledger.registers.nature.candidates import REGISTER as CANDIDATES
from ecoledger.registers.nature.detections import Deployment
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.soil import land
from ecoledger.registers.soil.parcels import Parcel
from ecoledger.registers.soil.soil_reports import REPORTS
from ecoledger.registers.waste.manifests import MANIFEST
from ecoledger.registers.water import compensation

pytestmark = pytest.mark.django_db
COUNTY, NORTH = "990101", "990101001"


@pytest.fixture(autouse=True)
def evidence(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "evidence"
    settings.PROFILE = tmp_path


def subsidy(bureau, firm=None):
    values = {
        "entity": firm or bureau.enterprise,
        "area_code": NORTH,
        "year": 2026,
        "kind": SUBSIDIES.model.Kind.values[0],
        "asked": Decimal(30),
    }
    return actions.open_matter(SUBSIDIES, values, by=bureau.approver)


def another_firm():
    return Enterprise.objects.create(code="E-2", name="另一家", area_code=NORTH)


def test_a_subsidy_is_paid_to_whom_it_was_approved_for(bureau):
    clerk, leader, other = bureau.approver, bureau.leader, another_firm()
    row = subsidy(bureau)
    amend(row, clerk, asked=Decimal(31))
    perform(row, "recommend", clerk, {"opinion": "好"}, paper())
    assert "企业" in barred(amend, row, clerk, entity=other)
    perform(row, "return", leader, {"reason": "补正"})
    assert amend(row, clerk, asked=Decimal(32)).asked == 32
    perform(row, "recommend", clerk, {"opinion": "好"}, paper())
    perform(row, "approve", leader, {"granted": "30"})
    perform(row, "grant", clerk, {"paper_no": "1"})
    perform(row, "pay", clerk, {"paid": "30"}, paper())
    for by in (clerk, leader):
        assert barred(amend, row, by, year=2025)


def test_the_samples_of_a_report_change_only_where_it_is_revised(bureau):
    desk, chief = bureau.people["dispatcher"], bureau.people["section_chief"]
    parcel = Parcel.objects.create(code="L-1", name="地块", area_code=NORTH)
    values = {
        "title": "报告", "entity": parcel, "kind": "preliminary", "agency": "甲", "area_code": NORTH,
        "reported_on": date(2026, 5, 1), "use": next(key for key, _word in land.uses()),
    }  # fmt: skip
    sample = {"point": "S1", "item": "砷", "value": "9999"}
    row = actions.open_matter(REPORTS, values, by=desk, lines={"samples": [sample]})
    perform(row, "submit", desk, {}, paper())
    assert "不再修改" in barred(actions.set_lines, row.pk, "samples", [], by=desk)
    said = {"reviewers": "甲", "criteria": "标准", "opinion": "补测"}
    perform(row, "revise", chief, said)
    sample |= {"value": "1"}
    actions.set_lines(row.pk, "samples", [sample], by=desk)
    perform(row, "submit", desk, {}, paper())
    perform(row, "pass", chief, {**said, "conclusion": "clear"}, paper())
    assert "不再修改" in barred(actions.set_lines, row.pk, "samples", [], by=desk)


def test_marks_told_to_an_agency_are_those_it_was_scored_by(bureau):
    clerk = bureau.approver
    row = actions.open_matter(
        DOCUMENTS, {"title": "某报告表", "area_code": NORTH, "year": 2026}, by=clerk
    )
    marks = [
        {"id": m.pk, "name": m.name, "full": m.full, "score": m.full, "fault": ""}
        for m in row.marks.all()
    ]
    actions.set_lines(row.pk, "marks", marks, by=clerk)
    perform(row, "score", clerk, {"opinion": "好"})
    fewer = [marks[0] | {"score": "0", "fault": "错"}, *marks[1:]]
    assert barred(actions.set_lines, row.pk, "marks", fewer, by=clerk)
    perform(row, "again", clerk, {"reason": "漏看"})
    actions.set_lines(row.pk, "marks", fewer, by=clerk)


def test_who_answers_and_by_when_is_put_right_at_any_time(people):
    officer, desk = people["officer"], people["dispatcher"]
    said = {"title": "河岸堆放垃圾", "area_code": NORTH, "origin_kind": "self"}
    row = actions.open_matter(PROBLEMS, said, by=officer)
    perform(row, "propose_unfounded", officer, {"reason": "查无此事"}, paper())
    edit = actions.batch_edit(
        PROBLEMS, [row.pk], {"responsible": "张三", "deadline": "2027-01-01"}, by=desk
    )
    assert len(edit.before) == 1
    assert barred(actions.batch_edit, PROBLEMS, [row.pk], {"risk": "major"}, by=desk)
    assert barred(amend, row, desk, title="另一件事")


def test_what_an_earlier_ledger_says_was_judged_by_nobody_here_and_stands_all_the_same(people):
    past = {"title": "旧帐", "area_code": NORTH, "closed_at": timezone.now()}
    (row,) = history.enter(PROBLEMS, [past], by=people["dispatcher"], source="旧.xlsx")
    assert not timeline.judged(row)
    assert "不再修改" in barred(amend, row, people["dispatcher"], title="旧账")


def test_a_computed_batch_stays_of_its_year(bureau):
    values = {"title": "年度评价", "year": 2025, "as_of": date(2026, 3, 1), "area_code": COUNTY}
    batch = actions.open_matter(BATCHES, values, by=bureau.approver)
    amend(batch, bureau.leader, year=2024)
    batch.ratings.create(entity=bureau.enterprise, area_code=NORTH, level="A", score=90)
    assert barred(amend, batch, bureau.leader, year=2025)


def test_a_manifest_under_way_says_what_was_accepted_and_not_what_was_sent(bureau):
    officer = bureau.people["officer"]
    row = actions.open_matter(
        MANIFEST,
        {"entity": bureau.enterprise, "receiver": "处置公司", "area_code": NORTH},
        by=officer,
        state="handed",
        lines={"items": [{"name": "废矿物油", "code": "900-249-08", "moved": "2"}]},
    )
    item = {"id": row.items.get().pk, "name": "废矿物油", "code": "900-249-08", "moved": "2"}
    actions.set_lines(row.pk, "items", [item | {"accepted": "1.9"}], by=officer)
    assert "移出量" in barred(
        actions.set_lines, row.pk, "items", [item | {"moved": "1"}], by=officer
    )


def test_merging_takes_away_nothing_that_was_decided_and_joins_no_two_firms(bureau):
    clerk, row, same = bureau.approver, subsidy(bureau), subsidy(bureau)
    others = subsidy(bureau, another_firm())
    assert "对象不同" in barred(actions.merge, [row.pk], others.pk, by=clerk, reason="重复")
    perform(row, "recommend", clerk, {"opinion": "好"}, paper())
    assert "不再并入" in barred(actions.merge, [row.pk], same.pk, by=clerk, reason="重复")
    merged = actions.merge([same.pk], row.pk, by=clerk, reason="重复")
    assert merged.pk == row.pk


def test_one_person_confirms_no_species_by_way_of_a_reopening(bureau):
    box = Deployment.objects.create(
        deployment_id="S01",
        sort="sound",
        lon=118.6,
        lat=24.9,
        area_code=NORTH,
        begin=timezone.now(),
    )
    monitor = bureau.monitor
    values = {"title": "叫声", "deployment": box, "area_code": NORTH, "detected": "x"}
    row = actions.open_matter(CANDIDATES, values, by=monitor)
    name = {"name": "白鹭", "scientific_name": "Egretta garzetta", "group": "bird"}
    perform(row, "screen", monitor, name)
    other = bureau.leader
    perform(row, "confirm", other, name)
    perform(row, "reopen", other, {"reason": "再听"})
    assert "另一人" in barred(perform, row, "confirm", monitor, {"name": "白鹭"})


def test_a_firm_writes_no_lines_of_what_the_bureau_found(bureau):
    firm = bureau.people["enterprise"]
    permit = Permit.objects.create(
        code="PW-1", name="证", parent=bureau.enterprise, area_code=NORTH, permit_no="N1", management="key"
    )  # fmt: skip
    row = PERMIT_REVIEWS.open_row({"permit": permit, "year": 2026}, bureau.approver, timezone.now())
    perform(row, "look", bureau.approver)
    perform(row, "send_back", bureau.approver, {"conclusion": "改正"})
    actions.assign(row.pk, by=bureau.leader, organisation=firm.organisation)
    assert "管理部门" in barred(actions.set_lines, row.pk, "findings", [], by=firm)
    assert perform(row, "correct", firm, {"correction": "已改"}).state == "rechecking"


def test_points_of_an_earlier_ledger_restrict_no_agency(bureau):
    agency = agencies.EiaAgency.objects.create(name="某环评公司")
    past = {
        "title": "旧文件", "agency": agency, "year": 2026, "area_code": NORTH, "score": Decimal(90),
        "points": 99, "closed_at": timezone.now(),
    }  # fmt: skip
    history.enter(DOCUMENTS, [past], by=bureau.approver, source="旧.xlsx")
    (rated,) = agencies.rated(2026)
    assert (rated.documents, rated.points, rated.word) == (1, 0, "")


def test_an_exclusion_from_an_earlier_ledger_changes_no_compensation(bureau):
    past = {
        "title": "剔除", "entity": bureau.enterprise, "area_code": COUNTY, "month": date(2026, 5, 1),
        "factor": "", "closed_at": timezone.now(),
    }  # fmt: skip
    (row,) = history.enter(
        compensation.EXCLUSIONS, [past], by=bureau.people["dispatcher"], source="旧.xlsx"
    )
    assert row.state == "approved"
    assert compensation.exclusions(COUNTY, date(2026, 5, 1)) == {}


def test_the_form_names_what_is_settled_and_asks_the_rest(bureau, client):
    clerk = bureau.approver
    row = subsidy(bureau)
    client.force_login(clerk)
    address = reverse("book-edit", args=["green_subsidy", row.pk])
    assert 'name="asked"' in client.get(address).content.decode()
    perform(row, "recommend", clerk, {"opinion": "好"}, paper())
    shown = client.get(address).content.decode()
    assert 'name="asked"' not in shown
    assert "不再修改" in shown
    # A form that was open before is not taken for one that leaves the rest alone.
    sent = client.post(address, {"asked": "99", "year": "2026", "kind": row.kind}, follow=True)
    assert "不再修改“" in sent.content.decode()
    row.refresh_from_db()
    assert row.asked == 30


def as_a_browser_sends(page):
    """What a form sends that nobody changed: lines of a text end as a browser ends them."""
    form = next(
        f for f in lxml.html.fromstring(page.content.decode()).forms if f.fields.get("submission")
    )
    return {
        name: value.replace("\r\n", "\n").replace("\n", "\r\n")
        for name, value in form.form_values()
    }  # fmt: skip


def a_complaint(bureau):
    values = {"channel": "phone", "area_code": NORTH, "description": "臭味\n很大", "pollution": ["air"],
              "entity": bureau.enterprise, "wanted": "停产\n查处"}  # fmt: skip
    return actions.open_matter(COMPLAINTS, values, by=bureau.people["dispatcher"])


def test_what_is_loose_is_put_right_by_the_page(bureau, client):
    desk, officer = bureau.people["dispatcher"], bureau.people["officer"]
    row = a_complaint(bureau)
    perform(
        row, "accept", desk, {"owner_organisation": officer.organisation_id, "told": "已电话告知"}
    )
    perform(row, "report", officer, {"verdict": "true", "findings": "属实"})
    client.force_login(desk)
    address = reverse("book-edit", args=["complaint", row.pk])
    sent = as_a_browser_sends(client.get(address))
    assert client.post(address, {**sent, "telephone": "13800000000"}).status_code == 302
    row.refresh_from_db()
    assert row.telephone == "13800000000"


def test_a_form_sent_back_as_it_was_changes_nothing(bureau, client):
    """A thing, a moment and a text come back from a browser otherwise than they are kept."""
    row = a_complaint(bureau)
    client.force_login(bureau.people["dispatcher"])
    address = reverse("book-edit", args=["complaint", row.pk])
    events = row.events.count()
    assert client.post(address, as_a_browser_sends(client.get(address))).status_code == 302
    assert row.events.count() == events
