"""Registering through the pages: by whom, where, what is refused, and the frames that waited."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from ecoledger.accounts.models import AuditEntry
from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.entities.models import Enterprise, Outlet, Station
from ecoledger.hj212 import BatchDecoder, Device, Value, encode
from ecoledger.live import times
from ecoledger.matters.models import Notice
from ecoledger.monitoring import runtime
from ecoledger.monitoring.arriving import ingest
from ecoledger.monitoring.models import Limit, Point
from ecoledger.monitoring.points import enrolling, table

NEW_MN = "A" * 20 + "0001"
SOUTH = "990101002"


def sent(outlet: Outlet, **changes: str) -> dict[str, str]:
    """What the page of a new chimney sends, with SO2 ticked."""
    given = {
        "entity": str(outlet.pk),
        "name": "补登点",
        "mn": NEW_MN,
        "password": "123456",
        "enabled": "on",
        "a21026-used": "on",
        "a21026-unit": "mg/m³",
        "a21026-decimals": "1",
        "a21026-interval_seconds": "3600",
        "a21026-limit": "50",
        "a21026-limit_basis": "hour",
        "a21026-limit_standard": "GB 13271-2014",
    } | changes
    return {name: value for name, value in given.items() if value}


@pytest.fixture
def chimney(bureau) -> Outlet:
    return bureau.flue_gas.entity.as_outlet


def new(kind: str = "flue_gas") -> str:
    return reverse("point-new") + f"?kind={kind}"


def test_pages_open_for_exactly_those_who_may(county, signed_in, chimney):
    pages = [
        reverse("point-new"),
        new(),
        reverse("point-edit", args=[county.bureau.flue_gas.pk]),
        reverse("enterprise-new"),
        reverse("enterprise-edit", args=[county.bureau.enterprise.pk]),
        reverse("outlet-new", args=[county.bureau.enterprise.pk]),
        reverse("outlet-edit", args=[chimney.pk]),
        reverse("station-new"),
        reverse("station-edit", args=[county.bureau.air[0].entity_id]),
    ]
    for role in Role:
        client = signed_in(role.value)
        expected = 200 if role in CAPABILITIES["edit_registry"] else 403
        assert {client.get(page).status_code for page in pages} == {expected}, role


def test_nothing_outside_ones_divisions_is_opened_or_entered(county, signed_in, chimney):
    monitor = county.person("monitor")
    monitor.area_codes = [SOUTH]
    monitor.save()
    client = signed_in("monitor")
    for page in (
        reverse("point-edit", args=[county.bureau.flue_gas.pk]),
        reverse("enterprise-edit", args=[county.bureau.enterprise.pk]),
        reverse("outlet-new", args=[county.bureau.enterprise.pk]),
        reverse("outlet-edit", args=[chimney.pk]),
        reverse("station-edit", args=[county.bureau.air[0].entity_id]),
    ):
        assert client.get(page).status_code == 404, page
        assert client.post(page, {}).status_code == 404, page
    before = Point.objects.count()
    assert client.post(new(), sent(chimney)).status_code == 200
    assert Point.objects.count() == before
    answer = client.post(reverse("enterprise-new"), {"name": "新厂", "area_code": "990101001"})
    assert answer.status_code == 200
    assert not Enterprise.objects.filter(name="新厂").exists()


def test_a_firm_its_outlet_and_its_point_are_entered_one_after_the_other(county, signed_in):
    client = signed_in("monitor")
    answer = client.post(
        reverse("enterprise-new") + f"?mn={NEW_MN}",
        {
            "name": "新印染厂",
            "area_code": "990101001",
            "uscc": "9144 0300 1922 0382 17",
            "others": "污染源编号 = 350001",
        },
        follow=True,
    )
    firm = Enterprise.objects.get(name="新印染厂")
    assert firm.uscc == "914403001922038217"
    assert set(firm.identifiers.values_list("scheme", "value")) == {
        ("统一社会信用代码", "914403001922038217"),
        ("污染源编号", "350001"),
    }
    assert "校验码应为“6”" in answer.content.decode()
    client.post(
        reverse("outlet-new", args=[firm.pk]),
        {"number": "DA001", "name": "印染烟囱", "medium": "gas"},
    )
    outlet = Outlet.objects.get(parent=firm)
    page = client.get(reverse("enterprise-edit", args=[firm.pk]) + f"?mn={NEW_MN}")
    link = f"{reverse('point-new')}?kind=flue_gas&amp;entity={outlet.pk}&amp;mn={NEW_MN}"
    assert link in page.content.decode()
    form = client.get(link.replace("&amp;", "&")).content.decode()
    assert f'value="{NEW_MN}"' in form
    client.post(new(), sent(outlet, name=""))
    point = Point.objects.get(mn=NEW_MN)
    assert (point.name, point.owner_code, point.area_code) == ("印染烟囱", firm.code, "990101001")
    row = point.parameters.get()
    assert (row.code, row.unit) == ("a21026", "mg/m³")
    limit = Limit.objects.get(entity=outlet)
    assert (limit.parameter, limit.value, limit.basis, limit.since) == ("a21026", 50, "hour", None)
    assert table.current().by_mn[NEW_MN].point == point.pk


def test_a_station_leads_on_to_its_point(county, signed_in):
    client = signed_in("approver")
    answer = client.post(
        reverse("station-new") + f"?mn={NEW_MN}",
        {"name": "新空气站", "area_code": SOUTH, "medium": "air", "level": "town"},
    )
    station = Station.objects.get(name="新空气站")
    assert answer["Location"] == f"/registry/points/new?kind=air&entity={station.pk}&mn={NEW_MN}"
    assert station.counts_in_area is False


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"mn": "123"}, "MN应为24位"),
        ({"mn": "Z" * 24}, "0-9、A-F"),
        ({"mn": "0" * 22 + "21"}, "已登记为“锅炉烟囱”"),
        ({"password": "密码"}, "访问密码"),
        ({"sm4_key": "short"}, "SM4 密钥应为"),
        ({"a21026-unit": "kW"}, "不能换算"),
        ({"a21026-limit_basis": ""}, "按小时或按日"),
        ({"a21026-lower_limit": "60"}, "下限应小于限值"),
        ({"a21026-limit": "高"}, "数字"),
        ({"more": "x99999"}, "没有因子编码"),
        ({"entity": ""}, "必填"),
    ],
)
def test_a_point_that_cannot_be_is_refused_with_the_reason(
    county, signed_in, chimney, changes, why
):
    before = Point.objects.count()
    answer = signed_in("monitor").post(new(), sent(chimney, **changes))
    assert answer.status_code == 200
    assert why in answer.content.decode()
    assert Point.objects.count() == before
    assert not AuditEntry.objects.filter(action="point registered").exists()


def test_whose_an_mn_is_stays_with_those_whose_division_it_is(county, signed_in, chimney):
    other = county.bureau.air[2]
    monitor = county.person("monitor")
    monitor.area_codes = ["990101001"]
    monitor.save()
    page = signed_in("monitor").post(new(), sent(chimney, mn=other.mn)).content.decode()
    assert "已在其他辖区登记" in page
    assert other.name not in page


def test_an_edit_keeps_the_secrets_and_the_trail_does_not_show_them(county, signed_in, chimney):
    client = signed_in("monitor")
    client.post(new(), sent(chimney, sm4_key="0123456789abcdef"))
    point = Point.objects.get(mn=NEW_MN)
    address = reverse("point-edit", args=[point.pk])
    page = client.get(address).content.decode()
    assert "0123456789abcdef" not in page
    changes = {"password": "", "enabled": "", "a21026-limit": "35"}
    page = client.post(address, sent(chimney, **changes)).content.decode()
    assert "请写明原因" in page, "who stops a point says why"
    client.post(address, sent(chimney, **changes, reason="烟囱已拆除"))
    point.refresh_from_db()
    assert point.stopped_on == timezone.localdate()
    (notice,) = Notice.objects.filter(person=county.person("leader"), text__contains="停用了监测点")
    assert "烟囱已拆除" in notice.text
    assert (point.password, point.sm4_key, point.enabled) == ("123456", "0123456789abcdef", False)
    # Switched off, it leaves the list of what reports and is found among what does not.
    row = f'data-href="{reverse("station", args=[point.pk])}"'
    assert row not in client.get(reverse("stations")).content.decode()
    assert row in client.get(reverse("stations") + "?enabled=0").content.decode()
    entry = AuditEntry.objects.get(action="point changed")
    assert entry.details["before"]["enabled"] is True
    assert entry.details["reason"] == "烟囱已拆除"
    limit = AuditEntry.objects.filter(action="limit changed").first()
    assert float(limit.details["before"]["value"]) == 50
    assert float(limit.details["after"]["value"]) == 35
    assert entry.details["secrets_set"] == []
    first = AuditEntry.objects.get(action="point registered")
    assert first.details["secrets_set"] == ["password", "sm4_key"]
    assert "0123456789abcdef" not in str(first.details)
    client.post(address, sent(chimney, clear_key="on", password="654321"))
    point.refresh_from_db()
    assert (point.password, point.sm4_key) == ("654321", "")


def test_a_limit_from_a_day_on_leaves_the_one_before(county, signed_in, chimney):
    client = signed_in("monitor")
    client.post(new(), sent(chimney))
    point = Point.objects.get(mn=NEW_MN)
    changes = {"a21026-limit": "35", "a21026-limit_since": "2026-07-01"}
    client.post(reverse("point-edit", args=[point.pk]), sent(chimney, **changes))
    rows = Limit.objects.filter(entity=chimney, parameter="a21026").order_by("value")
    assert [(row.value, row.since, row.until) for row in rows] == [
        (35, date(2026, 7, 1), None),
        (50, None, date(2026, 6, 30)),
    ]
    chart = f"/stations/{point.pk}/series.json?parameter=a21026&scale=day"
    put = {"point": [point.pk], "parameter": ["a21026"], "start": [datetime(2026, 6, 20)]}
    runtime.store().append(
        observations={**put, "seconds": [86400], "series": ["computed-day"], "value": [20.0]}
    )
    drawn = client.get(f"{chart}&begin=2026-06-15&end=2026-07-10").json()
    assert drawn["limits"] == [
        {"name": "限值", "value": 50.0, "from": "2026-06-15", "to": "2026-07-01"},
        {"name": "限值", "value": 35.0, "from": "2026-07-01", "to": "2026-07-11"},
    ]
    file = client.get(f"/enterprises/{county.bureau.enterprise.pk}?tab=data")
    file = file.content.decode()
    assert "35 mg/m³" in file


def test_the_unit_of_stored_data_stays(county, signed_in):
    point = county.bureau.flue_gas
    client = signed_in("monitor")
    address = reverse("point-edit", args=[point.pk])
    given = sent(point.entity.as_outlet, mn=point.mn, **{"a21026-unit": "µg/m³"})
    assert "单位不能修改" in client.post(address, given).content.decode()
    given |= {"a21026-unit": "mg/m³", "a21026-device_unit": "ug/m3"}
    client.post(address, given)
    # What is not ticked is no longer declared; what was stored of it stays.
    (row,) = point.parameters.all()
    assert (row.unit, row.device_unit) == ("mg/m³", "µg/m³")


def test_an_enterprise_that_moves_takes_its_points_along(county, signed_in):
    firm = county.bureau.enterprise
    signed_in("monitor").post(
        reverse("enterprise-edit", args=[firm.pk]),
        {"name": firm.name, "area_code": SOUTH, "lon": firm.lon, "lat": firm.lat},
    )
    owned = Point.objects.filter(owner_code=firm.code)
    assert set(owned.values_list("area_code", flat=True)) == {SOUTH}


def quarantined(store, mn: str, *values: float) -> None:
    """Frames of a device nobody knows, taken in as the gateway does."""
    hour = times.now().replace(minute=0, second=0, microsecond=0)
    raws = [
        encode(
            Device(mn, st="31").packet(
                "2061",
                time=hour - timedelta(hours=n),
                values=[Value("a21026", "Avg", Decimal(str(value)), flag="N")],
            )
        )
        for n, value in enumerate(values, 1)
    ]
    ingest.take(BatchDecoder()(raws), ["tcp 10.0.0.9:50000"] * len(raws))


def test_an_mn_heard_is_registered_from_its_row_and_its_frames_are_replayed(
    county, store, signed_in, chimney
):
    odd = "HB" + "7" * 22  # not hexadecimal, as some devices are
    quarantined(store, odd, 47.3, 48.5)
    client = signed_in("monitor")
    page = client.get(reverse("quarantine")).content.decode()
    assert f"{reverse('point-new')}?mn={odd}" in page
    chosen = client.get(reverse("point-new") + f"?mn={odd}").content.decode()
    assert '<option value="flue_gas" selected>' in chosen
    answer = client.post(new() + f"&mn={odd}", sent(chimney, mn=odd), follow=True)
    shown = answer.content.decode()
    assert "只能由0-9、A-F组成" in shown
    assert "隔离区有此设备的 2 条报文" in shown
    point = Point.objects.get(mn=odd)
    assert enrolling.waiting(point) == 2
    replay = reverse("point-replay", args=[point.pk])
    assert signed_in("approver").post(replay).status_code == 403
    done = client.post(replay, follow=True).content.decode()
    assert "已重放 2 条报文，入库 2 个值" in done
    kept = store.read([point.pk], ["a21026"], "hour")
    assert sorted(kept["value"].to_list()) == [47.3, 48.5]
    assert enrolling.waiting(point) == 0
    assert odd not in client.get(reverse("quarantine")).content.decode().split("<tbody>")[-1]
    assert "隔离区没有此设备的报文" in client.post(replay, follow=True).content.decode()


def test_an_event_without_position_says_in_words_where_it_is(bureau, signed_in):
    """Else whoever is sent has nowhere to go."""
    worker = signed_in("grid")
    page = worker.post("/report", {"category": "site_dust"}).content.decode()
    assert "没有定位，请写明地点。" in page
    assert '<details class="field" open>' in page
    sent = worker.post("/report", {"category": "site_dust", "address": "东门桥下"}, follow=True)
    assert "没有收到定位" in sent.content.decode()
    placed = {"category": "site_dust", "lon": "118.6", "lat": "24.9"}
    assert "没有收到定位" not in worker.post("/report", placed, follow=True).content.decode()
