"""What one gateway grants its devices, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one gateway grants its devices. Sizes in bytes, times in seconds."""

    connections: int = 20_000
    connections_an_address: int = (
        1_000  # a forwarder or a carrier's address stands for many devices
    )
    buffer: int = 16_384  # an incomplete frame, each connection
    unsent: int = 262_144  # answers a device has not read, each connection
    idle: float = 7_200.0  # RtdInterval may be an hour; a silent connection is closed after two
    unproven: float = 600.0  # a connection that has sent nothing of a device is closed after it
    faults: int = 1_000  # bad frames in a row, or 64 times as many bytes of garbage, before closing
    fault_size: int = 1_024  # every so many bytes of a bad frame count as a fault more
    closings: int = 5  # of an address for faults within a minute; then it is refused for a minute
    frames_in_flight: int = 20_000  # beyond it reading pauses until the handler has caught up
    batch: int = 2_000
    batch_bytes: int = 4 << 20  # nothing else is done while a batch is decoded
    linger: float = 0.002  # wait so long for company before handing over a small batch
    rest: float = 6.0  # and begin none before so many times as long as the last one took,
    longest_rest: float = (
        0.25  # but at most so long: a small batch costs nearly what a large one does
    )
    batches_in_hand: int = 2  # one is decoded while the handler stores another
    retries: tuple[float, ...] = (0.5, 2.0, 5.0)  # when the handler fails
    routes: int = 1_000  # devices behind one connection that requests can be sent to


@dataclass(slots=True)
class Stats:
    """Counters since the start, plain attributes for metrics."""

    connections: int = 0
    connections_open: int = 0
    connections_refused: int = 0
    closed_idle: int = 0
    closed_unproven: int = 0
    closed_faulty: int = 0
    closed_not_reading: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    garbage_bytes: int = 0
    frames: int = 0
    packets: int = 0
    faults: int = 0
    values: int = 0
    batches: int = 0
    acknowledged: int = 0
    handler_errors: int = 0
    frames_put_aside: int = 0
    frames_dropped: int = 0
    pauses: int = 0
    second_addresses: int = 0
    failing: bool = False  # the last batch could not be handled
