"""The store as its users know it."""

from __future__ import annotations

from ecoledger.store.duckdb.care import Care
from ecoledger.store.duckdb.reading import Reading
from ecoledger.store.duckdb.writing import Writing
from ecoledger.store.interface import ObservationStore


class DuckDBStore(Writing, Reading, Care, ObservationStore):
    """See :class:`ObservationStore` for what the methods promise."""
