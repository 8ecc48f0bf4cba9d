"""Gateway and writer as processes of their own: ``ecoledger gateway``, ``ecoledger writer``.

Both need ``ECOLEDGER_BUS``. Any number of either may run, on any machine; ``ecoledger serve`` has one of each inside
unless it is told otherwise.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecoledger.cli import data_folder, process_limits, writer_numbers

if TYPE_CHECKING:
    from ecoledger.bus.connection import Bus
    from ecoledger.bus.leases import Leases
    from ecoledger.hj212.server import Gateway
    from ecoledger.monitoring.arriving.over_bus import Forwarding
    from ecoledger.monitoring.points.asking import Asker

log = logging.getLogger("ecoledger.bus")

# Seconds in which a writer that is told to stop stores what the stream still holds.
LAST = 5.0


@click.command("gateway")
@data_folder.option
@click.option("--hj212", default="0.0.0.0:9212", show_default=True, help="设备接入地址（HJ 212）。")
@click.option("--log-level", default="INFO", show_default=True, help="日志级别。")
def gateway(data: Path, hj212: str, log_level: str) -> None:
    """启动设备网关：接入设备，报文写入消息总线后才应答。需设 ECOLEDGER_BUS。"""
    from ecoledger.cli.serve import address, run_loop

    devices = address(hj212)
    files = process_limits.raise_files()
    _begin(data, log_level)
    run_loop(_gateway(devices, process_limits.shares(files).devices))


@click.command("writer")
@data_folder.option
@click.option("--log-level", default="INFO", show_default=True, help="日志级别。")
def writer(data: Path, log_level: str) -> None:
    """启动写入进程：从消息总线取报文，成批写入 ECOLEDGER_STORE。需设 ECOLEDGER_BUS。"""
    from ecoledger.cli.serve import run_loop

    _begin(data, log_level)
    run_loop(_writer())


def _begin(data: Path, log_level: str) -> None:
    folder = data_folder.use(data, make=True)
    if not data_folder.setting("BUS"):
        raise click.ClickException("未设 ECOLEDGER_BUS，如 ECOLEDGER_BUS=nats://127.0.0.1:4222")
    from ecoledger.cli import json_log

    json_log.install(log_level.upper())
    log.info("data folder %s", folder)


async def _stopped() -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await stopping.wait()


@asynccontextmanager
async def connected() -> AsyncIterator[Bus]:
    """The bus that the settings name, for as long as the block runs."""
    from ecoledger.bus.connection import Bus, BusError, Settings

    try:
        bus = Bus(Settings.of(str(data_folder.setting("BUS"))))
        await bus.connect()
    except BusError as error:
        raise click.ClickException(str(error)) from error
    try:
        yield bus
    finally:
        await bus.close()


async def _gateway(devices: tuple[str, int], connections: int) -> None:
    from asgiref.sync import sync_to_async

    from ecoledger.cli.serve import in_thread
    from ecoledger.hj212.granting import Limits
    from ecoledger.hj212.server import Gateway
    from ecoledger.monitoring.arriving import over_bus, registry
    from ecoledger.monitoring.points import table
    from ecoledger.web.office import security_notices

    sys.setswitchinterval(0.001)
    async with connected() as bus:
        await sync_to_async(table.current)()
        handler = over_bus.Forwarding(bus)
        server = Gateway(
            handler,
            Limits(
                connections=connections,
                connections_an_address=max(connections // 4, 256),
                batch=5_000,
                frames_in_flight=30_000,
                retries=(),
            ),
            key=registry.key_of,
            second_address=in_thread(security_notices.second_address),
        )
        async with sharing(bus, server):
            host, port = await server.listen(*devices)
            looking = asyncio.create_task(_look_at_points())
            print(json.dumps({"event": "ready", "hj212": f"{host}:{port}"}), flush=True)
            await _stopped()
            looking.cancel()
            handler.closing = True
            await server.close()
            handler.close()
        log.info("stopped", extra=asdict(server.stats))


async def _look_at_points() -> None:
    """Points that are entered or changed elsewhere are noticed within seconds."""
    from asgiref.sync import sync_to_async

    from ecoledger.monitoring.points import table

    while True:
        await asyncio.sleep(5)
        try:
            await sync_to_async(table.current)()
        except Exception:
            log.exception("the points could not be read")


async def _writer() -> None:
    from asgiref.sync import sync_to_async

    from ecoledger.monitoring import runtime
    from ecoledger.monitoring.points import table
    from ecoledger.store.interface import StoreError

    async with connected() as bus, writer_numbers.by_lease(bus) as (leases, number):
        try:
            opened = runtime.opened(
                writer_numbers.with_number(data_folder.setting("OBSERVATIONS"), number)
            )
            with opened:
                await sync_to_async(table.current)()
                looking = asyncio.create_task(_look_at_points())
                async with sharing(bus, None), writing(bus, leases):
                    print(json.dumps({"event": "ready", "writer": bus.name}), flush=True)
                    await _stopped()
                looking.cancel()
        except StoreError as error:
            raise click.ClickException(str(error)) from error


@asynccontextmanager
async def sharing(bus: Bus, gateway: Gateway | None) -> AsyncIterator[None]:
    """Live events of all processes, and commands to the devices of this one's gateway, while the block runs."""
    from ecoledger.bus import commands, live_events
    from ecoledger.monitoring.arriving import ingest

    await live_events.carry(bus, ingest.note)
    if gateway is not None:
        await commands.answer_for(bus, gateway)
    try:
        yield
    finally:
        live_events.stop()


def forwarding(bus: Bus) -> Forwarding:
    """The handler of a gateway that hands packets on."""
    from ecoledger.monitoring.arriving.over_bus import Forwarding

    return Forwarding(bus)


def askers(bus: Bus) -> Asker:
    """Who reaches the devices of all gateways."""
    from ecoledger.bus.commands import Askers

    return Askers(bus)


@asynccontextmanager
async def writing(bus: Bus, leases: Leases) -> AsyncIterator[None]:
    """A writer at work on the process's store while the block runs."""
    from ecoledger.bus.ending import ended
    from ecoledger.monitoring.arriving import over_bus
    from ecoledger.web.office import security_notices

    work = over_bus.Writing(bus, leases, security_notices.rewritten)
    task = asyncio.create_task(work.run())
    try:
        yield
        await work.drain(LAST)
    finally:
        await ended(task)
