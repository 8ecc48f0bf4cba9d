"""Which enterprises fit an anomaly at an air station: reads the store, ranks with ``science.source_ranking``.

The station's excess is its unusual local part against the other stations of the same factor
(``science.regional_share``); with fewer than four stations, what lies above its own usual level at that hour. Wind
comes from the station itself, else from the nearest point that measures it. An enterprise's activity is the hourly
emission of its flue gas (concentration times flow where both are known), else its production power.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from ecoledger.entities.models import Entity
from ecoledger.monitoring.hourly import hours as hours_of
from ecoledger.monitoring.models import Point
from ecoledger.science import regional_share, source_ranking
from ecoledger.science.air_table import TableError
from ecoledger.science.coordinates import distance

SPEED, DIRECTION, FLOW, POWER = "a01007", "a01008", "a00000", "power"
# What a stack measures when a station measures this.
_STACK_CODES = {"a34004": ("a34013",), "a34002": ("a34013",), "a21004": ("a21002",)}
_USUAL = timedelta(days=28)
_FARTHEST = 20_000.0


def rank(
    point: Point, parameter: str, begin: datetime, end: datetime, *, farthest: float = _FARTHEST
) -> pl.DataFrame:
    """Enterprises by how well they fit ``begin <= hour < end`` (China standard time), best first.

    Columns of :func:`ecoledger.science.source_ranking.rank` and ``name``. Raises :class:`TableError` that says what is
    missing: hours, wind, places.
    """
    place = _place(point)
    if place is None:
        raise TableError(f"{point.name} has no coordinates; enter them on its page")
    excess = _excess(point, parameter, begin, end)
    wind = _wind(point, place, begin, end)
    hours = excess.join(wind, on="date", how="left")
    firms = _enterprises()
    if firms.is_empty():
        raise TableError("no enterprise has coordinates")
    activity = _activity(parameter, begin, end)
    ranked = source_ranking.rank(hours, place, firms, activity, farthest=farthest)
    return ranked.join(firms.select("source", "name"), on="source", maintain_order="left")


def _place(point: Point) -> tuple[float, float] | None:
    entity = point.entity
    while entity is not None:
        if entity.lon is not None and entity.lat is not None:
            return float(entity.lon), float(entity.lat)
        entity = entity.parent
    return None


def _excess(point: Point, parameter: str, begin: datetime, end: datetime) -> pl.DataFrame:
    others = Point.objects.filter(kind=Point.Kind.AIR, enabled=True).values_list("pk", flat=True)
    rows = hours_of(list(others), [parameter], begin - _USUAL, end)
    own = rows.filter(pl.col("point") == point.pk)
    if own.filter(pl.col("date") >= begin).height < 3:
        raise TableError(
            f"{point.name} has fewer than three valid hours of {parameter} in that time"
        )
    inside = (pl.col("date") >= begin) & (pl.col("date") < end)
    table = rows.select("date", station=pl.col("point").cast(pl.String), value=pl.col("value"))
    if table["station"].n_unique() >= 4:
        parts = regional_share.split(table, "value")
        mine = parts.filter((pl.col("station") == str(point.pk)) & inside)
        if mine.height >= 3:
            return mine.select("date", excess="unusual")
    usual = (
        own.filter(pl.col("date") < begin)
        .group_by(hour=pl.col("date").dt.hour())
        .agg(usual=pl.col("value").median())
    )
    return (
        own.filter(inside)
        .with_columns(hour=pl.col("date").dt.hour())
        .join(usual, on="hour", how="left")
        .with_columns(usual=pl.col("usual").fill_null(pl.col("value").min()))
        .select("date", excess=pl.col("value") - pl.col("usual"))
        .sort("date")
    )


def _wind(point: Point, place: tuple[float, float], begin: datetime, end: datetime) -> pl.DataFrame:
    """``date, ws, wd`` of the nearest point that measured both."""
    near: list[tuple[float, int]] = []
    for each in Point.objects.filter(
        kind__in=(Point.Kind.AIR, Point.Kind.WEATHER), enabled=True
    ).select_related("entity"):
        where = _place(each)
        if where is not None:
            near.append((float(distance(*place, *where)), each.pk))
    for _, pk in sorted(near):
        rows = hours_of([pk], [SPEED, DIRECTION], begin, end)
        both = (
            rows.filter(pl.col("parameter") == SPEED)
            .select("date", ws="value")
            .join(
                rows.filter(pl.col("parameter") == DIRECTION).select("date", wd="value"), on="date"
            )
        )
        if both.height >= 3:
            return both
    raise TableError("no point near has hours of wind (a01007, a01008) in that time")


def _enterprises() -> pl.DataFrame:
    rows = Entity.objects.filter(
        kind="enterprise", lon__isnull=False, lat__isnull=False
    ).values_list("code", "name", "lon", "lat")
    return pl.DataFrame(
        list(rows),
        schema={"source": pl.String, "name": pl.String, "lon": pl.Float64, "lat": pl.Float64},
        orient="row",
    )


def _activity(parameter: str, begin: datetime, end: datetime) -> pl.DataFrame | None:
    """``date, source, value``: emission where stacks are measured, else production power, over twice the time."""
    owners = {
        point.pk: (point.owner_code, point.kind, point.power_role)
        for point in Point.objects.filter(
            kind__in=(Point.Kind.FLUE_GAS, Point.Kind.POWER), enabled=True
        ).exclude(owner_code="")
    }
    if not owners:
        return None
    stack = _STACK_CODES.get(parameter, (parameter,))
    stacks = [pk for pk, (_, kind, _role) in owners.items() if kind == Point.Kind.FLUE_GAS]
    meters = [
        pk
        for pk, (_, kind, role) in owners.items()
        if kind == Point.Kind.POWER and role != Point.PowerRole.TREATMENT
    ]
    since = begin - (end - begin)
    owner = pl.DataFrame({"point": list(owners), "source": [each[0] for each in owners.values()]})
    parts = []
    if stacks:
        rows = hours_of(stacks, [*stack, FLOW], since, end)
        flow = rows.filter(pl.col("parameter") == FLOW).select("point", "date", flow="value")
        emission = rows.filter(pl.col("parameter") != FLOW).join(
            flow, on=["point", "date"], how="left"
        )
        parts.append(
            emission.select("point", "date", value=pl.col("value") * pl.col("flow").fill_null(1.0))
        )
    emitting = {owners[pk][0] for pk in parts[0]["point"].unique()} if parts else set()
    rest = [pk for pk in meters if owners[pk][0] not in emitting]
    if rest:
        codes = list(
            Point.objects.filter(pk__in=rest).values_list("parameters__code", flat=True).distinct()
        )
        rows = hours_of(rest, [code for code in codes if code], since, end)
        # The first factor of a meter: others are phases and currents of the same load.
        first = rows.group_by("point").agg(parameter=pl.col("parameter").min())
        parts.append(rows.join(first, on=["point", "parameter"]).select("point", "date", "value"))
    if not parts:
        return None
    table = pl.concat(parts).join(owner, on="point")
    if table.is_empty():
        return None
    return table.group_by("date", "source").agg(value=pl.col("value").sum())
