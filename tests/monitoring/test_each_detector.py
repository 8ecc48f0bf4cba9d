"""Every detector on its own trouble and on what only looks like it, on measured air and on plants as they work.

The air is the demonstration's: stations of Beijing as they were measured. Each test puts one trouble in and one decoy.
"""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from benchmarks.alarm_precision import settings as settings_of

from ecoledger.monitoring.alarming import operation, weather
from ecoledger.monitoring.alarming.detectors import (
    bypass,
    consistency,
    constant,
    data_quality,
    dilution,
    downstream,
    drift,
    flat,
    low_vs_neighbours,
    marked_stop,
    near_limit,
    neighbours,
    no_treatment,
    ph_jump,
    regional,
    stop_ignored,
    sudden,
    tracks,
    trend,
)
from ecoledger.monitoring.alarming.orders import Stop

BEGIN = datetime(2026, 3, 2)
DAYS = 25
HOURS = DAYS * 24
AT = 20 * 24
PM = {"a34004": "pm25", "a34002": "pm10"}
FOLDER = Path(__file__).parents[2] / "demo" / "data" / "beijing"


def series(point, parameter, values, flags=None, step=1):
    """Computed hours of one series, every ``step`` hours."""
    values = np.asarray(values, dtype=float)
    kept = np.arange(0, len(values), step)
    kept = kept[~np.isnan(values[kept])]
    flag = ["N"] * len(kept) if flags is None else [flags[n] for n in kept]
    return pl.DataFrame(
        {
            "point": [point] * len(kept), "parameter": [parameter] * len(kept),
            "start": [BEGIN + timedelta(hours=int(n)) for n in kept],
            "value": values[kept], "minimum": values[kept], "maximum": values[kept],
            "valid": [f in ("N", "") for f in flag], "flag": flag,
        },
        schema_overrides={"start": pl.Datetime("us"), "point": pl.Int64, "value": pl.Float64},
    )  # fmt: skip


def told(found, point=1):
    """The hours at which something is bad and not excused."""
    rows = found.filter(
        (pl.col("point") == point) & (pl.col("state") == "bad") & pl.col("excuse").is_null()
    )
    return sorted((rows["start"] - BEGIN).dt.total_hours().to_list())


def wobbling(level, share=0.12, seed=1, size=HOURS):
    chance = np.random.default_rng(seed)
    walk = np.zeros(size)
    for n in range(1, size):
        walk[n] = 0.8 * walk[n - 1] + 0.6 * chance.normal()
    return np.round(level * np.exp(share * walk), 2)


# -- air -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def county():
    """By station, PM2.5 and PM10 of eight stations that share half of what the first one measured, and their CO."""
    tables = [pl.read_parquet(file) for file in sorted(FOLDER.glob("*.parquet"))[:8]]
    columns = {name.lower().replace(".", "").replace("_", ""): name for name in tables[0].columns}
    first = 24 * 30
    result = {}
    for n, table in enumerate(tables):
        for code, column in {**PM, "a21005": "co"}.items():
            mine, centre = (
                t[columns[column]].cast(pl.Float64).interpolate().backward_fill().to_numpy()
                for t in (table, tables[0])
            )
            span = slice(first, first + HOURS)
            result[n + 1, code] = np.round(0.3 * mine[span] + 0.7 * centre[span], 1)
    return result


PLACES = pl.DataFrame({"point": range(1, 9), "lon": [118.6 + 0.01 * n for n in range(8)],
                       "lat": [24.9] * 8, "level": ["county"] * 8})  # fmt: skip


def beside(county, rule, level="county"):
    hours = pl.concat([series(point, code, values) for (point, code), values in county.items()])
    places = PLACES.with_columns(pl.lit(level).alias("level"))
    return regional.compare(hours, places, rule), hours


def dusty(county):
    """The first hour from ``AT`` on at which the county's PM10 is worth looking at, for ten hours."""
    middle = np.median([county[n, "a34002"] for n in range(1, 9)], axis=0)
    return next(n for n in range(AT - 100, HOURS - 20) if middle[n : n + 10].min() > 60)


