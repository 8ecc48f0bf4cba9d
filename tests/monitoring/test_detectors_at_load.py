"""What looks like a trouble only because the load changed, the plant stood, or the filing guessed its end."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from tests.monitoring.test_each_detector import (
    AT,
    BEGIN,
    HOURS,
    series,
    settings_of,
    told,
    wobbling,
)

from ecoledger.monitoring.alarming import operation, weather
from ecoledger.monitoring.alarming.detectors import (
    by_load,
    bypass,
    constant,
    data_quality,
    dilution,
    marked_stop,
    no_treatment,
    sudden,
    trend,
)
from ecoledger.monitoring.alarming.detectors.tracks import each
from ecoledger.monitoring.alarming.weather import Washed

DAY = np.arange(HOURS) % 24
# Full by day, half by night.
LOAD = np.where((DAY >= 7) & (DAY < 22), 0.95, 0.5) * np.exp(0.02 * np.sin(np.arange(HOURS)))


def places(**more):
    rows = {"point": [1, 2], "kind": ["flue_gas", "power"], "owner_code": ["E-1", "E-1"],
            "power_role": ["", "production"], "entity": [1, 2]}  # fmt: skip
    return pl.DataFrame(rows | more)


def test_the_line_through_earlier_loads_tells_what_a_load_gives():
    chance = np.random.default_rng(3)
    load = chance.uniform(0.4, 1.0, 400)
    values = 12 - 5 * load + chance.normal(0, 0.1, 400)
    # A fifth of wild values moves it hardly.
    wild = values.copy()
    wild[::5] += 6
    line, scatter, known = by_load.expected(wild, load, 240, gap=12, needed=48)
    assert np.nanmax(np.abs(line[300:] - (12 - 5 * load[300:]))) < 0.8
    assert 0.05 < np.nanmedian(scatter[300:]) < 0.5
    assert known[300:].all()
    assert np.isnan(line[:48]).all()


def test_a_load_that_never_changed_gives_the_median_and_a_strange_load_is_not_known():
    values, load = np.full(300, 7.0), np.full(300, 0.9)
    load[299] = 0.4
    line, _scatter, known = by_load.expected(values, load, 240, gap=12, needed=48, every=1)
    assert line[250] == 7.0
    assert (known[250], known[299]) == (True, False)


def test_air_let_in_at_night_hides_in_no_swing_of_the_load():
    rule = settings_of("flue_gas_dilution")
    oxygen = 12 - 6 * LOAD + 0.1 * np.sin(np.arange(HOURS) / 3)

    def judged(oxygen):
        hours = pl.concat([series(1, "a19001", oxygen), series(1, "a00000", 40 * LOAD)])
        running = operation.Running(operation.table(hours, places()))
        return told(dilution.detect(hours, hours, rule, running))

    assert judged(oxygen) == []
    # By day, at full load, it comes to what the night has anyway.
    let_in = oxygen.copy()
    day = slice(AT + 9, AT + 20)
    let_in[day] += 3.0
    hits = judged(let_in)
    assert hits
    assert AT + 9 <= hits[0] <= AT + 13


def test_flow_follows_power_by_a_line_and_not_by_a_ratio():
    rule = settings_of("flue_gas_bypass")
    power = 1000 * (0.3 + 0.7 * LOAD)
    flow = 50 * LOAD * np.exp(0.03 * np.sin(np.arange(HOURS) * 1.3))

    def judged(flow):
        hours = pl.concat([series(1, "a00000", flow), series(2, "dPower", power)])
        meters = operation.power_tracks(hours, places())
        return told(bypass.detect(hours, hours, {1: list(meters.values())}, rule))

    assert judged(flow) == []
    flow[AT + 8 : AT + 16] *= 0.4
    assert judged(flow)[0] == AT + 10


@pytest.mark.parametrize(("stood", "alarmed"), [(30, False), (0, True)])
def test_back_before_the_filed_end_is_no_fraud_and_never_stopped_is_one(stood, alarmed):
    rule = settings_of("flue_gas_marked_stop")
    on = np.ones(HOURS, dtype=bool)
    on[AT : AT + stood] = False
    hours = pl.concat([
        series(1, "a19001", np.where(on, 9.0, 20.9)),
        series(1, "a00000", np.where(on, wobbling(40, 0.05), 0.0)),
    ])  # fmt: skip
    since_1970 = int((BEGIN - datetime(1970, 1, 1)).total_seconds() // 3600)
    filed = {1: np.arange(since_1970 + AT, since_1970 + AT + 36)}
    found = marked_stop.detect(hours, hours, {}, filed, rule)
    assert bool(told(found)) is alarmed
    if not alarmed:
        excused = found.filter(pl.col("state") == "bad")
        assert excused["excuse"].unique().to_list() == [marked_stop.EARLY]


def test_a_zero_and_a_small_value_at_rest_say_nothing_of_an_analyser():
    rule = settings_of("flue_gas_quality")
    ranges = pl.DataFrame(
        {"point": [1], "parameter": ["a21026"], "range_from": [0.0], "range_to": [300.0]}
    )
    flow = np.where((np.arange(HOURS) + 100) % 168 < 40, 0.0, 50.0)
    rests = flow == 0
    values = np.where(rests, 0.0, wobbling(60))

    def judged(values):
        hours = pl.concat([series(1, "a21026", values), series(1, "a00000", flow)])
        running = operation.Running(operation.table(hours, places()))
        mine = hours.filter(pl.col("parameter") == "a21026")
        return told(data_quality.detect(mine, mine, ranges, rule, running))

    # At rest nothing, a thousandth, a little below nothing; then at work again.
    assert judged(values) == []
    assert judged(np.where(rests, 0.05, values)) == []
    work = next(n for n in range(AT, HOURS) if not rests[n : n + 12].any())
    zero = values.copy()
    zero[work + 2 : work + 10] = 0.0
    assert work + 2 <= judged(zero)[0] <= work + 8
    below = values.copy()
    below[work + 2 : work + 10] = -0.6
    assert work + 2 <= judged(below)[0] <= work + 6


def test_two_equal_samples_of_an_analyser_of_four_hours_are_not_stuck():
    rule = settings_of("wastewater_constant")
    # Every four hours a new value of few digits, as many as a week gives.
    samples = np.repeat(np.round(wobbling(5, 0.15, size=HOURS // 4), 1), 4)[: 7 * 24]
    hours = series(1, "w01018", samples)
    assert told(constant.detect(hours, hours, rule)) == []


def test_a_leap_of_a_lively_series_is_measured_by_factors():
    rule = settings_of("flue_gas_sudden")
    values = wobbling(24, 0.3, seed=5)
    hours = series(1, "a21002", values)
    assert told(sudden.detect(hours, hours, rule)) == []
    values[AT : AT + 4] = 95.0
    hours = series(1, "a21002", values)
    assert AT <= told(sudden.detect(hours, hours, rule))[0] <= AT + 2


def test_a_station_of_four_hours_is_believed_at_its_second_value():
    rule = settings_of("water_sudden")
    quiet = wobbling(0.45, 0.05, seed=7)
    quiet[AT] = 1.05
    hours = series(1, "w21003", quiet, step=4)
    assert told(sudden.detect(hours, hours, rule)) == []
    quiet[AT + 4] = 1.1
    hours = series(1, "w21003", quiet, step=4)
    assert told(sudden.detect(hours, hours, rule)) == [AT + 4]
    quiet[AT], quiet[AT + 4] = 4.0, 0.45
    hours = series(1, "w21003", quiet, step=4)
    assert told(sudden.detect(hours, hours, rule)) == [AT]


def test_turbid_water_excuses_a_rise_that_clear_water_does_not():
    rule = settings_of("water_trend")
    creep = np.exp(np.maximum(0, np.arange(HOURS) - AT) / 24 * 0.11)
    ammonia = series(1, "w21003", wobbling(0.5, 0.03, seed=8) * creep)
    muddy = wobbling(20, 0.05, seed=9) * np.where(np.arange(HOURS) > AT, 3.0, 1.0)
    clear = series(1, "w01003", wobbling(20, 0.05, seed=9))

    def judged(turbidity):
        hours = pl.concat([ammonia, turbidity])
        return told(trend.detect(hours, ammonia, rule))

    assert judged(clear)
    assert len(judged(series(1, "w01003", muddy))) < len(judged(clear))


def test_a_discharge_in_one_parameter_is_no_rain():
    chance = np.random.default_rng(11)
    tables = []
    for point in range(1, 6):
        for number, code in enumerate(("w21003", "w21011", "w01019", "w01014", "w01003")):
            values = 5 * np.exp(0.05 * chance.normal(0, 1, HOURS))
            # In each station another parameter leaps, turbidity in none.
            if number == point - 1 and code != "w01003":
                values[AT : AT + 8] *= 3
            tables.append(series(point, code, values))
    rivers = pl.DataFrame({"point": range(1, 6), "kind": ["water"] * 5})
    sky = weather.of(pl.concat(tables), rivers)
    assert not sky.rained[AT : AT + 8].any()


def test_meters_of_the_hour_beside_meters_of_the_quarter_need_two_readings_and_not_one_minute_less():
    """Half of a county's lines are read every hour: a treatment that stands for two readings is told."""
    meters = pl.DataFrame(
        {"point": [1, 2, 3, 4], "owner_code": ["A", "A", "B", "B"], "line": ["1"] * 4,
         "power_role": ["production", "treatment"] * 2, "running_above": [10.0, 2.0, 10.0, 2.0]}
    )  # fmt: skip
    rows = []
    for quarter in range(24):
        wrong = quarter >= 12
        for point, step in ((1, 1), (2, 1), (3, 4), (4, 4)):
            if quarter % step == 0:
                value = 100.0 if point in (1, 3) else 0.5 if wrong else 20.0
                rows.append((point, "dPower", BEGIN + timedelta(minutes=15 * quarter), value))
    power = pl.DataFrame(rows, schema={"point": pl.Int64, "parameter": pl.String, "start": pl.Datetime("us"), "value": pl.Float64},
                         orient="row")  # fmt: skip
    found = no_treatment.detect(power, power, meters, {"minutes": 30})
    first = {
        point: found.filter((pl.col("point") == point) & (pl.col("state") == "bad"))["start"].min()
        for point in (2, 4)
    }
    assert first[2] == BEGIN + timedelta(hours=3, minutes=30)
    assert first[4] == BEGIN + timedelta(hours=4)


def test_rain_explains_what_all_rivers_and_their_mud_do_and_no_discharge_in_it():
    size, begins = 200, 150
    rain = np.ones(size)
    rain[begins:] = 2.5
    parts = []
    for point in range(1, 6):
        mud = 20 * rain**1.5
        ammonia = 0.3 * rain * (4.0 if point == 5 else 1.0) ** (np.arange(size) >= begins)
        parts += [series(point, "w01003", mud), series(point, "w21003", ammonia)]
    hours = pl.concat(parts)
    washed = Washed(hours)
    for track in each(hours.filter(pl.col("parameter") == "w21003")):
        explained = washed.explains(track)
        assert explained[80:begins].all()
        assert explained[begins : begins + 12].all() == (track.point != 5)
    # Where nothing else is measured, all is the rain's.
    alone = hours.filter(pl.col("point") == 5)
    (track,) = each(alone.filter(pl.col("parameter") == "w21003"))
    assert Washed(alone).explains(track).all()
