"""大屏: large, without menu, of one's own area; what is pressing keeps its place."""

from __future__ import annotations

import lxml.html
import pytest
from django.test import Client

from ecoledger.entities.models import Area
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
    assert titles == ["今日态势", "水环境", "一张图"]


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


def test_its_map_draws_what_the_map_has_and_can_be_asked_for(county, leader):
    page = lxml.html.fromstring(leader.get("/wall").content)
    (view,) = page.xpath("//*[@data-map]")
    assert view.get("data-still") is not None
    assert [float(part) for part in view.get("data-box").split(",")] == [
        118.55,
        24.85,
        118.7,
        24.97,
    ]
    drawn = {
        name: len(leader.get(address).json()["features"])
        for name, address in zip(
            page.xpath("//@data-map-layer"),
            page.xpath("//*[@data-map-layer]/@data-url"),
            strict=True,
        )
    }
    assert set(drawn) == {"area", "river", "matter", "alarm", "water", "air"}
    assert min(drawn["air"], drawn["water"], drawn["area"]) > 0
    # Enterprises as such are no layer of a wall: nobody is named who is only suspected.
    assert "enterprise" not in drawn


def test_a_fresh_part_leaves_the_map_alone(leader):
    """What was drawn stays; the script asks its layers anew instead of putting an empty frame there."""
    page = lxml.html.fromstring(leader.get("/wall?part=1").content.decode())
    kept = page.xpath("//*[@data-wall-page and @data-wall-keep]/@data-wall-page")
    assert kept == ["一张图"]


def test_a_city_without_a_border_of_its_own_is_as_wide_as_its_towns(county, leader):
    """An area with a mere spot would open the map on a street and let nobody out of it."""
    Area.objects.filter(code=county.bureau.county.code).update(lon=118.6, lat=24.9)
    page = lxml.html.fromstring(leader.get("/map").content)
    west, south, east, north = map(float, page.xpath("//*[@data-map]/@data-box")[0].split(","))
    assert (west, south, east, north) == (118.55, 24.85, 118.7, 24.97)


def test_a_town_opens_on_itself_and_a_firm_around_itself(county):
    for role in ("town", "enterprise"):
        client = Client()
        client.force_login(county.person(role))
        page = lxml.html.fromstring(client.get("/map").content)
        west, south, east, north = map(float, page.xpath("//*[@data-map]/@data-box")[0].split(","))
        assert west < east, role
        assert south < north, role