def test_one_station_high_for_hours_is_a_source_and_a_haze_is_none(county):
    rule, at = settings_of("air_neighbours"), dusty(county)
    here = {key: values.copy() for key, values in county.items()}
    for code, more in (("a34004", 90), ("a34002", 160)):
        here[1, code][at : at + 10] += more
    found = neighbours.detect(*beside(here, rule), rule)
    assert at <= told(found)[0] <= at + 6
    assert told(found)[-1] <= at + 11
    haze = {key: values.copy() for key, values in county.items()}
    for key in haze:
        haze[key][at : at + 10] *= 2.5
    quiet = set(told(neighbours.detect(*beside(haze, rule), rule)))
    assert not quiet & set(range(at, at + 10))


def test_what_reaches_other_stations_hours_later_is_no_source(county):
    """Fireworks are let off here now and there a little later, in a strength of their own; one other may have its own trouble."""
    rule, at = settings_of("air_neighbours"), dusty(county)
    feast = {key: values.copy() for key, values in county.items()}
    for point, late, part in ((1, 4, 1.0), (2, 0, 0.9), (3, 1, 1.0)):
        for code, more in (("a34004", 90), ("a34002", 160)):
            feast[point, code][at + late : at + late + 6] += part * more
    found = neighbours.detect(*beside(feast, rule), rule)
    assert told(found, 1) == []


def test_a_source_beside_a_restless_micro_station_is_told_when_it_alone_is_high(county):
    rule, at = settings_of("air_neighbours"), dusty(county)
    here = {key: values.copy() for key, values in county.items()}
    restless = np.exp(0.22 * np.sin(np.arange(HOURS) * 2 * np.pi / 15))
    for code, more in (("a34004", 60), ("a34002", 110)):
        here[1, code] *= restless
        here[1, code][at : at + 10] = 1.3 * county[1, code][at : at + 10] + more
    found = neighbours.detect(*beside(here, rule, "micro"), rule)
    assert at <= told(found)[0] <= at + 8


def test_one_broken_micro_station_does_not_hide_a_striking_source_beside_it(county):
    """Of a score of cheap sensors one is always out of order."""
    rule, at = settings_of("air_neighbours"), dusty(county)
    rows, places = [], []
    for n in range(1, 25):
        places.append({"point": n, "lon": 118.6 + 0.002 * n, "lat": 24.9, "level": "micro"})
        for code, more in (("a34004", 90), ("a34002", 160)):
            values = county[1 + n % 8, code] * np.exp(0.02 * np.sin(np.arange(HOURS) * (1 + n / 7)))
            if n == 1:
                values[at : at + 10] += more
            if n == 13:
                values[at - 4 : at + 12] += 3 * more
            rows.append(series(n, code, values))
    found = neighbours.detect(
        regional.compare(pl.concat(rows), pl.DataFrame(places), rule), pl.concat(rows), rule
    )
    assert at <= told(found)[0] <= at + 6


def test_a_lorry_beside_the_inlet_is_no_source(county):
    rule, at = settings_of("air_neighbours"), dusty(county)
    here = {key: values.copy() for key, values in county.items()}
    here[1, "a34002"][at : at + 2] += 200
    assert not set(told(neighbours.detect(*beside(here, rule), rule))) & set(range(at, at + 6))


def test_a_sampler_interfered_with_measures_little_dust_and_as_much_gas_as_before(county):
    rule, at = settings_of("air_low"), dusty(county)
    spray = {key: values.copy() for key, values in county.items()}
    for code in PM:
        spray[1, code][at : at + 10] *= 0.3
    found = told(low_vs_neighbours.detect(*beside(spray, rule), rule))
    assert at <= found[0] <= at + 6
    # Clean air over one station takes its gases along.
    clean = {key: values.copy() for key, values in spray.items()}
    clean[1, "a21005"][at : at + 10] *= 0.3
    assert told(low_vs_neighbours.detect(*beside(clean, rule), rule)) == []


