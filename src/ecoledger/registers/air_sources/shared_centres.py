"""“绿岛” (mechanism A6): shared treatment centres, the firms that use each, and what went through."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Sum

from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry, RosterLine
from ecoledger.books.roster import Roster
from ecoledger.entities.inventory import CODE, COORDINATES, Inventory, declare
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask, Import


class SharedCentre(Entity):
    """A treatment centre that several firms share."""

    KIND = "shared_centre"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_shared_centre"
    )

    class Sort(models.TextChoices):
        CARBON = "carbon", "活性炭集中处理中心"
        COATING = "coating", "钣喷共享中心"
        SOLVENT = "solvent", "溶剂集中回收中心"
        CATERING = "catering", "餐饮绿岛"
        OTHER = "other", "其他"

    sort = models.CharField("类型", max_length=10, choices=Sort.choices)
    operator = models.CharField("运营单位", max_length=80, blank=True)
    capacity = models.DecimalField(
        "设计能力", max_digits=12, decimal_places=2, null=True, blank=True
    )
    unit = models.CharField("计量单位", max_length=10, default="t/a")
    treatment = models.CharField("治理工艺", max_length=120, blank=True)

    class Meta:
        verbose_name = "共享治理中心"

    @property
    def throughput(self) -> Decimal:
        """What went through in the year, in the centre's unit."""
        from django.utils import timezone

        rows = CentreRun.objects.filter(
            entity=self.pk, current=True, at__year=timezone.localdate().year
        )
        total: Decimal | None = rows.aggregate(n=Sum("quantity"))["n"]
        return total or Decimal(0)

    @property
    def members(self) -> int:
        """Firms that use it by the list in force."""
        return CentreMember.objects.filter(centre=self.pk, edition__until=None).exclude(
            edition__state="draft"
        ).count()  # fmt: skip


CENTRES = declare(Inventory(
    key="shared_centre", label="VOCs“绿岛”", model=SharedCentre, line="air", letter="G",
    columns=("name", "code", "sort", "operator", "capacity", "unit", "members", "throughput",
             "area_code", "since"),
    filters=("sort", "area_code"), search=("name", "code", "operator"),
    fields=("name", CODE, "area_code", "address", "lon", "lat", COORDINATES, "sort", "operator",
            "capacity", "unit", "treatment", "since", "until"),
    labels={"members": "服务企业", "throughput": "本年处理量"},
    imports=Import(key=("name",), headers={"name": ("绿岛名称", "项目名称", "中心名称"), "sort": ("绿岛类型",),
                                           "capacity": ("处理能力",), "area_code": ("镇街",)},
                   examples={"name": "示例活性炭集中再生中心", "sort": "活性炭集中处理中心", "capacity": "5000"}),
    empty="还没有“绿岛”。登记集中处理中心后，再登记服务企业和处理量。",
))  # fmt: skip


class CentreMember(RosterLine):
    """That a firm uses a centre, by the list of a year."""

    centre = models.ForeignKey(
        SharedCentre, verbose_name="绿岛", on_delete=models.PROTECT, related_name="member_lines"
    )
    process = models.CharField("委托内容", max_length=120, blank=True)
    contract_until = models.DateField("合同到期", null=True, blank=True)

    class Meta:
        verbose_name = "绿岛服务企业"


MEMBERS = declare_book(Roster(
    key="centre_member", label="绿岛服务企业", line="air", model=CentreMember, edition="年度",
    columns=("entity", "centre", "process", "contract_until", "area_code", "edition"),
    filters=("edition", "centre", "area_code"), search=("entity__name", "centre__name"),
    fields=("edition", Ask("entity", "企业名称", to=Enterprise, required=True), "centre", "process",
            "contract_until"),
    imports=Import(key=("edition", "entity"), headers={"edition": ("年度",), "entity": ("企业",),
                                                       "centre": ("绿岛名称", "中心")},
                   examples={"edition": "2026", "entity": "示例涂装有限公司", "centre": "示例中心"},
                   future=()),
    lead="entity", labels={"entity": "企业"}, enterprise="entity__code",
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.APPROVER}),
    empty="还没有服务企业名单。",
))  # fmt: skip


class CentreRun(LogEntry):
    """What a centre treated over some days, and for whom."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_centre_run"
    )
    customer = models.ForeignKey(
        Enterprise,
        verbose_name="服务企业",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    quantity = models.DecimalField(
        "处理量", max_digits=12, decimal_places=3, validators=[MinValueValidator(0)]
    )
    reduced = models.DecimalField(
        "VOCs 削减量 kg", max_digits=12, decimal_places=2, null=True, blank=True
    )

    class Meta:
        verbose_name = "绿岛处理量"


RUNS: Any = declare_book(Log(
    key="centre_run", label="绿岛处理量", model=CentreRun, line="air", edit=STAFF | {Role.ENTERPRISE},
    columns=("entity", "at", "customer", "quantity", "reduced", "note", "area_code", "by"),
    filters=("area_code", "customer", "at"), search=("entity__name", "customer__name"),
    fields=(Ask("entity", "绿岛", to=SharedCentre, required=True), "at", "customer", "quantity",
            "reduced", "note"),
    labels={"entity": "绿岛"}, lead="entity",
    imports=Import(key=("entity", "at", "customer"),
                   headers={"entity": ("绿岛名称", "中心"), "at": ("日期",), "customer": ("企业名称",),
                            "quantity": ("处理数量",)}, future=(),
                   examples={"entity": "示例活性炭集中再生中心", "at": "2026-10-31", "quantity": "12.5"}),
    empty="还没有处理量记录。",
))  # fmt: skip
