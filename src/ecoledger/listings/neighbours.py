"""The rows before and after one in a list's order, found by key: nothing of the list is walked over."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy

from ecoledger.listings.derive import field_at


def _keys(rows: QuerySet[Any]) -> list[tuple[str, bool, bool]]:
    """What ``rows`` are ordered by: (path, descending, whether what is empty comes last)."""
    keys = []
    for said in rows.query.order_by:
        if isinstance(said, OrderBy):
            path = str(getattr(said.expression, "name", ""))
            descending, last = said.descending, bool(said.nulls_last)
            given = bool(said.nulls_last or said.nulls_first)
        else:
            path, descending = str(said).lstrip("-"), str(said).startswith("-")
            last, given = False, False
        if not given:
            last = connection.features.order_by_nulls_first == descending
        keys.append((path, descending, last))
    if not any(path in ("pk", "id") for path, _descending, _last in keys):
        keys.append(("pk", False, False))
    return keys


def _order(keys: list[tuple[str, bool, bool]], model: type[Model]) -> list[OrderBy]:
    order = []
    for path, descending, last in keys:
        may_be_empty = path != "pk" and getattr(field_at(model, path), "null", True)
        nulls = {"nulls_last" if last else "nulls_first": True} if may_be_empty else {}
        order.append(F(path).desc(**nulls) if descending else F(path).asc(**nulls))
    return order


def _beyond(path: str, descending: bool, last: bool, value: Any) -> list[Q]:
    """Conditions under which a row comes after one with ``value`` by this key alone, the nearest first."""
    filled, empty = Q(**{f"{path}__isnull": False}), Q(**{f"{path}__isnull": True})
    if value is None:
        return [] if last else [filled]
    farther = Q(**{f"{path}__{'lt' if descending else 'gt'}": value})
    return [farther, empty] if last and path != "pk" else [farther]


def _after(
    rows: QuerySet[Any], keys: list[tuple[str, bool, bool]], values: list[Any], model: type[Model]
) -> int | None:
    """The key of the next row: first of those that share all but the last key, and so on outwards."""
    rows = rows.order_by(*_order(keys, model))
    for n in reversed(range(len(keys))):
        same = Q()
        for (path, _descending, _last), value in zip(keys[:n], values[:n], strict=True):
            same &= Q(**{f"{path}__isnull": True}) if value is None else Q(**{path: value})
        for beyond in _beyond(*keys[n], values[n]):
            pk = rows.filter(same, beyond).values_list("pk", flat=True).first()
            if pk is not None:
                return int(pk)
    return None


def neighbours(model: type[Model], rows: QuerySet[Any], pk: int) -> tuple[int | None, int | None]:
    """The keys of the rows before and after ``pk`` in sorted ``rows``; the row itself need not be among them any more.

    So somebody who has dealt with a matter, which has left the list by that, still goes on from where it stood.
    """
    keys = _keys(rows)
    values = model._default_manager.filter(pk=pk).values_list(*(key[0] for key in keys))
    here = values.first()
    if here is None:
        return None, None
    back = [(path, not descending, not last) for path, descending, last in keys]
    return _after(rows, back, list(here), model), _after(rows, keys, list(here), model)
