"""How much of what was due has come, and how much of it is valid: by point, enterprise and month (mechanisms Q1, A11).

Due are the hours of every factor that a point reports (the periods of one that reports more seldom), from the day it began, up to the present hour, without those in
which it stood still by a filing or by its own mark F. 传输率 = received ÷ due, 有效率 = valid ÷ due, 传输有效率 = their
product; 捕集率 of an ambient station = valid hours ÷ due. Definitions from memory (mark M): numerators are always shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from django.db.models import Q
from django.utils import timezone

from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.models import Filing, Point, PointParameter

STOPPED, GOOD = "F", "N"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rates:
    """Hours of factors: due, received, valid; ``stopped`` were due to nobody."""

    due: int = 0
    received: int = 0
    valid: int = 0
    stopped: int = 0

    def __add__(self, other: Rates) -> Rates:
        return Rates(
            self.due + other.due,
            self.received + other.received,
            self.valid + other.valid,
            self.stopped + other.stopped,
        )

    @property
    def transmission(self) -> float | None:
        """传输率, percent."""
        return _percent(self.received, self.due)

    @property
    def validity(self) -> float | None:
        """有效率 (of an ambient station its capture), percent."""
        return _percent(self.valid, self.due)

    @property
    def effective(self) -> float | None:
        """传输有效率, percent: the product of both."""
        return None if not self.due else 100 * self.received * self.valid / self.due**2


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def by_month(
    points: Sequence[Point], begin: datetime, end: datetime
) -> dict[tuple[int, str], dict[datetime, Rates]]:
    """(point, factor) → first moment of a month → its rates, for hours ``begin <= hour < end`` in China standard time."""
    begin, end = _whole(begin), _whole(min(end, times.now()))
    factors = {
        (row.point_id, row.code): row for row in PointParameter.objects.filter(point__in=points)
    }
    if not factors or end <= begin:
        return {}
    codes = sorted({code for _point, code in factors})
    rows = runtime.store().read(
        [p.pk for p in points],
        codes,
        ["computed-hour", "hour"],
        begin,
        end,
        columns=("point", "parameter", "series", "start", "value", "flag"),
    )
    hours = (
        rows.sort("series")
        .unique(["point", "parameter", "start"], keep="first")
        .with_columns(flag=pl.col("flag").fill_null(GOOD), month=pl.col("start").dt.truncate("1mo"))
    )
    filed = _filed_hours(points, begin, end)
    if filed is not None:
        hours = hours.join(filed, on=["point", "start"], how="anti")
    counted = hours.group_by("point", "parameter", "month").agg(
        stopped=(pl.col("flag") == STOPPED).sum(),
        received=((pl.col("flag") != STOPPED) & pl.col("value").is_not_null()).sum(),
        valid=((pl.col("flag") == GOOD) & pl.col("value").is_not_null()).sum(),
    )
    found = {
        (row["point"], row["parameter"], row["month"]): row for row in counted.iter_rows(named=True)
    }
    excused = (
        {}
        if filed is None
        else {
            (row["point"], row["month"]): row["n"]
            for row in filed.group_by("point", month=pl.col("start").dt.truncate("1mo"))
            .agg(n=pl.len())
            .iter_rows(named=True)
        }
    )
    starts = _starts(points)
    result: dict[tuple[int, str], dict[datetime, Rates]] = {}
    for (point, code), factor in factors.items():
        step = max(1, factor.interval_seconds // 3600)
        own = result.setdefault((point, code), {})
        for month, after in _months(max(begin, starts.get(point, begin)), end):
            row = found.get((point, code, month.replace(day=1, hour=0)), {})
            filed_hours = excused.get((point, month.replace(day=1, hour=0)), 0)
            stopped = row.get("stopped", 0) + filed_hours // step
            due = max(0, int((after - month) / HOUR) // step - stopped)
            own[month.replace(day=1, hour=0)] = Rates(
                due, min(due, row.get("received", 0)), min(due, row.get("valid", 0)), stopped
            )
    return result


def of_points(points: Sequence[Point], begin: datetime, end: datetime) -> dict[int, Rates]:
    """Each point's rates over the hours, all its factors together."""
    result: dict[int, Rates] = {}
    for (point, _code), months in by_month(points, begin, end).items():
        result[point] = total([result.get(point, Rates()), *months.values()])
    return result


def total(rates: Iterable[Rates]) -> Rates:
    """All of them together."""
    return sum(rates, Rates())


def _whole(moment: datetime) -> datetime:
    """The hour in which a moment lies."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _starts(points: Sequence[Point]) -> dict[int, datetime]:
    """When a point's thing began to exist, where that is known."""
    return {
        p.pk: datetime.combine(p.entity.since, datetime.min.time())
        for p in points
        if p.entity is not None and p.entity.since
    }


def _months(begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The parts of ``begin`` to ``end`` by calendar month."""
    parts = []
    while begin < end:
        first = begin.replace(day=1, hour=0)
        following = (first + timedelta(days=32)).replace(day=1)
        parts.append((begin, min(following, end)))
        begin = following
    return parts


def _filed_hours(points: Sequence[Point], begin: datetime, end: datetime) -> pl.DataFrame | None:
    """Hours in which a point stood still by a filing that holds, as ``point, start``; ``None`` when there are none."""
    zone = timezone.get_default_timezone()
    by_entity: dict[int, list[int]] = {}
    for point in points:
        for entity in (point.entity_id, point.entity.parent_id if point.entity else None):
            if entity:
                by_entity.setdefault(entity, []).append(point.pk)
    filings = Filing.objects.filter(
        Filing.silencing(),
        Q(end=None) | Q(end__gt=begin.replace(tzinfo=zone)),
        begin__lt=end.replace(tzinfo=zone),
        kind=Filing.Kind.SHUTDOWN,
        entity__in=list(by_entity),
    )
    stood: set[tuple[int, datetime]] = set()
    for filing in filings:
        first = max(begin, timezone.localtime(filing.begin).replace(tzinfo=None))
        last = min(end, timezone.localtime(filing.end).replace(tzinfo=None) if filing.end else end)
        hour = _whole(first)
        own = [filing.point_id] if filing.point_id else by_entity[filing.entity_id]
        while hour < last:
            stood |= {(point, hour) for point in own}
            hour += HOUR
    if not stood:
        return None
    return pl.DataFrame(
        list(stood), schema={"point": pl.Int64, "start": pl.Datetime("us")}, orient="row"
    ).unique()
