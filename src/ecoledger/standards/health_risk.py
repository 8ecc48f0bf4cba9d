"""Health risk of contaminated soil and groundwater by HJ 25.3-2019: exposure, risk, control values.

Pathways: swallowing soil (经口摄入), skin contact (皮肤接触), breathing soil dust (吸入颗粒物), and drinking
groundwater (饮用地下水). Not covered: vapour indoors and outdoors, and leaching, which need properties of
the site and the building. Concentrations are mg/kg of soil and mg/L of water, scalars or arrays (a map
of cells); parameters are data (``data/health_risk.toml``), each replaceable for one calculation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.rule_data import compiled, declare_editions, weakest

RULE_SET = "health-risk"

_KG_PER_MG = 1e-6

Values = NDArray[np.float64]


class LandUse(StrEnum):
    """Land of the first kind (children and adults) or of the second (adults)."""

    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Substance:
    """Toxicity of a substance; ``None``: no such effect is on file.

    ``sf_oral`` (mg/kg/d)⁻¹, ``iur`` (mg/m³)⁻¹, ``rfd_oral`` mg/kg/d, ``rfc`` mg/m³; the absorptions
    are shares, ``saf`` and ``waf`` the shares of the reference dose given to soil and to water.
    """

    name: str
    sf_oral: float | None = None
    iur: float | None = None
    rfd_oral: float | None = None
    rfc: float | None = None
    absorption_gut: float = 1.0
    absorption_dermal: float | None = None
    saf: float = 0.5
    waf: float = 0.5
    mark: Mark = Mark.PRIMARY


@dataclass(frozen=True, slots=True)
class Exposure:
    """Exposure by pathway: kg soil (or L water) a kg body and day; carcinogenic and other."""

    oral_ca: float
    oral_nc: float
    dermal_ca: float
    dermal_nc: float
    dust_ca: float
    dust_nc: float
    water_ca: float
    water_nc: float


@dataclass(frozen=True, slots=True)
class Risk:
    """Risk by pathway and in sum. ``cancer`` and ``quotient`` hold pathway: value arrays.

    ``mark`` is that of the weakest input; ``exceeds`` tells, cell by cell, whether the acceptable
    risk (10⁻⁶) or quotient (1) is passed.
    """

    substance: str
    cancer: Mapping[str, Values]
    quotient: Mapping[str, Values]
    acceptable_risk: float
    acceptable_quotient: float
    mark: Mark

    @property
    def total_cancer(self) -> Values:
        """Sum of the carcinogenic risks over the pathways."""
        return np.asarray(sum(self.cancer.values(), np.float64(0)), dtype=np.float64)

    @property
    def total_quotient(self) -> Values:
        """Sum of the hazard quotients over the pathways (hazard index)."""
        return np.asarray(sum(self.quotient.values(), np.float64(0)), dtype=np.float64)

    @property
    def exceeds(self) -> NDArray[np.bool_]:
        """Where either the risk or the index is beyond what is acceptable."""
        return np.asarray(
            (self.total_cancer > self.acceptable_risk)
            | (self.total_quotient > self.acceptable_quotient)
        )


@dataclass(frozen=True, slots=True)
class ControlValues:
    """Soil concentrations (mg/kg) at the acceptable risk and quotient, and the lower of the two."""

    cancer: float | None
    hazard: float | None

    @property
    def value(self) -> float | None:
        """The control value: the lower one; ``None`` when no toxicity is on file."""
        known = [v for v in (self.cancer, self.hazard) if v is not None]
        return min(known) if known else None


@compiled("health_risk")
def _tables(content: dict[str, Any]) -> tuple[dict[str, Any], Edition]:
    table = content["standard"]
    return content, declare_editions(RULE_SET, {table["standard"]: table})[0]


def parameters(land_use: LandUse, **changed: float) -> dict[str, float]:
    """The exposure parameters of a land use, with those ``changed`` for a site.

    Raises ``ValueError`` for a name that is no parameter of that land use.
    """
    content, _ = _tables()
    merged = content["common"] | {k: v for k, v in content[land_use.value].items() if k != "name"}
    if unknown := changed.keys() - merged.keys():
        raise ValueError(f"no such parameter: {', '.join(sorted(unknown))}")
    return {key: float(value) for key, value in (merged | changed).items()}


def named(key: str) -> tuple[str, str, str]:
    """What a parameter or toxicity is called in the standard: name, symbol and unit; the key where nobody has said it."""
    name, symbol, unit = _tables()[0].get("names", {}).get(key, (key, "", ""))
    return name, symbol, unit


def substances() -> tuple[str, ...]:
    """Names of the substances whose toxicity is on file."""
    return tuple(_tables()[0]["substances"])


def substance(name: str) -> Substance:
    """The toxicity on file of a substance. Raises ``KeyError`` for an unknown name."""
    table = _tables()[0]["substances"]
    if name not in table:
        raise KeyError(f"no toxicity of {name!r}; on file: {'、'.join(table)}")
    entry = dict(table[name])
    mark = Mark(entry.pop("mark"))
    return Substance(name=name, mark=mark, **entry)


def exposure(
    land_use: LandUse, *, absorption_dermal: float | None = None, **changed: float
) -> Exposure:
    """Exposure of a land use (HJ 25.3-2019 appendix A), per unit of concentration.

    First kind: carcinogenic exposure adds childhood and adulthood, the other takes the child. Second
    kind: adults. ``absorption_dermal`` of the substance is needed for skin contact; without it that
    pathway is zero. ``changed`` replaces parameters, see :func:`parameters`.
    """
    p = parameters(land_use, **changed)
    people = ("c", "a") if land_use is LandUse.FIRST else ("a",)
    sensitive = people[0]
    dermal = absorption_dermal or 0.0

    def skin(who: str) -> float:
        """Exposed skin, cm²."""
        return float(
            239 * p[f"height_{who}"] ** 0.417 * p[f"weight_{who}"] ** 0.517 * p[f"skin_share_{who}"]
        )

    def lived(who: str) -> float:
        """Days of exposure a kg of body weight."""
        return p[f"duration_{who}"] * p[f"frequency_{who}"] / p[f"weight_{who}"]

    def oral(who: str) -> float:
        return p[f"soil_{who}"] * lived(who) * p["absorption_oral"] * _KG_PER_MG

    def contact(who: str) -> float:
        adhering = skin(who) * p[f"adherence_{who}"]
        return adhering * lived(who) * p["dermal_events"] * dermal * _KG_PER_MG

    def dust(who: str) -> float:
        breathed = (
            p["soil_share_outdoor"] * p[f"frequency_outdoor_{who}"]
            + p["soil_share_indoor"] * p[f"frequency_indoor_{who}"]
        )
        return (
            p["pm10"]
            * p[f"air_{who}"]
            * p[f"duration_{who}"]
            * p["lung_retention"]
            * breathed
            / p[f"weight_{who}"]
            * _KG_PER_MG
        )

    def water(who: str) -> float:
        return p[f"water_{who}"] * lived(who)

    def carcinogenic(of: Any) -> float:
        return float(sum(of(who) for who in people) / p["averaging_carcinogenic"])

    def other(of: Any) -> float:
        return float(of(sensitive) / p["averaging_noncarcinogenic"])

    return Exposure(
        oral_ca=carcinogenic(oral),
        oral_nc=other(oral),
        dermal_ca=carcinogenic(contact),
        dermal_nc=other(contact),
        dust_ca=carcinogenic(dust),
        dust_nc=other(dust),
        water_ca=carcinogenic(water),
        water_nc=other(water),
    )


def _per_unit(
    found: Substance, land_use: LandUse, changed: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Risk and quotient by pathway of a concentration of one (soil mg/kg, water mg/L)."""
    p = parameters(land_use, **changed)
    e = exposure(land_use, absorption_dermal=found.absorption_dermal, **changed)
    cancer: dict[str, float] = {}
    quotient: dict[str, float] = {}
    if found.sf_oral is not None:
        cancer["经口摄入"] = e.oral_ca * found.sf_oral
        cancer["皮肤接触"] = e.dermal_ca * found.sf_oral / found.absorption_gut
        cancer["饮用地下水"] = e.water_ca * found.sf_oral
    if found.iur is not None:
        cancer["吸入颗粒物"] = e.dust_ca * found.iur * p["weight_a"] / p["air_a"]
    if found.rfd_oral is not None:
        quotient["经口摄入"] = e.oral_nc / (found.rfd_oral * found.saf)
        quotient["皮肤接触"] = e.dermal_nc / (found.rfd_oral * found.absorption_gut * found.saf)
        quotient["饮用地下水"] = e.water_nc / (found.rfd_oral * found.waf)
    if found.rfc is not None:
        inhaled = found.rfc * p["air_a"] / p["weight_a"]
        quotient["吸入颗粒物"] = e.dust_nc / (inhaled * found.saf)
    return cancer, quotient


