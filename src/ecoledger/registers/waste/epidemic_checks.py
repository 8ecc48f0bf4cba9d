"""疫情医废医水监管 (mechanism S-15): every institution and treatment plant on the list checked once a week.

A list in editions says what is under the fixed-frequency check; the week of each is a duty that a check fulfils. A
check counts its people, looks at waste and wastewater, and hands on what is wrong. 两个100%: the share of the weeks'
checks that was done, and the share of checks that found waste and wastewater in order, each with both its parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books.duty import Duty, Every
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry, RosterLine
from ecoledger.books.roster import Roster
from ecoledger.entities.models import Entity
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.tallies import tally
from ecoledger.registers.waste.batteries import WASTE_PROBLEM


class EpidemicObject(RosterLine):
    """That a thing is under the weekly check, by an edition of the list."""

    rosterline_ptr = models.OneToOneField(
        RosterLine, on_delete=models.CASCADE, parent_link=True, related_name="as_epidemic_object"
    )

    class Sort(models.TextChoices):
        HOSPITAL = "hospital", "定点医院、发热门诊"
        ISOLATION = "isolation", "集中隔离点"
        INSTITUTION = "institution", "其他医疗机构"
        DISPOSER = "disposer", "医废收运处置单位"
        SEWAGE = "sewage", "接纳医疗污水的污水处理厂"

    sort = models.CharField("对象类型", max_length=12, choices=Sort.choices, db_index=True)
    team = models.CharField("检查组", max_length=60, blank=True)

    class Meta:
        verbose_name = "疫情医废医水监管名单"


OBJECTS = declare(Roster(
    key="epidemic_list", label="疫情医废医水监管名单", line="waste", model=EpidemicObject, edition="批次",
    columns=("entity", "sort", "team", "area_code", "edition"), filters=("edition", "sort", "area_code"),
    search=("entity__name", "team"),
    fields=("edition", Ask("entity", "监管对象", to=Entity, required=True), "sort", "team", "reason"),
    imports=Import(key=("edition", "entity"),
                   headers={"edition": ("批次",), "entity": ("单位名称", "医疗机构名称"), "sort": ("类型",)},
                   values={"sort": {"定点医院": "hospital", "发热门诊": "hospital", "隔离点": "isolation",
                                    "医疗机构": "institution", "污水处理厂": "sewage", "处置单位": "disposer"}},
                   examples={"edition": "2026年冬季", "entity": "示例镇卫生院", "sort": "其他医疗机构"}, future=()),
    lead="entity", labels={"entity": "监管对象"},
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.OFFICER}),
    empty="还没有监管名单。拟定一个批次，导入医疗机构、隔离点和污水处理厂后公布。",
))  # fmt: skip


def under_check() -> QuerySet[Any]:
    """The things that a list in force names."""
    today = timezone.localdate()
    lines = EpidemicObject.objects.filter(
        Q(edition__until=None) | Q(edition__until__gte=today),
        edition__book=OBJECTS.key, edition__since__lte=today,
    ).exclude(edition__state="draft")  # fmt: skip
    return Entity.objects.filter(pk__in=lines.values("entity"))


class EpidemicCheck(LogEntry):
    """One check of an object: how many went there, how waste and wastewater were found."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_epidemic_check"
    )
    people = models.PositiveIntegerField("出动人次", validators=[MinValueValidator(1)])
    waste_removed = models.BooleanField("医疗废物日产日清、全部收运", null=True, blank=True)
    packed = models.BooleanField("包装、标识和暂存规范", null=True, blank=True)
    water_treated = models.BooleanField("医疗污水全部收集消毒处理", null=True, blank=True)
    chlorine = models.DecimalField(
        "接触池出口总余氯 mg/L", max_digits=6, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    # Kept, so that it is counted: whether everything that was looked at was in order.
    in_order = models.BooleanField("符合要求", editable=False, db_index=True)
    handling = models.CharField("处理情况", max_length=200, blank=True)

    class Meta:
        verbose_name = "疫情医废医水检查"

    @property
    def wrong(self) -> str:
        """What was not in order, in words."""
        items = ("waste_removed", "packed", "water_treated")
        labels = [_(str(EpidemicCheck._meta.get_field(n).verbose_name)) for n in items  # type: ignore[union-attr]
                  if getattr(self, n) is False]  # fmt: skip
        if said := chlorine_wrong(self.chlorine):
            labels.append(said)
        return "；".join(labels)


def chlorine_wrong(value: Decimal | None) -> str:
    """Why a residual chlorine is none that disinfects without harm; "" where it is or was not measured."""
    if value is None:
        return ""
    least, most = own_data.read(__package__, "epidemic")["chlorine_mg_l"]
    if Decimal(str(least)) <= value <= Decimal(str(most)):
        return ""
    return _("总余氯 %(value)s mg/L，应为 %(least)s—%(most)s") % {
        "value": value, "least": least, "most": most,
    }  # fmt: skip


class CheckLog(Log):
    """The checks: whether all was in order follows from what was said."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return super().open_row({**values, "in_order": _in_order(values)}, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        said = {name: getattr(row, name) for name in self.own_fields} | dict(values)
        return super().change_row(row, {**values, "in_order": _in_order(said)}, by, at)


def _in_order(values: Mapping[str, Any]) -> bool:
    items = ("waste_removed", "packed", "water_treated")
    failed = any(values.get(name) is False for name in items)
    return not failed and not chlorine_wrong(values.get("chlorine"))


CHECKS = declare(CheckLog(
    key="epidemic_check", offline=True, label="疫情医废医水检查", line="waste", model=EpidemicCheck, begets="problem",
    begotten=WASTE_PROBLEM, edit=STAFF,
    columns=("entity", "at", "people", "in_order", "wrong", "chlorine", "handling", "begets", "area_code", "by"),
    filters=("at", "in_order", "entity", "area_code"), search=("entity__name", "handling"),
    fields=(Ask("entity", "监管对象", to=Entity, required=True), "at", "people", "waste_removed", "packed", "water_treated",
            "chlorine", "handling", "note"),
    labels={"entity": "监管对象", "at": "检查时间", "wrong": "不符合项"}, lead="entity",
    imports=Import(key=("entity", "at"),
                   headers={"entity": ("单位名称", "医疗机构名称"), "at": ("日期", "检查日期"), "people": ("人次", "检查人数"),
                            "waste_removed": ("医废收运",), "water_treated": ("污水处理",), "chlorine": ("余氯", "总余氯")},
                   examples={"entity": "示例镇卫生院", "at": "2026-11-20 10:00", "people": "3", "waste_removed": "是",
                             "packed": "是", "water_treated": "是", "chlorine": "4.5"}, future=()),
    views=(View("wrong", "不符合", {"in_order": "0"}),),
    empty="还没有检查记录。名单公布后每周检查一次，登记出动人次和情况。",
))  # fmt: skip
tally(CHECKS, "people", "疫情检查出动人次", dated="at", add="people", unit="人次")
tally(CHECKS, "visits", "疫情检查家次", dated="at", unit="家次")
tally(CHECKS, "in_order_ratio", "医废医水收集处置到位率", Q(in_order=True), whole=Q(), dated="at",
      missing=noop("没有检查记录"))  # fmt: skip
WEEKLY = declare(Duty(
    key="epidemic_weekly", label="疫情医废医水每周检查", line="waste", tab="waste", objects=under_check, every=Every.WEEK,
    due_after=0, remind_before=2, owed_by=frozenset({Role.OFFICER}), fulfilled_by="epidemic_check",
    columns=("entity", "begin", "due", "state", "done_on", "area_code"), labels={"entity": "监管对象", "begin": "周一"},
    filters=("state", "begin", "due", "area_code"), search=("entity__name",),
    edit=frozenset({Role.OFFICER, Role.SECTION_CHIEF}),
    empty="监管名单公布后，每周应检查的对象会列在这里。",
))  # fmt: skip
tally(WEEKLY, "covered_ratio", "医疗机构及设施监管覆盖率", Q(state="done"), whole=~Q(state="waived"), dated="due",
      missing=noop("名单没有公布"))  # fmt: skip
