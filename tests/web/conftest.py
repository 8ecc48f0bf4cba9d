"""A small county with readings, alarms, frames and a filing: what pages show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zlib import crc32

import polars as pl
import pytest
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.test import Client
from django.utils import timezone
from tests import spare_store

from ecoledger.entities.models import Area, Enterprise
from ecoledger.live import times
from ecoledger.monitoring.models import Alarm, AlarmRule, Filing, Point
from ecoledger.web import errors, rail_counts

AIR_VALUES = {
    "a34004": 42.0,
    "a34002": 71.0,
    "a21026": 8.0,
    "a21004": 31.0,
    "a21005": 0.7,
    "a05024": 88.0,
}
WATER_VALUES = {"w01001": 7.4, "w01009": 6.8, "w01019": 4.2, "w21003": 0.61, "w21011": 0.12}


@dataclass
class County:
    """The ``bureau`` of the common fixtures with data behind it."""

    bureau: object
    hour: datetime
    area: Point
    alarms: list = field(default_factory=list)
    filing: Filing | None = None
    other_enterprise: Enterprise | None = None
    frame: int = 0
    quarantined: int = 0
    reported: dict = field(default_factory=dict)
    southern_frame: int = 0

    def person(self, role: str):
        return self.bureau.people[role]


def observations(rows: list[dict]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema_overrides={
            "value": pl.Float64,
            "text": pl.String,
            "valid": pl.Boolean,
            "standard": pl.String,
        },
        infer_schema_length=None,
    )


@pytest.fixture
def county(request, bureau) -> County:
    made = County(bureau, times.now().replace(minute=0, second=0, microsecond=0), None)
    square = [[118.55, 24.85], [118.70, 24.85], [118.70, 24.97], [118.55, 24.97], [118.55, 24.85]]
    for town in bureau.towns:
        town.geometry = {"type": "Polygon", "coordinates": [square]}
        town.save()
    bureau.river.geometry = {
        "type": "LineString",
        "coordinates": [[118.56, 24.96], [118.61, 24.91], [118.69, 24.86]],
    }
    bureau.river.save()
    made.area = Point.objects.create(kind="area", name="测试县", area_code=bureau.county.code)
    made.other_enterprise = Enterprise.objects.create(
        code="E-2", name="别家纺织厂", area_code="990101002", lon=118.66, lat=24.88
    )
    rows = []

    def add(point, code, start, seconds, series, value, **more):
        rows.append(
            {
                "point": point.pk,
                "parameter": code,
                "start": start,
                "seconds": seconds,
                "series": series,
                "value": value,
                "flag": "N",
                "text": None,
                "valid": True if series.startswith("computed") else None,
                "standard": None,
            }
            | more
        )

    for back in range(1, 6):
        start = made.hour - timedelta(hours=back)
        for point in [*bureau.air, made.area]:
            for code, value in AIR_VALUES.items():
                if point is not made.area:
                    flag = "M" if point is bureau.air[1] and back == 2 else "N"
                    add(point, code, start, 3600, "hour", value + back, flag=flag)
                add(point, code, start, 3600, "computed-hour", value + back)
            add(
                point,
                "aqi",
                start,
                3600,
                "computed-hour",
                71.0,
                text="PM10",
                standard="HJ 633-2026",
            )
    for back in range(1, 30):
        day = datetime.combine(made.hour.date() - timedelta(days=back), datetime.min.time())
        for point in [*bureau.air, made.area]:
            add(point, "aqi", day, 86400, "computed-day", 60.0 + 3 * back, text="PM2.5")
            add(point, "a34004", day, 86400, "computed-day", 20.0 + back)
    four = made.hour - timedelta(hours=4)
    for code, value in WATER_VALUES.items():
        add(bureau.water, code, four, 14400, "hour", value)
    add(bureau.water, "water_class", four, 3600, "computed-hour", 4.0, text="氨氮(0.2)")
    for back in range(1, 30):
        minute = times.now().replace(second=0, microsecond=0) - timedelta(minutes=back)
        for code, value in (("a21026", 61.0), ("a21002", 110.0), ("a34013", 8.0), ("a19001", 9.1)):
            add(bureau.flue_gas, code, minute, 60, "minute", value)
    made.reported = {
        "parameter": "a34004",
        "series": "hour",
        "start": (made.hour - timedelta(hours=1)).isoformat(),
    }
    raw = (
        f"QN=20261121180000000;ST=22;CN=2061;PW=123456;MN={bureau.air[0].mn};Flag=4;"
        "CP=&&DataTime=20261121170000;a34004-Avg=43,a34004-Flag=N&&"
    ).encode()
    request.node.stash[spare_store.WANTED] = rows
    store = request.getfixturevalue("store")
    frames = pl.DataFrame(
        {
            "received_at": [times.now()] * 3,
            "digest": [bytes([n]) * 16 for n in range(3)],
            "raw": [raw, b"##0008ST=99;\xff\xfe\r\n", raw],
            "mn": [bureau.air[0].mn, "X" * 24, bureau.air[2].mn],
            "cn": ["2061", "2011", "2061"],
            "status": ["accepted", "quarantined", "accepted"],
            "reason": [None, "mn", None],
            "connection": ["tcp 10.0.0.8:51234"] * 3,
        },
        schema_overrides={"reason": pl.String},
    )

    def enter():
        store.append(observations=observations(rows))
        return store.append(frames=frames)

    receipt = spare_store.filled(store, rows, enter)
    made.frame, made.quarantined, made.southern_frame = (int(n) for n in receipt.frame_ids)
    now = timezone.now()
    for detector, point, code, level, text in (
        ("exceedance", bureau.flue_gas, "a21026", "red", "锅炉烟囱二氧化硫超过限值0.22倍"),
        ("neighbours", bureau.air[2], "a34004", "yellow", "3号空气站细颗粒物高于周边31%"),
        ("missing", bureau.wastewater, "", "blue", "废水总排口全部数据缺失"),
    ):
        rule, _ = AlarmRule.objects.get_or_create(
            detector=detector,
            kind=point.kind,
            defaults={"name": f"{point.get_kind_display()}规则", "code": f"test-{detector}"},
        )
        made.alarms.append(
            Alarm.objects.create(
                rule=rule,
                point=point,
                parameter=code,
                area_code=point.area_code,
                owner_code=point.owner_code,
                level=level,
                begin=now - timedelta(hours=2),
                last=now - timedelta(minutes=10),
                value=61.0,
                peak=64.0,
                limit=50.0,
                times_over=0.22,
                count_30d=3,
                text=text,
            )
        )
    made.filing = Filing.objects.create(
        entity=bureau.enterprise,
        kind="maintenance",
        begin=now - timedelta(hours=1),
        end=now + timedelta(hours=3),
        reason="脱硫塔检修",
        filed_by=bureau.people["enterprise"],
        area_code=bureau.enterprise.area_code,
    )
    Area.objects.filter(code=bureau.county.code).update(geometry=None)
    return made


@pytest.fixture
def signed_in(people):
    """``signed_in("monitor")``: a client in which the person of that role has signed in."""

    def make(role: str) -> Client:
        client = Client()
        client.force_login(people[role])
        return client

    return make


@pytest.fixture
def counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rail counts once for each person, as in a server: for tests that open every page there is."""
    monkeypatch.setattr(rail_counts, "keep_seconds", 3600.0)
    rail_counts._counted.clear()


