from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import catalogue, data_files
from ecoledger.standards.credit import Event, history, places, rules, score


def test_the_published_jiangsu_example():
    # As explained with the price surcharge: a firm starts at 9 (蓝); fined for excess emission on
    # 2019-03-10 it loses 3 for half a year and is 蓝 with 6.
    fined = Event("excess-fine", date(2019, 3, 10))
    assert score([fined], "jiangsu", date(2019, 3, 9)).score == 9
    after = score([fined], "jiangsu", date(2019, 3, 10))
    assert (after.score, after.level.colour) == (6, "蓝")
    # Fined again on 1 May.
    again = Event("excess-fine", date(2019, 5, 1))
    twice = score([fined, again], "jiangsu", date(2019, 5, 1))
    assert (twice.score, twice.level.colour) == (3, "黄")
    # The first lapses after half a year, the second after its own.
    assert score([fined, again], "jiangsu", date(2019, 9, 9)).score == 3
    assert score([fined, again], "jiangsu", date(2019, 9, 10)).score == 6
    assert score([fined, again], "jiangsu", date(2019, 11, 1)).score == 9


def test_since_2020_validity_runs_from_fifteen_days_after_the_record():
    fined = Event("excess-fine", date(2020, 3, 10))
    assert score([fined], "jiangsu", date(2020, 3, 10)).score == 6
    assert score([fined], "jiangsu", date(2020, 9, 24)).score == 6
    assert score([fined], "jiangsu", date(2020, 9, 25)).score == 9


@pytest.mark.parametrize(
    ("points", "colour"),
    [
        (12, "绿"),
        (11, "绿"),
        (10, "蓝"),
        (6, "蓝"),
        (5, "黄"),
        (3, "黄"),
        (2, "红"),
        (1, "红"),
        (0, "黑"),
    ],
)
def test_jiangsu_levels(points, colour):
    assert rules("jiangsu", date(2026, 1, 1)).level_of(Decimal(points)).colour == colour


@pytest.mark.parametrize(
    ("points", "colour"),
    [
        ("100", "绿"),
        ("96", "绿"),
        ("95.9", "蓝"),
        ("70", "蓝"),
        ("69.9", "黄"),
        ("60", "黄"),
        ("59.9", "红"),
    ],
)
def test_fujian_levels(points, colour):
    assert rules("fujian", date(2021, 1, 1)).level_of(Decimal(points)).colour == colour


def test_a_crime_blackens_and_pays_more_for_electricity():
    crime = Event("crime", date(2026, 3, 1), valid_months=36)
    result = score([crime], "jiangsu", date(2026, 4, 1))
    assert (result.score, result.level.colour) == (-3, "黑")
    assert result.level.electricity_surcharge == Decimal("0.1")


def test_a_veto_gives_the_lowest_level_whatever_the_score():
    vetoed = score([Event("hidden-pipe", date(2021, 3, 1))], "fujian", date(2021, 6, 1))
    assert (vetoed.score, vetoed.level.colour) == (100, "红")


def test_a_repair_ends_an_event_and_a_withdrawn_one_never_counted():
    repaired = Event("excess-fine", date(2026, 3, 1), repaired_on=date(2026, 5, 1))
    assert score([repaired], "jiangsu", date(2026, 4, 30)).score == 6
    after = score([repaired], "jiangsu", date(2026, 5, 1))
    assert after.score == 9
    assert after.events[0].why == "2026-05-01已修复"
    withdrawn = Event("excess-fine", date(2026, 3, 1), withdrawn=True)
    assert score([withdrawn], "jiangsu", date(2026, 3, 2)).score == 9


def test_rewards_stop_at_the_maximum():
    pledges = [
        Event("pledge-1-year", date(2026, 1, 1), valid_months=12),
        Event("pledge-2-years", date(2026, 1, 2), valid_months=12),
        Event("honour", date(2026, 1, 3), points=Decimal(2), valid_months=12),
    ]
    assert score(pledges, "jiangsu", date(2026, 2, 1)).score == 12


def test_what_the_rules_do_not_state_must_come_with_the_event():
    with pytest.raises(ValueError, match="validity"):
        score([Event("warning", date(2026, 1, 1))], "jiangsu", date(2026, 2, 1))
    with pytest.raises(ValueError, match="no points"):
        score([Event("management", date(2021, 1, 1))], "fujian", date(2021, 2, 1))
    with pytest.raises(ValueError, match="no behaviour"):
        score([Event("nonsense", date(2026, 1, 1))], "jiangsu", date(2026, 2, 1))
    with pytest.raises(KeyError, match="atlantis"):
        rules("atlantis", date(2026, 1, 1))


def test_a_repair_before_its_time_is_refused(tmp_path):
    (tmp_path / "credit.toml").write_text(
        '[jiangsu.editions."江苏省企事业环保信用评价办法（2020）".behaviours.excess-fine]\n'
        "repair_after_months = 3\n",
        encoding="utf-8",
    )
    early = Event("excess-fine", date(2026, 3, 1), repaired_on=date(2026, 5, 1))
    data_files.use_overrides(tmp_path)
    try:
        with pytest.raises(ValueError, match="2026-06-01"):
            score([early], "jiangsu", date(2026, 5, 2))
    finally:
        data_files.use_overrides(None)


def test_the_history_shows_each_change_once():
    events = [Event("excess-fine", date(2019, 3, 10)), Event("excess-fine", date(2019, 5, 1))]
    steps = history(events, "jiangsu", date(2019, 1, 1), date(2019, 12, 31))
    assert [(s.on, int(s.score), s.level.colour) for s in steps] == [
        (date(2019, 1, 1), 9, "蓝"),
        (date(2019, 3, 10), 6, "蓝"),
        (date(2019, 5, 1), 3, "黄"),
        (date(2019, 9, 10), 6, "蓝"),
        (date(2019, 11, 1), 9, "蓝"),
    ]


events_of_2026 = st.lists(
    st.builds(
        Event,
        behaviour=st.sampled_from(["excess-fine", "warning"]),
        on=st.dates(date(2025, 1, 1), date(2026, 6, 1)),
        valid_months=st.integers(1, 24),
    ),
    max_size=5,
)


@given(events_of_2026, st.dates(date(2025, 1, 1), date(2026, 12, 31)))
def test_the_history_agrees_with_the_score_of_any_day(events, day):
    steps = history(events, "jiangsu", date(2025, 1, 1), day)
    assert steps[-1].score == score(events, "jiangsu", day).score
    assert all(a.on < b.on for a, b in pairwise(steps))


def test_both_places_are_in_the_catalogue():
    assert places() == ("jiangsu", "fujian")
    assert catalogue.in_force("credit/jiangsu", date(2019, 6, 1)).standard.endswith("（2019）")
    yesterday = date(2020, 1, 1) - timedelta(1)
    assert rules("jiangsu", yesterday).start_delay_days == 0
