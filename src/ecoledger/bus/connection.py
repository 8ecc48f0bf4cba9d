"""The connection of a process to NATS, and the stream and buckets that the bureau keeps there."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

log = logging.getLogger(__name__)

ACK_WAIT: Final = 30.0
"""Seconds after which a bundle that a writer was given and did not finish is given to another."""
UNFINISHED: Final = 32
"""Bundles of a partition that a writer may have in hand."""
PUBLISH_PATIENCE: Final = 5.0


Heard = Callable[[str, bytes], Awaitable[bytes | None]]
"""Gets subject and data of a message; gives the answer."""


class BusError(RuntimeError):
    """The bus did not do what it was asked; the text says what and what would help."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the address of the bus says.

    ``nats://user:password@host:4222,host2:4222?prefix=ecoledger&partitions=8&replicas=1&most_mb=4096``
    """

    servers: tuple[str, ...]
    prefix: str = "ecoledger"
    partitions: int = 8
    replicas: int = 1
    most_bytes: int = 4096 << 20

    @classmethod
    def of(cls, address: str) -> Settings:
        """Raises :class:`BusError` when ``address`` is none."""
        parts = urlsplit(address)
        if parts.scheme not in {"nats", "tls"} or not parts.netloc:
            raise BusError(f"ECOLEDGER_BUS={parts.scheme}://…: 应写作 nats://主机:4222")
        access, _, hosts = parts.netloc.rpartition("@")
        servers = tuple(
            f"{parts.scheme}://{access + '@' if access else ''}{host}" for host in hosts.split(",")
        )
        said = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        numbers: dict[str, int] = {}
        for name in ("partitions", "replicas", "most_mb"):
            if name not in said:
                continue
            if not said[name].isdecimal() or not int(said[name]):
                raise BusError(f"ECOLEDGER_BUS: {name}={said[name]} 应为正整数")
            numbers[name] = int(said[name])
        if "most_mb" in numbers:
            numbers["most_bytes"] = numbers.pop("most_mb") << 20
        return cls(servers, said.get("prefix", "ecoledger"), **numbers)


class Bus:
    """One process's connection. All methods belong to the loop that called :meth:`connect`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._client = Client()
        self._inside: Any = None

    async def connect(self) -> None:
        """Connect, and make stream and consumers where there are none. Raises :class:`BusError`."""

        async def said(error: Exception) -> None:
            log.warning("bus: %s", error)

        try:
            await self._client.connect(
                servers=list(self.settings.servers),
                name=self.name,
                error_cb=said,
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                connect_timeout=5,
                ping_interval=10,
                max_outstanding_pings=3,
                allow_reconnect=True,
            )
            self._inside = self._client.jetstream(timeout=PUBLISH_PATIENCE)
            await self._make()
        except (NatsError, OSError, TimeoutError) as error:
            await self.close()
            raise BusError(
                f"消息总线 {self.settings.servers} 无法使用：{type(error).__name__} {error}；"
                "请启动 NATS（须开启 JetStream），或改正 ECOLEDGER_BUS。"
            ) from error

    async def _make(self) -> None:
        wanted = StreamConfig(
            name=self.stream,
            subjects=[self.subject("packets", "*")],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            max_bytes=self.settings.most_bytes,
            num_replicas=self.settings.replicas,
            duplicate_window=120.0,
        )
        try:
            await self._inside.add_stream(wanted)
        except NatsError:
            # It stands already, perhaps with another greatest size.
            await self._inside.update_stream(wanted)
        for partition in range(self.settings.partitions):
            await self._inside.add_consumer(
                self.stream,
                ConsumerConfig(
                    durable_name=f"writer-{partition}",
                    filter_subject=self.subject("packets", str(partition)),
                    ack_policy=AckPolicy.EXPLICIT,
                    ack_wait=ACK_WAIT,
                    max_ack_pending=UNFINISHED,
                ),
            )

    @property
    def stream(self) -> str:
        return f"{self.settings.prefix}-packets"

    def subject(self, *parts: str) -> str:
        """A subject of this bureau's."""
        return ".".join((self.settings.prefix, *parts))

    @property
    def connected(self) -> bool:
        return bool(self._client.is_connected)

    async def persist(self, partition: int, data: bytes, number: str) -> None:
        """Put a bundle into the stream; returns when it is persisted. Raises :class:`BusError`."""
        try:
            await self._inside.publish(
                self.subject("packets", str(partition)),
                data,
                timeout=PUBLISH_PATIENCE,
                headers={"Nats-Msg-Id": number},
            )
        except (NatsError, OSError, TimeoutError) as error:
            raise BusError(f"the stream did not take a bundle: {error}") from error

    async def waiting(self) -> tuple[int, int]:
        """How many bundles the stream holds, and their bytes. Raises :class:`BusError`."""
        try:
            state = (await self._inside.stream_info(self.stream)).state
        except (NatsError, OSError, TimeoutError) as error:
            raise BusError(f"the stream does not answer: {error}") from error
        return int(state.messages), int(state.bytes)

    async def tell(self, subject: str, data: bytes) -> None:
        """Send to whoever listens now; nobody is waited for."""
        await self._client.publish(subject, data)

    async def request(self, subject: str, data: bytes, seconds: float) -> bytes:
        """Ask whoever listens on ``subject``. Raises ``TimeoutError``, also when nobody does."""
        try:
            answer = await self._client.request(subject, data, timeout=seconds)
        except NatsError as error:
            raise TimeoutError(f"nobody answers on {subject}") from error
        return bytes(answer.data)

    async def gather(self, subject: str, data: bytes, seconds: float, more: float) -> list[bytes]:
        """Answers of all who listen: those that come within ``seconds``, and ``more`` after the first."""
        inbox = self._client.new_inbox()
        answers: asyncio.Queue[bytes] = asyncio.Queue()

        async def heard(message: Any) -> None:
            if message.data:
                answers.put_nowait(bytes(message.data))

        subscription = await self._client.subscribe(inbox, cb=heard)
        try:
            await self._client.publish(subject, data, reply=inbox)
            result: list[bytes] = []
            loop = asyncio.get_running_loop()
            end = loop.time() + seconds
            while (left := end - loop.time()) > 0:
                try:
                    result.append(await asyncio.wait_for(answers.get(), left))
                except TimeoutError:
                    break
                end = min(end, loop.time() + more)
            return result
        finally:
            await subscription.unsubscribe()

    async def listen(self, subject: str, heard: Heard, *, beside: bool = False) -> None:
        """Have ``heard`` told (subject, data) of what comes; what it returns is the answer, if one is wanted.

        One message after the other, or with ``beside`` each by itself.
        """
        answering: set[asyncio.Task[None]] = set()

        async def deal(message: Any) -> None:
            try:
                answer = await heard(message.subject, bytes(message.data))
                if answer is not None and message.reply:
                    await self._client.publish(message.reply, answer)
            except Exception:
                log.exception("bus: a message on %s was not dealt with", message.subject)

        async def on(message: Any) -> None:
            if not beside:
                await deal(message)
                return
            task = asyncio.create_task(deal(message))
            answering.add(task)
            task.add_done_callback(answering.discard)

        await self._client.subscribe(subject, cb=on)
        # What is sent from now on is heard. The client writes the question of a flush before what still waits to be
        # written: the answer to the first says nothing of the subscription, the second is asked after it.
        await self._client.flush()
        await self._client.flush()

    async def bucket(self, name: str, seconds: float) -> Any:
        """A key-value bucket whose entries are gone after ``seconds`` unless renewed."""
        full = f"{self.settings.prefix}-{name}"
        try:
            return await self._inside.key_value(full)
        except NotFoundError:
            return await self._inside.create_key_value(
                bucket=full, ttl=seconds, history=1, replicas=self.settings.replicas
            )

    async def pull(self, partition: int, heard: Callable[[Any], None]) -> Any:
        """Have ``heard`` called with the bundles' messages of a partition; the subscription to ask for more by."""
        return await Pull.begun(self, partition, heard)

    async def close(self) -> None:
        if not self._client.is_closed:
            try:
                await asyncio.wait_for(self._client.close(), 5)
            except (NatsError, TimeoutError, OSError):
                log.warning("bus: not closed in order")


