"""How fast a plume near the ground widens and how fast the wind carries it.

Three ways, by what is known of the hour:

- *Monin-Obukhov*: friction velocity and Obukhov length known. Vertical spread of a release near the ground as
  Snyder et al. 2013 (RLINE, doi:10.1016/j.atmosenv.2013.05.074), wind at the plume's mean height from the
  Businger-Dyer profile.
- *Pasquill class*: Briggs' open-country curves (Briggs 1973, in Hanna, Briggs & Hosker 1982, table 4.5).
- *Site sigmas*: the measured standard deviation of wind direction gives the sideways spread (Irwin 1983:
  ``σy = σθ·x / (1 + 0.9·√(t/1000 s))``).

Distances and heights in m, speeds in m/s, angles in radians unless named ``_deg``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log, radians, tan
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Stability = Literal["A", "B", "C", "D", "E", "F"]
KARMAN = 0.4
_LEAST_SPEED = 0.3

# Briggs, open country: σy = a·x/√(1 + 0.0001x); σz = b·x·(1 + c·x)^d.
_BRIGGS_Y = {"A": 0.22, "B": 0.16, "C": 0.11, "D": 0.08, "E": 0.06, "F": 0.04}
_BRIGGS_Z = {
    "A": (0.20, 0.0, 1.0),
    "B": (0.12, 0.0, 1.0),
    "C": (0.08, 0.0002, -0.5),
    "D": (0.06, 0.0015, -0.5),
    "E": (0.03, 0.0003, -1.0),
    "F": (0.016, 0.0003, -1.0),
}
# Classes by the standard deviation of wind direction, degrees (EPA-454/R-99-005, table 6-8a).
_BY_DEVIATION: tuple[tuple[float, Stability], ...] = (
    (22.5, "A"),
    (17.5, "B"),
    (12.5, "C"),
    (7.5, "D"),
    (3.8, "E"),
    (0.0, "F"),
)


@dataclass(frozen=True, slots=True)
class Weather:
    """The wind of one averaging time. ``direction`` is where it comes FROM, degrees.

    ``NaN`` or ``None`` where not known: ``obukhov_length`` and ``friction_velocity`` go together;
    ``deviation_deg`` is the standard deviation of wind direction; ``stability`` a Pasquill class.
    """

    speed: float
    direction: float
    height: float = 10.0
    obukhov_length: float | None = None
    friction_velocity: float | None = None
    mixing_height: float | None = None
    deviation_deg: float | None = None
    stability: Stability | None = None

    def pasquill(self) -> Stability:
        """The class given, else by Obukhov length (Golder 1972 at a roughness of 3 cm), else by the deviation of
        wind direction, else D."""
        if self.stability:
            return self.stability
        length = self.obukhov_length
        if length is not None and isfinite(length) and length != 0:
            inverse = 1 / length
            bounds: tuple[tuple[float, Stability], ...] = (
                (-0.10, "A"),
                (-0.05, "B"),
                (-0.015, "C"),
                (0.015, "D"),
                (0.05, "E"),
            )
            return next((name for bound, name in bounds if inverse < bound), "F")
        if self.deviation_deg is not None and isfinite(self.deviation_deg):
            return next(name for bound, name in _BY_DEVIATION if self.deviation_deg >= bound)
        return "D"

    @property
    def has_turbulence(self) -> bool:
        """Whether friction velocity and Obukhov length are both known."""
        u, length = self.friction_velocity, self.obukhov_length
        return bool(u and length and isfinite(u) and isfinite(length) and u > 0)


def _psi(z: Array | float, length: float) -> Array:
    """Businger-Dyer correction of the wind profile."""
    ratio = np.asarray(z, dtype=float) / length
    if length > 0:
        return np.asarray(-5 * np.minimum(ratio, 1))
    x = (1 - 16 * np.maximum(ratio, -20)) ** 0.25
    return np.asarray(
        2 * np.log((1 + x) / 2) + np.log((1 + x**2) / 2) - 2 * np.arctan(x) + np.pi / 2
    )


@dataclass(frozen=True, slots=True)
class Spread:
    """Tables of ``sigma_y``, ``sigma_z`` (m) and the carrying ``speed`` (m/s) over ln distance."""

    log_distance: Array
    log_sigma_y: Array
    log_sigma_z: Array
    log_speed: Array

    def at(self, distance: Array) -> tuple[Array, Array, Array]:
        """ln σy, ln σz and ln speed at distances (m, positive): the table is evenly spaced in ln distance."""
        first, step = self.log_distance[0], self.log_distance[1] - self.log_distance[0]
        place = np.clip((np.log(distance) - first) / step, 0, len(self.log_distance) - 1.001)
        left = place.astype(np.intp)
        share = place - left
        tables = (self.log_sigma_y, self.log_sigma_z, self.log_speed)
        width, depth, speed = (t[left] * (1 - share) + t[left + 1] * share for t in tables)
        return width, depth, speed


def spread(weather: Weather, farthest: float = 2e4) -> Spread:
    """The plume's growth under one weather, tabulated from 0.5 m to ``farthest``."""
    x = np.exp(np.linspace(log(0.5), log(farthest), 96))
    speed = max(weather.speed, _LEAST_SPEED)
    if weather.has_turbulence:
        sigma_z, carry = _by_turbulence(weather, x)
    else:
        a, b, c = _BRIGGS_Z[weather.pasquill()]
        sigma_z = a * x * (1 + b * x) ** c
        # The power law of open country brings the wind to the plume's mean height.
        power = {"A": 0.07, "B": 0.07, "C": 0.10, "D": 0.15, "E": 0.35, "F": 0.55}
        height = np.clip(0.8 * sigma_z, 1.0, 200.0)
        carry = speed * (height / weather.height) ** power[weather.pasquill()]
    if weather.mixing_height and isfinite(weather.mixing_height) and weather.mixing_height > 0:
        sigma_z = np.minimum(sigma_z, 0.8 * weather.mixing_height)
    deviation = weather.deviation_deg
    if weather.has_turbulence:
        length = float(weather.obukhov_length or 1)
        known = deviation is not None and isfinite(deviation) and deviation > 0
        sigma_v = (
            tan(radians(min(float(deviation or 0), 60.0))) * speed if known else _sigma_v(weather)
        )
        growth = 1 + 2.5 * sigma_z / length if length > 0 else 1 / np.sqrt(1 - sigma_z / length)
        sigma_y = 1.6 * sigma_v / float(weather.friction_velocity or 1) * sigma_z * growth
    elif deviation is not None and isfinite(deviation) and deviation > 0:
        sigma_y = tan(radians(min(deviation, 60.0))) * x / (1 + 0.9 * np.sqrt(x / speed / 1000))
    else:
        sigma_y = _BRIGGS_Y[weather.pasquill()] * x / np.sqrt(1 + 0.0001 * x)
    return Spread(
        np.log(x), np.log(sigma_y), np.log(sigma_z), np.log(np.maximum(carry, _LEAST_SPEED))
    )


