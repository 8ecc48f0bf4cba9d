"""Mixing ratio to concentration of a gas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Molar masses, g/mol (IUPAC atomic weights 2021).
MOLAR_MASS = {
    "ch4": 16.043,
    "so2": 64.066,
    "no2": 46.006,
    "no": 30.006,
    "co": 28.010,
    "co2": 44.009,
    "o3": 47.998,
    "nh3": 17.031,
    "h2s": 34.081,
    "hcl": 36.461,
    "sf6": 146.06,
    "c6h6": 78.114,
    "n2o": 44.013,
    "c3h8": 44.097,
    "c2h4": 28.054,
}
_GAS_CONSTANT = 8.314462618


def milligrams_per_ppm(gas: str, temperature_k: Array, pressure_hpa: Array) -> Array:
    """mg/m³ of a volume share of 10⁻⁶: ``M·p/(R·T)·10⁻³``. Raises ``ValueError`` naming the gases known."""
    mass = MOLAR_MASS.get(gas.strip().casefold())
    if mass is None:
        raise ValueError(
            f"the molar mass of {gas!r} is not known; known are {', '.join(MOLAR_MASS)}"
        )
    result: Array = mass * pressure_hpa * 100 / (_GAS_CONSTANT * temperature_k) * 1e-3
    return result
