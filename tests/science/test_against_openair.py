"""The same numbers as openair 2.18-2 on four years of a Beijing station."""

import numpy as np
import polars as pl
import pytest

from ecoledger.science import averages, polar_plot, roses, trends


def same(ours: pl.Series, theirs: pl.Series, within: float = 1e-9) -> None:
    assert ours.len() == theirs.len()
    assert (ours.is_null() == theirs.is_null()).all()
    np.testing.assert_allclose(
        ours.drop_nulls().to_numpy(), theirs.drop_nulls().to_numpy().astype(float), rtol=within
    )


def test_daily_means_with_capture_and_vector_wind(aotizhongxin, golden):
    theirs = golden("day75")
    ours = averages.average(aotizhongxin, "day", capture=75)
    for name in theirs.columns[1:]:
        same(ours[name], theirs[name])


def test_eight_hour_ozone(aotizhongxin, golden):
    same(averages.rolling(aotizhongxin, "o3", 8)["o3_8h"], golden("o3_8h")["o3_8h"])


def test_polar_frequency(aotizhongxin, golden):
    theirs = golden("polarfreq_pm25").with_columns(pl.col("ws", "wd").cast(pl.Float64))
    ours = roses.polar_frequency(aotizhongxin, "pm25")
    both = theirs.join(ours, on=["ws", "wd"], how="full", suffix="_ours")
    assert both.height == theirs.height == ours.height
    same(both["weights_ours"], both["weights"])
    np.testing.assert_allclose(ours["weights"].to_numpy() ** 2, ours["value"].to_numpy())


@pytest.mark.parametrize(("statistic", "name"), [("mean", "so2"), ("cpf", "so2_cpf90")])
def test_polar_surface(aotizhongxin, golden, statistic, name):
    theirs = golden(f"polarplot_{name}")
    ours = polar_plot.polar_plot(aotizhongxin, "so2", statistic).table()
    np.testing.assert_allclose(
        ours.select("u", "v").to_numpy(), theirs.select("u", "v").to_numpy(), atol=1e-9
    )
    mine, other = (t["z"].cast(pl.Float64).fill_null(np.nan).to_numpy() for t in (ours, theirs))
    there = np.isfinite(other)
    assert np.isfinite(mine[there]).all()
    assert np.isnan(mine[~there]).all()
    assert np.corrcoef(mine[there], other[there])[0, 1] > 0.99999


@pytest.mark.parametrize(
    ("deseason", "slope", "intercept", "percent", "lower", "upper", "stars"),
    [
        (True, -3.6207161910505, 246.184026554967, -4.03202973722903, -6.32189610645702, -1.51549486014691, "*"),
        (False, -4.17454288746893, 265.619013141176, -4.89320429285124, -10.2503933987349, 2.66127737662419, ""),
    ],
)  # fmt: skip
def test_theil_sen(shipped, deseason, slope, intercept, percent, lower, upper, stars):
    """On the station's hours as the demonstration has them; theirs is what openair gives for them."""
    ours = trends.theil_sen(shipped, "pm25", deseason=deseason)
    assert ours.slope == pytest.approx(slope, rel=1e-9)
    assert ours.intercept == pytest.approx(intercept, rel=1e-9)
    assert ours.percent == pytest.approx(percent, rel=1e-9)
    # Their bootstrap has other random numbers.
    width = upper - lower
    assert abs(ours.lower - lower) < 0.15 * width
    assert abs(ours.upper - upper) < 0.15 * width
    assert ours.stars == stars
