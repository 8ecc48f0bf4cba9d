"""From names to the parts of a declared list, by what the model says of each name.

An object in place of a name is an override: what it leaves empty is still taken from the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.listings.parts import (
    Ask,
    Choices,
    Column,
    DeclarationError,
    Filter,
    Kind,
    Text,
)

# The first that fits; a field class may say its own kind as ``listing_kind``.
_KINDS: tuple[tuple[type[models.Field[Any, Any]], Kind], ...] = (
    (models.BooleanField, Kind.BOOLEAN),
    (models.DateTimeField, Kind.DATETIME),
    (models.DateField, Kind.DATE),
    (models.IntegerField, Kind.INTEGER),
    (models.FloatField, Kind.DECIMAL),
    (models.DecimalField, Kind.DECIMAL),
    (models.TextField, Kind.LONG_TEXT),
    (models.ForeignKey, Kind.REFERENCE),
)


def field_at(model: type[models.Model], path: str) -> Any:
    """The model field at the end of ``path`` ("entity__name"); ``None`` for a plain attribute.

    Raises :class:`DeclarationError` where the model has neither.
    """
    *relations, last = path.split("__")
    owner = model
    for name in relations:
        relation = field_at(owner, name)
        if (
            name == relations[-1]
            and isinstance(relation, models.Field)
            and (relation.get_transform(last) or last == "isnull")
        ):
            return relation  # what is asked is made of the field: the last digits of a code, or that it is empty
        if relation is None or (related := related_to(relation)) is None:
            raise DeclarationError(f"{model.__name__}: {name!r} in {path!r} leads nowhere")
        owner = related
    try:
        return owner._meta.get_field(last)
    except FieldDoesNotExist:
        if hasattr(owner, last):
            # A relation that leads back is known by its own name before all models are loaded.
            leads = getattr(owner, last)
            return getattr(leads, "rel", None) or getattr(leads, "related", None)
        raise DeclarationError(f"{owner.__name__} has no {last!r}") from None


def related_to(field: Any) -> type[models.Model] | None:
    """The model a relation points to, also while the models are still being loaded."""
    remote = getattr(field, "remote_field", None)
    return remote.model if remote is not None else None


def kind_of(field: Any) -> Kind:
    """What the values of a model field are."""
    if own := getattr(field, "listing_kind", None):
        return Kind(own)
    if field is None:
        return Kind.TEXT
    if field.choices:
        return Kind.CHOICE
    if field.name == "area_code":
        return Kind.AREA
    return next((kind for cls, kind in _KINDS if isinstance(field, cls)), Kind.TEXT)


def indexed(field: Any) -> bool:
    """Whether the database finds and sorts by this field without reading the whole table."""
    if field is None or field.is_relation:
        return False
    leading = {index.fields[0].lstrip("-") for index in field.model._meta.indexes if index.fields}
    return bool(field.db_index or field.unique or field.name in leading)


class Derive:
    """Makes the parts of one list: of ``model``, with the list's own ``labels`` and ``kinds``."""

    def __init__(
        self,
        model: type[models.Model],
        labels: Mapping[str, Text],
        kinds: Mapping[str, Kind],
        choices: Mapping[str, Choices],
    ) -> None:
        self.model, self.labels, self.kinds, self.choices = model, labels, kinds, choices

    def _label(self, field: Any, name: str) -> Text:
        if name in self.labels:
            return self.labels[name]
        if name.endswith("__name"):  # a thing's name is called after the thing
            thing = name.removesuffix("__name")
            return self._label(field_at(self.model, thing), thing)
        if field is None:
            raise DeclarationError(f"{name!r} is no field of {self.model.__name__}: label it")
        if isinstance(field, AreaCodeField) and field.verbose_name == AreaCodeField.CODE:
            return "属地"
        return str(field.verbose_name)

    def _choices(self, field: Any, name: str) -> Choices:
        if name in self.choices:
            return self.choices[name]
        return tuple((str(v), label) for v, label in getattr(field, "flatchoices", ()) if v != "")

    def column(self, said: str | Column) -> Column:
        column = Column(said) if isinstance(said, str) else said
        field = field_at(self.model, column.name)
        return replace(
            column,
            label=column.label or self._label(field, column.name),
            kind=column.kind or self.kinds.get(column.name) or kind_of(field),
            sortable=self._sorts(field, column) if column.sortable is None else column.sortable,
            choices=column.choices or self._choices(field, column.name),
            # A model says which of its columns orders another: numbers count, letters do not.
            sorts=column.sorts or getattr(self.model, "sorted_by", {}).get(column.name, ""),
        )

    def _sorts(self, field: Any, column: Column) -> bool:
        return "__" not in column.name and indexed(field)

    def filter(self, said: str | Filter) -> Filter:
        part = Filter(said) if isinstance(said, str) else said
        field = field_at(self.model, part.lookup)
        if field is None:
            raise DeclarationError(f"filter {part.name!r} is no field of {self.model.__name__}")
        return replace(
            part,
            label=part.label or self._label(field, part.name),
            kind=part.kind or self.kinds.get(part.name) or kind_of(field),
            choices=part.choices or self._choices(field, part.name),
            to=part.to or related_to(field),
        )

    def ask(self, said: str | Ask) -> Ask:
        ask = Ask(said) if isinstance(said, str) else said
        if ask.stores is None:  # only said, kept in no attribute
            label = ask.label or self._label(None, ask.name)
            required = True if ask.required is None else ask.required
            return replace(ask, label=label, kind=ask.kind or Kind.TEXT, required=required)
        stores = ask.stores or ask.name
        field = field_at(self.model, stores)
        if field is None:
            # A property, which the list's own way of making rows sets: nothing tells what it takes.
            if ask.kind is None or ask.required is None:
                raise DeclarationError(
                    f"{self.model.__name__} keeps no {stores!r}: say its kind and whether it is required"
                )
            return replace(ask, label=ask.label or self._label(None, ask.name), stores=stores)
        kind = ask.kind or self.kinds.get(ask.name) or kind_of(field)
        optional = field.blank or kind is Kind.BOOLEAN or field.has_default()
        return replace(
            ask,
            label=ask.label or self._label(field, ask.name),
            kind=kind,
            required=not optional if ask.required is None else ask.required,
            choices=ask.choices or self._choices(field, ask.name),
            help=ask.help or field.help_text,
            stores=stores,
            to=ask.to or related_to(field),
        )
