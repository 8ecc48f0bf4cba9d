"""What a permit asks (mechanism P9): its monitoring, its yearly amounts and its ledgers, a row each, importable from the 副本."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Outlet
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Filter, Import
from ecoledger.registers.approval.permits import Permit
from ecoledger.standards.rounding import plainly

EDITORS = frozenset({Role.APPROVER, Role.MONITOR, Role.SYSTEM_ADMIN})


class Frequency(models.TextChoices):
    """How often a factor is measured."""

    AUTO = "auto", "自动监测"
    DAY = "day", "每日"
    WEEK = "week", "每周"
    MONTH = "month", "每月"
    QUARTER = "quarter", "每季度"
    HALF = "half", "每半年"
    YEAR = "year", "每年"


# How many days a term of a frequency has at most; automatic ones are of hours.
OFTEN = {f: n for n, f in enumerate(Frequency)}


class PermitMonitoring(models.Model):
    """One factor that is measured at one outlet (自行监测要求)."""

    permit = models.ForeignKey(
        Permit, verbose_name="许可证", on_delete=models.CASCADE, related_name="monitoring"
    )
    outlet = models.ForeignKey(
        Outlet, verbose_name="排放口", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # fmt: skip
    place = models.CharField(
        "监测点", max_length=60, blank=True, help_text="无组织、厂界等没有排放口编号的"
    )
    factor = models.CharField("污染物", max_length=60)
    frequency = models.CharField("监测频次", max_length=8, choices=Frequency.choices)
    limit = models.DecimalField(
        "许可浓度限值", max_digits=12, decimal_places=4, null=True, blank=True
    )
    unit = models.CharField("单位", max_length=20, blank=True)
    method = models.CharField("监测方法", max_length=120, blank=True)

    class Meta:
        verbose_name = "自行监测要求"
        ordering = ["permit_id", "outlet_id", "place", "factor"]
        constraints = [
            models.UniqueConstraint(
                fields=["permit", "outlet", "place", "factor"], name="one_term_a_factor"
            )
        ]

    def __str__(self) -> str:
        return f"{self.where} {self.factor}"

    @property
    def where(self) -> str:
        """The outlet's number and name, or the place in words."""
        return f"{self.outlet.number} {self.outlet.name}".strip() if self.outlet else self.place


