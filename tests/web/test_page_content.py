"""What pages show and do, walked through Django's own client."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ecoledger.accounts.models import AuditEntry, Person
from ecoledger.accounts.sign_in import FAILURES_ALLOWED
from ecoledger.monitoring.models import Alarm, Filing
from ecoledger.store.interface import Layer

PASSWORD = "correct horse battery"


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


# -- the door ------------------------------------------------------------------------------------


def test_signing_in_leads_to_the_page_asked_for_and_nowhere_else(people, client):
    asked = client.get("/stations")
    assert asked["Location"] == "/sign-in?next=/stations"
    given = {"username": "monitor", "password": PASSWORD}
    landing = "/lines/monitoring"
    assert client.post("/sign-in", given | {"next": "/stations"})["Location"] == "/stations"
    client.post("/sign-out")
    assert client.post("/sign-in", given | {"next": "https://evil.example/"})["Location"] == landing


def test_five_failures_lock_the_account_for_a_while(people, client):
    wrong = {"username": "monitor", "password": "not it"}
    for _ in range(FAILURES_ALLOWED - 1):
        assert "不正确" in text(client.post("/sign-in", wrong))
    assert "已锁定" in text(client.post("/sign-in", wrong))
    (notice,) = people["security_admin"].notices.all()
    assert "monitor" in notice.text
    assert notice.link == f"/people/{people['monitor'].pk}"
    # The right password does not help before the time is over, and does after it.
    right = wrong | {"password": PASSWORD}
    assert "已锁定" in text(client.post("/sign-in", right))
    Person.objects.filter(username="monitor").update(
        locked_until=timezone.now() - timedelta(seconds=1)
    )
    assert client.post("/sign-in", right).status_code == 302
    assert AuditEntry.objects.filter(action="sign_in_failed").count() == FAILURES_ALLOWED


def test_an_unknown_name_and_a_wrong_password_read_the_same_at_first(people, client):
    unknown = text(client.post("/sign-in", {"username": "nobody", "password": "x"}))
    assert "用户名或密码不正确" in unknown


def test_language_and_theme_follow_the_reader(county, signed_in):
    client = signed_in("monitor")
    page = " ".join(text(client.get("/alarms")).split())
    assert '<html lang="zh-Hans" data-bs-theme="light">' in page
    client.post("/language", {"language": "en", "next": "/alarms"})
    client.cookies["theme"] = "dark"
    page = " ".join(text(client.get("/alarms")).split())
    assert '<html lang="en" data-bs-theme="dark">' in page
    assert "My work" in page


def test_every_page_carries_a_policy_without_inline_scripts(county, signed_in):
    response = signed_in("monitor").get("/")
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    page = text(response)
    assert "<script>" not in page
    assert "onclick=" not in page


def test_refusals_say_what_would_help(county, signed_in):
    assert "请向安全管理员申请" in signed_in("town").get("/quarantine").content.decode()
    lost = signed_in("town").get("/stations/999999").content.decode()
    assert "不在您的数据范围内" in lost
    for page in (lost, signed_in("town").get("/quarantine").content.decode()):
        main = page.partition("<main")[2]
        assert 'action="/search"' in main
        assert 'name="q"' in main
    stale = Client(enforce_csrf_checks=True)
    stale.force_login(county.person("monitor"))
    refused = stale.post("/notices/read")
    assert refused.status_code == 403
    assert "刷新后重试" in refused.content.decode()


# -- what is going on ----------------------------------------------------------------------------


def test_the_cockpit_shows_air_water_alarms_and_links_each_to_its_records(county, signed_in):
    page = text(signed_in("leader").get("/cockpit"))
    assert "测试县实时 AQI" in page
    assert f'href="/stations/{county.area.pk}"' in page
    assert "71" in page
    assert "0 / 1 个达到水质目标" in page  # class Ⅳ where Ⅲ is the target
    assert county.alarms[0].text in page
    assert f'href="/alarms/{county.alarms[0].pk}"' in page
    assert "profile/targets.toml" in page  # no targets set yet: says how


def test_targets_of_the_profile_are_measured_to_date(county, signed_in, settings, tmp_path):
    settings.PROFILE = tmp_path
    (tmp_path / "targets.toml").write_text(
        f'[[target]]\nindicator = "good_day_ratio"\nyear = {county.hour.year}\nvalue = 50\n'
        f'[[target]]\nindicator = "pm2_5_mean"\nyear = {county.hour.year}\nvalue = 30\n'
    )
    page = text(signed_in("leader").get("/cockpit/year"))
    days = min(29, (county.hour.date() - county.hour.date().replace(month=1, day=1)).days)
    good = sum(1 for back in range(1, days + 1) if 60 + 3 * back <= 100)
    assert f"{good}/{days}" in page.replace(" ", "")
    mean = sum(20 + back for back in range(1, days + 1)) / days
    assert f"{mean:.1f}" in page


@pytest.mark.parametrize("address", ["/", "/cockpit/year", "/targets", "/wall"])
def test_a_target_of_water_stands_on_every_page_of_targets(
    county, signed_in, settings, tmp_path, address
):
    settings.PROFILE = tmp_path
    (tmp_path / "targets.toml").write_text(
        f'[[target]]\nindicator = "water_good_ratio"\nyear = {county.hour.year}\nvalue = 87.5\n'
    )
    page = text(signed_in("leader").get(address, follow=True))
    assert "优良（Ⅰ～Ⅲ类）断面比例" in page
    # The wall has no room for a target that nothing is measured against yet.
    assert "87.5" in page or address == "/wall"


def test_a_bureau_without_data_is_told_how_to_get_some(bureau, store, signed_in):
    client = signed_in("monitor")
    assert "收到空气站小时值后自动生成" in text(client.get("/"))
    assert "现在没有持续中的预警" in text(client.get("/alarms"))
    assert "请核对设备 MN" in text(client.get(f"/stations/{bureau.air[0].pk}?tab=raw"))
    assert "所选时段没有数据" in text(client.get(f"/stations/{bureau.air[0].pk}"))


def test_arrivals_count_what_was_due_and_never_more(county, signed_in, store):
    from ecoledger.web.monitoring import readings

    start = county.hour - timedelta(hours=5)
    declared = list(county.bureau.water.parameters.all())
    found = readings.arrivals(declared, start, county.hour)
    # Four-hourly values: one was due in five hours, one came.
    assert {(one.received, one.expected) for one in found} == {(1, 1)}
    minutes = list(county.bureau.flue_gas.parameters.filter(code="a21026"))
    [one] = readings.arrivals(
        minutes, county.hour - timedelta(hours=24), county.hour + timedelta(hours=1)
    )
    assert one.expected > one.received
    assert one.missing == one.expected - one.received


def test_a_station_draws_its_values_with_flags_and_limits(county, signed_in):
    client = signed_in("monitor")
    flagged = json.loads(
        client.get(f"/stations/{county.bureau.air[1].pk}/series.json?parameter=a34004").content
    )
    [line] = flagged["series"]
    assert line["name"] == "PM2.5"
    assert line["unit"] == "µg/m³"
    assert len(line["points"]) == 5
    source = json.loads(
        client.get(
            f"/stations/{county.bureau.flue_gas.pk}/series.json?scale=raw&parameter=a21026"
        ).content
    )
    assert source["limits"] == [{"name": "限值", "value": 50.0}]
    assert source["period"] == 60


def test_the_calendar_colours_each_day_by_its_level(county, signed_in):
    year = (county.hour - timedelta(days=1)).year
    content = json.loads(
        signed_in("monitor").get(f"/stations/{county.area.pk}/calendar.json?year={year}").content
    )
    yesterday = f"{county.hour.date() - timedelta(days=1)}"
    assert [yesterday, 63, "PM2.5"] == next(d[:3] for d in content["days"] if d[0] == yesterday)
    assert [piece["label"] for piece in content["pieces"]][:2] == ["优", "良"]


@pytest.mark.parametrize("tab", ["now", "calendar", "quality", "alarms", "raw"])
def test_each_tab_of_a_station_opens(county, signed_in, tab):
    assert county.bureau.air[0].name in text(
        signed_in("monitor").get(f"/stations/{county.bureau.air[0].pk}?tab={tab}")
    )


@pytest.mark.parametrize(
    "query",
    [
        "?begin=x&end=y",
        "?begin=2031-01-01&end=1999-01-01",
        "?scale=century",
        "?parameter=';--",
        "?tab=nothing",
    ],
)
def test_a_mistyped_address_shows_the_page_all_the_same(county, signed_in, query):
    assert (
        signed_in("monitor").get(f"/stations/{county.bureau.air[0].pk}{query}").status_code == 200
    )


def _layer(client, key: str, box: str = "") -> list[dict]:
    return json.loads(client.get(f"/map/{key}.geojson?box={box}").content)["features"]


def test_the_map_draws_each_layer_of_the_county_when_it_is_asked_for(county, signed_in):
    client = signed_in("leader")
    page = client.get("/map").content.decode()
    for key in ("area", "river", "air", "water", "enterprise", "alarm"):
        assert f'data-url="/map/{key}.geojson"' in page
        assert {f["properties"]["layer"] for f in _layer(client, key)} == {key}
    station = next(
        f["properties"] for f in _layer(client, "air") if f["properties"]["name"] == "3号空气站"
    )
    assert (station["value"], station["tone"], station["alarm"]) == ("71", "aqi-2", True)
    # A window elsewhere holds nothing; what is no window is the whole world; what is no layer is no page.
    assert _layer(client, "air", "10,10,11,11") == []
    assert _layer(client, "air", "so,what,is,this") == _layer(client, "air")
    assert client.get("/map/nothing.geojson").status_code == 404


def test_many_marks_in_a_window_are_gathered_square_by_square(bureau, signed_in):
    from ecoledger.entities.models import Enterprise
    from ecoledger.web.scenes import map_layers

    for n in range(map_layers.APART + 1):
        Enterprise.objects.create(
            code=f"M-{n}", name=f"厂{n}", area_code="990101001", lon=118.1 + (n % 2) / 10, lat=25.05
        )
    Enterprise.objects.create(
        code="M-A", name="独处厂", area_code="990101001", lon=118.99, lat=25.95
    )
    client = signed_in("leader")
    marks = [f["properties"] for f in _layer(client, "enterprise", "118,25,119,26")]
    assert sorted(m["count"] for m in marks if "count" in m)[-2:] == [250, 251]
    assert [m["name"] for m in marks if "count" not in m] == ["独处厂"]
    # Nearer, they are told apart.
    assert len(_layer(client, "enterprise", "118.15,25,118.25,26")) == 250


def test_alarms_are_found_by_state_level_and_words(county, signed_in):
    client = signed_in("monitor")
    # The gravest first, however long ago it was last heard of.
    Alarm.objects.filter(level="red").update(last=timezone.now() - timedelta(hours=9))
    page = text(client.get("/alarms"))
    places = [page.index(alarm.text) for alarm in county.alarms]  # red, yellow, blue
    assert places == sorted(places)
    Alarm.objects.filter(pk=county.alarms[2].pk).update(state="ended")
    page = text(client.get("/alarms?level=red"))
    assert county.alarms[0].text in page
    assert county.alarms[1].text not in page
    assert county.alarms[2].text in text(client.get("/alarms?state=ended"))
    assert county.alarms[1].text in text(client.get("/alarms?q=细颗粒物"))


def test_an_alarm_page_shows_value_limit_and_course(county, signed_in):
    client = signed_in("monitor")
    alarm = county.alarms[0]
    Alarm.objects.filter(pk=alarm.pk).update(
        value=95.9167,
        peak=288.625,
        times_over=3.81042,
        evidence={"values": [["2026-11-20T08:00:00", 95.9167], ["2026-11-20T09:00:00", 90.0]]},
    )
    page = text(client.get(f"/alarms/{alarm.pk}"))
    # Rounded as the factor is, not as a machine adds.
    assert not [long for long in ("95.9167", "288.625", "3.81042") if long in page]
    assert [short for short in ("95.9", "288.6", "3.81", "95.92") if short not in page] == []
    drawn = json.loads(client.get(f"/alarms/{county.alarms[0].pk}/series.json").content)
    assert drawn["limits"] == [{"name": "限值", "value": 50.0}]
    assert drawn["series"][0]["points"]


def test_a_converted_value_is_judged_by_its_limit_and_a_raw_one_is_not(county, signed_in, store):
    from ecoledger.live import times
    from ecoledger.web.monitoring import readings

    point = county.bureau.flue_gas
    start = times.now().replace(second=0, microsecond=0)

    def latest(value: float, converted: float | None, minutes: int) -> readings.Latest:
        store.append(
            None,
            {
                "point": [point.pk],
                "parameter": ["a21002"],
                "series": ["minute"],
                "seconds": [60],
                "start": [start + timedelta(minutes=minutes)],
                "value": [value],
                "converted": [converted],
                "flag": ["N"],
            },
        )
        [found] = [
            one for one in readings.latest_of([point])[point.pk] if one.parameter.code == "a21002"
        ]
        return found

    # The limit is 150 after conversion: 140 as measured may be over it, 200 within.
    assert latest(140.0, 180.0, 1).over
    assert not latest(200.0, 120.0, 2).over
    assert latest(200.0, None, 3).over is False
    assert latest(140.0, 180.0, 4).shown == 180.0
    assert "折算 180.0" in text(signed_in("monitor").get(f"/stations/{point.pk}"))


def test_an_alarm_shows_what_it_rests_on_and_none_of_the_detectors_notes(county, signed_in):
    alarm = county.alarms[0]
    alarm.rule.settings = {"clear_after": 3}
    alarm.rule.save()
    alarm.evidence = {
        "seconds": 3600,
        "first": "2026-11-20T08:00:00",
        "good": 1,
        "last_good": "2026-11-20T10:00:00",
        "calm_since": "2026-11-20T10:00:00",
        "values": [["2026-11-20T08:00:00", 61.0], ["2026-11-20T09:00:00", 64.25]],
    }
    alarm.save()
    page = text(signed_in("monitor").get(f"/alarms/{alarm.pk}"))
    assert "64.25" in page
    assert "2026-11-20 09:00" in page
    assert "已连续正常 1 次，满 3 次即恢复" in page
    assert not any(key in page for key in ("last_good", "calm_since", "2026-11-20T08:00:00"))


# -- doing something -----------------------------------------------------------------------------


def test_a_review_speaks_over_the_device_and_can_be_taken_back(county, signed_in, store):
    client, point = signed_in("monitor"), county.bureau.air[0]
    address = reverse("correct", args=[point.pk])
    given = county.reported | {
        "value": "12.5",
        "flag": "N",
        "reason": "仪器校准期间的值",
        "action": "set",
    }
    assert client.post(address, given).status_code == 302
    page = text(client.get(reverse("value", args=[point.pk]), county.reported))
    assert "仪器校准期间的值" in page
    assert "设备数据" in page  # the device's own value is still there
    spoken = store.read([point.pk], ["a34004"], "hour", columns=("start", "value", "layer"))
    newest = spoken.sort("start").row(-1, named=True)
    assert (newest["value"], newest["layer"]) == (12.5, Layer.REVIEW)
    entry = AuditEntry.objects.get(action="review_observation")
    assert entry.details["reason"] == "仪器校准期间的值"
    client.post(address, given | {"action": "withdraw", "reason": "改错了站"})
    spoken = store.read([point.pk], ["a34004"], "hour", columns=("start", "value", "layer"))
    assert spoken.sort("start").row(-1, named=True)["layer"] == Layer.DEVICE


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"reason": " "}, "请写明理由"),
        ({"value": "很高"}, "不是数值"),
        ({"flag": "!"}, "没有这个数据标记"),
    ],
)
def test_a_review_that_cannot_be_is_refused_with_the_remedy(county, signed_in, store, change, why):
    before = store.counts().observations
    given = county.reported | {"value": "12", "flag": "N", "reason": "理由"} | change
    answer = signed_in("monitor").post(
        reverse("correct", args=[county.bureau.air[0].pk]), given, follow=True
    )
    assert why in text(answer)
    assert store.counts().observations == before


def test_computed_values_are_not_reviewed_themselves(county, signed_in, store):
    given = county.reported | {"series": "computed-hour", "value": "1", "reason": "理由"}
    answer = signed_in("monitor").post(reverse("correct", args=[county.bureau.air[0].pk]), given)
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert said == ["只能审核设备上报的数据，计算结果会随之重算。"]
    layers = store.read([county.bureau.air[0].pk], columns=("layer",))["layer"]
    assert layers.max() == 0


def test_a_frame_shows_its_bytes_whatever_they_are(county, signed_in):
    page = text(signed_in("monitor").get(reverse("frame", args=[county.quarantined])))
    assert "FF FE" in page
    assert "在监测点上登记后重放" in page


def test_replaying_says_what_still_stands_in_the_way(county, signed_in):
    client = signed_in("monitor")
    answer = client.post(reverse("replay"), {"frame": [county.quarantined]}, follow=True)
    assert "仍不能入库" in text(answer)
    assert "没有选择报文" in text(client.post(reverse("replay"), follow=True))


def test_a_firm_files_and_ends_its_own_maintenance(county, signed_in):
    client = signed_in("enterprise")
    begin = timezone.localtime()
    given = {
        "entity": county.bureau.enterprise.pk,
        "kind": "shutdown",
        "begin": f"{begin:%Y-%m-%dT%H:%M}",
        "reason": "年度检修",
    }
    assert "已申报" in text(client.post(reverse("filing-new"), given, follow=True))
    filing = Filing.objects.get(reason="年度检修")
    assert filing.filed_by == county.person("enterprise")
    backwards = given | {"end": f"{begin - timedelta(hours=2):%Y-%m-%dT%H:%M}"}
    assert "结束时间应晚于开始时间" in text(client.post(reverse("filing-new"), backwards))
    client.post(reverse("filing-withdraw", args=[filing.pk]), {"action": "withdraw"})
    filing.refresh_from_db()
    assert filing.withdrawn_at is not None


def test_one_person_is_not_two_administrators(people, signed_in):
    client = signed_in("security_admin")
    given = {"username": "new", "name": "新人", "password": "A-long-password 9", "is_active": "on"}
    both = given | {"roles": ["system_admin", "audit_admin"]}
    assert "应由不同的人担任" in text(client.post(reverse("person-new"), both))
    client.post(
        reverse("person-new"), given | {"roles": ["grid"], "area_codes": "990101001，990101002"}
    )
    made = Person.objects.get(username="new")
    assert made.area_codes == ["990101001", "990101002"]
    assert made.check_password("A-long-password 9")
    assert made.must_change_password
    assert AuditEntry.objects.filter(action="add_person").exists()
    assert AuditEntry.objects.get(action="edit_person").details["after"]["roles"] == ["grid"]


def test_an_administrator_who_waits_is_marked_and_where_nobody_can_confirm_it_is_said_how(
    people, signed_in
):
    """By the one form that there is for people, wherever one comes from."""
    client = signed_in("security_admin")
    assert client.get("/b/person/new").headers["Location"] == reverse("person-new")
    listed = client.get("/b/person").content.decode()
    assert "[&#x27;" not in listed
    given = {
        "username": "new", "name": "新人", "password": "A-long-password 9", "is_active": "on",
        "roles": ["system_admin"], "area_codes": "990101001、990101002",
    }  # fmt: skip
    answer = text(client.post(reverse("person-new"), given, follow=True))
    assert "须由另一名管理员确认" in answer
    assert "ecoledger person create" not in answer
    assert "待确认" in answer
    made = Person.objects.get(username="new")
    shown = text(client.get(reverse("person", args=[made.pk])))
    assert "待另一名管理员确认" in shown
    assert "系统管理员" in shown
    Person.objects.filter(pk__in=[people["system_admin"].pk, people["audit_admin"].pk]).update(
        is_active=False
    )
    again = client.post(reverse("person-new"), given | {"username": "other"}, follow=True)
    assert "ecoledger person create" in text(again)


def test_an_empty_site_tells_its_first_people_what_comes_first(people, signed_in):
    """Who keeps people is told whom to enter first where nobody else is; who registers is led there from the home page."""
    assert reverse("beginning") in signed_in("monitor").get("/").content.decode()
    admin = signed_in("security_admin")
    assert "先登记一名监测人员" not in text(admin.get(reverse("beginning")))
    people_of_work = Person.objects.exclude(pk=people["security_admin"].pk)
    people_of_work.update(is_active=False)
    assert "先登记一名监测人员" in text(admin.get(reverse("beginning")))


def test_the_audit_trail_shows_when_it_was_tampered_with(people, signed_in):
    client = signed_in("audit_admin")
    Client().post("/sign-in", {"username": "monitor", "password": PASSWORD})
    assert "全部记录与校验值相符" in text(client.get("/audit?verify=1"))
    AuditEntry.objects.filter(action="sign_in").update(address="10.9.9.9")
    assert "与校验值不符" in text(client.get("/audit?verify=1"))


def upload(name: str, content: str):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, content.encode("gb18030"), "text/csv")


def test_a_file_is_shown_before_it_is_stored_and_can_be_taken_back(county, signed_in, store):
    client = signed_in("monitor")
    day = county.hour.date() - timedelta(days=400)
    table = (
        "点位,因子,时间,数值\n"
        f"W-1,氨氮,{day} 08:00,0.52\nW-1,总磷,{day} 08:00,0.02L\nW-9,氨氮,{day} 08:00,0.4\n"
    )
    before = store.counts().observations
    answer = client.post(reverse("import"), {"file": upload("手工.csv", table)}, follow=True)
    shown, key = text(answer), answer.context["key"]
    assert "W-9" in shown  # the row that cannot be, with its remedy
    assert store.counts().observations == before
    assert "已导入 2 行" in text(
        client.post(reverse("import-store", args=[key]), {"action": "store"}, follow=True)
    )
    found = store.read([county.bureau.water.pk], ["w21011"], "hour", columns=("start", "text"))
    assert "0.02L" in found["text"].to_list()
    from ecoledger.monitoring.models import ImportBatch

    batch = ImportBatch.objects.get()
    client.post(reverse("import-undo", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.undone_at is not None


def test_a_file_that_is_no_table_says_what_is_wanted(county, signed_in):
    client = signed_in("monitor")
    assert "没有找到表头" in text(
        client.post(reverse("import"), {"file": upload("信.csv", "您好\n")})
    )
    assert "请选择要导入的文件" in text(client.post(reverse("import")))
    # Nothing waits to be confirmed.
    assert client.get(reverse("import-preview", args=["0" * 32])).status_code == 404
    assert client.get(reverse("import-preview", args=[".."])).status_code == 404


def test_two_previews_are_confirmed_each_for_itself(county, signed_in, store):
    client = signed_in("monitor")
    day = county.hour.date() - timedelta(days=500)
    keys = []
    for value in ("0.11", "0.99"):
        table = f"点位,时间,氨氮\nW-1,{day} 08:00,{value}\n"
        answer = client.post(reverse("import"), {"file": upload("a.csv", table)}, follow=True)
        keys.append(answer.context["key"])
    client.post(reverse("import-store", args=[keys[0]]), {"action": "store"})
    found = store.read([county.bureau.water.pk], ["w21003"], "hour", columns=("start", "value"))
    assert 0.11 in found["value"].to_list()
    assert 0.99 not in found["value"].to_list()
    # The other is still there, and nobody else's.
    assert client.get(reverse("import-preview", args=[keys[1]])).status_code == 200
    assert client.get(reverse("import-preview", args=[keys[0]])).status_code == 404


def test_a_month_is_the_mean_of_its_valid_days(county, signed_in):
    drawn = json.loads(
        signed_in("monitor")
        .get(f"/stations/{county.area.pk}/series.json?scale=month&parameter=a34004&parameter=aqi")
        .content
    )
    # An index has no mean, so only the concentration is drawn.
    [line] = drawn["series"]
    days = [county.hour.date() - timedelta(days=back) for back in range(1, 30)]
    newest = max(days).replace(day=1)
    expected = [20 + n for n, day in enumerate(days, start=1) if day.replace(day=1) == newest]
    assert line["points"][-1][0].startswith(f"{newest}")
    assert line["points"][-1][1] == pytest.approx(sum(expected) / len(expected))


def test_the_map_opens_on_the_divisions_below_where_ones_own_is_known_by_its_centre(county):
    from ecoledger.accounts.models import Person
    from ecoledger.entities.models import Entity
    from ecoledger.web.scenes import map_layers

    leader = Person.objects.get(username="leader")
    areas = Entity.objects.filter(kind="area")
    city = min(areas, key=lambda area: len(area.area_code))
    areas.filter(pk=city.pk).update(west=122.6, east=122.6, south=33.2, north=33.2)
    towns = areas.exclude(pk=city.pk)
    towns.update(west=122.4, east=122.9, south=33.0, north=33.4)
    assert map_layers.extent(leader) == map_layers.Box(122.4, 33.0, 122.9, 33.4)


def test_a_list_shows_seven_columns_at_once_and_those_somebody_chose_all(people):
    from django.http import QueryDict

    from ecoledger.listings.catalogue import listing_of
    from ecoledger.web.listings.drawn import drawn

    book, leader = listing_of("problem"), Person.objects.get(username="leader")
    heads = drawn(book, leader, [], QueryDict()).heads
    assert len(heads) > 7
    assert [head.wide for head in heads] == [False] * 7 + [True] * (len(heads) - 7)
    last = heads[-1].column.name
    # What the list is ordered by is seen.
    assert not drawn(book, leader, [], QueryDict(f"sort={last}")).heads[-1].wide
    every = [column.name for column in book.open_columns(leader)]
    assert drawn(book, leader, [], QueryDict(), chosen=every).wide == 0
