"""Indicator values kept: computed once for an area and a span, again only when what they rest on changed.

What changes says so (:func:`touch`); values it may concern become stale and are computed anew, by the
schedule or by whoever asks first. A different result is a further revision; an equal one only says until
when its inputs were read.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone

from ecoledger.indicators.declaring import Indicator, Span, all_indicators
from ecoledger.indicators.figures import Figure, Records
from ecoledger.indicators.models import IndicatorValue, Touched
from ecoledger.matters.models import Event
from ecoledger.monitoring.computing.aggregate import Changed
from ecoledger.monitoring.models import Point

# No computation runs as long as this.
REMEMBERED = timedelta(hours=6)
# Shortest code of a division that has figures: a province's two digits.
SHORTEST = 2
_ALL_TIME = (date(1900, 1, 1), date(2999, 1, 1))


def figure_of(row: IndicatorValue) -> Figure:
    """A stored value as the figure it was."""
    return Figure(
        row.label,
        Fraction(row.value) if row.value else None,
        row.display,
        Records(row.records["kind"], row.records["query"]),
        row.unit,
        Fraction(row.numerator) if row.numerator else None,
        Fraction(row.denominator) if row.denominator else None,
        row.standard,
        row.missing,
        row.decimals,
        row.judged,
    )


def _fields(figure: Figure) -> dict[str, Any]:
    return {
        "label": figure.label,
        "value": "" if figure.value is None else str(figure.value),
        "numerator": "" if figure.numerator is None else str(figure.numerator),
        "denominator": "" if figure.denominator is None else str(figure.denominator),
        "display": figure.display,
        "unit": figure.unit,
        "decimals": figure.decimals,
        "standard": figure.standard,
        "judged": figure.judged,
        "missing": figure.missing,
        "records": {"kind": figure.records.kind, "query": dict(figure.records.query)},
    }


def current(key: str, area_code: str, span: Span) -> IndicatorValue | None:
    """The revision that holds now, stale or not."""
    return IndicatorValue.objects.filter(
        indicator=key, area_code=area_code, begin=span.begin, end=span.end, current=True
    ).first()


def revisions(key: str, area_code: str, span: Span) -> list[IndicatorValue]:
    """Every revision of a value, the first first."""
    rows = IndicatorValue.objects.filter(
        indicator=key, area_code=area_code, begin=span.begin, end=span.end
    )
    return list(rows.order_by("revision"))


def figures(wanted: Iterable[Indicator], area_code: str, span: Span) -> dict[str, Figure]:
    """Figures of several indicators, stored ones where they hold; each source is computed at most once."""
    every = list(wanted)
    rows = {
        row.indicator: row
        for row in IndicatorValue.objects.filter(
            indicator__in=[indicator.key for indicator in every],
            area_code=area_code,
            begin=span.begin,
            end=span.end,
            current=True,
            stale=False,
        )
    }
    found = {key: figure_of(row) for key, row in rows.items()}
    results: dict[str, tuple[datetime, Any]] = {}
    for indicator in every:
        if indicator.key in found:
            continue
        if indicator.source.key not in results:
            began = timezone.now()
            results[indicator.source.key] = (began, indicator.source.of(area_code, span, None))
        began, result = results[indicator.source.key]
        figure = indicator.read(result)
        if not indicator.source.as_of_now:
            # Of two who compute the same for the first time, one stores it.
            with suppress(IntegrityError):
                store(indicator, area_code, span, figure, began)
        found[indicator.key] = figure
    return found


def figure(indicator: Indicator, area_code: str, span: Span) -> Figure:
    """One indicator's figure, stored where it holds."""
    return figures([indicator], area_code, span)[indicator.key]


