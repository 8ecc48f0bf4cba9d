"""Holdings of an account (账), the postings that moved them, and their entries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.entities.models import Entity
from ecoledger.listings.catalogue import listing_of
from ecoledger.matters.models import AppendOnly, Matter


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
        verbose_name = "持有量"
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

    class Meta:
        verbose_name = "凭证号序列"

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
    details = JSONInOrder(default=dict, encoder=DjangoJSONEncoder)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = "记账凭证"
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["book", "number"], name="one_voucher_number")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.text}"

    # What the list says of it, read from its entries (fetched for all rows at once).

    def _holdings(self, sign: int) -> list[Entry]:
        return [entry for entry in self.entries.all() if entry.quantity * sign > 0]

    @property
    def _items(self) -> list[Any]:
        account: Any = listing_of(self.book)
        keys = dict.fromkeys(entry.holding.item for entry in self._holdings(1))
        return [account.item(key) for key in keys]

    @property
    def what(self) -> str:
        """What moved: a pollutant, a waste with its code."""
        return _("、").join(_(item.label) for item in self._items)

    @property
    def unit(self) -> str:
        return _("、").join(dict.fromkeys(item.unit for item in self._items))

    @property
    def giver(self) -> str:
        """Where it came from."""
        return _("、").join(dict.fromkeys(str(e.holding) for e in self._holdings(-1)))

    @property
    def taker(self) -> str:
        """Where it went."""
        return _("、").join(dict.fromkeys(str(e.holding) for e in self._holdings(1)))

    @property
    def quantity(self) -> Decimal | None:
        """How much moved, of one thing; nothing where several things did."""
        items = self._items
        if len(items) != 1:
            return None
        moved = sum((e.quantity for e in self._holdings(1)), Decimal(0))
        digits: int = items[0].decimals
        return round(moved, digits)


class Entry(models.Model):
    """What one holding gains (positive) or gives (negative) by a posting."""

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="entries")
    holding = models.ForeignKey(Holding, on_delete=models.PROTECT, related_name="entries")
    on = models.DateField("记账日")
    quantity = models.DecimalField("数量", max_digits=20, decimal_places=6)

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = "分录"
        ordering = ["on", "id"]
        indexes = [models.Index(fields=["holding", "on"], name="entry_of_holding")]
        constraints = [models.CheckConstraint(condition=~Q(quantity=0), name="moves_something")]

    def __str__(self) -> str:
        return f"{self.holding} {self.quantity}"
