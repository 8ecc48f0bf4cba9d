"""生态环境损害赔偿 (mechanism E9): from the clue to the restored place.

线索 → 初步核查(30日) → 启动 → 调查评估(鉴定、简易、专家意见) → 磋商(90日, 三次) → 协议 → 司法确认 → 修复、缴款 →
效果评估 → 结案; 磋商不成 → 诉讼. What a suit or a penalty has to do with it is linked. The lengths are of 环法规〔2022〕31号
and marked as from memory. The list for the procurator (报检察机关清单) is a view of the list, to be exported.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import override

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Import, View
from ecoledger.matters import actions
from ecoledger.matters.actions import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Compared
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.registers.enforcement.rules import rules
from ecoledger.standards import time_limits

OFFICERS = frozenset({Role.OFFICER, Role.LEGAL})
HEADS = frozenset({Role.LEADER})
MONEY = {"max_digits": 14, "decimal_places": 2, "default": Decimal(0)}
MEETINGS = 3
COSTS = ("emergency_cost", "repair_cost", "interim_loss", "permanent_loss", "assessment_cost")


class DamageClaim(Matter):
    """One case of compensation for ecological damage."""

    class Source(models.TextChoices):
        INSPECTORATE = "inspectorate", "督察"
        EVENT = "event", "突发环境事件"
        PENALTY = "penalty", "行政处罚案件"
        CRIME = "crime", "刑事案件"
        PROCURATOR = "procurator", "检察机关移送"
        COMPLAINT = "complaint", "信访投诉"
        PATROL = "patrol", "日常巡查"
        OTHER = "other", "其他"

    class Medium(models.TextChoices):
        AIR = "air", "大气"
        SURFACE = "surface", "地表水"
        GROUND = "ground", "地下水"
        SOIL = "soil", "土壤"
        ECOLOGY = "ecology", "生态系统"
        WASTE = "waste", "固体废物"

    class NotStarted(models.TextChoices):
        RECOVERED = "recovered", "已由他人追偿"
        EXEMPT = "exempt", "法定无须赔偿"
        ENDED = "ended", "义务人死亡或终止，无财产可供执行"
        SLIGHT = "slight", "损害显著轻微且不需要赔偿"
        OTHER = "other", "其他"

    class Way(models.TextChoices):
        FULL = "full", "鉴定评估"
        SIMPLE = "simple", "简易评估"
        EXPERT = "expert", "专家意见"

    class Performance(models.TextChoices):
        RESTORE = "restore", "自行或委托修复"
        INSTEAD = "instead", "替代修复"
        MONEY = "money", "货币赔偿"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_damage_claim"
    )
    case = models.ForeignKey(
        PenaltyCase, verbose_name="关联处罚案件", on_delete=models.PROTECT, null=True, blank=True,
        related_name="damage_claims",
    )  # fmt: skip
    source = models.CharField("线索来源", max_length=14, choices=Source.choices)
    clue_no = models.CharField("线索编号", max_length=60, blank=True, db_index=True)
    clue_on = models.DateField("发现线索日期", null=True, blank=True)
    party = models.CharField("赔偿义务人", max_length=120, blank=True)
    medium = models.CharField("损害类型", max_length=10, choices=Medium.choices)
    checked = models.TextField("初步核查情况", blank=True)
    not_started = models.CharField(
        "不启动理由", max_length=12, choices=NotStarted.choices, blank=True
    )
    started_on = models.DateField("启动日期", null=True, blank=True)
    way = models.CharField("评估方式", max_length=8, choices=Way.choices, blank=True)
    assessor = models.CharField("评估机构或专家", max_length=120, blank=True)
    emergency_cost = models.DecimalField("应急处置费 元", **MONEY)  # type: ignore[arg-type]
    repair_cost = models.DecimalField("修复费 元", **MONEY)  # type: ignore[arg-type]
    interim_loss = models.DecimalField("期间损失 元", **MONEY)  # type: ignore[arg-type]
    permanent_loss = models.DecimalField("永久损失 元", **MONEY)  # type: ignore[arg-type]
    assessment_cost = models.DecimalField("调查评估费 元", **MONEY)  # type: ignore[arg-type]
    consultation_on = models.DateField("磋商通知日期", null=True, blank=True)
    agreed_on = models.DateField("协议日期", null=True, blank=True)
    agreed = models.DecimalField("协议（判决）金额 元", **MONEY)  # type: ignore[arg-type]
    performance = models.CharField(
        "履行方式", max_length=8, choices=Performance.choices, blank=True
    )
    confirmed_on = models.DateField("司法确认日期", null=True, blank=True)
    confirmation_no = models.CharField("司法确认文号", max_length=60, blank=True)
    procurator_on = models.DateField("抄告检察机关日期", null=True, blank=True)
    sued_on = models.DateField("起诉日期", null=True, blank=True)
    judged_on = models.DateField("裁判日期", null=True, blank=True)
    restore_by = models.DateField("修复期限", null=True, blank=True)
    restored_on = models.DateField("修复完成日期", null=True, blank=True)
    restored = models.CharField("修复面积或方量", max_length=80, blank=True)
    paid = models.DecimalField("已赔偿 元", **MONEY)  # type: ignore[arg-type]
    effect = models.TextField("修复效果评估", blank=True)
    disclosed_on = models.DateField("公开日期", null=True, blank=True)

    class Meta:
        verbose_name = "损害赔偿"

    @property
    def loss(self) -> Decimal:
        """The whole damage (yuan): emergency, repair, interim and permanent loss, and the assessment's cost."""
        return sum((getattr(self, name) or Decimal(0) for name in COSTS), Decimal(0))


