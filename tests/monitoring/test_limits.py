"""Limits with dates: the day of the data chooses, a later permit leaves June as it was."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from hypothesis import given
from hypothesis import strategies as st
from tests.monitoring.test_alarms import SO2, put

from ecoledger.accounts.models import AuditEntry
from ecoledger.listings import importing
from ecoledger.listings.refusals import Refused
from ecoledger.live import times
from ecoledger.monitoring.alarming import alarms, limit_changes
from ecoledger.monitoring.computing import pending
from ecoledger.monitoring.limit_book import LIMITS
from ecoledger.monitoring.models import Alarm, Limit
from ecoledger.monitoring.points import limits, table

JUNE, JULY = date(2026, 6, 30), date(2026, 7, 1)
NOW = datetime(2026, 7, 3, 12)
DAY_ONE = date(2026, 1, 1)


@pytest.fixture
def county(store, bureau, monkeypatch):
    """The chimney's SO2 may be 50 mg/m³ to the end of June, and 35 from July."""
    alarms.default_rules()
    monkeypatch.setattr(times, "now", lambda: NOW)
    limit_changes.enter(
        bureau.monitor,
        Limit(
            entity=bureau.flue_gas.entity,
            parameter=SO2,
            value=Decimal(35),
            unit="mg/m³",
            basis="hour",
            standard="排污许可证",
            converted=True,
            since=JULY,
        ),
    )
    table.forget()
    return bureau


def raised() -> list[tuple[datetime, float]]:
    rows = Alarm.objects.filter(rule__detector="exceedance", parameter=SO2).order_by("begin")
    return [(times.naive(row.begin), row.limit) for row in rows]


def hour(store, point, value, at, **more):
    put(store, point, "a19001", [9.0], at, **more)
    put(store, point, SO2, [value], at, **more)
    pending.run_all(NOW)


# -- through the real path -------------------------------------------------------------------------


def test_each_hour_is_judged_by_the_limit_of_its_day(store, county):
    june, july = datetime(2026, 6, 30, 20), datetime(2026, 7, 2, 8)
    hour(store, county.flue_gas, 40, june)
    hour(store, county.flue_gas, 40, july)
    assert raised() == [(july, 35.0)]


def test_a_corrected_june_hour_is_judged_by_junes_limit(store, county):
    june = datetime(2026, 6, 30, 20)
    hour(store, county.flue_gas, 10, june)
    # Reviewed in July: above July's limit, below June's.
    put(store, county.flue_gas, SO2, [45], june, layer=3)
    pending.run_all(NOW)
    assert raised() == []
    put(store, county.flue_gas, SO2, [90], june, layer=3)
    pending.run_all(NOW)
    assert raised() == [(june, 50.0)]


def test_the_last_hour_of_june_and_the_first_of_july(store, county):
    hour(store, county.flue_gas, 40, datetime(2026, 6, 30, 23))
    hour(store, county.flue_gas, 40, datetime(2026, 7, 1, 0))
    assert raised() == [(datetime(2026, 7, 1), 35.0)]


def test_a_permit_that_came_late_judges_what_it_covers_again(
    store, county, django_capture_on_commit_callbacks
):
    july = datetime(2026, 7, 2, 8)
    hour(store, county.flue_gas, 30, july)
    assert raised() == []
    with django_capture_on_commit_callbacks(execute=True):
        limit_changes.enter(
            county.monitor,
            Limit(
                entity=county.flue_gas.entity, parameter=SO2, value=Decimal(20), unit="mg/m³",
                basis="hour", standard="新许可证", converted=True, since=date(2026, 7, 2),
            ),
        )  # fmt: skip
    assert raised() == [(july, 20.0)]


def test_the_points_own_limit_goes_before_its_outlets(store, county):
    Limit.objects.create(
        point=county.flue_gas, parameter=SO2, value=Decimal(500), unit="mg/m³", basis="hour"
    )
    hour(store, county.flue_gas, 40, datetime(2026, 7, 2, 8))
    assert raised() == []


