"""What a letter can say of a matter: its fields by the names that staff know them by."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Field, Model
from django.utils import timezone

from ecoledger.accounts.language import in_chinese
from ecoledger.listings.cells import area_name
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, register_of

# Of the engine's own use, or not for paper.
_LEFT_OUT = frozenset(
    {"phase", "circulation", "import_batch", "merged_into", "withdrawn_at", "lon", "lat"}
    | {"synthetic", "due_provisional", "revision"}
)


def names(registers: tuple[str, ...]) -> list[str]:
    """The variables of matters of any of these registers, in the order of their models."""
    result: dict[str, None] = {}
    for key in registers:
        register = register_of(key)
        for field in _fields(register):
            result |= dict.fromkeys(_named(register, field))
    return list(result)


@in_chinese
def values(matter: Matter) -> dict[str, str]:
    """Every variable of one matter, as it is printed; what is not known is empty."""
    register = register_of(matter.register)
    row = register.model._default_manager.get(pk=matter.pk)
    return {
        name: _shown(row, field) for field in _fields(register) for name in _named(register, field)
    }


def _fields(register: Register) -> list[Field[Any, Any]]:
    """What may be printed: not what only some of those who see the matter may see."""
    return [
        field
        for field in register.model._meta.concrete_fields
        if field.name not in _LEFT_OUT | set(register.hidden)
        and _is_chinese(str(field.verbose_name))
    ]


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


def labels(register: Register) -> dict[str, str]:
    """Each variable with the label that it is made of: 流速 m/s of 流速ms."""
    return {
        _variable(label): label for field in _fields(register) for label in _labels(register, field)
    }


def _named(register: Register, field: Field[Any, Any]) -> tuple[str, ...]:
    return tuple(map(_variable, _labels(register, field)))


def _labels(register: Register, field: Field[Any, Any]) -> tuple[str, str]:
    """What a field is called: by every register, and by this one."""
    common = "属地" if field.name == "area_code" else str(field.verbose_name)
    return common, str(register.labels.get(field.name, common))


def _variable(label: str) -> str:
    """What no variable may hold is left out."""
    return "".join(c for c in label if c.isalnum())


def _shown(row: Model, field: Field[Any, Any]) -> str:
    if field.name == "area_code":
        return area_name(str(getattr(row, field.name)))
    if field.choices:
        return str(getattr(row, f"get_{field.name}_display")() or "")
    value = getattr(row, field.name)
    if field.name == "register":
        return str(register_of(value).label)
    if field.name == "state":
        return str(register_of(row.register).state_of(row).label)  # type: ignore[attr-defined,arg-type]
    match value:
        case None | "" | list() | dict():  # what is kept as a structure is no text
            return ""
        case bool():
            return "是" if value else "否"
        case datetime():
            return words(timezone.localtime(value).date())
        case date():
            return words(value)
    return str(getattr(value, "name", "") or value)


def words(day: date) -> str:
    """``2026年12月5日``"""
    return f"{day.year}年{day.month}月{day.day}日"
