"""Declared fields as Django forms, and what a form said as JSON. Pages, API and import clean alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Area, Entity
from ecoledger.matters.models import Matter
from ecoledger.matters.refusals import Refused
from ecoledger.matters.workflow import Field

_RESPONSIBLE = (
    Organisation.Kind.BUREAU,
    Organisation.Kind.DEPARTMENT,
    Organisation.Kind.TOWN,
    Organisation.Kind.ENTERPRISE,
)


class _Text(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=kwargs.pop("max_length", 200), strip=True, **kwargs)


def _make(field: Field, person: Person | None) -> forms.Field:
    common: dict[str, Any] = {
        "label": f"{field.label}（{field.unit}）" if field.unit else field.label,
        "required": field.required,
        "help_text": field.help,
    }
    attrs = {"class": "form-control"}
    select = {"class": "form-select"}
    made: forms.Field
    match field.kind:
        case "text":
            made = _Text(widget=forms.TextInput(attrs), **common)
        case "long_text":
            made = _Text(max_length=4000, widget=forms.Textarea({**attrs, "rows": 4}), **common)
        case "choice":
            choices = field.choices if field.required else (("", "—"), *field.choices)
            made = forms.ChoiceField(choices=choices, widget=forms.Select(select), **common)
        case "choices":
            made = forms.MultipleChoiceField(
                choices=field.choices, widget=forms.CheckboxSelectMultiple(), **common
            )
        case "date":
            made = forms.DateField(
                widget=forms.DateInput({**attrs, "type": "date"}, format="%Y-%m-%d"), **common
            )
        case "datetime":
            made = forms.DateTimeField(
                widget=forms.DateTimeInput(
                    {**attrs, "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
                ),
                **common,
            )
        case "integer":
            made = forms.IntegerField(
                min_value=None if field.minimum is None else int(field.minimum),
                max_value=None if field.maximum is None else int(field.maximum),
                widget=forms.NumberInput(attrs),
                **common,
            )
        case "decimal":
            made = forms.DecimalField(
                min_value=field.minimum,
                max_value=field.maximum,
                widget=forms.NumberInput({**attrs, "step": "any"}),
                **common,
            )
        case "boolean":
            made = forms.BooleanField(
                widget=forms.CheckboxInput({"class": "form-check-input"}),
                **{**common, "required": False},
            )
        case "organisation":
            made = forms.ModelChoiceField(
                Organisation.objects.filter(kind__in=_RESPONSIBLE).order_by("kind", "area_code"),
                widget=forms.Select(select),
                empty_label=_("—请选择—"),
                **common,
            )
        case "person":
            made = forms.ModelChoiceField(
                _people(), widget=forms.Select(select), empty_label=_("—不指定—"), **common
            )
        case "entity":
            made = forms.ModelChoiceField(
                Entity.objects.all(),
                to_field_name="code",
                widget=forms.TextInput({**attrs, "placeholder": _("对象编码")}),
                **common,
            )
        case "area":
            made = forms.ModelChoiceField(
                areas_of(person), to_field_name="code", widget=forms.Select(select), **common
            )
        case kind:
            raise ValueError(f"field {field.name} of kind {kind!r}")
    return made


def _people() -> QuerySet[Person]:
    everyone = Person.objects.filter(is_active=True).exclude(
        organisation__kind=Organisation.Kind.ENTERPRISE
    )
    return everyone.select_related("organisation").order_by("organisation_id", "id")


def areas_of(person: Person | None) -> QuerySet[Area]:
    """The areas granted to ``person`` and all inside them; every area for the schedule and the rules."""
    if person is None:
        return Area.objects.all()
    inside = Q(pk__in=[])
    for code in person.area_codes:
        inside |= Q(code__startswith=code)
    return Area.objects.filter(inside)


def form_of(
    fields: Iterable[Field],
    *,
    data: Mapping[str, Any] | None = None,
    matter: Matter | None = None,
    person: Person | None = None,
    prefix: str | None = None,
) -> forms.Form:
    """A form with ``fields``; bound when ``data`` is given. ``matter`` supplies first values."""
    fields = tuple(fields)
    made = {f.name: _make(f, person) for f in fields}
    cls = type("DeclaredForm", (forms.Form,), made)
    initial = {}
    if matter is not None:
        for f in fields:
            if f.initial is not None:
                initial[f.name] = f.initial(matter)
            elif f.stores:
                initial[f.name] = getattr(matter, f.stores)
    form: forms.Form = cls(data=data, initial=initial, prefix=prefix)
    return form


def problems(form: forms.Form) -> dict[str, list[str]]:
    """Field name -> what is wrong with it, in the person's language."""
    return {name: [str(e) for e in errors] for name, errors in form.errors.items()}


def cleaned(
    fields: Iterable[Field], data: Mapping[str, Any], matter: Matter | None, person: Person | None
) -> dict[str, Any]:
    """The cleaned values of ``data`` by field name. Raises :class:`Refused` field by field."""
    form = form_of(fields, data=data, matter=matter, person=person)
    if not form.is_valid():
        raise Refused(
            "form",
            gettext("有内容没有填对。"),
            gettext("请按各项提示修改。"),
            problems(form),
        )
    return dict(form.cleaned_data)


def as_json(value: Any) -> Any:
    """A cleaned value as an event keeps it: readable without the row it points at."""
    match value:
        case Organisation() | Person():
            return {"id": value.pk, "text": str(value)}
        case Entity() | Area():
            return {"id": value.pk, "code": value.code, "text": value.name}
        case datetime():
            return value.isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case list() | tuple() | set():
            return [as_json(v) for v in value]
    return value


def shown(field: Field | None, value: Any) -> str:
    """A kept value as a page shows it."""
    if value is None or value == "":
        return "—"
    if isinstance(value, dict):
        return str(value.get("text", value))
    if isinstance(value, bool):
        return "是" if value else "否"
    labels = dict(field.choices) if field else {}
    if isinstance(value, list):
        return "、".join(str(labels.get(v, v)) for v in value) or "—"
    text = str(labels.get(value, value))
    return f"{text} {field.unit}" if field and field.unit else text