class Pull:
    """Asks JetStream for a partition's bundles, so many at a time, and again when they are dealt with."""

    EXPIRES: Final = 5.0

    def __init__(self, bus: Bus, partition: int, heard: Callable[[Any], None]) -> None:
        self._bus = bus
        self._heard = heard
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{bus.stream}.writer-{partition}"
        self._left = 0
        self._asked = 0.0
        self._subscription: Any = None

    @classmethod
    async def begun(cls, bus: Bus, partition: int, heard: Callable[[Any], None]) -> Pull:
        pull = cls(bus, partition, heard)
        inbox = bus._client.new_inbox()
        pull._subscription = await bus._client.subscribe(inbox, cb=pull._on)
        pull._inbox = inbox
        return pull

    _inbox = ""

    async def _on(self, message: Any) -> None:
        if message.headers and "Status" in message.headers:
            # Nothing more came in time, or the consumer is gone: ask anew.
            self._left = 0
            return
        self._left -= 1
        self._heard(message)

    async def ask(self, count: int) -> None:
        """Ask for up to ``count`` more, unless what was asked for is still on its way."""
        now = asyncio.get_running_loop().time()
        if self._left > 0 and now - self._asked < self.EXPIRES + 1:
            return
        self._left, self._asked = count, now
        request = f'{{"batch": {count}, "expires": {int(self.EXPIRES * 1e9)}}}'
        await self._bus._client.publish(self._subject, request.encode(), reply=self._inbox)

    async def close(self) -> None:
        await self._subscription.unsubscribe()
