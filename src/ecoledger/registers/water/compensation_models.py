"""Compensation between towns: months, what each section owes, data left out, appeals, the year's settlement."""

from __future__ import annotations

from django.db import models

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.entities.models import Section
from ecoledger.matters.models import Matter


class CompensationMonth(Matter):
    """One month of a county: computed, told to the towns, frozen."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_compensation_month"
    )
    # Its first day.
    month = models.DateField("核算月份", db_index=True)
    rule = models.CharField("核算规则", max_length=120, blank=True, editable=False)
    mark = models.CharField("规则来源", max_length=20, blank=True, editable=False)
    computed_at = models.DateTimeField("核算时间", null=True, blank=True, editable=False)
    published_on = models.DateField("通报日期", null=True, blank=True, editable=False)
    appeal_until = models.DateField("申诉期限", null=True, blank=True, editable=False)
    total = models.DecimalField(
        "补偿金额 万元", max_digits=14, decimal_places=4, null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = "横向补偿月核算"


class CompensationLine(models.Model):
    """What one section comes to in a month: who pays whom, every step in words, what was left out and why."""

    of = models.ForeignKey(CompensationMonth, on_delete=models.CASCADE, related_name="bills")
    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.PROTECT, related_name="compensation_lines"
    )
    # The town above and the town below as the water ran that month.
    upper = models.CharField("来水方", max_length=60, blank=True)
    lower = models.CharField("受水方", max_length=60, blank=True)
    turned = models.BooleanField("逆流", default=False)
    payer = models.CharField("支付方", max_length=60, blank=True)
    payee = models.CharField("收取方", max_length=60, blank=True)
    amount = models.DecimalField("金额 万元", max_digits=14, decimal_places=4, default=0)
    # What the county adds to what the payee gets.
    shared = models.DecimalField("本级分担 万元", max_digits=14, decimal_places=4, default=0)
    how = models.TextField("核算过程", blank=True)
    # Why nothing could be computed.
    why = models.CharField("未核算原因", max_length=200, blank=True)
    # {"codmn": {"value": …, "target": …, "inflow": …, "excluded": …}, …, "flow": …}
    inputs = JSONInOrder("核算数据", default=dict)

    class Meta:
        verbose_name = "断面补偿"
        ordering = ["of_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["of", "section"], name="a_section_once_a_month")
        ]

    def __str__(self) -> str:
        return f"{self.of.month:%Y-%m} {self.section}"


class Factor(models.TextChoices):
    """The factors that compensation counts."""

    ALL = "", "全部因子"
    CODMN = "codmn", "高锰酸盐指数"
    CODCR = "codcr", "化学需氧量"
    NH3N = "nh3n", "氨氮"
    TP = "tp", "总磷"
    TN = "tn", "总氮"


class DataExclusion(Matter):
    """A section's data of a month that are not to count, proposed with evidence and approved by another person."""

    class Cause(models.TextChoices):
        UPSTREAM = "upstream", "上游来水"
        DROUGHT = "drought", "干旱断流"
        FLOOD = "flood", "洪涝灾害"
        REPAIR = "repair", "水站检修故障"
        WORKS = "works", "涉水工程施工"
        OTHER = "other", "其他"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_data_exclusion"
    )
    month = models.DateField("核算月份", db_index=True)
    factor = models.CharField("因子", max_length=10, choices=Factor.choices, blank=True, default="")
    cause = models.CharField("剔除原因", max_length=10, choices=Cause.choices)
    decided_at = models.DateTimeField("批准时间", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "补偿数据剔除"


class CompensationAppeal(Matter):
    """A town's objection to a line of a month that was told to it."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_compensation_appeal"
    )
    line = models.ForeignKey(
        CompensationLine,
        verbose_name="核算月份和断面",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="appeals",
    )
    # Kept beside the line, which a new calculation writes anew.
    month = models.DateField("核算月份", null=True, blank=True, editable=False, db_index=True)
    factor = models.CharField(
        "成立后剔除的因子", max_length=10, choices=Factor.choices, blank=True, default=""
    )
    answer = models.TextField("答复意见", blank=True)
    decided_at = models.DateTimeField("答复时间", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "补偿申诉"


class CompensationYear(Matter):
    """The settlement of a year: every month frozen, each party's balance paid out."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_compensation_year"
    )
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    paper = models.CharField("财政结算文号", max_length=80, blank=True)
    settled_at = models.DateTimeField(
        "结算时间", null=True, blank=True, default=None, editable=False
    )

    class Meta:
        verbose_name = "横向补偿年度结算"


class SettlementLine(models.Model):
    """What one party got and paid over the year, and what is left."""

    settlement = models.ForeignKey(
        CompensationYear, on_delete=models.CASCADE, related_name="parties"
    )
    party = models.CharField("责任方", max_length=60)
    received = models.DecimalField("应收 万元", max_digits=14, decimal_places=4)
    paid = models.DecimalField("应付 万元", max_digits=14, decimal_places=4)
    net = models.DecimalField("净额 万元", max_digits=14, decimal_places=4)

    class Meta:
        verbose_name = "结算明细"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.party} {self.net}"
