"""What kinds of land there are (用地), and the bureau's other rules of land access: ``data/land.toml``."""

from __future__ import annotations

from typing import Any

from ecoledger.listings import own_data, own_files
from ecoledger.listings.parts import Choices

own_files.declare(own_files.Rules("ecoledger.registers.soil", "land", "建设用地准入规则"))


def rules() -> dict[str, Any]:
    """The file in force."""
    return own_data.read("ecoledger.registers.soil", "land")


def uses() -> Choices:
    """The kinds of land, to choose from."""
    return tuple((use["key"], use["label"]) for use in rules()["use"])


def use_of(key: str) -> dict[str, Any]:
    """What is known of a kind of land; of one that is no longer listed, that it is an ordinary second class."""
    plain = {"key": key, "label": key, "class": "second", "sensitive": False}
    return next((use for use in rules()["use"] if use["key"] == key), plain)
