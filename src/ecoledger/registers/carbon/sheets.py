"""温室气体数据表 (mechanism P11): the rows of a unit's sheet, as the guideline has them: 生产线, 信息项, 1月 … 12月, 全年值.

A row is one item (consumption, calorific value, carbon content, oxidation) of one source of one production line in
one year. It comes in as the sheet is kept; a report of that unit and year computes from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext as _

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Choices, Import, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.standards import carbon_sheet

CARBONISTS = frozenset({Role.APPROVER, Role.MONITOR, Role.DISPATCHER})
FIRM = frozenset({Role.ENTERPRISE})
VALUE: dict[str, Any] = {"max_digits": 18, "decimal_places": 6, "null": True, "blank": True}
MONTHS = tuple(f"m{n}" for n in carbon_sheet.MONTHS)


def _month(n: int) -> Any:
    return models.DecimalField(f"{n}月", validators=[MinValueValidator(0)], **VALUE)


class CarbonRow(models.Model):
    """One row of the sheet."""

    class Item(models.TextChoices):
        CONSUMPTION = "consumption", "消耗量"
        NCV = "ncv", "低位发热量"
        CARBON = "carbon", "单位热值含碳量"
        OXIDATION = "oxidation", "碳氧化率"

    class Obtained(models.TextChoices):
        MEASURED = "measured", "实测"
        DEFAULT = "default", "缺省"

    entity = models.ForeignKey(
        Entity, verbose_name="排放单位", on_delete=models.PROTECT, related_name="carbon_rows"
    )
    area_code = AreaCodeField("属地")
    year = models.PositiveSmallIntegerField("核算年度", db_index=True)
    line = models.CharField("生产线", max_length=60, blank=True)
    source = models.CharField("排放源", max_length=20)
    item = models.CharField("信息项", max_length=12, choices=Item.choices, default=Item.CONSUMPTION)
    unit = models.CharField("单位", max_length=20, blank=True)
    m1, m2, m3, m4, m5, m6 = (_month(n) for n in range(1, 7))
    m7, m8, m9, m10, m11, m12 = (_month(n) for n in range(7, 13))
    whole = models.DecimalField("全年值", validators=[MinValueValidator(0)], **VALUE)
    obtained = models.CharField(
        "获取方式", max_length=10, choices=Obtained.choices, default=Obtained.MEASURED
    )
    data_source = models.CharField("数据来源", max_length=120, blank=True)
    proof = models.CharField("支撑材料", max_length=200, blank=True)

    class Meta:
        verbose_name = "温室气体数据"
        ordering = ["-year", "entity_id", "line", "source", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "year", "line", "source", "item"], name="one_carbon_row_of_an_item"
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.entity} {self.year} {self.source} {self.get_item_display()}"

    @property
    def values(self) -> dict[int, Decimal]:
        """What is said, by month; of the whole year alone where no month is."""
        months = {n: getattr(self, f"m{n}") for n in carbon_sheet.MONTHS}
        said = {n: value for n, value in months.items() if value is not None}
        if said or self.whole is None:
            return said
        return {carbon_sheet.YEAR: self.whole}

    @property
    def as_row(self) -> carbon_sheet.Row:
        return carbon_sheet.Row(self.line, self.source, carbon_sheet.Item(self.item), self.values)


def source_choices() -> tuple[tuple[str, str], ...]:
    return tuple((name, name) for name in carbon_sheet.sources())


def _wrong(values: Mapping[str, Any]) -> dict[str, str]:
    """What the cells of a row break together."""
    said = [name for name in (*MONTHS, "whole") if values.get(name) is not None]
    if not said:
        return {"whole": _("没有任何数值")}
    source, item = values.get("source"), values.get("item") or CarbonRow.Item.CONSUMPTION
    if source and item != CarbonRow.Item.CONSUMPTION and carbon_sheet.sort_of(source) != "fuel":
        return {"item": _("只有燃料有发热量、含碳量和氧化率")}
    months = [values[name] for name in MONTHS if values.get(name) is not None]
    whole = values.get("whole")
    if item == CarbonRow.Item.CONSUMPTION and months and whole is not None and sum(months) != whole:
        return {
            "whole": _("全年值 %(whole)s 与各月之和 %(sum)s 不符")
            % {"whole": whole, "sum": sum(months)}
        }
    return {}


def _odd(values: Mapping[str, Any]) -> list[str]:
    item = carbon_sheet.Item(values.get("item") or CarbonRow.Item.CONSUMPTION)
    said = [values[n] for n in (*MONTHS, "whole") if values.get(n) is not None]
    if carbon_sheet.odd(item, said):
        low, high = carbon_sheet.RANGES[item]
        return [
            _("数值不在常见范围 %(low)s—%(high)s，请核对单位")
            % {"low": float(low), "high": float(high)}
        ]
    return []


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheets(Listing):
    """The rows of all sheets; a unit enters and sees its own."""

    kinds: ClassVar[Mapping[str, Kind]] = {"source": Kind.CHOICE}

    def own_choices(self) -> Mapping[str, Choices]:
        return {"source": source_choices()}

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        return _wrong(values) | _closed(values)

    def look_over(
        self, values: Mapping[str, Any], said: Mapping[str, Any], by: Person | None
    ) -> tuple[Mapping[str, str], Sequence[str]]:
        return {}, _odd(values)

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        _refuse(_wrong(values) | _closed(values))
        whole = {"area_code": values["entity"].area_code, **values}
        return super().open_row(whole, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        # By what is kept, and not by what a caller has set of it already.
        kept = self.model._default_manager.get(pk=row.pk)
        before = {f.name: getattr(kept, f.name) for f in kept._meta.fields}
        later = before | dict(values)
        _refuse(_closed(before) or _wrong(later) | _closed(later))
        return super().change_row(row, values, by, at)

    def withdraw_row(self, row: Any, by: Person | None, at: datetime) -> bool:
        """What is reported stays, whoever undoes the import that brought it."""
        if _closed({"entity": row.entity, "year": row.year}):
            return False
        return super().withdraw_row(row, by, at)


def _refuse(wrong: Mapping[str, str]) -> None:
    if wrong:
        raise Refused("form", "；".join(wrong.values()), "", {n: [w] for n, w in wrong.items()})


# Why rows of a unit's year may not be entered or changed any more, by who knows of its report.
closed: list[Any] = []


def _closed(values: Mapping[str, Any]) -> dict[str, str]:
    entity, year = values.get("entity"), values.get("year")
    if entity is None or year is None:
        return {}
    for why in closed:
        if text := why(entity, year):
            return {"year": text}
    return {}


SHEETS = declare(Sheets(
    key="carbon_row", label="温室气体数据表", line="approval", model=CarbonRow,
    columns=("entity", "year", "line", "source", "item", "unit", *MONTHS, "whole", "obtained", "data_source",
             "proof"),
    filters=("year", "source", "item", "obtained", "area_code"), search=("entity__name", "line", "source"),
    fields=(Ask("entity", to=Enterprise), "year", "line", "source", "item", "unit", *MONTHS, "whole", "obtained",
            "data_source", "proof"),
    lead="entity", under=("line",), order=("-year", "-pk"),
    imports=Import(key=("entity", "year", "line", "source", "item"), headers={
        "entity": ("单位名称", "企业名称"), "year": ("年度",), "line": ("产线",), "source": ("能源品种", "燃料品种", "品种"),
        "item": ("参数",), "unit": ("计量单位",), "whole": ("全年", "合计"), "proof": ("证明材料",)},
        values={"item": {"收到基低位发热量": "ncv", "消费量": "consumption", "净购入量": "consumption",
                         "碳氧化率(%)": "oxidation"}},
        examples={"entity": "某某热电厂", "year": "2025", "line": "1号锅炉", "source": "烟煤", "item": "消耗量",
                  "unit": "t", "m1": "1200", "obtained": "实测"}),
    enterprise="entity__code", edit=CARBONISTS | FIRM,
    empty="还没有数据。导入各排放单位的数据表（生产线、信息项、1—12月、全年值），或逐行登记。",
))  # fmt: skip


def rows_of(entity: int, year: int) -> Iterable[CarbonRow]:
    """The rows of a unit's year, in the order of the sheet."""
    return CarbonRow.objects.filter(entity=entity, year=year).order_by("line", "source", "pk")
