"""Alarm rules and routing rules: seen with their precision, edited within bounds, on the trail."""

from __future__ import annotations

from datetime import timedelta

import lxml.html
import pytest
from django.urls import reverse
from django.utils import timezone

from ecoledger.accounts.models import AuditEntry, Organisation
from ecoledger.live import times
from ecoledger.monitoring.alarming import alarms
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.registers.alarms.alarm_case import AlarmCase, RoutingRule, open_from_alarm, routing
from ecoledger.web.monitoring import rule_spoken
from ecoledger.web.monitoring.rule_form import RuleForm
from ecoledger.web.monitoring.rule_settings import settings_of


@pytest.fixture
def rules(bureau) -> dict[str, AlarmRule]:
    return {rule.code: rule for rule in alarms.default_rules()}


def given(rule: AlarmRule, **changes) -> dict:
    """What the page's form would send back, with some of it changed."""
    form = RuleForm(rule)
    sent: dict = {"version": rule.version}
    for bound in form:
        value = bound.value()
        if value is not None and value is not False and value not in ("", []):
            sent[bound.html_name] = value
    for name, value in changes.items():
        if value is None:
            sent.pop(name, None)
        else:
            sent[name] = value
    return sent


# -- alarm rules ---------------------------------------------------------------------------------


def test_every_rule_of_the_product_goes_through_its_form_unchanged(rules, signed_in):
    client = signed_in("monitor")
    for rule in rules.values():
        answer = client.post(reverse("rule", args=[rule.pk]), given(rule), follow=True)
        assert "没有改动" in answer.content.decode(), rule.code
        before = (rule.version, rule.settings, rule.parameters)
        rule.refresh_from_db()
        assert (rule.version, rule.settings, rule.parameters) == before


def test_an_edit_makes_a_version_and_the_trail_keeps_what_was(rules, signed_in):
    rule = rules["air_neighbours"]
    sent = given(rule, set_share="0.5", set_least="PM2.5 = 40\nPM10：70", set_levels_red="2")
    answer = signed_in("monitor").post(reverse("rule", args=[rule.pk]), sent, follow=True)
    assert "第 2 版" in answer.content.decode()
    rule.refresh_from_db()
    assert rule.version == 2
    assert rule.settings["share"] == 0.5
    assert rule.settings["least"] == {"a34004": 40, "a34002": 70}
    assert rule.settings["levels"][-1] == [2, "red"]
    # What the form does not ask for stays.
    assert rule.settings["radius_km"] == 15
    entry = AuditEntry.objects.get(action="alarm rule edited")
    assert entry.details["before"]["settings"]["share"] == 0.4
    assert entry.person.username == "monitor"


@pytest.mark.parametrize(
    ("code", "changes", "why"),
    [
        ("air_neighbours", {"set_share": "0"}, "0.01"),
        ("air_neighbours", {"set_least": "PM2.5 = 高"}, "第 1 行：“高”不是数值"),
        ("air_neighbours", {"set_least": f"PM2.5 = {'9' * 400}"}, "9”不是数值"),
        ("air_neighbours", {"set_least": "PM2.5 = 35\n甲醛 = 3"}, "第 2 行：没有因子“甲醛”"),
        ("air_neighbours", {"set_least": "PM2.5 = 35\na34004 = 3"}, "写了两次"),
        ("air_neighbours", {"set_levels_orange": "0.4"}, "由蓝到红递增"),
        ("air_sudden_or_constant", {"set_hours": "1"}, "2"),
        ("water_sudden", {"set_needed": "100"}, "不能多于相比的小时数"),
        ("flue_gas_hour", {"set_basis": "month"}, "month"),
        ("air_missing", {"set_minutes": None}, "必填"),
        ("flue_gas_hour", {"parameters": ["w21003"]}, "w21003"),
        ("air_missing", {"set_intervals": "1.5"}, "整数"),
    ],
)
def test_numbers_out_of_bounds_are_refused_and_change_nothing(rules, signed_in, code, changes, why):
    rule = rules["air_constant" if code == "air_sudden_or_constant" else code]
    answer = signed_in("monitor").post(reverse("rule", args=[rule.pk]), given(rule, **changes))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "errorlist" in page
    assert why in page
    rule.refresh_from_db()
    assert rule.version == 1


