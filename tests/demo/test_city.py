"""The demonstration city: invented throughout, coherent, and the same whichever part of it asks."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from demo.enterprises import firms

from demo import beijing, build, city, history, live, sources, stories
from ecoledger.hj212 import decode, encode
from ecoledger.standards.identifiers import parse_credit_code

START = datetime(2026, 11, 20, 18, 30)
PLAN = stories.Stories(START)


def test_every_firm_says_it_is_invented_and_has_a_code_that_checks():
    plan = firms()
    assert len(plan) >= 40
    assert len({f.uscc for f in plan}) == len(plan)
    for firm in plan:
        assert "（演示）" in firm.name
        assert firm.uscc[2:8] == city.CITY_CODE
        # No province bears 99: the division is what the parser must object to, and nothing else.
        assert all("区划" in problem.text for problem in parse_credit_code(firm.uscc).problems)


def test_neighbouring_towns_share_their_border_point_by_point():
    west = town_ring(0)
    east = town_ring(1)
    shared = set(west) & set(east)
    assert len(shared) == 10


def town_ring(index: int) -> list[tuple[float, float]]:
    return [tuple(p) for p in city.town_polygon(index)["coordinates"][0]]


def test_rivers_join_where_the_plan_says():
    for river in city.RIVERS:
        if river.into is None:
            continue
        there = city.place_on(city.RIVER[river.into].path, river.joins_at_km)
        assert city.length_km((there, river.path[-1])) < 0.5


@pytest.mark.parametrize(
    ("now", "years"),
    [
        (datetime(2026, 11, 21, 18), 10),
        (datetime(2027, 2, 28, 12), 10),
        (datetime(2027, 3, 1, 0), 11),
        (datetime(2028, 2, 29, 5), 11),
    ],
)
def test_the_record_moves_by_whole_years_and_always_reaches_the_present(now, years):
    assert beijing.years_to_add(now) == years
    hour = now.replace(minute=0)
    assert beijing.hours("dongsi", hour - timedelta(hours=48), hour, now).height >= 24


def test_the_replayed_hours_are_the_published_ones():
    row = beijing.hours("aotizhongxin", datetime(2023, 3, 1), datetime(2023, 3, 1, 1), START).row(
        0, named=True
    )
    assert (row["pm2_5"], row["pm10"], row["so2"], row["no2"], row["co"], row["o3"]) == (
        4.0,
        4.0,
        4.0,
        7.0,
        0.3,
        77.0,
    )


def test_the_mean_of_what_a_station_sends_in_an_hour_is_the_hour_of_the_record():
    say = live._air("dongsi")
    sent = []
    for minute in range(5, 65, 5):
        moment = datetime(2026, 11, 20, 8) + timedelta(minutes=minute)
        for command, start, values in say(moment):
            if command == "2051":
                assert start == moment - timedelta(minutes=5)
                sent.append({v.code: float(v.value) for v in values})
    hour = beijing.hours("dongsi", datetime(2026, 11, 20, 8), datetime(2026, 11, 20, 9), START)
    assert len(sent) == 12
    assert np.mean([s["a34004"] for s in sent]) == pytest.approx(hour["pm2_5"][0], abs=0.06)


def test_history_and_live_agree_on_what_an_instrument_reads():
    firm = stories.firm(stories.CONSTANT)
    hour = datetime(2026, 11, 20, 3)
    past = history.wastewater(7, firm, hour, hour + timedelta(hours=1), PLAN)
    said = {
        v.code: float(v.value)
        for _, _, values in live._wastewater(firm, PLAN)(hour + timedelta(hours=1))
        for v in values
        if v.field == "Avg"
    }
    for code in ("w01018", "w21003"):
        assert past.filter(pl.col("parameter") == code)["value"].to_list() == [said[code]]


def test_the_night_discharge_passes_two_sections_one_after_the_other():
    passed = stories.passed_sections()
    assert [s.name for s in passed] == ["东港河口", "河口大桥"]
    peaks = []
    for section in passed:
        begin = PLAN.discharge[0]
        times = sources.as_times(begin, begin + timedelta(hours=20), 60)
        values = sources.river(section, "w21003", times, PLAN)
        peaks.append(int(values.argmax()))
        assert values.max() > 1.5 * np.median(values)
    assert peaks[0] + 3 < peaks[1]


def test_the_firm_with_its_treatment_off_keeps_producing():
    firm = stories.firm(stories.NO_TREATMENT)
    times = sources.as_times(START - timedelta(hours=3), START, 15)
    assert sources.power(firm, "production", times, PLAN).min() > 50
    assert sources.power(firm, "treatment", times, PLAN).max() < 5


@pytest.mark.django_db
def test_the_registry_is_built_and_its_devices_speak_three_editions():
    made = build.build()
    assert made["stations"] == 22
    assert made["enterprises"] >= 40
    minute = datetime(2026, 11, 20, 9)
    editions = set()
    for instrument in live.instruments(PLAN):
        for command, start, values in instrument.say(minute):
            for packet in instrument.device.uploads(command, start, values):
                back = decode(encode(packet))
                assert back.ok, (back.errors, back.notes)
                assert back.values
                editions.add(back.edition)
    assert editions == {2005, 2017, 2025}
