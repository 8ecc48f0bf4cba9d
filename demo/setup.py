"""Setting the city up: registry and people, the past of every instrument, and the work done on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db import transaction

from demo import (
    air,
    approval,
    build,
    closing,
    county,
    enforcement,
    field_work,
    green,
    history,
    rectification,
    rivers,
    soil,
    waste,
    work,
)
from demo import emergency as emergencies
from demo import plan as plan_year
from demo import sewage as sewage_year
from demo.stories import Stories
from ecoledger.cli import data_folder
from ecoledger.monitoring import runtime
from ecoledger.monitoring.alarming import alarms
from ecoledger.monitoring.computing import aggregate, evaluate
from ecoledger.monitoring.models import Alarm
from ecoledger.monitoring.points import table as points
from ecoledger.registers.alarms.alarm_case import open_from_alarm
from ecoledger.web.search import index

Say = Callable[[str], None]

# How far back alarms are raised, and how many touched hours are worked through at once.
ALARM_DAYS = 12
CHUNK = 250_000

_TARGETS = """# 年度目标（演示）
[[target]]
indicator = "good_day_ratio"
year = {year}
value = 66.0

[[target]]
indicator = "pm2_5_mean"
year = {year}
value = 60

[[target]]
indicator = "water_good_ratio"
year = {year}
value = 80
"""


def set_up(data: Path, start: datetime, until: datetime, say: Say) -> None:
    """Build the city in the empty folder ``data``, with data up to ``until``."""
    plan = Stories(start)
    say("建立演示城市，共需二至五分钟。建立数据库……")
    data_folder.migrate()
    with transaction.atomic():
        made = build.build()
        alarms.default_rules()
        work.file_shutdown(plan)
    say("城市：" + "，".join(f"{k} {v}" for k, v in made.items()))
    size = county.build(until) | enforcement.build(until) | field_work.build(until)
    size |= rectification.build(until) | soil.build(until)
    say("全县：" + "，".join(f"{k} {v}" for k, v in size.items()))
    with transaction.atomic():
        year = plan_year.build(work.aware(until))
    say("年度计划：" + "，".join(f"{k} {v}" for k, v in year.items()))
    index.catch_up()
    profile = Path(settings.PROFILE)
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "targets.toml").write_text(_TARGETS.format(year=start.year), encoding="utf-8")
    with runtime.opened(settings.OBSERVATIONS) as store:
        load(plan, None, until, say)
        # Sorted by point and time, pages on long spans open many times faster.
        for day in {
            date(year, month, 1)
            for year in (start.year - 1, start.year)
            for month in (1, start.month)
        }:
            store.seal(day)
        say(f"历史数据：{store.counts().observations} 条观测")
        with transaction.atomic():
            say(f"按规则提出通报、预警、约谈 {plan_year.propose(until)} 件")
            say(f"办理历史预警 {work.work_cases(start)} 件，问题台账 {work.problems(start)} 件")
        of_sewage = sewage_year.build(until)
        say("污水与排污口：" + "，".join(f"{k} {v}" for k, v in of_sewage.items()))
        answered = emergencies.build(until)
        say("应急与自然：" + "，".join(f"{k} {v}" for k, v in answered.items()))
        work_of_air = air.build(until)
        say("大气：" + "，".join(f"{k} {v}" for k, v in work_of_air.items()))
        work_of_waste = waste.build(until)
        say("固废：" + "，".join(f"{k} {v}" for k, v in work_of_waste.items()))
        approvals = approval.build(until)
        say("审批：" + "，".join(f"{k} {v}" for k, v in approvals.items()))
        green_year = green.build(until)
        say("信用与碳：" + "，".join(f"{k} {v}" for k, v in green_year.items()))
        waters = rivers.build(until)
        say("河海与水源：" + "，".join(f"{k} {v}" for k, v in waters.items()))
        ends = closing.build(until)
        say("考核与文书：" + "，".join(f"{k} {v}" for k, v in ends.items()))
        index.catch_up()
    state = {
        "start": start.isoformat(),
        "reached": until.replace(minute=0, second=0, microsecond=0).isoformat(),
    }
    (data / "demo.json").write_text(json.dumps(state), encoding="utf-8")


def load(plan: Stories, since: datetime | None, until: datetime, say: Say) -> None:
    """Append what the instruments reported in ``[since, until)`` and work it through."""
    store = runtime.store()
    for number, table in enumerate(history.tables(until, plan), 1):
        rows = table if since is None else table.filter(pl.col("start") >= since)
        if rows.height:
            store.append(observations=rows)
        if number % 20 == 0:
            say(f"  已载入 {number} 个监测点")
    _work_through(until, since or until - timedelta(days=ALARM_DAYS), say)


def _work_through(until: datetime, alarms_from: datetime, say: Say) -> None:
    """Aggregate, evaluate and, from a day on, raise the alarms and cases of the time."""
    store, known = runtime.store(), points.current()
    parts = []
    while (pending := store.take_pending(CHUNK)).height:
        changed = evaluate.run(aggregate.run(pending, store, known), store, known)
        parts.append(
            aggregate.Changed(
                changed.hours.filter(pl.col("hour") >= alarms_from),
                changed.days.filter(pl.col("day").cast(pl.Datetime("us")) >= alarms_from),
            )
        )
        store.done_pending(pending)
        say(f"  已评价至 {pending['hour'].max():%Y-%m-%d}")
    if parts:
        _raise_alarms(aggregate.Changed(
            pl.concat([part.hours for part in parts]).unique(),
            pl.concat([part.days for part in parts]).unique(),
        ), until)  # fmt: skip


def _raise_alarms(changed: aggregate.Changed, until: datetime) -> None:
    """The alarms of each day as they would have been raised on it, and the cases they made."""
    raised, alarms.on_raised[:] = list(alarms.on_raised), []
    try:
        last = Alarm.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        for day in alarms.run_by_days(changed, runtime.store(), points.current(), until):
            for alarm in Alarm.objects.filter(pk__gt=last).order_by("begin"):
                noticed = max(alarm.begin, work.aware(day)) + timedelta(hours=1, minutes=4)
                Alarm.objects.filter(pk=alarm.pk).update(raised_at=noticed)
                open_from_alarm(alarm, at=noticed)
                last = max(last, alarm.pk)
    finally:
        alarms.on_raised[:] = raised


def fill_gap(data: Path, since: datetime, until: datetime, plan: Stories, say: Say) -> datetime:
    """Load what was missed while the demonstration stood still; returns where the devices go on."""
    say(f"补齐 {since:%Y-%m-%d %H:%M} 以来的数据……")
    with runtime.opened(settings.OBSERVATIONS):
        load(plan, since, until, say)
    return until.replace(minute=0, second=0, microsecond=0)
