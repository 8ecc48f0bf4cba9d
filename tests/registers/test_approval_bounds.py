"""Approval: nobody enters results of a stranger's permit, and numbers and years stay within what can be."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from tests.conftest import NORTH

from ecoledger.books import duty
from ecoledger.books.models import Obligation
from ecoledger.entities.models import Enterprise
from ecoledger.listings import importing, own_files
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.models import Circulation, Matter
from ecoledger.registers.approval import parks, reports
from ecoledger.registers.approval.agencies import EiaAgency
from ecoledger.registers.approval.cases import CASES
from ecoledger.registers.approval.document_reviews import REGISTER as DOCUMENTS
from ecoledger.registers.approval.permit_review import PermitReview, in_force
from ecoledger.registers.approval.permit_terms import PermitMonitoring
from ecoledger.registers.approval.permits import Permit
from ecoledger.registers.approval.reports import AMOUNTS, ExecutionReport
from ecoledger.registers.approval.self_results import RESULTS, SelfResult
from ecoledger.registers.approval.service_requests import REGISTER as SERVICES
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS

pytestmark = pytest.mark.django_db


@pytest.fixture
def permit(bureau):
    """The permit of a firm that is not the enterprise of the county's."""
    firm = Enterprise.objects.create(code="E-9", name="旁厂", area_code=NORTH)
    return Permit.objects.create(
        code="PW-9",
        name="旁厂排污许可证",
        parent=firm,
        area_code=NORTH,
        permit_no="N9",
        management="key",
    )


@pytest.mark.parametrize(
    ("written", "value", "below"),
    [("0.02L", "0.02", True), ("<0.02", "0.02", True), ("未检出", None, True), ("21", "21", False)],
)
def test_a_laboratory_s_result_below_detection_comes_in(bureau, permit, written, value, below):
    PermitMonitoring.objects.create(permit=permit, place="厂界", factor="颗粒物", frequency="month")
    table = f"企业名称,监测点,污染物,监测日期,结果\n旁厂,厂界,颗粒物,2026-03-02,{written}"
    batch = importing.preview(RESULTS, "结果.csv", table.encode(), by=bureau.monitor)
    assert [row.reason for row in batch.bad] == []
    assert importing.accept(RESULTS, batch.pk, by=bureau.monitor) == (1, 0)
    kept = SelfResult.objects.get()
    assert (kept.value, kept.below) == (value and Decimal(value), below)


def test_a_firm_enters_nothing_at_a_strangers_permit(bureau, permit):
    firm, now = bureau.people["enterprise"], timezone.now()
    term = PermitMonitoring.objects.create(
        permit=permit, place="厂界", factor="颗粒物", frequency="month"
    )
    said = {"term": term, "on": timezone.localdate(), "value": Decimal("0.1")}
    with pytest.raises(Refused, match="不在您的范围"):
        RESULTS.open_row(said, firm, now)
    kept = RESULTS.open_row(said, bureau.monitor, now)
    for wrong in ({"value": Decimal(-1)}, {"on": timezone.localdate() + timedelta(days=1)}):
        with pytest.raises(Refused):
            RESULTS.open_row({**said, **wrong}, bureau.monitor, now)
        with pytest.raises(Refused):
            RESULTS.change_row(kept, wrong, bureau.monitor, now)
    report = ExecutionReport.objects.create(
        permit=permit, period="year", year=2025, number=1, submitted_on=date(2026, 1, 20)
    )
    with pytest.raises(Refused, match="不在您的范围"):
        AMOUNTS.open_row({"report": report, "pollutant": "COD", "tonnes": Decimal(1)}, firm, now)


def test_no_reviews_are_opened_of_years_that_never_were(bureau, permit, client):
    client.force_login(bureau.approver)
    for year in (99999, 9999, 1):
        client.post(f"/approval/reviews?year={year}", {"what": "permit"})
    assert set(PermitReview.objects.values_list("year", flat=True)) == {timezone.localdate().year}