@transaction.atomic
def store(
    indicator: Indicator, area_code: str, span: Span, figure: Figure, inputs_up_to: datetime
) -> IndicatorValue:
    """Keep a computed value whose inputs were read from ``inputs_up_to`` on."""
    fields = _fields(figure)
    place = {"indicator": indicator.key, "area_code": area_code, **asdict(span)}
    touched_by = indicator.source.touched_by
    stale = (
        Touched.objects.filter(
            touched_by=touched_by, begin__lt=span.end, end__gt=span.begin, at__gte=inputs_up_to
        )
        .filter(_around(area_code))
        .exists()
    )
    row = IndicatorValue.objects.select_for_update().filter(**place, current=True).first()
    if row is not None and all(getattr(row, name) == value for name, value in fields.items()):
        row.stale, row.computed_at, row.inputs_up_to = stale, timezone.now(), inputs_up_to
        row.save(update_fields=["stale", "computed_at", "inputs_up_to"])
        return row
    last = IndicatorValue.objects.filter(**place).aggregate(last=Max("revision"))["last"] or 0
    if row is not None:
        row.current = False
        row.save(update_fields=["current"])
    return IndicatorValue.objects.create(
        **place,
        **fields,
        touched_by=touched_by,
        revision=last + 1,
        stale=stale,
        computed_at=timezone.now(),
        inputs_up_to=inputs_up_to,
    )


def _around(area_code: str) -> Q:
    """Divisions inside a division, and those that hold it."""
    holding = [area_code[:n] for n in range(SHORTEST, len(area_code))]
    return Q(area_code__startswith=area_code) | Q(area_code__in=holding)


def touch(touched_by: str, areas: Iterable[str], begin: date, end: date) -> int:
    """Say that records changed in divisions on ``begin <= day < end``; how many values became stale."""
    codes = {code for code in areas if code}
    if not codes:
        return 0
    now = timezone.now()
    Touched.objects.bulk_create(
        Touched(touched_by=touched_by, area_code=code, begin=begin, end=end, at=now)
        for code in codes
    )
    where = Q()
    for code in codes:
        where |= _around(code)
    return IndicatorValue.objects.filter(
        where, touched_by=touched_by, current=True, stale=False, begin__lt=end, end__gt=begin
    ).update(stale=True)


def observations_changed(changed: Changed) -> None:
    """New or corrected daily values: those of a station, and of the divisions it speaks for."""
    days = changed.days
    if days.is_empty():
        return
    spans = days.group_by("point").agg(
        first=pl.col("day").min().dt.date(), last=pl.col("day").max().dt.date()
    )
    points = Point.objects.in_bulk(spans["point"].to_list())
    groups: dict[tuple[str, date, date], set[str]] = {}
    for row in spans.iter_rows(named=True):
        point = points.get(row["point"])
        if point is None:
            continue
        kind = "air" if point.kind == Point.Kind.AREA else str(point.kind)
        end = row["last"] + timedelta(days=1)
        groups.setdefault((kind, row["first"], end), set()).add(point.area_code)
    for (kind, begin, end), areas in groups.items():
        touch(kind, areas, begin, end)


def matter_changed(event: Event) -> None:
    """A step of a matter: it may count on the day it was opened, on the day it ends, or no more."""
    matter = event.matter
    touch(f"register:{matter.register}", [matter.area_code], *_ALL_TIME)


def refresh(limit: int = 500) -> int:
    """Compute stale values anew, and forget what no computation can still overtake; how many were done."""
    old = Touched.objects.filter(at__lt=timezone.now() - REMEMBERED)
    if old.exists():  # nobody has to wait for a deletion of nothing
        old.delete()
    known = {indicator.key: indicator for indicator in all_indicators()}
    done = 0
    rows = IndicatorValue.objects.filter(stale=True, current=True).order_by("pk")[:limit]
    groups: dict[tuple[str, date, date], list[Indicator]] = {}
    for row in rows:
        if row.indicator in known:
            groups.setdefault((row.area_code, row.begin, row.end), []).append(known[row.indicator])
    for (area_code, begin, end), wanted in groups.items():
        done += len(figures(wanted, area_code, Span(begin, end)))
    return done