def _sigma_v(weather: Weather) -> float:
    """Sideways turbulence from similarity: 1.9 u* in neutral and stable air, growing with convection."""
    u, length = float(weather.friction_velocity or 0), float(weather.obukhov_length or 1)
    mixing = weather.mixing_height
    depth = mixing if mixing and isfinite(mixing) and mixing > 0 else 1000.0
    return 1.9 * u if length > 0 else u * (12 + 0.5 * depth / -length) ** (1 / 3)


def _by_turbulence(weather: Weather, x: Array) -> tuple[Array, Array]:
    u = float(weather.friction_velocity or 0)
    length = float(weather.obukhov_length or 1)
    sigma_z = 0.05 * x + 0.1
    carry = np.full_like(x, weather.speed)
    for _ in range(12):
        height = np.clip(np.sqrt(2 / np.pi) * sigma_z, 0.3, 100.0)
        profile = np.log(height / weather.height) - _psi(height, length)
        carry = weather.speed + u / KARMAN * (profile + _psi(weather.height, length))
        carry = np.maximum(carry, 0.25 * weather.speed)
        if length > 0:
            grown = 0.57 * u / carry * x / (1 + 3 * u / carry * (x / length) ** (2 / 3))
        else:
            grown = 0.57 * u / carry * x * (1 + 1.5 * u / carry * x / -length)
        sigma_z = 0.5 * (sigma_z + grown)
    return sigma_z, carry
