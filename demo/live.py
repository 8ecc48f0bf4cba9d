"""The city's devices, speaking HJ 212 over TCP to the gateway: first the last hours at speed, then as time goes.

Three editions of the protocol at once, a device nobody has registered and a frame with a wrong check code
now and then: what a real gateway hears.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from demo import beijing, sources
from demo.city import AIR_STATIONS
from demo.enterprises import GAS_FACTORS, WATER_FACTORS, Firm, firms
from demo.sources import RIVER_FACTORS
from demo.stories import Stories
from ecoledger.hj212 import Client, Device, Packet, Timing, UnacknowledgedError, Value, encode
from ecoledger.monitoring.models import Point

CONNECTIONS = 24
UNREGISTERED = "990181FFFF00009999000001"

Made = Iterable[tuple[str, datetime, list[Value]]]


def _number(value: float, decimals: int) -> Decimal:
    return Decimal(f"{value:.{decimals}f}")


@dataclass
class Instrument:
    """A device and what it has to say at a minute: command, start of the period, values."""

    device: Device
    say: Callable[[datetime], Made]


@dataclass
class Progress:
    """What the simulator has done so far; ``reached`` is the city's clock."""

    reached: datetime
    sent: int = 0
    failed: int = 0
    caught_up: asyncio.Event = field(default_factory=asyncio.Event)


# A pattern of twelve that sums to zero, so that the mean of an hour's minutes is the hour of the record.
_PATTERN = (2, -3, 1, -1, 4, -2, 2, -4, 1, -1, 3, -2)