def test_one_restless_hour_does_not_hide_an_interfered_sampler_and_clean_air_over_several_is_none(
    county,
):
    rule = settings_of("air_low")
    at = dusty(county)
    sprayed = {key: values.copy() for key, values in county.items()}
    share = np.array([0.4, 0.42, 0.9, 0.38, 0.4, 0.43, 0.4, 0.41, 0.39, 0.4])
    for code in PM:
        sprayed[3, code][at : at + 10] *= share
    found = told(low_vs_neighbours.detect(*beside(sprayed, rule), rule), 3)
    assert at + 2 <= found[0] <= at + 8
    # Air that is clean over three of them is air.
    clean = {key: values.copy() for key, values in county.items()}
    for point in (3, 4, 5):
        for code in PM:
            clean[point, code][at : at + 10] *= share
    judged = low_vs_neighbours.detect(*beside(clean, rule), rule)
    assert all(told(judged, point) == [] for point in (3, 4, 5))


def test_clean_air_that_reached_others_before_is_no_hand(county):
    rule, at = settings_of("air_low"), dusty(county)
    cleaner = {key: values.copy() for key, values in county.items()}
    for point, late, part in ((1, 4, 0.35), (2, 0, 0.38), (3, 1, 0.36)):
        for code in PM:
            cleaner[point, code][at + late : at + late + 8] *= part
    judged = low_vs_neighbours.detect(*beside(cleaner, rule), rule)
    assert told(judged, 1) == []


def test_another_stations_own_trouble_hides_none(county):
    """Two samplers are interfered with in the same night, two sources blow on the same day."""
    low, high = settings_of("air_low"), settings_of("air_neighbours")
    at = dusty(county)
    sprayed = {key: values.copy() for key, values in county.items()}
    sources = {key: values.copy() for key, values in county.items()}
    for point, late in ((1, 2), (5, 0)):
        for code, more in (("a34004", 90), ("a34002", 160)):
            sprayed[point, code][at + late : at + late + 10] *= 0.35
            sources[point, code][at + late : at + late + 10] += more
    for judged in (
        low_vs_neighbours.detect(*beside(sprayed, low), low),
        neighbours.detect(*beside(sources, high), high),
    ):
        assert all(at < told(judged, point)[0] <= at + 8 for point in (1, 5))


def test_gusts_hide_a_source_from_some_hours_and_not_from_more(county):
    rule, at = settings_of("air_neighbours"), dusty(county)
    here = {key: values.copy() for key, values in county.items()}
    gusts = np.array([1, 0.1, 1, 1, 0.9, 0.1, 1, 1, 0.9, 1.0])
    for code, more in (("a34004", 90), ("a34002", 160)):
        here[1, code][at : at + 10] += more * gusts
    found = told(neighbours.detect(*beside(here, rule), rule))
    assert at < found[0] <= at + 8


def test_a_spray_that_takes_more_of_the_coarse_dust_is_a_hand_where_nothing_else_is_low(county):
    rule, at = settings_of("air_low"), dusty(county)
    sprayed = {key: values.copy() for key, values in county.items()}
    sprayed[3, "a34002"][at : at + 12] *= 0.3
    sprayed[3, "a34004"][at : at + 12] *= 0.54
    found = told(low_vs_neighbours.detect(*beside(sprayed, rule), rule), 3)
    assert at + 2 <= found[0] <= at + 8


def test_a_micro_station_that_drifts_is_told_within_days_and_a_foul_day_is_not(county):
    rule, at = settings_of("air_drift"), AT - 96
    drifting = {key: values.copy() for key, values in county.items()}
    up = np.exp(np.linspace(0, 1.0, 8 * 24))
    for code in PM:
        drifting[1, code][at : at + 8 * 24] *= up
    found = told(drift.detect(*beside(drifting, rule, "micro"), rule))
    assert at + 24 < found[0] <= at + 5 * 24
    foul = {key: values.copy() for key, values in county.items()}
    for code in PM:
        foul[1, code][at : at + 24] *= 1.8
    assert told(drift.detect(*beside(foul, rule, "micro"), rule)) == []
    # A sensor that was changed reads otherwise from one day to the next: it did not age.
    changed = {key: values.copy() for key, values in county.items()}
    for code in PM:
        changed[1, code][at:] *= 1.8
    assert told(drift.detect(*beside(changed, rule, "micro"), rule)) == []


