"""Receptor model: how much each kind of source adds, from the composition of many samples (PMF by LS-NMF).

``X ≈ G·F`` with G (contribution) and F (profile) non-negative, minimising ``Q = Σ((x − gf)/u)²`` by the multiplicative
updates of Wang et al. 2006 (LS-NMF, doi:10.1186/1471-2105-7-175), from several random starts. The bootstrap draws blocks
of samples again and maps each factor to the one whose contributions it resembles most (r ≥ 0.6), as EPA PMF 5 does
(Norris et al. 2014, EPA/600/R-14/108).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.science.air_table import TableError

Array = NDArray[np.float64]
_MAPPED_R = 0.6


@dataclass(frozen=True, slots=True)
class Factors:
    """``contribution`` (n, k), each with mean 1; ``profile`` (k, m) in the unit of the data, so that ``contribution @ profile`` is
    the model. ``q`` of the best start; ``q_expected = nm − k(n + m)``; ``starts``: Q of every start; ``rounds`` it took."""

    contribution: Array
    profile: Array
    species: tuple[str, ...]
    q: float
    q_expected: float
    starts: tuple[float, ...]
    rounds: int

    def table(self) -> pl.DataFrame:
        """``species, factor, concentration`` (unit of the data) and ``percent`` of the species."""
        share = 100 * self.profile / np.maximum(self.profile.sum(axis=0), 1e-300)
        k, m = self.profile.shape
        return pl.DataFrame(
            {
                "species": list(self.species) * k,
                "factor": np.repeat(np.arange(1, k + 1), m),
                "concentration": self.profile.ravel(),
                "percent": share.ravel(),
            }
        )


def uncertainty(values: Array, detection_limit: Array, error_share: Array) -> Array:
    """Uncertainty of concentrations as EPA PMF takes it, same unit.

    At or below the detection limit ``5/6·DL``, else ``√((share·x)² + (0.5·DL)²)``.
    """
    values = np.asarray(values, dtype=float)
    above = np.sqrt((error_share * values) ** 2 + (0.5 * detection_limit) ** 2)
    return np.where(
        values <= detection_limit, 5 / 6 * detection_limit + np.zeros_like(values), above
    )


def factorise(
    values: Array,
    errors: Array,
    factors: int,
    *,
    species: tuple[str, ...] | None = None,
    starts: int = 10,
    rounds: int = 3000,
    tolerance: float = 1e-5,
    seed: int = 1,
) -> Factors:
    """Find ``factors`` profiles in samples × species. NaN is missing: replaced by the median with four times its error.

    Raises :class:`TableError` for negative errors, species that are all missing, or more factors than species.
    """
    x, u = np.array(values, dtype=float), np.array(errors, dtype=float)
    n, m = x.shape
    names = species or tuple(f"species {number + 1}" for number in range(m))
    if x.shape != u.shape:
        raise TableError(f"values are {x.shape}, their uncertainties {u.shape}; they must be alike")
    if not 1 <= factors < min(n, m):
        raise TableError(f"{factors} factors cannot be told from {m} species in {n} samples")
    missing = ~np.isfinite(x) | ~np.isfinite(u)
    if missing.all(axis=0).any():
        raise TableError(f"{names[int(np.argmax(missing.all(axis=0)))]} has no value; leave it out")
    medians = np.nanmedian(np.where(missing, np.nan, x), axis=0)
    x = np.where(missing, medians, x)
    u = np.where(missing, 4 * np.maximum(medians, 1e-12), u)
    if (u <= 0).any():
        raise TableError("uncertainties must be above zero")
    x = np.maximum(x, 0)
    weight = 1 / u**2
    rng = np.random.default_rng(seed)
    results = [_descend(x, weight, factors, rng, rounds, tolerance) for _ in range(starts)]
    g, f, q, took = min(results, key=lambda each: each[2])
    mean = np.maximum(g.mean(axis=0), 1e-300)
    g, f = g / mean, f * mean[:, None]
    order = np.argsort(-f.sum(axis=1))
    return Factors(
        g[:, order],
        f[order],
        names,
        q,
        float(n * m - factors * (n + m)),
        tuple(each[2] for each in results),
        took,
    )


def _descend(
    x: Array, weight: Array, k: int, rng: np.random.Generator, rounds: int, tolerance: float
) -> tuple[Array, Array, float, int]:
    n, m = x.shape
    scale = np.sqrt(x.mean() / k)
    g = rng.uniform(0.2, 1, (n, k)) * scale
    f = rng.uniform(0.2, 1, (k, m)) * scale * x.mean(axis=0) / max(x.mean(), 1e-300)
    weighted = weight * x
    q_before = np.inf
    number = 0
    for number in range(1, rounds + 1):
        g *= (weighted @ f.T) / np.maximum((weight * (g @ f)) @ f.T, 1e-300)
        f *= (g.T @ weighted) / np.maximum(g.T @ (weight * (g @ f)), 1e-300)
        if number % 20 == 0:
            q = float(np.sum(weight * (x - g @ f) ** 2))
            if q_before - q < tolerance * q:
                break
            q_before = q
    return g, f, float(np.sum(weight * (x - g @ f) ** 2)), number


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """``table``: ``species, factor, base, low, median, high`` (5, 50 and 95 % of the bootstrap profiles, unit of the data).
    ``mapped``: per factor the share of draws in which it was found again."""

    table: pl.DataFrame
    mapped: tuple[float, ...]


def bootstrap(
    values: Array, errors: Array, base: Factors, *, draws: int = 50, block: int = 24, seed: int = 2
) -> Bootstrap:
    """How firm the profiles are: fit again on blocks of samples drawn with replacement."""
    values, errors = np.asarray(values, dtype=float), np.asarray(errors, dtype=float)
    n, k = len(values), len(base.profile)
    rng = np.random.default_rng(seed)
    block = max(1, min(block, n // 4))
    profiles: list[list[Array]] = [[] for _ in range(k)]
    for number in range(draws):
        begins = rng.integers(0, n - block + 1, -(-n // block))
        rows = (begins[:, None] + np.arange(block)).ravel()[:n]
        again = factorise(values[rows], errors[rows], k, starts=1, seed=number + 1, rounds=1000)
        r = np.corrcoef(again.contribution.T, base.contribution[rows].T)[:k, k:]
        r = np.nan_to_num(r, nan=-1.0)
        free = set(range(k))
        # Each base factor takes the most alike that is left.
        for flat in np.argsort(-r, axis=None):
            found, known = np.unravel_index(int(flat), r.shape)
            open_ = len(profiles[int(known)]) == number
            if open_ and found in free and r[found, known] >= _MAPPED_R:
                profiles[int(known)].append(again.profile[found])
                free.discard(int(found))
        for each in profiles:
            if len(each) <= number:
                each.append(np.full(base.profile.shape[1], np.nan))
    stack = np.array(profiles)
    with np.errstate(invalid="ignore"):
        low, middle, high = np.nanquantile(stack, (0.05, 0.5, 0.95), axis=1)
    m = base.profile.shape[1]
    table = pl.DataFrame(
        {
            "species": list(base.species) * k,
            "factor": np.repeat(np.arange(1, k + 1), m),
            "base": base.profile.ravel(),
            "low": low.ravel(),
            "median": middle.ravel(),
            "high": high.ravel(),
        }
    ).with_columns(pl.col("low", "median", "high").fill_nan(None))
    return Bootstrap(table, tuple(float(np.isfinite(each[:, 0]).mean()) for each in stack))