class PermitAmount(models.Model):
    """What may be emitted of a pollutant in a year (许可年排放量)."""

    permit = models.ForeignKey(
        Permit, verbose_name="许可证", on_delete=models.CASCADE, related_name="amounts"
    )
    pollutant = models.CharField("污染物", max_length=60)
    year = models.PositiveSmallIntegerField("年度", null=True, blank=True, help_text="留空为各年")
    tonnes = models.DecimalField(
        "许可排放量 t/a", max_digits=14, decimal_places=4, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = "许可年排放量"
        ordering = ["permit_id", "pollutant", "year"]

    def __str__(self) -> str:
        return f"{self.pollutant} {plainly(self.tonnes)} t/a"


class PermitLedger(models.Model):
    """One ledger that the firm keeps (环境管理台账)."""

    class Sort(models.TextChoices):
        BASIC = "basic", "基本信息"
        PRODUCTION = "production", "生产设施运行"
        TREATMENT = "treatment", "污染防治设施运行"
        MONITORING = "monitoring", "监测记录"
        OTHER = "other", "其他环境管理"

    permit = models.ForeignKey(
        Permit, verbose_name="许可证", on_delete=models.CASCADE, related_name="ledgers"
    )
    sort = models.CharField("台账类别", max_length=12, choices=Sort.choices)
    content = models.CharField("记录内容", max_length=300)
    frequency = models.CharField("记录频次", max_length=60)
    kept_years = models.PositiveSmallIntegerField("保存年限", default=5)

    class Meta:
        verbose_name = "台账要求"
        ordering = ["permit_id", "sort", "id"]

    def __str__(self) -> str:
        return f"{self.get_sort_display()} {self.frequency}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Terms(Listing):
    """A list of what permits say; it lies where the permit does, and is its firm's to read."""

    area: str = "permit__area_code"
    enterprise: str = "permit__parent__code"
    see: str = "see_monitoring"
    tab: str = "permits"

    def about(self, thing: int) -> Any:
        return models.Q(permit=thing) | models.Q(permit__parent=thing)


def wrong(values: Mapping[str, Any]) -> dict[str, str]:
    """An outlet is the permit holder's own; without one the place is said."""
    outlet, permit = values.get("outlet"), values.get("permit")
    if outlet is None and not values.get("place"):
        return {"place": _("请选排放口或写明监测点")}
    if outlet is not None and permit is not None and outlet.parent_id != permit.parent_id:
        return {"outlet": _("排放口“%s”不属于该许可证的单位") % outlet}
    return {}


class MonitoringTerms(Terms):
    """The monitoring that permits ask."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        return wrong(values)


_PERMIT = {"permit": ("许可证编号", "排污许可证编号", "企业名称", "单位名称")}
MONITORING = declare(MonitoringTerms(
    key="permit_monitoring", label="自行监测要求", line="approval", model=PermitMonitoring,
    columns=("permit", "outlet", "place", "factor", "frequency", "limit", "unit", "method"),
    filters=("frequency", Filter("permit", to=Permit)), search=("permit__name", "permit__permit_no", "factor", "place"),
    fields=(Ask("permit", to=Permit), Ask("outlet", to=Outlet), "place", "factor", "frequency", "limit", "unit", "method"),
    lead="permit", under=("factor",), edit=EDITORS,
    imports=Import(
        key=("permit", "outlet", "place", "factor"),
        headers={**_PERMIT, "outlet": ("排放口编码", "排口"), "place": ("监测点位", "点位"), "factor": ("因子", "监测因子", "监测项目"),
                 "frequency": ("频次",), "limit": ("限值", "浓度限值")},
        values={"frequency": {"自动": "auto", "连续": "auto", "日": "day", "1次/日": "day", "周": "week", "1次/周": "week",
                              "月": "month", "1次/月": "month", "季": "quarter", "1次/季": "quarter", "1次/季度": "quarter",
                              "半年": "half", "1次/半年": "half", "年": "year", "1次/年": "year"}},
        examples={"permit": "示例印染有限公司排污许可证", "place": "厂界", "factor": "非甲烷总烃", "frequency": "1次/半年",
                  "limit": "4", "unit": "mg/m³"},
    ),
    empty="还没有自行监测要求。从许可证副本的自行监测表导入。",
))  # fmt: skip
declare_lookup(Lookup(
    key="permit_monitoring", model=PermitMonitoring, label="自行监测要求", rows=lambda person: (
        MONITORING.visible_to(person) if person is not None else PermitMonitoring.objects.all()),
    exact=("permit__permit_no",), contains=("permit__name", "factor"), under=lambda row: row.permit.name,
))  # fmt: skip
AMOUNTS = declare(Terms(
    key="permit_amount", label="许可年排放量", line="approval", model=PermitAmount,
    columns=("permit", "pollutant", "year", "tonnes"), filters=(Filter("permit", to=Permit), "year"),
    search=("permit__name", "permit__permit_no", "pollutant"), fields=(Ask("permit", to=Permit), "pollutant", "year", "tonnes"),
    lead="permit", under=("pollutant",), edit=EDITORS,
    imports=Import(key=("permit", "pollutant", "year"),
                   headers={**_PERMIT, "pollutant": ("因子", "污染物种类"), "tonnes": ("许可排放量", "许可量", "年许可排放量")},
                   examples={"permit": "示例印染有限公司排污许可证", "pollutant": "化学需氧量", "tonnes": "12.5"}),
    empty="还没有许可排放量。从许可证副本导入。",
))  # fmt: skip
LEDGERS = declare(Terms(
    key="permit_ledger", label="台账要求", line="approval", model=PermitLedger,
    columns=("permit", "sort", "content", "frequency", "kept_years"), filters=(Filter("permit", to=Permit), "sort"),
    search=("permit__name", "permit__permit_no", "content"),
    fields=(Ask("permit", to=Permit), "sort", "content", "frequency", "kept_years"), lead="permit", under=("sort",),
    edit=EDITORS,
    imports=Import(key=("permit", "sort", "content"), headers={**_PERMIT, "sort": ("类别",), "content": ("内容",)},
                   examples={"permit": "示例印染有限公司排污许可证", "sort": "监测记录", "content": "手工监测原始记录",
                             "frequency": "1次/月"}),
    empty="还没有台账要求。从许可证副本导入。",
))  # fmt: skip