def test_a_drift_is_one_alarm_until_the_sensor_reads_right_again(county):
    rule, at, days = settings_of("air_drift"), AT - 96, 6
    drifting = {key: values.copy() for key, values in county.items()}
    for code in PM:
        drifting[1, code][at : at + days * 24] *= np.exp(np.linspace(0, 0.8, days * 24))
    found = sorted(set(told(drift.detect(*beside(drifting, rule, "micro"), rule))))
    assert found == list(range(found[0], found[-1] + 1))
    assert at + days * 24 <= found[-1] < at + days * 24 + 24


def test_what_is_said_of_a_drift_has_a_value_and_a_gap_is_left_to_the_gap(county):
    rule, at = settings_of("air_drift"), AT - 96
    drifting = {key: values.copy() for key, values in county.items()}
    for code in PM:
        drifting[1, code][at : at + 8 * 24] *= np.exp(np.linspace(0, 1.0, 8 * 24))
    whole = told(drift.detect(*beside(drifting, rule, "micro"), rule))
    gap = range(whole[0] + 3, whole[0] + 9)
    for code in PM:
        drifting[1, code][gap] = np.nan
    stations, _measured = beside(drifting, rule, "micro")
    due = pl.concat([series(point, code, values) for (point, code), values in county.items()])
    found = drift.detect(stations, due, rule)
    bad = found.filter(pl.col("state") == "bad")
    assert not bad["value"].is_null().any()
    assert not bad["value"].is_nan().any()
    assert not set(gap) & set(told(found))
    assert max(told(found)) > gap[-1]


def test_before_a_station_is_known_beside_its_neighbours_nothing_is_said_of_its_drift(county):
    stations, _hours = beside(county, settings_of("air_drift"), "micro")
    slow = next(s.slow for s in stations if (s.track.point, s.track.parameter) == (1, "a34004"))
    known = np.flatnonzero(~np.isnan(slow))
    assert known[0] >= regional.DRIFTS
    assert len(known) > HOURS / 2


# -- plants ----------------------------------------------------------------------------------------


def plant(running=None, flow=40.0, oxygen=9.0):
    """Flow, oxygen and production power of outlet 1, with a meter 2 of the same owner."""
    on = np.ones(HOURS, dtype=bool) if running is None else running
    rows = [
        series(1, "a00000", np.where(on, wobbling(flow, 0.05, 2), 0.0)),
        series(1, "a19001", np.where(on, wobbling(oxygen, 0.03, 3), 20.9)),
        series(2, "dPower", np.where(on, wobbling(600, 0.04, 4), 30.0)),
    ]
    return pl.concat(rows)


POINTS = pl.DataFrame({"point": [1, 2], "kind": ["flue_gas", "power"], "owner_code": ["E", "E"],
                       "power_role": ["", "production"], "enabled": [True, True]})  # fmt: skip


def running_of(hours):
    return operation.Running(operation.table(hours, POINTS))


def meters_of(hours):
    return {1: [operation.power_tracks(hours, POINTS)[2]]}


def test_a_stuck_analyser_and_a_plant_that_stands():
    values = wobbling(30)
    values[AT : AT + 12] = values[AT]
    rule, hours = settings_of("flue_gas_constant"), series(1, "a21026", values)
    stops = np.ones(HOURS, dtype=bool)
    stops[AT - 2 : AT + 14] = False
    assert told(constant.detect(hours, hours, rule, running_of(plant())))[0] == AT + 5
    assert told(constant.detect(hours, hours, rule, running_of(plant(stops)))) == []


