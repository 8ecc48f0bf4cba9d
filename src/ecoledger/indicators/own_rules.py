"""Rules that ship as data and that a bureau may replace: a file of the same name in its profile speaks first."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings


def table(name: str) -> dict[str, Any]:
    """The table of ``name``: the bureau's own, else the shipped one. Raises ``tomllib.TOMLDecodeError``."""
    own = Path(settings.PROFILE) / name
    if own.is_file():
        return tomllib.loads(own.read_text(encoding="utf-8"))
    shipped = resources.files("ecoledger.indicators") / "data" / name
    return tomllib.loads(shipped.read_text(encoding="utf-8"))
