"""环境信用修复 (mechanism P13): a record is repaired once its least time is over, what was wrong is put right and promised.

待受理 → 核查中 → 准予修复 | 不予修复, by 信用修复管理办法 (令第36号, in force 2026-04-01): three classes with a least and a
longest time (``standards.credit_repair``). Granted, publication ends, the event counts no longer and the level follows.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.refusals import Refused
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.credit import ratings, rules
from ecoledger.registers.credit.events import RATERS, REVIEWERS, CreditEvent
from ecoledger.registers.enforcement.credit_entries import CreditEntry
from ecoledger.standards import credit_repair

FIRM = frozenset({Role.ENTERPRISE})


class CreditRepair(Matter):
    """One application for repair of one record."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_credit_repair"
    )
    event = models.ForeignKey(
        CreditEvent, verbose_name="失信记录", on_delete=models.PROTECT, null=True, blank=True,
        related_name="repairs",
    )  # fmt: skip
    # Copied from the record, so that the ledger says it whatever becomes of the record.
    repair_class = models.CharField(
        "失信类别", max_length=10, choices=CreditEvent.RepairClass.choices, blank=True
    )
    document_on = models.DateField("认定日期", null=True, blank=True)
    document_no = models.CharField("处罚文号", max_length=120, blank=True)
    corrected = models.TextField("纠正情况", blank=True)
    duties_done_on = models.DateField("义务履行（缴款）日期", null=True, blank=True)
    promised_on = models.DateField("信用承诺日期", null=True, blank=True)
    decided_on = models.DateField("决定日期", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "信用修复"

    @property
    def window(self) -> credit_repair.Window | None:
        """The days of the record by the rule in force today."""
        if self.document_on is None:
            return None
        return rules.window(self.repair_class, self.document_on, timezone.localdate())

    @property
    def earliest(self) -> date | None:
        """From this day on it may be granted."""
        return self.window.earliest if self.window else None

    @property
    def latest(self) -> date | None:
        """The last day of the publication, repaired or not."""
        return self.window.latest if self.window else None

    @property
    def basis(self) -> str:
        """The rule by which it is decided."""
        return f"{self.window.standard}（{self.window.mark}）" if self.window else ""


def _prepare(repair: Any) -> None:
    repair.circulation = Circulation.ENTERPRISE
    event = repair.event
    if event is None:
        return
    if event.withdrawn_on is not None or event.repaired_on is not None:
        raise Refused("state", _("这条记录已经撤销或修复。"))
    if not event.repair_class:
        why = _("这条记录不是失信信息，有效期满自动失效，不需要修复。")
        raise Refused("condition", why, "", {"event": [why]})


def _of_record(repair: Any) -> None:
    """Firm, class, day and document are those of the record, which is repaired by one application."""
    event = repair.event
    if event is None:
        return
    if repair.entity is not None and repair.entity.pk != event.entity_id:
        why = _("这条记录不是该企业的。")
        raise Refused("form", why, "", {"event": [why]})
    others = CreditRepair.objects.filter(event=event, phase="open", withdrawn_at=None)
    if others.exclude(pk=repair.pk).exists():
        raise Refused("state", _("这条记录已有修复申请在办。"))
    firm = event.entity
    repair.title = repair.title or _("%(firm)s 信用修复（%(paper)s）") % {
        "firm": firm, "paper": event.reference,
    }  # fmt: skip
    repair.title = repair.title[:200]
    repair.entity, repair.area_code, repair.enterprise = firm, firm.area_code, firm.enterprise
    repair.repair_class, repair.document_on = event.repair_class, event.on
    repair.document_no = event.reference


def _too_early(repair: Any) -> str:
    """Why it may not be granted yet: the least time, what is not put right, not paid, not promised."""
    if repair.event is None:
        return _("没有对应的失信记录。")
    event, today = repair.event, timezone.localdate()
    if (event.entity_id, event.repair_class, event.on) != (
        repair.entity_id, repair.repair_class, repair.document_on,
    ):  # fmt: skip
        return _("失信记录与申请所写的企业、类别或认定日期不一致，请另行申请。")
    if repair.window is None:
        return _("没有当日适用的信用修复规则，请核对失信类别。")
    if today < repair.earliest:
        return _("“%(kind)s”类最短公示期至 %(day)s 止，期满后方可修复。") % {
            "kind": _(str(repair.get_repair_class_display())), "day": f"{repair.earliest:%Y-%m-%d}",
        }  # fmt: skip
    lacking = [
        _(str(repair._meta.get_field(name).verbose_name))
        for name in ("corrected", "duties_done_on", "promised_on")
        if not getattr(repair, name)
    ]
    return _("申请缺少：%s。") % _("、").join(lacking) if lacking else ""


def _grant(step: Step) -> None:
    repair, event = step.matter, step.matter.event
    on = timezone.localdate(step.at)
    repair.decided_on = on
    row = CreditEvent.objects.select_for_update(of=("self",)).get(pk=event.pk)
    if row.repaired_on or row.withdrawn_on:
        raise Refused("state", _("这条记录已经撤销或修复。"))
    row.repaired_on = on
    row.save(update_fields=["repaired_on"])
    audit.record(step.person, "credit.repair", row, details={"repair": repair.number})
    # The penalty's own publication ends with it.
    CreditEntry.objects.filter(case=row.origin_id, repaired_on=None).update(
        repaired_on=on, repair=repair.number
    )
    new = ratings.rate_anew(row.entity, on, repair)
    if new is not None:
        step.form["level"] = new.level


def _settled(repair: Any) -> frozenset[str]:
    """Once it is accepted another record is another application."""
    return frozenset() if repair.state == "new" else REPAIRS.judged


def _refuse(step: Step) -> None:
    step.matter.decided_on = timezone.localdate(step.at)


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    live = rows.filter(merged_into=None).order_by()
    granted = Q(state="granted")
    n = live.aggregate(
        all=Count("pk"),
        open=Count("pk", filter=Q(phase="open")),
        granted=Count("pk", filter=granted),
        refused=Count("pk", filter=Q(state="refused")),
        firms=Count("entity", filter=granted, distinct=True),
        **{
            key: Count("pk", filter=granted & Q(repair_class=key))
            for key in CreditEvent.RepairClass.values
        },
    )
    return [
        Statistic("all", "修复申请", n["all"]),
        Statistic("open", "在办", n["open"], "open=1"),
        Statistic("granted", "已办理信用修复", n["granted"], "state=granted"),
        *(
            Statistic(key, f"其中：{word}", n[key], f"state=granted&repair_class={key}")
            for key, word in CreditEvent.RepairClass.choices
        ),
        Statistic("firms", "修复企业", n["firms"], "state=granted", "家"),
        Statistic("refused", "不予修复", n["refused"], "state=refused"),
        share("rate", "准予比例", n["granted"], n["granted"] + n["refused"], note="准予÷已决定"),
    ]


REPAIRS = declare(Register(
    key="credit_repair", label="环境信用修复", line="enforcement", tab="checks", model=CreditRepair,
    pattern="信修〔{year}〕{n}号", prepare=_prepare, holds_to=_of_record,
    workflow=Workflow(
        states=(
            State("new", "待受理", stage="受理", waits_for=RATERS),
            State("checking", "核查中", stage="核查", waits_for=REVIEWERS),
            State("granted", "准予修复", phase=Phase.DONE),
            State("refused", "不予修复", phase=Phase.DONE),
            State("dropped", "撤回", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("complete", "补充材料", ("new", "checking"), "", by=FIRM | RATERS,
                       asks=("corrected", "duties_done_on", "promised_on"),
                       takes_over=("corrected", "duties_done_on", "promised_on"),
                       shown_to_enterprise=True, main=False),
            Transition("accept", "受理", "new", "checking", by=RATERS, when=_too_early, evidence=1,
                       shown_to_enterprise=True,
                       help="申请须附纠正证据、缴款凭证和信用承诺书。"),
            Transition("grant", "准予修复", "checking", "granted", by=REVIEWERS, when=_too_early,
                       asks=(said("checked", "核查情况"),), other_person_than=("accept",),
                       effects=(_grant,), shown_to_enterprise=True),
            Transition("refuse", "不予修复", ("new", "checking"), "refused", by=REVIEWERS, asks=(REASON,),
                       effects=(_refuse,), shown_to_enterprise=True, main=False, danger=True),
            Transition("drop", "撤回申请", ("new", "checking"), "dropped", by=FIRM | RATERS,
                       shown_to_enterprise=True, main=False),
        ),
        clocks=(ClockRule("accept", "受理", "new", working_days=3, basis=DEFAULT),
                ClockRule("decide", "核查决定", "checking", working_days=10, basis=DEFAULT)),
    ),
    labels={"title": "名称", "entity": "企业", "area_code": "属地", "earliest": "最短期满日", "latest": "最长期满日",
            "basis": "适用规则"},
    columns=("number", "title", "entity", "repair_class", "document_no", "document_on", "earliest", "latest",
             "state", "due", "decided_on", "area_code"),
    filters=("state", "repair_class", "area_code", "opened_at", "decided_on"),
    search=("number", "title", "entity__name", "document_no"),
    fields=(Ask("entity", to=Enterprise, required=True), Ask("event", among="credit_event", required=True), "corrected", "duties_done_on", "promised_on"),
    details=("event", "repair_class", "document_no", "document_on", "earliest", "latest", "basis", "corrected",
             "duties_done_on", "promised_on", "decided_on"),
    imports=Import(key=("document_no", "entity"),
                   columns=("title", Ask("entity", to=Enterprise), Ask("area_code", required=False), "document_no",
                            "document_on", "repair_class", "corrected", "duties_done_on", "promised_on",
                            "decided_on"),
                   headers={"title": ("修复名称", "事项"), "entity": ("企业名称", "主体"), "document_no": ("决定书文号", "文号"),
                            "document_on": ("认定日", "处罚日期"), "repair_class": ("类别", "失信等级"),
                            "duties_done_on": ("缴款日期", "履行日期"), "promised_on": ("承诺书日期",),
                            "decided_on": ("修复日期",)},
                   examples={"title": "某某印染厂信用修复", "entity": "某某印染厂", "document_no": "测环罚〔2026〕6号",
                             "document_on": "2026-04-06", "repair_class": "一般"}, future=()),
    settled=_settled, statistics=_statistics, edit=FIRM | RATERS, manage=RATERS | REVIEWERS, enterprise="enterprise__code",
    map_layer=False, empty="还没有修复申请。最短公示期满、行为已纠正、义务已履行并作出承诺后可以申请。",
))  # fmt: skip