def test_a_station_of_four_hours_that_is_stuck_for_four_days_is_told():
    rule, chance = settings_of("water_constant"), np.random.default_rng(5)
    walk = np.zeros(HOURS)
    for n in range(1, HOURS):
        walk[n] = 0.99 * walk[n - 1] + 0.01 * chance.normal()
    values = np.round(0.25 * np.exp(walk), 2)
    hours = series(1, "w21003", values, step=4)
    assert told(constant.detect(hours, hours, rule)) == []
    values[AT : AT + 96] = values[AT]
    hours = series(1, "w21003", values, step=4)
    assert AT + 24 <= told(constant.detect(hours, hours, rule))[0] <= AT + 84


def test_an_analyser_that_holds_its_value_between_samples_is_not_stuck():
    held = wobbling(30, 0.2)[np.arange(HOURS) // 4 * 4]
    rule = settings_of("wastewater_constant")
    hours = series(1, "w01018", held)
    assert told(constant.detect(hours, hours, rule)) == []
    held[AT : AT + 40] = held[AT]
    hours = series(1, "w01018", held)
    found = constant.detect(hours, hours, rule)
    assert AT + 8 < told(found)[0] <= AT + 24
    # It took longer to be sure, and began when it began.
    since = set(found.filter(pl.col("state") == "bad")["since"])
    assert since == {BEGIN + timedelta(hours=AT)}


def test_a_fed_value_with_a_little_jitter_is_flat_and_a_calm_day_is_not():
    rule, values = settings_of("flue_gas_flat"), wobbling(30)
    hours = series(1, "a21026", values)
    assert told(flat.detect(hours, hours, rule)) == []
    values[AT : AT + 24] = 30 + 0.1 * np.sin(np.arange(24) * 2.1)
    hours = series(1, "a21026", values)
    assert AT + 6 <= told(flat.detect(hours, hours, rule))[0] <= AT + 10


def test_a_night_in_which_the_plant_stood_still_is_no_measure_of_calm():
    rule, values = settings_of("flue_gas_flat"), wobbling(30)
    values[AT - 200 : AT - 180] = values[AT - 200]
    values[AT : AT + 24] = 30 + 0.1 * np.sin(np.arange(24) * 2.1)
    hours = series(1, "a21026", values)
    assert (
        AT + 6 <= next(n for n in told(flat.detect(hours, hours, rule)) if n > AT - 100) <= AT + 10
    )


def test_values_cut_off_under_the_limit_and_values_that_only_come_near_it():
    rule, free = settings_of("flue_gas_near_limit"), wobbling(52, 0.1)
    clamped = free.copy()
    clamped[AT : AT + 30] = np.minimum(wobbling(120, 0.1)[:30], 98.5) + 0.1 * np.sin(np.arange(30))
    near = free.copy()
    near[AT : AT + 30] = wobbling(80, 0.08, 9)[:30].clip(max=97)
    for values, expected in ((clamped, True), (near, False)):
        hours = series(1, "a21026", values).with_columns(pl.lit(100.0).alias("limit"))
        found = told(near_limit.detect(hours, hours, rule))
        assert bool(found) == expected
        assert not found or AT + 4 <= found[0] <= AT + 10


def test_a_leap_counts_when_the_next_hours_say_the_same():
    rule, values = settings_of("flue_gas_sudden"), wobbling(8, 0.1)
    values[AT] = 60
    hours = series(1, "a34013", values)
    assert told(sudden.detect(hours, hours, rule)) == []
    values[AT : AT + 4] = [60, 62, 61, 64]
    hours = series(1, "a34013", values)
    assert told(sudden.detect(hours, hours, rule))[0] == AT + 2


def test_air_let_into_the_flue_and_a_boiler_at_half_load():
    rule = settings_of("flue_gas_dilution")

    def judged(load):
        hours = plant()
        rise = (pl.col("start") >= BEGIN + timedelta(hours=AT)) & (
            pl.col("start") < BEGIN + timedelta(hours=AT + 12)
        )
        value = pl.when(rise & (pl.col("parameter") == "a19001")).then(pl.col("value") + 4.5)
        other = value.when(rise).then(pl.col("value") * load).otherwise("value")
        hours = hours.with_columns(other.alias("value"))
        found = dilution.detect(hours, hours.filter(pl.col("point") == 1), rule, running_of(hours))
        return told(found)

    assert judged(1.0)[0] == AT + 2
    assert judged(0.5) == []


def test_an_emission_that_falls_to_a_fifth_at_full_load():
    rule, values = settings_of("flue_gas_consistency"), wobbling(40)
    values[AT : AT + 30] *= 0.2
    hours = series(1, "a21026", values)
    assert AT <= told(consistency.detect(hours, hours, rule, running_of(plant())))[0] <= AT + 8
    stops = np.ones(HOURS, dtype=bool)
    stops[AT : AT + 30] = False
    assert told(consistency.detect(hours, hours, rule, running_of(plant(stops)))) == []


def test_flow_that_goes_another_way_while_production_goes_on():
    rule, flow = settings_of("flue_gas_bypass"), wobbling(40, 0.05, 2)
    less = flow.copy()
    less[AT : AT + 10] *= 0.2
    meter = series(2, "dPower", wobbling(600, 0.04, 4))
    hours = series(1, "a00000", less)
    assert (
        told(bypass.detect(hours, hours, meters_of(pl.concat([hours, meter])), rule))[0] == AT + 2
    )
    power = wobbling(600, 0.04, 4)
    power[AT : AT + 10] *= 0.2
    meter = series(2, "dPower", power)
    assert told(bypass.detect(hours, hours, meters_of(pl.concat([hours, meter])), rule)) == []


def test_marked_as_stopped_and_running_all_the_same():
    rule = settings_of("flue_gas_marked_stop")
    flags = ["F" if AT <= n < AT + 12 else "N" for n in range(HOURS)]

    def judged(on):
        hours = pl.concat([
            series(1, "a21026", wobbling(30), flags), series(1, "a19001", np.where(on, 9.0, 20.9), flags),
            series(1, "a00000", np.where(on, wobbling(40, 0.05), 0.0), flags),
        ])  # fmt: skip
        meter = series(2, "dPower", np.where(on, 600.0, 20.0))
        return told(
            marked_stop.detect(hours, hours, meters_of(pl.concat([hours, meter])), {}, rule)
        )

    assert judged(np.ones(HOURS, dtype=bool))[0] == AT + 2
    stopped = np.ones(HOURS, dtype=bool)
    stopped[AT : AT + 12] = False
    assert judged(stopped) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [(lambda v: v * 1000, "单位"), (lambda v: v / 1000, "单位"), (lambda v: -0.1 * v, "负值"),
     (lambda v: v * 0, "零"), (lambda v: v * 0 + 300, "量程")],
)  # fmt: skip
def test_values_that_no_process_gives(change, word):
    rule, values = settings_of("flue_gas_quality"), wobbling(30)
    ranges = pl.DataFrame(
        {"point": [1], "parameter": ["a21026"], "range_from": [0.0], "range_to": [300.0]}
    )
    hours = series(1, "a21026", values)
    assert told(data_quality.detect(hours, hours, ranges, rule)) == []
    values[AT : AT + 6] = change(values[AT : AT + 6])
    hours = series(1, "a21026", values)
    found = data_quality.detect(hours, hours, ranges, rule)
    assert AT <= told(found)[0] <= AT + 4
    assert word in found.filter(pl.col("state") == "bad")["note"][0]


