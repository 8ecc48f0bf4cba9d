"""Flagging a period: three days of one factor at once, previewed, and undone as one."""

from __future__ import annotations

from datetime import datetime, timedelta

import lxml.html
import polars as pl
import pytest

from ecoledger.accounts.models import AuditEntry
from ecoledger.monitoring.computing import corrections, pending, period_review, review_trial
from ecoledger.monitoring.computing.corrections import NotCorrectedError
from ecoledger.monitoring.models import PeriodReview
from ecoledger.monitoring.points import table
from ecoledger.store.interface import Layer

pytestmark = pytest.mark.django_db
BEGIN, END = datetime(2026, 3, 2), datetime(2026, 3, 5)


@pytest.fixture
def county(store, bureau):
    """Four days of minutes of two factors at one station, computed."""
    table.forget()
    starts = [datetime(2026, 3, 1) + timedelta(minutes=5 * n) for n in range(4 * 288)]
    for code, value in (("a34004", 40.0), ("a34002", 80.0)):
        store.append(
            observations=pl.DataFrame(
                {
                    "point": bureau.air[0].pk,
                    "parameter": code,
                    "start": starts,
                    "seconds": 300,
                    "series": "minute",
                    "value": value,
                    "flag": "N",
                }
            )
        )
    pending.run_all()
    return bureau


def spoken(store, county, code="a34004", series="minute"):
    return store.read(
        [county.air[0].pk], [code], series, BEGIN, END, columns=("start", "value", "flag", "layer")
    )


def flag(county, expected=864, **more):
    said = {"flag": "D", "reason": "采样泵故障"} | more
    point, person = county.air[0], county.people["monitor"]
    return period_review.review(person, point, ["a34004"], BEGIN, END, expected=expected, **said)


def test_the_preview_says_what_is_touched(store, county):
    touched = period_review.selection(county.air[0], ["a34004"], BEGIN, END)
    assert (touched.values, touched.hours) == ({"a34004": 864}, 72)
    assert [(code, day.day, value, ok) for code, day, value, ok in touched.days] == [
        ("a34004", day, 40.0, True) for day in (2, 3, 4)
    ]
    assert not PeriodReview.objects.exists()


def test_one_action_flags_all_and_the_days_follow(store, county):
    record = flag(county)
    assert (record.values, set(spoken(store, county)["flag"])) == (864, {"D"})
    assert set(spoken(store, county)["value"]) == {40.0}  # the value stays to be seen
    assert set(spoken(store, county, "a34002")["flag"]) == {"N"}
    pending.run_all()
    days = spoken(store, county, series="computed-day")
    assert days["value"].to_list() == [None, None, None]
    assert spoken(store, county, "a34002", "computed-day")["value"].to_list() == [80.0] * 3
    entry = AuditEntry.objects.get(action="review_period")
    assert (entry.details["values"], entry.details["reason"]) == (864, "采样泵故障")


def test_it_is_undone_as_one_and_an_earlier_review_comes_back(store, county):
    person, point = county.people["monitor"], county.air[0]
    corrections.review(
        person, point, "a34004", "minute", BEGIN, value=38.0, flag="N", reason="校正"
    )
    record = flag(county)
    after = BEGIN + timedelta(minutes=5)
    corrections.review(
        person, point, "a34004", "minute", after, value=39.0, flag="N", reason="此值有效"
    )
    assert period_review.undo(person, record) == 1
    rows = spoken(store, county).sort("start")
    assert rows["value"].to_list()[:3] == [38.0, 39.0, 40.0]
    assert rows["layer"].to_list()[:3] == [Layer.REVIEW, Layer.REVIEW, Layer.DEVICE]
    assert set(rows["flag"]) == {"N"}
    pending.run_all()
    assert spoken(store, county, series="computed-day")["value"].is_not_null().all()
    with pytest.raises(NotCorrectedError, match="已经撤销"):
        period_review.undo(person, record)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"expected": 1}, "又来了数据"),
        ({"flag": "!"}, "没有这个数据标记"),
        ({"reason": " "}, "请写明理由"),
    ],
)
def test_what_was_not_seen_is_not_done(store, county, more, why):
    with pytest.raises(NotCorrectedError, match=why):
        flag(county, **more)
    assert set(spoken(store, county)["flag"]) == {"N"}


def test_the_page_takes_few_clicks(store, county, client):
    client.force_login(county.people["monitor"])
    address = f"/stations/{county.air[0].pk}/review"
    assert address in client.get(f"/stations/{county.air[0].pk}").content.decode()
    form = {
        "parameters": "a34004", "begin": "2026-03-02T00:00", "end": "2026-03-05T00:00", "flag": "D",
        "reason": "采样泵故障", "step": "preview",
    }  # fmt: skip
    shown = client.post(address, form).content.decode()
    assert "确认标记 864 个值" in shown
    assert "03-03" in shown
    assert client.post(address, form | {"step": "do", "expected": "864"}).status_code == 302
    record = PeriodReview.objects.get()
    assert "采样泵故障" in client.get(address).content.decode()
    client.post(f"{address}/{record.pk}/undo", {})
    assert set(spoken(store, county)["flag"]) == {"N"}
    client.force_login(county.people["officer"])
    assert client.get(address).status_code == 403


