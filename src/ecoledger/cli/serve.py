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
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecoledger.cli import certificate as certificates
from ecoledger.cli import data_folder, process_limits, schedule
from ecoledger.cli.process_limits import Shares

if TYPE_CHECKING:
    from ecoledger.bus.connection import Bus
    from ecoledger.bus.leases import Leases

log = logging.getLogger("ecoledger.serve")

# Seconds after which is loaded what takes long to load and nobody has asked for yet.
WARM_AFTER = 5.0
# For how long the numbers of the rail are shown again when their person did nothing.
RAIL_SECONDS = 60.0
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
            folder / schedule.UNSTORED,
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
    scheduler = schedule.jobs_of(folder)
    scheduler.start()
    rail_counts.keep_seconds = RAIL_SECONDS
    soon = threading.Timer(WARM_AFTER, warming.warm)
    soon.daemon = True
    soon.start()
    worker = schedule.Worker()
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
