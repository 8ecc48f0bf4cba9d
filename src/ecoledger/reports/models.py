"""Bulletins that have been issued: kept as they were, whatever later data say."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Person


class IssuedBulletin(models.Model):
    """One bulletin as it went out, with its files and the figures in them."""

    kind = models.CharField("类别", max_length=12)
    area_code = AreaCodeField(follows=False)
    begin = models.DateField("起")
    end = models.DateField("止（不含）")
    title = models.CharField("标题", max_length=200)
    number = models.CharField("期号", max_length=40)
    issued_at = models.DateTimeField("印发时间", default=timezone.now)
    issued_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    # Label, printed value, exact value and records of every figure, as of issue.
    figures = models.JSONField("数字", default=list)
    word_file = models.FileField("Word", upload_to="bulletins/%Y/")
    word_sha256 = models.CharField(max_length=64)
    excel_file = models.FileField("Excel", upload_to="bulletins/%Y/")
    excel_sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-begin", "-issued_at"]
        indexes = [models.Index(fields=["area_code", "kind", "begin"], name="bulletin_of_period")]

    def __str__(self) -> str:
        return self.title.replace("\n", "")
