"""A bit for each warning of the decoding, as a batch of packets keeps them."""

from __future__ import annotations

from .packet import WARNINGS

WARNING_BITS: dict[str, int] = {name: 1 << bit for bit, name in enumerate(WARNINGS)}
