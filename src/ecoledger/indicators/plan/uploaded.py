"""An uploaded plan, read and gone through in a process with limits (``listings.tables.confined``).

The rules' patterns look at some texts very long; here that costs the child its time, not everybody the server.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ecoledger.indicators.plan.extraction import extract
from ecoledger.indicators.plan.items import Item, Part
from ecoledger.indicators.plan.reading import UnreadableError, read


def read_upload(content: bytes) -> dict[str, Any]:
    """``text`` and ``items`` of a file that carries its name in its first line, or the ``problem`` with it."""
    name, _, rest = content.partition(b"\n")
    try:
        text = read(name.decode(), rest)
    except UnreadableError as problem:
        return {"problem": str(problem)}
    return {"text": text, "items": [asdict(item) for item in extract(text)]}


def item_of(row: dict[str, Any]) -> Item:
    """An item as :func:`read_upload` gives it."""
    parts = row["parts"]
    return Item(**{**row, "parts": None if parts is None else [Part(**part) for part in parts]})
