"""相机、声音监测结果 (mechanism G1): deployments and what machines recognised, from Camtrap DP and BirdNET files as they are.

Read by header: ``observations.csv`` and ``deployments.csv`` of Camtrap DP (also the newer column names), BirdNET's CSV, R and
Raven tables. BirdNET says neither place nor time: both are read from the name of the recording, ``SITE_20260601_053000.wav``.
What is recognised is a candidate (``candidates``), never a record by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU
from ecoledger.entities import divisions
from ecoledger.entities.models import Area
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Import, Kind, TableRow, View
from ecoledger.listings.rows import open_rows

# The recording's name, as recorders write it: place, day, time.
RECORDING = re.compile(r"(?P<site>[^/\\]+?)_(?P<day>\d{8})_(?P<time>\d{6})(?:\D|$)")
_DEGREES = {"lon": (-180, 180), "lat": (-90, 90)}


class Deployment(models.Model):
    """One device at one place for one time: a camera, or a recorder."""

    class Sort(models.TextChoices):
        CAMERA = "camera", "红外相机"
        SOUND = "sound", "声纹设备"
        VIDEO = "video", "视频监控"

    deployment_id = models.CharField("布设编号", max_length=60, unique=True)
    name = models.CharField("监测点名称", max_length=120, blank=True)
    sort = models.CharField("设备类型", max_length=8, choices=Sort.choices, default=Sort.CAMERA)
    lon = models.FloatField("经度", validators=[MinValueValidator(-180), MaxValueValidator(180)])
    lat = models.FloatField("纬度", validators=[MinValueValidator(-90), MaxValueValidator(90)])
    begin = models.DateTimeField("开始工作")
    end = models.DateTimeField("结束工作", null=True, blank=True)
    model = models.CharField("型号", max_length=60, blank=True)
    habitat = models.CharField("生境", max_length=200, blank=True)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "监测布设"
        ordering = ["deployment_id"]

    def __str__(self) -> str:
        return self.name or self.deployment_id

    def days_within(self, begin: datetime, end: datetime) -> float:
        """Days that the device worked between two moments."""
        first, last = max(self.begin, begin), min(self.end or timezone.now(), end)
        return max((last - first) / timedelta(days=1), 0.0)

    @property
    def days(self) -> float:
        """Days that the device has worked."""
        return round(((self.end or timezone.now()) - self.begin) / timedelta(days=1), 1)


class Detection(models.Model):
    """One result of a machine or of who looked at the pictures."""

    class Sort(models.TextChoices):
        ANIMAL = "animal", "动物"
        HUMAN = "human", "人"
        VEHICLE = "vehicle", "车辆"
        BLANK = "blank", "空拍"
        UNKNOWN = "unknown", "不能识别"
        UNCLASSIFIED = "unclassified", "未识别"

    class Method(models.TextChoices):
        MACHINE = "machine", "机器"
        HUMAN = "human", "人工"

    observation_id = models.CharField("观测编号", max_length=200, unique=True)
    deployment = models.ForeignKey(
        Deployment, verbose_name="布设", on_delete=models.PROTECT, related_name="detections"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True, editable=False)
    at = models.DateTimeField("时间", db_index=True)
    sort = models.CharField("类型", max_length=12, choices=Sort.choices, default=Sort.ANIMAL)
    scientific_name = models.CharField("学名", max_length=80, blank=True, db_index=True)
    name = models.CharField("中文名或俗名", max_length=80, blank=True)
    count = models.PositiveIntegerField("个体数", null=True, blank=True)
    confidence = models.FloatField(
        "置信度", null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    method = models.CharField(
        "识别方式", max_length=8, choices=Method.choices, default=Method.MACHINE
    )
    evidence_file = models.CharField("影像或录音", max_length=200, blank=True)
    candidate = models.ForeignKey(
        "nature.SpeciesCandidate",
        verbose_name="候选",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="detections",
        editable=False,
    )
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "识别结果"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["deployment", "scientific_name", "at"], name="detection_by_place")
        ]

    def __str__(self) -> str:
        return f"{self.name or self.scientific_name} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"

    @property
    def species(self) -> str:
        """What it was called: its scientific name, else the other one."""
        return self.scientific_name or self.name


def moment(text: str) -> str:
    """A moment as files write it (with a zone or without) as the house's forms take it, China standard time.

    >>> moment("2020-05-30T02:57:37Z")
    '2020-05-30T10:57:37'
    >>> moment("2020-05-30 10:57:37")
    '2020-05-30T10:57:37'
    """
    try:
        at = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        if at.tzinfo is not None:
            at = timezone.make_naive(at, timezone.get_default_timezone())
    except (ValueError, OverflowError):
        return ""
    return at.isoformat(timespec="seconds")


def area_of(lon: float | None, lat: float | None, person: Person | None) -> str:
    """In which division a device stands: by the boundaries, else the person's own, else the one county there is."""
    if lon is not None and lat is not None and (held := divisions.holding(lon, lat)):
        return held[0]
    if person is not None and person.own_area:
        return person.own_area
    counties = [code for code in Area.objects.values_list("code", flat=True) if len(code) == 6]
    return counties[0] if len(counties) == 1 else ""


