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


@pytest.mark.parametrize(("deseason", "name"), [(True, "pm25"), (False, "pm25_nodeseason")])
def test_theil_sen(aotizhongxin, golden, deseason, name):
    theirs = golden(f"theilsen_{name}").row(0, named=True)
    ours = trends.theil_sen(aotizhongxin, "pm25", deseason=deseason)
    assert ours.slope == pytest.approx(theirs["slope"], rel=1e-9)
    assert ours.intercept == pytest.approx(theirs["intercept"], rel=1e-9)
    assert ours.percent == pytest.approx(theirs["slope.percent"], rel=1e-9)
    # Their bootstrap has other random numbers.
    width = theirs["upper"] - theirs["lower"]
    assert abs(ours.lower - theirs["lower"]) < 0.15 * width
    assert abs(ours.upper - theirs["upper"]) < 0.15 * width
    assert ours.stars == (theirs["p.stars"] or "")
