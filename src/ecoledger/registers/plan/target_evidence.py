"""佐证材料: files that prove what a target has come to (mechanism T1). Kept as evidence of matters is, under their hash."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.listings.refusals import Refused
from ecoledger.matters import evidence
from ecoledger.registers.plan.target_book import TARGETS, PlanTarget


class TargetEvidence(models.Model):
    """One file beside a target (佐证材料)."""

    target = models.ForeignKey(PlanTarget, on_delete=models.PROTECT, related_name="evidence")
    sha256 = models.CharField(max_length=64, db_index=True)
    name = models.CharField("原文件名", max_length=200)
    size = models.PositiveBigIntegerField("大小 字节")
    content_type = models.CharField("类型", max_length=100)
    caption = models.CharField("说明", max_length=200, blank=True)
    uploaded_by = models.ForeignKey(
        Person, verbose_name="上传人", on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField("上传时间", default=timezone.now)

    class Meta:
        verbose_name = "目标佐证材料"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["target", "sha256"], name="one_copy_beside_a_target")
        ]

    def __str__(self) -> str:
        return self.name


@transaction.atomic
def add(target: PlanTarget, file: UploadedFile[Any], caption: str, *, by: Person) -> TargetEvidence:
    """Keep a file beside a target. Raises :class:`Refused` for a file that cannot be taken or is there already."""
    if not TARGETS.may_change(by):
        raise Refused("role", _("您的岗位不能办这一步。"))
    try:
        kept = evidence.keep(file)
    except evidence.BadFile as wrong:
        raise Refused("form", str(wrong)) from wrong
    if TargetEvidence.objects.filter(target=target, sha256=kept.sha256).exists():
        raise Refused("form", _("“%s”已经附上。") % kept.name)
    row = TargetEvidence.objects.create(
        target=target,
        sha256=kept.sha256,
        name=kept.name,
        size=kept.size,
        content_type=kept.content_type,
        caption=caption.strip()[:200],
        uploaded_by=by,
    )
    audit.record(by, "附目标佐证", target, details={"name": row.name, "sha256": row.sha256})
    return row
