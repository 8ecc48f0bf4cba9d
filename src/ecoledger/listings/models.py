"""What every list keeps beside its rows: imports, remembered headers and words, own views, drafts, sent forms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person


class ImportBatch(models.Model):
    """One uploaded table: first a preview, then rows of a list, and undone as a whole when it was wrong."""

    class State(models.TextChoices):
        PREVIEW = "preview", "预览"
        ACCEPTED = "accepted", "已导入"
        UNDONE = "undone", "已撤销"
        DISCARDED = "discarded", "已放弃"

    listing = models.CharField("台账", max_length=40, db_index=True)
    file_name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField(max_length=64, db_index=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PREVIEW)
    # Taken in as closed matters of the past, see ``Listing.import_history``.
    history = models.BooleanField("作为历史", default=False)
    # Header of the file -> name of the template's column; "" where nothing fits.
    mapping = JSONInOrder("列对应", default=dict)
    # Column -> {word of the file: value}: what somebody said the words mean.
    words = JSONInOrder("取值对应", default=dict)
    # Column -> {word: how many rows}: words that are no value of their column.
    unknown = JSONInOrder("未识别的取值", default=dict)
    # What was done with the file, in sentences; and rows that are no data: [sheet, row, why].
    notes = JSONInOrder("说明", default=list)
    left_out = JSONInOrder("未作为数据的行", default=list)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("上传时间", default=timezone.now)
    accepted_at = models.DateTimeField("导入时间", null=True, blank=True)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    person_id: int | None

    class Meta:
        verbose_name = "导入批次"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.file_name} {self.get_state_display()}"

    @property
    def good(self) -> models.QuerySet[ImportRow]:
        """Rows that can be taken in, or were."""
        return ImportRow.objects.filter(batch=self).filter(wrong=False)

    @property
    def waiting(self) -> models.QuerySet[ImportRow]:
        """Rows that can be taken in and have not been."""
        return self.good.filter(made=None, changed=False)

    @property
    def unchanged(self) -> models.QuerySet[ImportRow]:
        """Rows of what is in the book already that, once the batch was taken in, had said nothing new."""
        return self.waiting.exclude(changes=None)

    @property
    def bad(self) -> models.QuerySet[ImportRow]:
        """Rows that cannot."""
        return ImportRow.objects.filter(batch=self).filter(wrong=True)


class ImportRow(models.Model):
    """One row of data of an uploaded table, as it stands in the file and as it is understood."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows")
    sheet = models.CharField("工作表", max_length=100, blank=True)
    number = models.PositiveIntegerField("行")
    # Header -> cell as read (a date is a list, see ``tables.book``); header -> fault of its cell.
    raw = JSONInOrder(default=dict)
    faults = JSONInOrder(default=dict)
    # Column -> text as a person reads it where the value is not that text itself; column -> value for the form.
    cells = JSONInOrder(default=dict)
    values = JSONInOrder(default=dict, encoder=DjangoJSONEncoder)
    # [{"column", "label", "message"}]
    errors = JSONInOrder(default=list)
    warnings = JSONInOrder(default=list)
    wrong = models.BooleanField(default=False)
    key = models.CharField("键", max_length=200, blank=True)
    # The last heading above it: "2022年度（17项）".
    section = models.CharField("分段", max_length=100, blank=True)
    # Where the row stands that this one carries over into a later section (结转).
    carried_from = models.CharField(max_length=120, blank=True)
    # The row this one repeats: "sheet!row" of the file, or the number of one in the book.
    repeats_of = models.CharField(max_length=120, blank=True)
    # Primary key of what was made of it.
    made = models.BigIntegerField(null=True, blank=True)
    # Primary key of the row of the book that it brings up to date, and whether that was done.
    changes = models.BigIntegerField(null=True, blank=True)
    changed = models.BooleanField(default=False)

    class Meta:
        verbose_name = "导入行"
        ordering = ["id"]
        indexes = [models.Index(fields=["batch", "wrong"], name="import_row_of_batch")]

    def __str__(self) -> str:
        return self.place

    def text(self, name: str) -> str:
        """The cell of a column as a person reads it."""
        said = self.cells.get(name, self.values.get(name))
        return "" if said is None else str(said)

    @property
    def texts(self) -> dict[str, str]:
        """Column -> its cell as a person reads it."""
        said = self.values | self.cells
        return {name: text for name, text in said.items() if text is not None}

    def keep_texts(self) -> None:
        """Keep of ``cells`` what the values do not say; of what is no column (``None``) there is no text."""
        values, cells = self.values, self.cells
        kept: dict[str, str | None] = {n: t for n, t in cells.items() if values.get(n) != t}
        self.cells = kept | dict.fromkeys(name for name in values if name not in cells)

    @property
    def reason(self) -> str:
        """What is wrong with it, or worth a look, as one sentence."""
        return one_sentence([*self.errors, *self.warnings])

    @property
    def place(self) -> str:
        """Where it stands in the file."""
        return f"{self.sheet}!{self.number}" if self.sheet else str(self.number)


