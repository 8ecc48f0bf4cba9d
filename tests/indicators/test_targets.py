"""Yearly targets: the file, and what the rest of the year may have."""

from datetime import date
from fractions import Fraction

import pytest
from tests.daily_values import put_air, span

from ecoledger.indicators import targets
from ecoledger.indicators.targets import TargetsError
from ecoledger.monitoring.computing import evaluate

COUNTY = "990101"


@pytest.fixture
def profile(settings, tmp_path):
    """``profile(text)`` writes the bureau's file of targets."""
    settings.PROFILE = tmp_path

    def write(text: str) -> None:
        (tmp_path / targets.FILE).write_text(text, encoding="utf-8")

    return write


def target(indicator, value, year=2026, more=""):
    return f'[[target]]\nindicator = "{indicator}"\nyear = {year}\nvalue = {value}\n{more}\n'


def test_without_a_file_there_are_no_targets(settings, tmp_path):
    settings.PROFILE = tmp_path
    assert targets.of(COUNTY, 2026) == []


def test_targets_of_a_year_and_an_area(profile):
    profile(
        target("pm2_5_mean", 30) + target("good_day_ratio", 92.5) + target("pm2_5_mean", 28, 2027)
        + target("pm2_5_mean", 25, more=f'area = "{COUNTY}"')
    )  # fmt: skip
    own = {t.indicator.key: t.value for t in targets.of(COUNTY, 2026)}
    assert own == {"good_day_ratio": Fraction(185, 2), "pm2_5_mean": 25}
    other = {t.indicator.key: t.value for t in targets.of("990102", 2026)}
    assert other["pm2_5_mean"] == 30


def test_everything_wrong_in_the_file_is_named_with_its_place(profile):
    profile(
        target("pm25", 30) + target("good_day_ratio", 192) + target("pm2_5_mean", '"35"', year=26)
        + target("o3_p90", 160) + target("o3_p90", 150)
    )  # fmt: skip
    with pytest.raises(TargetsError) as wrong:
        targets.read()
    lines = str(wrong.value).splitlines()
    assert [line.split("：")[0] for line in lines] == [
        f"{targets.FILE} 第{n}个目标" for n in (1, 2, 3, 3, 5)
    ]
    assert "good_day_ratio" in lines[0]  # what could stand there
    assert "0 与 100 之间" in lines[1]
    assert "四位年份" in lines[2]
    assert "应为数字" in lines[3]
    assert "重复" in lines[4]


def test_a_file_that_is_no_toml_says_where(profile):
    profile("[[target]\nindicator = ")
    with pytest.raises(TargetsError, match=r"targets\.toml.*line 1"):
        targets.read()


def test_a_corrected_file_is_read_again(profile):
    profile(target("pm25", 30))
    with pytest.raises(TargetsError):
        targets.read()
    profile(target("pm2_5_mean", 30) + "\n# corrected\n")
    assert [t.indicator.key for t in targets.read()] == ["pm2_5_mean"]


def standing(point, end, indicator, value):
    goal = targets.Target(targets.INDICATORS[indicator], end.year, Fraction(str(value)))
    return targets.standing(goal.indicator, targets.year(point, end), goal)


def test_bad_days_left_are_as_many_as_keep_the_ratio_and_not_one_more(store, bureau):
    point = evaluate.area_point(COUNTY)
    days = span(date(2026, 4, 1), 100)
    put_air(store, point, {d: {"pm2_5": 80 if n % 5 == 0 else 20} for n, d in enumerate(days)})
    end = date(2026, 10, 1)
    one = standing(point, end, "good_day_ratio", 85)
    allowed, remaining = int(one.rest.value), (date(2027, 1, 1) - end).days
    assert (one.now.parts, one.remaining, one.met) == ("80/100", remaining, False)

    def ratio(bad):
        return Fraction(100 * (80 + remaining - bad), 100 + remaining)

    assert ratio(allowed) >= 85 > ratio(allowed + 1)
    assert f"最多还可有{allowed}个污染天" in one.rest_words
    assert one.gap.display == "-5.0个百分点"


