"""A process beside the server (:mod:`ecoledger.jobs.beside`): the server starts it, ``python -m ecoledger.cli.beside``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

from ecoledger.cli import data_folder, process_limits


class _ServersStore:
    """The observation store of the serving process: each method is called there."""

    def __getattr__(self, name: str) -> Any:
        from ecoledger.jobs import beside

        return partial(beside.ask, "store", name)

    def close(self) -> None:
        """It is the server's to close."""


def main() -> None:
    # The server says when to end: by closing the pipe.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    data_folder.use(Path(os.environ["ECOLEDGER_DATA"]))
    from ecoledger.cli import json_log
    from ecoledger.jobs import beside
    from ecoledger.monitoring import runtime
    from ecoledger.store.interface import ObservationStore

    json_log.install()
    runtime.use(cast(ObservationStore, _ServersStore()))
    process_limits.settle()
    beside.serve(int(sys.argv[1]), _one_registry)


@contextmanager
def _one_registry() -> Iterator[None]:
    """The points as the server knows them; what is changed here is known there when the work is done."""
    from ecoledger.jobs import beside
    from ecoledger.monitoring.points import table

    table.forget()
    before = table.generation()
    try:
        yield
    finally:
        if table.generation() != before:
            beside.ask("points changed")


if __name__ == "__main__":
    main()