def test_two_who_edit_at_once_do_not_overwrite_each_other(rules, signed_in):
    rule = rules["air_missing"]
    stale = given(rule, set_minutes="90")
    alarms.edit_rule(rule, None, enabled=False)
    page = signed_in("monitor").post(reverse("rule", args=[rule.pk]), stale).content.decode()
    assert "已被改为第 2 版" in page
    rule.refresh_from_db()
    assert rule.settings["minutes"] == 120


def test_a_rule_shows_how_often_it_was_right(county, rules, signed_in):
    verdicts = ["confirmed", "confirmed", "confirmed", "false", ""]
    rule = county.alarms[0].rule
    for number, verdict in enumerate(verdicts):
        alarm = county.alarms[0]
        alarm.pk, alarm.parameter, alarm.begin = None, f"p{number}", timezone.now()
        alarm.save()
        case = open_from_alarm(alarm)
        AlarmCase.objects.filter(pk=case.pk).update(verdict=verdict)
    page = signed_in("monitor").get(reverse("rules")).content.decode()
    assert "75.0%" in page
    assert "属实 3 · 误报 1 · 未核实 1" in page
    detail = signed_in("monitor").get(reverse("rule", args=[rule.pk])).content.decode()
    assert "3 ÷ 4" in detail
    month = timezone.localtime().strftime("%Y-%m")
    assert month in detail
    assert "逐月预警属实率" in detail
    # A system administrator edits rules and sees no cases, so no figures of them either.
    assert "75.0%" not in signed_in("system_admin").get(reverse("rules")).content.decode()


# -- routing rules -------------------------------------------------------------------------------


@pytest.fixture
def office(people) -> Organisation:
    return Organisation.objects.create(
        name="测试县城市管理局", kind="department", area_code="990101"
    )


def test_a_rule_is_added_edited_tried_and_deleted_and_each_is_on_the_trail(
    bureau, office, signed_in
):
    client = signed_in("dispatcher")
    sent = {"area_code": "990101001", "kind": "air", "opens_case": "on", "organisation": office.pk}
    client.post(reverse("routing-new"), sent)
    rule = RoutingRule.objects.get()
    assert routing("990101001", "air", "exceedance") == rule
    tried = client.get(reverse("routing") + "?area=990101001&kind=air&detector=missing")
    assert "测试县城市管理局" in tried.content.decode().split("试一试")[1]
    client.post(reverse("routing-rule", args=[rule.pk]), {"kind": "air", "detector": "constant"})
    rule.refresh_from_db()
    assert (rule.area_code, rule.opens_case, rule.organisation) == ("", False, None)
    assert (
        "只预警，不立件"
        in client.get(
            reverse("routing") + "?area=990101001&kind=air&detector=constant"
        ).content.decode()
    )
    client.post(reverse("routing-delete", args=[rule.pk]))
    assert not RoutingRule.objects.exists()
    done = AuditEntry.objects.filter(action__startswith="routing_rule").order_by("pk")
    assert [entry.action for entry in done] == [
        "routing_rule_added",
        "routing_rule_edited",
        "routing_rule_deleted",
    ]
    assert done[1].details["before"]["organisation"] == office.pk


def test_rules_that_cannot_work_are_refused_with_the_remedy(bureau, office, signed_in):
    client, people = signed_in("dispatcher"), bureau.people
    town = people["town"]

    def refused(**sent) -> str:
        answer = client.post(reverse("routing-new"), sent)
        assert answer.status_code == 200
        return answer.content.decode()

    assert "请选择责任单位" in refused(opens_case="on")
    assert "不立件就没有责任单位" in refused(organisation=office.pk)
    assert "不在所选的责任单位" in refused(opens_case="on", organisation=office.pk, person=town.pk)
    own = {"opens_case": "on", "organisation": town.organisation_id, "person": town.pk}
    assert "会看不到交办件" in refused(**own)
    assert not RoutingRule.objects.exists()
    client.post(reverse("routing-new"), own | {"area_code": "990101001"})
    assert RoutingRule.objects.count() == 1
    assert "条件相同" in refused(opens_case="on", organisation=office.pk, area_code="990101001")


