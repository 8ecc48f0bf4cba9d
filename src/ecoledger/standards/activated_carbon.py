"""When activated carbon is to be replaced (活性炭更换周期), and what it must be like.

Source: 佛环函〔2024〕70号 and 苏环办〔2021〕218号 give the same formula; requirements after HJ 2026-2013 and local
guides. Figures and marks are data (``data/activated_carbon.toml``), since provinces set their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ecoledger.standards.rule_data import compiled
from ecoledger.standards.time_limits import add_months


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of carbon: least iodine value (mg/g) and surface (m²/g), highest velocity (m/s); 0 where none is set."""

    key: str
    name: str
    iodine: float
    surface: float
    velocity: float


@dataclass(frozen=True, slots=True)
class Rules:
    """What is recommended and what caps a period: ``cap_hours`` of running or ``cap_months``."""

    recommended: float
    highest: float
    cap_hours: float
    cap_months: int
    kinds: Mapping[str, Kind]
    mark: str


@compiled("activated_carbon")
def rules(content: dict[str, Any]) -> Rules:
    """The rules in force."""
    return Rules(
        recommended=float(content["recommended_capacity"]),
        highest=float(content["highest_capacity"]),
        cap_hours=float(content["cap"]["hours"]),
        cap_months=int(content["cap"]["months"]),
        kinds={
            key: Kind(key, row["name"], row["iodine"], row["surface"], row["velocity"])
            for key, row in content["kind"].items()
        },
        mark=str(content["mark"]),
    )


def period(
    mass: float, removed: float, flow: float, hours: float, capacity: float | None = None
) -> float:
    """Days until carbon is full: ``T = m·s / (c·10⁻⁶·Q·t)``.

    ``mass`` m in kg; ``capacity`` s, the dynamic adsorption as a fraction (recommended: 0.10); ``removed`` c, the
    concentration taken out in mg/m³; ``flow`` Q in m³/h; ``hours`` t of running a day. Raises ``ValueError`` for
    quantities that are not positive or more than 24 hours.

    >>> round(period(1000, 50, 10_000, 8), 6)
    25.0
    >>> round(period(1000, 50, 10_000, 8, 0.15), 1)
    37.5
    """
    share = rules().recommended if capacity is None else capacity
    for name, value in (("mass", mass), ("removed", removed), ("flow", flow), ("hours", hours)):
        if not value > 0:
            raise ValueError(f"{name} must be positive, not {value}")
    if not 0 < share <= 1:
        raise ValueError(f"the adsorption capacity is a fraction, not {share}")
    if hours > 24:
        raise ValueError(f"a day has no {hours} hours")
    return mass * share / (removed * 1e-6 * flow * hours)


@dataclass(frozen=True, slots=True)
class Due:
    """The day of replacement. ``days``: by the formula; ``by``: what decided, formula, hours or months."""

    on: date
    days: float
    by: str


def due(filled_on: date, days: float, hours: float) -> Due:
    """The day on which carbon filled on ``filled_on`` is to be replaced: the formula's, or the cap's where it is sooner.

    >>> from datetime import date
    >>> due(date(2026, 1, 1), 25.0, 8).on
    datetime.date(2026, 1, 26)
    >>> due(date(2026, 1, 1), 300.0, 8).by
    'hours'
    """
    limits = rules()
    ends = {
        "formula": filled_on + timedelta(days=int(days)),
        "hours": filled_on + timedelta(days=int(limits.cap_hours / hours)),
        "months": add_months(filled_on, limits.cap_months),
    }
    by = min(ends, key=lambda name: ends[name])
    return Due(ends[by], days, by)
