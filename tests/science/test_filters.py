"""KZ, KZA and Whittaker by their definitions."""

import numpy as np
import pytest

from ecoledger.science import filters


def test_kz_of_one_pass_is_a_moving_average():
    values = np.arange(20.0) ** 2
    found = filters.kz(values, 5, 1)
    assert found[10] == pytest.approx(values[8:13].mean())
    assert found[0] == pytest.approx(values[:3].mean())


def test_kz_takes_out_the_daily_wave_and_leaves_gaps():
    time = np.arange(24 * 60)
    values = 50 + 20 * np.sin(2 * np.pi * time / 24)
    values[300:420] = np.nan
    found = filters.kz(values, 25, 3)
    assert np.nanmax(np.abs(found[100:200] - 50)) < 0.5
    assert np.isnan(found[360])


def test_kza_keeps_a_break_that_kz_smears():
    rng = np.random.default_rng(1)
    values = np.where(np.arange(1000) < 500, 10.0, 30.0) + rng.normal(0, 1, 1000)
    smooth, sharp = filters.kz(values, 101, 3), filters.kza(values, 101, 3, sensitivity=2)

    def width(series):
        return int(((series > 12) & (series < 28)).sum())

    assert width(sharp) < 0.5 * width(smooth)


def test_whittaker_follows_a_line_and_fills_gaps():
    values = np.linspace(0, 10, 60)
    values[20:30] = np.nan
    assert filters.whittaker(values, 1e3) == pytest.approx(np.linspace(0, 10, 60), abs=1e-6)


def test_whittaker_chooses_its_smoothness():
    rng = np.random.default_rng(2)
    truth = np.sin(np.arange(400) / 40)
    fit = filters.whittaker(truth + rng.normal(0, 0.3, 400))
    assert np.sqrt(np.mean((fit - truth) ** 2)) < 0.1


def test_baseline_stays_under_peaks():
    values = np.full(500, 20.0) + np.sin(np.arange(500) / 60)
    values[100:110] += 100
    fit = filters.baseline(values, 1e4)
    assert np.abs(fit - (20 + np.sin(np.arange(500) / 60))).max() < 0.6
    with pytest.raises(ValueError, match="at least five"):
        filters.whittaker(np.array([1.0, np.nan, 2, np.nan, 3]))
