"""The desk of the monitoring station: live warnings come first; a review says what the days become before it is done."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import lxml.html
import polars as pl
from django.test import Client
from django.urls import reverse

from ecoledger.monitoring.computing import pending
from ecoledger.monitoring.models import Alarm, AlarmRule, PeriodReview
from ecoledger.monitoring.points import table


def page_of(client: Client, path: str, **sent):
    answer = client.post(path, sent) if sent else client.get(path)
    assert answer.status_code == 200, path
    return lxml.html.fromstring(answer.content)


def words(node) -> str:
    return " ".join(node.text_content().split())


def test_the_desk_begins_with_the_warnings_that_go_on(county, signed_in):
    page = page_of(signed_in("monitor"), "/lines/monitoring")
    first = page.xpath("//main//section[contains(@class, 'card')]")[0]
    assert first.getparent().get("id") == "live-alarms"
    assert first.getparent().get("hx-trigger") == "sse:alarm"
    running = Alarm.objects.filter(state="open")
    assert running.exists()
    assert f"持续中 {running.count()}" in words(first)
    links = first.xpath(".//li//a/@href")
    assert set(links) <= {f"/alarms/{alarm.pk}" for alarm in running}
    assert links


def test_without_warnings_the_desk_says_so_and_other_lines_have_none(county, signed_in):
    Alarm.objects.filter(state="open").update(state="ended")
    client = signed_in("monitor")
    assert "现在没有持续中的预警" in words(page_of(client, "/lines/monitoring"))
    assert not page_of(client, "/lines/rectification").xpath("//*[@id='live-alarms']")


def test_the_preview_of_a_review_shows_the_new_means_before_it_is_done(bureau, store, signed_in):
    table.forget()
    day, point = datetime(2026, 3, 3), bureau.air[0]
    starts = [day + timedelta(minutes=5 * n) for n in range(288)]
    store.append(
        observations=pl.DataFrame(
            {
                "point": point.pk,
                "parameter": "a34004",
                "start": starts,
                "seconds": 300,
                "series": "minute",
                "value": [400.0 if start.hour < 3 else 40.0 for start in starts],
                "flag": "N",
            }
        )
    )
    pending.run_all()
    said = {
        "parameters": "a34004",
        "begin": "2026-03-03T00:00",
        "end": "2026-03-03T03:00",
        "flag": "D",
        "reason": "采样泵故障",
        "step": "preview",
    }
    client = signed_in("monitor")
    path = reverse("review-period", args=[point.pk])
    trial = page_of(client, path, **said).xpath("//*[@id='trial']//tbody/tr")
    assert any(point.name in words(row) and "85 → 40" in words(row) for row in trial)
    assert not PeriodReview.objects.exists()
    # A word that changes nothing says so.
    same = page_of(client, path, **said | {"flag": "N"}).xpath("//*[@id='trial']")[0]
    assert "不会因此改变" in words(same)


def test_an_alarm_names_what_its_value_was_held_against(county, signed_in):
    monitor, alarm = signed_in("monitor"), county.alarms[0]
    series, page = (reverse(name, args=[alarm.pk]) for name in ("alarm-series", "alarm"))
    for detector, name in (
        ("exceedance", "限值"),
        ("no_treatment", "运行阈值"),
        ("neighbours", "参照值"),
    ):
        AlarmRule.objects.filter(pk=alarm.rule_id).update(detector=detector)
        assert monitor.get(series).json()["limits"] == [{"name": name, "value": alarm.limit}]
        assert f"<dt>{name}</dt>" in monitor.get(page).content.decode()


def test_what_stations_measure_stands_with_its_unit(county, signed_in):
    page = lxml.html.fromstring(signed_in("monitor").get("/stations?kind=flue_gas").content)
    said = [" ".join(one.text_content().split()) for one in page.xpath("//td/span[@class]")]
    assert [one for one in said if re.search(r"\d mg/m³$", one)], said
