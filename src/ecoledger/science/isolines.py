"""Lines of equal concentration (等值线) from wells or samples that lie anywhere.

The surface is a thin plate spline of the logarithms of the values (Duchon 1977; SciPy's ``RBFInterpolator``), as
concentrations around a source fall by powers and are never negative; it is drawn only inside the hull of the places,
where it interpolates. Lines are traced by marching squares (contourpy).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import contourpy
import numpy as np
import shapely
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Fewer places than this carry no surface.
LEAST = 4
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Isoline:
    """All of one level: ``lines`` are lists of (longitude, latitude); ``inside`` the share of the hull above it."""

    level: float
    lines: tuple[tuple[tuple[float, float], ...], ...]
    inside: float


def isolines(
    places: Sequence[tuple[float, float]],
    values: Sequence[float],
    levels: Sequence[float],
    *,
    cells: int = 120,
) -> list[Isoline]:
    """Lines of equal concentration at ``levels``, of ``values`` at ``places`` (longitude, latitude in degrees).

    Values of nought enter as half the smallest above it. Raises ``ValueError`` for fewer than four different places,
    places on one line, or values below nought.
    """
    points = np.asarray(places, dtype=float).reshape(-1, 2)
    known = np.asarray(values, dtype=float)
    if len(points) != len(known) or len(np.unique(points, axis=0)) < LEAST:
        raise ValueError(f"lines of equal concentration need {LEAST} different places")
    if np.any(known < 0) or not np.all(np.isfinite(known)) or not np.any(known > 0):
        raise ValueError("concentrations are numbers from nought, and one is above it")
    middle = points.mean(axis=0)
    scale = np.array([np.cos(np.radians(middle[1])), 1.0]) * _METRES_PER_DEGREE
    flat = (points - middle) * scale
    hull = shapely.convex_hull(shapely.multipoints(flat))
    if hull.area <= 0:
        raise ValueError("the places lie on one line")
    from scipy.interpolate import RBFInterpolator  # slow to load: when it is needed

    floor = known[known > 0].min() / 2
    unique, inverse = np.unique(flat, axis=0, return_inverse=True)
    logs = np.log(np.maximum(known, floor))
    joined = np.bincount(inverse.ravel(), logs) / np.bincount(inverse.ravel())
    surface = RBFInterpolator(unique, joined, kernel="thin_plate_spline")
    west, south, east, north = hull.bounds
    across, up = np.linspace(west, east, cells), np.linspace(south, north, cells)
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    fitted = surface(grid.reshape(-1, 2)).reshape(cells, cells)
    within = shapely.contains_xy(hull.buffer(1e-6), grid[..., 0], grid[..., 1])
    masked = np.ma.masked_where(~within, fitted)
    generator = contourpy.contour_generator(across, up, masked)
    result = []
    for level in levels:
        if level <= 0:
            raise ValueError(f"a level is above nought, not {level}")
        found = [np.asarray(line) for line in generator.lines(np.log(level)) if len(line) > 1]
        lines = tuple(
            tuple((float(x), float(y)) for x, y in line / scale + middle) for line in found
        )
        above = float((fitted[within] > np.log(level)).mean())
        result.append(Isoline(float(level), lines, above))
    return result
