"""Whether a series rises or falls: Mann-Kendall with Sen's slope, seasonal Mann-Kendall, Spearman.

Values are in order of time; NaN is missing and left out (its place in time stays). Two-sided p-values:
Mann-Kendall exact for up to ten values without ties (all orders equally likely), else the normal
approximation with continuity and tie correction; Spearman exact for up to eight values without ties,
else Student's t. Serial correlation is not corrected for: hourly or daily series must be aggregated.

>>> from numpy import array
>>> found = mann_kendall(array([89.5, 85.9, 80.6, 73.0, 58.0, 51.0, 42.0]))
>>> found.direction, round(found.p, 4), round(found.slope, 2)
('falling', 0.0004, -8.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from math import erfc, exp, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Direction: TypeAlias = Literal["rising", "falling", "none"]

#: Critical values of Spearman's coefficient, one-sided 0.05, as the evaluation of environmental trends in
#: China prints them (秩相关系数临界值 W_p, mark M).
CRITICAL_005 = dict(
    [
        *[(5, 0.900), (6, 0.829), (7, 0.714), (8, 0.643), (9, 0.600), (10, 0.564), (12, 0.506)],
        *[(14, 0.456), (16, 0.425), (18, 0.399), (20, 0.377), (22, 0.359), (24, 0.343)],
        *[(26, 0.329), (28, 0.317), (30, 0.306)],
    ]
)

_EXACT_KENDALL = 10
_EXACT_SPEARMAN = 8


@dataclass(frozen=True, slots=True)
class KendallTrend:
    """Mann-Kendall test and Sen's slope.

    ``s``: concordant less discordant pairs; ``tau``: ``s`` over the number of pairs; ``slope`` per step of
    time with its confidence bounds ``low`` and ``high``; ``intercept``: median of ``value − slope·time``
    with time counted from 0. ``exact``: whether ``p`` is exact.
    """

    n: int
    s: int
    variance: float
    tau: float
    z: float
    p: float
    exact: bool
    slope: float
    low: float
    high: float
    intercept: float
    alpha: float

    @property
    def direction(self) -> Direction:
        """Rising or falling where significant at ``alpha``, else none."""
        return _direction(self.s, self.p, self.alpha)


@dataclass(frozen=True, slots=True)
class SeasonalTrend:
    """Seasonal Mann-Kendall: the months' tests added up. ``slope`` is per year."""

    s: int
    variance: float
    z: float
    p: float
    slope: float
    alpha: float

    @property
    def direction(self) -> Direction:
        """Rising or falling where significant at ``alpha``, else none."""
        return _direction(self.s, self.p, self.alpha)


@dataclass(frozen=True, slots=True)
class SpearmanTrend:
    """Spearman's rank correlation of the values with time.

    ``critical`` is the tabled one-sided 0.05 value (``None`` outside the table): |rs| beyond it is what
    bulletins call a significant trend.
    """

    n: int
    rs: float
    p: float
    exact: bool
    critical: float | None
    alpha: float

    @property
    def direction(self) -> Direction:
        """Rising or falling where significant at ``alpha`` (two-sided p), else none."""
        return _direction(self.rs, self.p, self.alpha)

    @property
    def beyond_critical(self) -> bool | None:
        """Whether |rs| exceeds the tabled value; ``None`` where the table has none."""
        return None if self.critical is None else abs(self.rs) > self.critical


def _direction(sign: float, p: float, alpha: float) -> Direction:
    if p > alpha or sign == 0:
        return "none"
    return "rising" if sign > 0 else "falling"


def _ties(values: Array) -> Array:
    counts = np.unique(values, return_counts=True)[1]
    return counts[counts > 1].astype(np.float64)


