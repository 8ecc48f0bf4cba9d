"""The bureau's own rules of enforcement: data files of this app, each replaced by one of its name in the profile."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings


@cache
def rules(name: str) -> dict[str, Any]:
    """The content of ``data/<name>.toml``, or of the bureau's own file of that name."""
    own = Path(settings.PROFILE) / f"{name}.toml"
    if own.is_file():
        return tomllib.loads(own.read_text(encoding="utf-8"))
    shipped = resources.files("ecoledger.registers.enforcement") / "data" / f"{name}.toml"
    return tomllib.loads(shipped.read_text(encoding="utf-8"))
