"""Changing a row asks what opening it asked; what is there already, reviewed or beyond one's area stays as it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from ecoledger.books import duty
from ecoledger.books.models import Edition
from ecoledger.entities.models import Enterprise
from ecoledger.listings import importing, rows
from ecoledger.listings.importing import checking
from ecoledger.listings.refusals import Refused
from ecoledger.registers.approval.agencies import AGENCIES, EiaAgency
from ecoledger.registers.approval.permit_review import PermitReview
from ecoledger.registers.approval.permit_terms import PermitMonitoring
from ecoledger.registers.approval.permits import Permit
from ecoledger.registers.approval.reports import REPORTS, SECTIONS, ExecutionReport
from ecoledger.registers.approval.self_results import RESULTS
from ecoledger.registers.approval.self_review import SelfReview
from ecoledger.registers.network.private_network import NODES
from ecoledger.registers.soil.key_units import UNITS, KeyUnit, SoilSurvey

pytestmark = pytest.mark.django_db
COUNTY, NORTH, SOUTH = "990101", "990101001", "990101002"


@pytest.fixture(autouse=True)
def profile(settings, tmp_path):
    settings.PROFILE = tmp_path


@pytest.fixture
def permit(bureau):
    return Permit.objects.create(
        code="PW-9", name="PW-9", parent=bureau.enterprise, area_code=NORTH, permit_no="N9", management="key"
    )  # fmt: skip


@pytest.fixture
def report(bureau, permit):
    values = {"permit": permit, "period": "year", "year": 2025, "number": 1, "submitted_on": date(2026, 1, 20)}  # fmt: skip
    return REPORTS.open_row(values, bureau.people["enterprise"], timezone.now())


def form_of(report, **other):
    said = {"permit": str(report.permit_id), "period": "year", "year": "2025", "number": "1"}
    return {**said, "submitted_on": "2026-01-20", **dict.fromkeys((*SECTIONS, "exceeded"), "0"), **other}  # fmt: skip


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"number": "4"}, "没有这一期"),
        ({"year": "0"}, "请核对年度"),
        ({"submitted_on": "2024-12-31"}, "提交日期早于报告期"),
        ({"submitted_on": "0001-01-01"}, "年份应在 1900 到 2199 之间"),
    ],
)
def test_a_report_is_not_changed_into_one_that_cannot_be(bureau, report, client, other, said):
    client.force_login(bureau.people["enterprise"])
    page = client.post(f"/b/execution_report/{report.pk}/edit", form_of(report, **other))
    assert said in page.content.decode()
    report.refresh_from_db()
    assert (report.number, report.year) == (1, 2025)
    client.force_login(bureau.approver)
    assert client.get("/approval/reviews").status_code == 200


def test_a_row_that_is_there_already_is_refused_in_words(bureau, report, client):
    client.force_login(bureau.people["enterprise"])
    page = client.post("/b/execution_report/new", form_of(report))
    assert page.status_code == 200
    assert "已经存在" in page.context["form"].errors["permit"][0]
    assert ExecutionReport.objects.count() == 1
    EiaAgency.objects.create(name="甲")
    other = EiaAgency.objects.create(name="乙")
    client.force_login(bureau.approver)
    page = client.post(f"/b/eia_agency/{other.pk}/edit", {"name": "甲"})
    assert "name" in page.context["form"].errors
    other.refresh_from_db()
    assert other.name == "乙"


def test_what_another_kept_a_moment_ago_is_refused_too(bureau, monkeypatch):
    EiaAgency.objects.create(name="甲")
    # As between the look and the writing.
    monkeypatch.setattr(EiaAgency, "validate_unique", lambda row, exclude=None: None)
    with pytest.raises(Refused, match="重复"):
        AGENCIES.open_row({"name": "甲"}, bureau.approver, timezone.now())


def test_what_a_review_has_passed_stays(bureau, permit, report, client):
    firm = bureau.people["enterprise"]
    term = PermitMonitoring.objects.create(permit=permit, place="厂界", factor="颗粒物", frequency="quarter")  # fmt: skip
    result = RESULTS.open_row({"term": term, "on": date(2026, 1, 5), "value": Decimal(5)}, firm, timezone.now())  # fmt: skip
    for empty in ({"value": None}, {"value": Decimal(-1)}, {"on": date(2999, 1, 1)}):
        with pytest.raises(Refused):
            RESULTS.change_row(result, empty, firm, timezone.now())
    RESULTS.change_row(result, {"value": Decimal(6)}, firm, timezone.now())
    whole = {"permit": permit, "area_code": NORTH, "state": "done", "phase": "done", "title": "x"}
    SelfReview.objects.create(**whole, register="self_review", number="1", month=date(2026, 3, 1))
    PermitReview.objects.create(
        **whole, register="permit_review", number="2", report=report, year=2026
    )
    with pytest.raises(Refused, match="已经审核通过"):
        RESULTS.change_row(result, {"value": Decimal(1)}, firm, timezone.now())
    with pytest.raises(Refused, match="已经审核通过"):
        rows.change_row(REPORTS, report, {"exceeded": True}, firm, timezone.now())
    client.force_login(firm)
    assert client.get(f"/b/execution_report/{report.pk}/edit").status_code == 403


def test_a_table_changes_and_tells_nothing_beyond_the_area(bureau):
    at = timezone.now()
    node = NODES.open_row(
        {"unit": "南镇站房", "device": "路由器", "address": "10.1.2.3", "area_code": SOUTH},
        None,
        at,
    )
    town = bureau.monitor
    town.area_codes = [NORTH]
    town.save()
    table = "单位名称,层级,IP,属地\n南镇站房,镇街,10.9.9.9,北镇\n"
    batch = checking.preview(NODES, "n.csv", table.encode(), by=town)
    row = batch.rows.get()
    assert row.errors
    assert "10.1.2.3" not in f"{row.errors}{row.warnings}"
    with pytest.raises(Refused):
        importing.accept(NODES, batch.pk, by=town)
    node.refresh_from_db()
    assert (node.address, node.area_code) == ("10.1.2.3", SOUTH)


def test_a_firm_does_not_put_off_its_next_survey(bureau, client):
    edition = Edition.objects.create(book=UNITS.key, name="2026年度", since=date(2026, 1, 1), state="published")  # fmt: skip
    KeyUnit.objects.create(
        edition=edition, entity=bureau.enterprise, area_code=NORTH,
        listed_on=date(2026, 1, 1), survey_by=date(2027, 1, 1),
    )  # fmt: skip
    client.force_login(bureau.people["enterprise"])
    form = {"entity": bureau.enterprise.code, "at": "2026-05-01T08:00", "report_no": "R1", "places": "1", "dangers": "0"}  # fmt: skip
    for day in ("0001-01-01", "2026-04-30", "2029-05-02", "2199-01-01"):
        page = client.post("/b/soil_survey/new", {**form, "next_by": day})
        assert "next_by" in page.context["form"].errors
    client.post("/b/soil_survey/new", {**form, "next_by": "2029-05-01"})
    assert SoilSurvey.objects.get().next_by == date(2029, 5, 1)


def test_one_odd_survey_stops_no_round_and_no_import(bureau, client):
    edition = Edition.objects.create(book=UNITS.key, name="2026年度", since=date(2026, 1, 1), state="published")  # fmt: skip
    for n, (firm, day) in enumerate(((bureau.enterprise, date.min), (None, date(2026, 12, 1)))):
        KeyUnit.objects.create(
            edition=edition, area_code=NORTH, listed_on=date(2026, 1, 1), survey_by=day,
            entity=firm or Enterprise.objects.create(code=f"E-S{n}", name="乙厂", area_code=NORTH),
        )  # fmt: skip
    assert duty.daily(timezone.now()) > 0
    client.force_login(bureau.approver)
    sent = client.post(
        "/b/eia_agency/import", {"file": SimpleUploadedFile("a.csv", "编制单位,编制主持人数\n甲,4\n".encode())}
    )  # fmt: skip
    assert client.post(f"{sent.headers['Location'].rstrip('/')}/accept").status_code == 302
    assert EiaAgency.objects.filter(name="甲").exists()
