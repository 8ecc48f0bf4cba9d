"""Thin plate regression spline of two coordinates, its smoothness chosen by cross-validation.

Wood, S. N. (2003) Thin plate regression splines, J. R. Stat. Soc. B 65, 95-114: what ``s(u, v, k = k)`` of the
R package mgcv fits, which openair's polar plots rest on. SciPy's ``RBFInterpolator`` has neither weights
nor a choice of smoothness.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, qr, solve_triangular
from scipy.sparse.linalg import eigsh
from scipy.spatial.distance import cdist

Array = NDArray[np.float64]


def _radial(distance: Array) -> Array:
    """r² log r, the thin plate basis in two dimensions, and 0 at r = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(distance > 0, distance**2 * np.log(distance), 0.0)


@dataclass(frozen=True, slots=True)
class ThinPlate:
    """A fitted surface: call :meth:`predict`. ``edf``: effective degrees of freedom; ``gcv``: its score."""

    knots: Array
    centre: Array
    scale: float
    wiggly: Array
    flat: Array
    edf: float
    gcv: float
    covariance: Array
    basis: Array

    def _design(self, points: Array) -> tuple[Array, Array]:
        scaled = (points - self.centre) / self.scale
        return _radial(cdist(scaled, self.knots)), np.column_stack([np.ones(len(scaled)), scaled])

    def predict(self, points: Array) -> Array:
        """The surface at points of shape (n, 2)."""
        radial, plane = self._design(np.asarray(points, dtype=float))
        result: Array = radial @ self.wiggly + plane @ self.flat
        return result

    def error(self, points: Array) -> Array:
        """Standard error of the surface at points of shape (n, 2), Bayesian as in mgcv."""
        radial, plane = self._design(np.asarray(points, dtype=float))
        design = np.hstack([radial @ self.basis, plane])
        result: Array = np.sqrt(np.einsum("ij,jk,ik->i", design, self.covariance, design))
        return result


def fit(points: Array, values: Array, weights: Array | None = None, k: int = 100) -> ThinPlate:
    """Fit a surface of at most ``k`` degrees of freedom to values at points of shape (n, 2).

    Minimises ``Σ wᵢ(yᵢ − f(xᵢ))² + λ∫(f_uu² + 2f_uv² + f_vv²)`` over the ``k − 3`` leading eigenvectors of the
    radial basis and a plane; λ minimises ``n·RSS/(n − tr A)²``. Raises ``ValueError`` when there are not more
    than ``k`` points: use a smaller ``k``.
    """
    points, values = np.asarray(points, dtype=float), np.asarray(values, dtype=float)
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    knots = np.unique(points, axis=0)
    if len(knots) <= k:
        raise ValueError(f"{len(knots)} different places cannot carry {k} terms; use fewer")
    centre = knots.mean(axis=0)
    scale = float(np.abs(knots - centre).max())
    knots = (knots - centre) / scale
    kernel = _radial(cdist(knots, knots))
    if len(knots) > 4 * k:
        start = np.random.default_rng(0).standard_normal(len(knots))
        eigenvalues, vectors = eigsh(kernel, k, which="LM", v0=start)
    else:
        eigenvalues, vectors = eigh(kernel)
        leading = np.argsort(-np.abs(eigenvalues))[:k]
        eigenvalues, vectors = eigenvalues[leading], vectors[:, leading]
    plane_at_knots = np.column_stack([np.ones(len(knots)), knots])
    # The wiggly part must vanish on planes: take the null space of Tᵀ U.
    full, _ = qr(vectors.T @ plane_at_knots)
    null = full[:, 3:]
    basis = vectors @ null
    penalty = null.T @ (eigenvalues[:, None] * null)
    scaled = (points - centre) / scale
    design = np.hstack(
        [_radial(cdist(scaled, knots)) @ basis, np.column_stack([np.ones(len(scaled)), scaled])]
    )
    roots = np.sqrt(weight)
    thin, triangle = qr(design * roots[:, None], mode="economic")
    target = thin.T @ (roots * values)
    total = float(np.sum((roots * values) ** 2))
    wide = np.zeros((design.shape[1],) * 2)
    wide[: k - 3, : k - 3] = (penalty + penalty.T) / 2
    # R⁻ᵀ S R⁻¹ = V diag(s) Vᵀ makes every λ a diagonal problem.
    half = solve_triangular(triangle, wide, trans="T")
    turned = solve_triangular(triangle, half.T, trans="T")
    strengths, turn = eigh((turned + turned.T) / 2)
    strengths = np.clip(strengths, 0, None)
    loads = turn.T @ target
    rest = total - float(np.sum(target**2))
    n = len(values)

    def score(log_smoothing: float) -> float:
        shrink = 1 / (1 + np.exp(log_smoothing) * strengths)
        residual = rest + float(np.sum(((1 - shrink) * loads) ** 2))
        return n * residual / (n - float(shrink.sum())) ** 2

    best = _minimum(score, strengths)
    shrink = 1 / (1 + np.exp(best) * strengths)
    coefficients = solve_triangular(triangle, turn @ (shrink * loads))
    edf = float(shrink.sum())
    residual = rest + float(np.sum(((1 - shrink) * loads) ** 2))
    inverse = solve_triangular(triangle, turn * np.sqrt(shrink))
    covariance = inverse @ inverse.T * residual / max(n - edf, 1.0)
    return ThinPlate(
        knots,
        centre,
        scale,
        basis @ coefficients[:-3],
        coefficients[-3:],
        edf,
        score(best),
        covariance,
        basis,
    )


def _minimum(score: object, strengths: Array) -> float:
    """The log smoothing parameter with the lowest score: a coarse search, then golden section."""
    from scipy.optimize import minimize_scalar

    assert callable(score)  # noqa: S101
    positive = strengths[strengths > strengths.max() * 1e-14]
    low, high = -np.log(positive.max()) - 8, -np.log(positive.min()) + 8
    grid = np.linspace(low, high, 120)
    scores = [score(each) for each in grid]
    index = int(np.argmin(scores))
    bounds = (grid[max(index - 1, 0)], grid[min(index + 1, len(grid) - 1)])
    return float(minimize_scalar(score, bounds=bounds, method="bounded").x)
