"""What a bureau may change for itself: a file of the same name in its profile takes the place of the shipped one."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings


@cache
def read(name: str) -> dict[str, Any]:
    """Content of ``<name>.toml``: the bureau's own, else the one in ``data/``."""
    own = Path(settings.PROFILE) / f"{name}.toml"
    if own.is_file():
        return tomllib.loads(own.read_text(encoding="utf-8"))
    shipped = resources.files("ecoledger.registers.air_sources") / "data" / f"{name}.toml"
    return tomllib.loads(shipped.read_text(encoding="utf-8"))
