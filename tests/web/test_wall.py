"""大屏: large, without menu, of one's own area; what is pressing keeps its place."""

from __future__ import annotations

import lxml.html
import pytest
from django.test import Client

from ecoledger.monitoring.models import Alarm

pytestmark = pytest.mark.django_db


@pytest.fixture
def leader(county):
    client = Client()
    client.force_login(county.person("leader"))
    return client


def test_it_has_pages_and_no_menu(leader):
    assert leader.get("/?view=wall").url == "/wall"
    page = lxml.html.fromstring(leader.get("/wall").content)
    assert page.xpath("//aside") == []
    titles = page.xpath("//*[@data-wall-page]/@data-wall-page")
    assert titles == ["今日态势", "水环境"]


def test_a_red_alarm_holds_its_page(county, leader):
    held = "//*[@data-wall-page and @data-hold]"
    Alarm.objects.update(level="yellow")
    assert lxml.html.fromstring(leader.get("/wall?part=1").content).xpath(held) == []
    Alarm.objects.filter(pk=county.alarms[0].pk).update(level="red", state="open")
    assert len(lxml.html.fromstring(leader.get("/wall?part=1").content).xpath(held)) == 1


def test_no_firm_and_no_person_is_named(county, leader):
    text = leader.get("/wall").content.decode()
    assert county.other_enterprise.name not in text
    assert county.person("town").name not in text
