"""What a penalty case knows: party, act, evidence, notice, review, decision, payment, remedies, closing."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.matters.models import Matter

MONEY = {"max_digits": 14, "decimal_places": 2}
ZERO = Decimal(0)


class PenaltyCase(Matter):
    """One case of administrative penalty. Its title is the cause of action (案由)."""

    class Kind(models.TextChoices):
        GENERAL = "general", "一般程序"
        DAILY = "daily", "按日连续处罚"
        ON_SPOT = "on_spot", "当场处罚（简易程序）"

    class Source(models.TextChoices):
        SITE = "site", "现场检查"
        REMOTE = "remote", "非现场检查"
        COMPLAINT = "complaint", "投诉举报"
        MEDIA = "media", "媒体披露"
        SUPERIOR = "superior", "上级交办"
        HANDED = "handed", "有关部门移送"
        OTHER = "other", "其他"

    class Party(models.TextChoices):
        ORGANISATION = "organisation", "法人或非法人组织"
        PERSON = "person", "自然人"
        TRADER = "trader", "个体工商户"

    class Heaviest(models.TextChoices):
        WARNING = "warning", "警告、通报批评"
        FINE = "fine", "罚款"
        CONFISCATION = "confiscation", "没收违法所得、非法财物"
        SUSPENSION = "suspension", "暂扣许可证件、降低资质等级"
        REVOCATION = "revocation", "吊销许可证件"
        RESTRICTION = "restriction", "限制开展生产经营活动"
        CLOSURE = "closure", "责令停产停业、责令关闭、限制从业"
        OTHER = "other", "其他"
        NONE = "none", "不予处罚"

    class ServeMode(models.TextChoices):
        DIRECT = "direct", "直接送达"
        LEFT = "left", "留置送达"
        ENTRUSTED = "entrusted", "委托送达"
        POST = "post", "邮寄送达"
        ELECTRONIC = "electronic", "电子送达"
        PUBLIC = "public", "公告送达"

    class Remedy(models.TextChoices):
        RECONSIDERATION = "reconsideration", "行政复议"
        LAWSUIT = "lawsuit", "行政诉讼"
        APPEAL = "appeal", "行政诉讼二审"

    class RemedyResult(models.TextChoices):
        UPHELD = "upheld", "维持、驳回"
        CHANGED = "changed", "变更"
        REVOKED = "revoked", "撤销、确认违法或无效"
        WITHDRAWN = "withdrawn", "申请人撤回"

    class Ruling(models.TextChoices):
        PERMITTED = "permitted", "裁定准予强制执行"
        DENIED = "denied", "裁定不准予强制执行"

    class Closing(models.TextChoices):
        PERFORMED = "performed", "责令改正与处罚已履行完毕"
        COURT = "court", "已申请强制执行且法院受理"
        NOT_PUNISHED = "not_punished", "不予处罚等无须执行"
        TERMINATED = "terminated", "终止调查"
        TRANSFERRED = "transferred", "移送完成且无须再处罚"
        REVOKED = "revoked", "决定被依法撤销"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_penalty_case"
    )
    kind = models.CharField("程序", max_length=10, choices=Kind.choices, default=Kind.GENERAL)
    source = models.CharField(
        "案件来源", max_length=10, choices=Source.choices, default=Source.SITE
    )
    found_on = models.DateField("发现线索日期", null=True, blank=True)
    party_kind = models.CharField(
        "当事人类型", max_length=14, choices=Party.choices, default=Party.ORGANISATION
    )
    party = models.CharField("当事人", max_length=120, blank=True)
    party_code = models.CharField("统一社会信用代码或证件号", max_length=40, blank=True)
    party_address = models.CharField("当事人地址", max_length=200, blank=True)
    party_head = models.CharField("法定代表人（负责人）", max_length=60, blank=True)
    # The act.
    act_from = models.DateField("违法行为起", null=True, blank=True)
    act_until = models.DateField("违法行为终了", null=True, blank=True)
    harmful = models.BooleanField("造成危害后果", default=False)
    violated = models.CharField("违反条款", max_length=300, blank=True)
    basis = models.CharField("处罚依据", max_length=300, blank=True)
    public_interest = models.BooleanField("涉及重大公共利益", default=False)
    complicated = models.BooleanField("疑难复杂、涉及多个法律关系", default=False)
    filed_on = models.DateField("立案日期", null=True, blank=True, db_index=True)
    # The discretion sheet: table, levels, arithmetic, fine, least, most.
    discretion = JSONInOrder("裁量", default=dict, editable=False)
    proposed_fine = models.DecimalField("拟罚款 元", null=True, blank=True, **MONEY)  # type: ignore[arg-type]
    # Told, heard, reviewed, discussed.
    notice_no = models.CharField("告知书文号", max_length=60, blank=True)
    notice_served_on = models.DateField("告知书送达日期", null=True, blank=True)
    notified_fine = models.DecimalField("告知的罚款 元", null=True, blank=True, **MONEY)  # type: ignore[arg-type]
    hearing_right = models.BooleanField("告知听证权利", default=False)
    statement = models.TextField("陈述申辩意见", blank=True)
    statement_answer = models.TextField("复核意见", blank=True)
    hearing_asked_on = models.DateField("申请听证日期", null=True, blank=True)
    hearing_told_on = models.DateField("听证通知日期", null=True, blank=True)
    hearing_on = models.DateField("听证日期", null=True, blank=True)
    legal_reviewed_on = models.DateField("法制审核日期", null=True, blank=True)
    legal_opinion = models.TextField("法制审核意见", blank=True)
    discussed_on = models.DateField("集体讨论日期", null=True, blank=True)
    discussion = models.TextField("集体讨论结论", blank=True)
    # Decided and served.
    decision_no = models.CharField("决定书文号", max_length=60, blank=True, db_index=True)
    decided_on = models.DateField("决定日期", null=True, blank=True, db_index=True)
    heaviest = models.CharField("处罚种类", max_length=12, choices=Heaviest.choices, blank=True)
    fine = models.DecimalField("罚款 元", default=ZERO, **MONEY)  # type: ignore[arg-type]
    confiscated = models.DecimalField("没收 元", default=ZERO, **MONEY)  # type: ignore[arg-type]
    other_penalty = models.CharField("其他处罚内容", max_length=300, blank=True)
    served_on = models.DateField("决定书送达日期", null=True, blank=True)
    serve_mode = models.CharField("送达方式", max_length=12, choices=ServeMode.choices, blank=True)
    # On the spot: told to the organ afterwards, money collected there handed in.
    reported_on = models.DateField("当场处罚备案日期", null=True, blank=True)
    collected = models.DecimalField("当场收缴 元", default=ZERO, **MONEY)  # type: ignore[arg-type]
    handed_in_on = models.DateField("当场收缴交款日期", null=True, blank=True)
    # Performed.
    pay_by = models.DateField("缴款期限", null=True, blank=True)
    paid = models.DecimalField("已缴罚没款 元", default=ZERO, **MONEY)  # type: ignore[arg-type]
    surcharge = models.DecimalField("加处罚款 元", default=ZERO, **MONEY)  # type: ignore[arg-type]
    surcharge_paid = models.DecimalField("已缴加处罚款 元", default=ZERO, **MONEY)  # type: ignore[arg-type]
    surcharge_waived = models.DecimalField("减免加处罚款 元", default=ZERO, **MONEY)  # type: ignore[arg-type]
    instalments_asked_on = models.DateField("申请延期分期日期", null=True, blank=True)
    instalments_granted_on = models.DateField("同意延期分期日期", null=True, blank=True)
    # What was allowed: [day, yuan] for each part. The rows asked for may be changed afterwards, this not.
    instalment_plan = models.JSONField("同意的分期", default=list, editable=False)
    # The latest remedy; each stands in its own row.
    remedy = models.CharField("救济", max_length=16, choices=Remedy.choices, blank=True)
    remedy_from = models.DateField("复议诉讼起", null=True, blank=True)
    remedy_until = models.DateField("复议诉讼止", null=True, blank=True)
    remedy_result = models.CharField(
        "复议诉讼结果", max_length=10, choices=RemedyResult.choices, blank=True
    )
    remedies_end = models.DateField("复议诉讼期限届满", null=True, blank=True)
    demanded_on = models.DateField("催告书送达日期", null=True, blank=True)
    court_applied_on = models.DateField("申请法院强制执行日期", null=True, blank=True)
    court_accepted_on = models.DateField("法院受理日期", null=True, blank=True)
    court = models.CharField("执行法院", max_length=80, blank=True)
    court_refused_on = models.DateField("法院不予受理日期", null=True, blank=True)
    court_ruling = models.CharField("执行裁定", max_length=10, choices=Ruling.choices, blank=True)
    court_ruled_on = models.DateField("裁定日期", null=True, blank=True)
    court_result = models.CharField("强制执行结果", max_length=300, blank=True)
    corrected_on = models.DateField("违法行为改正日期", null=True, blank=True)
    # Public and closed.
    disclosed_on = models.DateField("公开日期", null=True, blank=True)
    disclosure_withdrawn_on = models.DateField("撤回公开日期", null=True, blank=True)
    credit_noted_on = models.DateField("计入环境信用日期", null=True, blank=True)
    closing = models.CharField("结案情形", max_length=14, choices=Closing.choices, blank=True)
    # A daily-continuing fine: the fine of the first decision, the order's service, the re-check.
    daily_original = models.DecimalField("原罚款数额 元", null=True, blank=True, **MONEY)  # type: ignore[arg-type]
    daily_served_on = models.DateField("责令改正送达日期", null=True, blank=True)
    daily_found_on = models.DateField("复查发现日期", null=True, blank=True)
    # Remade after the decision of another case was set aside.
    remade_from = models.ForeignKey(
        "self", verbose_name="被撤销的原案", on_delete=models.PROTECT, null=True, blank=True,
        related_name="remade_as",
    )  # fmt: skip
    remake_by = models.DateField("重新作出的期限", null=True, blank=True)
    set_aside_for_procedure = models.BooleanField("因违反法定程序被撤销", default=False)
    # Brought in from an earlier ledger at the state it had: its earlier steps were not done here.
    taken_over = models.BooleanField("自原台账接续", default=False, editable=False)

    class Meta:
        verbose_name = "行政处罚案件"

    @property
    def owed(self) -> Decimal:
        """What is still to be paid: fine and confiscated, with the surcharge so far; below nought: to be paid back."""
        paid = self.paid + self.surcharge_paid
        if self.revoked:
            return -paid
        return self.fine + self.confiscated + self.surcharge - self.surcharge_waived - paid

    @property
    def revoked(self) -> bool:
        """The decision was set aside by a reconsideration or a court."""
        return self.remedy_result == self.RemedyResult.REVOKED

    @property
    def decided(self) -> bool:
        return self.decided_on is not None


class EvidenceItem(models.Model):
    """One line of the list of evidence (证据清单)."""

    case = models.ForeignKey(PenaltyCase, on_delete=models.CASCADE, related_name="items")
    name = models.CharField("证据名称", max_length=120)
    copies = models.PositiveSmallIntegerField("份数", null=True, blank=True)
    obtained_on = models.DateField("提取日期", null=True, blank=True)
    provider = models.CharField("提供单位", max_length=120, blank=True)
    proves = models.CharField("证明内容", max_length=300)

    class Meta:
        verbose_name = "证据"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Instalment(models.Model):
    """One part of a fine that may be paid in parts (分期)."""

    case = models.ForeignKey(PenaltyCase, on_delete=models.CASCADE, related_name="instalments")
    due = models.DateField("期限")
    amount = models.DecimalField("金额 元", **MONEY)  # type: ignore[arg-type]

    class Meta:
        verbose_name = "分期缴款"
        ordering = ["due", "id"]

    def __str__(self) -> str:
        return f"{self.due:%Y-%m-%d} {self.amount}"


class Payment(models.Model):
    """What was paid, on which day, by which receipt."""

    case = models.ForeignKey(PenaltyCase, on_delete=models.CASCADE, related_name="payments")
    on = models.DateField("缴款日期")
    amount = models.DecimalField("金额 元", **MONEY)  # type: ignore[arg-type]
    of_surcharge = models.DecimalField("其中加处罚款 元", default=ZERO, **MONEY)  # type: ignore[arg-type]
    receipt = models.CharField("票据号码", max_length=60, blank=True)

    class Meta:
        verbose_name = "缴款"
        ordering = ["on", "id"]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.amount}"


class Remedy(models.Model):
    """One reconsideration or lawsuit against the decision, from its beginning to its result."""

    case = models.ForeignKey(PenaltyCase, on_delete=models.CASCADE, related_name="remedies")
    kind = models.CharField("救济", max_length=16, choices=PenaltyCase.Remedy.choices)
    organ = models.CharField("复议机关或法院", max_length=80)
    number = models.CharField("案号", max_length=60, blank=True)
    begun_on = models.DateField("申请或起诉日期")
    result = models.CharField(
        "结果", max_length=10, choices=PenaltyCase.RemedyResult.choices, blank=True
    )
    ended_on = models.DateField("决定或判决送达日期", null=True, blank=True)
    document_no = models.CharField("决定或判决文号", max_length=60, blank=True)
    fine_before = models.DecimalField("原罚款 元", default=ZERO, **MONEY)  # type: ignore[arg-type]
    fine_after = models.DecimalField("变更后罚款 元", null=True, blank=True, **MONEY)  # type: ignore[arg-type]

    class Meta:
        verbose_name = "复议诉讼"
        ordering = ["begun_on", "id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.begun_on:%Y-%m-%d}"
