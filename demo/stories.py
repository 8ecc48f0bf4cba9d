"""What goes wrong in the city, and when: the stories a visitor should find. All of it is invented.

Times hang on the moment the demonstration was set up (``start``), so that something is always just
happening.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from demo.city import RIVER, SECTIONS, SectionPlan, length_km
from demo.enterprises import Firm, firms

Array = NDArray[np.float64]

# The firms in the stories, by their number in the plan.
NO_TREATMENT = "E-0010"  # paint shop: the line runs, the treatment does not
CONSTANT = "E-0009"  # dyeing: the COD instrument shows one number for a day and a half
NIGHT_DISCHARGE = "E-0007"  # plating: lets go at night, above 东港河口
SHUT_DOWN = "E-0005"  # cement: filed a shutdown, must not alarm
EXCEEDS = "E-0006"  # waste incineration: nitrogen oxides over the limit
DISPUTED_SECTION = "S-SHIQIAODU"  # between 石桥镇 and 城关街道

DISCHARGE_KM = 8.0  # along 东港河
RIVER_KM_PER_HOUR = 1.8


def _between(times: NDArray[np.datetime64], begin: datetime, end: datetime) -> NDArray[np.bool_]:
    return np.asarray((times >= np.datetime64(begin)) & (times < np.datetime64(end)))


@dataclass(frozen=True)
class Stories:
    """The stories of a demonstration that was set up at ``start`` (China standard time)."""

    start: datetime

    @property
    def discharge(self) -> tuple[datetime, datetime]:
        """Begin and end of the night discharge: 01:00 to 03:00, long enough ago to have reached the sea."""
        night = self.start.replace(hour=1, minute=0, second=0, microsecond=0)
        if self.start - night < timedelta(hours=9):
            night -= timedelta(days=1)
        return night, night + timedelta(hours=2)

    @property
    def shutdown(self) -> tuple[datetime, datetime]:
        """Begin and end of the filed shutdown."""
        begin = (self.start - timedelta(hours=20)).replace(minute=0, second=0, microsecond=0)
        return begin, begin + timedelta(hours=72)

    @property
    def no_treatment(self) -> tuple[datetime, datetime]:
        """When the treatment is off while the line runs."""
        return self.start - timedelta(hours=4), self.start + timedelta(hours=6)

    @property
    def constant_since(self) -> datetime:
        """Since when the instrument has shown one number."""
        return (self.start - timedelta(hours=36)).replace(minute=0, second=0, microsecond=0)

    def shut_down(self, firm: Firm, times: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        """Whether the firm stands still under its filing."""
        if firm.code != SHUT_DOWN:
            return np.zeros(len(times), dtype=bool)
        return _between(times, *self.shutdown)

    def treatment_off(self, firm: Firm, times: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        """Whether the treatment stands while the line runs."""
        if firm.code != NO_TREATMENT:
            return np.zeros(len(times), dtype=bool)
        return _between(times, *self.no_treatment)

    def bend_gas(
        self, firm: Firm, factor: str, times: NDArray[np.datetime64], value: Array
    ) -> Array:
        """Flue-gas values with the stories laid over them."""
        value = value.copy()
        if firm.code == EXCEEDS and factor == "a21002":
            over = _between(times, self.start - timedelta(hours=3), self.start + timedelta(hours=2))
            over |= _between(
                times, self.start - timedelta(days=9, hours=5), self.start - timedelta(days=9)
            )
            value[over] = firm.industry.gas[factor] * (1.45 + 0.1 * np.sin(np.arange(over.sum())))
        if firm.code == NO_TREATMENT:
            off = self.treatment_off(firm, times)
            value[off] *= 3.1
        return value

    def bend_wastewater(
        self, firm: Firm, factor: str, times: NDArray[np.datetime64], value: Array
    ) -> Array:
        """Wastewater values with the stories laid over them."""
        value = value.copy()
        if firm.code == CONSTANT and factor == "w01018":
            value[times >= np.datetime64(self.constant_since)] = 38.4
        return value

    def bend_river(
        self, section: SectionPlan, factor: str, times: NDArray[np.datetime64], value: Array
    ) -> Array:
        """River values with the night discharge passing and the boundary section failing."""
        value = value.copy()
        extra = {"w21003": 2.6, "w01019": 6.5, "w21011": 0.22, "w01014": 380.0}.get(factor)
        delay = travel_hours(section)
        if extra is not None and delay is not None:
            begin, end = self.discharge
            middle = begin + (end - begin) / 2 + timedelta(hours=delay)
            hours = (times - np.datetime64(middle)).astype("timedelta64[m]").astype(float) / 60.0
            # A pulse that spreads and thins out on its way (longitudinal dispersion).
            width = 0.8 + 0.12 * delay
            value += extra * np.exp(-((hours / width) ** 2) / 2) * (1.0 if delay < 8 else 0.55)
        if section.code == DISPUTED_SECTION and factor == "w21003":
            since = times >= np.datetime64(self.start - timedelta(days=6))
            value[since] *= 2.9
        return value


def travel_hours(section: SectionPlan) -> float | None:
    """Hours from the night discharge to a section, or ``None`` if the water never gets there."""
    donggang = RIVER["R-DONGGANG"]
    if section.river == donggang.code:
        way = section.km - DISCHARGE_KM
    elif section.river == donggang.into and donggang.joins_at_km is not None:
        way = length_km(donggang.path) - DISCHARGE_KM + section.km - donggang.joins_at_km
        if section.km < donggang.joins_at_km:
            return None
    else:
        return None
    return way / RIVER_KM_PER_HOUR if way >= 0 else None


def firm(code: str) -> Firm:
    """A firm of the plan by its code."""
    return next(f for f in firms() if f.code == code)


def passed_sections() -> list[SectionPlan]:
    """Sections the night discharge passes, in order."""
    hit = [(h, s) for s in SECTIONS if (h := travel_hours(s)) is not None]
    return [s for _, s in sorted(hit, key=lambda pair: pair[0])]
