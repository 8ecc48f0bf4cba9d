"""What DuckDB's and the system's errors mean to the people who run the store."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ecoledger.store.interface import (
    StoreBusyError,
    StoreClosedError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
)


def explained(error: Exception, path: Path) -> StoreError:
    """What an error of DuckDB or of the system means for the people who run the store."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    lower = str(error).lower()
    if "no space left" in lower or "file too large" in lower or "quota exceeded" in lower:
        return StoreFullError(
            f"The disk of {path} is full; nothing of this append was stored. ({text})",
            "Free space on it or move the store.",
        )
    if "set lock" in lower or "conflicting lock" in lower:
        return StoreBusyError(
            f"Another process has the store {path} open. ({text})",
            "Only the server may have it open: stop the other process or ask through the server.",
        )
    if isinstance(error, duckdb.FatalException | duckdb.InternalException):
        return StoreClosedError(
            f"The store {path} stopped after a failure. ({text})",
            "Look at the disk, then open the store again; what was acknowledged is kept.",
        )
    if isinstance(error, duckdb.SerializationException) or any(
        word in lower for word in ("corrupt", "checksum", "not a valid duckdb", "deserialize")
    ):
        return StoreDamagedError(
            f"The store {path} cannot be read. ({text})", "Restore the latest backup."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return StoreError(
            f"The question needs more memory than the store may use. ({text})",
            "Ask for fewer points or a shorter time, or raise the store's memory limit.",
        )
    return StoreError(f"The store {path} failed. ({text})", "See the log for the cause.")