def test_production_after_an_order_to_stop():
    rule = settings_of("stop_ignored")

    def judged(power, until=None):
        hours = series(1, "dPower", power)
        (meter,) = tracks.each(hours)
        begin = BEGIN + timedelta(hours=AT)
        end = None if until is None else BEGIN + timedelta(hours=until)
        stops = [Stop("E", begin, end, "减排指令"), Stop("another", BEGIN, None, "另一家")]
        return stop_ignored.detect(hours, [("E", meter, 180.0)], stops, rule)

    runs = np.full(HOURS, 600.0)
    # Two hours to shut down, two of production.
    assert told(judged(runs))[0] == AT + 3
    found = judged(runs, until=AT + 10)
    assert told(found) == list(range(AT + 3, AT + 10))
    assert set(found.filter(pl.col("state") == "bad")["note"]) == {
        "减排指令，此处仍在用电生产，请核对是否在停产范围内"
    }
    assert set(found.filter(pl.col("start") >= BEGIN + timedelta(hours=AT + 10))["state"]) == {
        "good"
    }
    # Who keeps a furnace warm does not produce, and who had stopped in time is told of nothing.
    runs[AT + 2 :] = 90.0
    assert told(judged(runs)) == []


def test_treatment_off_while_production_runs_and_both_at_rest():
    rule = settings_of("no_treatment")
    meters = pl.DataFrame({"point": [1, 2], "owner_code": ["E"] * 2, "line": ["1"] * 2,
                           "power_role": ["production", "treatment"], "running_above": [1.0, 1.0],
                           "learned": [180.0, 15.0]})  # fmt: skip
    for production, expected in ((600.0, True), (90.0, False)):
        power = np.full(48, 600.0)
        power[30:36] = production
        fan = np.full(48, 50.0)
        fan[30:36] = 3.0
        hours = pl.concat([series(1, "dPower", power), series(2, "dPower", fan)])
        assert bool(told(no_treatment.detect(hours, hours, meters, rule), 2)) == expected


