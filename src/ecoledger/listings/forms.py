"""Declared fields as a Django form. Pages, API and imports clean by the same form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models import DecimalField, IntegerField, JSONField, Model
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import covers
from ecoledger.listings import asked
from ecoledger.listings.derive import field_at
from ecoledger.listings.lookups import Lookup, NoSuchRow, lookup_among, lookup_of
from ecoledger.listings.parts import MOST, Ask, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.standards.identifiers import short_division

_CONTROL = {"class": "form-control"}
_WIDGETS: dict[Kind, forms.Widget] = {
    Kind.TEXT: forms.TextInput(_CONTROL),
    Kind.LONG_TEXT: forms.Textarea({**_CONTROL, "rows": 4}),
    Kind.DATE: forms.DateInput({**_CONTROL, "type": "date"}, format="%Y-%m-%d"),
    Kind.DUE: forms.DateInput({**_CONTROL, "type": "date"}, format="%Y-%m-%d"),
    Kind.DATETIME: forms.DateTimeInput(
        {**_CONTROL, "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
    ),
    Kind.INTEGER: forms.NumberInput({**_CONTROL, "step": 1}),
    Kind.DECIMAL: forms.NumberInput({**_CONTROL, "step": "any"}),
    Kind.CHOICE: forms.Select({"class": "form-select"}),
    Kind.STATE: forms.Select({"class": "form-select"}),
    Kind.CHOICES: forms.CheckboxSelectMultiple(),
}
# For what is only said and kept in no field of a model.
_FIELDS: dict[Kind, type[forms.Field]] = {
    Kind.TEXT: forms.CharField,
    Kind.LONG_TEXT: forms.CharField,
    Kind.DATE: forms.DateField,
    Kind.DUE: forms.DateField,
    Kind.DATETIME: forms.DateTimeField,
    Kind.INTEGER: forms.IntegerField,
    Kind.DECIMAL: forms.DecimalField,
    Kind.CHOICE: forms.ChoiceField,
    Kind.STATE: forms.ChoiceField,
    Kind.CHOICES: forms.MultipleChoiceField,
}
_MOST_LETTERS = {Kind.TEXT: 200, Kind.LONG_TEXT: 4000}
# Which whole numbers the columns of the strictest engine hold.
_WHOLE = BaseDatabaseOperations.integer_field_ranges
# Of numbers that are only said: as many digits before the point as MOST has, and those of a place by satellite behind it.
_SAID_DIGITS = {"max_digits": 26, "decimal_places": 15}


class LookupInput(forms.TextInput):
    """A search box that offers rows as one types; without script, a box for the whole name or the code.

    What is chosen is sent under the field's name; what was typed, under the name with "_text".
    """

    template_name = "web/listings/lookup.html"

    def __init__(self, lookup: Lookup, person: Person | None, attrs: Any = None) -> None:
        super().__init__({**_CONTROL, "autocomplete": "off", **(attrs or {})})
        self.lookup, self.person = lookup, person

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"] |= {
            "lookup": self.lookup.key,
            "text": self._text(value),
            # Of the same form, whose fields may share a beginning.
            "beside": name[: name.rfind("-") + 1] + self.lookup.beside[0]
            if self.lookup.beside[0]
            else "",
        }
        return context

    def _text(self, value: Any) -> str:
        if value in (None, ""):
            return ""
        try:
            return str(self.lookup.resolve(str(value), self.person))
        except NoSuchRow:
            return str(value)  # as it was typed

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name) or data.get(f"{name}_text")


class LookupField(forms.Field):
    """A row of another table, by the value its look-up sends, its code or its whole name."""

    def __init__(self, lookup: Lookup, person: Person | None, **kwargs: Any) -> None:
        self.lookup, self.person = lookup, person
        if lookup.few:
            rows = [(str(lookup.value_of(row)), str(row)) for row in lookup.open_rows(person)]
            kwargs.setdefault(
                "widget",
                forms.Select({"class": "form-select"}, choices=[("", _("请选择")), *rows]),
            )
        kwargs.setdefault("widget", LookupInput(lookup, person))
        self._named: dict[str, Any] = {}
        super().__init__(**kwargs)

    def expect(self, words: Iterable[str]) -> None:
        """Find the rows that many ``words`` name with few questions; each is cleaned without one then."""
        asked = {str(word).strip() for word in words} - self._named.keys()
        self._named.update(self.lookup.of_many(asked, self.person))

    def keep(self, row: Model) -> None:
        """What is there already may stay, also where the person could not choose it."""
        value = str(self.lookup.value_of(row))
        self._named[value] = row
        if isinstance(self.widget, forms.Select) and value not in dict(self.widget.choices):
            self.widget.choices = [*self.widget.choices, (value, str(row))]

    def prepare_value(self, value: Any) -> Any:
        return self.lookup.value_of(value) if isinstance(value, Model) else value

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or isinstance(value, self.lookup.model):
            return value or None
        if row := self._named.get(str(value).strip()):
            return row
        try:
            return self.lookup.resolve(str(value), self.person)
        except NoSuchRow as error:
            raise forms.ValidationError(str(error)) from error


class AreaField(LookupField):
    """A division, cleaned to its code. Before any is on record, a code within the person's own is taken as it is."""

    def clean(self, value: Any) -> Any:
        try:
            area = super().clean(value)
        except forms.ValidationError as error:
            if self.lookup.model._default_manager.exists():
                raise
            code = short_division(str(value).strip())
            if code.isdecimal() and (self.person is None or covers(self.person, code)):
                return code
            why = _("还没有登记行政区划，请先登记，或填写您范围内的行政区划代码")
            raise forms.ValidationError(why) from error
        return area.code if area is not None else ""


