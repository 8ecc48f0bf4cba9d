"""走航 (mechanism Q7): one drive or many taxis' days, read from a file, judged stretch by stretch, hot spots handed over.

The work is long (a million points), so a job does it; what stays is the table of stretches, worst first, and where
they lie. Where cars pass a station often enough they are brought to its level first. Values measured while driving are
clues and enter no evaluation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

import polars as pl
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Road
from ecoledger.entities.validity import in_force
from ecoledger.jobs import running
from ecoledger.jobs.models import Job
from ecoledger.jobs.running import Outcome, Progress, work
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.monitoring import runtime
from ecoledger.monitoring.hourly import hours
from ecoledger.monitoring.models import Point
from ecoledger.science import air_table, coordinates
from ecoledger.science.air_table import TableError

System = Literal["wgs84", "gcj02", "bd09"]
KEPT = 400
POLLUTANTS = ("pm25", "pm10", "tvoc", "no2", "o3", "so2", "co")
CARS = ("car", "device", "vehicle", "id", "车牌", "车辆", "设备编号")


class TrackSurvey(models.Model):
    """One file of tracks and what came of it."""

    class Kind(models.TextChoices):
        SURVEY = "survey", "走航车"
        TAXI = "taxi", "出租车"
        DRONE = "drone", "无人机"
        HANDHELD = "handheld", "便携式"

    class State(models.TextChoices):
        WAITING = "waiting", "计算中"
        DONE = "done", "已完成"
        FAILED = "failed", "未完成"

    name = models.CharField("走航任务", max_length=80)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices, default=Kind.SURVEY)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    file_name = models.CharField("文件", max_length=200)
    system = models.CharField("坐标系", max_length=10, default="wgs84")
    pollutant = models.CharField("因子", max_length=20, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    note = models.CharField("说明", max_length=300, blank=True)
    points = models.PositiveIntegerField("轨迹点", default=0)
    cars = models.PositiveIntegerField("车辆", default=0)
    begin = models.DateTimeField("开始", null=True, blank=True)
    end = models.DateTimeField("结束", null=True, blank=True)
    stretches = models.PositiveIntegerField("路段（网格）", default=0)
    hot = models.PositiveIntegerField("高值", default=0)
    # Stretches, worst first: figures and a geometry of each.
    spots = JSONInOrder("高值路段", default=list, encoder=DjangoJSONEncoder)
    # How each car stood to the stations it passed: car, factor, hours beside one, whether it was brought to them.
    calibration = JSONInOrder("站点校准", default=list, encoder=DjangoJSONEncoder)
    made_by = models.ForeignKey(
        Person, verbose_name="上传人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField("上传时间", default=timezone.now, db_index=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "走航"
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        return Path(settings.DATA) / "tracks"


class TrackBook(Listing):
    """The surveys; they come in by their own page, as a file."""

    def url_of(self, row: Any) -> str:
        return f"/air/tracks/{row.pk}"

    def may_open(self, person: Person) -> bool:
        return person.may(self.see) and person.has_role(*self.edit)


TRACKS = declare(TrackBook(
    key="track_survey", label="走航监测", line="air", model=TrackSurvey, see="see_cockpit",
    columns=("name", "kind", "area_code", "pollutant", "state", "points", "cars", "stretches", "hot",
             "begin", "end", "made_by", "made_at"),
    filters=("kind", "state", "area_code", "made_at"), search=("name", "file_name"),
    lead="name", order=("-made_at", "-pk"),
    edit=frozenset({Role.MONITOR, Role.DISPATCHER, Role.OFFICER}),
    empty="还没有走航数据。在“走航热点”页上传轨迹文件（时间、车辆、经度、纬度、浓度）。",
))  # fmt: skip


def begin(
    values: Mapping[str, Any], content: bytes, roads: bytes, by: Person
) -> tuple[TrackSurvey, Job]:
    """Keep a file of tracks and have it judged; ``roads`` is GeoJSON or empty for a grid."""
    survey = TrackSurvey.objects.create(**values, made_by=by)
    survey.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (survey.folder / f"{survey.pk}.csv").write_bytes(content)
    if roads:
        (survey.folder / f"{survey.pk}.geojson").write_bytes(roads)
    audit.record(by, "track_survey.open", survey, details={"file": survey.file_name})
    title = _("走航数据“%s”") % survey.name
    return survey, running.begin("track_survey", title, by, survey=survey.pk)


@work("track_survey")
def judge(progress: Progress, *, survey: int) -> Outcome:
    """Read the file of a survey, match it to roads or a grid, and keep its stretches."""
    row = TrackSurvey.objects.get(pk=survey)
    try:
        _judge(row, progress)
    except (TableError, pl.exceptions.PolarsError, ValueError) as error:
        row.state, row.note = TrackSurvey.State.FAILED, str(error)[:300]
        row.save()
        raise running.Failed(row.note) from error
    row.save()
    return Outcome(_("%(n)d 个路段，高值 %(hot)d 个") % {"n": row.stretches, "hot": row.hot},
                   link=f"/air/tracks/{row.pk}")  # fmt: skip


def _roads(row: TrackSurvey) -> dict[str, Any] | None:
    """The roads given with the survey, else those on record in its division; ``None``: it is matched to a grid."""
    file = row.folder / f"{row.pk}.geojson"
    if file.exists():
        given: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return given
    known = Road.objects.filter(in_force(), area_code__startswith=row.area_code)
    features = [
        {"type": "Feature", "geometry": road.geometry, "properties": {"name": road.name}}
        for road in known.exclude(geometry=None)
    ]
    return {"type": "FeatureCollection", "features": features} if features else None


def _judge(row: TrackSurvey, progress: Progress) -> None:
    # The statistics it stands on take a second to load: not in every process that starts.
    from ecoledger.science import tracks

    table = _read((row.folder / f"{row.pk}.csv").read_bytes())
    progress.at(1, 4)
    pollutant = row.pollutant or next((p for p in POLLUTANTS if p in table.columns), "")
    if pollutant not in table.columns:
        raise TableError(_("文件里没有浓度列；可用的列名：%s") % "、".join(POLLUTANTS))
    table = table.drop_nulls(["date", "lon", "lat", pollutant]).sort("car", "date")
    if table.is_empty():
        raise TableError(_("没有一行同时有时间、经纬度和浓度。"))
    lon, lat = coordinates.to_wgs84(
        table["lon"].to_numpy(), table["lat"].to_numpy(), cast("System", row.system)
    )
    table = table.with_columns(lon=pl.Series(lon), lat=pl.Series(lat))
    table, row.calibration = _calibrated(table, pollutant)
    shapes: list[Any]
    if (lines := _roads(row)) is not None:
        network = tracks.roads(lines)
        stretch = tracks.match_roads(table, network)
        names, shapes = network.names, list(network.lines)
    else:
        stretch, cells = tracks.match_grid(table)
        names = cells["name"].to_list()
        shapes = list(zip(cells["lon"].to_list(), cells["lat"].to_list(), strict=True))
    progress.at(2, 4)
    spots = tracks.hot_spots(tracks.visits(table, stretch, pollutant))
    progress.at(3, 4)
    row.pollutant = pollutant
    row.points, row.cars = table.height, table["car"].n_unique()
    first, last = table["date"].min(), table["date"].max()
    row.begin = timezone.make_aware(cast("datetime", first))
    row.end = timezone.make_aware(cast("datetime", last))
    row.stretches, row.hot = spots.table.height, int(spots.table["hot"].sum())
    row.spots = [
        {**each, "name": names[each["stretch"]], "shape": shapes[each["stretch"]]}
        for each in spots.table.head(KEPT).iter_rows(named=True)
    ]
    row.state, row.note = TrackSurvey.State.DONE, ""


# How a pollutant's column is called -> its factor at a station.
STATION_FACTORS = {
    "pm25": "a34004", "pm10": "a34002", "no2": "a21004", "o3": "a05024", "so2": "a21026", "co": "a21005",
}  # fmt: skip


def _calibrated(table: pl.DataFrame, pollutant: str) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """The table with each car brought to the level of the stations it passed, and how each car stood to them."""
    from ecoledger.science import tracks

    fixed = _stations(table, pollutant)
    if fixed.is_empty():
        return table, []
    try:
        corrected, factors = tracks.calibrate(table, fixed, pollutant)
    except TableError:  # no car came near a station
        return table, []
    return corrected, list(factors.iter_rows(named=True))


def _stations(table: pl.DataFrame, pollutant: str) -> pl.DataFrame:
    """Hours of the reference stations that lie where the cars drove: ``date, lon, lat`` and the pollutant."""
    schema: dict[str, Any] = {
        "date": pl.Datetime("us"),
        "lon": pl.Float64,
        "lat": pl.Float64,
        pollutant: pl.Float64,
    }
    code = STATION_FACTORS.get(pollutant, "")
    points = {
        point.pk: (point.entity.lon, point.entity.lat)
        for point in Point.objects.filter(kind=Point.Kind.AIR, enabled=True)
        .exclude(entity__as_station__level="micro")
        .exclude(entity__as_station=None)
        .filter(entity__lon__range=_range(table["lon"]), entity__lat__range=_range(table["lat"]))
        .select_related("entity")
        if point.entity is not None
    }
    if not (code and points and runtime.is_open()):
        return pl.DataFrame(schema=schema)
    first, last = cast("datetime", table["date"].min()), cast("datetime", table["date"].max())
    rows = hours(list(points), [code], first - timedelta(hours=1), last + timedelta(hours=1))
    places = pl.DataFrame(
        [(pk, lon, lat) for pk, (lon, lat) in points.items()],
        schema={"point": pl.Int64, "lon": pl.Float64, "lat": pl.Float64},
        orient="row",
    )
    return rows.join(places, on="point").select(
        pl.col("date").cast(pl.Datetime("us")), "lon", "lat", pl.col("value").alias(pollutant)
    )


def _range(column: pl.Series) -> tuple[float, float]:
    """What a coordinate spans, a kilometre more on either side."""
    return float(cast("float", column.min())) - 0.01, float(cast("float", column.max())) + 0.01


def _read(content: bytes) -> pl.DataFrame:
    """Tracks of a CSV file: ``date, car, lon, lat`` and pollutants."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    table = pl.read_csv(text.encode(), infer_schema=False, truncate_ragged_lines=True)
    known = {name.strip().lower(): name for name in table.columns}
    car = next((known[name] for name in CARS if name in known), None)
    chinese = {"时间": "date", "监测时间": "date", "经度": "lon", "纬度": "lat"}
    renames = {name: chinese[name.strip()] for name in table.columns if name.strip() in chinese}
    table = table.rename(renames | ({car: "car"} if car else {}))
    typed, _unread = air_table.from_text(table, ("car",))
    typed = air_table.in_units(typed, table.columns)
    if "car" not in typed.columns:
        typed = typed.with_columns(car=pl.lit("1"))
    air_table.require(typed, ("date", "lon", "lat"))
    return typed


def middle(spot: Mapping[str, Any]) -> tuple[float, float]:
    """Where a stretch's mark stands: lon, lat."""
    shape = spot["shape"]
    point = shape[len(shape) // 2] if isinstance(shape[0], list | tuple) else shape
    return float(point[0]), float(point[1])
