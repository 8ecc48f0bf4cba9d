"""Texts that come back over and over (parameter codes, flags, names of rules) as small numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.store.interface import InvalidRowsError

MOST: Final[Mapping[str, int]] = {
    "parameter": 1 << 16,
    "series": 1 << 7,
    "flag": 1 << 15,
    "author": 1 << 31,
    "rule": 1 << 31,
    "standard": 1 << 31,
}
"""The kinds of text kept this way and how many of each there may be."""

KINDS: Final[Mapping[str, pl.DataType]] = {
    "parameter": pl.Int32(),
    "series": pl.Int8(),
    "flag": pl.Int16(),
    "author": pl.Int32(),
    "rule": pl.Int32(),
    "standard": pl.Int32(),
}
"""Type of the numbers of each kind."""


class Terms:
    """Numbers for the texts of each kind, from 0 in the order of appearance.

    Any thread may encode and decode; one at a time may add.
    """

    def __init__(self, stored: Iterable[tuple[str, int, str]] = ()) -> None:
        self._codes: dict[str, dict[str, int]] = {kind: {} for kind in MOST}
        self._texts: dict[str, pl.Series] = {}
        self._ranks: dict[str, NDArray[np.int32]] = {}
        for kind, code, text in stored:
            self._codes[kind][text] = code

    def unknown(self, table: pl.DataFrame, coded: pl.DataFrame) -> list[tuple[str, int, str]]:
        """(kind, code, text) that became null in encoding; :meth:`add` makes them known."""
        result = []
        for kind, codes in self._codes.items():
            if kind not in table.columns or coded[kind].null_count() == table[kind].null_count():
                continue
            texts = table[kind].unique().drop_nulls().to_list()
            fresh = sorted(text for text in texts if text not in codes)
            if len(codes) + len(fresh) > MOST[kind]:
                raise InvalidRowsError(
                    f"Column {kind} has more than {MOST[kind]} different texts in all.",
                    "Find the source that makes them up; codes come from a fixed list.",
                )
            result += [(kind, len(codes) + i, text) for i, text in enumerate(fresh)]
        return result

    def add(self, terms: Iterable[tuple[str, int, str]]) -> None:
        """Make terms known, after they have been stored."""
        for kind, code, text in terms:
            self._codes[kind][text] = code

    def encode(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table with numbers for texts; a text that is not known becomes null."""
        # The numbers count from 0 without a gap, so they are the physical values of an Enum.
        return table.with_columns(
            pl.col(kind)
            .cast(pl.Enum(self.texts(kind)), strict=False)
            .to_physical()
            .cast(KINDS[kind])
            for kind in self._codes
            if kind in table.columns
        )

    def decode(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table with texts for numbers."""
        return table.with_columns(
            self.texts(kind)[table[kind].cast(pl.UInt32)].alias(kind)
            for kind in self._codes
            if kind in table.columns
        )

    def texts(self, kind: str) -> pl.Series:
        """Texts of a kind in the order of their numbers."""
        known = self._texts.get(kind)
        if known is None or len(known) < len(self._codes[kind]):
            known = pl.Series(kind, list(self._codes[kind]), dtype=pl.String)
            self._texts[kind] = known
        return known

    def ranks(self, kind: str) -> NDArray[np.int32]:
        """By number the place of its text in alphabetical order, to sort numbers as texts."""
        known = self._ranks.get(kind)
        if known is None or len(known) < len(self._codes[kind]):
            texts = self.texts(kind)
            known = np.empty(len(texts), dtype=np.int32)
            known[texts.arg_sort().to_numpy()] = np.arange(len(texts), dtype=np.int32)
            self._ranks[kind] = known
        return known

    def codes(self, kind: str, texts: Iterable[str]) -> list[int]:
        """Numbers of the texts that are known; the others occur nowhere in the store."""
        known = self._codes[kind]
        return [known[text] for text in texts if text in known]
