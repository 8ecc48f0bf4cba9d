"""Thin plate splines: planes are kept, noise is smoothed, too few places are refused."""

import numpy as np
import pytest

from ecoledger.science import thin_plate


def test_a_plane_is_kept_exactly():
    points = np.random.default_rng(1).uniform(-3, 3, (150, 2))
    fit = thin_plate.fit(points, 2 + points @ [0.5, -1.5], k=40)
    assert fit.predict(np.array([[1.0, 2.0], [-2.0, 0.5]])) == pytest.approx([-0.5, 0.25], abs=1e-6)


def test_noise_is_smoothed_and_the_error_is_honest():
    rng = np.random.default_rng(2)
    points = rng.uniform(-1, 1, (600, 2))
    truth = np.sin(3 * points[:, 0]) * np.cos(2 * points[:, 1])
    fit = thin_plate.fit(points, truth + rng.normal(0, 0.2, 600), k=80)
    inner = np.abs(points).max(axis=1) < 0.9
    gap = fit.predict(points[inner]) - truth[inner]
    assert np.sqrt(np.mean(gap**2)) < 0.07
    covered = np.abs(gap) < 2 * fit.error(points[inner])
    assert 0.85 < covered.mean() <= 1


def test_weights_of_nought_take_points_out():
    rng = np.random.default_rng(3)
    points = rng.uniform(-1, 1, (200, 2))
    values = points[:, 0].copy()
    values[:20] += 50
    weights = np.ones(200)
    weights[:20] = 1e-12
    fit = thin_plate.fit(points, values, weights, k=30)
    assert fit.predict(np.array([[0.3, 0.0]])) == pytest.approx([0.3], abs=1e-3)


def test_too_few_places():
    with pytest.raises(ValueError, match="cannot carry"):
        thin_plate.fit(np.zeros((50, 2)), np.zeros(50), k=10)