# ---- deployments ---------------------------------------------------------------------------------


def _read_deployment(row: TableRow) -> None:
    for name in ("begin", "end"):
        if text := row.texts.get(f"{name}_text", ""):
            row.values[name] = moment(text)
            if not row.values[name]:
                row.refuse(f"{name}_text", _("“%s”读不出时间") % text)
    begin, end = (str(row.values.get(name) or "").replace(" ", "T") for name in ("begin", "end"))
    if not begin and not row.texts.get("begin_text") and "begin" not in row.faulty:
        row.refuse("begin", _("没有写开始工作的时间"))
    elif begin and end and end < begin:
        row.refuse("end", _("结束工作早于开始工作"))
    if not row.values.get("area_code"):
        numbers: list[float | None] = [None, None]
        for n, name in enumerate(_DEGREES):
            with suppress(TypeError, ValueError):
                numbers[n] = float(row.values.get(name) or "")
        row.values["area_code"] = area_of(numbers[0], numbers[1], row.person)


_BEGIN = Ask("begin_text", "deploymentStart", Kind.TEXT, stores=None, required=False)
_END = Ask("end_text", "deploymentEnd", Kind.TEXT, stores=None, required=False)
DEPLOYMENTS = declare(Listing(
    key="deployment", label="监测布设", line="soil", model=Deployment, edit=BUREAU,
    columns=("deployment_id", "name", "sort", "begin", "end", "days", "habitat", "area_code"),
    labels={"days": "工作日"}, filters=("sort", "area_code"), search=("deployment_id", "name", "habitat"),
    lead="name", under=("deployment_id",), order=("deployment_id", "pk"),
    fields=("deployment_id", "name", "sort", "lon", "lat", "begin", "end", "model", "habitat", "area_code"),
    imports=Import(
        key=("deployment_id",), read=_read_deployment, future=(),
        # A published package may come from anywhere.
        columns=("deployment_id", "name", "sort", Ask("lon", minimum=-180, maximum=180), Ask("lat", minimum=-90, maximum=90),
                 Ask("begin", required=False), "end", _BEGIN, _END, "model", "habitat", Ask("area_code", required=False)),
        headers={"deployment_id": ("deploymentID", "相机编号", "设备编号"), "name": ("locationName", "locationID", "点位名称"),
                 "lon": ("longitude",), "lat": ("latitude",), "begin": ("相机开始日期", "开始日期"),
                 "end": ("相机结束日期", "结束日期"), "model": ("cameraModel",), "habitat": ("生境类型",)},
        examples={"deployment_id": "CAM-01", "name": "西山林缘", "lon": "118.61", "lat": "24.92",
                  "begin": "2026-01-01 08:00"},
    ),
    empty="还没有布设。导入 Camtrap DP 的 deployments.csv，或登记相机和声纹设备。",
))  # fmt: skip


def _deployments(person: Person | None) -> Any:
    rows = Deployment.objects.all()
    return (
        rows if person is None else rows.filter(pk__in=DEPLOYMENTS.visible_to(person).values("pk"))
    )


declare_lookup(Lookup(
    key="deployment", model=Deployment, label="监测布设", rows=_deployments, exact=("deployment_id", "name"),
    begins=("deployment_id",), contains=("name",), under=lambda row: row.deployment_id,
))  # fmt: skip

# ---- results -------------------------------------------------------------------------------------


