"""What the store refuses at every try is kept and stored when it is well again."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace

import pytest
from asgiref.sync import sync_to_async
from tests.monitoring.test_ingest import observations, packet

from ecoledger.hj212.encoding import encode
from ecoledger.hj212.granting import Limits
from ecoledger.hj212.server import Gateway
from ecoledger.monitoring import heartbeat, runtime
from ecoledger.monitoring.arriving import ingest, unstored
from ecoledger.monitoring.points import table
from ecoledger.store.interface import StoreFullError

pytestmark = pytest.mark.django_db(transaction=True)


class Full:
    """The store, whose disk is full: it reads and does not write."""

    def __init__(self, store):
        self.read = store.read

    def append(self, *_, **__):
        raise StoreFullError("The disk is full.", "Free space on it.")


@pytest.fixture
def refusing(store, monkeypatch):
    """Lets the store refuse every append until it is undone."""
    monkeypatch.setattr(runtime, "store", lambda: Full(store))
    return monkeypatch


def frames(bureau, count=3):
    made = []
    for n in range(count):
        one = packet(bureau.flue_gas.mn, qn=f"2026050109000000{n}", a21026=30 + n)
        # Wants no acknowledgement: the device will not send it again.
        made.append(encode(replace(one, flag=4, data_time=one.data_time.replace(hour=n))))
    return made


async def test_a_batch_refused_at_every_try_is_stored_later_and_once(
    store, bureau, refusing, tmp_path, async_client
):
    path = tmp_path / "unstored.jsonl"
    table.forget()
    await sync_to_async(table.current)()
    handler = ingest.Ingest()
    gateway = Gateway(
        handler,
        Limits(retries=(0.01,)),
        unhandled=lambda given, _: unstored.keep(path, (("test", f) for f in given)),
    )
    async with gateway:
        _, writer = await asyncio.open_connection(*await gateway.listen())
        writer.write(b"".join(frames(bureau)))
        async with asyncio.timeout(300):
            while gateway.stats.frames_put_aside < 3:
                await asyncio.sleep(0.01)
        writer.close()
        # Whoever watches the platform is told that it takes nothing in.
        refusing.setattr(heartbeat, "gateway_state", lambda: asdict(gateway.stats))
        answer = await async_client.get("/health")
        assert (answer.status_code, answer.json()["ok"]) == (503, False)
        told = answer.json()["gateway"]
        assert (told["ok"], told["error"]) == (False, "packets cannot be stored")
    handler.close()
    assert gateway.stats.frames_dropped == 0

    with pytest.raises(StoreFullError):
        await sync_to_async(unstored.take_back)(path)
    refusing.undo()
    assert await sync_to_async(unstored.take_back)(path) == 3
    assert sorted(observations(store)["value"]) == [30, 31, 32]
    assert await sync_to_async(unstored.take_back)(path) == 0
    assert not list(tmp_path.glob("unstored*"))


def test_what_was_sent_again_meanwhile_is_stored_once(store, bureau, tmp_path):
    path = tmp_path / "unstored.jsonl"
    given = frames(bureau)
    unstored.keep(path, (("test", frame) for frame in given))
    assert unstored.take_back(path) == 3
    unstored.keep(path, (("test", frame) for frame in given[:2]))
    with path.open("ab") as file:
        file.write(b'{"at": "2026-05-01T0')  # cut short by a crash
    assert unstored.take_back(path) == 2
    assert len(observations(store)) == 3


def test_a_full_file_refuses(tmp_path, monkeypatch):
    monkeypatch.setattr(unstored, "MOST_BYTES", 10)
    path = tmp_path / "unstored.jsonl"
    assert unstored.keep(path, [("test", b"\xff\x00frame")]) == 1
    with pytest.raises(OSError, match="full"):
        unstored.keep(path, [("test", b"frame")])
