"""Forms of somebody who works for a firm: the firm is known, and so is where it lies."""

from __future__ import annotations

import lxml.html
import pytest

from ecoledger.registers.approval.service_requests import ServiceRequest
from ecoledger.registers.emergency.plan_filings import PlanFiling

pytestmark = pytest.mark.django_db


def names(client, address: str) -> dict[str, str]:
    """The fields of the form at ``address`` with what stands in them."""
    page = lxml.html.fromstring(client.get(address).content.decode())
    return {field.get("name"): field.get("value") or "" for field in page.xpath("//form//*[@name]")}


def test_a_firm_files_its_plan_without_being_asked_where_it_lies(county, signed_in):
    firm, client = county.bureau.enterprise, signed_in("enterprise")
    asked = names(client, "/matters/emergency_plan/new")
    assert "area_code" not in asked
    assert asked["entity"] == firm.code
    sent = {"title": "本厂预案", "entity": "", "sort": "firm", "risk": "L"}
    answer = client.post("/matters/emergency_plan/new", sent)
    assert answer.status_code == 302, answer.content.decode()
    plan = PlanFiling.objects.get()
    assert (plan.entity, plan.area_code) == (firm.entity_ptr, firm.area_code)
    # To put it right it is not asked for a place either, which it could not choose.
    assert "area_code" not in names(client, f"/b/emergency_plan/{plan.pk}/edit")


def test_the_place_of_a_plan_is_the_firms_unless_it_is_said(county, signed_in):
    client = signed_in("dispatcher")
    sent = {"title": "北镇政府预案", "area_code": "", "sort": "firm", "risk": "L"}
    assert "请选择属地" in client.post("/matters/emergency_plan/new", sent).content.decode()
    client.post("/matters/emergency_plan/new", sent | {"entity": county.bureau.enterprise.code})
    assert PlanFiling.objects.get().area_code == county.bureau.enterprise.area_code


def test_a_firm_finds_itself_in_what_it_files(county, signed_in):
    firm, client = county.bureau.enterprise, signed_in("enterprise")
    assert names(client, "/matters/green_subsidy/new")["entity"] == firm.code
    assert names(client, "/b/soil_survey/new")["entity"] == firm.code
    # Who has many to choose from chooses.
    assert names(signed_in("officer"), "/b/soil_survey/new")["entity"] == ""
    # A filing silences what it says, so nothing of it is chosen beforehand; its few objects are offered at once.
    assert names(client, "/filings/new")["entity"] == ""
    assert firm.name in client.get("/lookup/filing_object", {"entity_text": ""}).content.decode()


def test_what_the_bureau_writes_of_its_visits_is_not_asked_of_the_firm(county, signed_in):
    page = "/matters/service_request/new"
    assert not [name for name in names(signed_in("enterprise"), page) if "visits" in name]
    assert [name for name in names(signed_in("town"), page) if "visits" in name]
    sent = {"title": "咨询", "sort": "consultation", "channel": "platform", "description": "怎么办"}
    signed_in("enterprise").post(page, sent)
    request = ServiceRequest.objects.get()
    assert request.entity_id == county.bureau.enterprise.pk
    lines = f"/matters/service_request/{request.pk}/lines/visits"
    answer = signed_in("enterprise").post(lines, {"visits-count": "1", "visits-0-on": "2026-03-01",
                                                  "visits-0-who": "自己", "visits-0-found": "很好"})  # fmt: skip
    assert answer.status_code == 403
    assert not request.visits.exists()