def _read_detection(row: TableRow) -> None:
    """Place, time and number of a result, from whichever columns its program writes."""
    values, texts = row.values, row.texts
    if text := texts.get("start", ""):
        values["at"] = moment(text)
    recording = texts.get("file", "")
    if recording and not values.get("at"):
        match = RECORDING.search(recording)
        if match is None:
            row.refuse(
                "file", _("录音文件名须为“监测点_年月日_时分秒”，如 S01_20260601_053000.wav")
            )
            return
        began = datetime.strptime(match["day"] + match["time"], "%Y%m%d%H%M%S")
        with suppress(ValueError):
            # One of BirdNET's tables calls the seconds "start".
            began += timedelta(seconds=float(texts.get("second") or texts.get("start") or 0))
        values["at"] = began.isoformat(timespec="seconds")
        values["deployment"] = values.get("deployment") or match["site"].rsplit("/", 1)[-1]
        values["evidence_file"] = values.get("evidence_file") or recording[:200]
        values["method"] = values.get("method") or "machine"
    if not values.get("at") and "at" not in row.faulty:
        written = texts.get("start") or texts.get("at")
        row.refuse("at", _("“%s”读不出时间") % written if written else _("没有时间"))
    if not values.get("deployment"):
        row.refuse("deployment", _("没有布设编号"))
    if not values.get("observation_id"):
        place = recording[-100:] or values.get("deployment") or ""
        second = texts.get("second") or texts.get("start") or values.get("at") or ""
        species = texts.get("scientific_name") or texts.get("name") or ""
        values["observation_id"] = f"{place}#{second}#{species}"[:200]
    values["sort"] = values.get("sort") or "animal"


class Detections(Listing):
    """The results: kept in bulk, then gathered into candidates."""

    @property
    def bulk(self) -> bool:
        return True

    def is_fact(self, name: str) -> bool:
        return name == "at"

    def import_rows(
        self, rows: list[tuple[dict[str, Any], Any]], batch: Any, by: Any, at: datetime
    ) -> list[Any]:
        return open_rows(self, [_placed(values) for values, _row in rows], by, at)

    def open_row(self, values: Any, by: Person | None, at: datetime, **more: Any) -> Any:
        return super().open_row(_placed(dict(values)), by, at, **more)

    def imported(self, batch: Any, made: int, by: Any, at: datetime) -> None:
        from ecoledger.registers.nature import candidates  # it is declared over these rows

        candidates.gather(by, at)


def _placed(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "area_code": values["deployment"].area_code}


_START = Ask("start", "eventStart", Kind.TEXT, stores=None, required=False)
_FILE = Ask("file", "File", Kind.TEXT, stores=None, required=False)
_SECOND = Ask("second", "Start (s)", Kind.TEXT, stores=None, required=False)
DETECTIONS = declare(Detections(
    key="detection", label="相机声纹识别结果", line="soil", model=Detection, edit=BUREAU,
    columns=("name", "scientific_name", "at", "deployment", "sort", "count", "confidence", "method", "candidate", "area_code",
             "observation_id"),
    filters=("sort", "method", "deployment", "at", "area_code"), search=("scientific_name", "name", "observation_id", "evidence_file"),
    lead="scientific_name", under=("name",), order=("-at", "-pk"), tells=("candidate",),
    fields=("observation_id", Ask("deployment", among="deployment"), "at", "sort", "scientific_name", "name", "count",
            "confidence", "method", "evidence_file"),
    views=(View("animals", "动物", {"sort": "animal"}), View("machine", "机器识别", {"method": "machine"})),
    imports=Import(
        key=("observation_id",), read=_read_detection, future=(),
        columns=(Ask("observation_id", required=False), Ask("deployment", among="deployment", required=False),
                 Ask("at", required=False), _START, _FILE, _SECOND, Ask("sort", required=False), "scientific_name", "name",
                 "count", "confidence", Ask("method", required=False), "evidence_file"),
        headers={"observation_id": ("observationID",), "deployment": ("deploymentID",), "start": ("timestamp",),
                 "file": ("filepath", "Begin File", "Begin Path", "文件"), "second": ("Begin Time (s)", "start_s"),
                 "sort": ("observationType",), "scientific_name": ("scientificName", "Scientific name", "物种学名"),
                 "name": ("Common name", "Common Name", "common_name", "物种"), "count": ("数量",),
                 "confidence": ("classificationProbability", "Confidence"), "method": ("classificationMethod",),
                 "evidence_file": ("mediaID",)},
        values={"sort": {s: s for s in Detection.Sort.values}, "method": {"human": "human", "machine": "machine"}},
        examples={"observation_id": "OBS-1", "deployment": "CAM-01", "at": "2026-06-01 05:30",
                  "scientific_name": "Aix galericulata", "confidence": "0.93"},
    ),
    empty="还没有识别结果。导入 Camtrap DP 的 observations.csv 或 BirdNET 的结果文件。",
))  # fmt: skip


def independent(moments: Iterable[datetime], minutes: int) -> list[datetime]:
    """The independent events: a moment counts when it is so many minutes after the last that counted.

    >>> at = [datetime(2026, 6, 1, 5, m) for m in (0, 10, 29, 30, 59)]
    >>> [one.minute for one in independent(at, 30)]
    [0, 30]
    """
    counted: list[datetime] = []
    for at in sorted(moments):
        if not counted or at - counted[-1] >= timedelta(minutes=minutes):
            counted.append(at)
    return counted
