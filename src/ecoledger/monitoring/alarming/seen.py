"""What detectors look at: two weeks of computed hours of the points touched and of those they belong together with."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from django.db.models import Q

from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.alarming import operation, orders, weather
from ecoledger.monitoring.alarming.detectors import regional
from ecoledger.monitoring.alarming.detectors.tracks import Track
from ecoledger.monitoring.alarming.weather import Washed
from ecoledger.monitoring.computing.aggregate import Changed
from ecoledger.monitoring.models import Filing
from ecoledger.monitoring.points.table import PointMap
from ecoledger.store.interface import ObservationStore

# What is usual for a series is learned from so many days; the rarest pattern looked for lasts three.
HISTORY = timedelta(days=16)
HOURS = ["point", "parameter", "start", "seconds", "value", "minimum", "maximum", "converted",
         "valid", "count", "expected", "flag"]  # fmt: skip
# Stations of these kinds are read all together: they are judged by one another.
_TOGETHER = ("air", "water", "weather")
_HOUR = 3_600_000_000


def finished(now: datetime) -> pl.Expr:
    """A mean is judged once its period is over, or has all its parts already."""
    over = pl.col("start") + pl.duration(seconds="seconds") <= pl.lit(now)
    return over | (pl.col("count") >= pl.col("expected")).fill_null(value=False)


class Seen:
    """Read once a run, and only as far as a rule asks for it."""

    def __init__(
        self, changed: Changed, store: ObservationStore, points: PointMap, now: datetime
    ) -> None:
        self.changed, self.store, self.points, self.now = changed, store, points, now
        self._compared: dict[tuple[Any, ...], list[regional.Compared]] = {}

    @property
    def is_of_process(self) -> bool:
        """Whether it is read from this process's own store."""
        return runtime.is_open() and self.store is runtime.store()

    @cached_property
    def begin(self) -> datetime:
        hours, days = self.changed.hours, self.changed.days
        firsts = [t.min() for t in (hours.get_column("hour"), days.get_column("day")) if len(t)]
        return min(firsts)  # type: ignore[type-var,return-value]

    @cached_property
    def end(self) -> datetime:
        hours, days = self.changed.hours, self.changed.days
        lasts = [hours["hour"].max()] if hours.height else []
        lasts += [days["day"].max() + timedelta(days=1)] if days.height else []  # type: ignore[operator]
        return max(lasts) + timedelta(hours=1)  # type: ignore[type-var,operator,return-value]

    @cached_property
    def needed(self) -> list[int]:
        """The points touched, those of the same enterprises, and all of a kind that is judged together."""
        enabled = self.points.points.filter(pl.col("enabled"))
        touched = set(self.changed.hours["point"].to_list()) | set(
            self.changed.days["point"].to_list()
        )
        mine = enabled.filter(pl.col("point").is_in(list(touched)))
        owners = [owner for owner in mine["owner_code"].unique().to_list() if owner]
        kinds = [kind for kind in mine["kind"].unique().to_list() if kind in _TOGETHER]
        if "water" in kinds:
            kinds.append("weather")
        return enabled.filter(
            pl.col("point").is_in(list(touched))
            | pl.col("owner_code").is_in(owners)
            | pl.col("kind").is_in(kinds)
        )["point"].to_list()

    @cached_property
    def hours(self) -> pl.DataFrame:
        """Finished computed hours, valid or not."""
        rows = self.store.read(
            self.needed, None, "computed-hour", self.begin - HISTORY, self.end, columns=HOURS
        )
        return rows.filter(finished(self.now))

    def of(self, kind: str, parameters: list[str]) -> pl.DataFrame:
        """The hours of one kind of point; of all parameters where none are named."""
        here = self.points.points.filter((pl.col("kind") == kind) & pl.col("enabled"))
        rows = self.hours.join(here.select("point"), on="point", how="semi")
        return rows.filter(pl.col("parameter").is_in(parameters)) if parameters else rows

    def compared(self, kind: str, settings: dict[str, Any]) -> list[regional.Compared]:
        """The stations of a kind beside their neighbours, worked out once for all rules that ask alike."""
        how = (kind, settings.get("radius_km"), settings.get("needed"))
        if how not in self._compared:
            enabled = self.points.points.filter((pl.col("kind") == kind) & pl.col("enabled"))
            self._compared[how] = regional.compare(self.of(kind, []), enabled, settings)
        return self._compared[how]

    @cached_property
    def operations(self) -> pl.DataFrame:
        return operation.table(self.hours, self.points.points)

    @cached_property
    def running(self) -> operation.Running:
        return operation.Running(self.operations)

    def while_running(self, hours: pl.DataFrame) -> pl.DataFrame:
        """``hours`` without those in which the plant stood: night and working day are not compared."""
        stood = self.operations.filter(~pl.col("running")).select("point", "start")
        return hours.join(stood, on=["point", "start"], how="anti")

    @cached_property
    def weather(self) -> weather.Weather:
        return weather.of(self.hours, self.points.points)

    @cached_property
    def washed(self) -> Washed:
        return Washed(self.of("water", []))

    @cached_property
    def meters(self) -> dict[int, Track]:
        """The power of each meter, by the hour."""
        return operation.power_tracks(self.hours, self.points.points)

    @cached_property
    def stops(self) -> list[orders.Stop]:
        """The orders to stop that are, or were, in force while it is looked."""
        return orders.between(self.begin - HISTORY, self.end)

    @cached_property
    def production(self) -> dict[int, list[Track]]:
        """The production meters behind each outlet: those of its enterprise."""
        rows = self.points.points
        by_owner: dict[str, list[Track]] = {}
        for point, owner in (
            rows.filter(pl.col("power_role") == "production")
            .select("point", "owner_code")
            .iter_rows()
        ):
            if owner and point in self.meters:
                by_owner.setdefault(owner, []).append(self.meters[point])
        outlets = rows.filter(pl.col("kind").is_in(["flue_gas", "wastewater"]))
        return {
            point: by_owner[owner]
            for point, owner in outlets.select("point", "owner_code").iter_rows()
            if owner in by_owner
        }

    @cached_property
    def filed(self) -> dict[int, np.ndarray]:
        """By outlet, the hours since 1970 for which a shutdown is filed."""
        begin, end = times.aware(self.begin - HISTORY), times.aware(self.end)
        rows = Filing.objects.filter(
            kind=Filing.Kind.SHUTDOWN, withdrawn_at__isnull=True, begin__lte=end
        ).filter(Q(end__isnull=True) | Q(end__gte=begin))
        found: dict[int, list[np.ndarray]] = {}
        points = self.points.points
        for filing in rows.select_related("entity"):
            since = _hour_of(times.naive(max(filing.begin, begin)))
            until = _hour_of(times.naive(min(filing.end or end, end)))
            # The hour in which it begins is not yet a standstill.
            hours = np.arange(since + 1, until)
            mine = points.filter(
                (pl.col("point") == filing.point_id)
                if filing.point_id
                else (pl.col("entity") == filing.entity_id)
                | (pl.col("owner_code") == filing.entity.code)
            )
            for point in mine["point"].to_list():
                found.setdefault(point, []).append(hours)
        return {point: np.unique(np.concatenate(parts)) for point, parts in found.items()}


def _hour_of(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1)).total_seconds() // 3600)
