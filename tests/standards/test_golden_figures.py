"""Figures printed in five bureaus' yearly summaries, recomputed.

S0 to S4 are the summaries: a district in Fujian (2021), a prefecture in Jiangsu (2020), two county-level
cities in Zhejiang (2022) and Jiangsu (first half of 2023), and a city in Shandong (2022).
"""

from decimal import Decimal
from fractions import Fraction

import pytest

from ecoledger.standards.percent import (
    Percent,
    PercentagePoints,
    Verdict,
    change,
    check_change,
    check_ratio,
    possible_totals,
    reconcile,
    shown,
)
from ecoledger.standards.sewage import (
    Inflow,
    concentration_that_gives,
    rate_by_check_concentration,
    sensitivity,
)


def test_s0_good_days_need_the_valid_days_as_denominator():
    # 优良率96.3%, 污染13天: of 365 days it would be 96.4 %.
    assert Percent.of(365 - 13, 365).show(1) == "96.4%"
    assert not check_ratio("96.3%", 365 - 13, 365).ok
    totals = possible_totals("96.3", 13)
    assert totals == list(range(347, 357))
    assert all(check_ratio("96.3%", total - 13, total).ok for total in totals)


@pytest.mark.parametrize(
    ("total", "parts"),
    [
        (22, {"行政许可": 14, "公共服务": 7, "其他": 1}),
        (22, {"约束性": 14, "预期性": 4, "引领性": 4}),
        (69, {"诚信": 1, "良好": 68}),
        (37, {"约束性": 20, "参考性": 17}),
        (348, {"环评": 54, "登记备案": 166, "咨询": 128}),
        (54, {"报告书": 8, "报告表": 46}),
        (9, {"完工": 4, "施工": 2, "设计": 3}),
    ],
)
def test_totals_that_hold(total, parts):
    assert reconcile(total, parts).verdict is Verdict.AGREES


def test_s0_monthly_reviews_make_the_yearly_count():
    assert reconcile(1320, {f"{month}月": 110 for month in range(1, 13)}).verdict is Verdict.AGREES


def test_s0_items_done_at_once():
    assert check_ratio("71.43%", 10, 14).verdict is Verdict.AGREES
    # The share of all 22 items is another figure; the denominator must be named.
    assert not check_ratio("71.43%", 10, 22).ok


def test_s1_percentage_points_are_not_percent():
    reached, excellent = Percent.of(3, 6), Percent.of(2, 6)
    all_of_them = Percent.of(6, 6)
    assert (all_of_them - reached).show(1) == "50.0个百分点"
    assert (all_of_them - excellent).show(1) == "66.7个百分点"
    in_percent = change(6, 3).ratio
    assert in_percent is not None
    assert in_percent.show(0) == "100%"
    with pytest.raises(TypeError):
        reached + in_percent


def test_s3_change_of_pm25_only_follows_from_unrounded_values():
    finding = check_change("35.5", "-4.2", "10.7")
    assert finding.verdict is Verdict.ONLY_UNROUNDED
    assert "4.2/39.7 = 10.6%" in finding.note
    assert "10.705%" in finding.note  # the most that unrounded values can give
    assert finding.ok


def test_s3_projects_done():
    assert check_ratio("77.6%", 104, 134).verdict is Verdict.AGREES


def test_s3_complaints_have_three_denominators():
    received, repeated, unfounded, rectified = 47, 20, 1, 22
    to_rectify = received - repeated - unfounded
    assert to_rectify == 26
    assert to_rectify - rectified == 4
    rates = {
        "受理": Percent.of(rectified, received).show(1),
        "不重复": Percent.of(rectified, received - repeated).show(1),
        "应整改": Percent.of(rectified, to_rectify).show(1),
    }
    assert rates == {"受理": "46.8%", "不重复": "81.5%", "应整改": "84.6%"}


def test_s3_articles_by_outlet_leave_five_unexplained():
    outlets = {"中国环境报": 4, "省级": 23, "泰州": 84}
    finding = reconcile(116, outlets, partial=True)
    assert finding.verdict is Verdict.PARTIAL
    assert "合计111" in finding.note
    assert "少5" in finding.note
    assert not reconcile(116, outlets).ok


# Loads of a place that collects 58.32 % at 350 mg/L: 1 000 000 m³ of sewage, 204 120 kg collected.
JINGJIANG = Inflow("五个污水处理厂", volume=1_000_000, concentration="204.12")


def test_s3_collection_rate_and_gap():
    rate = rate_by_check_concentration([JINGJIANG], sewage_volume=1_000_000)
    assert rate.check_concentration == 350
    assert rate.rate.show(2) == "58.32%"
    assert rate.gap_to(Percent.exactly(75)).show(2) == "16.68个百分点"
    year_before = rate.rate - PercentagePoints.exactly(6)
    assert isinstance(year_before, Percent)
    assert year_before.show(2) == "52.32%"


def test_s3_collection_rate_hangs_on_the_check_concentration():
    rate = rate_by_check_concentration([JINGJIANG], sewage_volume=1_000_000)
    shown_rates = [r.rate.show(2) for r in sensitivity(rate, [250, 300, 350, 400])]
    assert shown_rates == ["81.65%", "68.04%", "58.32%", "51.03%"]
    # At 272 mg/L the target of 75 % would be met without one metre of new sewer.
    assert shown(concentration_that_gives(rate, Percent.exactly(75)), 1) == "272.2"


def test_s0_waste_treated():
    # 2217.44 t at 99.6 %: between 2207.46 and 2209.68 t were treated or used.
    total = Decimal("2217.44")
    low, high = Fraction("99.55"), Fraction("99.65")
    assert shown(Fraction(total) * low / 100, 2) == "2207.46"
    assert shown(Fraction(total) * high / 100, 2) == "2209.68"
    assert check_ratio("99.6%", "2208.57", "2217.44").ok
    assert not check_ratio("99.6%", "2207.40", "2217.44").ok


def test_s0_an_annual_mean_may_pass_while_months_fail():
    # 年均值达标率100%, yet 未能稳定达标: with made-up values, 1.0 mg/L holds over the year and is
    # passed in four months.
    printed = ["0.6", "0.7", "1.1", "1.2", "1.3", "1.1", "0.8", "0.7", "0.6", "0.5", "0.6", "0.7"]
    months = [Fraction(value) for value in printed]
    assert sum(months) / 12 <= 1
    attained = Percent.of(sum(value <= 1 for value in months), 12)
    assert attained.show(1) == "66.7%"