# -- water -----------------------------------------------------------------------------------------


def test_a_ph_that_leaps_and_one_that_breathes_with_the_algae():
    rule = settings_of("water_ph")
    values = 8.0 + 0.9 * np.sin(np.arange(HOURS) * 2 * np.pi / 24) + 0.03 * wobbling(1, 1.0)
    hours = series(1, "w01001", values)
    assert told(ph_jump.detect(hours, hours, rule)) == []
    values[AT : AT + 5] += 2.5
    hours = series(1, "w01001", values)
    assert AT <= told(ph_jump.detect(hours, hours, rule))[0] <= AT + 2


RAIN_POINTS = pl.DataFrame({"point": [1, 2, 3, 4, 9], "kind": ["water"] * 4 + ["weather"]})


def test_a_river_that_creeps_up_and_a_county_in_the_rain():
    rule = settings_of("water_trend")
    flood = np.zeros(HOURS)
    flood[AT - 48 :] = 1.2 * np.exp(-np.arange(HOURS - AT + 48) / 30)
    rain = np.zeros(HOURS)
    rain[AT - 50 : AT - 46] = 6.0
    for creeping in (True, False):
        rows = [series(9, "a01021", rain)]
        for point in (1, 2, 3, 4):
            values = wobbling(0.3, 0.06, point) * (1 + flood)
            if creeping and point == 1:
                values[AT - 120 :] *= np.exp(np.linspace(0, 1.1, HOURS - AT + 120))
            rows.append(series(point, "w21003", values, step=4 if point == 1 else 1))
        table = pl.concat(rows)
        hours = table.filter(pl.col("point") < 9)
        found = trend.detect(hours, hours, rule, operation.NOTHING, weather.of(table, RAIN_POINTS))
        assert bool(told(found)) == creeping
        assert all(not told(found, point) for point in (2, 3, 4))


def creeping(rise):
    """A river's ammonia that gains ``rise`` (a logarithm by the hour), judged; the hours told."""
    rule = settings_of("water_trend")
    hours = series(1, "w21003", np.round(wobbling(0.3, 0.06) * np.exp(rise), 3))
    return told(trend.detect(hours, hours, rule))


