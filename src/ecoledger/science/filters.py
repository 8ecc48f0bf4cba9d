"""Filters of time series: Kolmogorov-Zurbenko, its adaptive form, and the Whittaker smoother with baseline.

Sources: Zurbenko 1986; KZA: Zurbenko et al. 1996 (doi:10.1175/1520-0442(1996)009<3548:DDITUA>2.0.CO;2);
Whittaker smoother: Eilers 2003 (doi:10.1021/ac034173t); asymmetric baseline: Eilers & Boelens 2005.
Arrays are evenly spaced; NaN is missing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded
from scipy.optimize import minimize_scalar

Array = NDArray[np.float64]


def _window_mean(
    values: Array, begins: NDArray[np.intp], ends: NDArray[np.intp], share: float
) -> Array:
    """Means of ``values[begins:ends]``; NaN where less than ``share`` of the window is known."""
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    number = counts[ends] - counts[begins]
    enough = (number >= share * (ends - begins)) & (number > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(enough, (sums[ends] - sums[begins]) / number, np.nan)


def kz(values: Array, window: int, passes: int = 3, share: float = 0.5) -> Array:
    """``passes`` moving averages of ``window`` steps (odd; at the ends what there is of it).

    Takes out what is shorter than about ``window·√passes`` steps. NaN where less than ``share`` of a window is known.
    """
    result = np.asarray(values, dtype=float)
    place = np.arange(len(result))
    half = window // 2
    begins, ends = np.maximum(place - half, 0), np.minimum(place + half + 1, len(result))
    for _ in range(passes):
        result = _window_mean(result, begins, ends, share)
    return result


def kza(
    values: Array, window: int, passes: int = 3, sensitivity: float = 1.0, share: float = 0.5
) -> Array:
    """KZ whose window narrows where the smooth series moves fast, so that a break stays sharp.

    Toward the side on which the series moves faster, the half window becomes ``half·(1 − d/max d)^sensitivity``.
    """
    values = np.asarray(values, dtype=float)
    smooth = kz(values, window, passes, share)
    half = window // 2
    n = len(values)
    place = np.arange(n)
    ahead = smooth[np.minimum(place + half, n - 1)]
    behind = smooth[np.maximum(place - half, 0)]
    change = np.nan_to_num(np.abs(ahead - behind))
    top = change.max() or 1.0
    factor = (1 - change / top) ** sensitivity
    rising = np.gradient(change) > 0 if n > 1 else np.zeros(n, dtype=bool)
    narrow = np.maximum((half * factor).astype(int), 1)
    # Before a break (change rising) the window ahead shrinks; after it, the one behind.
    forward = np.where(rising, narrow, half)
    backward = np.where(rising, half, narrow)
    begins = np.maximum(place - backward, 0)
    ends = np.minimum(place + forward + 1, n)
    return _window_mean(values, begins, ends, min(share, 1e-9))


def _smoothed(values: Array, weights: Array, smoothing: float) -> Array:
    n = len(values)
    bands = np.zeros((3, n))
    bands[0, 2:] = smoothing
    off = np.full(n - 1, -4.0)
    off[[0, -1]] = -2.0
    bands[1, 1:] = smoothing * off
    main = np.full(n, 6.0)
    main[[0, -1]], main[[1, -2]] = 1.0, 5.0
    bands[2] = smoothing * main + weights
    result: Array = solveh_banded(bands, weights * values)
    return result


def whittaker(values: Array, smoothing: float | None = None) -> Array:
    """Minimises ``Σ w(y − z)² + λ Σ(Δ²z)²``; fills gaps. Without ``smoothing`` λ comes from cross-validation.

    Raises ``ValueError`` for fewer than five known values.
    """
    values = np.asarray(values, dtype=float)
    weights = np.isfinite(values).astype(float)
    known = np.nan_to_num(values)
    n = int(weights.sum())
    if n < 5 or len(values) < 5:
        raise ValueError("the Whittaker smoother needs at least five known values")
    if smoothing is not None:
        return _smoothed(known, weights, smoothing)

    def score(log_smoothing: float) -> float:
        strength = 10**log_smoothing
        fit = _smoothed(known, weights, strength)
        # Trace of the smoother: the eigenvalues of Δ²ᵀΔ² are near (2 sin(πk/2n))⁴.
        waves = (2 * np.sin(np.pi * np.arange(len(values)) / (2 * len(values)))) ** 4
        trace = float(np.sum(1 / (1 + strength * waves * len(values) / n)))
        return float(n * np.sum(weights * (known - fit) ** 2) / max(n - trace, 1) ** 2)

    best = minimize_scalar(score, bounds=(-2, 9), method="bounded").x
    return _smoothed(known, weights, 10 ** float(best))


def baseline(
    values: Array, smoothing: float = 1e5, asymmetry: float = 0.001, rounds: int = 10
) -> Array:
    """The slow lower edge of a series: what is above it weighs ``asymmetry``, what is below ``1 − asymmetry``.

    The increment ``values − baseline`` is what nearby sources add.
    """
    values = np.asarray(values, dtype=float)
    there = np.isfinite(values).astype(float)
    known = np.nan_to_num(values)
    weights = there.copy()
    fit = known
    for _ in range(rounds):
        fit = _smoothed(known, weights + 1e-12, smoothing)
        weights = there * np.where(known > fit, asymmetry, 1 - asymmetry)
    return fit
