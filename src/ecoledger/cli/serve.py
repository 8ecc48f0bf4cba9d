"""``ecoledger serve``: the whole platform as one process.

Web pages, HJ 212 gateway and background jobs share one process because the embedded store has one
owner; with ``ECOLEDGER_BUS`` more of any of them may run beside it (:mod:`ecoledger.cli.bus_roles`). Pages and gateway share an event loop; decoding aside, whatever is heavy runs in threads. On SIGTERM or SIGINT the
gateway stops accepting, stores and acknowledges what it has read, jobs finish, then the store is closed.

Prints one line on standard output when ready: ``{"event": "ready", "http": ..., "hj212": ...}``. Logs are JSON lines
on standard error.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecoledger.cli import certificate as certificates
from ecoledger.cli import data_folder, process_limits
from ecoledger.cli.process_limits import Shares

if TYPE_CHECKING:
    from ecoledger.bus.connection import Bus
    from ecoledger.bus.leases import Leases

log = logging.getLogger("ecoledger.serve")

# Seconds: how often to look for pending work that nobody announced; the rest after a run.
LOOK_EVERY = 1.0
SHORTEST_REST = 0.05
LONG_RUN = 0.5
# Seconds after which is loaded what takes long to load and nobody has asked for yet.
WARM_AFTER = 5.0
# For how long the numbers of the rail are shown again when their person did nothing.
RAIL_SECONDS = 60.0
# In the data folder: frames that the store refused at every try.
UNSTORED = "unstored-frames.jsonl"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def address(text: str) -> tuple[str, int]:
    """``HOST:PORT`` in two parts; port 0 lets the system choose."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"{text!r} 应写作 主机:端口，例如 127.0.0.1:8000")
    return host.strip("[]"), int(port)


@click.command("serve")
@data_folder.option
@click.option("--http", default="127.0.0.1:8000", show_default=True, help="网页地址。")
@click.option("--hj212", default="0.0.0.0:9212", show_default=True, help="设备接入地址（HJ 212）。")
@click.option(
    "--gateway/--no-gateway",
    default=True,
    help="是否在本进程接入设备（设有 ECOLEDGER_BUS 时可不）。",
)
@click.option(
    "--writer/--no-writer", default=True, help="是否在本进程写入报文（设有 ECOLEDGER_BUS 时可不）。"
)
@click.option(
    "--certificate", type=_FILE, help="本站证书（PEM，含中间证书）；给出后网页改用 HTTPS。"
)
@click.option("--key", type=_FILE, help="证书的私钥（PEM，不带口令）。")
@click.option("--log-level", default="INFO", show_default=True, help="日志级别。")
def command(
    data: Path,
    http: str,
    hj212: str,
    gateway: bool,
    writer: bool,
    certificate: Path | None,
    key: Path | None,
    log_level: str,
) -> None:
    """启动平台：网页、设备接入、后台任务在同一进程。"""
    http_address, device_address = address(http), address(hj212)
    files = process_limits.raise_files()
    pair = certificates.chosen(certificate, key)
    if os.environ.get("ECOLEDGER_HTTPS") == "1" and not os.environ.get("ECOLEDGER_HOSTS"):
        raise click.ClickException(
            "已设 ECOLEDGER_HTTPS=1，但没有设 ECOLEDGER_HOSTS：请写明本站域名，如 ECOLEDGER_HOSTS=eco.example.gov.cn"
        )
    folder = data_folder.use(data, make=True)
    from ecoledger.cli import json_log

    json_log.install(log_level.upper())
    data_folder.migrate()
    from ecoledger.jobs import table_sizes

    table_sizes.note()
    if not data_folder.setting("BUS") and not (gateway and writer):
        raise click.ClickException("--no-gateway、--no-writer 须先设 ECOLEDGER_BUS")
    shares = process_limits.shares(files)
    roles = Roles(gateway, writer, pair)
    run_loop(_with_store(folder, http_address, device_address, shares, roles))


@dataclass(frozen=True)
class Roles:
    """What this process does besides serving pages and doing jobs."""

    gateway: bool = True
    writer: bool = True
    # With one of its own it serves HTTPS and nobody stands in front.
    certificate: certificates.Certificate | None = None


