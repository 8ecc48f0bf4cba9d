"""Heavy-pollution warnings (重污染天气预警): which level a forecast of the AQI calls for.

The levels of the 2018 and 2024 schemes are data (``heavy_pollution.toml``), since provinces may set their
own: an override file replaces them. A forecast is a series of daily AQI, or of hourly AQI from which
24-hour means are formed that may cross midnight.

>>> from datetime import date
>>> warn([130, 160, 170, 155, 90], on=date(2026, 1, 5)).level.name
'橙色预警'
>>> warn([130, 160, 170, 155, 90], on=date(2020, 1, 5)) is None
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecoledger.standards import air_limits, catalogue, data_files
from ecoledger.standards.catalogue import Edition

WARNINGS = "heavy-pollution-warning"

_DAY = 24


@dataclass(frozen=True, slots=True)
class Condition:
    """The AQI exceeds ``over``, or reaches ``reach``, for ``hours`` on end."""

    hours: int
    over: int | None = None
    reach: int | None = None

    @property
    def text(self) -> str:
        """The condition in words."""
        bound = f"＞{self.over}" if self.over is not None else f"≥{self.reach}"
        return f"日AQI{bound}持续{self.hours}小时及以上"

    def met(self, aqi: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which entries satisfy the bound; NaN never does."""
        if self.over is not None:
            return np.asarray(aqi > self.over)
        return np.asarray(aqi >= (self.reach or 0))


@dataclass(frozen=True, slots=True)
class WarningLevel:
    """A level of warning; ``alternatives`` as described in the data file."""

    id: str
    name: str
    grade: str
    rgb: tuple[int, int, int]
    alternatives: tuple[tuple[Condition, ...], ...]
    reduction_percent: int | None


@dataclass(frozen=True, slots=True)
class Scheme:
    """A warning scheme: levels from the gravest down, hours to lift and to announce ahead."""

    levels: tuple[WarningLevel, ...]
    excludes_ozone: bool
    lift_hours: int
    lead_hours: int


@dataclass(frozen=True, slots=True)
class WarningCall:
    """The level a forecast calls for. ``begins`` and ``ends`` are the first and last entry concerned."""

    level: WarningLevel
    begins: int
    ends: int
    conditions: tuple[Condition, ...]
    standard: str
    mark: str

    @property
    def reason(self) -> str:
        """The conditions that were met, in words."""
        return "，且".join(condition.text for condition in self.conditions)


def _scheme(entry: Mapping[str, Any]) -> Scheme:
    return Scheme(
        levels=tuple(
            WarningLevel(
                id=level["id"],
                name=level["name"],
                grade=level["grade"],
                rgb=tuple(level["rgb"]),
                alternatives=tuple(
                    tuple(Condition(**condition) for condition in alternative)
                    for alternative in level["any"]
                ),
                reduction_percent=level.get("reduction_percent"),
            )
            for level in entry["level"]
        ),
        excludes_ozone=entry["excludes_ozone"],
        lift_hours=entry["lift_hours"],
        lead_hours=entry["lead_hours"],
    )


def _load() -> Iterator[Edition]:
    table = data_files.read("heavy_pollution")["edition"]
    for e in air_limits.editions_of(table, WARNINGS, None):
        yield Edition(
            *(e.rule_set, e.standard, e.title, e.clause, e.effective_from, e.effective_to),
            *(e.mark, e.source, _scheme(e.content)),
        )


catalogue.declare_from(WARNINGS, _load)


def scheme(on: date) -> Edition:
    """The scheme in force on a day; its ``content`` is a :class:`Scheme`."""
    return catalogue.in_force(WARNINGS, on)


def sliding_day_means(hourly: Sequence[float | None]) -> NDArray[np.float64]:
    """Mean of each full 24 hours of a series of hourly AQI; entry ``i`` covers hours ``i`` to ``i + 23``.

    Missing hours are left out; a mean needs 20 of the 24, as a daily mean does.
    """
    values = np.array([np.nan if v is None else v for v in hourly], dtype=np.float64)
    if values.size < _DAY:
        return np.empty(0)
    windows = np.lib.stride_tricks.sliding_window_view(values, _DAY)
    known = ~np.isnan(windows)
    counts = known.sum(axis=1)
    sums = np.where(known, windows, 0.0).sum(axis=1)
    means = np.divide(sums, counts, out=np.full(counts.size, np.nan), where=counts >= 20)
    return np.asarray(means)


