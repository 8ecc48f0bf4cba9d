"""What ships as data and a bureau may change: a file of the same name in its profile takes the shipped one's place."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings


def read(room: str, name: str, *, own_name: str = "") -> dict[str, Any]:
    """Content of ``<name>.toml``: the bureau's own, else the one in ``data/`` of ``room`` ("ecoledger.registers.air").

    ``own_name``: its name in the profile, where another room ships one of the same name. Raises
    ``tomllib.TOMLDecodeError`` when the bureau's own cannot be read.
    """
    own = Path(settings.PROFILE) / f"{own_name or name}.toml"
    if own.is_file():
        return _read(str(own), own.stat().st_mtime_ns)
    return _read(str(resources.files(room) / "data" / f"{name}.toml"), 0)


@lru_cache(maxsize=64)
def _read(path: str, _changed: int) -> dict[str, Any]:
    """A file's content; read again when it has changed."""
    return tomllib.loads(Path(path).read_text(encoding="utf-8"))
