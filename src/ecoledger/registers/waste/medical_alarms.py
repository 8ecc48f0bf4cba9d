"""医废异常 (mechanism S-8): a day without weight, waste that lies for longer than two days, weights that do not agree.

The daily weight is a duty of every institution; a day that went by without one, and every night what the account says
lies too long, opens a matter for the officer, one an institution and kind at a time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.books.duty import Duty, Every
from ecoledger.books.models import Obligation
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask
from ecoledger.listings.tallies import tally
from ecoledger.matters import actions
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import OPEN_WORK, Register, declare
from ecoledger.matters.workflow import (
    COMPLETED,
    ClockRule,
    Phase,
    State,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.waste.medical_waste import (
    HANDOVERS,
    MedicalHandover,
    MedicalInstitution,
    differs,
    held_too_long,
)

WORKERS = frozenset({Role.OFFICER, Role.APPROVER, Role.TOWN})


class MedicalAlarm(Matter):
    """Something about an institution's medical waste that somebody has to look into."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_medical_alarm"
    )

    class Kind(models.TextChoices):
        NO_WEIGHT = "no_weight", "当日无称重"
        TOO_LONG = "too_long", "暂存超过 48 小时"
        DIFFERS = "differs", "交接重量不符"
        OTHER = "other", "其他"

    kind = models.CharField("异常类型", max_length=10, choices=Kind.choices, db_index=True)
    on = models.DateField("日期")
    kilograms = models.DecimalField(
        "涉及 kg", max_digits=11, decimal_places=2, null=True, blank=True
    )
    handover = models.ForeignKey(
        MedicalHandover, verbose_name="交接联单", on_delete=models.PROTECT, null=True, blank=True,
        related_name="alarms", editable=False,
    )  # fmt: skip

    class Meta:
        verbose_name = "医废异常"


def _name(case: Any) -> None:
    if not case.title and case.entity is not None:
        case.title = f"{case.entity.name} {MedicalAlarm.Kind(case.kind).label}"


def _not_gone(case: Any) -> str:
    """Waste that lies too long is not settled by words: it has to go."""
    if case.kind != MedicalAlarm.Kind.TOO_LONG or not case.entity_id:
        return ""
    if left := held_too_long(case.entity_id, timezone.localdate()):
        return _("账上还有 %s kg 超时暂存，请先登记交接联单。") % left
    return ""


WORKFLOW = Workflow(
    states=(
        State("new", "待核实", stage="核实", waits_for=WORKERS),
        State("done", "已处理", phase=Phase.DONE),
        State("void", "不属异常", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("settle", "处理完毕", "new", "done", by=WORKERS, asks=(said("result", "原因和处理情况"),),
                   when=_not_gone),
        Transition("void", "不属异常", "new", "void", by=WORKERS, asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("settle", "处理", "new", working_days=1, basis=DEFAULT),),
)  # fmt: skip


def _open(institution: Any, kind: str, on: Any, now: datetime, **more: Any) -> Any:
    values = {"entity": institution, "area_code": institution.area_code, "kind": kind, "on": on}
    return actions.open_matter(ALARMS, {**values, **more}, by=None, at=now)


def day_without_weight(owed: Obligation, now: datetime) -> Any:
    """A day went by and nothing was weighed, not even nought."""
    return _open(owed.entity, MedicalAlarm.Kind.NO_WEIGHT, owed.begin, now)


def look(now: datetime) -> int:
    """The night's look at the account and at the hand-overs; how many matters it opened."""
    today, count = timezone.localdate(now), 0
    open_ = MedicalAlarm.objects.filter(OPEN_WORK, kind=MedicalAlarm.Kind.TOO_LONG)
    waiting = set(open_.values_list("entity_id", flat=True))
    for institution in MedicalInstitution.objects.filter(until=None).exclude(pk__in=waiting):
        if late := held_too_long(institution.pk, today):
            _open(institution, MedicalAlarm.Kind.TOO_LONG, today, now, kilograms=late)
            count += 1
    handed = MedicalHandover.objects.filter(
        current=True, received__isnull=False, alarms=None, at__gte=now - timedelta(days=60)
    ).exclude(received=models.F("total"))
    for handover in handed.select_related("entity"):
        received = handover.received
        if received is not None and differs(handover.total, received):
            _open(handover.entity, MedicalAlarm.Kind.DIFFERS, timezone.localdate(handover.at), now,
                  kilograms=abs(handover.total - received), handover=handover)  # fmt: skip
            count += 1
    return count


ALARMS = declare(Register(
    key="medical_alarm", label="医废异常", line="waste", model=MedicalAlarm, workflow=WORKFLOW,
    pattern="医废〔{year}〕{n}号", prepare=_name, daily=look, map_layer=False,
    labels={"entity": "医疗机构"},
    columns=("number", "title", "kind", "on", "kilograms", "handover__manifest_no", "state", "due", "area_code"),
    filters=("state", "kind", "on", "entity", "area_code"), search=("number", "title", "entity__name"),
    fields=(Ask("entity", "医疗机构", to=MedicalInstitution, required=True), Ask("title", required=False),
            "kind", "on", "kilograms", "description"),
    details=("kind", "on", "kilograms", "handover__manifest_no"),
    measures=(Measure(key="settled_ratio", name="医废异常处理率", numerator=Q(phase__in=COMPLETED),
                      denominator=~Q(phase=Phase.DISMISSED.value), dated="opened_at"),),
    edit=BUREAU,
    empty="没有医废异常。漏称重、暂存超过 48 小时和交接重量不符会自动列在这里。",
))  # fmt: skip
DAY_DUE = declare_book(Duty(
    key="medical_day_due", label="医废每日称重", line="waste", tab="waste",
    objects=MedicalInstitution.objects.filter(until=None).all, every=Every.DAY, due_after=1, remind_before=0,
    owed_by=frozenset({Role.OFFICER}), fulfilled_by="medical_day", opens=day_without_weight,
    columns=("entity", "begin", "due", "state", "done_on", "area_code"),
    labels={"entity": "医疗机构", "begin": "日期"}, filters=("state", "begin", "area_code"),
    search=("entity__name",), edit=frozenset({Role.OFFICER, Role.APPROVER}),
    empty="登记医疗机构后，每天应称重的会列在这里。",
))  # fmt: skip
tally(DAY_DUE, "weighed_ratio", "医废每日称重率", Q(state="done"), whole=~Q(state="waived"), dated="begin",
      missing=noop("没有登记医疗机构"))  # fmt: skip
__all__ = ["ALARMS", "DAY_DUE", "HANDOVERS"]