class Meeting(models.Model):
    """One meeting of the consultation (磋商会议)."""

    claim = models.ForeignKey(DamageClaim, on_delete=models.CASCADE, related_name="meetings")
    on = models.DateField("日期")
    present = models.CharField("参加人", max_length=200)
    result = models.CharField("结果", max_length=300)

    class Meta:
        verbose_name = "磋商会议"
        ordering = ["on", "id"]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d}"


def _simple(step: Step) -> None:
    """A simple assessment is for small damage: the sum is the province's."""
    claim, most = step.matter, Decimal(str(rules("damage")["simple"]["most_yuan"]))
    for name in COSTS:  # what was left empty cost nothing
        setattr(claim, name, getattr(claim, name) or Decimal(0))
    if claim.way != DamageClaim.Way.FULL and claim.loss > most:
        raise Refused(
            "condition",
            _("损失 %(loss)s 元超过简易评估上限 %(most)s 元，须鉴定评估。")
            % {"loss": claim.loss, "most": most},
        )
    if claim.loss <= 0:
        raise Refused("form", _("损失金额为零。"), "", {"repair_cost": [_("请核对")]})


def _met(claim: Any) -> str:
    return "" if claim.meetings.exists() else _("还没有登记磋商会议。")


def _meetings_enough(claim: Any) -> str:
    count = claim.meetings.count()
    return _("磋商会议 %d 次，超过三次。") % count if count > MEETINGS else _met(claim)


def _agreed(step: Step) -> None:
    if step.matter.agreed <= 0 and step.matter.performance == DamageClaim.Performance.MONEY:
        raise Refused("form", _("货币赔偿须填金额。"), "", {"agreed": [_("请填写")]})


def _not_paid(claim: Any) -> str:
    if claim.performance == DamageClaim.Performance.MONEY and claim.paid < claim.agreed:
        return _("还有 %s 元没有赔偿。") % str(claim.agreed - claim.paid)
    return ""


def _prepare(claim: DamageClaim) -> None:
    if claim.entity is not None:
        claim.party = claim.party or claim.entity.name
    if claim.import_batch_id is not None and not claim.history:
        if claim.agreed_on:
            claim.state = "restoring"
        elif claim.started_on:
            claim.state = "assessing"


def ground_of(case: Any) -> tuple[str, str]:
    """Why a decided case may have done damage that is to be made good, and to what; ("", "") where nothing says so."""
    rule = rules("damage")["screening"]
    text = f"{case.title} {case.description}"
    for medium, words in rule["words"].items():
        for word in words:
            if word in text:
                return _("案情提到“%s”") % word, medium
    medium = DamageClaim.Medium.SURFACE if "水" in text else DamageClaim.Medium.AIR
    if rule["harmful"] and case.harmful:
        return _("登记为造成危害后果"), medium
    if case.fine >= rule["fine_from"]:
        return _("罚款达到 %s 元") % rule["fine_from"], medium
    return "", ""


def screen(now: datetime) -> int:
    """Each day: clues from decided cases that no claim knows yet, by the bureau's rule; how many."""
    since = timezone.localdate(now) - timedelta(days=rules("damage")["screening"]["days"])
    rows = PenaltyCase.objects.filter(
        decided_on__gte=since, withdrawn_at=None, merged_into=None, damage_claims=None
    ).exclude(heaviest=PenaltyCase.Heaviest.NONE)
    made = 0
    for case in rows.order_by("pk"):
        with override("zh-hans"):
            why, medium = ground_of(case)
        if not why:
            continue
        values = {
            "title": f"{case.party}{case.title}"[:200],
            "source": DamageClaim.Source.PENALTY,
            "clue_no": case.decision_no or case.number,
            "clue_on": timezone.localdate(now),
            "case": case,
            "entity": case.entity,
            "party": case.party,
            "medium": medium,
            "area_code": case.area_code,
            "address": case.address,
            "description": f"按规则筛查：{why}",
        }
        actions.open_matter(REGISTER, values, by=None, at=now, origin_matter=case)
        made += 1
    return made


