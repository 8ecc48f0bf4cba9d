"""查封、扣押 (mechanism E4): thirty days from the day of the measure, once longer, released or disposed of in time."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Import
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import REASON
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.standards import time_limits

OFFICERS = frozenset({Role.OFFICER})
HEADS = frozenset({Role.LEADER})


class Seizure(Matter):
    """One measure of sealing or impounding."""

    class Kind(models.TextChoices):
        SEAL = "seal", "查封"
        IMPOUND = "impound", "扣押"

    class Ground(models.TextChoices):
        DUMPING = "dumping", "违法排放、倾倒或处置危险废物等"
        SENSITIVE = "sensitive", "在饮用水水源保护区、自然保护区等违法排污"
        HEAVY = "heavy", "违法排放、倾倒重金属、有毒物质"
        EVASION = "evasion", "以逃避监管方式违法排污"
        EVENT = "event", "较大以上突发环境事件后未落实停产等要求"
        OTHER = "other", "造成或者可能造成严重污染"
        EVIDENCE = "evidence", "证据可能灭失或者被隐匿（法典52）"

    class Ending(models.TextChoices):
        CORRECTED = "corrected", "违法行为已改正"
        EXPIRED = "expired", "期限届满"
        UNRELATED = "unrelated", "与违法行为无关"
        HANDED = "handed", "随案移送"
        UNDUE = "undue", "不应当采取查封扣押措施"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_seizure"
    )
    case = models.ForeignKey(
        PenaltyCase, verbose_name="案件", on_delete=models.PROTECT, null=True, blank=True,
        related_name="seizures",
    )  # fmt: skip
    kind = models.CharField("措施", max_length=8, choices=Kind.choices, default=Kind.SEAL)
    ground = models.CharField("情形", max_length=10, choices=Ground.choices, default=Ground.OTHER)
    party = models.CharField("当事人", max_length=120, blank=True)
    decision_no = models.CharField("决定书文号", max_length=60, blank=True, db_index=True)
    seized_on = models.DateField("实施日期", null=True, blank=True)
    # On the spot in urgency: the hour counts (行政强制法 19).
    seized_at = models.DateTimeField("当场实施时间", null=True, blank=True)
    keeper = models.CharField("保管人", max_length=60, blank=True)
    ending = models.CharField("解除理由", max_length=10, choices=Ending.choices, blank=True)
    released_on = models.DateField("解除日期", null=True, blank=True)
    asked_release_on = models.DateField("申请解除日期", null=True, blank=True)
    release_served_on = models.DateField("解除决定送达日期", null=True, blank=True)
    claim_on = models.DateField("招领公告日期", null=True, blank=True)
    disposed_on = models.DateField("处置日期", null=True, blank=True)
    disposal = models.CharField("处置情况", max_length=300, blank=True)

    class Meta:
        verbose_name = "查封扣押"


class SeizedThing(models.Model):
    """One line of the list of what was sealed or impounded (查封扣押清单)."""

    seizure = models.ForeignKey(Seizure, on_delete=models.CASCADE, related_name="things")
    name = models.CharField("名称", max_length=120)
    quantity = models.CharField("数量", max_length=40)
    model_no = models.CharField("型号及特征", max_length=120, blank=True)
    place = models.CharField("存放地点", max_length=120, blank=True)

    class Meta:
        verbose_name = "查封扣押物品"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


def _no_list(seizure: Any) -> str:
    return "" if seizure.things.exists() else _("查封、扣押清单是空的。")


def _on_the_spot(step: Step) -> None:
    """Done before it was approved: the day of the measure is that of its hour."""
    row = step.matter
    row.seized_on = timezone.localtime(row.seized_at).date()


def _lift(step: Step) -> None:
    row = step.matter
    row.ending, row.released_on = Seizure.Ending.UNDUE, timezone.localtime(step.at).date()


def _claim_runs(seizure: Any) -> str:
    """Before the end of the public notice nothing unclaimed is disposed of."""
    if seizure.claim_on is None:
        return _("没有招领公告日期。")
    last = time_limits.deadline(seizure.claim_on, "seizure-claim").due_day
    if timezone.localdate() <= last:
        return _("招领期到 %s，期满无人认领的方可处理。") % last
    return ""


def _prepare(seizure: Seizure) -> None:
    if seizure.entity is not None:
        seizure.party = seizure.party or seizure.entity.name
    if seizure.import_batch_id is not None and not seizure.history and seizure.seized_on:
        seizure.state = "seized"


REGISTER = declare(Register(
    key="seizure", label="查封扣押", line="enforcement", tab="checks", model=Seizure,
    hidden={"case": "see_undecided_penalties"}, pattern="查扣〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待审批", stage="审批", waits_for=HEADS),
            State("approved", "已批准，待实施", stage="实施", waits_for=OFFICERS),
            State("spot", "当场实施，待补办批准", stage="实施", waits_for=HEADS),
            State("seized", "查封扣押中", stage="期限", waits_for=OFFICERS),
            State("releasing", "决定解除，待送达", stage="解除", waits_for=OFFICERS),
            State("claiming", "公告招领", stage="解除", waits_for=OFFICERS),
            State("released", "已解除", phase=Phase.DONE),
            State("disposed", "无人认领，已处置", phase=Phase.DONE),
            State("refused", "不予查封扣押", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("approve", "批准", "new", "approved", by=HEADS, asks=("ground",)),
            Transition("refuse", "不予批准", "new", "refused", by=HEADS, asks=(REASON,), main=False),
            Transition("seize", "已实施", "approved", "seized", by=OFFICERS, evidence=1, when=_no_list,
                       asks=("seized_on",), offers=("keeper",)),
            # Urgent: done at once, reported and approved within 24 hours, or lifted at once.
            Transition("seize_at_once", "情况紧急，当场实施", "new", "spot", by=OFFICERS, evidence=1, when=_no_list,
                       asks=("seized_at", "ground"), offers=("keeper",), effects=(_on_the_spot,), main=False),
            Transition("approve_after", "补办批准", "spot", "seized", by=HEADS, asks=("ground",)),
            Transition("lift", "不应当采取，立即解除", "spot", "releasing", by=HEADS, asks=(REASON,),
                       effects=(_lift,), main=False, danger=True),
            Transition("ask_release", "当事人申请解除", "seized", "", by=OFFICERS,
                       asks=("asked_release_on",), main=False),
            Transition("answer_release", "核查后不予解除", "seized", "", by=OFFICERS,
                       asks=(said("answer", "核查情况"),), main=False),
            Transition("release", "决定解除", "seized", "releasing", by=OFFICERS,
                       asks=("ending", "released_on")),
            Transition("serve_release", "解除决定已送达，物品已领取", "releasing", "released", by=OFFICERS,
                       asks=("release_served_on",)),
            Transition("claim", "无法送达或无人领取，公告招领", "releasing", "claiming", by=OFFICERS,
                       asks=("claim_on",), main=False),
            Transition("claimed", "已认领，返还", "claiming", "released", by=OFFICERS, asks=("release_served_on",)),
            Transition("dispose", "期满无人认领，依法处置", "claiming", "disposed", by=OFFICERS, evidence=1,
                       asks=("disposed_on", "disposal"), when=_claim_runs, main=False),
        ),
        clocks=(
            ClockRule("paper", "报告并补办批准", "spot", limit="seizure-urgent-approval", counted_from="seized_at"),
            ClockRule("release_delivery", "解除决定送达", "releasing", limit="seizure-release-delivery",
                      counted_from="released_on"),
            ClockRule("claim", "招领期", "claiming", limit="seizure-claim", waiting=True, counted_from="claim_on"),
            ClockRule("seizure", "查封扣押期限", ("spot", "seized"), limit="seizure", counted_from="seized_on"),
            ClockRule("release_check", "解除申请核查", "seized", since="ask_release", until="answer_release",
                      limit="seizure-release-check", counted_from="asked_release_on"),
        ),
    ),
    labels={"title": "事由", "entity": "对象", "area_code": "属地"},
    columns=("number", "title", "party", "kind", "decision_no", "state", "due", "seized_on", "released_on",
             "case"),
    filters=("state", "kind", "ground", "area_code", "seized_on", "opened_at"),
    search=("number", "title", "party", "decision_no"),
    fields=("title", "kind", "ground", "entity", "party", "case", "area_code", "address", "description"),
    details=("kind", "ground", "party", "case", "decision_no", "seized_on", "seized_at", "keeper",
             "asked_release_on", "ending", "released_on", "release_served_on", "claim_on", "disposed_on",
             "disposal"),
    lines=(Lines(key="things", label="查封扣押清单", model=SeizedThing,
                 columns=("name", "quantity", "model_no", "place")),),
    imports=Import(key=("decision_no",), columns=("title", "kind", "party", "entity", "area_code",
                                                  "decision_no", "seized_on"),
                   headers={"party": ("企业名称", "当事人名称"), "seized_on": ("查封日期", "扣押日期"),
                            "area_code": ("镇街",)},
                   examples={"title": "非法电镀生产设备", "kind": "查封", "party": "某某电镀点",
                             "area_code": "北镇", "decision_no": "测环查（扣）〔2026〕1号",
                             "seized_on": "2026-03-02"}, future=()),
    edit=OFFICERS, manage=HEADS,
    empty=noop("还没有查封扣押。从案件发起，批准并实施后起算30日。"),
))  # fmt: skip