def test_a_limit_in_another_unit_of_its_kind_is_converted(store, county):
    Limit.objects.filter(parameter=SO2).delete()
    Limit.objects.create(
        entity=county.flue_gas.entity, parameter=SO2, value=Decimal(35000), unit="µg/m³",
        basis="hour", converted=True,
    )  # fmt: skip
    hour(store, county.flue_gas, 40, datetime(2026, 7, 2, 8))
    assert raised() == [(datetime(2026, 7, 2, 8), 35.0)]


# -- which one holds -------------------------------------------------------------------------------

SPAN = st.tuples(
    st.none() | st.integers(0, 60),
    st.none() | st.integers(0, 60),
    st.integers(1, 99),
    st.booleans(),
).filter(lambda s: s[0] is None or s[1] is None or s[0] <= s[1])


def day_of(number: int | None) -> date | None:
    return None if number is None else DAY_ONE + timedelta(days=number)


@given(spans=st.lists(SPAN, max_size=6), asked=st.sets(st.integers(0, 60), min_size=1))
def test_the_limit_of_a_day_is_the_latest_that_covers_it_the_points_own_first(spans, asked):
    rows = [
        (1, SO2, "hour", float(value), None, "", False, day_of(since), day_of(until), own)
        for since, until, value, own in spans
    ]
    table_of = pl.DataFrame(rows, schema=limits.SCHEMA, orient="row")
    days = pl.DataFrame(
        {"point": 1, "parameter": SO2, "day": sorted(DAY_ONE + timedelta(days=n) for n in asked)}
    ).with_columns(pl.col("point").cast(pl.Int64))
    result = {
        row["day"]: row["limit"]
        for row in limits.on_days(table_of, days, "hour").iter_rows(named=True)
    }
    for number in asked:
        covering = [
            (own, -1 if since is None else since, value)
            for since, until, value, own in spans
            if (since is None or since <= number) and (until is None or number <= until)
        ]
        got = result.get(DAY_ONE + timedelta(days=number))
        if not covering:
            assert got is None
        else:
            best = max(key[:2] for key in covering)
            assert got in {float(value) for own, since, value in covering if (own, since) == best}
    assert limits.on_days(table_of, days, "day").is_empty()


def test_a_chart_gets_one_step_for_each_stretch(county):
    held = limits.PointLimits([county.flue_gas])
    steps = held.steps(county.flue_gas.pk, SO2, date(2026, 6, 1), date(2026, 8, 1), "hour", "mg/m³")
    assert [(s.first, s.last, s.value) for s in steps] == [
        (date(2026, 6, 1), JUNE, 50.0),
        (JULY, date(2026, 7, 31), 35.0),
    ]
    assert held.at(county.flue_gas.pk, SO2, JUNE).value == 50
    assert held.at(county.flue_gas.pk, "a00000", JUNE) is None


# -- entering --------------------------------------------------------------------------------------


def test_a_new_limit_ends_the_one_before_and_both_are_on_the_trail(county):
    rows = Limit.objects.filter(parameter=SO2).order_by("value")
    assert [(row.value, row.since, row.until) for row in rows] == [
        (35, JULY, None),
        (50, None, JUNE),
    ]
    entry = AuditEntry.objects.get(action="limit entered")
    assert (entry.details["after"]["value"], entry.details["after"]["since"]) == (
        "35",
        "2026-07-01",
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"since": date(2026, 5, 1), "until": date(2026, 6, 1)}, "已有限值"),
        ({"since": date(2026, 8, 1), "unit": "kW"}, "不能换算"),
        ({"since": date(2026, 8, 1), "value": None}, "请填写限值"),
        ({"since": date(2026, 8, 1), "lower": Decimal(40)}, "下限应小于限值"),
        ({"since": date(2026, 8, 1), "basis": ""}, "按小时或按日"),
        ({"since": date(2026, 8, 1), "parameter": "a999"}, "没有因子编码"),
        ({"since": date(2026, 8, 1), "until": date(2026, 7, 31)}, "止期"),
    ],
)
def test_what_cannot_be_judged_by_is_refused(county, changes, why):
    values = {
        "entity": county.flue_gas.entity, "parameter": SO2, "value": Decimal(20), "unit": "mg/m³",
        "basis": "hour",
    } | changes  # fmt: skip
    with pytest.raises(ValidationError, match=why):
        limit_changes.enter(county.monitor, Limit(**values))
    assert Limit.objects.filter(parameter=SO2).count() == 2


