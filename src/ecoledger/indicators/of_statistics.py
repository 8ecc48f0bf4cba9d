"""Every number of a register's statistics as an indicator: 交办总数, 其中：重复, 完成率 with the denominator it names.

Counted are matters begun in the span: entered, or filed where a register says so. A register that declares a statistic tomorrow has its figure in summaries
without a line here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import cache, partial
from urllib.parse import parse_qsl

from django.utils import timezone

from ecoledger.indicators import doors
from ecoledger.indicators.declaring import HIGHER, Indicator, Source, Span
from ecoledger.indicators.figures import PERCENT, Figure, absent, quantity, ratio
from ecoledger.indicators.of_registers import within
from ecoledger.matters.register import Register, Statistic, all_registers, register_of, seen_of

# What a list's address asks of where a matter stands now.
_STANDS = {"open", "overdue", "closed"}
Found = dict[str, tuple[Statistic, Figure]]


@cache
def _labels(register_key: str) -> tuple[tuple[str, str, str], ...]:
    """Name, label and unit of a register's statistics, from how it counts nothing."""
    register = register_of(register_key)
    if register.statistics is None:
        return ()
    nothing = register.model._default_manager.none()
    return tuple(
        (s.name, str(s.label), s.unit)
        for s in register.statistics(nothing, timezone.now(), seen_of(None))
    )


def _of(register_key: str, area_code: str, span: Span, as_of: date | None) -> dict[str, Figure]:
    register = register_of(register_key)
    if register.statistics is None:
        return {}
    rows = register.model._default_manager.filter(
        within(register.model, register.begins, span),
        area_code__startswith=area_code,
        withdrawn_at=None,
    )
    shown = {
        "register": register.key,
        "area_code": area_code,
        f"{register.begins}_from": span.begin.isoformat(),
        f"{register.begins}_to": date.fromordinal(span.end.toordinal() - 1).isoformat(),
    }
    counted = register.statistics(rows, timezone.now(), seen_of(None))
    return {s.name: _figure(s, shown) for s in counted}


def figures_of(register_key: str, area_code: str, span: Span) -> list[Figure]:
    """The figures of a register's statistics over what was opened in a span, without those that the counts every
    register has tell as they were at its end: how many, in hand, late, ended."""
    found = _of(register_key, area_code, span, None)
    return [
        figure
        for name, figure in found.items()
        if name != "total" and (figure.unit == PERCENT or not _STANDS & {*figure.records.query})
    ]


def _figure(statistic: Statistic, shown: dict[str, str]) -> Figure:
    door = doors.MATTERS.opens(**{**shown, **dict(parse_qsl(statistic.query))})
    if statistic.query.startswith("/"):  # what is counted stands in another book
        door = doors.ROW.opens(url=statistic.query)
    label = str(statistic.label)
    if statistic.numerator is not None and statistic.denominator is not None:
        return ratio(label, statistic.numerator, statistic.denominator, door)
    if statistic.value is None:
        return absent(label, door, str(statistic.note) or "没有可计算的件")
    value = Fraction(statistic.value).limit_denominator(10**9)
    decimals = 0 if value.denominator == 1 else 1
    return quantity(label, value, decimals, statistic.unit, door)


def _read(name: str, label: str, found: dict[str, Figure]) -> Figure:
    return found.get(name) or absent(label, doors.MATTERS.opens(), "没有这个统计数")


def _indicator(register: Register, name: str, label: str, unit: str) -> Indicator:
    return Indicator(
        key=f"{register.key}:{name}",
        name=label,
        owner=str(register.label),
        see=register.see,
        unit=PERCENT if unit == PERCENT else unit,
        better=HIGHER,
        line=register.line,
        source=Source(
            f"statistics:{register.key}",
            partial(_of, register.key),
            touched_by=f"register:{register.key}",
            as_of_now=True,
        ),
        read=partial(_read, name, label),
    )


def indicators() -> Iterator[Indicator]:
    """The indicators of every register's statistics."""
    for register in all_registers():
        for name, label, unit in _labels(register.key):
            yield _indicator(register, name, label, unit)


def indicator_of(key: str) -> Indicator:
    """One of them. Raises ``KeyError``."""
    register_key, _, name = key.partition(":")
    register = register_of(register_key)
    for known, label, unit in _labels(register.key):
        if known == name:
            return _indicator(register, name, label, unit)
    raise KeyError(key)
