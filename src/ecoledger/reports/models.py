"""Documents: templates of letters, drafts on their way, and what was issued, kept as it was."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Organisation, Person
from ecoledger.matters.models import Matter


class LetterTemplate(models.Model):
    """One version of the .docx a kind of letter is filled from. The newest is in force."""

    kind = models.CharField("文种", max_length=40)
    version = models.PositiveIntegerField("版本")
    name = models.CharField("文件名", max_length=200)
    file = models.FileField("模板", upload_to="letter-templates/")
    sha256 = models.CharField(max_length=64)
    # What the PDF will not show, and fonts that others stand in for: told at upload, shown later.
    uncarried = JSONInOrder("PDF 不能呈现", default=list)
    missing_fonts = JSONInOrder("缺少的字体", default=list)
    uploaded_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间", default=timezone.now)

    class Meta:
        verbose_name = "文书模板"
        ordering = ["kind", "-version"]
        unique_together = [("kind", "version")]

    def __str__(self) -> str:
        return f"{self.kind} 第{self.version}版"


class DocumentSeries(models.Model):
    """The last number given in one series of one year (发文字号). A series is known by its pattern."""

    pattern = models.CharField(max_length=80)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "发文字号序列"
        unique_together = [("pattern", "year")]

    def __str__(self) -> str:
        return self.pattern.format(year=self.year, n=self.last)


class IssuedDocument(models.Model):
    """One document as it went out, with its files and the figures in them. Written once."""

    kind = models.CharField("文种", max_length=40)
    area_code = AreaCodeField()
    matter = models.ForeignKey(
        Matter,
        verbose_name="事项",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="documents",
    )
    # The period of a report.
    begin = models.DateField("起", null=True)
    end = models.DateField("止（不含）", null=True)
    title = models.CharField("标题", max_length=200)
    number = models.CharField("文号", max_length=80, db_index=True)
    addressee = models.CharField("主送", max_length=200, blank=True)
    copies_to = models.CharField("抄送", max_length=400, blank=True)
    reply_due = models.DateField("反馈期限", null=True)
    author = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    signer = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField("印发时间", default=timezone.now)
    issued_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    # What was locked (values or the whole report), what people wrote, and each figure with its parts.
    content = JSONInOrder("内容", default=dict)
    words = JSONInOrder("文字", default=dict)
    figures = JSONInOrder("数字", default=list)
    template = models.ForeignKey(
        LetterTemplate, null=True, on_delete=models.PROTECT, related_name="+"
    )
    word_file = models.FileField("Word", upload_to="documents/%Y/")
    word_sha256 = models.CharField(max_length=64)
    pdf_file = models.FileField("PDF", upload_to="documents/%Y/")
    pdf_sha256 = models.CharField(max_length=64)
    excel_file = models.FileField("Excel", upload_to="documents/%Y/", blank=True)
    excel_sha256 = models.CharField(max_length=64, blank=True)
    # A reissue keeps the first and lists what differs: [{"name", "before", "after"}].
    replaces = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    differences = JSONInOrder("差异", default=list)

    class Meta:
        verbose_name = "文书"
        ordering = ["-issued_at", "-id"]
        indexes = [models.Index(fields=["area_code", "kind", "begin"], name="document_of_period")]

    def __str__(self) -> str:
        return self.title.replace("\n", "")

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("an issued document is kept as it was: reissue it instead")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("an issued document cannot be deleted")


class Draft(models.Model):
    """A document on its way: figures locked when it was begun, words free until it is submitted."""

    class State(models.TextChoices):
        DRAFT = "draft", "拟稿"
        REVIEW = "review", "待审核"
        SIGN = "sign", "待签发"
        NUMBER = "number", "待编号印发"
        ISSUED = "issued", "已印发"
        DISCARDED = "discarded", "已作废"

    kind = models.CharField("文种", max_length=40)
    area_code = AreaCodeField()
    matter = models.ForeignKey(
        Matter, null=True, blank=True, on_delete=models.PROTECT, related_name="drafts"
    )
    begin = models.DateField("起", null=True)
    title = models.CharField("标题", max_length=200)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    content = JSONInOrder("锁定的内容", default=dict)
    locked_at = models.DateTimeField("数字锁定时间", default=timezone.now)
    words = JSONInOrder("文字", default=dict)
    author = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("拟稿时间", default=timezone.now)
    signer = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(default=0)
    replaces = models.ForeignKey(
        IssuedDocument, null=True, on_delete=models.PROTECT, related_name="redrafts"
    )
    issued = models.OneToOneField(
        IssuedDocument, null=True, on_delete=models.PROTECT, related_name="draft"
    )

    author_id: int

    class Meta:
        verbose_name = "文书草稿"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.title.replace("\n", "")


class DraftStep(models.Model):
    """One step of a draft: who did what when, and what they said."""

    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField("时间", default=timezone.now)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    label = models.CharField("动作", max_length=40)
    note = models.TextField("意见", blank=True)

    class Meta:
        verbose_name = "文书流转"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.label}"


class Reply(models.Model):
    """What came back to an issued document."""

    document = models.ForeignKey(IssuedDocument, on_delete=models.PROTECT, related_name="replies")
    received_on = models.DateField("收到日期")
    text = models.TextField("反馈内容")
    recorded_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=timezone.now)

    class Meta:
        verbose_name = "文书回复"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.received_on} {self.text[:20]}"


class Receipt(models.Model):
    """That a unit has an issued document: who signed for it, and when."""

    document = models.ForeignKey(IssuedDocument, on_delete=models.PROTECT, related_name="receipts")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("签收时间", default=timezone.now)

    class Meta:
        verbose_name = "文书签收"
        ordering = ["id"]
        unique_together = [("document", "organisation")]

    def __str__(self) -> str:
        return f"{self.organisation} {self.at:%Y-%m-%d %H:%M}"


class SealedScan(models.Model):
    """The sealed paper of an issued document as a scan. Written once; its hash stands on the audit trail."""

    document = models.ForeignKey(IssuedDocument, on_delete=models.PROTECT, related_name="scans")
    name = models.CharField("文件名", max_length=200)
    file = models.FileField("扫描件", upload_to="documents/%Y/")
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField("上传时间", default=timezone.now)

    class Meta:
        verbose_name = "盖章扫描件"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
