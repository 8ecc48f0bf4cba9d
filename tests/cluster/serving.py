"""The running bureau of a data folder: one process, or over a bus (``ECOLEDGER_TEST_BUS``) with the gateway as its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.server import Server
from tests.cluster import places
from tests.cluster.roles import Role


@contextmanager
def begun(folder: Path, settings: dict[str, str]) -> Iterator[Server]:
    """``ecoledger serve`` on ``folder``; where there is a bus, devices reach it by ``ecoledger gateway`` beside it.

    ``settings``: environment besides that of the run.
    """
    if not os.environ.get(places.BUS):
        with Server(folder, settings=settings) as server:
            yield server
        return
    with (
        Server(folder, "--no-gateway", settings=settings) as server,
        Role("gateway", folder, {}) as gateway,
    ):
        server.device = gateway.device
        yield server
