"""Hours to days to periods by HJ 663: validity, ozone windows, percentiles, attainment, city means."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import air_evaluation as ev
from ecoledger.standards import air_means
from ecoledger.standards.aqi import FACTORS

DAY = datetime(2026, 5, 1)


def hours_of(values: list[float | None], start: datetime = DAY, factor: str = "o3", station="A"):
    times = [start + timedelta(hours=i) for i in range(len(values))]
    return pl.DataFrame(
        {"time": times, "station": [station] * len(values), factor: values},
        schema_overrides={factor: pl.Float64},
    )


def one_day(values: list[float | None], factor: str = "o3", **options):
    return air_means.daily_from_hourly(
        hours_of(values, factor=factor), label="start", **options
    ).row(0, named=True)


def test_a_daily_mean_needs_twenty_hours():
    full = [float(i) for i in range(24)]
    assert one_day(full, "pm2_5")["pm2_5"] == 11.5
    assert one_day([None] * 4 + full[4:], "pm2_5")["pm2_5"] == 13.5
    lacking = one_day([None] * 5 + full[5:], "pm2_5")
    assert (lacking["pm2_5"], lacking["pm2_5_hours"]) == (None, 19)
    assert one_day([-1.0, float("nan"), None, *full[3:]], "so2")["so2_hours"] == 21


def test_ozone_windows_lie_within_the_day():
    rising = [float(10 * h) for h in range(24)]
    day = one_day(rising)
    assert day["o3"] == np.mean(rising[16:])
    assert (day["o3_1h"], day["o3_windows"], day["o3_hours"]) == (230, 17, 24)


def test_ozone_window_convention_and_the_night_before():
    evening_high = [200.0] * 24 + [10.0] * 24
    table = hours_of(evening_high)
    within = air_means.daily_from_hourly(table, label="start")["o3"].to_list()
    reaching = air_means.daily_from_hourly(table, label="start", windows="ending-in-day")
    assert within == [200.0, 10.0]
    assert reaching["o3"].to_list() == [200.0, (7 * 200 + 10) / 8]
    assert reaching["o3_windows"].to_list() == [19, 24]


def test_label_of_the_hour_decides_the_day():
    table = hours_of([0.0] * 24 + [80.0])
    assert air_means.daily_from_hourly(table, label="start")["day"].to_list() == [
        date(2026, 5, 1),
        date(2026, 5, 2),
    ]
    by_end = air_means.daily_from_hourly(table, label="end")
    assert by_end["day"].to_list() == [date(2026, 4, 30), date(2026, 5, 1)]
    assert by_end["o3_hours"].to_list() == [1, 24]


@pytest.mark.parametrize(
    ("known", "level", "wanted"), [(21, 100.0, 100.0), (15, 100.0, None), (15, 161.0, 161.0)]
)
def test_fourteen_windows_or_a_maximum_over_the_limit(known, level, wanted):
    assert one_day([level] * known + [None] * (24 - known))["o3"] == wanted


def test_fourteen_is_the_edge():
    # Hours 0 to 18 known: windows ending 8..19 have eight, 20 has seven, 21 has six: 14 windows.
    assert one_day([50.0] * 19 + [None] * 5)["o3_windows"] == 14
    assert one_day([50.0] * 19 + [None] * 5)["o3"] == 50
    assert one_day([50.0] * 18 + [None] * 6)["o3_windows"] == 13
    assert one_day([50.0] * 18 + [None] * 6)["o3"] is None
    # Class I areas have the lower limit of 100.
    assert one_day([120.0] * 18 + [None] * 6)["o3"] is None
    assert one_day([120.0] * 18 + [None] * 6, area_class=1)["o3"] == 120


def test_eight_hour_means_need_six_hours_and_agree_with_the_daily_maximum():
    series = np.array([1.0, 2, np.nan, 4, np.nan, 6, 7, 8, np.nan, 10])
    means = air_means.eight_hour_means(series)
    assert np.isnan(means[:7]).all()
    assert means[7] == pytest.approx(28 / 6)
    assert np.isnan(means[8])
    full = np.random.default_rng(7).uniform(0, 200, 24)
    assert one_day(full.tolist())["o3"] == pytest.approx(air_means.eight_hour_means(full)[7:].max())


def test_stations_are_kept_apart_sorted_and_may_be_sparse():
    far = hours_of([5.0] * 24, datetime(2013, 1, 1), "pm10", "站乙")
    near = hours_of([7.0] * 24, datetime(2026, 5, 1), "pm10", "站甲")
    table = air_means.daily_from_hourly(pl.concat([near, far]), label="start")
    assert table.select("station", "day", "pm10").rows() == [
        ("站乙", date(2013, 1, 1), 5.0),
        ("站甲", date(2026, 5, 1), 7.0),
    ]


def test_what_cannot_be_averaged_is_refused():
    table = hours_of([1.0, 2.0])
    with pytest.raises(ValueError, match="more than one row"):
        air_means.daily_from_hourly(pl.concat([table, table]), label="start")
    with pytest.raises(ValueError, match="not a full hour"):
        air_means.daily_from_hourly(hours_of([1.0], DAY + timedelta(minutes=30)), label="start")
    with pytest.raises(ValueError, match="label is 'begin'"):
        air_means.daily_from_hourly(table, label="begin")
    with pytest.raises(ValueError, match="windows is 'all'"):
        air_means.daily_from_hourly(table, label="start", windows="all")
    with pytest.raises(ValueError, match="has no"):
        air_means.daily_from_hourly(
            table.with_columns(station=pl.lit(None, pl.String)), label="start"
        )
    assert air_means.daily_from_hourly(table.head(0), label="start").is_empty()


@given(st.lists(st.integers(0, 500), min_size=1, max_size=400), st.sampled_from([90, 95, 98]))
def test_percentile_is_linear_between_sorted_values(values, percent):
    ours = ev.percentile(np.array(values, dtype=float), percent)
    assert ours == pytest.approx(np.percentile(values, percent), rel=1e-12, abs=1e-12)


def test_percentile_example_and_missing():
    assert ev.percentile(np.array([np.nan, 10.0, 20.0, 30.0, 40.0]), 90) == 37.0
    assert np.isnan(ev.percentile(np.array([np.nan]), 90))


def year_of(concentrations: dict[str, float], year: int = 2025, station: str = "A") -> pl.DataFrame:
    days = pl.date_range(date(year, 1, 1), date(year, 12, 31), eager=True)
    return pl.DataFrame(
        {"station": [station] * days.len(), "day": days}
        | {factor: [value] * days.len() for factor, value in concentrations.items()}
    )


CLEAN = {"so2": 6.0, "no2": 28.0, "o3": 140.0, "co": 1.0, "pm10": 56.0, "pm2_5": 35.0}


def test_a_year_that_attains_in_2025_but_not_under_the_2026_limits():
    row = ev.evaluate(year_of(CLEAN)).row(0, named=True)
    assert row["attained"] is True
    assert (row["period"], row["valid_days"], row["calendar_days"]) == ("2025", 365, 365)
    assert row["composite"] == pytest.approx(3.725)
    assert row["largest"] == "pm2_5"
    assert row["standard"] == "HJ 663-2013, GB 3095-2012"
    later = ev.evaluate(year_of(CLEAN, 2027)).row(0, named=True)
    assert later["attained"] is False
    assert later["pm2_5_attained"] is False
    assert later["pm2_5_multiple"] == pytest.approx(5 / 30)
    assert later["no2_attained"] is True
    assert later["standard"] == "HJ 663-2026, GB 3095-2026"
    assert ev.evaluate(year_of(CLEAN, 2027), on=date(2025, 1, 1))["attained"][0] is True


def test_attainment_compares_rounded_values_and_the_percentile():
    assert ev.evaluate(year_of(CLEAN | {"pm2_5": 35.4}))["pm2_5_attained"][0] is True
    assert ev.evaluate(year_of(CLEAN | {"pm2_5": 35.6}))["pm2_5_attained"][0] is False
    table = year_of(CLEAN)
    often = table.with_columns(
        pm2_5=pl.when(pl.int_range(pl.len()) < 20).then(80.0).otherwise(20.0)
    )
    row = ev.evaluate(often).row(0, named=True)
    assert row["pm2_5_mean"] < 35
    assert row["pm2_5_p95"] == 80
    assert row["pm2_5_attained"] is False
    assert (row["polluted_days"], row["good_days"], row["pm2_5_attained_days"]) == (20, 345, 345)


def test_a_year_needs_324_days_and_every_month_27():
    table = year_of(CLEAN)
    march = table.filter(~((pl.col("day").dt.month() == 3) & (pl.col("day").dt.day() > 26)))
    row = ev.evaluate(march).row(0, named=True)
    assert row["pm10_valid"] is False
    assert row["attained"] is None
    assert (row["valid_days"], row["calendar_days"]) == (360, 365)
    february = table.filter(~((pl.col("day").dt.month() == 2) & (pl.col("day").dt.day() > 25)))
    assert ev.evaluate(february)["pm10_valid"][0] is True
    each = table.filter(pl.col("day").dt.day() <= 27)
    assert ev.evaluate(each)["pm10_days"][0] == 324
    assert ev.evaluate(each)["pm10_valid"][0] is True
    unbroken = table.filter(pl.col("day") <= date(2025, 11, 30))
    assert ev.evaluate(unbroken)["pm10_valid"][0] is False


@pytest.mark.parametrize(
    ("every", "names", "ends"),
    [
        ("quarter", ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"], date(2025, 3, 31)),
        ("half-year", ["2025-H1", "2025-H2"], date(2025, 6, 30)),
        ("year", ["2025"], date(2025, 12, 31)),
        ("all", ["2025-01-01/2025-12-31"], date(2025, 12, 31)),
    ],
)
def test_periods(every, names, ends):
    found = ev.evaluate(year_of(CLEAN), every=every)
    assert found["period"].to_list() == names
    assert found["ends"][0] == ends
    assert found["attained"].to_list() == [True] * len(names)


def test_months_and_unknown_period():
    months = ev.evaluate(year_of(CLEAN), every="month")
    assert months["period"].to_list() == [f"2025-{m:02}" for m in range(1, 13)]
    assert months["calendar_days"].to_list()[:2] == [31, 28]
    with pytest.raises(ValueError, match="every is 'week'"):
        ev.evaluate(year_of(CLEAN), every="week")


def test_good_day_ratio_has_both_denominators():
    table = year_of(CLEAN).with_columns(
        pm2_5=pl.when(pl.int_range(pl.len()) < 13).then(80.0).otherwise(20.0),
        no2=pl.when(pl.int_range(pl.len()) >= 355).then(None).otherwise(28.0),
    )
    row = ev.rounded(ev.evaluate(table)).row(0, named=True)
    assert (row["good_days"], row["valid_days"], row["calendar_days"]) == (342, 355, 365)
    assert (row["good_ratio"], row["good_ratio_calendar"]) == (96.3, 93.7)


def test_published_rounding_follows_the_edition():
    old = ev.rounded(ev.evaluate(year_of(CLEAN | {"pm2_5": 29.46, "co": 0.85})))
    new = ev.rounded(ev.evaluate(year_of(CLEAN | {"pm2_5": 29.46, "co": 0.85}, 2027)))
    assert (old["pm2_5_mean"][0], new["pm2_5_mean"][0]) == (29.0, 29.5)
    assert (old["co_p95"][0], old["composite"][0]) == (0.8, 3.53)


def test_a_factor_never_measured_leaves_no_composite_and_no_verdict():
    row = ev.evaluate(year_of({"pm2_5": 20.0, "o3": 170.0})).row(0, named=True)
    assert (row["composite"], row["attained"], row["pm2_5_attained"]) == (None, None, True)
    assert row["valid_days"] == 365, "ozone above 100 publishes the day without the others"


def test_city_means_are_of_concentrations_and_need_their_share_of_stations():
    rows = [("京", s, DAY, v) for s, v in zip("abcd", (10.0, 20.0, 40.0, None), strict=True)]
    table = pl.DataFrame(rows, schema=["city", "station", "time", "pm10"], orient="row")
    city = air_means.area_means(table).row(0, named=True)
    assert (city["pm10"], city["pm10_stations"]) == (pytest.approx(70 / 3), 3)
    few = table.with_columns(pm10=pl.when(pl.col("station") == "c").then(None).otherwise("pm10"))
    assert air_means.area_means(few)["pm10"][0] is None
    assert air_means.area_means(few, planned={"京": 3})["pm10"][0] == 15
    assert air_means.area_means(few, planned={"京": 5})["pm10"][0] is None


def test_dust_days_are_taken_out_beside_the_plain_figures():
    table = year_of(CLEAN).with_columns(
        pm10=pl.when(pl.int_range(pl.len()) < 5).then(900.0).otherwise(56.0)
    )
    dust = pl.DataFrame({"station": ["A"] * 5, "day": table["day"].head(5)})
    plain, clear = (
        ev.evaluate(t).row(0, named=True) for t in (table, ev.without_dust(table, dust))
    )
    assert (plain["good_days"], plain["valid_days"]) == (360, 365)
    assert (clear["good_days"], clear["valid_days"]) == (360, 360)
    assert clear["pm10_mean"] == 56
    assert (clear["pm10_days"], clear["so2_days"]) == (360, 365)


def test_validity_of_an_hour():
    assert ev.valid_hour(45, date(2026, 5, 1))
    assert not ev.valid_hour(44, date(2026, 5, 1))


def test_empty_table():
    empty = year_of(CLEAN).head(0)
    assert ev.evaluate(empty).is_empty()
    assert set(FACTORS) <= {name.rsplit("_", 1)[0] for name in ev.evaluate(empty).columns}


def test_a_period_that_is_not_over_counts_the_days_so_far():
    half = year_of(CLEAN, 2026).filter(pl.col("day") <= date(2026, 6, 30))
    row = ev.evaluate(half).row(0, named=True)
    assert (row["calendar_days"], row["good_ratio_calendar"]) == (181, 100)
    assert row["ends"] == date(2026, 12, 31)
