"""What a running bureau does by itself: jobs at their times, and what is pending as soon as something arrives."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

log = logging.getLogger("ecoledger.serve")

# Seconds: how often to look for pending work that nobody announced; the rest after a run.
LOOK_EVERY = 1.0
SHORTEST_REST = 0.05
LONG_RUN = 0.5
# In the data folder: frames that the store refused at every try.
UNSTORED = "unstored-frames.jsonl"


def _guarded(name: str, every: timedelta, job: Callable[[], object]) -> Callable[[], None]:
    """``job`` timed, logged, with its own database connection, and never raising."""
    from django.db import close_old_connections

    from ecoledger.monitoring import heartbeat, metrics

    heartbeat.jobs[name] = heartbeat.Job(name, every)

    def run() -> None:
        close_old_connections()
        begun = time.perf_counter()
        try:
            job()
            heartbeat.ran(name)
        except Exception as error:
            log.exception("job %s failed", name)
            metrics.JOB_FAILURES.labels(name).inc()
            heartbeat.ran(name, f"{type(error).__name__}: {error}")
        finally:
            metrics.JOB_SECONDS.labels(name).observe(time.perf_counter() - begun)
            close_old_connections()

    return run


def jobs_of(folder: Path) -> Any:
    """The scheduler of a bureau's jobs, not yet started."""
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.date import DateTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    from ecoledger.accounts import sign_in
    from ecoledger.indicators import storing
    from ecoledger.jobs import beside, running, turns
    from ecoledger.live import times
    from ecoledger.live.times import CHINA
    from ecoledger.monitoring import heartbeat, runtime
    from ecoledger.monitoring.alarming import alarms
    from ecoledger.monitoring.arriving import quarantine, unstored
    from ecoledger.monitoring.computing import pending
    from ecoledger.monitoring.points import table
    from ecoledger.outbox import posting
    from ecoledger.web.office import integrity

    scheduler = BackgroundScheduler(
        timezone=CHINA,
        executors={"default": ThreadPoolExecutor(3), "work": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
    )

    def here(name: str, seconds: float, job: Callable[[], object]) -> None:
        """In every process."""
        length = timedelta(seconds=seconds)
        scheduler.add_job(
            _guarded(name, length, job),
            IntervalTrigger(seconds=seconds),
            id=name,
            next_run_time=datetime.now(CHINA) + min(length, timedelta(seconds=15)),
        )

    def every(name: str, seconds: float, job: Callable[[], object]) -> None:
        """Once for all processes: of the ticks in one span of ``seconds``, the first does it."""

        def run() -> None:
            now = datetime.now(CHINA).timestamp()
            with turns.working(name, datetime.fromtimestamp(now - now % seconds, CHINA)) as mine:
                if mine:
                    job()

        here(name, seconds, run)

    def at(name: str, when: str, job: Callable[[], object], executor: str = "default") -> None:
        """Once for all processes, at the times of a crontab line."""
        trigger = CronTrigger.from_crontab(when, timezone=CHINA)

        def run() -> None:
            now = datetime.now(CHINA)
            due = trigger.get_next_fire_time(None, now - timedelta(hours=1))
            if due is None or due > now:  # looked at again after the hour in which it may be late
                return
            with turns.working(name, due) as mine:
                if mine:
                    job()
            if not mine and not turns.is_done(name, due):
                # Whoever has it may die over it.
                again = now + timedelta(seconds=turns.LENGTH)
                scheduler.add_job(
                    guarded, DateTrigger(again), id=f"{name} again", replace_existing=True
                )

        guarded = _guarded(name, timedelta(days=32), run)
        scheduler.add_job(guarded, trigger, id=name, executor=executor)

    def yesterday() -> datetime:
        return (times.now() - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)

    def last_month() -> Any:
        return (times.now().replace(day=1) - timedelta(days=1)).date().replace(day=1)

    here("points", 5, table.current)
    here("beside", 60, beside.rest)
    here("alive", turns.RENEW, turns.live)
    every("interrupted-jobs", 60, running.give_up_interrupted)
    every("ended-processes", 3600, turns.forget_the_dead)
    every("failed-sign-ins", 3600, sign_in.forget_old_failures)
    every("outbox", 30, posting.run)
    every("indicators", 60, storing.refresh)
    at("integrity", "10 3 * * *", integrity.sweep)
    every("heads", 3600, integrity.note)
    at("quarantine", "40 3 * * *", quarantine.let_go)
    here("unstored-frames", 60, lambda: unstored.take_back(folder / UNSTORED))
    # Devices could not be heard before; what they did not say until then is not their fault.
    every(
        "missing",
        60,
        lambda: alarms.sweep_missing(
            runtime.store(), table.current(), listening_since=heartbeat.started
        ),
    )
    at("close-day", "20 0 * * *", lambda: pending.close_day(yesterday()), "work")
    at("seal-month", "30 2 3 * *", lambda: runtime.store().seal(last_month()))
    _jobs_of_other_rooms(every, at)
    return scheduler


class Worker(threading.Thread):
    """Works off what is pending as soon as something arrives: the way from a socket to an alarm.

    After a long run it rests six times as long as that took, so that under heavy load taking packets
    in goes first and few but larger runs follow.
    """

    def __init__(self) -> None:
        super().__init__(name="work", daemon=True)
        self._ending = threading.Event()
        self._run = _guarded("work", timedelta(seconds=LOOK_EVERY), self._once)
        self._more = False

    def _once(self) -> None:
        from ecoledger.jobs import turns
        from ecoledger.monitoring.computing import pending

        # One process works for all; the next one goes on where it died.
        self._more = turns.hold("work") and pending.run_once().more

    def run(self) -> None:
        from django.conf import settings

        from ecoledger.monitoring import runtime

        while not self._ending.is_set():
            runtime.arrived.wait(LOOK_EVERY)
            runtime.arrived.clear()
            if self._ending.is_set():
                return
            begun = time.monotonic()
            self._run()
            took = time.monotonic() - begun
            rest = min(6 * took, settings.LONGEST_REST) if took > LONG_RUN else 0.0
            self._ending.wait(0.01 if self._more else max(rest, SHORTEST_REST))

    def stop(self) -> None:
        """Finish the run in hand and end."""
        from ecoledger.jobs import turns
        from ecoledger.monitoring import runtime

        self._ending.set()
        runtime.arrived.set()
        self.join(60)
        turns.let_go("work")


def _jobs_of_other_rooms(every: Callable[..., None], at: Callable[..., None]) -> None:
    from ecoledger.books import duty
    from ecoledger.indicators import warning_rules
    from ecoledger.jobs import running, table_sizes
    from ecoledger.matters import schedule
    from ecoledger.registers.air import fire_files, noise_stations
    from ecoledger.registers.alarms import economy, filing_ends, unopened_alarms
    from ecoledger.web.search import index

    every("unopened-alarms", 300, unopened_alarms.sweep)
    every("filing-ends", 3600, filing_ends.remind)
    every("fire-files", 300, fire_files.take_in)
    every("alarm-digest", 300, economy.send_digest)
    every("clocks", 60, schedule.remind_and_escalate)
    at("matters-daily", "10 6 * * *", schedule.daily)
    at("duties", "20 6 * * *", duty.daily)
    at("noise-stations", "40 7 * * *", noise_stations.daily)
    # What the month that is over calls for, once its figures have settled.
    at("warnings", "30 6 3 * *", warning_rules.propose_everywhere)
    # What came in bulk, by import or history, has no entry of its own yet.
    every("search", 300, index.catch_up)
    at("old-jobs", "40 3 * * *", running.sweep)
    at("table-sizes", "50 3 * * *", table_sizes.note)