def _variance(values: Array) -> float:
    n, ties = values.size, _ties(values)
    whole = n * (n - 1) * (2 * n + 5)
    return float((whole - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18)


def _score(values: Array) -> int:
    return int(np.sign(values[None, :] - values[:, None])[np.triu_indices(values.size, 1)].sum())


def _two_sided(s: float, variance: float) -> tuple[float, float]:
    if variance == 0:
        return 0.0, 1.0
    z = (s - np.sign(s)) / sqrt(variance)
    return float(z), erfc(abs(z) / sqrt(2))


@cache
def _inversions(n: int) -> tuple[int, ...]:
    """How many orders of ``n`` things have 0, 1, 2 ... inversions."""
    counts = [1]
    for size in range(2, n + 1):
        wider = [0] * (len(counts) + size - 1)
        for at, number in enumerate(counts):
            for shift in range(size):
                wider[at + shift] += number
        counts = wider
    return tuple(counts)


def _exact_kendall(s: int, n: int) -> float:
    counts = _inversions(n)
    pairs = n * (n - 1) // 2
    far = sum(number for at, number in enumerate(counts) if abs(pairs - 2 * at) >= abs(s))
    return far / sum(counts)


def _prepared(
    values: Array | Sequence[float | None], at: Array | Sequence[float] | None = None
) -> tuple[Array, Array]:
    given = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    times = np.arange(given.size, dtype=np.float64) if at is None else np.asarray(at, dtype=float)
    if times.size != given.size or np.any(np.diff(times) <= 0):
        raise ValueError("the times of a series are as many as its values, and each is later")
    known = ~np.isnan(given)
    return times[known], given[known]


def _slopes(times: Array, values: Array) -> Array:
    first, second = np.triu_indices(values.size, 1)
    return np.sort((values[second] - values[first]) / (times[second] - times[first]))


def mann_kendall(
    values: Array | Sequence[float | None],
    alpha: float = 0.05,
    at: Array | Sequence[float] | None = None,
) -> KendallTrend:
    """Mann-Kendall test with Sen's slope and its confidence interval at ``1 − alpha``.

    ``at``: the times of the values, rising, where they are not one step apart; the slope is then per unit of them.
    Raises ``ValueError`` for fewer than four values, of which no order is significant.

    >>> round(mann_kendall([1.0, 2.0, 4.0, 5.0, 9.0], at=[0.0, 0.25, 0.75, 1.0, 2.0]).slope, 6)
    4.0
    """
    times, known = _prepared(values, at)
    n = known.size
    if n < 4:
        raise ValueError(f"a trend test needs at least 4 values; there are {n}")
    s, variance = _score(known), _variance(known)
    exact = n <= _EXACT_KENDALL and not _ties(known).size
    z, p = _two_sided(s, variance)
    if exact:
        p = _exact_kendall(s, n)
    slopes = _slopes(times, known)
    slope = float(np.median(slopes))
    width = NormalDist().inv_cdf(1 - alpha / 2) * sqrt(variance)
    below = (slopes.size - width) / 2 - 1
    above = (slopes.size + width) / 2
    positions = np.arange(slopes.size)
    low, high = np.interp((below, above), positions, slopes)
    return KendallTrend(
        n=n,
        s=s,
        variance=variance,
        tau=s / slopes.size,
        z=z,
        p=p,
        exact=exact,
        slope=slope,
        low=float(low),
        high=float(high),
        intercept=float(np.median(known - slope * times)),
        alpha=alpha,
    )


def seasonal_mann_kendall(
    values: Array | Sequence[float | None], seasons: int = 12, alpha: float = 0.05
) -> SeasonalTrend:
    """Mann-Kendall within each month (or other season), added up; for series with a yearly course.

    ``values`` starts at any season and has one entry a season. The slope, per year, is the median of the
    slopes within the seasons. Normal approximation; the seasons are taken to be independent.
    """
    given = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    s, variance = 0, 0.0
    slopes: list[Array] = []
    for season in range(seasons):
        times, known = _prepared(given[season::seasons])
        if known.size < 2:
            continue
        s += _score(known)
        variance += _variance(known)
        slopes.append(_slopes(times, known))
    if not slopes:
        raise ValueError("no season has two values to compare")
    z, p = _two_sided(s, variance)
    return SeasonalTrend(s, variance, z, p, float(np.median(np.concatenate(slopes))), alpha)


def _ranks(values: Array) -> Array:
    """Ranks from 1, ties sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[inverse], dtype=np.float64)


@cache
def _spearman_distances(n: int) -> dict[int, int]:
    """How many orders of ``n`` things have each sum of squared rank differences."""
    result: dict[int, int] = {}
    for order in permutations(range(n)):
        distance = sum((at - rank) ** 2 for at, rank in enumerate(order))
        result[distance] = result.get(distance, 0) + 1
    return result


def spearman(values: Array | Sequence[float | None], alpha: float = 0.05) -> SpearmanTrend:
    """Spearman's rank correlation with time (秩相关系数法), as yearly bulletins use it.

    Raises ``ValueError`` for fewer than four values.

    >>> found = spearman([89.5, 85.9, 80.6, 73.0, 58.0])
    >>> found.rs, found.beyond_critical, found.direction
    (-1.0, True, 'falling')
    """
    _, known = _prepared(values)
    n = known.size
    if n < 4:
        raise ValueError(f"a trend test needs at least 4 values; there are {n}")
    ranks = _ranks(known)
    order = np.arange(1.0, n + 1)
    spread = ranks - ranks.mean()
    against = order - order.mean()
    scale = sqrt(float((spread**2).sum() * (against**2).sum()))
    rs = 0.0 if scale == 0 else float((spread * against).sum()) / scale
    exact = n <= _EXACT_SPEARMAN and not _ties(known).size
    if exact:
        middle = (n**3 - n) // 6
        distance = round(float(((ranks - order) ** 2).sum()))
        counts = _spearman_distances(n)
        far = sum(
            number for d, number in counts.items() if abs(d - middle) >= abs(distance - middle)
        )
        p = far / sum(counts.values())
    elif abs(rs) >= 1:
        p = 0.0
    else:
        p = student_two_sided(rs * sqrt((n - 2) / (1 - rs * rs)), n - 2)
    return SpearmanTrend(n, rs, p, exact, CRITICAL_005.get(n), alpha)


def student_two_sided(t: float, freedom: int) -> float:
    """Two-sided p-value of Student's t, by the regularised incomplete beta function."""
    return _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b) by its continued fraction (modified Lentz)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    tiny = 1e-300
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 300):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + numerator * d or tiny)
            c = 1 + numerator / c or tiny
            result *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * result