def test_rules_of_another_county_are_not_touched(bureau, office, signed_in):
    theirs = RoutingRule.objects.create(area_code="880101", organisation=office)
    client = signed_in("dispatcher")
    assert client.get(reverse("routing-rule", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("routing-delete", args=[theirs.pk])).status_code == 404
    assert RoutingRule.objects.filter(pk=theirs.pk).exists()


def test_a_rule_is_tried_on_the_last_month_and_nothing_is_written(
    store, bureau, rules, signed_in, django_capture_on_commit_callbacks
):
    begin = times.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=30)
    values = [20.0 + n % 5 for n in range(24)] + [80.0, 90.0, 85.0]
    store.append(
        observations={
            "point": [bureau.flue_gas.pk] * len(values),
            "parameter": ["a21026"] * len(values),
            "start": [begin + timedelta(hours=n) for n in range(len(values))],
            "seconds": [3600] * len(values),
            "series": ["computed-hour"] * len(values),
            "value": values,
            "valid": [True] * len(values),
            "flag": ["N"] * len(values),
        }
    )
    before = Alarm.objects.count()
    address = reverse("rule", args=[rules["flue_gas_hour"].pk])
    assert "试运行近30天" in signed_in("monitor").get(address).content.decode()
    client = signed_in("monitor")
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("rule-trial", args=[rules["flue_gas_hour"].pk]))
    page = client.get(address).content.decode()
    assert "近 30 天本会触发 1 条（1 个监测点）" in page
    assert "超过限值（50 mg/m³）" in page
    assert Alarm.objects.count() == before


def test_a_rule_reads_as_a_sentence(county, signed_in):
    """Above its settings the page says what the rule does, with its terms in words."""
    rule = county.alarms[0].rule
    page = signed_in("monitor").get(f"/rules/{rule.pk}").content.decode()
    (said,) = lxml.html.fromstring(page).xpath("//p[@class='lead']/text()")
    assert said.startswith("废气排放")
    assert f"“{rule.get_detector_display()}”" in said
    assert said.endswith("。")


def test_every_number_of_a_rule_is_spoken(county):
    """No setting falls back to "name value": each has a clause that takes its kind of value."""
    for detector in AlarmRule.Detector.values:
        for setting in settings_of(detector):
            clause = rule_spoken.clause_of(detector, setting.name)
            wanted = {"ladder": "{level}", "table": "{list}", "choice": "{list}", "filings": "{list}",
                      "text": "{list}"}.get(setting.kind)  # fmt: skip
            assert clause, (detector, setting.name)
            assert (wanted or "{n}") in clause or (wanted is None and "{p}" in clause), clause


def test_a_rule_is_said_as_a_monitoring_clerk_would(db):
    def said(detector: str, settings: dict[str, object], kind: str = "flue_gas") -> list[str]:
        return rule_spoken.spoken(AlarmRule(detector=detector, kind=kind, settings=settings))

    exceedance = {"basis": "hour", "levels": [[0, "blue"], [0.5, "yellow"]], "clear_below": 0.95,
                  "clear_after": 2}  # fmt: skip
    assert said("exceedance", exceedance) == [
        "按小时均值判断", "一超过即为蓝色", "超标0.5倍起为黄色", "降到限值的95%以下才算正常", "连续正常2次后恢复",
    ]  # fmt: skip
    constant = {"hours": 6, "tolerance": 0, "floor": {"a21026": 15}, "escalate": [[3, "yellow"]]}
    assert said("constant", constant) == [
        "连续6小时不变", "最大与最小相差不超过0", "不高于SO2 15的不算", "累计3次升为黄色",
    ]  # fmt: skip
    assert said("consistency", {"factor": 2.5, "load": 0.2}) == [
        "浓度不到平时的2.5分之一", "负荷与平时相差不超过20%",
    ]  # fmt: skip
