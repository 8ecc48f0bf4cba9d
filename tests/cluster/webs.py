"""Several web processes of one bureau on one PostgreSQL, each with observations of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.server import Server
from tests.cluster import places
from tests.path import county


class Web(Server):
    """One of several web processes on one database."""

    database = ""

    @property
    def environment(self) -> dict[str, str]:
        return places.on(self.database)


def built(place: Path, database: str, count: int = 2) -> list[Web]:
    """``count`` processes on the empty database at an address, holding the small county; not yet started."""
    webs = [Web(place / f"web{n}") for n in range(count)]
    for web in webs:
        web.database = database
    webs[0].prepare(county.call("build"))
    for web in webs[1:]:  # the keys of one bureau
        web.data.mkdir()
        shutil.copy(webs[0].data / "chain_key", web.data / "chain_key")
    return webs
