"""What earlier years let expect of a year: scenarios by both readings, and how far hindcasts are off."""

from datetime import date
from fractions import Fraction

from tests.daily_values import put_air, span

from ecoledger.indicators import assurance, targets
from ecoledger.monitoring.computing import evaluate

COUNTY = "990101"
END = date(2026, 10, 1)


def goal(key, value):
    return targets.Target(targets.INDICATORS[key], END.year, Fraction(value))


def years(store, point, means):
    """Each year's days of two levels: before October and after."""
    for year, (first, rest) in means.items():
        last = (366 if year == 2024 else 365) if year != END.year else (END - date(year, 1, 1)).days
        put_air(store, point, {
            d: {"pm2_5": first if d < date(year, 10, 1) else rest} for d in span(date(year, 1, 1), last)
        })  # fmt: skip


def test_each_year_before_is_a_scenario_and_the_hindcast_says_which_reading_is_nearer(
    store, bureau
):
    point = evaluate.area_point(COUNTY)
    # A rest is always twice the first nine months: carried on, the earlier years project each other exactly.
    years(
        store,
        point,
        {2023: (20.0, 40.0), 2024: (25.0, 50.0), 2025: (30.0, 60.0), 2026: (24.0, 0.0)},
    )
    [one] = assurance.of(point, END, [goal("pm2_5_mean", 30)])
    assert [s.year for s in one.scenarios] == [2025, 2024, 2023]
    whole = {s.year: float(s.whole.value) for s in one.scenarios}
    assert round(whole[2025], 6) == round((24 * 273 + 60 * 92) / 365, 6)
    assert [s.met for s in one.scenarios] == [False, False, True]
    assert {round(float(s.carried.value), 6) for s in one.scenarios} == {
        round((24 * 273 + 48 * 92) / 365, 6)
    }
    assert (one.carried.kept, one.carried.of, one.carried.error) == (
        3,
        3,
        "0.0",
    )  # 30.05, which is 30.0
    assert float(one.measured.error) > 1
    assert one.nearer == "carried"


def test_shares_of_days_and_years_that_lack_days(store, bureau):
    point = evaluate.area_point(COUNTY)
    years(store, point, {2025: (20.0, 90.0), 2026: (20.0, 0.0)})
    put_air(store, point, {d: {} for d in span(date(2024, 10, 1), 60)})  # two thirds of a rest
    [one] = assurance.of(point, END, [goal("good_day_ratio", 85)])
    [scenario] = one.scenarios
    assert (scenario.year, scenario.rest.display, scenario.met) == (2025, "0.0%", False)
    assert scenario.whole.parts == "273/365"
    assert one.measured.error == ""
    assert one.nearer == ""


def test_a_year_that_is_over_has_no_scenarios(store, bureau):
    point = evaluate.area_point(COUNTY)
    years(store, point, {2025: (20.0, 30.0)})
    end = date(2026, 1, 1)
    over = targets.Target(targets.INDICATORS["pm2_5_mean"], 2025, Fraction(30))
    [one] = assurance.of(point, end, [over])
    assert (one.scenarios, one.measured, one.standing.met) == ((), None, True)
