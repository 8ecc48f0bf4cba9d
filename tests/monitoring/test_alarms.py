"""Alarms through the real store: raised, repeated, silenced, ended, told."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from ecoledger.accounts.models import AuditEntry
from ecoledger.live import events, times
from ecoledger.monitoring.alarming import alarms, filings
from ecoledger.monitoring.alarming.detectors import findings
from ecoledger.monitoring.alarming.ledgers import DatabaseLedger
from ecoledger.monitoring.computing import pending
from ecoledger.monitoring.models import Alarm, AlarmRule, Limit, Point
from ecoledger.monitoring.points import table

NOW = datetime(2026, 5, 2, 12)
pytestmark = pytest.mark.django_db


@pytest.fixture
def county(store, bureau, monkeypatch):
    alarms.default_rules()
    table.forget()
    monkeypatch.setattr(times, "now", lambda: NOW)
    return bureau


def put(store, point, parameter, values, begin, *, series="hour", step=3600, flag="N", **columns):
    """One value a step from ``begin``; None leaves a gap."""
    rows = [(begin + timedelta(seconds=step * n), v) for n, v in enumerate(values) if v is not None]
    store.append(
        observations={
            "point": [point.pk] * len(rows),
            "parameter": [parameter] * len(rows),
            "start": [start for start, _ in rows],
            "seconds": [step] * len(rows),
            "series": [series] * len(rows),
            "value": [float(v) for _, v in rows],
            "flag": [flag] * len(rows),
            **{name: [value] * len(rows) for name, value in columns.items()},
        }
    )


def of(detector, **where):
    return list(Alarm.objects.filter(rule__detector=detector, **where).order_by("begin"))


SO2 = "a21026"


def emit(store, point, values, begin=datetime(2026, 5, 2, 6)):
    """Hours of SO2 with oxygen at the reference, so that conversion changes nothing."""
    put(store, point, "a19001", [9.0 + 0.01 * n for n in range(len(values))], begin)
    put(store, point, SO2, values, begin)
    pending.run_all(NOW)


def test_an_exceedance_is_one_alarm_with_value_limit_times_duration_count_and_level(store, county):
    emit(store, county.flue_gas, [40, 75, 90, 120])
    (alarm,) = of("exceedance", parameter=SO2)
    assert (alarm.state, alarm.occurrences, alarm.level) == ("open", 3, "orange")
    assert times.naive(alarm.begin) == datetime(2026, 5, 2, 7)
    assert alarm.times_over == pytest.approx(120 * 12 / (21 - 9.03) / 50 - 1)
    assert alarm.text == (
        "锅炉烟囱SO2小时均值为120.301 mg/m³，超过限值（50 mg/m³）1.41倍，持续3小时，"
        "近30日累计超标3小时，橙色预警"
    )


def test_working_the_same_hours_again_changes_nothing(store, county):
    emit(store, county.flue_gas, [75, 90])
    before = list(Alarm.objects.values())
    alarms.reevaluate([county.flue_gas.pk], datetime(2026, 5, 2), NOW, store, table.current())
    assert list(Alarm.objects.values()) == before


def test_it_ends_after_two_good_hours_and_not_in_between_the_two_thresholds(store, county):
    emit(store, county.flue_gas, [75, 40, 49])
    (alarm,) = of("exceedance", parameter=SO2)
    assert alarm.state == "open"
    emit(store, county.flue_gas, [40], datetime(2026, 5, 2, 9))
    (alarm,) = of("exceedance", parameter=SO2)
    assert alarm.state == "ended"
    assert times.naive(alarm.end) == datetime(2026, 5, 2, 7)


def test_another_stretch_within_a_day_is_the_same_trouble(store, county):
    emit(store, county.flue_gas, [75, 40, 40, 80])
    first, second = of("exceedance", parameter=SO2)
    assert (first.state, second.state) == ("ended", "merged")
    assert (second.merged_into, second.why) == (first, "同一事件再次出现")


def test_another_stretch_days_later_is_another_alarm_that_counts_the_first(store, county):
    emit(store, county.flue_gas, [75, 40, 40], datetime(2026, 4, 30, 20))
    emit(store, county.flue_gas, [80], datetime(2026, 5, 2, 6))
    first, second = of("exceedance", parameter=SO2)
    assert (first.state, second.state) == ("ended", "open")
    assert second.count_30d == 2


def test_an_alarm_whose_only_value_is_corrected_ends_and_says_so(store, county):
    emit(store, county.flue_gas, [75])
    put(store, county.flue_gas, SO2, [75], datetime(2026, 5, 2, 6), flag="D", layer=3)
    pending.run_all(NOW)
    (alarm,) = of("exceedance", parameter=SO2)
    assert alarm.state == "ended"
    assert alarm.text.endswith("（数据已更正或判为无效）")


def test_wastewater_is_judged_by_the_day(store, county):
    begin = datetime(2026, 5, 1)
    put(store, county.wastewater, "w00000", [2.0] * 24, begin)
    put(store, county.wastewater, "w01018", [90] * 12 + [130] * 12, begin)
    pending.run_all(NOW)
    (alarm,) = of("exceedance")
    assert alarm.rule.code == "wastewater_day"
    assert alarm.value == pytest.approx(110)
    assert (
        "日均值为110 mg/L，超过限值（100 mg/L）0.1倍，持续24小时，近30日累计超标1日" in alarm.text
    )


@pytest.mark.parametrize(("hours", "state"), [(0.1, "open"), (11, "open"), (12, "silenced")])
def test_a_filing_excuses_a_day_of_which_it_covers_half(store, county, hours, state):
    begin = datetime(2026, 5, 1)
    filings.file(
        county.monitor, county.wastewater.entity, kind="maintenance", reason="清洗",
        begin=times.aware(begin), end=times.aware(begin + timedelta(hours=hours)),
    )  # fmt: skip
    put(store, county.wastewater, "w00000", [2.0] * 24, begin)
    put(store, county.wastewater, "w01018", [130] * 24, begin)
    pending.run_all(NOW)
    assert [a.state for a in of("exceedance")] == [state]


def test_air_is_judged_by_the_edition_of_its_date(store, county, monkeypatch):
    for day, expected in ((datetime(2026, 2, 20), 0), (datetime(2026, 3, 20), 1)):
        monkeypatch.setattr(times, "now", lambda day=day: day + timedelta(days=1, hours=1))
        put(store, county.air[0], "a34004", [70 + n % 3 for n in range(24)], day)
        pending.run_all(day + timedelta(days=1, hours=1))
        begun = times.aware(day)
        found = [a for a in of("exceedance", parameter="a34004") if a.begin >= begun]
        assert len(found) == expected
    assert found[0].limit == 60


def test_surface_water_is_judged_by_the_sections_target_class(store, county):
    put(store, county.water, "w21003", [0.9, 1.5], datetime(2026, 5, 2, 4), step=14400)
    put(store, county.water, "w01009", [6.1, 4.2], datetime(2026, 5, 2, 4), step=14400)
    pending.run_all(NOW)
    found = {a.parameter: (a.limit, a.value) for a in of("exceedance")}
    assert found == {"w21003": (1.0, 1.5), "w01009": (5.0, 4.2)}


def test_a_filed_shutdown_silences_and_its_early_end_looks_again(
    store, county, django_capture_on_commit_callbacks
):
    filing = filings.file(
        county.monitor, county.flue_gas.entity, kind="maintenance",
        begin=times.aware(datetime(2026, 5, 2, 5)), end=times.aware(datetime(2026, 5, 2, 12)),
        reason="更换探头",
    )  # fmt: skip
    told = []
    alarms.on_raised.append(told.append)
    try:
        emit(store, county.flue_gas, [75, 90, 80])
        (alarm,) = of("exceedance", parameter=SO2)
        assert (alarm.state, alarm.filing, alarm.occurrences, told) == ("silenced", filing, 3, [])
        with django_capture_on_commit_callbacks(execute=True):
            filings.finish(county.monitor, filing, times.aware(datetime(2026, 5, 2, 7)))
        silenced, raised = of("exceedance", parameter=SO2)
        assert silenced.state == "silenced"
        assert (raised.state, times.naive(raised.begin)) == ("open", datetime(2026, 5, 2, 7))
        assert told == [raised]
    finally:
        alarms.on_raised.remove(told.append)
    actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert sorted(actions) == ["filing ended", "filing made"]


def test_a_withdrawn_filing_turns_silence_into_alarms(
    store, county, django_capture_on_commit_callbacks
):
    filing = filings.file(
        county.people["enterprise"],
        county.enterprise, kind="shutdown", begin=times.aware(datetime(2026, 5, 2, 5)),
        end=None, reason="停产检修",
    )  # fmt: skip
    filings.decide(county.monitor, filing, agreed=True)  # it was filed after it began
    emit(store, county.flue_gas, [75])
    assert [a.state for a in of("exceedance", parameter=SO2)] == ["silenced"]
    with django_capture_on_commit_callbacks(execute=True):
        filings.withdraw(county.people["enterprise"], filing, reason="误报")
    assert [a.state for a in of("exceedance", parameter=SO2)] == ["open"]


def test_who_may_file_and_what_a_filing_needs(county):
    begin = times.aware(NOW)
    with pytest.raises(PermissionDenied):
        filings.file(
            county.grid, county.enterprise, kind="shutdown", begin=begin, end=None, reason="x"
        )
    with pytest.raises(PermissionDenied):
        filings.file(
            county.people["enterprise"], county.water.entity, kind="shutdown", begin=begin, end=None,
            reason="x",
        )  # fmt: skip
    with pytest.raises(ValidationError) as refused:
        filings.file(
            county.monitor, county.enterprise, kind="holiday", begin=begin,
            end=begin - timedelta(hours=1), reason=" ",
        )  # fmt: skip
    assert set(refused.value.message_dict) == {"kind", "end", "reason"}


def test_missing_data_of_one_parameter_and_of_a_whole_point(store, county):
    known = table.current()
    for code in ("a34004", "a34002", "a21026", "a21004", "a21005"):
        put(store, county.air[0], code, [30], datetime(2026, 5, 2, 11))
    put(store, county.air[0], "a05024", [30], datetime(2026, 5, 2, 6))
    for station in county.air[1:]:
        put(store, station, "a34004", [30], datetime(2026, 5, 2, 5))
    alarms.sweep_missing(store, known, NOW)
    air = {(a.point_id, a.parameter) for a in of("missing", rule__kind="air")}
    assert air == {
        (county.air[0].pk, "a05024"),
        *((station.pk, "") for station in county.air[1:]),
    }
    alarm = Alarm.objects.get(point=county.air[1], rule__detector="missing")
    assert alarm.text == (
        "2号空气站全部数据缺失，自5月2日06:00起无数据，持续6小时，近30日第1次，蓝色预警"
    )


def test_missing_data_clear_themselves_and_grow_without_new_alarms(store, county):
    known = table.current()
    put(store, county.water, "w21003", [0.5], datetime(2026, 5, 1, 0))
    alarms.sweep_missing(store, known, NOW)
    alarms.sweep_missing(store, known, NOW + timedelta(hours=20))
    (alarm,) = of("missing", point=county.water)
    assert (alarm.occurrences, alarm.level) == (1, "orange")
    for code in ("w01001", "w01009", "w01019", "w21003", "w21011"):
        put(store, county.water, code, [6.5], datetime(2026, 5, 3, 4))
    alarms.sweep_missing(store, known, NOW + timedelta(hours=20, minutes=1))
    (alarm,) = of("missing", point=county.water)
    assert alarm.state == "ended"


def test_silence_while_nobody_listened_is_no_devices_fault(store, county):
    known = table.current()
    put(store, county.water, "w21003", [0.5], datetime(2026, 5, 1, 0))
    back = NOW + timedelta(hours=30)

    def sweep(after):
        alarms.sweep_missing(store, known, back + timedelta(hours=after), listening_since=back)
        return of("missing", point=county.water)

    # Due every four hours: eight hours of silence are allowed, counted from when the server was back.
    assert sweep(0.1) == []
    assert sweep(7.9) == []
    (alarm,) = sweep(8.1)
    assert (alarm.parameter, alarm.state, alarm.level) == ("", "open", "blue")
    assert times.naive(alarm.begin) == back


def test_a_restart_neither_ends_nor_doubles_the_alarm_of_a_silent_device(store, county):
    known = table.current()
    put(store, county.water, "w21003", [0.5], datetime(2026, 5, 1, 0))
    alarms.sweep_missing(store, known, NOW)
    (before,) = of("missing", point=county.water)
    back = NOW + timedelta(hours=10)
    for minutes in (1, 600):
        alarms.sweep_missing(store, known, back + timedelta(minutes=minutes), listening_since=back)
    (after,) = of("missing", point=county.water)
    assert (after.pk, after.state, after.begin) == (before.pk, "open", before.begin)


def test_the_text_tells_the_last_value_and_the_worst_of_the_stretch(store, county):
    emit(store, county.flue_gas, [120, 60])
    (alarm,) = of("exceedance", parameter=SO2)
    assert "超过限值（50 mg/m³）0.2倍（期间最大1.4倍），持续2小时" in alarm.text


def test_a_code_and_a_symbol_do_not_run_together(store, county):
    Point.objects.filter(pk=county.flue_gas.pk).update(name="热电厂DA001")
    table.forget()
    emit(store, county.flue_gas, [75])
    (alarm,) = of("exceedance", parameter=SO2)
    assert alarm.text.startswith("热电厂DA001的SO2小时均值为75 mg/m³，超过限值（50 mg/m³）0.5倍，")


def test_below_a_lower_limit_no_multiple_is_told(store, county):
    put(store, county.water, "w01009", [4.2], datetime(2026, 5, 2, 4), step=14400)
    pending.run_all(NOW)
    (alarm,) = of("exceedance", parameter="w01009")
    assert alarm.text == (
        "清溪桥水站溶解氧监测值为4.2 mg/L，低于限值（5 mg/L），持续1小时，近30日累计超标1次，蓝色预警"
    )


def test_the_index_is_told_without_times_over(store, county):
    values = {"a34004": 200, "a34002": 60, "a21026": 6, "a21004": 31, "a21005": 0.8, "a05024": 44}
    for code, value in values.items():
        put(store, county.air[0], code, [value], datetime(2026, 5, 2, 9))
    pending.run_all(NOW)
    (alarm,) = of("exceedance", parameter="aqi")
    assert "AQI为250，超过预警值（150），持续1小时" in alarm.text


def test_a_constant_value_and_a_sudden_change_in_words(store, county):
    begin = datetime(2026, 5, 1, 4)
    calm = [20 + n % 5 for n in range(24)]
    put(store, county.flue_gas, "a34013", [*calm, 90, 91, 92], begin)
    put(store, county.flue_gas, SO2, [33.0] * 8, begin)
    pending.run_all(NOW)
    (jump,) = of("sudden")
    assert jump.text == (
        "锅炉烟囱颗粒物由前24小时中位值22 mg/m³突变为92 mg/m³，持续1小时，近30日第1次，蓝色预警"
    )
    stuck = of("constant", parameter=SO2)[0]
    assert stuck.text == "锅炉烟囱SO2恒为33 mg/m³，持续8小时无变化，近30日第1次，黄色预警"


def test_stations_that_stand_at_once_are_one_alarm_that_names_them_all(store, county):
    for n, station in enumerate(county.air[:3]):
        put(store, station, "a05024", [80.0 + n] * 12, datetime(2026, 5, 1, 20 + n))
    pending.run_all(NOW)
    (alarm,) = of("constant", state="open")
    one, two, three = (station.name for station in county.air[:3])
    assert alarm.text == (
        f"{one}O3恒为80 µg/m³，持续12小时无变化，近30日第1次，黄色预警"
        f"；同一时段同样不变的还有{two}、{three}（共3个点位）"
    )
    assert len(of("constant", state="merged")) == 2


def test_a_hook_that_fails_costs_neither_the_alarm_nor_the_next_hook(store, county):
    told = []

    def broken(alarm):
        raise RuntimeError("no")

    alarms.on_raised[:0] = [broken, told.append]
    try:
        emit(store, county.flue_gas, [75])
    finally:
        del alarms.on_raised[:2]
    assert told == of("exceedance", parameter=SO2)


async def test_a_raised_alarm_is_published(store):
    with events.subscribe(["alarm"]) as heard:
        events.publish("alarm", {"event": "raised"})
        assert (await anext(heard)).payload["event"] == "raised"


def test_production_without_treatment(store, county):
    begin = datetime(2026, 5, 2, 8)
    put(store, county.production, "dPower", [80] * 6, begin, series="minute", step=900)
    put(store, county.treatment, "dPower", [12, 0, 0, 0, 12, 12], begin, series="minute", step=900)
    pending.run_all(NOW)
    (alarm,) = of("no_treatment")
    assert (alarm.point, alarm.state, alarm.level) == (county.treatment, "ended", "orange")
    assert (
        "：生产设施功率80 kW，治污设施未运行（功率0 kW，运行阈值5 kW），持续30分钟，近30日第1次，"
        "橙色预警" in alarm.text
    )
    assert times.naive(alarm.end) == begin + timedelta(hours=1)


def test_a_rule_edited_is_a_new_version_and_stays_when_defaults_are_loaded(county):
    rule = AlarmRule.objects.get(code="air_neighbours")
    alarms.edit_rule(rule, county.monitor, enabled=False)
    assert alarms.default_rules() == []
    rule.refresh_from_db()
    assert (rule.enabled, rule.version) == (False, 2)
    with pytest.raises(ValueError, match="detector"):
        alarms.edit_rule(rule, county.monitor, detector="constant")


def test_a_limit_of_the_rule_goes_before_that_of_the_point(store, county):
    rule = AlarmRule.objects.get(code="flue_gas_hour")
    alarms.edit_rule(rule, county.monitor, settings={**rule.settings, "limits": {SO2: 100}})
    emit(store, county.flue_gas, [75])
    assert of("exceedance", parameter=SO2) == []
    assert Limit.objects.get(entity=county.flue_gas.entity, parameter=SO2).value == Decimal(50)


def test_an_hour_still_running_is_not_judged_and_a_finished_one_with_gaps_is(store, county):
    begin = datetime(2026, 5, 2, 11)
    for code, value in (("a19001", 9.0), (SO2, 75)):
        put(store, county.flue_gas, code, [value] * 50, begin, series="minute", step=60)
    pending.run_all(datetime(2026, 5, 2, 11, 50))
    assert of("exceedance", parameter=SO2) == []
    put(store, county.flue_gas, SO2, [76], begin + timedelta(minutes=50), series="minute", step=60)
    pending.run_all(datetime(2026, 5, 2, 12, 1))
    assert len(of("exceedance", parameter=SO2)) == 1


def test_a_day_is_judged_when_it_is_over_though_its_last_hours_never_came(store, county):
    begin = datetime(2026, 5, 2)
    put(store, county.wastewater, "w01018", [130] * 20, begin)
    pending.run_all(datetime(2026, 5, 2, 21))
    assert of("exceedance", rule__code="wastewater_day") == []
    pending.close_day(begin)
    assert len(of("exceedance", rule__code="wastewater_day")) == 1


def test_a_station_above_its_neighbours_raises_one_alarm(store, county):
    begin = datetime(2026, 5, 2, 6)
    for station, values in zip(
        county.air, ([60] * 5, [60, 90, 92, 94, 96], [60] * 5, [58] * 5), strict=True
    ):
        put(store, station, "a34004", [v + n % 2 for n, v in enumerate(values)], begin)
    pending.run_all(NOW)
    (alarm,) = of("neighbours")
    assert alarm.point == county.air[1]
    assert times.naive(alarm.begin) == datetime(2026, 5, 2, 7)
    assert alarm.text == (
        "2号空气站PM2.5小时均值为96 µg/m³，高于周边3个站点中位值（60 µg/m³）60%，持续4小时，"
        "近30日第1次，黄色预警"
    )


@pytest.mark.parametrize(("later", "since"), [(4, 0), (16, 16)])
def test_what_says_more_begins_where_the_first_did_unless_that_was_long_over(county, later, since):
    """A flat series that is found to exceed its limit: at once, or half a day after it moved again."""
    begin = datetime(2026, 5, 1, 6)
    smooth, over = (AlarmRule.objects.get(code=f"flue_gas_{code}") for code in ("flat", "hour"))
    smooth.settings |= {"hours": 1}

    def found(state, hours):
        start = begin + timedelta(hours=hours)
        one = {"point": county.flue_gas.pk, "parameter": SO2, "start": start, "seconds": 3600}
        return findings(pl.DataFrame([one | {"state": state, "value": 80.0}]))

    ledger = DatabaseLedger([smooth, over], lambda alarm, what: None)
    calm = pl.concat([found("bad", 0), found("good", 1), found("good", 2)])
    alarms.apply([(smooth, calm), (over, found("bad", later))], table.current(), ledger)
    (alarm,) = of("exceedance")
    assert of("flat")[0].merged_into == alarm
    assert times.naive(alarm.begin) == begin + timedelta(hours=since)
