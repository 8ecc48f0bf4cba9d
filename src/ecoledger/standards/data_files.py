"""The package's own data files, and a user's overrides of them.

A file ``<name>.toml`` in the folder given to :func:`use_overrides` (or in the environment variable
``ECOLEDGER_STANDARDS``) replaces, key by key, what the package's own file of that name says, so that a
bureau corrects or completes a doubtful fact without touching code.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

_overrides: Path | None = None
_generation = 0


def use_overrides(folder: Path | None) -> None:
    """Read overrides from ``folder`` from now on (``None``: from the environment variable again)."""
    global _overrides, _generation
    _overrides = folder
    _generation += 1
    read.cache_clear()


def generation() -> int:
    """A number that grows whenever the overrides change, for those who keep what they read."""
    return _generation


def override_folder() -> Path | None:
    """The folder that overrides are read from, if any."""
    if _overrides is not None:
        return _overrides
    named = os.environ.get("ECOLEDGER_STANDARDS")
    return Path(named) if named else None


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merged(result[key], value)
        else:
            result[key] = value
    return result


@cache
def read(name: str) -> dict[str, Any]:
    """Content of the data file ``<name>.toml`` with the user's override merged in.

    Raises ``FileNotFoundError`` for an unknown name and ``tomllib.TOMLDecodeError`` naming the line of a
    broken override. The result is shared: do not change it.
    """
    packaged = resources.files("ecoledger.standards").joinpath("data", f"{name}.toml")
    content = tomllib.loads(packaged.read_text(encoding="utf-8"))
    folder = override_folder()
    if folder is not None and (path := folder / f"{name}.toml").is_file():
        content = _merged(content, tomllib.loads(path.read_text(encoding="utf-8")))
    return content