def test_what_rises_within_a_day_or_has_been_high_is_no_gradual_change():
    day = np.arange(HOURS) - AT + 96
    assert creeping(np.clip(day / 24 * 0.15, 0, 0.9))
    # A discharge goes by within two days, a new level is there at once: other rules tell of them.
    assert creeping(1.2 * np.exp(-((day - 30) ** 2) / 2 / 9**2)) == []
    assert creeping(np.where(day > 0, 0.8, 0.0)) == []


def test_wastewater_that_gets_two_thirds_worse_within_a_week_is_told():
    rule = settings_of("wastewater_trend")

    def found(gain):
        rise = np.clip((np.arange(HOURS) - AT + 120) / 120, 0, 1) * np.log(gain)
        hours = series(1, "w01018", wobbling(90) * np.exp(rise))
        return told(trend.detect(hours, hours, rule))

    assert AT - 96 < found(1.7)[0] < AT + 24
    assert found(1.2) == []


def test_a_gradual_change_goes_on_until_half_of_it_is_gone():
    day = (np.arange(HOURS) - AT + 96) / 24
    found = creeping(np.where(day < 5, np.clip(day * 0.15, 0, 0.75), 0.0))
    assert found == list(range(found[0], found[-1] + 1))
    assert AT - 96 + 2 * 24 < found[0] < AT < found[-1] < AT + 96


def test_a_discharge_that_moves_down_the_river_and_a_tide():
    rule = settings_of("water_downstream")
    reaches = pl.DataFrame({"point": [1, 2], "river": [7, 7], "km": [10.0, 20.0]})
    tide = np.exp(0.3 * np.sin(np.arange(HOURS) * 2 * np.pi / 12.42))
    upper, lower = wobbling(0.3, 0.06, 1) * tide, wobbling(0.3, 0.06, 2) * np.roll(tide, 3)
    quiet = pl.concat([series(1, "w21003", upper), series(2, "w21003", lower)])
    assert told(downstream.detect(quiet, quiet, reaches, rule), 2) == []
    upper[AT : AT + 10] *= 4
    lower[AT + 6 : AT + 16] *= 3
    hours = pl.concat([series(1, "w21003", upper), series(2, "w21003", lower)])
    assert AT + 6 <= told(downstream.detect(hours, hours, reaches, rule), 2)[0] <= AT + 9


def test_a_fed_value_of_few_digits_is_flat_though_no_step_is_smaller_than_a_digit():
    rule, values = settings_of("flue_gas_flat"), np.round(wobbling(16, 0.048), 1)
    hours = series(1, "a21026", values)
    assert told(flat.detect(hours, hours, rule)) == []
    values[AT : AT + 24] = 16.0 + np.tile([0, 0.1, 0.1, 0, -0.1, 0], 4)
    hours = series(1, "a21026", np.round(values, 1))
    assert AT + 6 <= told(flat.detect(hours, hours, rule))[0] <= AT + 14


def test_tracks_know_their_own_rhythm():
    (track,) = tracks.each(series(1, "w21003", np.ones(HOURS), step=4))
    assert (track.step, len(track)) == (4, HOURS // 4)


def test_a_stations_gases_need_not_begin_and_end_with_its_dust():
    def beside(parameter: str, first: int, ratio: np.ndarray) -> regional.Compared:
        size = len(ratio)
        track = tracks.Track(1, parameter, first, 1, ratio, ratio, np.full(size, "N", dtype=object))
        flat = np.ones(size)
        return regional.Compared(track, flat, flat, ratio, flat, flat, flat, False)

    dust = beside("a34004", 1000, np.ones(400))
    gas = np.ones(300)
    gas[50] = np.e
    told = regional.own([dust, beside("a21026", 900, gas), beside("a21005", 1900, np.ones(3))])
    air = told[1, "a34004"].air
    # The gas's series began 100 hours before the dust's and ends 200 hours sooner; the other never meets it.
    assert len(air) == 400
    assert np.isnan(air[200:]).all()
    assert not np.isnan(air[:200]).any()
    late = regional.own([dust, beside("a21026", 1100, gas)])[1, "a34004"].air
    assert late[150] == 1.0