class YesNo(forms.TypedChoiceField):
    """Two radios, neither chosen beforehand; unanswered is ``unsaid``: not known where the column can say so, else no."""

    def __init__(self, *, unsaid: bool | None = False, **kwargs: Any) -> None:
        super().__init__(
            choices=(("1", _("是")), ("0", _("否"))),
            widget=forms.RadioSelect(),
            coerce=lambda value: value == "1",
            empty_value=unsaid,  # type: ignore[arg-type]  # Django's stubs know texts only
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        word = str(value).lower() if value not in self.empty_values else ""
        return {"true": "1", "on": "1", "false": "0"}.get(word, word)

    def prepare_value(self, value: Any) -> Any:
        return {True: "1", False: "0"}.get(value, value) if isinstance(value, bool) else value


class JSONText(forms.JSONField):
    """JSON as it can be kept: not nested without end, and of finite numbers and whole characters."""

    def to_python(self, value: Any) -> Any:
        try:
            said = super().to_python(value)
            json.dumps(said, allow_nan=False, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
        return said

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)


def field_of(ask: Ask, model: type[Model], person: Person | None) -> forms.Field:
    """The form field of an ask: of the model field it stores to, or of its kind."""
    kind = ask.kind or Kind.TEXT
    common: dict[str, Any] = {
        "label": gettext(str(ask.label)) + (gettext("（%s）") % ask.unit if ask.unit else ""),
        "required": bool(ask.required),
        "help_text": gettext(str(ask.help)) if ask.help else "",
    }
    if kind is Kind.BOOLEAN:
        column = field_at(model, ask.stores) if ask.stores else None
        return YesNo(unsaid=None if column is not None and column.null else False, **common)
    if kind is Kind.AREA:
        return AreaField(lookup_of("area"), person, **common)
    if kind is Kind.REFERENCE:
        if ask.to is None:
            raise ValueError(f"{ask.name}: a reference to what?")
        return LookupField(lookup_among(ask.among, ask.to), person, **common)
    common["widget"] = _WIDGETS[kind]
    if kind in (Kind.DATE, Kind.DUE, Kind.DATETIME):
        common["validators"] = [_of_our_time]
    if kind in (Kind.INTEGER, Kind.DECIMAL):
        column = field_at(model, ask.stores) if ask.stores else None
        least, most = _bounds(kind, column)
        common["min_value"] = least if ask.minimum is None else ask.minimum
        common["max_value"] = most if ask.maximum is None else ask.maximum
        if column is None and kind is Kind.DECIMAL:
            common |= _SAID_DIGITS
    if kind in (Kind.CHOICE, Kind.STATE):
        labels = [(value, gettext(str(label))) for value, label in ask.choices]
        common["choices"] = (("", _("请选择")), *labels)
        if ask.stores and isinstance(field_at(model, ask.stores), IntegerField):
            return forms.TypedChoiceField(coerce=int, empty_value=None, **common)
        return forms.ChoiceField(**common)
    if kind is Kind.CHOICES:
        named = [(value, _(str(label))) for value, label in ask.choices]
        return forms.MultipleChoiceField(choices=named, **common)
    stored = field_at(model, ask.stores) if ask.stores else None
    if isinstance(stored, JSONField):
        common["form_class"] = JSONText
    if stored is not None and (made := stored.formfield(**common)) is not None:
        # Django asks a column's own rules of whole rows; here they are asked of what is typed, by field.
        made.validators += [rule for rule in stored.validators if rule not in made.validators]
        return made  # type: ignore[no-any-return]
    if kind in _MOST_LETTERS:
        common["max_length"] = _MOST_LETTERS[kind]
    return _FIELDS[kind](**common)


def _of_our_time(day: date | datetime) -> None:
    """A day of a year that a bureau can have records or plans of: neither end of the calendar can be counted from."""
    said = day.date() if isinstance(day, datetime) else day
    if not asked.FIRST <= said <= asked.LAST:
        raise forms.ValidationError(
            gettext("年份应在 %(first)d 到 %(last)d 之间。")
            % {"first": asked.FIRST.year, "last": asked.LAST.year}
        )


def _bounds(kind: Kind, column: Any) -> tuple[float | None, float | None]:
    """Between which numbers one fits its column on every engine; a decimal's own digits say it."""
    if isinstance(column, DecimalField):
        return None, None
    if kind is Kind.INTEGER:
        whole = column.get_internal_type() if isinstance(column, IntegerField) else "IntegerField"
        return _WHOLE[whole]
    return -MOST, MOST


def form_of(
    asks: Iterable[Ask],
    model: type[Model],
    *,
    data: Mapping[str, Any] | None = None,
    row: Any = None,
    person: Person | None = None,
    prefix: str | None = None,
    first: Mapping[str, Any] | None = None,
) -> forms.Form:
    """A form of ``asks``; bound when ``data`` is given. ``row`` supplies first values, or an address does (``first``)."""
    asks = tuple(asks)
    fields = {ask.name: field_of(ask, model, person) for ask in asks}
    initial = {ask.name: first[ask.name] for ask in asks if first and first.get(ask.name)}
    if row is None:
        initial = _kept_unasked(asks, model) | initial
    for ask in asks if row is not None else ():
        if ask.initial is not None:
            initial[ask.name] = ask.initial(row)
        elif ask.stores:
            initial[ask.name] = getattr(row, ask.stores, None)
        elif ask.within:
            initial[ask.name] = (getattr(row, ask.within, None) or {}).get(ask.name)
        kept, field = initial.get(ask.name), fields[ask.name]
        if isinstance(field, LookupField) and isinstance(kept, Model):
            field.keep(kept)
    cls = type("DeclaredForm", (forms.Form,), fields)
    form: forms.Form = cls(data=data, initial=initial, prefix=prefix)
    return form


def _kept_unasked(asks: Iterable[Ask], model: type[Model]) -> dict[str, Any]:
    """The choices that a new row keeps where nobody chooses: shown as chosen, so that nothing is kept that was not seen."""
    kept = {}
    for ask in asks:
        column = field_at(model, ask.stores) if ask.stores and ask.kind is Kind.CHOICE else None
        if column is not None and column.has_default() and not callable(column.default):
            kept[ask.name] = column.default
    return kept


def problems(form: forms.Form) -> dict[str, list[str]]:
    """Field name -> what is wrong with it, in the person's language."""
    return {name: [str(e) for e in errors] for name, errors in form.errors.items()}


def cleaned(
    asks: Iterable[Ask],
    model: type[Model],
    data: Mapping[str, Any],
    *,
    row: Any = None,
    person: Person | None = None,
) -> dict[str, Any]:
    """The cleaned values of ``data`` by ask. Raises :class:`Refused` field by field."""
    form = form_of(asks, model, data=data, row=row, person=person)
    if not form.is_valid():
        raise Refused(
            "form", gettext("有内容没有填对。"), gettext("请按各项提示修改。"), problems(form)
        )
    return dict(form.cleaned_data)


def stored(asks: Iterable[Ask], values: Mapping[str, Any]) -> dict[str, Any]:
    """Of cleaned values those that a row keeps, by attribute."""
    asks = tuple(asks)
    kept: dict[str, Any] = {
        ask.stores: values[ask.name] for ask in asks if ask.stores and ask.name in values
    }
    for ask in asks:
        if ask.within and ask.name in values:
            kept.setdefault(ask.within, {})[ask.name] = as_json(values[ask.name])
    return kept


def as_json(value: Any) -> Any:
    """A cleaned value as an event or a trail keeps it: readable without the row it points at."""
    if type(value) is str:  # most are
        return value
    match value:
        case Model():
            code = getattr(value, "code", None)
            return {"id": value.pk, **({"code": code} if code else {}), "text": str(value)}
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case list() | tuple() | set():
            return [as_json(v) for v in value]
    return value
