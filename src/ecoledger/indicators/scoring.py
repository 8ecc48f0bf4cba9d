"""Indicators as sources of score sheets: an item ``source="good_day_ratio"`` is marked by the figure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ecoledger.books.score_sheet import Measured, Source
from ecoledger.indicators import doors, of_registers, storing
from ecoledger.indicators.declaring import Span, indicator_of


def source(key: str) -> Source:
    """The source that measures a division, or the division a thing lies in, by an indicator.

    What has no value is told as lacking, never as nought: a score sheet leaves it out of the rank. So is a figure that
    only some may know: scores are published.
    Raises ``KeyError`` for an indicator that is not declared.
    """
    indicator = indicator_of(key)

    def measured(scored: Any, first: date, last: date) -> Measured:
        area_code = scored if isinstance(scored, str) else scored.area_code
        if of_registers.untold_of(indicator, area_code):
            return Measured(None, of_registers.KEPT_BACK)
        span = Span(first, last + timedelta(days=1))
        figure = storing.figure(indicator, area_code, span)
        if figure.value is None:
            return Measured(None, figure.missing)
        value = Decimal(figure.value.numerator) / Decimal(figure.value.denominator)
        parts = f"（{figure.parts}）" if figure.parts else ""
        return Measured(
            value, f"{figure.label}{figure.display}{parts}", doors.address(figure.records)
        )

    return measured