class ImportPicture(models.Model):
    """A picture that lies over a row of an uploaded table."""

    row = models.ForeignKey(ImportRow, on_delete=models.CASCADE, related_name="pictures")
    name = models.CharField(max_length=120)
    content = models.BinaryField()

    class Meta:
        verbose_name = "导入图片"

    def __str__(self) -> str:
        return self.name


class ColumnMapping(models.Model):
    """A header someone once pointed at a column of the template; remembered for his next file and his unit's."""

    listing = models.CharField(max_length=40)
    # Who said so; nobody where it was the operator, or where it is not known any more.
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    header = models.CharField(max_length=120)
    column = models.CharField(max_length=60)

    class Meta:
        verbose_name = "列对应"
        unique_together = [("listing", "person", "header")]

    def __str__(self) -> str:
        return f"{self.header} → {self.column}"


class WordMapping(models.Model):
    """What someone once said a word of a column means; remembered for his next file and his unit's."""

    listing = models.CharField(max_length=40)
    # Who said so; nobody where it was the operator, or where it is not known any more.
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    column = models.CharField(max_length=60)
    word = models.CharField(max_length=120)
    value = models.CharField(max_length=120)

    class Meta:
        verbose_name = "用词对应"
        unique_together = [("listing", "person", "column", "word")]

    def __str__(self) -> str:
        return f"{self.word} → {self.value}"


class SavedView(models.Model):
    """A selection of a list that someone keeps: filters, order and columns, as in the list's address."""

    listing = models.CharField(max_length=40, db_index=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    name = models.CharField("名称", max_length=40)
    query = models.CharField("条件", max_length=2000)
    shared = models.BooleanField("共用", default=False)

    class Meta:
        verbose_name = "列表视图"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Taste(models.Model):
    """How a person likes a list: which columns, and how dense."""

    listing = models.CharField(max_length=40)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    columns = JSONInOrder(default=list)
    compact = models.BooleanField(default=False)

    class Meta:
        verbose_name = "列表偏好"
        unique_together = [("listing", "person")]

    def __str__(self) -> str:
        return f"{self.listing} {self.person}"


class Draft(models.Model):
    """A form that somebody has begun: kept until it is sent."""

    listing = models.CharField(max_length=40)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=40)
    values = JSONInOrder(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "表单草稿"
        unique_together = [("person", "key")]

    def __str__(self) -> str:
        return f"{self.listing} {self.at:%Y-%m-%d %H:%M}"


class Submission(models.Model):
    """A form that was sent: its second sending leads to what the first one made."""

    key = models.CharField(max_length=40, unique=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = "表单提交"

    def __str__(self) -> str:
        return self.url


def one_sentence(problems: Iterable[dict[str, Any]]) -> str:
    """What is wrong with a row, or worth a look, cell by cell."""
    return _("；").join(
        f"{e['label']}{_('：')}{e['message']}" if e["label"] else e["message"] for e in problems
    )


def problem(column: str, label: str, message: str) -> dict[str, Any]:
    """What is wrong with one cell: where, what and the remedy, as one sentence."""
    return {"column": column, "label": label, "message": message}