def test_the_trial_says_what_the_days_become_and_leaves_no_trace(store, county):
    """Six hours of the middle day are high by a fault, three are flagged: the trial gives the means and indices that computing gives after it."""
    point, person = county.air[0], county.people["monitor"]
    begin, end = datetime(2026, 3, 3), datetime(2026, 3, 3, 3)
    morning = datetime(2026, 3, 3, 6)
    high = store.read([point.pk], ["a34004"], "minute", begin, morning, columns=("start",))
    store.append(
        observations=high.select(
            pl.lit(point.pk).alias("point"),
            pl.lit("a34004").alias("parameter"),
            "start",
            pl.lit(300).alias("seconds"),
            pl.lit("minute").alias("series"),
            pl.lit(400.0).alias("value"),
            pl.lit("N").alias("flag"),
        )
    )
    pending.run_all()
    day = {"columns": ("point", "parameter", "start", "value", "valid")}
    span = (datetime(2026, 3, 1), datetime(2026, 3, 6))

    def all_days():
        rows = store.read(None, None, "computed-day", *span, **day).sort(*day["columns"][:3])
        return [(*row[:3], row[3] if row[4] else None) for row in rows.iter_rows()]

    before = all_days()
    trial = review_trial.days_after(point, ["a34004"], begin, end, "D")
    assert all_days() == before
    assert not PeriodReview.objects.exists()
    own = {d.parameter: (d.now, d.then) for d in trial if d.point == point.pk}
    assert (own["a34004"][0], round(own["a34004"][1])) == (130.0, 91)  # 3 of 6 bad hours stay
    assert 100 < own["aqi"][1] < own["aqi"][0]
    assert {d.day.day for d in trial} == {3}

    period_review.review(
        person, point, ["a34004"], begin, end, flag="D", reason="采样泵故障", expected=36
    )
    pending.run_all()
    after = {row[:3]: row[3] for row in all_days()}
    for change in trial:
        key = (change.point, change.parameter, datetime.combine(change.day, datetime.min.time()))
        assert after[key] == change.then, change
    old = {row[:3]: row[3] for row in before}
    said = {(d.point, d.parameter, datetime.combine(d.day, datetime.min.time())) for d in trial}
    assert {key for key in after if after[key] != old.get(key)} == said


def previewed(client, county, begin: str, end: str, flag: str = "D") -> str:
    client.force_login(county.people["monitor"])
    form = {
        "parameters": "a34004", "begin": begin, "end": end, "flag": flag, "reason": "采样泵故障", "step": "preview",
    }  # fmt: skip
    page = client.post(f"/stations/{county.air[0].pk}/review", form).content.decode()
    return " ".join(lxml.html.fromstring(page).text_content().split())


def test_a_day_with_too_few_hours_left_is_said_not_to_count(store, county, client):
    """GB 3095-2012 table 4: a day needs 20 hours. What is left has a mean, which counts for nothing, before and after."""
    said = previewed(client, county, "2026-03-03T00:00", "2026-03-03T10:00")
    invalid = "03-03 40 → 40（有效小时 14 个，达不到数据有效性最低要求，不计）"
    assert invalid in said
    assert "无有效值" in previewed(client, county, "2026-03-03T00:00", "2026-03-04T00:00")
    record = period_review.review(
        county.people["monitor"], county.air[0], ["a34004"], datetime(2026, 3, 3), datetime(2026, 3, 3, 10),
        flag="D", reason="采样泵故障", expected=120,
    )  # fmt: skip
    pending.run_all()
    again = previewed(client, county, "2026-03-03T00:00", "2026-03-03T10:00")
    assert "03-03 40 有效小时不足，不计" in again
    assert record.values == 120


def test_no_change_and_no_trial_are_said_apart(store, county, client):
    """Three hours of a constant day change nothing; a period that is too long was not tried."""
    unchanged = previewed(client, county, "2026-03-03T00:00", "2026-03-03T03:00")
    assert "日均值和指数不会因此改变。" in unchanged
    assert "未作试算" not in unchanged
    untried = previewed(client, county, "2026-02-01T00:00", "2026-03-10T00:00")
    assert "时段超过 31 天，未作试算" in untried
    assert "不会因此改变" not in untried


def test_a_computed_value_names_who_reviewed_what_it_is_made_of_and_why(store, county, client):
    flag(county)
    pending.run_all()
    client.force_login(county.people["leader"])
    point = county.air[0]

    def page(series):
        query = {"parameter": "a34004", "series": series, "start": BEGIN.isoformat()}
        content = client.get(f"/stations/{point.pk}/value", query).content.decode()
        return " ".join(lxml.html.fromstring(content).xpath("//main")[0].text_content().split())

    name = county.people["monitor"].name
    assert f"人工审核 {name} 故障 288 个值 采样泵故障" in page("computed-day")
    assert f"人工审核 {name} 故障 12 个值 采样泵故障" in page("computed-hour")
    assert "由分钟数据计算" in page("computed-hour")
    reported = page("minute")
    assert f"{name} 时段审核" in reported
    # Keys of the store are no words.
    for key in ("period-review", county.people["monitor"].username):
        assert key not in reported