def for_the_procurator(now: datetime) -> Q:
    """What the procurator is told of (法典 1073): consultation failed without a suit, or its term over without a result."""
    length = time_limits.limit("damage-consultation", timezone.localdate(now)).length
    over = Q(consultation_on__lt=timezone.localdate(now) - timedelta(days=length))
    return Q(state="failed") | Q(state="consulting") & over


class Claims(Register):
    """The book; its list knows ``?procurator=1``."""

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        rows = super().conditions(query, person, now)
        if query.get("procurator") == "1":
            rows &= for_the_procurator(now)
        return rows


def _figures(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.order_by().aggregate(
        clues=Count("pk"),
        started=Count("pk", filter=Q(started_on__isnull=False)),
        settled=Count("pk", filter=Q(agreed_on__isnull=False)),
        sued=Count("pk", filter=Q(sued_on__isnull=False)),
        simple=Count("pk", filter=Q(way__in=("simple", "expert"))),
        mended=Count("pk", filter=Q(restored_on__isnull=False)),
        procurator=Count("pk", filter=for_the_procurator(now)),
        sum=Sum("agreed"),
    )
    return [
        Statistic("clues", "线索", n["clues"], ""),
        Statistic("started", "启动索赔", n["started"], "started_on_from=1900-01-01"),
        Statistic("agreed", "磋商成功", n["settled"], "agreed_on_from=1900-01-01"),
        Statistic("sued", "提起诉讼", n["sued"], "sued_on_from=1900-01-01"),
        Statistic(
            "procurator",
            "报检察机关清单",
            n["procurator"],
            "procurator=1",
            note="磋商不成未起诉的，和磋商期满没有协议的",
        ),
        Statistic("sum", "赔偿金额", float((n["sum"] or 0) / 10000), unit="万元"),
        Statistic("simple", "简易评估", n["simple"], "way=simple,expert"),
        share("restored", "修复完成率", n["mended"], n["settled"], note="修复完成÷达成协议"),
    ]


REGISTER = declare(Claims(
    key="damage_claim", label="生态环境损害赔偿", line="enforcement", tab="checks", model=DamageClaim,
    hidden={"case": "see_undecided_penalties"}, pattern="赔偿〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("clue", "线索初步核查", stage="线索", waits_for=OFFICERS),
            State("start_check", "待决定是否启动", stage="启动", waits_for=HEADS),
            State("assessing", "调查评估", stage="评估", waits_for=OFFICERS),
            State("consulting", "磋商", stage="磋商", waits_for=OFFICERS),
            State("agreed", "达成协议", stage="磋商", waits_for=OFFICERS),
            State("failed", "磋商不成", stage="磋商", waits_for=OFFICERS),
            State("suit", "诉讼", stage="诉讼", waits_for=OFFICERS),
            State("restoring", "修复、缴款", stage="修复", waits_for=OFFICERS),
            State("effect", "修复效果评估", stage="验收", waits_for=OFFICERS),
            State("close_check", "待验收结案", stage="验收", waits_for=CHECKERS),
            State("closed", "已结案", phase=Phase.CLOSED),
            State("not_started", "不启动", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("check", "提交初步核查", "clue", "start_check", by=OFFICERS,
                       asks=("checked", "clue_on")),
            Transition("start", "启动索赔", "start_check", "assessing", by=HEADS, asks=("started_on",)),
            Transition("not_start", "不启动", "start_check", "not_started", by=HEADS,
                       asks=("not_started", REASON), main=False),
            Transition("assess", "评估完成", "assessing", "consulting", by=OFFICERS, evidence=1,
                       asks=("way", "assessor", "repair_cost", "consultation_on"),
                       offers=("emergency_cost", "interim_loss", "permanent_loss", "assessment_cost"),
                       effects=(_simple,)),
            Transition("agree", "达成协议", "consulting", "agreed", by=OFFICERS, evidence=1,
                       asks=("agreed_on", "agreed", "performance"), offers=("restore_by",),
                       when=_meetings_enough, effects=(_agreed,)),
            Transition("fail", "磋商不成", "consulting", "failed", by=OFFICERS, asks=(REASON,), when=_met,
                       main=False),
            Transition("confirm", "司法确认", "agreed", "restoring", by=OFFICERS,
                       asks=("confirmed_on", "confirmation_no")),
            Transition("go_on", "不申请司法确认，转入履行", "agreed", "restoring", by=OFFICERS, main=False),
            # 法典 1073: where the bureau does not sue, the procurator may; he is told of what failed.
            Transition("tell_procurator", "抄告检察机关", ("consulting", "failed", "suit"), "", by=OFFICERS,
                       asks=("procurator_on",), main=False),
            Transition("sue", "提起诉讼", "failed", "suit", by=OFFICERS, asks=("sued_on",)),
            Transition("judged", "裁判生效", "suit", "restoring", by=OFFICERS,
                       asks=("judged_on", "agreed", "performance"), offers=("restore_by",)),
            Transition("pay", "登记赔偿款", "restoring", "", by=OFFICERS, asks=("paid",), main=False),
            Transition("restore", "修复完成", "restoring", "effect", by=OFFICERS, evidence=1,
                       asks=("restored_on", "restored")),
            Transition("paid_up", "货币赔偿已履行", "restoring", "close_check", by=OFFICERS, evidence=1,
                       when=_not_paid, main=False),
            Transition("assess_effect", "效果评估通过", "effect", "close_check", by=OFFICERS, evidence=1,
                       asks=("effect",)),
            Transition("restore_again", "效果不达标，继续修复", "effect", "restoring", by=OFFICERS,
                       asks=(REASON,), main=False),
            Transition("close", "验收结案", "close_check", "closed", by=CHECKERS, offers=("disclosed_on",),
                       other_person_than=("assess_effect", "paid_up", "restore")),
            Transition("return_close", "退回", "close_check", "restoring", by=CHECKERS, asks=(REASON,),
                       main=False),
        ),
        clocks=(
            ClockRule("check", "初步核查", ("clue", "start_check"), limit="damage-first-check",
                      counted_from="clue_on"),
            ClockRule("assess", "调查评估", "assessing", working_days=60, basis=DEFAULT),
            ClockRule("consult", "磋商", "consulting", limit="damage-consultation",
                      counted_from="consultation_on"),
            ClockRule("confirm", "申请司法确认", "agreed", limit="damage-judicial-confirmation",
                      counted_from="agreed_on"),
            ClockRule("restore", "修复期限", ("restoring", "effect"), deadline_field="restore_by",
                      extensions=(90, 90), basis="赔偿协议"),
        ),
    ),
    labels={"title": "案件名称", "entity": "涉及对象", "area_code": "损害发生地", "loss": "损失合计 元"},
    columns=("number", "title", "party", "source", "medium", "state", "due", "way", "loss", "agreed",
             "performance", "restored_on", "case"),
    filters=("state", "source", "medium", "way", "area_code", "started_on", "agreed_on", "sued_on", "procurator_on",
             "opened_at"),
    search=("number", "title", "party", "clue_no"),
    fields=("title", "source", "clue_no", "clue_on", "medium", "case", "entity", "party", "area_code",
            "address", "description"),
    details=("source", "clue_no", "clue_on", "case", "party", "medium", "checked", "not_started",
             "started_on", "way", "assessor", "emergency_cost", "repair_cost", "interim_loss",
             "permanent_loss", "assessment_cost", "loss", "consultation_on", "agreed_on", "agreed",
             "performance", "confirmed_on", "confirmation_no", "procurator_on", "sued_on", "judged_on", "restore_by",
             "restored_on", "restored", "paid", "effect", "disclosed_on"),
    views=(View("consulting", "磋商中", {"state": "consulting,agreed,failed"}),
           View("restoring", "修复中", {"state": "restoring,effect"}),
           View("procurator", "报检察机关清单", {"procurator": "1"})),
    lines=(Lines(key="meetings", label="磋商会议", model=Meeting, columns=("on", "present", "result")),),
    imports=Import(key=("clue_no",), columns=("clue_no", "title", "source", "medium", "party", "entity",
                                              "area_code", "clue_on", "started_on", "way", "repair_cost",
                                              "agreed_on", "agreed", "performance"),
                   headers={"title": ("案件名称", "线索名称"), "party": ("当事人", "义务人"),
                            "agreed": ("赔偿金额",), "area_code": ("发生地",)},
                   examples={"clue_no": "SP-01", "title": "倾倒污泥损害土壤案", "source": "行政处罚案件",
                             "medium": "土壤", "area_code": "北镇"}, future=()),
    edit=OFFICERS, manage=frozenset({Role.LEADER, Role.LEGAL, Role.OFFICER}), statistics=_figures,
    compared=(Compared(noop("线索"), "opened_at"), Compared(noop("启动索赔"), "started_on"), Compared(noop("磋商成功"), "agreed_on"),
              Compared(noop("赔偿金额 万元"), "agreed_on", amount="agreed", divided_by=10_000)),
    daily=screen,
    empty=noop("还没有线索。从处罚案件、督察、事件和检察机关移送中筛查登记。"),
))  # fmt: skip
