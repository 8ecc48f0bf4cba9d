"""AQI: exact on every reachable concentration, by the edition of the data's own date."""

from datetime import date, datetime
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecoledger.standards import aqi
from ecoledger.standards.catalogue import NoEditionInForceError

OLD, NEW = "HJ 633-2012", "HJ 633-2026"
IAQI = (0, 50, 100, 150, 200, 300, 400, 500)
# Written out again from HJ 633-2012 table 1 and HJ 633-2026 table 3, so that a slip in the data file shows.
BREAKPOINTS = {
    "so2_24h": (0, 50, 150, 475, 800, 1600, 2100, 2620),
    "so2_1h": (0, 150, 500, 650, 800),
    "no2_24h": (0, 40, 80, 180, 280, 565, 750, 940),
    "no2_1h": (0, 100, 200, 700, 1200, 2340, 3090, 3840),
    "co_24h": (0, 2, 4, 14, 24, 36, 48, 60),
    "co_1h": (0, 5, 10, 35, 60, 90, 120, 150),
    "o3_8h": (0, 100, 160, 215, 265, 800),
    "o3_1h": (0, 160, 200, 300, 400, 800, 1000, 1200),
    "pm10_24h": {
        OLD: (0, 50, 150, 250, 350, 420, 500, 600),
        NEW: (0, 50, 120, 250, 350, 420, 500, 600),
    },
    "pm2_5_24h": {
        OLD: (0, 35, 75, 115, 150, 250, 350, 500),
        NEW: (0, 35, 60, 115, 150, 250, 350, 500),
    },
}
ALL_TABLES = [(name, standard) for name in BREAKPOINTS for standard in (OLD, NEW)]


def points_of(table: str, standard: str) -> tuple[int, ...]:
    points = BREAKPOINTS[table]
    return points[standard] if isinstance(points, dict) else points


