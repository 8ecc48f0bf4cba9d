"""耕地安全利用 (mechanism S-4): fields by category, what was done on each in a year, and the rate by area.

受污染耕地安全利用率 = (安全利用面积 + 严格管控达标面积) ÷ 受污染耕地面积 (mark M). A polluted field of which nothing was
reported in a year stays in the denominator and is told apart: it is not known to be used safely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF
from ecoledger.entities import states
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory, declare
from ecoledger.entities.models import Entity
from ecoledger.entities.validity import overlapping
from ecoledger.listings import own_data, own_files
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import Part, Things, tally
from ecoledger.standards import soil

own_files.declare(own_files.Rules("ecoledger.registers.soil", "farmland", "耕地安全利用目标"))


def rules() -> dict[str, Any]:
    """The file in force."""
    return own_data.read("ecoledger.registers.soil", "farmland")


class Category(models.TextChoices):
    """Categories of farmland (农用地类别)."""

    PROTECTED = "protected", "优先保护类"
    SAFE = "safe", "安全利用类"
    STRICT = "strict", "严格管控类"


POLLUTED = (Category.SAFE, Category.STRICT)
_MU: dict[str, Any] = {
    "max_digits": 12,
    "decimal_places": 2,
    "validators": [MinValueValidator(Decimal("0.01"))],
}


class Field(Entity):
    """A field, or fields of one kind and category in a village (耕地地块)."""

    KIND = "field"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_field"
    )

    class Land(models.TextChoices):
        PADDY = "paddy", "水田"
        OTHER = "other", "旱地及其他"

    area_mu = models.DecimalField("面积 亩", **_MU)
    category = models.CharField("耕地类别", max_length=10, choices=Category.choices, db_index=True)
    land = models.CharField("地类", max_length=8, choices=Land.choices, default=Land.PADDY)
    pollutants = models.CharField("主要污染物", max_length=80, blank=True)
    crop = models.CharField("主要作物", max_length=60, blank=True)
    ph = models.DecimalField(
        "土壤 pH",
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(14)],
    )
    cd = models.DecimalField(
        "土壤镉 mg/kg",
        max_digits=9,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )

    class Meta:
        verbose_name = "耕地地块"


def clean(field: Field, findings: Findings) -> None:
    """A category that the soil's cadmium does not bear out is asked about: the crop decides as well."""
    if field.ph is None or field.cd is None:
        return
    values = {"ph": float(field.ph), "cd": float(field.cd)}
    try:
        found = soil.agricultural_land(values, field.land, on=timezone.localdate())  # type: ignore[arg-type]
    except (ValueError, LookupError):
        return
    if found.risk is not None and found.risk.field_category != Category(field.category).label:
        findings.odd.append(
            _("按 GB 15618 镉含量应为%(category)s，与所填类别不同，请核对")
            % {"category": _(found.risk.field_category)}
        )


FIELDS = declare(Inventory(
    key="field", label="耕地地块", model=Field, line="soil", letter="G", clean=clean, by_year=True,
    columns=("name", "code", "area_mu", "category", "land", "pollutants", "crop", "ph", "cd", "area_code"),
    filters=("category", "land", "area_code"), search=("name", "code", "pollutants", "crop"),
    fields=("name", CODE, "area_code", "address", "geometry", "lon", "lat", COORDINATES, "area_mu", "category", "land",
            "pollutants", "crop", "ph", "cd",
            Ask("since", "划定日期", help="此前的年度不计入安全利用率；留空视为一直在册。")),
    labels={"geometry": "边界（GeoJSON）"},
    imports=Import(key=("name",), future=(),
                   headers={"name": ("地块名称", "单元名称", "图斑编号"), "area_mu": ("面积", "面积（亩）", "耕地面积"),
                            "category": ("类别", "环境质量类别", "土壤环境质量类别"), "land": ("耕地类型",),
                            "pollutants": ("污染物", "超标因子"), "crop": ("种植作物",), "ph": ("pH",),
                            "cd": ("镉", "Cd"), "area_code": ("镇街", "行政区划", "所在镇")},
                   values={"category": {"优先保护": "protected", "安全利用": "safe", "严格管控": "strict"},
                           "land": {"旱地": "other", "水浇地": "other"}},
                   examples={"name": "北镇第3单元", "area_mu": "320.5", "category": "安全利用类", "area_code": "北镇"}),
    views=(View("polluted", "受污染耕地", {"category": "safe,strict"}),),
    empty="还没有耕地地块。导入耕地土壤环境质量类别划分清单。",
))  # fmt: skip
tally(FIELDS, "polluted_mu", "受污染耕地面积", Q(category__in=POLLUTED, until=None), add="area_mu", unit="亩",
      better="lower")  # fmt: skip