async def _with_store(
    folder: Path, http: tuple[str, int], devices: tuple[str, int], shares: Shares, roles: Roles
) -> None:
    """Connect the bus, where there is one, open the store, and serve."""
    from ecoledger.cli import bus_roles, writer_numbers
    from ecoledger.jobs import turns
    from ecoledger.monitoring import runtime
    from ecoledger.store.interface import StoreError

    place = data_folder.setting("OBSERVATIONS")
    async with contextlib.AsyncExitStack() as stack:
        bus = leases = None
        if data_folder.setting("BUS"):
            bus = await stack.enter_async_context(bus_roles.connected())
            leases, number = await stack.enter_async_context(writer_numbers.by_lease(bus))
            place = writer_numbers.with_number(place, number)
        elif str(place).startswith("clickhouse") and not turns.alone():
            number = await stack.enter_async_context(writer_numbers.by_turn())
            place = writer_numbers.with_number(place, number)
        try:
            stack.enter_context(runtime.opened(place))
        except StoreError as error:
            raise click.ClickException(str(error)) from error
        await _serve(folder, http, devices, shares, roles, bus, leases)


def run_loop(main: Any) -> None:
    """Run a coroutine to its end, on uvloop where there is one."""
    process_limits.keep_memory()
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise click.ClickException(f"无法使用地址 {host}:{port}：{error.strerror}") from error
    return listener


