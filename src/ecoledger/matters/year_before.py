"""This year up to a day beside the same days of the year before (同比), for every register: one table, one query.

What is counted is declared (:class:`~ecoledger.matters.measures.Compared`); every number opens its rows where the list
can be asked for its dates.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from django.db.models import Count, DateTimeField, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.matters.measures import Compared
from ecoledger.matters.register import Breakdown, Register
from ecoledger.standards.percent import growth

NOT_KNOWN = "—"


def of(register: Register, rows: QuerySet[Any], now: datetime) -> Breakdown | None:
    """The table; None for a register that compares nothing, or has nothing in either year."""
    today = timezone.localtime(now)
    spans = {"now": (today.replace(month=1, day=1), today)}
    spans["before"] = tuple(year_before(moment) for moment in spans["now"])  # type: ignore[assignment]
    asked = {
        f"n{place}_{span}": _figure(register, what, begin, end)
        for place, what in enumerate(register.compared)
        for span, (begin, end) in spans.items()
    }
    n = rows.order_by().aggregate(**asked) if asked else {}
    if not any(n.values()):
        return None
    known = recorded_before(rows, spans["now"][0], [what.dated for what in register.compared])
    lines = []
    for place, what in enumerate(register.compared):
        this, last = ((n[f"n{place}_{span}"] or 0) / what.divided_by for span in spans)
        change = growth(this, last) if last else NOT_KNOWN
        cells = (
            _(what.label),
            _said(this, what),
            _said(last, what) if known else NOT_KNOWN,
            change,
        )
        lines.append((cells, _query(register, what, *spans["now"])))
    heads = (_("项目"), _("今年"), _("上年同期"), _("同比"))
    note = _("%(year)d年1月1日至%(month)d月%(day)d日，与上年相同日期比。") % {
        "year": today.year, "month": today.month, "day": today.day,
    }  # fmt: skip
    return Breakdown(_("同比"), heads, tuple(lines), note)


def recorded_before(rows: QuerySet[Any], day: datetime, dates: Iterable[str] = ()) -> bool:
    """Whether anything is of a time before a day: where nothing is, the number of the year before is not nought."""
    earlier = Q()
    for name in {"opened_at", *dates}:
        moment = isinstance(rows.model._meta.get_field(name), DateTimeField)
        earlier |= Q(**{f"{name}__lt": _at(day, time.min) if moment else day.date()})
    return rows.filter(earlier).exists()


def _figure(register: Register, what: Compared, begin: datetime, end: datetime) -> Any:
    field = register.model._meta.get_field(what.dated)
    first: Any
    last: Any
    if isinstance(field, DateTimeField):
        first, last = _at(begin, time.min), _at(end, time.max)
    else:
        first, last = begin.date(), end.date()
    within = what.only & Q(**{f"{what.dated}__gte": first, f"{what.dated}__lte": last})
    return Sum(what.amount, filter=within) if what.amount else Count("pk", filter=within)


def _at(day: datetime, hour: time) -> datetime:
    return timezone.make_aware(datetime.combine(day.date(), hour))


def year_before(moment: datetime) -> datetime:
    try:
        return moment.replace(year=moment.year - 1)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year - 1, day=28)


def _said(number: Any, what: Compared) -> str:
    return f"{number:,.2f}" if what.amount else f"{number:,.0f}"


def _query(register: Register, what: Compared, begin: datetime, end: datetime) -> str:
    """The rows behind this year's number, where the list has its date among its filters and nothing more is asked."""
    names = {getattr(declared, "name", declared) for declared in register.filters}
    if what.dated not in names or (what.only and not what.query):
        return ""
    days = f"{what.dated}_from={begin:%Y-%m-%d}&{what.dated}_to={end:%Y-%m-%d}&merged=all"
    return "&".join(filter(None, (what.query, days)))
