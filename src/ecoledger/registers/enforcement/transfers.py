"""行刑衔接 (mechanism E8): a case handed to the police for detention or as a crime, with deadline, acceptance, result.

拟移送 → 待移交 → 待公安受理 → 待立案决定 → 办结. For a suspected crime only the head decides, within three days, and it
is handed over within 24 hours with a copy to the procurator; detention goes within three working days. Until the
police have decided, the penalty case behind it may be restricted: the transfer is as little seen as it.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.listings.parts import Import, View
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase

OFFICERS = frozenset({Role.OFFICER})
HEADS = frozenset({Role.LEADER})


class Transfer(Matter):
    """One hand-over to the police (移送行政拘留、移送涉嫌环境犯罪)."""

    class Kind(models.TextChoices):
        DETENTION = "detention", "移送行政拘留"
        CRIME = "crime", "移送涉嫌环境犯罪"

    class Ground(models.TextChoices):
        BUILDING = "building", "未批先建，拒不停止建设或恢复原状（法典1095）"
        PERMIT = "permit", "无证排污，拒不停止排放（法典1102）"
        EVASION = "evasion", "以逃避监管方式排放（法典1108）"
        FARMLAND = "farmland", "向农用地排放重金属等（法典1160）"
        SOIL = "soil", "未采取土壤风险管控、修复措施（法典1165）"
        WASTE = "waste", "固体废物违法六种情形（法典1179）"
        POLLUTION = "pollution", "涉嫌污染环境罪"
        COMPUTER = "computer", "涉嫌破坏计算机信息系统罪"
        FALSE = "false", "涉嫌提供虚假证明文件罪"
        OTHER = "other", "其他"

    class Police(models.TextChoices):
        DETAINED = "detained", "决定行政拘留"
        FILED = "filed", "立案侦查"
        NOT_FILED = "not_filed", "不予立案、不予拘留"
        RETURNED = "returned", "退回"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_police_transfer"
    )
    case = models.ForeignKey(
        PenaltyCase, verbose_name="行政处罚案件", on_delete=models.PROTECT, null=True, blank=True,
        related_name="transfers",
    )  # fmt: skip
    kind = models.CharField("移送类别", max_length=10, choices=Kind.choices)
    ground = models.CharField("移送情形", max_length=10, choices=Ground.choices)
    party = models.CharField("当事人", max_length=120)
    party_head = models.CharField("企业主要负责人", max_length=60, blank=True)
    transfer_no = models.CharField("移送书文号", max_length=60, blank=True, db_index=True)
    decided_on = models.DateField("决定移送日期", null=True, blank=True)
    to = models.CharField("移送机关", max_length=80, blank=True)
    handed_on = models.DateField("移交日期", null=True, blank=True)
    copied_on = models.DateField("抄送检察院日期", null=True, blank=True)
    accepted_on = models.DateField("公安受理日期", null=True, blank=True)
    receipt = models.CharField("回执编号", max_length=60, blank=True)
    police = models.CharField("公安决定", max_length=10, choices=Police.choices, blank=True)
    police_on = models.DateField("公安决定日期", null=True, blank=True)
    persons = models.PositiveSmallIntegerField("涉及人数", default=0)
    review_asked_on = models.DateField("提出复议日期", null=True, blank=True)
    supervision_asked_on = models.DateField("提请检察监督日期", null=True, blank=True)
    advised_on = models.DateField("收到检察意见日期", null=True, blank=True)
    result = models.TextField("办理结果", blank=True)

    class Meta:
        verbose_name = "移送公安"


class TransferPaper(models.Model):
    """One line of the list of what is handed over (移送材料清单)."""

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="papers")
    name = models.CharField("材料名称", max_length=120)
    count = models.CharField("数量", max_length=20)
    provider = models.CharField("提供部门", max_length=80, blank=True)
    note = models.CharField("备注", max_length=120, blank=True)

    class Meta:
        verbose_name = "移送材料"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


def _no_papers(transfer: Any) -> str:
    return "" if transfer.papers.exists() else _("移送材料清单是空的。")


def _crime(transfer: Any) -> bool:
    return bool(transfer.kind == Transfer.Kind.CRIME)


def _only_crime(transfer: Any) -> str:
    return "" if _crime(transfer) else _("检察院建议移送的，是涉嫌犯罪案件。")


def _detention(transfer: Any) -> bool:
    return bool(transfer.kind == Transfer.Kind.DETENTION)


def _no_review(transfer: Any) -> str:
    return "" if transfer.review_asked_on else _("还没有提出复议。")


def _no_supervision(transfer: Any) -> str:
    return "" if transfer.supervision_asked_on else _("还没有提请检察监督。")


def _prepare(transfer: Transfer) -> None:
    """As little seen as the case behind it."""
    if transfer.entity is not None:
        transfer.party = transfer.party or transfer.entity.name
    transfer.circulation = Circulation.RESTRICTED
    if transfer.import_batch_id is not None and not transfer.history and transfer.handed_on:
        transfer.state = "accepted" if transfer.accepted_on else "handed"


REGISTER = declare(Register(
    key="police_transfer", label="行刑衔接移送", line="enforcement", tab="checks", model=Transfer,
    pattern="移送〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "拟移送，待审批", stage="决定", waits_for=HEADS),
            State("approved", "待移交", stage="移交", waits_for=OFFICERS),
            State("handed", "待公安受理", stage="受理", waits_for=OFFICERS),
            State("accepted", "待公安决定", stage="公安决定", waits_for=OFFICERS),
            State("not_filed", "公安不予立案，待处理", stage="公安决定", waits_for=OFFICERS),
            State("under_way", "公安办理中", stage="结果", waits_for=OFFICERS),
            State("done", "办结", phase=Phase.DONE),
            State("not_handed", "不移送", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("approve", "决定移送", "new", "approved", by=HEADS, asks=("decided_on", "to")),
            Transition("refuse", "不移送", "new", "not_handed", by=HEADS, asks=(REASON,), main=False),
            # 衔接工作办法 第14条: what the procurator says should be handed over is handed over within three days.
            Transition("advised", "检察院建议移送，改为移送", "not_handed", "approved", by=HEADS,
                       asks=("decided_on", "to", "advised_on", said("opinion", "检察意见")), when=_only_crime, main=False),
            Transition("hand_over", "已移交", "approved", "handed", by=OFFICERS, evidence=1,
                       asks=("handed_on",), offers=("copied_on", "transfer_no"), when=_no_papers),
            Transition("copy", "抄送检察院", ("handed", "accepted"), "", by=OFFICERS, asks=("copied_on",),
                       main=False),
            Transition("accept", "公安已受理", "handed", "accepted", by=OFFICERS,
                       asks=("accepted_on", "receipt")),
            Transition("filed", "公安已立案或决定拘留", "accepted", "under_way", by=OFFICERS,
                       asks=("police", "police_on", "persons")),
            Transition("not_file", "公安不予立案、退回", "accepted", "not_filed", by=OFFICERS,
                       asks=("police", "police_on"), main=False),
            Transition("ask_review", "向公安机关提出复议", "not_filed", "", by=OFFICERS,
                       asks=("review_asked_on",), main=False),
            Transition("review_kept", "复议维持不立案", "not_filed", "", by=OFFICERS, asks=(REASON,),
                       when=_no_review, main=False),
            Transition("ask_supervision", "提请检察院立案监督", "not_filed", "", by=OFFICERS,
                       asks=("supervision_asked_on",), main=False),
            Transition("supervised", "检察院答复", "not_filed", "", by=OFFICERS,
                       asks=(said("opinion", "检察意见"),), when=_no_supervision, main=False),
            Transition("review", "申请复议或检察监督后立案", "not_filed", "under_way", by=OFFICERS,
                       asks=("police", "police_on"), main=False),
            Transition("end", "不再移送，继续行政处罚", "not_filed", "done", by=OFFICERS, asks=("result",)),
            Transition("conclude", "登记结果", "under_way", "done", by=OFFICERS, asks=("result",)),
        ),
        clocks=(
            ClockRule("decide", "决定是否移送", "new", limit="crime-transfer-decision", applies=_crime),
            ClockRule("hand_over", "移交", "approved", limit="detention-transfer",
                      counted_from="decided_on", applies=_detention),
            ClockRule("crime", "涉嫌犯罪的24小时内移交", "approved", limit="police-transfer", applies=_crime),
            ClockRule("advised", "检察意见后移交", "approved", since="advised", until="hand_over",
                      limit="procurator-opinion", counted_from="advised_on"),
            ClockRule("police", "公安决定是否立案", "accepted", limit="police-filing",
                      counted_from="accepted_on"),
            ClockRule("ask_review", "向公安机关提出复议", "not_filed", working_days=3,
                      basis="环环监〔2017〕17号第11条；国务院令第310号为3日"),
            ClockRule("review_answer", "公安机关复议答复", "not_filed", since="ask_review",
                      until=("review_kept", "review"), limit="police-review", waiting=True,
                      counted_from="review_asked_on"),
            ClockRule("supervision", "检察院立案监督意见", "not_filed", since="ask_supervision",
                      until=("supervised", "review"), working_days=10, waiting=True, basis=DEFAULT,
                      counted_from="supervision_asked_on"),
        ),
    ),
    labels={"title": "案由", "entity": "涉案对象", "area_code": "案发地"},
    columns=("number", "title", "party", "kind", "ground", "state", "due", "handed_on", "accepted_on",
             "police", "persons", "case"),
    filters=("state", "kind", "ground", "police", "area_code", "handed_on", "opened_at"),
    search=("number", "title", "party", "transfer_no"),
    fields=("title", "kind", "ground", "case", "entity", "party", "party_head", "area_code", "description"),
    details=("kind", "ground", "case", "party", "party_head", "transfer_no", "decided_on", "to", "handed_on",
             "copied_on", "accepted_on", "receipt", "police", "police_on", "review_asked_on",
             "supervision_asked_on", "advised_on", "persons", "result"),
    views=(View("crime", "涉嫌犯罪", {"kind": "crime"}), View("detention", "行政拘留", {"kind": "detention"})),
    lines=(Lines(key="papers", label="移送材料清单", model=TransferPaper,
                 columns=("name", "count", "provider", "note")),),
    imports=Import(key=("transfer_no",), columns=("title", "kind", "ground", "party", "entity", "area_code",
                                                  "transfer_no", "decided_on", "handed_on", "accepted_on",
                                                  "police", "police_on"),
                   headers={"party": ("当事人名称",), "kind": ("移送种类",), "area_code": ("镇街",)},
                   examples={"title": "涉嫌以逃避监管方式排放水污染物案", "kind": "移送行政拘留",
                             "ground": "以逃避监管方式排放（法典1108）", "party": "某某漂染厂", "area_code": "北镇",
                             "transfer_no": "测环拘移〔2026〕1号"}, future=()),
    edit=OFFICERS, manage=HEADS, circle=CAPABILITIES["see_undecided_penalties"], prepare=_prepare,
    empty=noop("还没有移送。从案件发起，决定后按时移交并登记公安机关的受理和结果。"),
))  # fmt: skip