async def _serve(
    folder: Path,
    http: tuple[str, int],
    devices: tuple[str, int],
    shares: Shares,
    roles: Roles,
    bus: Bus | None,
    leases: Leases | None,
) -> None:
    import uvicorn
    from asgiref.sync import sync_to_async

    from ecoledger.cli import bus_roles, enter
    from ecoledger.cli.control import ControlServer
    from ecoledger.hj212.granting import Limits
    from ecoledger.hj212.server import Gateway
    from ecoledger.jobs import beside, running, turns
    from ecoledger.jobs import worker as worker_of_jobs
    from ecoledger.live import events
    from ecoledger.monitoring import heartbeat
    from ecoledger.monitoring.alarming import judging
    from ecoledger.monitoring.arriving import ingest, registry, unstored
    from ecoledger.monitoring.points import asking, table
    from ecoledger.web import rail_counts, warming
    from ecoledger.web.asgi import application
    from ecoledger.web.connections import BoundedProtocol, Bounds
    from ecoledger.web.office import security_notices

    class Server(uvicorn.Server):
        """Leaves the signals to us: the order of stopping matters."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    # Who computes (an import, a report) gives way to who only waits for the database: every page does, many times.
    sys.setswitchinterval(0.001)
    heartbeat.begin()
    beside.open_beside(
        (running.BESIDE, enter.BESIDE, judging.BESIDE),
        "ecoledger.cli.beside",
        {"store": _of_store, "points changed": table.forget},
    )
    await sync_to_async(table.current)()
    handler: Any = (
        ingest.Ingest(security_notices.rewritten) if bus is None else bus_roles.forwarding(bus)
    )
    # Larger batches cost fewer commits under load; with little to do they stay small.
    gateway = Gateway(
        handler,
        Limits(
            connections=shares.devices,
            connections_an_address=max(shares.devices // 4, 256),
            batch=5_000,
            frames_in_flight=30_000,
        ),
        key=registry.key_of,
        unhandled=lambda frames, connections: unstored.keep(
            folder / UNSTORED,
            ((f"tcp {c.peer}", f) for c, f in zip(connections, frames, strict=True)),
        ),
        second_address=in_thread(security_notices.second_address),
    )
    listener = _bound(*http)
    host, port = "", 0
    try:
        if roles.gateway:
            host, port = await gateway.listen(*devices)
    except OSError as error:
        raise click.ClickException(
            f"无法使用地址 {devices[0]}:{devices[1]}：{error.strerror}"
        ) from error
    on_bus = contextlib.AsyncExitStack()
    if bus is not None and leases is not None:
        await on_bus.enter_async_context(bus_roles.sharing(bus, gateway if roles.gateway else None))
        if roles.writer:
            await on_bus.enter_async_context(bus_roles.writing(bus, leases))
    elif not turns.alone():
        await on_bus.enter_async_context(_events_over_database())

    def gateway_state() -> dict[str, Any]:
        if not roles.gateway:
            return {"elsewhere": True}
        last = handler.last_batch
        return {**asdict(gateway.stats), "last_batch": last.isoformat() if last else None}

    heartbeat.gateway_state = gateway_state
    scheduler = _scheduler(folder)
    scheduler.start()
    rail_counts.keep_seconds = RAIL_SECONDS
    soon = threading.Timer(WARM_AFTER, warming.warm)
    soon.daemon = True
    soon.start()
    worker = Worker()
    worker.start()
    await sync_to_async(turns.live)()
    await sync_to_async(running.give_up_interrupted)()
    long_work = worker_of_jobs.Worker()
    long_work.start()
    control = ControlServer(folder, _commands())
    await control.start()

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    asking.connect(gateway if bus is None else bus_roles.askers(bus), loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    BoundedProtocol.bounds = Bounds(connections=shares.pages)
    server = Server(
        uvicorn.Config(
            application,
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
            # With a certificate of its own nobody stands in front and may speak for others.
            proxy_headers=roles.certificate is None,
            ssl_certfile=roles.certificate.path if roles.certificate else None,
            ssl_keyfile=roles.certificate.key if roles.certificate else None,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    web_host, web_port = listener.getsockname()[:2]
    scheme = "https" if roles.certificate else "http"
    ready = {
        "event": "ready",
        "http": f"{scheme}://{web_host}:{web_port}/",
        "hj212": f"{host}:{port}",
    }
    process_limits.settle()
    print(json.dumps(ready), flush=True)
    log.info("ready", extra=ready)
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)

    log.info("stopping")
    await control.stop()
    asking.connect(None, None)
    if bus is not None:
        handler.closing = True
    await gateway.close()
    await loop.run_in_executor(None, handler.close)
    await on_bus.aclose()
    events.close_all()
    server.should_exit = True
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    await loop.run_in_executor(None, long_work.stop)
    await loop.run_in_executor(None, in_thread(worker.stop))
    await loop.run_in_executor(None, beside.close_all)
    await loop.run_in_executor(None, scheduler.shutdown)
    await loop.run_in_executor(None, in_thread(turns.leave))
    waiting.cancel()
    heartbeat.gateway_state = None
    log.info("stopped")


def _of_store(method: str, *arguments: Any, **named: Any) -> Any:
    """A method of the observation store, for a process beside."""
    from ecoledger.monitoring import runtime

    return getattr(runtime.store(), method)(*arguments, **named)


def _events_over_database() -> contextlib.AbstractAsyncContextManager[None]:
    """Live events to every process of the database, while the block runs."""
    from django.db import connection

    from ecoledger.jobs import turns
    from ecoledger.live import over_postgresql
    from ecoledger.monitoring.arriving import ingest

    settings = connection.get_connection_params()
    settings.pop("cursor_factory", None)
    return over_postgresql.carried(settings, turns.ME, ingest.note)


def in_thread(work: Callable[..., object]) -> Callable[..., None]:
    """``work`` for a thread that is nobody's request: its database connection does not stay behind."""
    from django.db import close_old_connections

    def run(*arguments: object) -> None:
        close_old_connections()
        try:
            work(*arguments)
        finally:
            close_old_connections()

    return run


# -- background jobs -----------------------------------------------------------------------------


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


def _scheduler(folder: Path) -> Any:
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


# -- commands from outside -----------------------------------------------------------------------


def _commands() -> dict[str, Any]:
    """What other ``ecoledger`` commands may ask of the running server."""
    from asgiref.sync import sync_to_async

    from ecoledger.cli import alarms, backup, enter, observations, science_trace

    def threaded(work: Callable[[dict[str, Any], Any], None]) -> Any:
        async def run(arguments: dict[str, Any], tell: Any) -> None:
            await sync_to_async(in_thread(work), thread_sensitive=False)(arguments, tell)

        return run

    return {
        "backup": threaded(backup.write_for_client),
        "import": threaded(observations.run_for_client),
        "enter": threaded(enter.for_client),
        "suspects": threaded(science_trace.suspects_for_client),
        "rehearse": threaded(alarms.run_for_client),
    }


if __name__ == "__main__":
    sys.exit(command())
