"""Rows of a later table whose key is in the book already: shown with what changed, kept when accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms as django_forms
from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings import forms
from ecoledger.listings.models import ImportBatch, ImportRow, problem
from ecoledger.listings.refusals import NotVisible, Refused

if TYPE_CHECKING:
    from ecoledger.listings.importing.cleaning import Cleaner
    from ecoledger.listings.listing import Listing

_AT_ONCE, _SHOWN = 500, 6
# Beside the warning of a row that says nothing new.
SAME = {"same": "1"}


def values_of(listing: Listing, row: ImportRow, clean: Cleaner) -> dict[str, Any]:
    """The row's cleaned values by attribute; what is empty keeps the model's default, and so does a yes or no of which
    the table has no column."""
    cleaned = {ask.name: clean(ask.name, row.values.get(ask.name)) for ask in clean.asks}
    kept = forms.stored(clean.asks, cleaned)
    values = {name: value for name, value in kept.items() if value not in (None, "")}
    return listing.attributes_of(values, row.values)


def compare(
    listing: Listing, rows: Mapping[int, ImportRow], by: Person | None, clean: Cleaner
) -> set[int]:
    """Say in each row's warning what it changes of the row of the book with its key; the keys of those that ``by`` may
    see."""
    keys, found = list(rows), set()
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        for thing in _things(listing, by, some):
            row = rows[thing.pk]
            found.add(thing.pk)
            row.changes = thing.pk
            if row.errors:
                continue
            try:
                changed, left = changes(listing, thing, values_of(listing, row, clean))
                if changed:
                    listing.may_follow(thing, changed, by)
            except django_forms.ValidationError:
                continue
            except Refused as refused:
                refuse(row, refused)
                continue
            said = problem("", "", _told(listing, thing, changed))
            row.warnings.append(said if changed or left else said | SAME)
            if left:
                row.warnings.append(problem("", "", _left_out(listing, left)))
    return found


def unchanged(
    listing: Listing, rows: Mapping[int, ImportRow], by: Person | None, clean: Cleaner
) -> tuple[set[int], dict[int, str]]:
    """Of rows of a list that no table brings up to date the keys of those that say nothing new, as each row says then; and
    of the others what they say otherwise."""
    keys, found = [key for key, row in rows.items() if not row.errors], set()
    otherwise: dict[int, str] = {}
    for start in range(0, len(keys), _AT_ONCE):
        for thing in _things(listing, by, keys[start : start + _AT_ONCE]):
            row = rows[thing.pk]
            try:
                said = listing.later_values(thing, values_of(listing, row, clean))
            except (Refused, django_forms.ValidationError):
                continue
            if said:
                otherwise[thing.pk] = _changes(listing, thing, said)
                continue
            found.add(thing.pk)
            row.changes = thing.pk
            row.warnings.append(problem("", "", _told(listing, thing, {})) | SAME)
    return found, otherwise


def _things(listing: Listing, by: Person | None, keys: list[Any]) -> QuerySet[Any]:
    """The rows of the book of those keys that a table of ``by`` may change, with what its columns name of other tables."""
    asked = {ask.stores for ask in listing.import_asks}
    names = [f.name for f in listing.model._meta.fields if f.is_relation and f.name in asked]
    rows = listing.updatable(by).filter(pk__in=keys)
    return rows.select_related(*names) if names else rows


def changes(
    listing: Listing, thing: Any, values: dict[str, Any]
) -> tuple[dict[str, Any], frozenset[str]]:
    """What a later table changes of ``thing``; and the names of what it says otherwise, but stands there as it was judged."""
    said = listing.later_values(thing, values)
    left = listing.standing_of(thing).intersection(said) if said else frozenset()
    return {name: value for name, value in said.items() if name not in left}, left


def _left_out(listing: Listing, names: Iterable[str]) -> str:
    labels = (_called(listing, name) for name in sorted(names))
    return _("“%s”已提交审核，不按表格更改；其余各列照常更新") % _("、").join(labels)


def _told(listing: Listing, thing: Any, changed: Mapping[str, Any]) -> str:
    name = getattr(thing, "number", "") or str(thing)
    if not changed:
        return _("已在台账中（%s），没有新内容") % name
    what = _changes(listing, thing, changed)
    if not what:  # only what is hidden from whoever reads the preview
        return _("更新 %s") % name
    return _("更新 %(name)s：%(what)s") % {"name": name, "what": what}


def _changes(listing: Listing, thing: Any, changed: Mapping[str, Any]) -> str:
    """What stands there and what the row says in its place, as far as it is not hidden."""
    parts = [
        f"{_called(listing, n)} {_text(listing, n, getattr(thing, n))} → {_text(listing, n, v)}"
        for n, v in changed.items()
        if n not in listing.hidden
    ]
    more = _("等 %d 项") % len(changed) if len(parts) > _SHOWN else ""
    return _("；").join(parts[:_SHOWN]) + more


def _called(listing: Listing, name: str) -> str:
    labels = {ask.stores or ask.name: str(ask.label) for ask in listing.import_asks}
    own = labels.get(name) or listing.labels.get(name)
    return _(str(own or listing.model._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def _text(listing: Listing, name: str, value: Any) -> str:
    """A value as a person reads it, short."""
    choices = dict(listing.own_choices().get(name, ()))
    if not choices:  # what the list keeps in no field of its own has none
        field = getattr(listing.model, name, None)
        choices = dict(getattr(getattr(field, "field", None), "flatchoices", ()))
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list):
        return _("、").join(str(choices.get(part, part)) for part in value) or "—"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    text = str(choices.get(value, value)) if value not in (None, "") else "—"
    return text if len(text) <= 24 else f"{text[:24]}…"


def apply(
    listing: Listing,
    batch: ImportBatch,
    rows: Iterable[tuple[ImportRow, dict[str, Any]]],
    by: Person | None,
    at: datetime,
) -> None:
    """Keep what the rows changed; those that say nothing new change nothing. One that cannot be kept says why."""
    rows = list(rows)
    things = {thing.pk: thing for thing in _things(listing, by, [r.changes for r, _v in rows])}
    for row, values in rows:
        thing = things.get(row.changes)
        try:
            if thing is None:
                raise NotVisible(f"{listing.key} {row.changes}")
            if changed := changes(listing, thing, values)[0]:
                with transaction.atomic():
                    listing.follow_row(thing, changed, batch, row, by, at)
                row.changed = True
        except SPOILING as error:
            refuse(row, error)


# What one row may break: a rule, what its person may see, what the database keeps once.
SPOILING = (
    Refused,
    NotVisible,
    django_forms.ValidationError,
    PermissionDenied,
    IntegrityError,
    DataError,
    OverflowError,
)


def refuse(row: ImportRow, error: Exception) -> None:
    """Say at the row what kept it from being taken in: it alone stays out."""
    row.errors.append(problem("", "", _why(error)))
    row.wrong = True


def _why(error: Exception) -> str:
    match error:
        case Refused():
            return " ".join(filter(None, (error.why, error.remedy)))
        case django_forms.ValidationError():
            return _("；").join(error.messages)
        case NotVisible() | PermissionDenied():
            return _("不在您的数据范围内。")
    return _("与台账中的一行或本表的另一行重复，或有内容无法保存；请核对后改正")
