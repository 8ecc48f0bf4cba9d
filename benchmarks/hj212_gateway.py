"""How many packets a second a gateway takes in and acknowledges, end to end over loopback.

The gateway runs in this process with a handler that appends every frame to a file and flushes it to disk
(fsync) before it lets anything be acknowledged. Another process plays the devices: they keep a window of
packets on the way and count the acknowledgements.

    python benchmarks/hj212_gateway.py [--packets 200000] [--connections 200] [--window 100]
"""

import argparse
import asyncio
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from typing import BinaryIO

from hj212_parse import corpus

from ecoledger.hj212 import Batch, Connection, Gateway


class _Device(asyncio.Protocol):
    """Pours packets, never more than a window ahead of the acknowledgements."""

    def __init__(
        self, frames: list[bytes], count: int, window: int, done: asyncio.Future[None]
    ) -> None:
        self.frames, self.left, self.window, self.done = frames, count, window, done
        self.waiting = 0
        self.acknowledged = 0
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.pour()

    def pour(self) -> None:
        size = min(self.window - self.waiting, self.left)
        if size * 2 >= self.window or (size and size == self.left):
            first = self.left % len(self.frames)
            chosen = [self.frames[(first + number) % len(self.frames)] for number in range(size)]
            self.transport.write(b"".join(chosen))  # type: ignore[attr-defined]
            self.left -= size
            self.waiting += size

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        found = data.count(b";CN=9014;")
        self.rest = data[-8:] if not data.endswith(b"\r\n") else b""
        self.waiting -= found
        self.acknowledged += found
        if not self.left and self.waiting <= 0:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
        else:
            self.pour()


def devices(host: str, port: int, packets: int, connections: int, window: int) -> None:
    frames = [frame + b"\r\n" for frame in corpus("air", 500)]

    async def work() -> None:
        loop = asyncio.get_running_loop()
        dones = []
        for _ in range(connections):
            done: asyncio.Future[None] = loop.create_future()
            dones.append(done)
            await loop.create_connection(
                lambda done=done: _Device(frames, packets // connections, window, done), host, port
            )
        await asyncio.gather(*dones)

    asyncio.run(work())


async def serve(packets: int, connections: int, window: int, file: BinaryIO) -> None:
    loop = asyncio.get_running_loop()

    def store(frames: Sequence[bytes]) -> None:
        file.write(b"\n".join(frames))
        file.flush()
        os.fsync(file.fileno())

    async def handler(batch: Batch, sources: Sequence[Connection]) -> None:
        await loop.run_in_executor(None, store, batch.frames)

    async with Gateway(handler) as gateway:
        host, port = await gateway.listen()
        process = multiprocessing.get_context("spawn").Process(
            target=devices, args=(host, port, packets, connections, window)
        )
        process.start()
        while not gateway.stats.frames:
            await asyncio.sleep(0.001)
        begin, used = time.perf_counter(), time.process_time()
        total = packets // connections * connections
        while gateway.stats.acknowledged < total:
            await asyncio.sleep(0.01)
        seconds, used = time.perf_counter() - begin, time.process_time() - used
        await loop.run_in_executor(None, process.join)
        stats = gateway.stats
        print(
            f"{total:,} packets of 755 bytes over {connections} connections, {stats.values:,} values"
        )
        print(f"{total / seconds:10,.0f} packets/s acknowledged end to end ({seconds:.1f} s)")
        print(f"{total / used:10,.0f} packets/s of the gateway's own processor time ({used:.1f} s)")
        print(
            f"{total / stats.batches:10,.1f} packets a batch, {stats.pauses} pauses, {stats.faults} faults"
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{peak:10,.0f} MiB at the most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=200_000)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--window", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryFile() as file:
        asyncio.run(serve(arguments.packets, arguments.connections, arguments.window, file))


if __name__ == "__main__":
    main()