def _longest(flags: NDArray[np.bool_]) -> tuple[int, int]:
    """First and last place of the longest run of true entries; ``(0, -1)`` when there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2] - 1
    if not starts.size:
        return 0, -1
    at = int(np.argmax(ends - starts))
    return int(starts[at]), int(ends[at])


def _call(means: NDArray[np.float64], step: int, edition: Edition) -> WarningCall | None:
    """The gravest level whose conditions the day means meet; ``step`` hours lie between two of them."""
    content: Scheme = edition.content
    for level in content.levels:
        for alternative in level.alternatives:
            runs = [_longest(condition.met(means)) for condition in alternative]
            # n means, `step` hours apart, cover 24 + (n - 1) * step hours.
            covered = [_DAY + (last - first) * step if last >= first else 0 for first, last in runs]
            if all(c >= condition.hours for c, condition in zip(covered, alternative, strict=True)):
                span = _DAY // step - 1
                return WarningCall(
                    level=level,
                    begins=min(first for first, _ in runs),
                    ends=max(last for _, last in runs) + span,
                    conditions=alternative,
                    standard=edition.standard,
                    mark=edition.mark.value,
                )
    return None


def _counted(
    values: Sequence[float | None], primary: Sequence[str] | None, edition: Edition
) -> list[float | None]:
    """The series without what the scheme does not count: entries whose only primary factor is ozone."""
    if primary is None or not edition.content.excludes_ozone:
        return list(values)
    if len(primary) != len(values):
        raise ValueError(f"{len(values)} values but {len(primary)} primary pollutants")
    return [None if lead == "o3" else v for v, lead in zip(values, primary, strict=True)]


def warn(
    daily: Sequence[float | None], *, on: date, primary: Sequence[str] | None = None
) -> WarningCall | None:
    """The level that a forecast of daily AQI calls for on the day ``on``, or ``None``.

    ``primary`` gives each day's primary pollutants (``"pm2_5"``, ``"o3"``, joined by ``,``): days led by ozone
    alone do not count under the 2024 scheme. A missing day interrupts.
    """
    edition = scheme(on)
    values = np.array(
        [np.nan if v is None else v for v in _counted(daily, primary, edition)], dtype=np.float64
    )
    return _call(values, _DAY, edition)


def warn_hourly(
    hourly: Sequence[float | None], *, on: date, primary: Sequence[str] | None = None
) -> WarningCall | None:
    """As :func:`warn`, from hourly AQI: each full 24 hours counts as a day, across midnight too.

    ``begins`` and ``ends`` are hours of the series.
    """
    edition = scheme(on)
    return _call(sliding_day_means(_counted(hourly, primary, edition)), 1, edition)


def may_lift(
    hourly: Sequence[float | None], level: str, *, on: date, threshold: int | None = None
) -> bool:
    """Whether a warning may be lifted: the forecast stays below its lowest bound for the scheme's hours.

    ``hourly`` is the forecast from now on; ``threshold`` replaces the lowest bound of the level's
    conditions. A missing hour counts as not below.
    """
    content: Scheme = scheme(on).content
    found = next((known for known in content.levels if known.id == level), None)
    if found is None:
        names = ", ".join(known.id for known in content.levels)
        raise KeyError(f"no warning level {level!r} in the scheme of {on}; it has {names}")
    bounds = [
        condition.over if condition.over is not None else condition.reach or 0
        for alternative in found.alternatives
        for condition in alternative
    ]
    bound = min(bounds) if threshold is None else threshold
    ahead = list(hourly)[: content.lift_hours]
    return len(ahead) >= content.lift_hours and all(v is not None and v <= bound for v in ahead)
