"""Daily values as the evaluation leaves them in the store, for tests of figures, bulletins and pages."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import polars as pl
from django.utils import timezone
from tests import spare_store

from ecoledger.monitoring.computing import evaluate, standard_values
from ecoledger.monitoring.points import parameters
from ecoledger.standards import air_limits, aqi

CLEAN = {"so2": 6.0, "no2": 20.0, "pm10": 40.0, "pm2_5": 20.0, "co": 0.6, "o3": 60.0}


def put_air(store, point, days: dict[date, dict[str, float | None]]) -> None:
    """Daily means of a station or area and the index that each day's own edition gives them."""
    table = pl.DataFrame(
        [{"day": day, **CLEAN, **values} for day, values in days.items()],
        schema={"day": pl.Date, **dict.fromkeys(air_limits.FACTORS, pl.Float64)},
    )
    judged = aqi.daily_table(table)
    codes = {key: code for code, key in standard_values.air_codes().items()}
    rows = []
    for row in judged.iter_rows(named=True):
        for key, code in codes.items():
            rows.append(_row(point, code, row["day"], row[key]))
        text = row["primary"] or ""
        for key, name in (("pm2_5", "PM2.5"), ("pm10", "PM10"), ("so2", "SO2"), ("no2", "NO2"),
                          ("co", "CO"), ("o3", "O3")):  # fmt: skip
            text = text.replace(key, name)
        rows.append(
            _row(point, evaluate.AQI, row["day"], row["aqi"], text=text, standard=row["standard"])
        )
    _append(store, rows)


def put_water(store, point, days: dict[date, dict[str, float]]) -> None:
    """Valid daily means of a water station by the standard's keys."""
    codes = {p.key: p.code for p in parameters.of_kind("water") if p.key}
    _append(
        store,
        [
            _row(point, codes[key], day, value)
            for day, values in days.items()
            for key, value in values.items()
        ],
    )


def span(first: date, number: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(number)]


def _row(point, code: str, day: date, value: float | None, **more) -> dict:
    return {
        "point": point.pk,
        "parameter": code,
        "start": datetime.combine(day, time()),
        "seconds": 86400,
        "series": "computed-day",
        "value": None if value is None else float(value),
        "valid": value is not None,
        "flag": "N",
        "text": None,
        "standard": None,
    } | more


def _append(store, rows: list[dict]) -> None:
    schema = {"value": pl.Float64, "text": pl.String, "standard": pl.String}
    store.append(observations=pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None))


def measured_in(bureau) -> object:
    """What :func:`october` enters into the store: the same for points of the same numbers."""
    county = evaluate.area_point(bureau.county.code)
    return "october", [point.pk for point in (county, *bureau.air, bureau.water)]


def _measure(store, bureau, county) -> None:
    first, before = date(2026, 10, 1), date(2025, 10, 1)
    bad = {4: 90.0, 5: 90.0, 6: 90.0, 7: 90.0, 8: 90.0, 9: 200.0}
    month: dict[date, dict] = {d: {"pm2_5": bad.get(d.day, 20.0)} for d in span(first, 31)}
    month[date(2026, 10, 31)] = {"pm10": None}
    # 70 µg/m³ was a good day by the standard of 2012.
    put_air(store, county, month | {d: {"pm2_5": 70.0} for d in span(before, 31)})
    for number, point in enumerate(bureau.air):
        days = span(first, 10 if number == 2 else 31)
        year_before = {d: {"pm2_5": 40.0 - number} for d in span(before, 31)}
        put_air(store, point, {d: {"pm2_5": 25.0 + 5 * (number // 2)} for d in days} | year_before)
    fine = {"ph": 7.4, "do": 7.0, "codmn": 3.0, "tp": 0.08}
    bad_months = ((2026, 1), (2026, 10))
    put_water(
        store,
        bureau.water,
        {
            date(year, number, day): {**fine, "nh3n": 1.5 if (year, number) in bad_months else 0.6}
            for year, number in ((2025, 10), *((2026, n) for n in range(1, 11)))
            for day in (10, 20)
        },
    )


def october(store, bureau) -> dict:
    """October 2026 of the small county beside October 2025, with its river's year, alarms and matters.

    The county: 31 calendar days, 30 valid (the 31st lacks PM10), 24 good, 6 polluted of which one heavily.
    Stations 1 and 2 are alike, the third has 10 days only, the fourth does not count in the county.
    The river's section (target Ⅲ) attains but in January and October. Cases: one found true, one false and
    so dismissed, one not verified; one problem about the section is open, a restricted one beside it.
    """
    from ecoledger.matters import actions
    from ecoledger.monitoring.models import Alarm, AlarmRule
    from ecoledger.registers.alarms import alarm_case
    from ecoledger.registers.problems import problem_ledger

    county = evaluate.area_point(bureau.county.code)
    spare_store.filled(store, measured_in(bureau), lambda: _measure(store, bureau, county))
    rule = AlarmRule.objects.create(
        code="t-so2", name="二氧化硫小时超标", detector="exceedance", kind="flue_gas"
    )

    def alarm(day: int, parameter: str, **more) -> Alarm:
        at = timezone.make_aware(datetime(2026, 10, day, 9))
        return Alarm.objects.create(
            **{
                "rule": rule,
                "point": bureau.flue_gas,
                "parameter": parameter,
                "area_code": bureau.flue_gas.area_code,
                "owner_code": bureau.flue_gas.owner_code,
                "level": "yellow",
                "state": "ended",
                "begin": at,
                "last": at + timedelta(hours=1),
                "raised_at": at,
                "text": f"锅炉烟囱{parameter}超标",
                **more,
            }
        )

    def case(day: int, parameter: str):
        found = alarm(day, parameter)
        return alarm_case.open_from_alarm(found, at=found.raised_at + timedelta(hours=1))

    true, false, pending = case(12, "a21026"), case(13, "a21002"), case(14, "a34013")
    alarm(15, "a21026", state="silenced")
    alarm(31, "a19001")
    people = bureau.people
    at = timezone.make_aware(datetime(2026, 10, 20, 10))
    actions.perform(
        true.pk,
        "dispatch",
        by=people["dispatcher"],
        at=at,
        form={
            "finding": "属实",
            "instruction": "查明原因",
            "owner_organisation": people["town"].organisation_id,
        },
    )
    actions.perform(
        false.pk,
        "dismiss",
        by=people["monitor"],
        at=at,
        form={"false_reason": "instrument", "grounds": "校准期间"},
    )
    problems = [
        actions.open_matter(
            problem_ledger.REGISTER,
            {
                "title": title,
                "area_code": bureau.section.area_code,
                "origin_kind": origin,
                "entity": bureau.section,
            },
            by=people["dispatcher"],
        )
        for title, origin in (("清溪桥上游生活污水直排", "self"), ("巡察反馈某问题", "discipline"))
    ]
    return {
        "county": county,
        "true": true,
        "false": false,
        "pending": pending,
        "problem": problems[0],
        "restricted": problems[1],
    }