def test_full_marks_are_the_sheets(bureau):
    review = actions.open_matter(
        DOCUMENTS, {"title": "某报告表", "area_code": NORTH, "year": 2026}, by=bureau.approver
    )
    marks = [{"name": "一", "full": "999.0", "score": "999.0", "fault": ""}]
    actions.set_lines(review.pk, "marks", marks, by=bureau.approver)
    with pytest.raises(Refused, match="满分合计"):
        actions.perform(review.pk, "score", by=bureau.approver, form={"opinion": "可"})


SQUARE = [[118.4, 24.8], [118.7, 24.8], [118.7, 25.0], [118.4, 25.0], [118.4, 24.8]]


@pytest.fixture
def in_a_park(bureau):
    """A case of the bureau's firm in a park where another firm has a problem that is past its day."""
    park = parks.PARKS.open_row(
        {"name": "北镇工业园", "area_code": NORTH, "grade": "county", "planning": "none",
         "geometry": {"type": "Polygon", "coordinates": [SQUARE]}},
        bureau.approver, timezone.now(),
    )  # fmt: skip
    other = Enterprise.objects.create(
        code="E-8", name="邻厂", area_code=NORTH, lon=118.55, lat=24.9
    )
    late = actions.open_matter(
        PROBLEMS,
        {"title": "邻厂废水直排", "entity": other, "area_code": NORTH},
        by=bureau.dispatcher,
    )
    Matter.objects.filter(pk=late.pk).update(
        due=timezone.now() - timedelta(days=3), enterprise=other
    )
    case = actions.open_matter(
        CASES, {"title": "扩建项目", "kind": "eia_form", "entity": bureau.enterprise, "park": park, "area_code": NORTH},
        by=bureau.approver,
    )  # fmt: skip
    return case, late


@pytest.mark.parametrize("reader", ["enterprise", "town", "officer"])
def test_a_cases_page_says_that_a_tie_does_not_hold_and_nothing_of_the_parks_firms(
    bureau, in_a_park, client, reader
):
    case, _late = in_a_park
    client.force_login(bureau.people[reader])
    page = client.get(f"/matters/approval_case/{case.pk}").content.decode()
    assert "扩建项目" in page
    assert ("× 现有项目环境管理" in page) is (reader != "enterprise")
    assert "超期未整改" not in page


def test_who_decides_is_told_of_a_parks_problems_those_that_he_may_see(bureau, in_a_park):
    case, late = in_a_park
    form = {"decision": "granted", "decision_no": "1号"}
    actions.perform(case.pk, "accept", by=bureau.approver)
    with pytest.raises(Refused, match="有 1 个问题超期未整改"):
        actions.perform(case.pk, "decide", by=bureau.approver, form=form)
    Matter.objects.filter(pk=late.pk).update(circulation=Circulation.RESTRICTED)
    with pytest.raises(Refused, match="现有项目环境管理") as refused:
        actions.perform(case.pk, "decide", by=bureau.approver, form=form)
    assert "超期未整改" not in str(refused.value)


def test_a_scored_document_keeps_its_marks_and_its_agency_until_it_is_reviewed_anew(bureau, client):
    agency, another = (EiaAgency.objects.create(name=f"环评{n}公司") for n in "甲乙")
    review = actions.open_matter(
        DOCUMENTS, {"title": "某报告表", "agency": agency, "area_code": NORTH, "year": 2026}, by=bureau.approver
    )  # fmt: skip
    marks = [
        {"id": str(m.pk), "name": m.name, "full": str(m.full), "score": str(m.full), "fault": ""}
        for m in review.marks.all()
    ]
    actions.set_lines(review.pk, "marks", marks, by=bureau.approver)
    actions.perform(review.pk, "score", by=bureau.approver, form={"opinion": "可"})
    with pytest.raises(Refused, match="不再修改"):
        actions.set_lines(
            review.pk, "marks", [{**marks[0], "score": "0", "fault": "错"}, *marks[1:]], by=bureau.approver
        )  # fmt: skip
    with pytest.raises(Refused, match="不再修改"):
        actions.amend(review.pk, {"agency": another}, event="amended", by=bureau.leader)
    client.force_login(bureau.approver)
    address = f"/matters/document_review/{review.pk}"
    assert f"{address}/lines/marks" not in client.get(address).content.decode()
    actions.perform(review.pk, "again", by=bureau.leader, form={"reason": "漏项"})
    assert f"{address}/lines/marks" in client.get(address).content.decode()
    actions.amend(review.pk, {"agency": another}, event="amended", by=bureau.leader)


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "9999-12-31"])
def test_a_permit_is_valid_in_years_that_can_be(bureau, permit, client, day):
    client.force_login(bureau.approver)
    said = {"parent": bureau.enterprise.code, "permit_no": permit.permit_no, "management": "key", "valid_from": day,
            "valid_until": day}  # fmt: skip
    page = client.post(f"/b/pollution_permit/{permit.pk}/edit", said).content.decode()
    assert page.count("年份应在 1900 到 2199 之间") >= 2
    permit.refresh_from_db()
    assert permit.valid_until is None


