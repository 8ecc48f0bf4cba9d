"""Concentrations that a point source near the ground makes at points and along beams: the Gaussian plume.

``c = Q / (2π·U·σy·σz) · exp(−y²/2σy²) · [exp(−(z−h)²/2σz²) + exp(−(z+h)²/2σz²)]`` with the spreads and the carrying
wind of :mod:`ecoledger.science.dispersion`. Units: metres in any flat system of coordinates with x to the east
and y to the north, g/s, mg/m³. A beam's value is the mean along its path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecoledger.science.dispersion import Weather, spread

Array = NDArray[np.float64]
_MILLIGRAMS = 1000.0
#: The shape exponents turn about this distance, m.
REFERENCE_DISTANCE = 100.0
_PATH_NODES = 16


@dataclass(frozen=True, slots=True)
class Samples:
    """Where and when air was sampled: ``nodes`` (n, k, 3) are points along each path with ``weights`` (k,) that add
    up to 1 (k = 1 for points); ``step`` (n,) says which weather applies; ``value`` (n,) in mg/m³; ``length`` of each
    path in m, 0 for points."""

    nodes: Array
    weights: Array
    step: NDArray[np.intp]
    value: Array
    length: Array

    @property
    def places(self) -> Array:
        """The middle of each point or path, (n, 2)."""
        middle: Array = np.einsum("nkd,k->nd", self.nodes, self.weights)[:, :2]
        return middle

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Samples:
        """Some of the samples."""
        return Samples(
            self.nodes[rows], self.weights, self.step[rows], self.value[rows], self.length[rows]
        )


def points(xyz: Array, value: Array, step: NDArray[np.intp] | None = None) -> Samples:
    """Samples at points, ``xyz`` of shape (n, 3)."""
    n = len(xyz)
    steps = np.zeros(n, dtype=np.intp) if step is None else step
    return Samples(
        np.asarray(xyz, dtype=float)[:, None, :],
        np.ones(1),
        steps,
        np.asarray(value, dtype=float),
        np.zeros(n),
    )


def beams(
    first: Array, second: Array, value: Array, step: NDArray[np.intp] | None = None
) -> Samples:
    """Path means between ``first`` and ``second``, each of shape (n, 3); Gauss-Legendre along the path."""
    abscissa, weight = np.polynomial.legendre.leggauss(_PATH_NODES)
    share = (abscissa + 1) / 2
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    nodes = first[:, None, :] * (1 - share)[:, None] + second[:, None, :] * share[:, None]
    steps = np.zeros(len(first), dtype=np.intp) if step is None else step
    length = np.linalg.norm(second - first, axis=1)
    return Samples(nodes, weight / 2, steps, np.asarray(value, dtype=float), length)


class Plume:
    """The forward model of a set of samples under a series of weathers, for many sources at once."""

    def __init__(
        self, samples: Samples, weather: Sequence[Weather], source_height: float = 0.5
    ) -> None:
        self.samples = samples
        self.source_height = source_height
        tables = [spread(each) for each in weather]
        first = tables[0].log_distance
        self._first, self._step = float(first[0]), float(first[1] - first[0])
        # One row a weather and distance; the three quantities side by side are looked up together.
        self._table = np.stack(
            [np.column_stack([t.log_sigma_y, t.log_sigma_z, t.log_speed]) for t in tables]
        ).reshape(-1, 3)
        self._size = len(first)
        self._bearing = np.radians([each.direction for each in weather])
        n, k, _ = samples.nodes.shape
        self._shape = (n, k)
        flat = samples.nodes.reshape(-1, 3)
        self._x, self._y, self._z = flat[:, 0], flat[:, 1], flat[:, 2]
        self._row = np.repeat(samples.step, k)
        self._length = np.repeat(samples.length, k)

    def unit(
        self,
        x: Array,
        y: Array,
        turn: Array,
        log_width: Array,
        log_depth: Array,
        width_power: Array,
        depth_power: Array,
    ) -> tuple[Array, Array]:
        """Concentrations (mg/m³) for 1 g/s at every sample, and the scale of their fluctuations: the concentration on the
        axis, fading over twice the plume's width.

        All arguments have shape (p,); the results (p, n). ``turn`` (radians) is added to every wind direction;
        σy and σz are multiplied by ``exp(log_width)·(X/100 m)^width_power`` and alike for depth.
        """
        bearing = self._bearing[self._row] + turn[:, None]
        sine, cosine = np.sin(bearing), np.cos(bearing)
        east, north = self._x - x[:, None], self._y - y[:, None]
        along = -(east * sine + north * cosine)
        across = east * cosine - north * sine
        result = np.zeros(along.shape)
        axis = np.zeros(along.shape)
        who, where = np.nonzero(along > 0.5)
        distance = np.log(along[who, where])
        place = np.clip((distance - self._first) / self._step, 0, self._size - 1.001)
        left = place.astype(np.intp)
        share = (place - left)[:, None]
        row = self._row[where] * self._size + left
        logs = self._table[row] * (1 - share) + self._table[row + 1] * share
        far = distance - np.log(REFERENCE_DISTANCE)
        log_y = logs[:, 0] + log_width[who] + width_power[who] * far
        log_z = logs[:, 1] + log_depth[who] + depth_power[who] * far
        inverse_y = np.exp(-np.clip(log_y, -4, 12))
        inverse_z = np.exp(-np.clip(log_z, -4, 12))
        z, h = self._z[where], self.source_height
        mirror = np.exp(-0.5 * ((z - h) * inverse_z) ** 2) + np.exp(
            -0.5 * ((z + h) * inverse_z) ** 2
        )
        centre = _MILLIGRAMS / (2 * np.pi) * np.exp(-logs[:, 2]) * inverse_y * inverse_z * mirror
        gauss = np.exp(-0.5 * np.minimum((across[who, where] * inverse_y) ** 2, 60))
        result[who, where] = centre * gauss
        # A path longer than the plume is wide sees the axis over part of its length only.
        covered = np.sqrt(2 * np.pi) / inverse_y / np.maximum(self._length[where], 1e-9)
        axis[who, where] = centre * np.minimum(covered, 1.0) * np.sqrt(np.sqrt(gauss))
        if self._shape[1] == 1:
            return result, axis
        shape = (len(x), *self._shape)
        weights = self.samples.weights
        return result.reshape(shape) @ weights, axis.reshape(shape) @ weights


def concentrations(
    samples: Samples,
    weather: Sequence[Weather],
    x: float,
    y: float,
    rate: float,
    source_height: float = 0.5,
) -> Array:
    """What one source (m, m, g/s) makes at the samples, mg/m³."""
    none = np.zeros(1)
    unit, _ = Plume(samples, weather, source_height).unit(
        np.array([x]), np.array([y]), none, none, none, none, none
    )
    result: Array = rate * unit[0]
    return result
