"""核技术利用单位 (mechanism S-13): who uses sources and devices, by which licence, assessed by themselves every year.

The licence of a unit is renewed in time (a duty until its day); the self-assessment of a year is filed by 31 January of
the next; a visit says what was in order, and what was not becomes a problem of the one ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import BUREAU, STAFF, Role
from ecoledger.books.duty import Duty, Every
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory
from ecoledger.entities.inventory import declare as declare_inventory
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.tallies import tally
from ecoledger.registers.waste.batteries import WASTE_PROBLEM
from ecoledger.registers.waste.filings import FilingLog


class RadiationUnit(Entity):
    """A hospital, works or laboratory that uses sources or devices under a licence."""

    KIND = "radiation_unit"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_radiation_unit"
    )

    class Sort(models.TextChoices):
        MEDICAL = "medical", "医用"
        INDUSTRY = "industry", "工业探伤、辐照、测量"
        SECURITY = "security", "安检"
        RESEARCH = "research", "科研教学"
        SALES = "sales", "生产、销售"
        OTHER = "other", "其他"

    sort = models.CharField("行业", max_length=10, choices=Sort.choices, db_index=True)
    scope = models.CharField("种类和范围", max_length=200, blank=True)
    licence_no = models.CharField("辐射安全许可证号", max_length=40, blank=True, db_index=True)
    issued_on = models.DateField("发证日期", null=True, blank=True)
    licence_until = models.DateField("许可证有效期至", null=True, blank=True, db_index=True)
    safety_officer = models.CharField("辐射安全负责人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    badges = models.PositiveIntegerField("辐射工作人员数", null=True, blank=True)

    class Meta:
        verbose_name = "核技术利用单位"

    @property
    def devices(self) -> int:
        """Sources and devices that stand under it, or under the firm that it is."""
        owners: list[Entity] = [self, *([self.parent] if self.parent else [])]
        parts = (part for owner in owners for part in owner.children.all())
        return sum(part.kind == "radiation_source" and part.until is None for part in parts)


def clean(unit: RadiationUnit, findings: Findings) -> None:
    """A licence has its number and its days in order."""
    if unit.licence_until and not unit.licence_no:
        findings.wrong["licence_no"] = _("有效期须有许可证号")
    if unit.issued_on and unit.licence_until and unit.licence_until <= unit.issued_on:
        findings.wrong["licence_until"] = _("有效期早于发证日期")
    if not unit.licence_no:
        findings.odd.append(_("没有辐射安全许可证号，请核对"))


UNITS = declare_inventory(Inventory(
    key="radiation_unit", label="核技术利用单位", model=RadiationUnit, line="waste", letter="N", clean=clean,
    enterprise="parent__code", ends="licence_until", prefetch=("children", "parent__children"),
    columns=("name", "code", "sort", "scope", "devices", "licence_no", "licence_until", "safety_officer", "area_code"),
    filters=("sort", "licence_until", "area_code"), search=("name", "code", "licence_no"),
    fields=("name", CODE, Ask("parent", "对应企业", to=Enterprise, required=False), "area_code", "address", "lon", "lat",
            COORDINATES, "sort", "scope", "licence_no", "issued_on", "licence_until", "safety_officer", "phone",
            "badges", "since", "until"),
    labels={"devices": "源和装置数"},
    imports=Import(key=("name",), headers={"name": ("单位名称", "企业名称"), "sort": ("类别", "单位类型"),
                                           "licence_no": ("许可证号", "许可证编号"), "licence_until": ("有效期至",),
                                           "scope": ("许可种类和范围",), "safety_officer": ("负责人",)},
                   values={"sort": {"医疗": "medical", "医院": "medical", "工业": "industry", "工业探伤": "industry",
                                    "学校": "research"}},
                   examples={"name": "示例医院", "sort": "医用", "licence_no": "闽环辐证[00001]",
                             "licence_until": "2030-05-31"}, future=()),
    empty="还没有核技术利用单位。导入持证单位清单。",
))  # fmt: skip
tally(UNITS, "units", "核技术利用单位数", Q(until=None), unit="家")
tally(UNITS, "licensed_ratio", "辐射安全许可持证率", ~Q(licence_no=""), whole=Q(until=None),
      missing=noop("没有登记核技术利用单位"))  # fmt: skip
RENEWAL = declare(Duty(
    key="radiation_unit_licence", label="核技术利用单位许可证延续", line="waste", tab="waste",
    objects=RadiationUnit.objects.filter(until=None).exclude(licence_until=None).all, until="licence_until",
    due_after=-30, remind_before=60, owed_by=frozenset({Role.APPROVER}),
    columns=("entity", "due", "state", "done_on", "area_code"), filters=("state", "due", "area_code"),
    labels={"entity": "核技术利用单位"}, search=("entity__name",), edit=frozenset({Role.APPROVER}),
    empty="还没有临近到期的许可证。",
))  # fmt: skip

# ---- the yearly self-assessment ------------------------------------------------------------------


class RadiationAssessment(LogEntry):
    """A unit's own assessment of its year (放射性同位素与射线装置安全和防护状况年度评估)."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_radiation_assessment"
    )

    class Outcome(models.TextChoices):
        GOOD = "good", "符合要求"
        MEND = "mend", "存在问题，已制定整改措施"
        BAD = "bad", "不符合要求"

    year = models.PositiveSmallIntegerField(
        "评估年度", validators=[MinValueValidator(2000), MaxValueValidator(2100)]
    )
    outcome = models.CharField("结论", max_length=8, choices=Outcome.choices, default=Outcome.GOOD)
    dose = models.DecimalField(
        "个人剂量最大值 mSv", max_digits=7, decimal_places=3, null=True, blank=True,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    problems = models.CharField("问题", max_length=400, blank=True)

    class Meta:
        verbose_name = "辐射年度自查评估"


def _owed(entry: Any) -> tuple[Sequence[str], date]:
    return ("radiation_assessment_due",), date(entry.year, 1, 1)


ASSESSMENTS = declare(FilingLog(
    key="radiation_assessment", label="辐射年度自查评估", line="waste", model=RadiationAssessment, owed=_owed,
    edit=BUREAU | {Role.ENTERPRISE}, enterprise="entity__parent__code",
    columns=("entity", "year", "at", "outcome", "dose", "problems", "area_code", "by"),
    filters=("year", "outcome", "at", "area_code"), search=("entity__name", "problems"),
    fields=(Ask("entity", "核技术利用单位", to=RadiationUnit, required=True), "year", "at", "outcome", "dose", "problems",
            "note"),
    labels={"entity": "核技术利用单位", "at": "报送日期"}, lead="entity",
    imports=Import(key=("entity", "year"),
                   headers={"entity": ("单位名称",), "year": ("年度",), "at": ("报送时间", "提交日期"),
                            "outcome": ("评估结论",), "dose": ("最大个人剂量",)},
                   values={"outcome": {"合格": "good", "符合": "good", "不合格": "bad"}},
                   examples={"entity": "示例医院", "year": "2025", "at": "2026-01-12", "outcome": "符合要求"}, future=()),
    empty="还没有年度自查评估。每年 1 月 31 日前报送上一年度的评估报告。",
))  # fmt: skip
DUE = declare(Duty(
    key="radiation_assessment_due", label="辐射年度自查评估期限", line="waste", tab="waste",
    objects=RadiationUnit.objects.filter(until=None).all, every=Every.YEAR, due_after=31, remind_before=45,
    owed_by=frozenset({Role.APPROVER, Role.OFFICER}),
    columns=("entity", "begin", "end", "due", "state", "done_on", "area_code"),
    labels={"entity": "核技术利用单位", "begin": "期初", "end": "期末"}, filters=("state", "begin", "due", "area_code"),
    search=("entity__name",), edit=frozenset({Role.APPROVER, Role.OFFICER}),
    empty="登记核技术利用单位后，各年应报送评估的会列在这里。",
))  # fmt: skip
tally(DUE, "filed_ratio", "辐射年度自查评估率", Q(state="done"), whole=~Q(state="waived"), dated="begin",
      missing=noop("没有登记核技术利用单位"))  # fmt: skip

# ---- visits --------------------------------------------------------------------------------------


class RadiationCheck(LogEntry):
    """What a visit to a unit found."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_radiation_check"
    )
    licence = models.BooleanField("许可证有效且范围相符", null=True, blank=True)
    ledger = models.BooleanField("源和装置账物相符", null=True, blank=True)
    warning = models.BooleanField("警示标志和联锁正常", null=True, blank=True)
    monitoring = models.BooleanField("个人剂量和场所监测", null=True, blank=True)
    plan = models.BooleanField("应急预案和演练", null=True, blank=True)

    class Meta:
        verbose_name = "辐射安全检查"

    @property
    def wrong(self) -> str:
        """What was not in order, in words."""
        items = ("licence", "ledger", "warning", "monitoring", "plan")
        failed = [n for n in items if getattr(self, n) is False]
        return "、".join(_(str(RadiationCheck._meta.get_field(n).verbose_name)) for n in failed)  # type: ignore[union-attr]


CHECKS = declare(Log(
    key="radiation_check", offline=True, label="辐射安全检查", line="waste", model=RadiationCheck, begets="problem",
    begotten=WASTE_PROBLEM, edit=STAFF,
    columns=("entity", "at", "wrong", "note", "begets", "area_code", "by"), filters=("at", "entity", "area_code"),
    search=("entity__name", "note"),
    fields=(Ask("entity", "核技术利用单位", to=RadiationUnit, required=True), "at", "licence", "ledger", "warning",
            "monitoring", "plan", "note"),
    labels={"entity": "核技术利用单位", "at": "检查时间", "wrong": "不符合项"}, lead="entity",
    imports=Import(key=("entity", "at"), headers={"entity": ("单位名称",), "at": ("日期", "检查日期"),
                                                  "note": ("检查情况",)},
                   examples={"entity": "示例医院", "at": "2026-06-01 10:00"}, future=()),
    empty="还没有辐射安全检查记录。",
))  # fmt: skip
tally(CHECKS, "visits", "辐射安全检查家次", dated="at", unit="家次")