def assess(
    found: Substance,
    land_use: LandUse,
    soil: ArrayLike = 0.0,
    water: ArrayLike = 0.0,
    **changed: float,
) -> Risk:
    """Carcinogenic risk and hazard quotient of soil (mg/kg) and drinking water (mg/L).

    ``soil`` and ``water`` broadcast; NaN stays NaN in the pathways it enters. A negative concentration
    is refused with ``ValueError``. Appendices C and D of HJ 25.3-2019.
    """
    in_soil = np.asarray(soil, dtype=np.float64)
    in_water = np.asarray(water, dtype=np.float64)
    if np.any(in_soil < 0) or np.any(in_water < 0):
        raise ValueError(f"{found.name}: a concentration is negative")
    in_soil, in_water = np.broadcast_arrays(in_soil, in_water)
    cancer, quotient = _per_unit(found, land_use, changed)
    p = parameters(land_use, **changed)
    content, edition = _tables()
    marks = [edition.mark, found.mark]
    if np.any(in_water > 0):
        marks.append(Mark(content["standard"]["water_mark"]))

    def at(units: Mapping[str, float]) -> dict[str, Values]:
        return {
            path: np.asarray((in_water if path == "饮用地下水" else in_soil) * unit)
            for path, unit in units.items()
        }

    return Risk(
        found.name,
        at(cancer),
        at(quotient),
        p["acceptable_risk"],
        p["acceptable_quotient"],
        weakest(*marks),
    )


def control_values(found: Substance, land_use: LandUse, **changed: float) -> ControlValues:
    """Soil control values at the acceptable risk and quotient (appendix E), over the soil pathways."""
    cancer, quotient = _per_unit(found, land_use, changed)
    p = parameters(land_use, **changed)
    risk = sum(v for path, v in cancer.items() if path != "饮用地下水")
    hazard = sum(v for path, v in quotient.items() if path != "饮用地下水")
    return ControlValues(
        p["acceptable_risk"] / risk if risk else None,
        p["acceptable_quotient"] / hazard if hazard else None,
    )


_tables()