def exact(concentration: Fraction, table: str, standard: str) -> int | None:
    """The formula of HJ 633 in rational numbers, the result rounded up."""
    points = points_of(table, standard)
    if concentration > points[-1]:
        if standard == OLD and table in ("so2_1h", "o3_8h"):
            return None
        return IAQI[len(points) - 1]
    for i in range(1, len(points)):
        if concentration <= points[i]:
            share = (concentration - points[i - 1]) / (points[i] - points[i - 1])
            index = IAQI[i - 1] + share * (IAQI[i] - IAQI[i - 1])
            return -(-index.numerator // index.denominator)
    raise AssertionError


def rounded(concentration: Fraction, table: str) -> Fraction:
    """GB/T 8170 on a rational number (``round`` of a Fraction takes a tie to the even digit)."""
    return (
        Fraction(round(concentration, 1))
        if table.startswith("co")
        else Fraction(round(concentration))
    )


def arguments(table: str) -> str:
    return table.rsplit("_", 1)[0]


@pytest.mark.parametrize(("table", "standard"), ALL_TABLES)
@pytest.mark.parametrize("round_input", [True, False])
def test_every_tenth_of_the_domain_is_exact_as_scalar_and_as_array(table, standard, round_input):
    steps = 100 if table.startswith("co") else 10
    top = points_of(table, standard)[-1] * steps
    numerators = range(top + 5 * steps)
    scheme = aqi.edition(standard=standard).content.tables[table]
    array = scheme.array(np.array([n / steps for n in numerators]), round_input)
    wanted = []
    for n in numerators:
        c = Fraction(n, steps)
        found = exact(rounded(c, table) if round_input else c, table, standard)
        wanted.append(-2 if found is None else found)
    assert array.tolist() == wanted
    sample = range(0, len(wanted), 7)
    assert [scheme.scalar(n / steps, round_input) for n in sample] == [wanted[n] for n in sample]


@given(
    st.sampled_from(ALL_TABLES),
    st.one_of(st.none(), st.floats(0, 5000), st.floats(allow_nan=True, allow_infinity=True)),
    st.booleans(),
)
@settings(max_examples=200)
def test_scalar_and_array_agree_on_any_float(which, concentration, round_input):
    table, standard = which
    scheme = aqi.edition(standard=standard).content.tables[table]
    value = np.array([np.nan if concentration is None else concentration])
    assert scheme.array(value, round_input)[0] == scheme.scalar(concentration, round_input)


@pytest.mark.parametrize(
    ("concentration", "table", "standard", "wanted"),
    [
        (35, "pm2_5_24h", NEW, 50),
        (36, "pm2_5_24h", NEW, 52),
        (60, "pm2_5_24h", NEW, 100),
        (60.5, "pm2_5_24h", NEW, 100),
        (60.6, "pm2_5_24h", NEW, 101),
        (61, "pm2_5_24h", NEW, 101),
        (75, "pm2_5_24h", OLD, 100),
        (76, "pm2_5_24h", OLD, 102),
        (120, "pm10_24h", NEW, 100),
        (121, "pm10_24h", NEW, 101),
        (151, "pm10_24h", OLD, 101),
        (150, "so2_24h", NEW, 100),
        (900, "so2_1h", NEW, 200),
        (900, "so2_1h", OLD, None),
        (900, "o3_8h", NEW, 300),
        (900, "o3_8h", OLD, None),
        (900, "pm2_5_24h", NEW, 500),
        (0.1, "co_24h", NEW, 3),
        (None, "co_24h", NEW, None),
        (-1, "co_24h", NEW, None),
    ],
)
def test_known_sub_indices(concentration, table, standard, wanted):
    assert aqi.sub_index(concentration, table, standard=standard) == wanted


def test_edition_follows_the_date_of_the_data():
    reading = {"so2": 5, "no2": 20, "o3": 50, "co": 0.5, "pm10": 60, "pm2_5": 60}
    assert aqi.hourly(**reading, on=date(2026, 2, 28)).aqi == 82
    assert aqi.hourly(**reading, on=date(2026, 3, 1)).aqi == 100
    assert aqi.hourly(**reading, on=datetime(2026, 3, 1, 0)).standard == NEW
    with pytest.raises(NoEditionInForceError):
        aqi.hourly(**reading, on=date(2011, 1, 1))
    with pytest.raises(TypeError, match="on="):
        aqi.hourly(**reading)
    with pytest.raises(KeyError, match="HJ 633-2026"):
        aqi.hourly(**reading, standard="HJ 633")


def test_published_hours_of_both_editions():
    """Quanzhou 2026-02-26 20:00 (2012) and Lianyungang 2026-04-20 14:00 (2026), as published."""
    old = aqi.hourly(so2=3, no2=22, o3=47, co=0.7, pm10=48, pm2_5=45, on=date(2026, 2, 26))
    assert (old.aqi, old.primary, old.category) == (63, ("pm2_5",), "良")
    new = aqi.hourly(so2=8, no2=20, o3=174, co=0.7, pm10=58, pm2_5=44, on=date(2026, 4, 20))
    assert (new.aqi, new.primary) == (68, ("o3", "pm2_5"))


def test_ties_are_all_primary_and_up_to_fifty_there_is_none():
    tied = aqi.daily(so2=50, no2=40, o3=100, co=2, pm10=50, pm2_5=35, standard=NEW)
    assert (tied.aqi, tied.primary, tied.level) == (50, (), 1)
    tied = aqi.daily(so2=150, no2=80, o3=160, co=4, pm10=120, pm2_5=60, standard=NEW)
    assert (tied.aqi, tied.primary) == (100, ("so2", "no2", "o3", "co", "pm10", "pm2_5"))


def test_missing_factors_withhold_the_index_up_to_100_only():
    reading = {"so2": 5, "no2": 20, "o3": 50, "co": 0.5, "pm10": None}
    low = aqi.hourly(**reading, pm2_5=60, standard=NEW)
    assert (low.aqi, low.level, low.category, low.primary) == (None, None, None, ())
    assert low.sub_indices["pm2_5"] == 100
    assert low.missing == ("pm10",)
    high = aqi.hourly(**reading, pm2_5=61, standard=NEW)
    assert (high.aqi, high.primary, high.category) == (101, ("pm2_5",), "轻度污染")
    assert aqi.hourly(**reading, pm2_5=60, standard=NEW, not_planned={"pm10"}).aqi == 100
    assert aqi.hourly(**reading, pm2_5=60, standard=NEW, incomplete="as-published").aqi == 100
    assert aqi.hourly(**reading, pm2_5=None, standard=NEW, incomplete="as-published").aqi is None
    nothing = aqi.hourly(standard=NEW, not_planned=aqi.FACTORS)
    assert nothing.aqi is None
    with pytest.raises(ValueError, match="pm25"):
        aqi.hourly(pm2_5=3, standard=NEW, not_planned={"pm25"})


def test_what_the_2012_edition_counts_beside_the_six():
    day = {"so2": 5, "no2": 20, "o3": 90, "co": 0.5, "pm10": 30, "pm2_5": 20}
    assert aqi.daily(**day, o3_1h=210, standard=OLD).aqi == 105
    assert aqi.daily(**day, o3_1h=210, standard=OLD).primary == ("o3",)
    assert aqi.daily(**day, o3_1h=210, standard=NEW).aqi == 45
    beyond = aqi.daily(**day | {"o3": 900}, o3_1h=900, standard=OLD)
    assert (beyond.sub_indices["o3"], beyond.aqi, beyond.missing) == (None, 350, ())
    hour = day | {"o3": 60}
    assert aqi.hourly(**hour, o3_8h=130, standard=OLD).aqi == 75
    assert aqi.hourly(**hour, o3_8h=130, standard=NEW).aqi == 30


def test_sulphur_dioxide_beyond_its_hourly_table():
    hour = {"no2": 20, "o3": 60, "co": 0.5, "pm10": 30, "pm2_5": 20}
    assert aqi.hourly(**hour, so2=900, standard=NEW).primary == ("so2",)
    assert aqi.hourly(**hour, so2=900, standard=NEW).aqi == 200
    old = aqi.hourly(**hour, so2=900, standard=OLD)
    assert (old.aqi, old.missing) == (30, ())


def test_lowest_index_is_one_since_2026():
    nothing = dict.fromkeys(aqi.FACTORS, 0)
    assert aqi.hourly(**nothing, standard=OLD).aqi == 0
    assert aqi.hourly(**nothing, standard=NEW).aqi == 1


def test_levels_have_their_published_names_and_colours():
    assert [(v.grade, v.category, v.hex) for v in aqi.levels()] == [
        ("一级", "优", "#00E400"),
        ("二级", "良", "#FFFF00"),
        ("三级", "轻度污染", "#FF7E00"),
        ("四级", "中度污染", "#FF0000"),
        ("五级", "重度污染", "#99004C"),
        ("六级", "严重污染", "#7E0023"),
    ]
    assert [
        aqi.level_of(v).level for v in (0, 50, 51, 100, 101, 150, 151, 200, 201, 300, 301, 500)
    ] == [*(1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6)]
    with pytest.raises(ValueError, match="negative"):
        aqi.level_of(-1)


def test_advice_names_the_sensitive_groups():
    ozone = aqi.daily(so2=5, no2=20, o3=170, co=0.5, pm10=30, pm2_5=20, standard=NEW)
    assert ozone.over_100 == ("o3",)
    assert "户外活动频繁者" in ozone.sensitive
    assert "敏感人群" in ozone.effect
    assert "减少长时间、高强度的户外锻炼" in ozone.measures
    assert ozone.colour == "#FF7E00"


readings = st.one_of(st.none(), st.integers(0, 1300), st.floats(0, 1300))


@given(
    st.lists(st.tuples(*[readings] * 6), min_size=1, max_size=20),
    st.sampled_from([OLD, NEW]),
    st.sampled_from(["standard", "as-published"]),
    st.sets(st.sampled_from(aqi.FACTORS), max_size=2),
    st.sampled_from([aqi.hourly, aqi.daily]),
)
@settings(max_examples=80)
def test_arrays_agree_with_scalars(rows, standard, incomplete, left_out, function):
    options = {"standard": standard, "incomplete": incomplete, "not_planned": left_out}
    columns = {
        factor: np.array([np.nan if row[i] is None else row[i] for row in rows], dtype=float)
        for i, factor in enumerate(aqi.FACTORS)
    }
    together = function(**columns, **options)
    for i, row in enumerate(rows):
        alone = function(**dict(zip(aqi.FACTORS, row, strict=True)), **options)
        found = together.aqi[i]
        assert (None if np.isnan(found) else found) == alone.aqi
        assert together.primary[i] == ",".join(alone.primary)
        level = together.level[i]
        assert (None if np.isnan(level) else level) == alone.level
        for factor in aqi.FACTORS:
            sub = together.sub_indices[factor][i]
            assert (None if np.isnan(sub) else sub) == alone.sub_indices[factor]


def test_table_is_judged_row_by_row_and_keeps_other_columns():
    table = pl.DataFrame(
        {
            "time": [datetime(2026, 3, 1, 0), datetime(2026, 3, 1, 1), datetime(2000, 1, 1), None],
            "station": ["a"] * 4,
            "so2": [5.0] * 4,
            "no2": [20.0] * 4,
            "o3": [50] * 4,
            "co": [0.5] * 4,
            "pm10": [60, 60, 60, 60],
            "pm2_5": [60.0] * 4,
        }
    )
    by_end = aqi.hourly_table(table, label="end")
    assert by_end["standard"].to_list() == [OLD, NEW, None, None]
    assert by_end["aqi"].to_list() == [82, 100, None, None]
    assert by_end["level"].to_list() == [2, 2, None, None]
    assert by_end["primary"].to_list() == ["pm2_5", "pm2_5", "", ""]
    assert by_end["station"].to_list() == ["a"] * 4
    assert aqi.hourly_table(table)["standard"].to_list() == [NEW, NEW, None, None]
    days = table.rename({"time": "day"}).with_columns(pl.col("day").cast(pl.Date))
    assert aqi.daily_table(days)["aqi"].to_list() == [100, 100, None, None]
    same = aqi.daily_table(days, standard=OLD, sub_indices=True)
    assert same["aqi"].to_list() == [82, 82, 82, None]
    assert same["iaqi_pm2_5"].to_list() == [82, 82, 82, None]
    with pytest.raises(ValueError, match="label"):
        aqi.hourly_table(table, label="middle")
    with pytest.raises(ValueError, match="none of the columns"):
        aqi.hourly_table(table.select("time"))


def test_not_planned_can_differ_from_row_to_row():
    co = np.array([np.nan, np.nan])
    given_masks = {"co": np.array([True, False])}
    found = aqi.hourly(
        so2=5, no2=20, o3=50, co=co, pm10=30, pm2_5=20, standard=NEW, not_planned=given_masks
    )
    assert np.isnan(found.aqi).tolist() == [False, True]


def test_polars_columns_and_wrong_input():
    nulls = pl.Series([20, None])
    found = aqi.hourly(so2=5, no2=nulls, o3=50, co=0.5, pm10=30, pm2_5=20, standard=NEW)
    assert len(found) == 2
    assert np.isnan(found.aqi).tolist() == [False, True]
    with pytest.raises(TypeError, match="so2 is '5'"):
        aqi.hourly(so2="5", standard=NEW)
    with pytest.raises(ValueError, match="equally long"):
        aqi.hourly(so2=np.ones(2), no2=np.ones(3), standard=NEW)


def test_a_users_override_file_replaces_a_breakpoint(tmp_path):
    from ecoledger.standards import data_files

    (tmp_path / "aqi.toml").write_text(
        '[edition.hj633-2026]\nlowest = 0\nstandard = "HJ 633-2026"\n'
    )
    data_files.use_overrides(tmp_path)
    try:
        assert aqi.hourly(**dict.fromkeys(aqi.FACTORS, 0), standard=NEW).aqi == 0
    finally:
        data_files.use_overrides(None)
    assert aqi.hourly(**dict.fromkeys(aqi.FACTORS, 0), standard=NEW).aqi == 1
