"""Where is the source and how strong, from concentrations at points or along beams and the wind.

Bayesian: flat in place over the search area and in ln rate; the wind's direction, the plume's width and depth
and how they grow, the background and the sizes of both errors are unknown too, with priors of
:class:`Priors`. The misfit is that of square roots, ``√c − √ĉ``, whose spread is ``s·√c_local`` with the highest
concentration measured next to each sample: relative fluctuations grow toward a plume's edge, near and far
samplers count alike, and no place of the source is favoured by it. Student's t with 5 degrees of freedom
resists single samplers. Samples of one place err together, and the rate has an error of the model's own. Neighbouring samplers err together, so the likelihood counts only the effective number
of independent ones, from the correlation of the residuals. A coarse search over the whole area gives starting
places; emcee (Foreman-Mackey et al. 2013, doi:10.1086/670067) draws the posterior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import contourpy
import emcee
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.optimize import minimize
from scipy.spatial import cKDTree
from scipy.special import gammaln
from scipy.stats import norm, qmc

from ecoledger.science.dispersion import Weather
from ecoledger.science.plume import Plume, Samples

Array = NDArray[np.float64]
Polygon = list[tuple[float, float]]
_FREEDOM = 5.0
_STARTS, _CLIMBS = 16, 5
_MANY_NODES = 4000
_MOST_ALIKE = 0.5  # even smooth residuals leave a third of the samples independent
_LEAST_SCATTER = 0.03  # no plume model is better than this
# By how much (ln) a plume model errs in a rate however many samples there are. Of a good one half of the single predictions
# lie within a factor of two (Hanna and Chang 2012, doi:10.1007/s00703-011-0177-1); over many samples about this is left.
_RATE_ERROR = 0.3
_TURN, _WIDTH, _DEPTH, _WIDTH_POWER, _DEPTH_POWER, _SCATTER, _NOISE, _BACKGROUND = range(8)
_SHARED = 8


@dataclass(frozen=True, slots=True)
class Priors:
    """Standard deviations of what is only roughly known: the wind's direction (degrees), ln of the plume's width and
    depth, and the powers of distance by which both may grow otherwise than the formula says."""

    direction_deg: float = 6.0
    log_width: float = 0.3
    log_depth: float = 0.4
    width_power: float = 0.1
    depth_power: float = 0.2


@dataclass(frozen=True, slots=True)
class Source:
    """A place (m) and a rate with its 90 % interval (g/s)."""

    x: float
    y: float
    rate: float
    rate_low: float
    rate_high: float


@dataclass(frozen=True, slots=True)
class Inversion:
    """``sources`` is empty when the concentrations do not tell of one. ``region90``: closed polygons (m) that hold the
    source (any of them) with a probability of 0.9. ``background`` in mg/m³. ``evidence``: ln of the evidence per
    number of sources, from 0 on."""

    sources: tuple[Source, ...]
    background: float | None
    region90: list[Polygon]
    warnings: tuple[str, ...]
    evidence: tuple[float, ...] = ()
    draws: Array = field(default_factory=lambda: np.empty((0, 2)))


@dataclass(frozen=True, slots=True)
class _Problem:
    samples: Samples
    plume: Plume
    priors: Priors
    count: int
    box: tuple[float, float, float, float]
    local: Array
    floor: float
    span: float
    power: float = 1.0

    def background(self, shared: Array) -> Array:
        """Concentration of the background, (p,): between nothing and the lowest concentrations."""
        values = self.samples.value
        top = max(float(np.quantile(values, 0.05)), 0.0) + self.floor
        low = min(0.0, float(values.min()))
        if low >= 0 and top > 0.3 * self.span:
            low = max(0.0, float(values.min()) - 0.1 * self.span)
        result: Array = low + (top - low) / (1 + np.exp(-np.clip(shared[:, _BACKGROUND], -50, 50)))
        return result

    @property
    def size(self) -> int:
        return 3 * self.count + _SHARED

    def predicted(self, points: Array) -> Array:
        """Predicted excess over the background at every sample; ``points`` of shape (p, size)."""
        shared = points[:, 3 * self.count :]
        shape = [shared[:, i] for i in (_TURN, _WIDTH, _DEPTH, _WIDTH_POWER, _DEPTH_POWER)]
        total = np.zeros((len(points), len(self.samples.value)))
        for number in range(self.count):
            x, y, log_rate = points[:, 3 * number : 3 * number + 3].T
            rate = np.exp(np.clip(log_rate, -40, 40))[:, None]
            total += rate * self.plume.unit(x, y, *shape)[0]
        return total

    def noise(self, shared: Array) -> Array:
        """Concentration by which instruments err where there is no plume, (p, 1); a third of ``floor`` at least."""
        free = np.exp(np.clip(shared[:, _NOISE], -40, 40))
        result: Array = (free + self.floor / 3)[:, None]
        return result

    def residuals(self, points: Array) -> tuple[Array, Array]:
        """Differences of square roots and their expected spread."""
        shared = points[:, 3 * self.count :]
        total = self.predicted(points)
        noise = self.noise(shared)
        excess = np.maximum(self.samples.value - self.background(shared)[:, None], 0)
        difference = np.sqrt(excess + noise) - np.sqrt(total + noise)
        scatter = np.exp(2 * np.clip(shared[:, _SCATTER], -9, 9)) + _LEAST_SCATTER**2
        spread = np.sqrt(scatter[:, None] * self.local + 0.25 * noise)
        return difference, spread

    def likelihood(self, points: Array) -> Array:
        """ln likelihood, (p,), at full weight. The Jacobian keeps noise and background comparable."""
        difference, spread = self.residuals(points)
        shared = points[:, 3 * self.count :]
        noise = self.noise(shared)
        excess = np.maximum(self.samples.value - self.background(shared)[:, None], 0)
        constant = (
            gammaln((_FREEDOM + 1) / 2) - gammaln(_FREEDOM / 2) - 0.5 * np.log(np.pi * _FREEDOM)
        )
        density = -(_FREEDOM + 1) / 2 * np.log1p((difference / spread) ** 2 / _FREEDOM) - np.log(
            spread
        )
        jacobian = -0.5 * np.log(excess + noise)
        result: Array = (density + jacobian + constant).sum(axis=1)
        return result

    def prior(self, points: Array) -> Array:
        shared = points[:, 3 * self.count :]
        p = self.priors
        deviations = (
            (shared[:, _TURN] / np.radians(p.direction_deg)),
            (shared[:, _WIDTH] / p.log_width),
            (shared[:, _DEPTH] / p.log_depth),
            (shared[:, _WIDTH_POWER] / p.width_power),
            (shared[:, _DEPTH_POWER] / p.depth_power),
            (shared[:, _SCATTER] - np.log(0.25)) / 1.0,
            (shared[:, _NOISE] - np.log(self.floor)) / 1.5,
        )
        result = -0.5 * np.sum(np.square(deviations), axis=0)
        # Flat in where the background lies between its bounds: the logistic density.
        logit = shared[:, _BACKGROUND]
        result += -np.abs(logit) - 2 * np.log1p(np.exp(-np.abs(logit)))
        west, east, south, north = self.box
        soft = 0.01 * max(east - west, north - south)
        for number in range(self.count):
            x, y, log_rate = points[:, 3 * number : 3 * number + 3].T
            outside = np.maximum(np.maximum(west - x, x - east), 0)
            outside = outside + np.maximum(np.maximum(south - y, y - north), 0)
            result -= 0.5 * (outside / soft) ** 2
            result -= 0.5 * (np.maximum(np.abs(log_rate) - 25, 0) / 0.1) ** 2
        return np.where(np.isfinite(result), result, -np.inf)

    def posterior(self, points: Array) -> Array:
        """ln posterior density up to a constant, (p,)."""
        points = np.atleast_2d(points)
        result = self.prior(points)
        good = np.isfinite(result)
        if good.any():
            likelihood = self.power * self.likelihood(points[good])
            result[good] += np.where(np.isfinite(likelihood), likelihood, -np.inf)
        return result


def invert(
    samples: Samples,
    weather: Sequence[Weather],
    *,
    sources: int = 1,
    priors: Priors | None = None,
    source_height: float = 0.5,
    extent: float = 0.5,
    steps: int = 700,
    seed: int = 1,
) -> Inversion:
    """Find up to ``sources`` sources; how many is decided by their evidence.

    ``extent``: how far the search goes beyond the samples' bounding box, as a share of its larger side. NaN values
    are left out. Raises ``ValueError`` for a weather index without weather.
    """
    warnings: list[str] = []
    known = np.isfinite(samples.value)
    samples = samples.take(known)
    if len(samples.value) < 5:
        return Inversion((), None, [], ("fewer than five concentrations: nothing can be located",))
    if int(samples.step.max()) >= len(weather):
        raise ValueError("a sample names a time without weather")
    span = float(np.ptp(samples.value))
    if span <= 1e-9 * max(1.0, abs(float(samples.value.max()))):
        text = "all concentrations are the same: they do not tell of a source"
        return Inversion((), float(samples.value[0]), [], (text,))
    priors = priors or default_priors(weather)
    places = samples.nodes[..., :2].reshape(-1, 2)
    low, high = places.min(axis=0), places.max(axis=0)
    reach = extent * float((high - low).max())
    box = (low[0] - reach, high[0] + reach, low[1] - reach, high[1] + reach)
    plume = Plume(samples, weather, source_height)
    rng = np.random.default_rng(seed)
    floor = 3e-4 * span
    local = _local_peaks(samples)

    def problem(count: int, power: float = 1.0) -> _Problem:
        return _Problem(samples, plume, priors, count, box, local, floor, span, power)

    first = problem(1)
    if samples.nodes[..., 0].size > _MANY_NODES:
        # Long series: the search needs only some of the times.
        some = _some_steps(samples, _MANY_NODES)
        few = samples.take(some)
        first = _Problem(
            few, Plume(few, weather, source_height), priors, 1, box, local[some], floor, span
        )
        steps = max(steps // 3, steps * 3 * _MANY_NODES // samples.nodes[..., 0].size)
    best, score = _climb(first, _search(first, rng), 25)
    best, score = _climb(problem(1), best[:_CLIMBS])
    power = _independent_share(problem(1), best[np.argmax(score)])
    evidence = [_no_source_evidence(samples, power)]
    best, score = _climb(problem(1, power), best)
    fits = [(best, score)]
    evidence.append(_laplace(problem(1, power), best[np.argmax(score)]))
    if evidence[1] - evidence[0] < 3:
        text = "the concentrations are explained as well without a source as with one"
        return Inversion((), float(np.median(samples.value)), [], (text,), tuple(evidence))
    chosen = 1
    for count in range(2, sources + 1):
        starts = _search_one_more(problem(count - 1), fits[-1][0][0], rng)
        best, score = _climb(problem(count, power), starts, 25)
        best, score = _climb(problem(count, power), best[:_CLIMBS])
        fits.append((best, score))
        # A place each, and the order of the sources is free.
        evidence.append(_laplace(problem(count, power), best[np.argmax(score)]))
        if evidence[count] - evidence[chosen] > 3:
            chosen = count
    if chosen < sources:
        warnings.append(f"the evidence is for {chosen} of {sources} sources")
    draws = _sample(problem(chosen, power), *fits[chosen - 1], rng, steps)
    return _summary(problem(chosen, power), draws, warnings, tuple(evidence))


def _local_peaks(samples: Samples, neighbours: int = 5) -> Array:
    """The highest excess (mg/m³) among each sample and those next to it in space and time: the scale on which a
    model may err there. It is taken from the data, so that no place of a source is favoured by it."""
    excess = np.maximum(samples.value - max(0.0, float(np.quantile(samples.value, 0.03))), 0)
    order = _neighbours(samples, neighbours)
    result: Array = excess[order].max(axis=1)
    return result


def _neighbours(samples: Samples, number: int) -> NDArray[np.intp]:
    """The nearest samples in space and time of each, itself first, (n, number)."""
    places, steps = samples.places, samples.step
    size = float(np.ptp(places, axis=0).max()) or 1.0
    # At few places that were sampled often, the step before and after are the neighbours.
    series = len(np.unique(np.round(places, 3), axis=0)) * 4 < len(places)
    pace = 1e-3 * size if series else 10 * size
    coordinates = np.column_stack([places, steps * pace])
    _, nearest = cKDTree(coordinates).query(coordinates, min(number, len(places)))
    return np.asarray(nearest, dtype=np.intp)


def _some_steps(samples: Samples, nodes: int) -> NDArray[np.bool_]:
    """The samples of evenly spaced times, about so many nodes in all."""
    share = samples.nodes[..., 0].size / nodes
    steps = np.unique(samples.step)
    if len(steps) < 2 * share:
        keep = np.zeros(len(samples.value), dtype=bool)
        keep[:: int(np.ceil(share))] = True
        return keep
    return np.isin(samples.step, steps[:: int(np.ceil(share))])


def default_priors(weather: Sequence[Weather]) -> Priors:
    """Wider where the turbulence was not measured, or the wind is so light that its direction is not steady."""
    speed = float(np.mean([each.speed for each in weather]))
    turning = 6.0 if speed >= 2 else 10.0
    if all(each.has_turbulence for each in weather):
        return Priors(turning)
    return Priors(turning, 0.45, 0.6, 0.15, 0.25)


def _shared_start(problem: _Problem) -> Array:
    start = np.zeros(_SHARED)
    start[_SCATTER] = np.log(0.25)
    start[_NOISE] = np.log(problem.floor)
    return start


def _first_background(problem: _Problem) -> float:
    """The background to begin with: the middle of its range."""
    return float(problem.background(np.zeros((1, _SHARED)))[0])


def _search(problem: _Problem, rng: np.random.Generator, number: int = 4096) -> Array:
    """Starting places: quasi-random places over the box, upwind lines favoured by the data alone."""
    west, east, south, north = problem.box
    drawn = qmc.Sobol(5, rng=rng).random(1 << (number - 1).bit_length())
    excess = np.maximum(problem.samples.value - _first_background(problem), 0)
    # Half of the candidates lie near the highest samples, where near-ground sources are.
    top = problem.samples.places[np.argsort(-excess)[:10]].mean(axis=0)
    size = max(east - west, north - south)
    near = len(drawn) // 2
    x = west + drawn[:, 0] * (east - west)
    y = south + drawn[:, 1] * (north - south)
    radius = size * 0.5 * drawn[:near, 0] ** 2
    x[:near] = np.clip(top[0] + radius * np.cos(2 * np.pi * drawn[:near, 1]), west, east)
    y[:near] = np.clip(top[1] + radius * np.sin(2 * np.pi * drawn[:near, 1]), south, north)
    points = np.tile(np.concatenate([np.zeros(3), _shared_start(problem)]), (len(x), 1))
    points[:, 0], points[:, 1] = x, y
    points[:, 3 + _TURN] = np.radians(problem.priors.direction_deg) * 2.5 * (drawn[:, 2] - 0.5) * 2
    points[:, 3 + _WIDTH] = problem.priors.log_width * 2 * (drawn[:, 3] - 0.5) * 2
    points[:, 3 + _DEPTH] = problem.priors.log_depth * 1.5 * (drawn[:, 4] - 0.5) * 2
    score = np.full(len(points), -np.inf)
    for part in np.array_split(
        np.arange(len(points)), max(1, len(points) * problem.samples.nodes[..., 0].size // 400_000)
    ):
        score[part] = _with_best_rate(problem, points, part, excess)
    order = np.argsort(-score)
    kept: list[int] = []
    for index in order:
        apart = [np.hypot(*(points[index, :2] - points[other, :2])) for other in kept]
        if all(gap > 0.02 * size for gap in apart):
            kept.append(int(index))
        if len(kept) == _STARTS:
            break
    return points[kept]


def _with_best_rate(
    problem: _Problem, points: Array, part: NDArray[np.intp], excess: Array
) -> Array:
    """Set each candidate's rate by weighted least squares of square roots; return its ln posterior."""
    shared = points[part, 3:]
    unit, axis = problem.plume.unit(
        points[part, 0], points[part, 1], *(shared[:, i] for i in range(5))
    )
    weight = np.where(axis > 0, 1 / np.maximum(axis, 1e-30), 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = (weight * np.sqrt(excess) * np.sqrt(unit)).sum(axis=1) / (weight * unit).sum(axis=1)
    good = np.isfinite(root) & (root > 0)
    points[part, 2] = np.where(good, 2 * np.log(np.where(good, root, 1)), -30.0)
    scores = []
    for scatter in (0.1, 0.25, 0.6):
        points[part, 3 + _SCATTER] = np.log(scatter)
        scores.append(problem.posterior(points[part]))
    best = np.argmax(scores, axis=0)
    points[part, 3 + _SCATTER] = np.log(np.array([0.1, 0.25, 0.6])[best])
    highest: Array = np.max(scores, axis=0)
    return highest


def _search_one_more(problem: _Problem, array: Array, rng: np.random.Generator) -> Array:
    """Starts for one source more: the sources found, and one from what they leave unexplained."""
    total = problem.predicted(array[None])
    rest = problem.samples.value - total[0]
    samples = problem.samples
    left = Samples(samples.nodes, samples.weights, samples.step, rest, samples.length)
    single = _Problem(
        left,
        problem.plume,
        problem.priors,
        1,
        problem.box,
        problem.local,
        problem.floor,
        problem.span,
    )
    candidates = _search(single, rng)
    cut = 3 * problem.count
    starts = [np.concatenate([array[:cut], each[:3], array[cut:]]) for each in candidates]
    for each in starts:
        each[cut + 2] -= 0.7
    return np.array(starts)


def _scales(problem: _Problem) -> Array:
    west, east, south, north = problem.box
    size = max(east - west, north - south)
    p = problem.priors
    place = [0.02 * size, 0.02 * size, 0.3]
    shared = [
        *(np.radians(p.direction_deg), p.log_width, p.log_depth, p.width_power, p.depth_power),
        *(0.5, 0.7, 1.0),
    ]
    return np.array(place * problem.count + shared)


def _climb(problem: _Problem, starts: Array, rounds: int = 150) -> tuple[Array, Array]:
    """Each start moved to the top of its hill; sorted by height."""
    scales = _scales(problem)
    ends, heights = [], []
    for start in starts:

        def down(u: Array, origin: Array = start) -> tuple[float, Array]:
            step = 1e-4
            moved = np.vstack([u, u + step * np.eye(len(u)), u - step * np.eye(len(u))])
            values = problem.posterior(origin + moved * scales)
            values = np.where(np.isfinite(values), values, -1e8)
            n = len(u)
            return -values[0], -(values[1 : n + 1] - values[n + 1 :]) / (2 * step)

        end = minimize(
            down, np.zeros(problem.size), jac=True, method="L-BFGS-B", options={"maxiter": rounds}
        )
        ends.append(start + end.x * scales)
        heights.append(-float(end.fun))
    order = np.argsort(heights)[::-1]
    west, east, south, north = problem.box
    near = 0.002 * max(east - west, north - south)
    tops: list[int] = []
    for index in order:
        places = [(ends[index] - ends[other])[: 3 * problem.count] for other in tops]
        if all(np.abs(gap.reshape(-1, 3)[:, :2]).max() > near for gap in places):
            tops.append(int(index))
    return np.array(ends)[tops], np.array(heights)[tops]


def _independent_share(problem: _Problem, best: Array) -> float:
    """The share of samples that count as independent.

    (1 − ρ)/(1 + ρ) with ρ the correlation of the residual of each sample with that of its nearest in space and time; and no
    more than the samples of one place leave that err together: what the model gets wrong at a place (terrain, the height of
    a beam, how the plume spreads up to it) it gets wrong every minute, and a thousand minutes do not make it right.
    """
    difference, spread = problem.residuals(best[None])
    z = np.clip((difference / spread)[0], -3, 3)
    if len(z) < 8:
        return 1.0
    first, second = z, z[_neighbours(problem.samples, 2)[:, 1]]
    rho = float(np.sum(first * second) / np.sqrt(np.sum(first**2) * np.sum(second**2) + 1e-30))
    rho = min(max(rho, 0.0), _MOST_ALIKE)
    return min((1 - rho) / (1 + rho), _share_by_place(problem.samples, z))


def _share_by_place(samples: Samples, z: Array) -> float:
    """1/(1 + (m − 1)·ICC): the design effect of m samples a place whose residuals ``z`` have the intraclass correlation
    ICC (one-way analysis of variance); 1 where every place was sampled once."""
    _, place = np.unique(np.round(samples.places, 2), axis=0, return_inverse=True)
    counts = np.bincount(place.ravel())
    many = len(z) / len(counts)
    if many < 2 or len(counts) < 2:
        return 1.0
    means = np.bincount(place.ravel(), z) / counts
    between = float(np.sum(counts * (means - z.mean()) ** 2)) / (len(counts) - 1)
    within = float(np.sum((z - means[place.ravel()]) ** 2)) / max(len(z) - len(counts), 1)
    alike = (between - within) / (between + (many - 1) * within)
    return 1 / (1 + (many - 1) * min(max(alike, 0.0), 1.0))


def _no_source_evidence(samples: Samples, power: float) -> float:
    """ln evidence of "a constant and lognormal-free scatter", by BIC with the effective number of samples."""
    n = len(samples.value)
    spread = max(float(samples.value.std()), 1e-12)
    likelihood = power * (-0.5 * n * (1 + np.log(2 * np.pi)) - n * np.log(spread))
    return float(likelihood - np.log(max(n * power, 2)))


def _laplace(problem: _Problem, best: Array) -> float:
    """ln evidence at a maximum: BIC for the sources (place and rate), Laplace's prior for the rest."""
    n = max(len(problem.samples.value) * problem.power, 2.0)
    height = float(problem.posterior(best[None])[0])
    free = 3 * problem.count + 3
    return height - 0.5 * free * float(np.log(n))


def _sample(
    problem: _Problem, tops: Array, heights: Array, rng: np.random.Generator, steps: int
) -> Array:
    """Draws of the posterior, (n, size): walkers begin at the tops in proportion to their height."""
    walkers = 2 * ((3 * problem.size + 1) // 2)
    share = np.exp(np.clip(heights - heights[0], -50, 0))
    share /= share.sum()
    begin = tops[rng.choice(len(tops), walkers, p=share)]
    begin = begin + 0.05 * _scales(problem) * rng.standard_normal(begin.shape)
    for _ in range(50):
        bad = ~np.isfinite(problem.posterior(begin))
        if not bad.any():
            break
        top = tops[rng.choice(len(tops), int(bad.sum()), p=share)]
        jitter = 0.02 * _scales(problem) * rng.standard_normal(top.shape)
        begin[bad] = top + jitter
    else:
        begin = tops[:1] + 1e-4 * _scales(problem) * np.abs(
            rng.standard_normal((walkers, problem.size))
        )
    np.random.seed(int(rng.integers(1 << 31)))
    sampler = emcee.EnsembleSampler(
        walkers,
        problem.size,
        problem.posterior,
        vectorize=True,
        moves=[
            (emcee.moves.StretchMove(), 0.5),
            (emcee.moves.DEMove(), 0.4),
            (emcee.moves.DESnookerMove(), 0.1),
        ],
    )
    state = sampler.run_mcmc(begin, steps // 3, skip_initial_state_check=True)
    sampler.reset()
    sampler.run_mcmc(state, steps - steps // 3, skip_initial_state_check=True)
    draws: Array = np.asarray(sampler.get_chain(flat=True, thin=5))
    height: Array = sampler.get_log_prob(flat=True, thin=5)
    # A walker that lost its way never comes back; no draw of this posterior lies so far below its top.
    kept: Array = draws[height > height.max() - 3 * problem.size]
    return kept


def _summary(
    problem: _Problem, draws: Array, warnings: list[str], evidence: tuple[float, ...]
) -> Inversion:
    sources = []
    for number in range(problem.count):
        x, y, log_rate = draws[:, 3 * number : 3 * number + 3].T
        # Spread over the quantiles in the order of the draws: the same answer at every run.
        wrong = norm.ppf(
            (np.random.default_rng(0).permutation(len(log_rate)) + 0.5) / len(log_rate)
        )
        rate = np.exp(np.quantile(log_rate + _RATE_ERROR * wrong, (0.05, 0.5, 0.95)))
        sources.append(
            Source(
                float(np.median(x)),
                float(np.median(y)),
                float(rate[1]),
                float(rate[0]),
                float(rate[2]),
            )
        )
    sources.sort(key=lambda each: -each.rate)
    places = np.vstack([draws[:, 3 * i : 3 * i + 2] for i in range(problem.count)])
    background = float(np.median(problem.background(draws[:, 3 * problem.count :])))
    west, east, south, north = problem.box
    size = max(east - west, north - south)
    edge = min(sources[0].x - west, east - sources[0].x, sources[0].y - south, north - sources[0].y)
    if edge < 0.02 * size:
        warnings.append("the source lies at the edge of the search area: it may be farther away")
    return Inversion(tuple(sources), background, region(places), tuple(warnings), evidence, places)


def region(places: Array, probability: float = 0.9, cells: int = 160) -> list[Polygon]:
    """The smallest set that holds a share of the drawn places (n, 2), as closed polygons."""
    low, high = np.quantile(places, (0.002, 0.998), axis=0)
    margin = 0.25 * np.maximum(high - low, 1e-3 + 0.02 * float((high - low).max()))
    low, high = low - margin, high + margin
    edges = [np.linspace(low[i], high[i], cells + 1) for i in range(2)]
    counts, _, _ = np.histogram2d(places[:, 0], places[:, 1], bins=edges)
    # Silverman's rule, in cells.
    wide = places.std(axis=0) * len(places) ** (-1 / 6) / ((high - low) / cells)
    smooth = gaussian_filter(counts, np.clip(wide, 1, 12), mode="constant")
    smooth = np.pad(smooth, 1)
    order = np.sort(smooth.ravel())[::-1]
    level = order[int(np.searchsorted(np.cumsum(order), probability * order.sum()))]
    step = (high - low) / cells
    axes = [low[i] + step[i] * (np.arange(-1, cells + 1) + 0.5) for i in range(2)]
    lines: list[Any] = list(contourpy.contour_generator(axes[0], axes[1], smooth.T).lines(level))
    rings = [np.asarray(line) for line in lines if line is not None]
    return [[(float(x), float(y)) for x, y in ring] for ring in rings if len(ring) > 3]
