"""PMF: made sources are found again; Q is near what it should be."""

import numpy as np
import polars as pl
import pytest

from ecoledger.science import air_table, receptor_model


@pytest.fixture(scope="module")
def mixture():
    """Three sources of twelve species with a marker each, 400 samples, 10 % error."""
    rng = np.random.default_rng(11)
    profile = rng.gamma(0.7, 1.0, (3, 12))
    for source in range(3):
        profile[:, source] = 0.02
        profile[source, source] = 4
    contribution = rng.lognormal(0, 0.8, (400, 3))
    truth = contribution @ profile
    errors = 0.1 * truth + 0.02
    return (
        np.maximum(truth + rng.normal(0, 1, truth.shape) * errors, 0),
        errors,
        profile,
        contribution,
    )


def test_sources_are_found_again(mixture):
    values, errors, _, contribution = mixture
    found = receptor_model.factorise(values, errors, 3, starts=4)
    assert found.q == pytest.approx(found.q_expected, rel=0.15)
    r = np.corrcoef(found.contribution.T, contribution.T)[:3, 3:]
    assert sorted(np.argmax(r, axis=1).tolist()) == [0, 1, 2]
    assert r.max(axis=1).min() > 0.95
    np.testing.assert_allclose(found.contribution.mean(axis=0), 1)
    assert found.table().group_by("species").agg(percent=pl.col("percent").sum())[
        "percent"
    ].to_list() == pytest.approx([100] * 12)


def test_missing_values_weigh_little(mixture):
    values, errors, _, contribution = mixture
    holes = values.copy()
    holes[np.random.default_rng(1).random(values.shape) < 0.05] = np.nan
    found = receptor_model.factorise(holes, errors, 3, starts=4)
    r = np.corrcoef(found.contribution.T, contribution.T)[:3, 3:]
    assert r.max(axis=1).min() > 0.9


def test_the_bootstrap_finds_the_factors_again(mixture):
    values, errors, _, _ = mixture
    base = receptor_model.factorise(values, errors, 3, starts=3)
    again = receptor_model.bootstrap(values, errors, base, draws=12)
    assert min(again.mapped) > 0.7
    inside = (again.table["low"] - 0.1 <= again.table["base"]) & (
        again.table["base"] <= again.table["high"] + 0.1
    )
    assert inside.mean() > 0.8


def test_what_cannot_be_is_refused():
    with pytest.raises(air_table.TableError, match="cannot be told"):
        receptor_model.factorise(np.ones((5, 3)), np.ones((5, 3)), 3)
    with pytest.raises(air_table.TableError, match="above zero"):
        receptor_model.factorise(np.ones((9, 4)), np.zeros((9, 4)), 2)


def test_uncertainty_below_the_detection_limit():
    found = receptor_model.uncertainty(
        np.array([0.5, 10.0]), np.array([1.0, 1.0]), np.array([0.1, 0.1])
    )
    assert found.tolist() == pytest.approx([5 / 6, np.hypot(1, 0.5)])