def test_one_odd_permit_stops_no_renewal(bureau, permit):
    """What came in before years were bounded, or by another way."""
    today = timezone.localdate()
    Permit.objects.filter(pk=permit.pk).update(valid_until=date.min)
    for code, day in (("PW-7", date.max), ("PW-8", today + timedelta(days=70))):
        Permit.objects.create(
            code=code, name=code, parent=bureau.enterprise, area_code=NORTH, permit_no=code, management="key",
            valid_until=day,
        )  # fmt: skip
    duty.daily()
    owed = Obligation.objects.filter(book="permit_renewal").values_list("entity__code", flat=True)
    assert sorted(owed) == ["PW-8", "PW-9"]


def test_the_days_of_reports_follow_the_bureaus_file_without_a_restart(bureau, settings, tmp_path):
    settings.PROFILE = tmp_path
    rules = own_files.declared()["permit_reports"]
    own_files.write(
        rules, rules.shipped.replace("quarter = 15", "quarter = 20"), by=bureau.dispatcher
    )
    quarter = reports.DUTIES["quarter"]
    assert [t.due for t in duty.terms(quarter, None, date(2026, 11, 2))] == [date(2027, 1, 20)]


def test_what_a_firm_reports_of_itself_is_read_by_who_helps_it_and_not_by_who_enforces(
    bureau, client
):
    firm = bureau.people["enterprise"]
    values = {"title": "自查发现危废标签缺失", "sort": "self_report", "channel": "platform"}
    own = actions.open_matter(SERVICES, values, by=firm)
    ask = actions.open_matter(SERVICES, {**values, "title": "咨询", "sort": "approval"}, by=firm)
    for name, reads in {"enterprise": True, "approver": True, "leader": True, "town": True, "officer": False,
                        "legal": False, "complaint": False, "grid": False}.items():  # fmt: skip
        client.force_login(bureau.people[name])
        shown = client.get(f"/matters/service_request/{own.pk}").status_code == 200
        assert shown is reads, name
        listed = client.get("/matters/service_request").content.decode()
        assert ("自查发现危废标签缺失" in listed) is reads, name
        assert client.get(f"/matters/service_request/{ask.pk}").status_code == 200, name
    # One that is found to be a self-report later is kept back from then on.
    actions.amend(ask.pk, {"sort": "self_report"}, event="amended", by=bureau.approver)
    client.force_login(bureau.officer)
    assert client.get(f"/matters/service_request/{ask.pk}").status_code == 404


@pytest.mark.parametrize(
    ("until", "years"), [(None, {2024, 2025, 2026}), (date(2024, 5, 31), {2024})]
)
def test_a_permit_that_ran_out_is_in_force_no_more(permit, until, years):
    Permit.objects.filter(pk=permit.pk).update(since=date(2024, 1, 1), valid_until=until)
    counted = {
        year
        for year in (2023, 2024, 2025, 2026)
        if Permit.objects.filter(in_force(date(year, 1, 1), date(year + 1, 1, 1)), pk=permit.pk)
    }
    assert counted == years
