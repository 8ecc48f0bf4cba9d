"""Micro-stations beside a reference: good, noisy, drifting."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ecoledger.science import air_table, co_location


def pair(noise=3.0, factor=1.0, offset=0.0, drift=0.0, hours=24 * 30, humidity=0.0):
    rng = np.random.default_rng(7)
    reference = 40 + np.cumsum(rng.normal(0, 2, hours))
    reference = 10 + np.abs(reference)
    rh = rng.uniform(30, 95, hours)
    sensor = (
        factor * reference
        + offset
        + drift * np.arange(hours) / 720
        + humidity * rh
        + rng.normal(0, noise, hours)
    )
    dates = [datetime(2026, 6, 1) + timedelta(hours=i) for i in range(hours)]
    return pl.DataFrame({"date": dates, "micro": sensor, "reference": reference, "rh": rh})


def test_a_good_sensor():
    month = co_location.monthly(pair(), "micro", "reference").row(0, named=True)
    assert month["verdict"] == "good"
    assert month["assessable"]
    assert month["slope"] == pytest.approx(1, abs=0.05)
    assert abs(month["drift"]) < 1


def test_noise_keeps_out_of_assessment():
    month = co_location.monthly(pair(noise=60), "micro", "reference").row(0, named=True)
    assert month["r"] < 0.85
    assert (month["verdict"], month["assessable"]) == ("recalibrate", False)


def test_bias_and_drift_are_measured():
    month = co_location.monthly(pair(factor=1.5, drift=20), "micro", "reference").row(0, named=True)
    assert month["verdict"] == "recalibrate"
    assert month["bias_percent"] > 25
    drift = co_location.monthly(pair(drift=20, noise=1), "micro", "reference").row(0, named=True)[
        "drift"
    ]
    assert drift == pytest.approx(20, abs=2)


def test_too_few_pairs():
    month = co_location.monthly(pair(hours=60), "micro", "reference").row(0, named=True)
    assert (month["verdict"], month["assessable"]) == ("too_few", False)
    with pytest.raises(air_table.TableError, match="72"):
        co_location.correction(pair(hours=60), "micro", "reference")


def test_the_correction_takes_out_factor_and_humidity():
    table = pair(factor=0.5, offset=5, humidity=0.3)
    corrected, found = co_location.correction(table, "micro", "reference", humidity="rh")
    assert found["b"] == pytest.approx(2, rel=0.08)
    assert found["r_after"] > 0.9
    gap = corrected["micro_corrected"] - corrected["reference"]
    assert abs(gap.median()) < 1
