"""A person's word on all values of a period at once (时段审核): previewed, one action, undone as one.

Each reported value of the chosen parameters gets a row on the review layer that repeats it under the flag; hours and
days that rest on them follow by themselves. Undoing brings back what spoke before, also an earlier review of one
value; what somebody reviewed again since stays as they left it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.monitoring.computing.corrections import FLAGS, NotCorrectedError
from ecoledger.monitoring.models import PeriodReview, Point
from ecoledger.monitoring.runtime import store
from ecoledger.store.interface import KEY, SERIES, Layer

LONGEST = timedelta(days=93)
REPORTED = tuple(name for name, computed in SERIES.items() if not computed)
# What a word on a value repeats of it.
_REPEATED = (
    "seconds", "value", "minimum", "maximum", "total", "converted", "converted_minimum", "converted_maximum",
    "decimals", "text",
)  # fmt: skip
_TOLD = (
    *KEY,
    *_REPEATED,
    "flag",
    "layer",
    "author",
    "rule",
    "reason",
    "withdrawn",
    "observation_id",
)


@dataclass(frozen=True)
class Selection:
    """What a period review would touch: per parameter the values, and the hours and days that rest on them.

    ``days``: (parameter, day, its computed mean now or ``None``, whether that has the hours that a day needs).
    """

    values: dict[str, int]
    hours: int
    days: tuple[tuple[str, date, float | None, bool], ...]

    @property
    def count(self) -> int:
        return sum(self.values.values())


def selection(point: Point, parameters: Sequence[str], begin: datetime, end: datetime) -> Selection:
    """What lies in ``[begin, end)``. Raises :class:`NotCorrectedError` for a period that cannot be."""
    rows = _reported(point, parameters, begin, end)
    counts = rows.group_by("parameter").len().sort("parameter")
    hours = rows.select("parameter", pl.col("start").dt.truncate("1h")).unique()
    days = rows.select("parameter", pl.col("start").dt.truncate("1d").alias("start")).unique()
    means = (
        store()
        .read(
            [point.pk],
            list(parameters),
            "computed-day",
            datetime.combine(begin.date(), datetime.min.time()),
            end,
            columns=("parameter", "start", "value", "valid"),
        )
        .with_columns(pl.col("valid").fill_null(value=False))
    )
    told = days.join(means, on=("parameter", "start"), how="left").sort("parameter", "start")
    return Selection(
        dict(counts.iter_rows()),
        hours.height,
        tuple((code, start.date(), value, bool(ok)) for code, start, value, ok in told.iter_rows()),
    )


def _reported(
    point: Point, parameters: Sequence[str], begin: datetime, end: datetime
) -> pl.DataFrame:
    if not parameters:
        raise NotCorrectedError(_("请至少选择一个因子。"))
    if begin >= end:
        raise NotCorrectedError(_("结束应晚于开始。"))
    if end - begin > LONGEST:
        raise NotCorrectedError(_("一次最多审核 %d 天，请分段审核。") % LONGEST.days)
    return store().read(
        [point.pk], list(parameters), REPORTED, begin, end, columns=(*KEY, *_REPEATED, "flag")
    )


def review(
    person: Person,
    point: Point,
    parameters: Sequence[str],
    begin: datetime,
    end: datetime,
    *,
    flag: str,
    reason: str,
    expected: int,
    address: str = "",
) -> PeriodReview:
    """Flag every reported value of ``parameters`` in ``[begin, end)``; ``expected`` is how many the person saw.

    Raises :class:`NotCorrectedError` with what would help.
    """
    if flag not in FLAGS:
        raise NotCorrectedError(_("没有这个数据标记，请从列表中选择。"))
    if not reason.strip():
        raise NotCorrectedError(_("请写明理由，理由会与原值一并保留。"))
    rows = _reported(point, parameters, begin, end)
    if rows.is_empty():
        raise NotCorrectedError(_("这个时段没有设备上报的数据。"))
    if rows.height != expected:
        raise NotCorrectedError(_("预览以后又来了数据，请重新核对。"))
    with transaction.atomic():
        record = PeriodReview.objects.create(
            point=point,
            parameters=list(parameters),
            begin=timezone.make_aware(begin),
            end=timezone.make_aware(end),
            flag=flag,
            reason=reason.strip()[:300],
            values=rows.height,
            person=person,
        )
        audit.record(
            person,
            "review_period",
            point,
            details={
                "review": record.pk,
                "parameters": list(parameters),
                "begin": begin,
                "end": end,
                "flag": flag,
                "values": rows.height,
                "reason": record.reason,
            },
            address=address,
        )
        store().append(
            observations=rows.with_columns(
                pl.lit(flag).alias("flag"),
                pl.lit(int(Layer.REVIEW), dtype=pl.Int8).alias("layer"),
                pl.lit(person.username).alias("author"),
                pl.lit(record.rule).alias("rule"),
                pl.lit(record.reason).alias("reason"),
            )
        )
    return record


def undo(person: Person, record: PeriodReview, *, address: str = "") -> int:
    """Take a period review back; how many values were left because somebody reviewed them again since."""
    if record.undone_at is not None:
        raise NotCorrectedError(_("这次审核已经撤销。"))
    begin, end = (timezone.make_naive(moment) for moment in (record.begin, record.end))
    told = store().read(
        [record.point_id], record.parameters, REPORTED, begin, end, columns=_TOLD, revisions=True
    )
    words = told.filter(pl.col("layer") == int(Layer.REVIEW)).sort("observation_id")
    last = words.group_by(KEY, maintain_order=True).last()
    own = last.filter((pl.col("rule") == record.rule) & ~pl.col("withdrawn"))
    before = words.join(own.select(*KEY, pl.col("observation_id").alias("own")), on=KEY)
    before = before.filter(
        (pl.col("observation_id") < pl.col("own")) & (pl.col("rule") != record.rule)
    )
    earlier = before.group_by(KEY, maintain_order=True).last().filter(~pl.col("withdrawn"))
    plain = own.join(earlier.select(KEY), on=KEY, how="anti")
    back = pl.concat(
        [
            earlier.select(_TOLD).drop("observation_id"),
            plain.with_columns(
                pl.lit(True).alias("withdrawn"), pl.lit(person.username).alias("author")
            )
            .select(_TOLD)
            .drop("observation_id"),
        ]
    )
    with transaction.atomic():
        record.undone_at, record.undone_by = timezone.now(), person
        record.save(update_fields=["undone_at", "undone_by"])
        audit.record(
            person,
            "undo_review_period",
            record.point,
            details={"review": record.pk, "values": back.height},
            address=address,
        )
        if not back.is_empty():
            store().append(observations=back)
    return record.values - back.height
