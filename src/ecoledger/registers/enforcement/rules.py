"""The bureau's own rules of enforcement: data files of this app, each replaced by one of its name in the profile."""

from __future__ import annotations

from typing import Any

from ecoledger.listings import own_data


def rules(name: str) -> dict[str, Any]:
    """The content of ``data/<name>.toml``, or of the bureau's own file of that name."""
    return own_data.read("ecoledger.registers.enforcement", name)
