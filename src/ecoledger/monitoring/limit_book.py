"""The book of permit limits (许可限值) of outlets, with their dates: by form and by spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES
from ecoledger.entities.inventory import refused, wrong_of
from ecoledger.entities.models import Enterprise, Outlet
from ecoledger.entities.owned import FIRM, FIRM_HEADERS, named_at_firm
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import NoSuchRow, lookup_for
from ecoledger.listings.parts import Ask, Column, Filter, Import, Kind, TableRow
from ecoledger.monitoring.alarming import limit_changes
from ecoledger.monitoring.models import Limit, Point
from ecoledger.monitoring.points import limits, parameters


class LimitBook(Listing):
    """The limits; a new one ends the one before, and what it covers is judged again."""

    def look_over(
        self, values: Mapping[str, Any], said: Mapping[str, Any], by: Person | None
    ) -> tuple[Mapping[str, str], Sequence[str]]:
        return wrong_of(lambda: limit_changes.look_over(by, _named(Limit(**values)))), ()

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return _entered(Limit(**values), by)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        limit = Limit.objects.get(pk=row.pk)
        for name, value in values.items():
            setattr(limit, name, value)
        return _entered(limit, by)


def _named(limit: Limit) -> Limit:
    """The limit with its factor by code, whatever its permit calls it."""
    if limit.entity is not None:
        limit.parameter = limits.code_of(limit.parameter, limits.kind_at(limit.entity))
    return limit


def _entered(limit: Limit, by: Person | None) -> Limit:
    try:
        return limit_changes.enter(by, _named(limit))
    except (ValidationError, PermissionDenied) as error:
        raise refused(error) from error


def _read(row: TableRow) -> None:
    """Whose outlet, and the factor by its code: the same limit is known under whichever of its names."""
    named_at_firm(row)
    values = row.values
    values.update(_bounds(values))
    outlet, factor = str(values.get("entity") or ""), str(values.get("parameter") or "")
    if not outlet or not factor:
        return
    if (key := ("kind", outlet)) not in row.found:
        row.found[key] = _kind_of(outlet, row.person)
    if kind := row.found[key]:
        values["parameter"] = limits.code_of(factor, kind)


_AT_MOST = re.compile(r"(?:≤|≦|<=|不大于|不超过|小于等于)\s*(?=\d)")
_FROM_TO = re.compile(r"(\d+(?:\.\d+)?)\s*[-–—~～〜至到]\s*(\d+(?:\.\d+)?)")


def _bounds(values: Mapping[str, Any]) -> dict[str, str]:
    """Both bounds of a limit that is written as one: 6～9 of pH; a limit is not exceeded without saying so (≤0.5)."""
    written = _AT_MOST.sub("", str(values.get("value") or "").strip())
    if (span := _FROM_TO.fullmatch(written)) and not values.get("lower"):
        return {"lower": span[1], "value": span[2]}
    return {"value": written} if written != str(values.get("value") or "") else {}


def _kind_of(outlet: str, person: Person | None) -> str:
    try:
        return limits.kind_at(lookup_for(Outlet).resolve(outlet, person))
    except NoSuchRow:
        return ""


# What a permit limits, by name: of flue gas and of waste water.
_FACTORS = tuple(
    (known.code, known.name)
    for kind in (Point.Kind.FLUE_GAS, Point.Kind.WASTEWATER)
    for known in parameters.of_kind(kind)
)

_BOUNDS = tuple(Column(name, unit_from="unit") for name in ("value", "lower"))

LIMITS = declare(
    LimitBook(
        key="limit",
        label="许可限值",
        model=Limit,
        line="approval",
        area="entity__area_code",
        enterprise="entity__parent__code",
        see="see_monitoring",
        edit=CAPABILITIES["edit_registry"],
        columns=("entity", Column("factor", "因子", word=True), *_BOUNDS, "unit", "basis", "standard", "converted",
                 "since", "until"),
        filters=(
            Filter("enterprise", "企业", path="entity__parent", to=Enterprise),
            Filter("entity", "排放口", to=Outlet),
            Filter("parameter", "因子", Kind.CHOICE, choices=_FACTORS),
            "basis",
        ),
        search=("entity__name", "entity__code", "entity__parent__name", "standard"),
        fields=(Ask("entity", "排放口", to=Outlet, required=True), "parameter", "value", "lower",
                "unit", "basis", "standard", "converted", "since", "until"),
        lead="entity",
        order=("entity_id", "parameter", "pk"),
        imports=Import(
            key=("entity", "parameter", "basis", "since"),
            also=(FIRM,),
            # Among them those of the permit's own tables.
            headers={
                "entity": ("排放口编码", "排口", "排放口编号", "排口编号", "排放口名称"),
                "firm": FIRM_HEADERS,
                "parameter": ("因子", "污染物", "污染因子", "污染物种类", "污染物名称", "污染物项目", "监测因子"),
                "value": ("许可浓度限值", "浓度限值", "上限", "许可排放浓度限值", "排放浓度限值", "许可排放浓度", "标准限值",
                          "排放限值", "许可限值"),
                "basis": ("判定方式", "取值时间", "取值"),
                "standard": ("标准名称", "执行标准名称", "排放标准"),
                "since": ("生效日期", "起", "有效期起", "有效期自", "起始日期", "执行日期", "执行起始日期"),
                "until": ("失效日期", "有效期止", "有效期至", "截止日期", "终止日期"),
            },
            read=_read,
            examples={"parameter": "二氧化硫", "value": "35", "unit": "mg/m³", "basis": "小时均值",
                      "since": "2026-07-01"},
        ),
        empty="还没有许可限值。按排放口逐条登记，或从许可证副本的表格导入。",
    )
)  # fmt: skip
