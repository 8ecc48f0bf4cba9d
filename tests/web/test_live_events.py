"""Server-sent events reach those whose scope they lie in, at once when they are urgent."""

from __future__ import annotations

import asyncio

from ecoledger.live import events
from ecoledger.matters.sight import Sight
from ecoledger.web.live import Scope, _events

NOBODY = Sight(0)
NORTH = Scope(("990101001",), "", frozenset({1, 2}), NOBODY)


async def _topics(
    scope: Scope, *published: tuple[str, dict], hears: int = 0, wait: float = 0.3
) -> list[str]:
    """What a page of ``scope`` hears: ``hears`` events however long they take, and what else comes soon after."""
    heard: list[str] = []

    async def listen() -> None:
        async for chunk in _events(scope):
            heard.extend(
                line[7:] for line in chunk.decode().split("\n") if line.startswith("event: ")
            )

    task = asyncio.create_task(listen())
    await asyncio.sleep(0.05)
    for topic, payload in published:
        events.publish(topic, payload)
    async with asyncio.timeout(60):
        while len(heard) < hears:
            await asyncio.sleep(0.01)
    await asyncio.sleep(wait)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return heard


async def test_an_alarm_in_scope_is_told_and_one_outside_is_not():
    inside = ("alarm", {"area_code": "990101001", "owner_code": ""})
    outside = ("alarm", {"area_code": "990101002", "owner_code": ""})
    assert await _topics(NORTH, inside, hears=1) == ["alarm"]
    assert await _topics(NORTH, outside) == []


async def test_observations_are_told_by_point_and_gathered():
    mine = ("observation", {"points": [2, 7]})
    assert await _topics(NORTH, mine, mine, mine, hears=1) == ["observation"]
    assert await _topics(NORTH, ("observation", {"points": [7]})) == []


async def test_a_firm_hears_of_its_own():
    firm = Scope((), "E-1", frozenset(), Sight(7, frozenset({"self_check"}), entity="E-1"))
    told = {"register": "self_check", "circulation": "enterprise", "area_code": "990101001"}
    assert await _topics(firm, ("matter", told | {"owner_code": "E-1"}), hears=1) == ["matter"]
    assert await _topics(firm, ("matter", told | {"owner_code": "E-2"})) == []
    undecided = told | {"owner_code": "E-1", "circulation": "staff"}
    assert await _topics(firm, ("matter", undecided)) == []


async def test_a_page_that_leaves_is_forgotten():
    before = events.subscribers()
    await _topics(NORTH, wait=0.05)
    assert events.subscribers() == before