def test_only_who_keeps_the_registry_enters_limits(county):
    limit = Limit(
        entity=county.flue_gas.entity, parameter="a34013", value=Decimal(5), basis="hour",
        since=date(2026, 8, 1),
    )  # fmt: skip
    with pytest.raises(PermissionDenied):
        limit_changes.enter(county.officer, limit)
    limit_changes.enter(county.approver, limit)
    assert limit.unit == "mg/m³"


def test_a_correction_changes_the_limit_on_record_and_a_dated_change_adds_one(county):
    point, gas = county.flue_gas, county.flue_gas.entity
    wanted = Limit(value=Decimal(30), unit="mg/m³", basis="hour", standard="许可证", converted=True)
    limit_changes.keep(county.monitor, point, SO2, wanted)
    assert sorted(gas.limits.filter(parameter=SO2).values_list("value", flat=True)) == [30, 50]
    again = Limit(value=Decimal(30), unit="mg/m³", basis="hour", standard="许可证", converted=True)
    before = AuditEntry.objects.count()
    limit_changes.keep(county.monitor, point, SO2, again)
    assert AuditEntry.objects.count() == before, "nothing changed, nothing on the trail"
    later = Limit(
        value=Decimal(25), unit="mg/m³", basis="hour", converted=True, since=date(2026, 8, 1)
    )
    limit_changes.keep(county.monitor, point, SO2, later)
    assert sorted(gas.limits.filter(parameter=SO2).values_list("value", flat=True)) == [25, 30, 50]
    limit_changes.keep(county.monitor, point, SO2, None)
    assert sorted(gas.limits.filter(parameter=SO2).values_list("value", flat=True)) == [30, 50]


def test_the_book_of_limits_takes_permits_as_they_are_written(county):
    values = {
        "entity": county.flue_gas.entity, "parameter": "烟尘", "value": Decimal(10), "unit": "mg/m³",
        "basis": "hour", "since": date(2026, 9, 1),
    }  # fmt: skip
    limit = LIMITS.open_row(values, county.approver, times.aware(NOW))
    assert (limit.parameter, limit.standard) == ("a34013", "")
    shown = LIMITS.visible_to(county.approver)
    assert {str(row) for row in shown.filter(parameter="a34013")} == {
        "颗粒物 10 mg/m³", "颗粒物 20 mg/m³",
    }  # fmt: skip
    with pytest.raises(Refused, match="已有限值"):
        LIMITS.open_row(values | {"since": date(2026, 8, 1)}, county.approver, times.aware(NOW))


@pytest.mark.parametrize(
    ("written", "bounds"),
    [("6-9", (9, 6)), ("6～9", (9, 6)), ("≤0.5", (Decimal("0.5"), None)), ("30", (30, None))],
)
def test_both_bounds_of_a_limit_are_written_as_one(county, written, bounds):
    table = f"排放口,污染物,限值,单位,判定依据,起\n{county.flue_gas.entity.code},二氧化硫,{written},mg/m³,小时均值,2026-09-01\n"
    batch = importing.preview(LIMITS, "限值.csv", table.encode(), by=None)
    (row,) = batch.rows.all()
    assert not row.wrong, row.reason
    said = (row.values["value"], row.values.get("lower") or None)
    assert tuple(text and Decimal(text) for text in said) == bounds


def test_limits_are_found_by_firm_outlet_and_the_factor_s_name(county, client):
    outlet = county.flue_gas.entity
    client.force_login(county.approver)
    page = client.get("/b/limit").content.decode()
    assert '<span class="form-check-label">颗粒物</span>' in page
    for asked, there in (
        (f"enterprise={outlet.parent.code}&parameter=a34013", True),
        (f"entity={outlet.code}", True),
        (f"enterprise={outlet.parent.code}&parameter=a21024", False),
        ("enterprise=0", False),
    ):
        listed = client.get(f"/b/limit?{asked}").content.decode()
        assert ('<td data-label="因子"' in listed) is there, asked
