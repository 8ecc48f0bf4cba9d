"""A person's word on a reported value (人工审核): a row on the review layer, the device's value stays."""

from __future__ import annotations

from datetime import datetime

import polars as pl
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.runtime import store
from ecoledger.store.interface import SERIES, Layer

# Flags a review may set (HJ 212-2017 table 8).
FLAGS = ("N", "F", "M", "S", "D", "C", "T", "B")


class NotCorrectedError(ValueError):
    """The review was refused; the text says why and what would help."""


def review(
    person: Person,
    point: Point,
    parameter: str,
    series: str,
    start: datetime,
    *,
    value: float | None = None,
    flag: str = "",
    reason: str,
    withdraw: bool = False,
    address: str = "",
) -> None:
    """Set, or with ``withdraw`` take back, the review of one reported observation.

    The computed hours and days that rest on it follow by themselves. Raises
    :class:`NotCorrectedError` for computed series, an unknown observation, no reason, or a flag
    that does not exist.
    """
    if SERIES.get(series, True):
        raise NotCorrectedError(_("只能审核设备上报的数据，计算结果会随之重算。"))
    if not reason.strip():
        raise NotCorrectedError(_("请写明理由，理由会与原值一并保留。"))
    if flag and flag not in FLAGS:
        raise NotCorrectedError(_("没有这个数据标记，请从列表中选择。"))
    known = store().history(point.pk, parameter, series, start)
    if known.is_empty():
        raise NotCorrectedError(_("没有这条数据，可能已超出保存范围，请刷新页面。"))
    # The trail first: a review that could not be stored may be on record, one without trail may not exist.
    audit.record(
        person,
        "withdraw_review" if withdraw else "review_observation",
        point,
        details={
            "parameter": parameter,
            "series": series,
            "start": start,
            "value": value,
            "flag": flag,
            "reason": reason.strip()[:300],
        },
        address=address,
    )
    row = {
        "point": [point.pk],
        "parameter": [parameter],
        "start": [start],
        "seconds": [known["seconds"][0]],
        "series": [series],
        "value": [value],
        "flag": [flag or None],
        "layer": [int(Layer.REVIEW)],
        "author": [person.username],
        "rule": ["review"],
        "reason": [reason.strip()[:300]],
        "withdrawn": [withdraw],
    }
    kinds = {"value": pl.Float64, "flag": pl.String}
    store().append(observations=pl.DataFrame(row, schema_overrides=kinds))
