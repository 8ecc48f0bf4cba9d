"""What a rate of waste is made of: each of its parts with the door to the rows it is read from."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _

from ecoledger.accounts.scope import covers
from ecoledger.indicators import doors, waste
from ecoledger.indicators.declaring import Span, indicator_of
from ecoledger.indicators.figures import Records
from ecoledger.indicators.records.declaring import (
    Asked,
    Cell,
    Column,
    Fact,
    NotThere,
    Page,
    Row,
    between,
    table,
)

_Part = tuple[str, Decimal | None, Records | None, str]


@table(doors.WASTE_RATE)
def waste_rate(asked: Asked) -> Page:
    """The numerator and the denominator of a rate, part by part."""
    begin, end = asked.span()
    area, category = asked.area(), asked.text("category")
    if not covers(asked.person, area):
        raise NotThere("area")
    if asked.text("rate") == "medical":
        medical = waste.medical(area, Span(begin, end))
        figure, unit, parts = (
            indicator_of("medical_disposal_ratio").read(medical),
            "kg",
            _medical(medical),
        )
    else:
        span = Span(begin, end)
        hazardous = (
            waste.hazardous_of(area, span, category) if category else waste.hazardous(area, span)
        )
        figure, unit, parts = (
            indicator_of("hazardous_disposal_ratio").read(hazardous),
            "t",
            _hazardous(hazardous),
        )
    return Page(
        between(figure.label, begin, end),
        (Column("项目", lead=True), Column(unit, "number"), Column("计入")),
        [
            Row((Cell(_(name), opens=opens), Cell(amount, "number", 2), Cell(_(counts))))
            for name, amount, opens, counts in parts
        ],
        facts=[Fact(figure.label, (figure, f"（{figure.parts}）" if figure.parts else ""))],
    )


def _medical(of: waste.Medical) -> Iterable[_Part]:
    return (
        ("收运处置", of.fetched, of.handed_over, "分子"),
        ("本期称重", of.weighed, of.days, "分母"),
        ("期初暂存", of.opening, of.held_before, "分母"),
        ("期末仍在规定时限内暂存", -of.waiting, of.held, "分母"),
    )


def _hazardous(of: waste.Hazardous) -> Iterable[_Part]:
    return (
        ("自行利用处置", of.own, of.records, "分子"),
        ("委外利用处置", of.consigned, of.records, "分子"),
        ("产生量", of.produced, of.records, "分母"),
        ("利用处置往年贮存量", of.from_before, of.records, "分母"),
    )
