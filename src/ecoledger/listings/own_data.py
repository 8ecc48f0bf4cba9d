"""What ships as data and a bureau may change: a file of the same name in its profile takes the shipped one's place.

What it changes on a page goes through :func:`write`, with the texts before and after on the audit trail.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person

# The mark of what a bureau has said itself.
OWN_MARK = "P"


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


def write(name: str, said: Mapping[str, Any], *, by: Person) -> None:
    """Keep ``<name>.toml`` in the profile: whole or not at all."""
    folder = Path(settings.PROFILE)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    text = _toml(said)
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    audit.record(
        by, "修改考核规则", None, details={"file": path.name, "before": before, "after": text}
    )


def _toml(said: Mapping[str, Any]) -> str:
    """Scalars, then tables of scalars and lists: what these files hold. JSON's strings and lists are TOML's."""
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in said.items()
        if not isinstance(value, list)
    ]
    for key, tables in said.items():
        if isinstance(tables, list):
            for table in tables:
                lines += ["", f"[[{key}]]"]
                lines += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in table.items()]
    return "\n".join(lines) + "\n"
