"""Texts that come back over and over (parameter codes, flags, names of rules) as small numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import polars as pl

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
    """Numbers for the texts of each kind, handed out in order of appearance."""

    def __init__(self, stored: Iterable[tuple[str, int, str]] = ()) -> None:
        self._codes: dict[str, dict[str, int]] = {kind: {} for kind in MOST}
        self._texts: dict[str, pl.Series] = {}
        for kind, code, text in stored:
            self._codes[kind][text] = code

    def unknown(self, table: pl.DataFrame) -> list[tuple[str, int, str]]:
        """New (kind, code, text) in the columns of a table; :meth:`add` makes them known."""
        found = []
        for kind, codes in self._codes.items():
            if kind not in table.columns or table[kind].null_count() == len(table):
                continue
            texts = table[kind].unique(maintain_order=True).drop_nulls().to_list()
            fresh = [text for text in texts if text not in codes]
            if len(codes) + len(fresh) > MOST[kind]:
                raise InvalidRowsError(
                    f"Column {kind} has more than {MOST[kind]} different texts in all.",
                    "Find the source that makes them up; codes come from a fixed list.",
                )
            found += [(kind, len(codes) + i, text) for i, text in enumerate(fresh)]
        return found

    def add(self, terms: Iterable[tuple[str, int, str]]) -> None:
        """Make terms known, after they have been stored."""
        for kind, code, text in terms:
            self._codes[kind][text] = code
            self._texts.pop(kind, None)

    def encode(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table with numbers for texts; every text must be known."""
        return table.with_columns(
            pl.col(kind).replace_strict(
                list(codes), list(codes.values()), default=None, return_dtype=KINDS[kind]
            )
            if codes
            else pl.lit(None, dtype=KINDS[kind]).alias(kind)
            for kind, codes in self._codes.items()
            if kind in table.columns
        )

    def decode(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table with texts for numbers."""
        return table.with_columns(
            self.texts(kind).gather(table[kind].cast(pl.UInt32)).alias(kind)
            for kind in self._codes
            if kind in table.columns
        )

    def texts(self, kind: str) -> pl.Series:
        """Texts of a kind in the order of their numbers."""
        known = self._texts.get(kind)
        if known is None:
            known = pl.Series(kind, list(self._codes[kind]), dtype=pl.String)
            self._texts[kind] = known
        return known

    def ranks(self, kind: str, codes: pl.Series) -> pl.Series:
        """Place of each text in alphabetical order, to sort numbers as their texts."""
        texts = self.texts(kind)
        rank = np.empty(len(texts), dtype=np.int32)
        rank[texts.arg_sort().to_numpy()] = np.arange(len(texts), dtype=np.int32)
        return pl.Series(kind, rank).gather(codes.cast(pl.UInt32))

    def codes(self, kind: str, texts: Iterable[str]) -> list[int]:
        """Numbers of the texts that are known; the others occur nowhere in the store."""
        known = self._codes[kind]
        return [known[text] for text in texts if text in known]
