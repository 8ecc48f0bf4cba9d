"""执法人员、培训、装备 (mechanism G11): who may inspect and until when, what they were trained in, what they carry.

A certificate in force is asked for wherever officers are drawn or go: ``certified`` is the one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Entity
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Import, View
from ecoledger.matters import notices
from ecoledger.matters.models import Urgency

KEEPERS = frozenset({Role.OFFICER, Role.DISPATCHER, Role.SECTION_CHIEF})
SOON = 90  # days before the end in which a certificate or a calibration counts as running out


class Officer(models.Model):
    """Someone who holds an enforcement certificate (行政执法证)."""

    name = models.CharField("姓名", max_length=60)
    certificate_no = models.CharField("执法证号", max_length=40, unique=True)
    certificate_from = models.DateField("发证日期", null=True, blank=True)
    certificate_until = models.DateField("执法证有效期至", db_index=True)
    organisation = models.ForeignKey(
        Organisation, verbose_name="单位", on_delete=models.PROTECT, null=True, blank=True,
        related_name="law_officers",
    )  # fmt: skip
    area_code = AreaCodeField("所在辖区")
    specialities = models.CharField("专业", max_length=120, blank=True)
    on_duty = models.BooleanField("在岗", default=True)
    person = models.OneToOneField(
        Person, verbose_name="系统账号", on_delete=models.PROTECT, null=True, blank=True,
        related_name="law_officer",
    )  # fmt: skip
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "执法人员"
        ordering = ["certificate_no"]

    def __str__(self) -> str:
        return f"{self.name} {self.certificate_no}"

    def certified_on(self, day: date) -> bool:
        """Whether the certificate holds on ``day`` and its holder is at work."""
        begun = self.certificate_from is None or self.certificate_from <= day
        return self.on_duty and begun and day <= self.certificate_until


class Avoidance(models.Model):
    """That an officer may not check a thing (回避)."""

    officer = models.ForeignKey(
        Officer, verbose_name="执法人员", on_delete=models.CASCADE, related_name="avoidances"
    )
    entity = models.ForeignKey(
        Entity, verbose_name="回避对象", on_delete=models.PROTECT, related_name="+"
    )
    area_code = AreaCodeField("属地")
    reason = models.CharField("回避事由", max_length=200)

    class Meta:
        verbose_name = "回避"
        unique_together = [("officer", "entity")]

    def __str__(self) -> str:
        return f"{self.officer} ↛ {self.entity}"


class Training(models.Model):
    """One training or contest of an officer (培训、岗位练兵)."""

    officer = models.ForeignKey(
        Officer, verbose_name="执法人员", on_delete=models.PROTECT, related_name="trainings"
    )
    area_code = AreaCodeField("所在辖区")
    on = models.DateField("日期", db_index=True)
    subject = models.CharField("内容", max_length=200)
    hours = models.DecimalField("学时", max_digits=5, decimal_places=1)
    result = models.CharField("考核结果", max_length=40, blank=True)

    class Meta:
        verbose_name = "培训"

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.subject}"


class Equipment(models.Model):
    """What officers carry, with the day its calibration runs out."""

    class Sort(models.TextChoices):
        RECORDER = "recorder", "执法记录仪"
        DRONE = "drone", "无人机"
        ANALYSER = "analyser", "便携检测仪"
        SAMPLER = "sampler", "快速取证设备"
        VEHICLE = "vehicle", "执法车辆"
        OTHER = "other", "其他"

    class Condition(models.TextChoices):
        USED = "used", "在用"
        REPAIR = "repair", "维修"
        SCRAPPED = "scrapped", "报废"

    name = models.CharField("名称", max_length=80)
    serial_no = models.CharField("编号", max_length=60, unique=True)
    sort = models.CharField("种类", max_length=10, choices=Sort.choices)
    model_no = models.CharField("型号", max_length=60, blank=True)
    condition = models.CharField(
        "状态", max_length=10, choices=Condition.choices, default=Condition.USED
    )
    keeper = models.ForeignKey(
        Officer, verbose_name="保管人", on_delete=models.PROTECT, null=True, blank=True,
        related_name="equipment",
    )  # fmt: skip
    area_code = AreaCodeField("所在辖区")
    bought_on = models.DateField("购置日期", null=True, blank=True)
    valid_until = models.DateField("检定（校准）有效期至", null=True, blank=True, db_index=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "执法装备"

    def __str__(self) -> str:
        return f"{self.name} {self.serial_no}"


def certified(day: date, area_code: str) -> QuerySet[Officer]:
    """The officers of a division and below it whose certificate holds on ``day``."""
    begun = Q(certificate_from=None) | Q(certificate_from__lte=day)
    return Officer.objects.filter(
        begun, on_duty=True, certificate_until__gte=day, area_code__startswith=area_code
    )


def officer_of(person: Person) -> Officer | None:
    """The officer who signs in as ``person``: by account, else by the certificate's number."""
    own = Officer.objects.filter(person=person).first()
    if own is None and person.certificate_no:
        own = Officer.objects.filter(certificate_no=person.certificate_no).first()
    return own


