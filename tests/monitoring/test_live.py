import asyncio
import threading

import pytest

from ecoledger.live import events


async def test_events_published_from_another_thread_reach_the_subscriber_in_order():
    with events.subscribe(["alarm"]) as heard:
        sender = threading.Thread(
            target=lambda: [events.publish("alarm", {"id": n}) for n in range(50)]
        )
        sender.start()
        received = [(await anext(heard)).payload["id"] for _ in range(50)]
        sender.join()
    assert received == list(range(50))


async def test_only_the_topics_asked_for_arrive():
    with events.subscribe(["matter"]) as heard:
        events.publish("observation", {"points": [1]})
        events.publish("matter", {"id": 7})
        assert (await anext(heard)).payload == {"id": 7}


async def test_a_slow_subscriber_learns_that_it_missed_events_and_all_go_on():
    slow, quick = events.subscribe(["alarm"], length=3), events.subscribe(["alarm"])
    for n in range(5):
        events.publish("alarm", {"id": n})
    await asyncio.sleep(0)
    assert (await anext(slow)).topic == "dropped"
    assert (await anext(slow)).payload == {"id": 4}
    slow.close()
    assert [(await anext(quick)).payload["id"] for _ in range(5)] == [0, 1, 2, 3, 4]
    quick.close()
    assert events.subscribers() == 0


async def test_closing_all_ends_every_iteration():
    heard = events.subscribe(["arrival"])
    events.close_all()
    assert [event async for event in heard] == []


def test_an_unknown_topic_is_refused_by_name():
    with pytest.raises(ValueError, match="weather"):
        events.publish("weather", {})