def test_a_ratio_out_of_reach_is_said_to_be(store, bureau):
    point = evaluate.area_point(COUNTY)
    put_air(store, point, {d: {"pm2_5": 80} for d in span(date(2026, 4, 1), 100)})
    one = standing(point, date(2026, 12, 22), "good_day_ratio", 90)
    assert one.rest.value < 0
    assert "达不到" in one.rest_words
    assert one.rest.display.startswith("已多")


def test_the_allowance_brings_the_year_exactly_to_its_target_and_prints_to_the_safe_side(
    store, bureau
):
    point = evaluate.area_point(COUNTY)
    put_air(store, point, {d: {"pm2_5": 38.2} for d in span(date(2026, 4, 1), 181)})
    end = date(2026, 10, 1)
    one = standing(point, end, "pm2_5_mean", 35)
    remaining = (date(2027, 1, 1) - end).days
    year = (Fraction("38.2") * 181 + one.rest.value * remaining) / (181 + remaining)
    assert year == 35
    shown = Fraction(one.rest.display.split()[0])
    assert shown <= one.rest.value < shown + Fraction(1, 10)


def test_a_mean_is_compared_as_rounded(store, bureau):
    # HJ 663 rounds before it compares: 30.04 is 30.0.
    point = evaluate.area_point(COUNTY)
    put_air(store, point, {date(2026, 5, 1): {"pm2_5": 30.04}})
    assert standing(point, date(2026, 6, 1), "pm2_5_mean", 30).met is True
    put_air(store, point, {date(2026, 5, 1): {"pm2_5": 30.06}})
    assert standing(point, date(2026, 6, 1), "pm2_5_mean", 30).met is False


def test_a_missed_share_never_prints_as_no_gap(store, bureau):
    point = evaluate.area_point(COUNTY)
    put_air(
        store,
        point,
        {d: {"pm2_5": 80 if n == 0 else 20} for n, d in enumerate(span(date(2026, 4, 1), 27))},
    )
    one = standing(point, date(2026, 6, 1), "good_day_ratio", 96.3)  # 26/27 is 96.296 %
    assert (one.now.display, one.met, one.gap.display) == ("96.3%", False, "-0.004个百分点")


def test_the_projection_takes_last_years_rest_by_the_edition_now_in_force(store, bureau):
    point = evaluate.area_point(COUNTY)
    put_air(store, point, {d: {} for d in span(date(2026, 9, 1), 30)})
    # 70 µg/m³ was good in 2025; the days to come will be judged by 60.
    put_air(store, point, {d: {"pm2_5": 70} for d in span(date(2025, 10, 1), 92)})
    one = standing(point, date(2026, 10, 1), "good_day_ratio", 80)
    assert one.projected.value == Fraction(100 * 30, 30 + 92)
    assert "（0.0%）" in one.projected_words


def test_ozone_days_that_may_still_exceed(store, bureau):
    point = evaluate.area_point(COUNTY)
    put_air(
        store,
        point,
        {d: {"o3": 170 if n < 10 else 90} for n, d in enumerate(span(date(2026, 1, 1), 273))},
    )
    one = standing(point, date(2026, 10, 1), "o3_p90", 160)
    # 36 of 365 values may exceed while the 90th percentile cannot.
    assert (one.rest.value, one.met) == (26, True)


def test_without_a_target_the_value_stands_alone_and_says_why(store, bureau):
    point = evaluate.area_point(COUNTY)
    found = targets.air_standings(targets.year(point, date(2026, 6, 1)), [])
    assert [one.indicator.key for one in found] == list(targets.ALWAYS)
    assert all(one.target.missing and one.met is None for one in found)


def test_last_years_same_days_hold_28_february_in_a_leap_year(store, bureau):
    found = targets.year(evaluate.area_point(COUNTY), date(2028, 2, 29))
    assert (found.beside.before.end, found.rest_before.begin) == (
        date(2027, 3, 1),
        date(2027, 3, 1),
    )
    over = targets.year(evaluate.area_point(COUNTY), date(2027, 1, 1))
    assert (over.begin, over.remaining) == (date(2026, 1, 1), 0)
