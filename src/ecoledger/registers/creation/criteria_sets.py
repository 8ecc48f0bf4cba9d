"""The lists of criteria that ship (``data/criteria_sets.toml``), one for each kind of project; the bureau's own go before."""

from __future__ import annotations

from typing import Any

from ecoledger.listings import own_data, own_files

own_files.declare(own_files.Rules("ecoledger.registers.creation", "criteria_sets", "创建指标"))


def items_of(kind: str) -> list[dict[str, Any]]:
    """The criteria that a project of a kind begins with; none where its list has to be imported."""
    sets = own_data.read("ecoledger.registers.creation", "criteria_sets")["set"]
    return next(
        (list(criteria_set["items"]) for criteria_set in sets if criteria_set["kind"] == kind), []
    )
