"""Rows of the books: editions and their lines, log entries, holdings and their postings."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.entities.models import Entity
from ecoledger.matters.models import Matter


class WrittenOnce(models.QuerySet[Any]):
    """Rows that are added and never changed."""

    def update(self, **_: Any) -> NoReturn:
        raise TypeError("this book is only added to: record a correction or a reversal instead")

    def delete(self) -> NoReturn:
        raise TypeError("this book is only added to: nothing of it is deleted")


# ---- log 记录台账 -----------------------------------------------------------------------------------


class LogEntry(models.Model):
    """A dated fact about a thing, by someone. A log's own model extends it.

    A correction is another entry that ``corrects`` the first; the first stays and is no longer current.
    """

    book = models.CharField(max_length=40, db_index=True, editable=False)
    entity = models.ForeignKey(
        Entity, verbose_name="对象", on_delete=models.PROTECT, related_name="log_entries"
    )
    # Of the thing at that time: what an entry is found and seen by.
    area_code = models.CharField("属地", max_length=12, db_index=True)
    at = models.DateTimeField("时间", default=timezone.now, db_index=True)
    by = models.ForeignKey(
        Person, verbose_name="记录人", on_delete=models.PROTECT, related_name="+", null=True
    )
    recorded_at = models.DateTimeField("登记时间", default=timezone.now)
    note = models.TextField("记录", blank=True)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    corrects = models.OneToOneField(
        "self",
        verbose_name="更正",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrected_by",
    )
    reason = models.CharField("更正原因", max_length=200, blank=True)
    current = models.BooleanField("有效", default=True, db_index=True, editable=False)
    # What came of it: a problem, a case.
    begets = models.ForeignKey(
        Matter,
        verbose_name="引出事项",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="log_entries",
    )
    # Made by a phone before it was sent: a second arrival is the same entry.
    client_id = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["book", "-at"], name="log_of_book"),
            models.Index(fields=["entity", "-at"], name="log_of_entity"),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M} {self.entity}"


# ---- roster 名录 ------------------------------------------------------------------------------------


class Edition(models.Model):
    """One edition of a roster: drafted, published from a day on, at last frozen."""

    class State(models.TextChoices):
        DRAFT = "draft", "拟"
        PUBLISHED = "published", "公布"
        FROZEN = "frozen", "冻结"

    book = models.CharField(max_length=40, editable=False)
    name = models.CharField("版本", max_length=60)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    since = models.DateField("生效日", null=True, blank=True)
    # The last day on which it held; empty while no later edition has been published.
    until = models.DateField("失效日", null=True, blank=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    copied_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="copies"
    )
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("编制时间", default=timezone.now)
    published_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField("公布时间", null=True, blank=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        ordering = ["book", "-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "area_code", "name"], name="one_edition_of_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class RosterLine(models.Model):
    """That a thing is on the list in an edition. A roster's own model extends it with its attributes."""

    edition = models.ForeignKey(
        Edition, verbose_name="版本", on_delete=models.PROTECT, related_name="lines"
    )
    entity = models.ForeignKey(
        Entity, verbose_name="对象", on_delete=models.PROTECT, related_name="roster_lines"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    reason = models.CharField("列入理由", max_length=200, blank=True)

    class Meta:
        ordering = ["edition_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "entity"], name="once_in_an_edition")
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.edition}"


# ---- account 账 ------------------------------------------------------------------------------------


class Holding(models.Model):
    """How much of one item one holder has. Outside holdings are where quantities come from and go to."""

    book = models.CharField(max_length=40, editable=False)
    # Who holds it: a thing (enterprise, store, centre) or, without one, a division's pool or the outside.
    entity = models.ForeignKey(
        Entity,
        verbose_name="持有者",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="holdings",
    )
    name = models.CharField("名称", max_length=80, blank=True)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    item = models.CharField("项目", max_length=40)
    outside = models.BooleanField("账外", default=False)
    # The sum of its entries, kept with them in one transaction; the database refuses less than nothing.
    balance = models.DecimalField("余额", max_digits=20, decimal_places=6, default=0)
    overdraft = models.BooleanField("可透支", default=False)

    class Meta:
        ordering = ["book", "item", "area_code", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "item", "area_code", "name"],
                condition=Q(entity=None),
                name="one_pool_of_a_name",
            ),
            models.UniqueConstraint(
                fields=["book", "item", "entity"],
                condition=Q(entity__isnull=False),
                name="one_holding_of_a_holder",
            ),
            models.CheckConstraint(
                condition=Q(balance__gte=0) | Q(outside=True) | Q(overdraft=True),
                name="never_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.entity.name if self.entity else self.name


class PostingNumbers(models.Model):
    """The last voucher number of a book; its row is locked while a posting is written."""

    book = models.CharField(max_length=40, unique=True)
    last = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.book} {self.last}"


class Posting(models.Model):
    """One event in an account: what moved, on which day, against which voucher. Its entries sum to zero."""

    book = models.CharField(max_length=40, db_index=True, editable=False)
    number = models.PositiveBigIntegerField("凭证号")
    kind = models.CharField("类别", max_length=40)
    on = models.DateField("记账日")
    text = models.CharField("摘要", max_length=200)
    voucher = models.ForeignKey(
        Matter,
        verbose_name="凭据",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="postings",
    )
    # Where the voucher is no matter of this house: the number of a paper.
    voucher_no = models.CharField("凭据文号", max_length=80, blank=True)
    reverses = models.OneToOneField(
        "self",
        verbose_name="冲正",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversed_by",
    )
    by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("过账时间", default=timezone.now)
    details = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    objects = WrittenOnce.as_manager()

    class Meta:
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["book", "number"], name="one_voucher_number")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.text}"


class Entry(models.Model):
    """What one holding gains (positive) or gives (negative) by a posting."""

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="entries")
    holding = models.ForeignKey(Holding, on_delete=models.PROTECT, related_name="entries")
    on = models.DateField("记账日")
    quantity = models.DecimalField("数量", max_digits=20, decimal_places=6)

    objects = WrittenOnce.as_manager()

    class Meta:
        ordering = ["on", "id"]
        indexes = [models.Index(fields=["holding", "on"], name="entry_of_holding")]
        constraints = [models.CheckConstraint(condition=~Q(quantity=0), name="moves_something")]

    def __str__(self) -> str:
        return f"{self.holding} {self.quantity}"
