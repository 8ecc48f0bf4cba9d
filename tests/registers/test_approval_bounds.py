"""Approval: nobody enters results of a stranger's permit, and numbers and years stay within what can be."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from tests.conftest import NORTH

from ecoledger.entities.models import Enterprise
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.registers.approval import parks, permits
from ecoledger.registers.approval.document_reviews import REGISTER as DOCUMENTS
from ecoledger.registers.approval.permit_review import PermitReview
from ecoledger.registers.approval.permit_terms import PermitMonitoring
from ecoledger.registers.approval.permits import Permit
from ecoledger.registers.approval.reports import AMOUNTS, ExecutionReport
from ecoledger.registers.approval.self_results import RESULTS

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


def test_years_on_end_with_the_calendar():
    assert permits.after_years(date(9998, 1, 1), 5).year == 9999
    assert parks._years_on(date(9999, 1, 1), 5).year == 9999


def test_full_marks_are_the_sheets(bureau):
    review = actions.open_matter(
        DOCUMENTS, {"title": "某报告表", "area_code": NORTH, "year": 2026}, by=bureau.approver
    )
    marks = [{"name": "一", "full": "999.0", "score": "999.0", "fault": ""}]
    actions.set_lines(review.pk, "marks", marks, by=bureau.approver)
    with pytest.raises(Refused, match="满分合计"):
        actions.perform(review.pk, "score", by=bureau.approver, form={"opinion": "可"})
