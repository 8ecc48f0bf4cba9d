"""Entries of a log (记录台账)."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities.models import Entity
from ecoledger.listings.happened import WHY, lies_ahead
from ecoledger.matters.models import Matter


def has_happened(at: datetime) -> None:
    """What is recorded is a fact."""
    if lies_ahead(at, timezone.now()):
        raise ValidationError(_(WHY))


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
    at = models.DateTimeField(
        "时间", default=timezone.now, db_index=True, validators=[has_happened]
    )
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
        verbose_name = "台账记录"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["book", "-at"], name="log_of_book"),
            models.Index(fields=["entity", "-at"], name="log_of_entity"),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M} {self.entity}"
