"""What the points are, as tables ready for bulk work, kept in memory until something changes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.signals import post_delete, post_save

from ecoledger.entities.models import Entity, Outlet, River, Section, Station
from ecoledger.monitoring.models import Limit, Point, PointParameter
from ecoledger.monitoring.points import limits, parameters

# Another process (a command) may have changed the registry: look again after this long.
MAX_AGE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Device:
    """What ingest must know about one point."""

    point: int
    kind: str
    mn: str
    password: str
    sm4_key: str
    enabled: bool
    area_code: str


@dataclass(frozen=True)
class PointMap:
    """All points at one moment.

    ``by_mn``: devices by MN. ``points``: one row a point (``point, kind, area_code, owner_code, lon,
    lat, level, counts_in_area, reference_oxygen, is_lake, power_role, line, name, entity``).
    ``parameters``: one row a declared parameter (``point, parameter, kind, unit, decimals, interval,
    range_from, range_to, running_above, numerator, denominator, name``); the last two bring the
    device's unit to the stored one. ``limits``: their limits with dates (``points.limits.SCHEMA``).
    """

    by_mn: Mapping[str, Device]
    points: pl.DataFrame
    parameters: pl.DataFrame
    limits: pl.DataFrame
    kinds: Mapping[int, str]
    areas: Mapping[int, str]
    """Point -> division code."""

    @staticmethod
    def counted() -> pl.Expr:
        """Whether a point of a table with ``start`` counts in that period: one that was stopped, before the day."""
        return pl.col("enabled") | (pl.col("start").dt.date() < pl.col("stopped_on")).fill_null(
            value=False
        )

    def of_kind(self, *kinds: str) -> list[int]:
        """Numbers of the enabled points of these kinds."""
        wanted = self.points.filter(pl.col("kind").is_in(kinds) & pl.col("enabled"))
        return wanted["point"].to_list()


_POINT_SCHEMA = {
    "point": pl.Int64,
    "kind": pl.String,
    "name": pl.String,
    "area_code": pl.String,
    "owner_code": pl.String,
    "entity": pl.Int64,
    "enabled": pl.Boolean,
    "stopped_on": pl.Date,
    "lon": pl.Float64,
    "lat": pl.Float64,
    "level": pl.String,
    "counts_in_area": pl.Boolean,
    "reference_oxygen": pl.Float64,
    "is_lake": pl.Boolean,
    "power_role": pl.String,
    "line": pl.String,
    "river": pl.Int64,
    "km": pl.Float64,
}
_PARAMETER_SCHEMA = {
    "point": pl.Int64,
    "parameter": pl.String,
    "kind": pl.String,
    "name": pl.String,
    "unit": pl.String,
    "decimals": pl.Int64,
    "interval": pl.Int64,
    "range_from": pl.Float64,
    "range_to": pl.Float64,
    "running_above": pl.Float64,
    "numerator": pl.Int64,
    "denominator": pl.Int64,
}

log = logging.getLogger(__name__)

_lock = threading.Lock()
_current: PointMap | None = None
_last: PointMap | None = None
_loaded_at = 0.0
_generation = 0


def current() -> PointMap:
    """The points now. Cheap unless something changed since the last call.

    While the database of business records is away, for a restart or a fault, they are those that were read last:
    devices go on being heard, and what changed is noticed when it is back.
    """
    global _current, _last, _loaded_at
    found = _current
    if found is not None and time.monotonic() - _loaded_at < MAX_AGE_SECONDS:
        return found
    with _lock:
        before = _generation
        try:
            found = _last = _load()
        except (OperationalError, InterfaceError) as error:
            found = _last
            if found is None or connection.in_atomic_block:
                raise
            # A connection that died is not asked again.
            connection.close_if_unusable_or_obsolete()
            log.warning("the points are those read last: the database does not answer: %s", error)
        if before == _generation:
            _current, _loaded_at = found, time.monotonic()
    return found


def last_known() -> PointMap | None:
    """The points as last read, never touching the database: for code inside the event loop."""
    return _last


def forget() -> None:
    """Read the points again at the next call."""
    global _current, _generation
    _generation += 1
    _current = None


def generation() -> int:
    """Grows with each change that this process made."""
    return _generation


def _changed(**_: Any) -> None:
    forget()
    # What was read between the change and its commit is not the last word.
    transaction.on_commit(forget)


for _model in (Point, PointParameter, Limit, Entity, Station, Outlet, River, Section):
    for _signal in (post_save, post_delete):
        _signal.connect(
            _changed, sender=_model, dispatch_uid=f"points {_model.__name__} {id(_signal)}"
        )


def _load() -> PointMap:
    stations = {
        row["pk"]: row
        for row in Station.objects.values("pk", "level", "counts_in_area", "section__is_lake", "section__river",
                                          "section__chainage_km")
    }  # fmt: skip
    along = _rivers()
    oxygen = dict(Outlet.objects.values_list("pk", "reference_oxygen"))
    points: list[dict[str, Any]] = []
    by_mn: dict[str, Device] = {}
    rows = list(Point.objects.select_related("entity"))
    for point in rows:
        station: dict[str, Any] = dict(stations.get(point.entity_id or 0, {}))
        points.append(
            {
                "point": point.pk,
                "kind": point.kind,
                "name": point.name,
                "area_code": point.area_code,
                "owner_code": point.owner_code,
                "entity": point.entity_id,
                "enabled": point.enabled,
                "stopped_on": point.stopped_on,
                "lon": point.entity.lon if point.entity else None,
                "lat": point.entity.lat if point.entity else None,
                "level": station.get("level", ""),
                "counts_in_area": station.get("counts_in_area", False),
                "is_lake": bool(station.get("section__is_lake")),
                "reference_oxygen": oxygen.get(point.entity_id or 0),
                "power_role": point.power_role,
                "line": point.line,
                **along(station.get("section__river"), station.get("section__chainage_km")),
            }
        )
        if point.mn:
            by_mn[point.mn] = Device(
                point.pk,
                point.kind,
                point.mn,
                point.password,
                point.sm4_key,
                point.enabled,
                point.area_code,
            )
    kinds = {row["point"]: row["kind"] for row in points}
    # A point entered since the points were read is read whole the next time: its entry forgets this map.
    declared = [
        _declared(row, kinds[row.point_id])
        for row in PointParameter.objects.all()
        if row.point_id in kinds
    ]
    return PointMap(
        by_mn=by_mn,
        points=pl.DataFrame(points, schema=_POINT_SCHEMA, orient="row"),
        parameters=pl.DataFrame(declared, schema=_PARAMETER_SCHEMA, orient="row"),
        limits=limits.frame(rows, {(d["point"], d["parameter"]): d["unit"] for d in declared}),
        kinds=kinds,
        areas={row["point"]: row["area_code"] for row in points},
    )


def _rivers() -> Callable[[int | None, float | None], dict[str, Any]]:
    """Where a place on a river lies on the river that all its tributaries end in."""
    rivers = {
        pk: (into, joins, length)
        for pk, into, joins, length in River.objects.values_list(
            "pk", "flows_into", "joins_at_km", "length_km"
        )
    }

    def along(river: int | None, km: float | None) -> dict[str, Any]:
        seen: set[int] = set()
        while river in rivers and river not in seen and km is not None:
            seen.add(river)
            into, joins, length = rivers[river]
            if into is None or joins is None or length is None:
                break
            river, km = into, joins - (length - km)
        return {"river": river, "km": km}

    return along


def _declared(row: PointParameter, kind: str) -> dict[str, Any]:
    try:
        usual = parameters.parameter(row.code, kind)
    except KeyError:
        usual = None
    device_unit = row.device_unit or row.unit
    if not row.device_unit and usual is not None:
        device_unit = usual.device_unit
    try:
        numerator, denominator = parameters.conversion(device_unit, row.unit)
    except parameters.UnitError:
        # A unit that only this point uses: taken as it comes.
        numerator, denominator = 1, 1
    return {
        "point": row.point_id,
        "parameter": row.code,
        "kind": kind,
        "name": row.name,
        "unit": row.unit,
        "decimals": row.decimals,
        "interval": row.interval_seconds,
        "range_from": row.range_from if row.range_from is not None else usual and usual.range_from,
        "range_to": row.range_to if row.range_to is not None else usual and usual.range_to,
        "running_above": row.running_above,
        "numerator": numerator,
        "denominator": denominator,
    }