# ---- what was done in a year ---------------------------------------------------------------------


class FieldYear(models.Model):
    """What was done on a field in a year, and whether it was used safely."""

    class Measure(models.TextChoices):
        VARIETY = "variety", "低积累品种替代"
        WATER = "water", "水分调控"
        LIME = "lime", "施石灰等土壤调理"
        LEAF = "leaf", "叶面阻控"
        CROP = "crop", "种植结构调整"
        RETIRE = "retire", "退耕还林还草"
        FALLOW = "fallow", "休耕"
        OTHER = "other", "其他"

    field = models.ForeignKey(
        Field, verbose_name="耕地地块", on_delete=models.PROTECT, related_name="years"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    begins = models.DateField(editable=False, db_index=True)
    # As it was in that year.
    category = models.CharField(
        "耕地类别", max_length=10, choices=Category.choices, db_index=True, blank=True
    )
    area_mu = models.DecimalField("面积 亩", null=True, blank=True, **_MU)
    measure = models.CharField("措施", max_length=10, choices=Measure.choices, blank=True)
    measured_mu = models.DecimalField(
        "措施面积 亩", max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )  # fmt: skip
    samples = models.PositiveIntegerField("农产品抽样 个", default=0)
    passed = models.PositiveIntegerField("农产品达标 个", default=0)
    achieved = models.BooleanField("安全利用（管控）到位", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)

    class Meta:
        verbose_name = "耕地安全利用年度核算"
        ordering = ["-year", "field_id"]
        constraints = [models.UniqueConstraint(fields=["field", "year"], name="one_field_a_year")]

    def __str__(self) -> str:
        return f"{self.field} {self.year}"


class YearBook(Listing):
    """Rows of a year: area and category are the field's where the table does not say them."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        if (values.get("passed") or 0) > (values.get("samples") or 0):
            return {"passed": _("达标个数不能多于抽样个数")}
        whole = values.get("area_mu") or (
            Field.objects.get(pk=values["field"].pk).area_mu if values.get("field") else None
        )
        if whole is not None and (values.get("measured_mu") or 0) > whole:
            return {"measured_mu": _("措施面积不能大于地块面积 %s 亩") % whole}
        return {}

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        self._refuse(values, by)
        field = Field.objects.get(pk=values["field"].pk)
        whole = {
            **values,
            "field": field,
            "area_code": field.area_code,
            "begins": date(int(values["year"]), 1, 1),
            "category": values.get("category") or field.category,
            "area_mu": values.get("area_mu") or field.area_mu,
        }
        return super().open_row(whole, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        names = ("field", "area_mu", "measured_mu", "samples", "passed")
        self._refuse({**{name: getattr(row, name) for name in names}, **values}, by)
        if values.get("year"):
            values = {**values, "begins": date(int(values["year"]), 1, 1)}
        return super().change_row(row, values, by, at)

    def _refuse(self, values: Mapping[str, Any], by: Person | None) -> None:
        for name, why in self.wrong(values, by).items():
            raise Refused("form", why, fields={name: [why]})


FIELD_YEARS = declare_book(YearBook(
    key="field_year", label="耕地安全利用核算", model=FieldYear, line="soil", lead="field", order=("-year", "-pk"),
    columns=("field", "year", "category", "area_mu", "measure", "measured_mu", "samples", "passed", "achieved",
             "area_code"),
    filters=("year", "category", "measure", "achieved", "area_code"), search=("field__name", "note"),
    fields=(Ask("field", to=Field, required=True), Ask("year", minimum=2000, maximum=2100), "category", "area_mu",
            "measure", "measured_mu", "samples", "passed", "achieved", "note"),
    imports=Import(key=("field", "year"), future=(),
                   headers={"field": ("地块名称", "单元名称", "图斑编号"), "year": ("核算年度",),
                            "measure": ("技术措施", "安全利用措施"), "measured_mu": ("措施落实面积",),
                            "achieved": ("是否到位", "是否达标"), "samples": ("抽样数",), "passed": ("达标数",),
                            "area_mu": ("面积",)},
                   examples={"field": "北镇第3单元", "year": "2026", "measure": "低积累品种替代", "achieved": "是"}),
    views=(View("lacking", "未到位", {"achieved": "0"}),), edit=STAFF,
    empty="还没有年度核算。导入各地块当年的措施和农产品抽样结果。",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Safe:
    """The rate of an area in a year, in mu: used safely, under strict control, of all that is polluted; ``unknown``:
    polluted land of which nothing was reported, or no verdict. It is in ``polluted`` and in no numerator."""

    polluted: Decimal
    safe: Decimal
    strict: Decimal
    unknown: Decimal
    fields: int

    @property
    def lacking(self) -> Decimal:
        """Reported, and neither used safely nor under control."""
        return self.polluted - self.safe - self.strict - self.unknown

    @property
    def rate(self) -> float | None:
        """Percent; ``None`` without polluted land."""
        return float(100 * (self.safe + self.strict) / self.polluted) if self.polluted else None


@dataclass(frozen=True, slots=True)
class Land:
    """A polluted field in a year: its size and category then, and whether it was used safely; ``None``: nobody reported."""

    field: Field
    mu: Decimal
    category: str
    achieved: bool | None


def polluted(fields: QuerySet[Field], year: int) -> list[Land]:
    """The polluted of ``fields`` that were there in a year, and all of which it reports. A year's own row goes before what
    the field says, which is what it said at the year's end."""
    rows = {row.field_id: row for row in FieldYear.objects.filter(field__in=fields, year=year)}
    last = date(year, 12, 31)
    reported = Q(pk__in=FieldYear.objects.filter(year=year).values("field"))
    there = list(fields.filter(overlapping(date(year, 1, 1), last) | reported).order_by("code"))
    said = states.known_on(there, last)
    lands = []
    for field in there:
        row, then = rows.get(field.pk), said[field.pk]
        category = (row.category if row else "") or then["category"]
        size = (row.area_mu if row else None) or Decimal(str(then["area_mu"]))
        if category in POLLUTED:
            lands.append(Land(field, size, category, row.achieved if row else None))
    return lands


def safe_use(fields: QuerySet[Field], year: int) -> Safe:
    """The rate over the polluted of ``fields`` in a year."""
    lands = polluted(fields, year)
    used = [land for land in lands if land.achieved]
    return Safe(
        polluted=_mu(lands),
        safe=_mu(land for land in used if land.category == Category.SAFE),
        strict=_mu(land for land in used if land.category == Category.STRICT),
        unknown=_mu(land for land in lands if land.achieved is None),
        fields=len(lands),
    )


def _mu(lands: Iterable[Land]) -> Decimal:
    return sum((land.mu for land in lands), Decimal(0))


def _parts(fields: QuerySet[Field], begin: date, _end: date) -> list[Part]:
    return [Part(part.field, part.mu, part.achieved) for part in polluted(fields, begin.year)]


RATE, RATE_KEY = "受污染耕地安全利用率", "field_year.safe_ratio"
_OF_POLLUTED = Q(category__in=POLLUTED)
tally(FIELD_YEARS, "safe_ratio", RATE, Q(achieved=True), whole=_OF_POLLUTED, add="area_mu", dated="begins",
      yearly=True, decimals=2, things=Things(FIELDS, noop("面积 亩"), _parts))  # fmt: skip
tally(FIELD_YEARS, "product_samples", "农产品抽样", dated="begins", yearly=True, add="samples")