_refusals_drawn: set[tuple[object, ...]] = set()


@pytest.fixture
def refusals_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of refusals only the first for each person and the first at each address are drawn, the others are their status.

    For tests that knock at every door: half of the answers are a refusal, and each would draw the whole frame around
    the same two sentences. What is said of a missing token is drawn once for each person.
    """
    draw = errors.render

    def render(
        request: HttpRequest, template: str, context: dict | None = None, *, status: int
    ) -> HttpResponse:
        who = getattr(getattr(request, "user", None), "username", "")
        asked = {(template, "person", who)}
        if request.resolver_match and "csrf" not in template:
            asked.add((template, "address", request.resolver_match.route))
        if status >= 500 or asked - _refusals_drawn:
            _refusals_drawn.update(asked)
            return draw(request, template, context, status=status)
        return HttpResponse(status=status)

    monkeypatch.setattr(errors, "render", render)


_templates_drawn: set[str] = set()


@pytest.fixture
def drawn_in_turn(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """``drawn_in_turn(n)``: for person number ``n`` a sixth of the pages is drawn, and those that were not drawn before.

    Of the others all is computed that the view computes, and the template is left out. For tests in which each of
    twenty roles opens every page: a page is drawn for a sixth of those who may open it.
    """
    draw, turn = loader.render_to_string, 0

    def render_to_string(name: str, *args: object, **more: object) -> str:
        if name in _templates_drawn and (crc32(name.encode()) + turn) % 6:
            return ""
        _templates_drawn.add(name)
        return draw(name, *args, **more)

    def begin(number: int) -> None:
        nonlocal turn
        turn = number

    monkeypatch.setattr(loader, "render_to_string", render_to_string)
    return begin
