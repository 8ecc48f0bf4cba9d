"""The matters that a register's number or share was made from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.indicators import doors, of_registers
from ecoledger.indicators.declaring import Span
from ecoledger.indicators.records.declaring import (
    Asked,
    Cell,
    Column,
    NotThere,
    Page,
    Row,
    between,
    table,
)
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register


@table(doors.COUNTED_MATTERS)
def counted_matters(asked: Asked) -> Page:
    """Both parts of a share: the matters of the denominator, ticked where they count in the numerator."""
    begin, end = asked.span()
    try:
        register, measure = of_registers.measure_of(asked.text("indicator"))
    except KeyError as wrong:
        raise NotThere("indicator") from wrong
    counting = of_registers.Counting(register, asked.area(), Span(begin, end))
    seen = register.visible_to(asked.person).values("pk")
    rows = counting.dated(measure).filter(pk__in=seen)
    condition = of_registers.counted(measure, counting.span)
    if measure.denominator is not None:
        rows = rows.filter(measure.denominator)
    elif not measure.dated:
        rows = rows.filter(condition)
    counted = set(rows.filter(condition).values_list("pk", flat=True))
    fields = [register.model._meta.get_field(name) for name in measure.columns]
    listed = [
        _matter(register, measure, matter, matter.pk in counted)
        for matter in rows.order_by("opened_at", "pk")
    ]
    return Page(
        f"{register.label} · {between(measure.name, begin, end)}",
        (
            Column("编号", lead=True), Column("标题"), Column("立案时间"),
            *(Column(str(getattr(f, "verbose_name", f.name))) for f in fields), Column("计入"),
        ),
        listed,
        notes=(
            _("期内 %(all)s 件，其中打勾的 %(counted)s 件计入分子。")
            % {"all": len(listed), "counted": len(counted)},
        ),
        empty="期内没有这样的件。",
    )  # fmt: skip


def _matter(register: Register, measure: Measure, matter: Matter, counted: bool) -> Row:
    marks = {"case": str(matter.pk)}
    shown: list[Cell] = []
    for name in measure.columns:
        value = _shown(register, matter, name)
        shown.append(value)
        marks[name] = str(getattr(matter, name))
    return Row(
        (
            Cell(matter.number, opens=doors.MATTER.opens(register=register.key, id=str(matter.pk))),
            Cell(matter.title),
            Cell(*_begun(register, matter)),
            *shown,
            Cell(counted, "tick"),
        ),
        marks,
        counted=counted,
    )


def _begun(register: Register, matter: Matter) -> tuple[Any, str]:
    """When it counts as begun, or was entered."""
    begun = getattr(matter, register.begins) or matter.opened_at
    return begun, "moment" if isinstance(begun, datetime) else "day"


def _shown(register: Register, matter: Any, name: str) -> Cell:
    if name == "state":
        return Cell(_(str(register.state_of(matter).label)))
    display = getattr(matter, f"get_{name}_display", None)
    value = display() if display is not None else getattr(matter, name)
    if isinstance(value, datetime):
        return Cell(value, "moment")
    return Cell(_(str(value)) if value not in (None, "") else "—")
