"""Rounds of a score sheet (评分), what everybody came to, and what was said against it."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.entities.models import Entity
from ecoledger.matters.models import Matter


class ScoreRound(models.Model):
    """One round of a score sheet: a period, the items as they were then, and everybody scored by them."""

    class State(models.TextChoices):
        DRAFT = "draft", "评分中"
        PUBLISHED = "published", "已公示"
        LOCKED = "locked", "已锁定"

    book = models.CharField(max_length=40, db_index=True, editable=False)
    name = models.CharField("名称", max_length=80)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    begin = models.DateField("期初")
    end = models.DateField("期末")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    # The items and grades it is scored by: a later change of the sheet does not reach it.
    items = JSONInOrder(default=list, encoder=DjangoJSONEncoder)
    grades = JSONInOrder(default=list, encoder=DjangoJSONEncoder)
    version = models.PositiveIntegerField("版次", default=1)
    published_at = models.DateTimeField("公示时间", null=True, blank=True)
    objections_until = models.DateField("异议期限", null=True, blank=True)
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("建立时间", default=timezone.now)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "考核轮次"
        ordering = ["-end", "-id"]

    def __str__(self) -> str:
        return self.name


class Score(models.Model):
    """What one thing or place came to in a round."""

    round = models.ForeignKey(
        ScoreRound, verbose_name="评分", on_delete=models.PROTECT, related_name="scores"
    )
    entity = models.ForeignKey(
        Entity,
        verbose_name="对象",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="scores",
    )
    # A town or county that is scored itself; for a thing, where it stands.
    area_code = models.CharField("属地", max_length=12, db_index=True)
    total = models.DecimalField("得分", max_digits=8, decimal_places=2, null=True, blank=True)
    grade = models.CharField("等级", max_length=20, blank=True)
    # How many items lack data: such a score is shown and not ranked.
    missing = models.PositiveIntegerField("缺数据项", default=0)
    vetoed = models.CharField("否决项", max_length=80, blank=True)

    class Meta:
        verbose_name = "考核得分"
        ordering = ["round_id", models.F("total").desc(nulls_last=True), "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "entity"],
                condition=Q(entity__isnull=False),
                name="one_score_a_thing",
            ),
            models.UniqueConstraint(
                fields=["round", "area_code"], condition=Q(entity=None), name="one_score_a_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.entity or self.area_code}"


class Mark(models.Model):
    """The marks of one item: computed from a value, or given by a person with the reason."""

    score = models.ForeignKey(Score, on_delete=models.PROTECT, related_name="marks")
    item = models.CharField("项目", max_length=40)
    value = models.CharField("数值", max_length=60, blank=True)
    # A page of this site with the records behind the value.
    records = models.CharField(max_length=300, blank=True)
    marks = models.DecimalField("得分", max_digits=8, decimal_places=2, null=True, blank=True)
    computed = models.BooleanField("自动计算", default=False)
    reason = models.CharField("扣分依据", max_length=300, blank=True)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("评分时间", default=timezone.now)
    # What became of marks that were lost: a problem to be put right.
    begets = models.ForeignKey(
        Matter,
        verbose_name="引出事项",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = "单项得分"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["score", "item"], name="one_mark_an_item")]

    def __str__(self) -> str:
        return f"{self.item} {self.marks}"


class Objection(models.Model):
    """That somebody does not agree with marks, and what came of it (异议)."""

    mark = models.ForeignKey(Mark, on_delete=models.PROTECT, related_name="objections")
    text = models.CharField("理由", max_length=400)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("提出时间", default=timezone.now)
    upheld = models.BooleanField("采纳", null=True, blank=True)
    answer = models.CharField("答复", max_length=400, blank=True)
    marks_before = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    answered_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    class Meta:
        verbose_name = "得分异议"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text