def _air(station: str) -> Callable[[datetime], Made]:
    hours: dict[datetime, dict[str, float | None]] = {}

    def hour(start: datetime) -> dict[str, float | None]:
        if start not in hours:
            hours.clear()
            frame = beijing.hours(station, start, start + timedelta(hours=1), start)
            hours[start] = frame.row(0, named=True) if frame.height else {}
        return hours[start]

    def values(start: datetime, shift: int) -> list[Value]:
        row = hour(start.replace(minute=0))
        found = []
        for name, code in {**beijing.FACTORS, **beijing.WEATHER}.items():
            value = row.get(name)
            if value is None:
                continue
            decimals = {"co": 3, "pressure": 2, "wind_direction": 0}.get(name, 1)
            step = shift * value * 0.01 if name in beijing.FACTORS else 0.0
            found.append(Value(code, "Avg", _number(max(value + step, 0), decimals), "N"))
        return found

    def say(minute: datetime) -> Made:
        if minute.minute % 5 == 0:
            start = minute - timedelta(minutes=5)
            if found := values(start, _PATTERN[start.minute // 5]):
                yield "2051", start, found
        if minute.minute == 0:
            start = minute - timedelta(hours=1)
            if found := values(start, 0):
                yield "2061", start, found

    return say


def _one(moment: datetime) -> np.ndarray:
    return np.array([np.datetime64(moment, "m")])


def _river(section: str, plan: Stories) -> Callable[[datetime], Made]:
    place = sources.section_plan(section)

    def say(minute: datetime) -> Made:
        if minute.minute == 0:
            start = minute - timedelta(hours=1)
            yield (
                "2061",
                start,
                [
                    Value(
                        code,
                        "Avg",
                        _number(float(sources.river(place, code, _one(start), plan)[0]), d),
                        "N",
                    )
                    for code, (_, _, d, _) in RIVER_FACTORS.items()
                ],
            )

    return say


# HJ/T 212-2005 codes of the flue-gas factors.
_OLD_CODES = {"a34013": "01", "a21026": "02", "a21002": "03", "a00000": "B02", "a19001": "S01"}


def _gas(firm: Firm, plan: Stories, edition: int) -> Callable[[datetime], Made]:
    def values(start: datetime) -> list[Value]:
        when = _one(start)
        flow = float(sources.gas_flow(firm, when, plan)[0])
        found: list[Value] = []

        def add(code: str, flag: str, **fields: Decimal) -> None:
            written = _OLD_CODES.get(code, code) if edition == 2005 else code
            found.extend(Value(written, name, number, flag) for name, number in fields.items())

        flag = "N"
        for code in firm.industry.gas:
            measured, converted, flags = sources.gas(firm, code, when, plan)
            flag, decimals = str(flags[0]), GAS_FACTORS[code][2]
            value = float(measured[0])
            add(
                code,
                flag,
                Min=_number(value * 0.9, decimals),
                Avg=_number(value, decimals),
                Max=_number(value * 1.12, decimals),
                ZsAvg=_number(float(converted[0]), decimals),
            )
        add("a00000", flag, Avg=_number(flow, 1))
        if firm.industry.reference_oxygen is not None:
            add("a19001", flag, Avg=_number(float(sources.oxygen(firm, when)[0]), 1))
        return found

    def say(minute: datetime) -> Made:
        if minute.minute % 10 == 0:
            start = minute - timedelta(minutes=10)
            yield "2051", start, values(start)
        if minute.minute == 0:
            start = minute - timedelta(hours=1)
            yield "2061", start, values(start)

    return say


def _wastewater(firm: Firm, plan: Stories) -> Callable[[datetime], Made]:
    def say(minute: datetime) -> Made:
        if minute.minute != 0:
            return
        start = minute - timedelta(hours=1)
        when = _one(start)
        found = []
        for code in ("w01001", *firm.industry.water):
            value, _ = sources.wastewater(firm, code, when, plan)
            found.append(Value(code, "Avg", _number(float(value[0]), WATER_FACTORS[code][2]), "N"))
        flow = float(sources.wastewater_flow(firm, when)[0])
        found.append(Value("w00000", "Avg", _number(flow, 2), "N"))
        found.append(Value("w00000", "Cou", _number(flow * 3.6, 2), "N"))
        yield "2061", start, found

    return say


def _power(firm: Firm, role: str, plan: Stories) -> Callable[[datetime], Made]:
    def say(minute: datetime) -> Made:
        if minute.minute % 15 == 0:
            start = minute - timedelta(minutes=15)
            value = float(sources.power(firm, role, _one(start), plan)[0])
            yield "2051", start, [Value("dPower", "Avg", _number(value, 2), "N")]

    return say


def instruments(plan: Stories) -> list[Instrument]:
    """Every device of the city."""
    points = {
        (p.entity.code, p.power_role): p
        for p in Point.objects.exclude(mn=None).select_related("entity")
    }

    def made(
        code: str, role: str, st: str, say: Callable[[datetime], Made], edition: int = 2017
    ) -> Instrument:
        point = points[code, role]
        return Instrument(Device(mn=point.mn, st=st, pw=point.password, edition=edition), say)

    found = [made(p.code, "", "22", _air(p.replays)) for p in AIR_STATIONS]
    found += [
        made(code, "", "21", _river(f"S-{code[2:]}", plan), 2025)
        for code, _ in points
        if code.startswith("W-")
    ]
    for firm in firms():
        if firm.industry.gas:
            edition = firm.gas_edition
            found.append(made(f"{firm.code}-DA001", "", "31", _gas(firm, plan, edition), edition))
        if firm.industry.water:
            found.append(made(f"{firm.code}-DW001", "", "32", _wastewater(firm, plan)))
        if firm.industry.power:
            for role in ("production", "treatment"):
                found.append(made(firm.code, role, "44", _power(firm, role, plan), 2025))
    return found


async def run(
    host: str,
    port: int,
    everything: list[Instrument],
    begin: datetime,
    speed: float,
    progress: Progress,
) -> None:
    """Send what the devices say from ``begin`` on: at ``speed`` until the present, then as time goes."""
    clients = [Client(timing=Timing(timeout=30, resends=3)) for _ in range(CONNECTIONS)]
    for client in clients:
        await client.connect(host, port)
    try:
        minute = begin.replace(second=0, microsecond=0) + timedelta(minutes=1)
        while True:
            now = datetime.now(sources.ZONE).replace(tzinfo=None)
            if minute > now:
                progress.caught_up.set()
                await asyncio.sleep(min((minute - now).total_seconds(), 5))
                continue
            await _minute(minute, everything, clients, progress)
            progress.reached = minute
            minute += timedelta(minutes=1)
            if not progress.caught_up.is_set() and speed > 0:
                await asyncio.sleep(60 / speed)
    finally:
        for client in clients:
            with contextlib.suppress(Exception):
                await client.close()


async def _minute(
    minute: datetime, everything: list[Instrument], clients: list[Client], progress: Progress
) -> None:
    waiting = []
    for number, instrument in enumerate(everything):
        for command, start, values in instrument.say(minute):
            client = clients[number % len(clients)]
            packets = instrument.device.uploads(command, start, values)
            waiting += [_send(client, packet, progress) for packet in packets]
    if waiting:
        await asyncio.gather(*waiting)
    if minute.minute % 20 == 7:
        _disturb(minute, clients[0], everything[0].device)


async def _send(client: Client, packet: Packet, progress: Progress) -> None:
    try:
        await client.send(packet)
        progress.sent += 1
    except (UnacknowledgedError, ConnectionError):
        progress.failed += 1


def _disturb(minute: datetime, client: Client, known: Device) -> None:
    """A frame of a device nobody knows, and one whose check code is wrong."""
    value = [Value("a34004", "Rtd", Decimal("31.5"), "N")]
    stranger = Device(mn=UNREGISTERED, st="22")
    client.write(encode(stranger.packet("2011", time=minute, values=value, ack=False)))
    broken = bytearray(encode(known.packet("2011", time=minute, values=value, ack=False)))
    broken[-6:-2] = b"0000" if broken[-6:-2] != b"0000" else b"FFFF"
    client.write(bytes(broken))


def last_hours(hours: float, now: datetime) -> datetime:
    """Where the live part begins."""
    return (now - timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