def remind_of_expiry(now: datetime) -> int:
    """Tell the keepers, on the first of each month, which certificates and calibrations run out; how many."""
    today = timezone.localdate(now)
    if today.day != 1:
        return 0
    soon = today + timedelta(days=SOON)
    ending: list[tuple[str, str, date]] = [
        (o.area_code, str(o), o.certificate_until)
        for o in Officer.objects.filter(on_duty=True, certificate_until__lte=soon)
    ]
    used = Equipment.objects.filter(valid_until__lte=soon, condition=Equipment.Condition.USED)
    ending += [(e.area_code, str(e), e.valid_until) for e in used if e.valid_until]
    for area_code, name, until in ending:
        text = noop("%(name)s 的有效期至 %(until)s") % {"name": name, "until": f"{until:%Y-%m-%d}"}
        late = until < today
        notices.tell(
            notices.people_with(KEEPERS, area_code),
            text,
            urgency=Urgency.OVERDUE if late else Urgency.SOON,
            link="/b/law_officer",
            at=now,
        )
    return len(ending)


@dataclass(frozen=True, kw_only=True, eq=False)
class Expiring(Listing):
    """A list whose rows run out on the day ``expires``; its list knows ``?expired=1`` and ``?expiring=1``."""

    expires: str

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        today, rows = timezone.localdate(now), Q()
        if query.get("expired") == "1":
            rows &= Q(**{f"{self.expires}__lt": today})
        if query.get("expiring") == "1":
            until = today + timedelta(days=SOON)
            rows &= Q(**{f"{self.expires}__gte": today, f"{self.expires}__lte": until})
        return rows


class OfOfficers(Listing):
    """Rows about an officer: they lie where the officer does."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        area = {"area_code": values["officer"].area_code}
        return super().open_row({**area, **values}, by, at, **more)


declare_lookup(
    Lookup(
        key="law_officer",
        model=Officer,
        label="执法人员",
        rows=lambda person: Officer.objects.filter(on_duty=True),
        exact=("certificate_no", "name"),
        begins=("certificate_no",),
        under=lambda row: row.certificate_no,
        see="see_cockpit",
    )
)
OFFICERS = declare(Expiring(
    key="law_officer", label="执法人员", model=Officer, line="enforcement", expires="certificate_until",
    columns=("name", "certificate_no", "organisation", "area_code", "certificate_until", "on_duty"),
    filters=("area_code", "on_duty", "certificate_until"), search=("name", "certificate_no"),
    fields=("name", "certificate_no", "certificate_from", "certificate_until", "organisation",
            "area_code", "specialities", "person"),
    batch=("area_code", "organisation", "certificate_until"),
    views=(View("expired", "证件已过期", {"expired": "1"}), View("expiring", "90天内到期", {"expiring": "1"})),
    lead="name", under=("certificate_no",), edit=KEEPERS, order=("certificate_no",),
    imports=Import(key=("certificate_no",), headers={
        "certificate_no": ("证号", "行政执法证号", "证件编号"), "certificate_until": ("有效期至", "证件有效期"),
        "organisation": ("所属单位", "工作单位"), "area_code": ("辖区", "中队辖区"),
    }, examples={"name": "张某", "certificate_no": "05012345", "certificate_until": "2028-12-31"}),
    empty="还没有执法人员。导入持证人员名册后，检查和抽取只用证件在有效期内的人。",
))  # fmt: skip
AVOIDANCES = declare(Listing(
    key="avoidance", label="执法回避", model=Avoidance, line="enforcement",
    columns=("officer", "entity", "reason", "area_code"), filters=("area_code",),
    search=("officer__name", "entity__name"), fields=("officer", "entity", "area_code", "reason"),
    lead="officer", edit=KEEPERS,
    imports=Import(key=("officer", "entity"), headers={"entity": ("企业名称", "对象")},
                   examples={"officer": "05012345", "entity": "某某纺织厂", "reason": "亲属在该厂任职"}),
    empty="还没有登记回避关系。登记后，抽取时不会把该人员派到该对象。",
))  # fmt: skip
TRAININGS = declare(OfOfficers(
    key="law_training", label="执法培训", model=Training, line="enforcement",
    columns=("officer", "on", "subject", "hours", "result"), filters=("on",),
    search=("officer__name", "subject"), fields=("officer", "on", "subject", "hours", "result"),
    lead="officer", edit=KEEPERS,
    imports=Import(key=("officer", "on", "subject"), headers={"officer": ("姓名", "证号")},
                   examples={"officer": "05012345", "on": "2026-03-02", "subject": "岗位练兵", "hours": "8"}),
    empty="还没有培训记录。导入培训签到表，或逐人登记。",
))  # fmt: skip
EQUIPMENT = declare(Expiring(
    key="law_equipment", label="执法装备", model=Equipment, line="enforcement", expires="valid_until",
    columns=("name", "serial_no", "sort", "condition", "keeper", "valid_until", "area_code"),
    filters=("sort", "condition", "valid_until", "area_code"), search=("name", "serial_no"),
    fields=("name", "serial_no", "sort", "model_no", "condition", "keeper", "area_code", "bought_on",
            "valid_until"),
    batch=("condition", "keeper", "valid_until"),
    views=(View("expired", "检定已过期", {"expired": "1"}), View("expiring", "90天内到期", {"expiring": "1"})),
    lead="name", under=("serial_no",), edit=KEEPERS,
    imports=Import(key=("serial_no",), headers={"serial_no": ("资产编号", "出厂编号"),
                                               "valid_until": ("有效期至", "检定有效期")},
                   examples={"name": "执法记录仪3号", "serial_no": "ZB-003", "sort": "执法记录仪"}),
    empty="还没有执法装备。导入装备台账，检定到期前会提醒。",
))  # fmt: skip
