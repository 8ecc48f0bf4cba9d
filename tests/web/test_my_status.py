"""An enterprise's own home: limits and last values, its own alarms at once, its tasks and filings; nobody else's."""

from __future__ import annotations

import lxml.html
import pytest
from django.test import Client

from ecoledger.matters.models import Notice
from ecoledger.registers.alarms import telling
from ecoledger.registers.alarms.alarm_case import open_from_alarm

pytestmark = pytest.mark.django_db


def page(county, role):
    client = Client()
    client.force_login(county.person(role))
    answer = client.get("/my-status")
    if answer.status_code != 200:
        return answer.status_code
    return " ".join(lxml.html.fromstring(answer.content).find(".//main").text_content().split())


def test_an_enterprise_sees_where_it_stands(county):
    said = page(county, "enterprise")
    own = [a for a in county.alarms if a.owner_code]
    assert own
    assert own[0].text[:12] in said
    assert "监测点与限值" in said
    # The first sentence leaves no lasting alarm out.
    assert said.index("条预警仍在持续") < said.index("监测点与限值")
    assert county.other_enterprise.name not in said


def test_it_lands_there_after_signing_in_and_nobody_else_may_open_it(county):
    client = Client()
    client.force_login(county.person("enterprise"))
    assert client.get("/sign-in").url == "/my-status"
    assert page(county, "leader") == 404


def test_its_own_alarm_is_told_to_it_at_once_and_to_no_other(county):
    Notice.objects.all().delete()
    own = next(a for a in county.alarms if a.owner_code)
    telling.raised(own)
    told = Notice.objects.get()
    assert told.person == county.person("enterprise")
    assert own.text[:20] in told.text
    assert told.link == f"/alarms/{own.pk}"


def test_what_it_has_to_explain_lies_beside_the_question(county, tmp_path, settings):
    """The firm asked for its word sees the values, the limit and its point, not a sentence alone."""
    settings.PROFILE = tmp_path
    own = next(a for a in county.alarms if a.owner_code)
    own.level, own.count_30d = "blue", 1
    own.save()
    case = open_from_alarm(own)
    assert case.state == "asked"
    client = Client()
    client.force_login(county.person("enterprise"))
    page = lxml.html.fromstring(client.get(f"/matters/alarm_case/{case.pk}").content)
    (chart,) = page.xpath(f"//*[@data-chart='/alarms/{own.pk}/series.json']/@data-chart")
    drawn = client.get(chart).json()
    assert drawn["limits"][0]["value"] == own.limit
    assert sum(len(line["points"]) for line in drawn["series"]) > 0
    assert page.xpath(f"//main//a[@href='/alarms/{own.pk}']")
    assert page.xpath(f"//main//a[@href='/stations/{own.point_id}']")
    # And of the other firm's nothing: neither the case nor what is drawn on it.
    county.bureau.people["enterprise"].organisation.entity_code = "E-2"
    county.bureau.people["enterprise"].organisation.save()
    stranger = Client()
    stranger.force_login(county.person("enterprise"))
    assert stranger.get(f"/matters/alarm_case/{case.pk}").status_code == 404
    assert stranger.get(chart).status_code == 404
