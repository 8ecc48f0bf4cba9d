"""The list of a register: filtered, searched, sorted, paged; exported and mapped exactly as shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Organisation, Person
from ecoledger.listings import asked
from ecoledger.listings.workbook import Head
from ecoledger.listings.workbook import workbook as written
from ecoledger.matters import forms
from ecoledger.matters.clocks import local
from ecoledger.matters.models import Matter
from ecoledger.matters.register import COMPLETED, Column, Filter, Register

PAGE = 50


@dataclass(frozen=True)
class Choice:
    """One option of a filter, and whether it is chosen."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class ShownFilter:
    """A filter as the page draws it."""

    declared: Filter
    choices: tuple[Choice, ...] = ()
    value: str = ""
    until: str = ""

    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def label(self) -> str:
        return str(self.declared.label)

    @property
    def kind(self) -> str:
        return self.declared.kind


def select(
    register: Register, person: Person, query: Mapping[str, str], now: datetime | None = None
) -> QuerySet[Any]:
    """The matters ``person`` may see that fit ``query`` (parameters as in the list's address).

    What is not a filter of the register is ignored; a value that cannot be is no condition.
    """
    now = now or timezone.now()
    rows = register.visible_to(person)
    for declared in register.filters:
        rows = rows.filter(_condition(register, declared, query))
    is_open = Q(phase="open")
    flags = {
        "open": is_open,
        "overdue": is_open & Q(due__lt=now),
        "closed": Q(phase__in=COMPLETED),
        "reopened": Q(reopened__gt=0),
        "mine": Q(owner=person),
    }
    for name, condition in flags.items():
        if query.get(name) == "1":
            rows = rows.filter(condition)
    if query.get("merged") == "1":
        rows = rows.exclude(merged_into=None)
    elif query.get("merged") != "all":
        rows = rows.filter(merged_into=None)
    if words := query.get("q", "").strip():
        for word in words.split()[:5]:
            found = Q()
            for path in register.search:
                found |= Q(**{f"{path}__icontains": word})
            rows = rows.filter(found)
    return _with_related(register, rows)


def _condition(register: Register, declared: Filter, query: Mapping[str, str]) -> Q:
    value = query.get(declared.name, "").strip()
    match declared.kind:
        case "state":
            return Q(state=value) if value else Q()
        case "choice":
            known = {v for v, _label in declared.choices}
            return Q(**{declared.lookup: value}) if value in known and value else Q()
        case "boolean":
            return Q(**{declared.lookup: value == "1"}) if value in ("0", "1") else Q()
        case "area":
            return Q(**{f"{declared.lookup}__startswith": value}) if value.isdigit() else Q()
        case "organisation":
            number = asked.number(value)
            return Q() if number is None else Q(owner_organisation_id=number)
        case "date_range":
            condition = Q()
            if first := asked.day(query.get(f"{declared.name}_from", "")):
                condition &= Q(**{f"{declared.lookup}__gte": _midnight(first)})
            if last := asked.day(query.get(f"{declared.name}_to", "")):
                condition &= Q(**{f"{declared.lookup}__lt": _midnight(last + timedelta(1))})
            return condition
    raise ValueError(f"{register.key}: filter {declared.name} of kind {declared.kind!r}")


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))


def _with_related(register: Register, rows: QuerySet[Any]) -> QuerySet[Any]:
    related = {"owner", "owner_organisation", "entity"}
    for column in register.columns:
        if "." in column.path:
            related.add(column.path.rsplit(".", 1)[0].replace(".", "__"))
    return rows.select_related(*sorted(related))


def ordered(register: Register, rows: QuerySet[Any], sort: str) -> QuerySet[Any]:
    """``rows`` sorted by a column's path, descending with a leading "-"; without one, newest first."""
    name = sort.removeprefix("-")
    column = next((c for c in register.columns if c.path == name and c.sortable), None)
    if column is None:
        return rows.order_by("-opened_at", "-id")
    path = F(column.orm_path)
    # What has no value comes last either way.
    order = path.desc(nulls_last=True) if sort.startswith("-") else path.asc(nulls_last=True)
    return rows.order_by(order, "-id")


def shown_filters(
    register: Register, person: Person, query: Mapping[str, str]
) -> list[ShownFilter]:
    """The register's filters with their choices and what is chosen."""
    return [_shown(register, f, person, query) for f in register.filters]


def _shown(
    register: Register, declared: Filter, person: Person, query: Mapping[str, str]
) -> ShownFilter:
    value = query.get(declared.name, "")

    def choices(pairs: Iterable[tuple[Any, Any]]) -> tuple[Choice, ...]:
        return tuple(Choice(str(v), str(label), str(v) == value) for v, label in pairs)

    match declared.kind:
        case "state":
            return ShownFilter(
                declared, choices((s.name, s.label) for s in register.workflow.states), value
            )
        case "area":
            return ShownFilter(
                declared, choices([(a.code, a.name) for a in forms.areas_of(person)]), value
            )
        case "organisation":
            owners = register.visible_to(person).order_by().values("owner_organisation_id")
            found = Organisation.objects.filter(pk__in=owners).order_by("area_code", "name")
            return ShownFilter(declared, choices((o.pk, o.name) for o in found), value)
        case "boolean":
            return ShownFilter(declared, choices((("1", _("是")), ("0", _("否")))), value)
        case "date_range":
            return ShownFilter(
                declared,
                (),
                query.get(f"{declared.name}_from", ""),
                query.get(f"{declared.name}_to", ""),
            )
    return ShownFilter(declared, choices(declared.choices), value)


def value_of(matter: Matter, column: Column) -> Any:
    """The column's value on ``matter``, through relations; ``None`` where one is empty."""
    value: Any = matter
    for part in column.path.split("."):
        if value is None:
            return None
        value = getattr(value, part)
    return value


def text_of(register: Register, matter: Matter, column: Column) -> str:
    """The column's value as the list writes it."""
    value = value_of(matter, column)
    if column.kind == "state":
        return str(register.state_of(matter).label)
    if column.kind == "choice":
        return str(dict(column.choices).get(value, value or ""))
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, datetime):
        return f"{local(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return str(value)


# Kind of a list's column -> kind of a spreadsheet's, where it is not text.
_CELLS = {"datetime": "datetime", "due": "datetime", "date": "date", "number": "number"}


def workbook(
    register: Register, person: Person, rows: Iterable[Matter], *, title: str, footer: str = ""
) -> bytes:
    """The rows as .xlsx with the list's columns: texts as text, numbers and times as such."""
    columns = register.visible_columns(person)
    heads = [
        Head(str(c.label), _CELLS.get(c.kind, "text"), {"choice": 10, "state": 12}.get(c.kind, 0))
        for c in columns
    ]
    cells = (
        [value_of(matter, c) if c.kind in _CELLS else text_of(register, matter, c) for c in columns]
        for matter in rows
    )
    return written(heads, cells, title=title, footer=footer)


def features(register: Register, rows: Iterable[Matter]) -> dict[str, Any]:
    """The matters with a place, as a GeoJSON FeatureCollection (CGCS2000)."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": matter.pk,
                "geometry": {"type": "Point", "coordinates": [matter.lon, matter.lat]},
                "properties": {
                    "register": register.key,
                    "number": matter.number,
                    "title": matter.title,
                    "state": matter.state,
                    "state_label": str(register.state_of(matter).label),
                    "level": matter.level,
                    "overdue": matter.overdue,
                },
            }
            for matter in rows
            if matter.lon is not None and matter.lat is not None
        ],
    }
