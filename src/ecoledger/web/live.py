"""Server-sent events: tells an open page that something it shows has changed, within the person's scope.

An event carries its topic and no content; the page asks again for what it shows, through the same
checks as any page.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.live import events
from ecoledger.matters.sight import Sight
from ecoledger.web import scoped

TOPICS = ("observation", "alarm", "matter")
# Told at once; the others at most once in so many seconds.
URGENT = frozenset({"alarm", "matter"})
PAUSE = 3.0
KEEP_ALIVE = 20.0
# The browser connects again by itself; rights that were taken away end with the old connection.
LONGEST = 900.0
# A browser opens six connections to a site at most.
MOST_OF_A_PERSON = 12
_open: Counter[int] = Counter()


@dataclass(frozen=True)
class Scope:
    """What of the events a person may learn of."""

    areas: tuple[str, ...]
    entity: str
    points: frozenset[int]
    matters: Sight

    @classmethod
    def of(cls, person: Person) -> Scope:
        inside = person.has_role(*STAFF, Role.THIRD_PARTY)
        points = scoped.points(person).values_list("pk", flat=True)
        entity = person.entity_code if person.has_role(Role.ENTERPRISE) else ""
        areas = tuple(person.area_codes) if inside else ()
        return cls(areas, entity, frozenset(points), Sight.of(person))

    def covers(self, topic: str, payload: dict[str, Any]) -> bool:
        """Whether the person may see what an event is about; what says nothing of it is told to nobody."""
        if topic == "matter":
            return self.matters.sees(payload)
        if "points" in payload:
            return not self.points.isdisjoint(payload["points"])
        area = str(payload.get("area_code") or "")
        owner = str(payload.get("owner_code") or "")
        return any(area.startswith(code) for code in self.areas) or bool(
            owner and owner == self.entity
        )


def stream(request: HttpRequest) -> HttpResponseBase:
    """The events of the person's scope; what streams holds no thread and no database connection."""
    person = request.user
    if not isinstance(person, Person) or not person.may("see_monitoring"):
        raise PermissionDenied(_("您的岗位不含打开此页的权限。"))
    scope = Scope.of(person)
    if _open[person.pk] >= MOST_OF_A_PERSON:
        return HttpResponse(
            _("打开的页面太多，请关闭一些。"), status=429, headers={"Retry-After": "60"}
        )
    return StreamingHttpResponse(
        _counted(person.pk, _events(scope)),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _counted(person: int, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    _open[person] += 1
    try:
        async for part in stream:
            yield part
    finally:
        _open[person] -= 1
        if not _open[person]:
            del _open[person]


async def _events(scope: Scope) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    began = clock()
    waiting: set[str] = set()
    next_turn = 0.0
    yield b"retry: 3000\n\n"
    with events.subscribe(TOPICS) as arriving:
        while (now := clock()) - began < LONGEST:
            if waiting and now >= next_turn:
                for topic in sorted(waiting):
                    yield f"event: {topic}\ndata: {topic}\n\n".encode()
                waiting.clear()
                next_turn = now + PAUSE
            patience = max(next_turn - now, 0.05) if waiting else KEEP_ALIVE
            try:
                event = await asyncio.wait_for(anext(arriving), patience)
            except TimeoutError:
                if not waiting:
                    yield b": \n\n"
                continue
            except StopAsyncIteration:
                return
            if event.topic == "dropped":  # which, nobody knows: the page looks at everything again
                waiting.update(TOPICS)
                continue
            if not scope.covers(event.topic, event.payload):
                continue
            if event.topic in URGENT:
                yield f"event: {event.topic}\ndata: {event.topic}\n\n".encode()
            else:
                waiting.add(event.topic)
