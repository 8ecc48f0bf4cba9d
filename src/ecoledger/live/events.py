"""What has just happened, told to whoever is looking: pages, jobs, tests.

``publish`` may be called from any thread and never waits. ``subscribe`` is for coroutines::

    with live.subscribe(["alarm", "matter"]) as events:
        async for event in events:
            ...

What a subscriber that falls behind has not taken is dropped rather than let the queue grow: it gets one
event with the topic ``"dropped"`` in the place of what it missed, and goes on from there.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from ecoledger.live import times

TOPICS = frozenset({"observation", "alarm", "matter", "arrival"})
QUEUE_LENGTH = 256


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. ``number`` grows by one an event within the process."""

    number: int
    topic: str
    payload: dict[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=times.now)


_numbers = itertools.count(1)
_lock = threading.Lock()
_subscriptions: set[Subscription] = set()


class Subscription:
    """An async iterator of :class:`Event`; must be made inside a running event loop."""

    def __init__(self, topics: Iterable[str], length: int = QUEUE_LENGTH) -> None:
        self.topics = frozenset(topics)
        if unknown := self.topics - TOPICS:
            raise ValueError(f"unknown topics {sorted(unknown)}; there are {sorted(TOPICS)}")
        self._loop = asyncio.get_running_loop()
        self._length = length
        self._waiting: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._closed = False
        with _lock:
            _subscriptions.add(self)

    def _offer(self, event: Event) -> None:
        if self._closed:
            return
        if len(self._waiting) >= self._length:
            self._waiting.clear()
            self._waiting.append(Event(event.number, "dropped"))
        else:
            self._waiting.append(event)
        self._wake.set()

    def close(self) -> None:
        """End the subscription; what is queued is still given out."""
        self._closed = True
        with _lock:
            _subscriptions.discard(self)
        self._wake.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._waiting.popleft()


forward: Callable[[str, dict[str, Any]], None] | None = None
"""Where several processes serve pages: carries (topic, payload) to the others. Must not block nor raise."""


def publish(topic: str, payload: dict[str, Any]) -> None:
    """Tell every subscriber of ``topic``. From any thread; never blocks, never raises for a slow one."""
    deliver(topic, payload)
    if forward is not None:
        forward(topic, payload)


def deliver(topic: str, payload: dict[str, Any]) -> None:
    """Tell the subscribers of this process alone: what another process published."""
    if topic not in TOPICS:
        raise ValueError(f"unknown topic {topic!r}; there are {sorted(TOPICS)}")
    with _lock:
        listeners = [s for s in _subscriptions if topic in s.topics]
    if not listeners:
        return
    event = Event(next(_numbers), topic, payload)
    for listener in listeners:
        try:
            listener._loop.call_soon_threadsafe(listener._offer, event)
        except RuntimeError:  # its loop has been closed under it
            listener.close()


def drop() -> None:
    """Tell every subscriber of this process that something may have been missed."""
    with _lock:
        listeners = list(_subscriptions)
    event = Event(next(_numbers), "dropped")
    for listener in listeners:
        try:
            listener._loop.call_soon_threadsafe(listener._offer, event)
        except RuntimeError:
            listener.close()


def subscribe(topics: Iterable[str], length: int = QUEUE_LENGTH) -> Subscription:
    """Events of ``topics`` from now on, at most ``length`` waiting."""
    return Subscription(topics, length)


def subscribers() -> int:
    """How many are listening now."""
    with _lock:
        return len(_subscriptions)


def close_all() -> None:
    """End every subscription, so that open pages do not hold up the stopping of the server."""
    with _lock:
        open_now = list(_subscriptions)
    for subscription in open_now:
        try:
            subscription._loop.call_soon_threadsafe(subscription.close)
        except RuntimeError:
            subscription.close()
