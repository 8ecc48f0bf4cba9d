"""A complaint (信访投诉件, mechanism E7): what the platform, the 12345 line and the clerk write of it."""

from __future__ import annotations

from django.db import models

from ecoledger.listings.fields import CodesField
from ecoledger.matters.models import Matter
from ecoledger.registers.complaints.placing import Placed


class Complaint(Matter):
    """One complaint, under the number of the platform it came from."""

    class Channel(models.TextChoices):
        PHONE = "phone", "电话"
        WECHAT = "wechat", "微信"
        WEB = "web", "网络"
        MESSAGE = "message", "网民留言"
        LETTER = "letter", "来信"
        VISIT = "visit", "来访"
        HOTLINE = "hotline", "12345热线"
        SUPERIOR = "superior", "上级转办"
        OTHER = "other", "其他"

    class Pollution(models.TextChoices):
        AIR = "air", "大气"
        NOISE = "noise", "噪声"
        WATER = "water", "水"
        WASTE = "waste", "固废"
        ECOLOGY = "ecology", "生态破坏"
        RADIATION = "radiation", "辐射"
        SOIL = "soil", "土壤"
        OTHER = "other", "其他"

    class Verdict(models.TextChoices):
        TRUE = "true", "属实"
        PARTLY = "partly", "部分属实"
        MOSTLY = "mostly", "基本属实"
        UNFOUNDED = "unfounded", "不属实"

    class Satisfaction(models.TextChoices):
        SATISFIED = "satisfied", "满意"
        FAIRLY = "fairly", "基本满意"
        DISSATISFIED = "dissatisfied", "不满意"
        UNREACHABLE = "unreachable", "无法联系"
        NOT_ASKED = "not_asked", "未回访"

    class Refusal(models.TextChoices):
        UNCLEAR = "unclear", "线索不详"
        NOT_OURS = "not_ours", "非环保职责"
        REPEATED = "repeated", "重复且无新事实"
        OTHER = "other", "其他"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_complaint"
    )
    # The number of the platform, kept so that results can be copied back.
    source_no = models.CharField("举报编号", max_length=60, blank=True, db_index=True)
    channel = models.CharField("举报类型", max_length=10, choices=Channel.choices, blank=True)
    # Of the complainant: seen by few (生态环境法典第146条、第1238条).
    complainant = models.CharField("举报人", max_length=60, blank=True)
    telephone = models.CharField("联系电话", max_length=60, blank=True)
    as_told = models.TextField("举报原文", blank=True)
    # Empty: nobody said so.
    real_name = models.BooleanField("实名举报", null=True, blank=True)
    target = models.CharField("被举报单位", max_length=120, blank=True)
    industry = models.CharField("行业", max_length=60, blank=True)
    pollution = CodesField("污染类型", choices=Pollution.choices)
    urgency = models.CharField("紧急程度", max_length=20, blank=True)
    wanted = models.CharField("诉求", max_length=200, blank=True)
    deadline = models.DateField("工单要求办结", null=True, blank=True)
    accepted_at = models.DateTimeField("受理时间", null=True, blank=True)
    refusal = models.CharField("不予受理原因", max_length=10, choices=Refusal.choices, blank=True)
    transferred_to = models.CharField("转送单位", max_length=120, blank=True)
    handled_by = models.CharField("办理单位（原文）", max_length=120, blank=True)
    on_site_at = models.DateTimeField("到场时间", null=True, blank=True)
    verdict = models.CharField("是否属实", max_length=10, choices=Verdict.choices, blank=True)
    findings = models.TextField("调查处理情况", blank=True)
    answer = models.TextField("回复内容", blank=True)
    answered_at = models.DateTimeField("回复时间", null=True, blank=True)
    satisfaction = models.CharField(
        "回访结果", max_length=14, choices=Satisfaction.choices, blank=True
    )
    visited_at = models.DateTimeField("回访时间", null=True, blank=True)
    remark = models.CharField("备注", max_length=400, blank=True)
    placed = models.CharField("位置依据", max_length=8, choices=Placed.choices, blank=True)

    class Meta:
        verbose_name = "信访投诉件"
