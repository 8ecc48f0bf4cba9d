"""A case, the alarms that belong to it, and the rules by which cases are handed over."""

from __future__ import annotations

from django.db import models
from django.db.models import QuerySet
from django.utils import timezone

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Organisation, Person
from ecoledger.matters.models import Matter
from ecoledger.monitoring.models import Alarm, AlarmRule, Point


class AlarmCase(Matter):
    """One trouble at one point, from the first alarm to its closing."""

    class Verdict(models.TextChoices):
        PENDING = "", "未定"
        CONFIRMED = "confirmed", "属实"
        FALSE = "false", "误报"

    class Cause(models.TextChoices):
        DISCHARGE = "discharge", "超标排放"
        TREATMENT_OFF = "treatment_off", "治理设施停运或故障"
        PROCESS = "process", "生产工况异常"
        DIFFUSE = "diffuse", "扬尘、面源或生活源"
        UPSTREAM = "upstream", "上游或外来输入"
        WEATHER = "weather", "不利气象水文条件"
        OTHER = "other", "其他"

    class FalseReason(models.TextChoices):
        INSTRUMENT = "instrument", "仪器故障或校准"
        TRANSMISSION = "transmission", "传输或标记错误"
        SHUTDOWN = "shutdown", "停产检修未申报"
        LOCAL = "local", "站点周边偶发干扰"
        RULE = "rule", "规则设置不当"
        OTHER = "other", "其他"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_alarm_case"
    )
    point = models.ForeignKey(
        Point, verbose_name="监测点", on_delete=models.PROTECT, related_name="+"
    )
    parameter = models.CharField("因子编码", max_length=20)
    parameter_name = models.CharField("因子", max_length=40, blank=True)
    rule = models.ForeignKey(
        AlarmRule, verbose_name="触发规则", on_delete=models.PROTECT, related_name="+"
    )
    first_alarm_at = models.DateTimeField("首次预警", null=True, blank=True)
    last_alarm_at = models.DateTimeField("最近预警", null=True, blank=True)
    alarm_count = models.PositiveIntegerField("预警次数", default=0)
    verdict = models.CharField(
        "核实结论", max_length=10, choices=Verdict.choices, blank=True, default=""
    )
    false_reason = models.CharField(
        "误报原因", max_length=20, choices=FalseReason.choices, blank=True
    )
    cause = models.CharField("原因", max_length=20, choices=Cause.choices, blank=True)
    source = models.CharField("污染来源", max_length=200, blank=True)
    measures = models.TextField("治理措施", blank=True)
    enterprise_asked_at = models.DateTimeField("要求企业说明时间", null=True, blank=True)
    off_site = models.BooleanField("非现场核实", default=True)
    alarms = models.ManyToManyField(Alarm, through="CaseAlarm", related_name="cases")

    class Meta:
        verbose_name = "预警交办件"
        indexes = [models.Index(fields=["point", "parameter"], name="case_of_point")]

    @property
    def newest_alarms(self) -> QuerySet[Alarm]:
        return self.alarms.order_by("-begin")[:20]

    @property
    def latest_alarm(self) -> Alarm | None:
        return self.alarms.order_by("-begin").first()


class CaseAlarm(models.Model):
    """An alarm that belongs to a case."""

    case = models.ForeignKey(AlarmCase, on_delete=models.PROTECT, related_name="joined")
    alarm = models.OneToOneField(Alarm, on_delete=models.PROTECT, related_name="case_alarm")
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "预警件所含预警"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.alarm_id}"


class RoutingRule(models.Model):
    """To whom a case goes, by area and kind of point: the most particular rule wins.

    Empty fields match everything. Without a rule a case goes to the town government whose area it is
    in, else to the bureau.
    """

    register = models.CharField("台账", max_length=40, default="alarm_case")
    area_code = AreaCodeField(blank=True, db_index=False)
    kind = models.CharField("监测点类别", max_length=12, choices=Point.Kind.choices, blank=True)
    detector = models.CharField(
        "预警类型", max_length=20, choices=AlarmRule.Detector.choices, blank=True
    )
    opens_case = models.BooleanField("立为预警件", default=True)
    organisation = models.ForeignKey(
        Organisation, verbose_name="责任单位", on_delete=models.PROTECT, null=True, blank=True
    )
    person = models.ForeignKey(
        Person, verbose_name="责任人", on_delete=models.PROTECT, null=True, blank=True
    )

    class Meta:
        verbose_name = "预警分派规则"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.area_code or '*'} {self.kind or '*'} → {self.organisation or '—'}"

    @property
    def weight(self) -> tuple[int, int]:
        return len(self.area_code), bool(self.kind) + bool(self.detector)
