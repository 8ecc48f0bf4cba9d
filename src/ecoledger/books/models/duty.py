"""What is owed by a duty (定期义务), term by term."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.books.models.log import LogEntry
from ecoledger.entities.models import Entity
from ecoledger.matters.models import Matter


class Obligation(models.Model):
    """What is owed about one thing in one term of a duty: by when, and whether it was done."""

    class State(models.TextChoices):
        DUE = "due", "未履行"
        DONE = "done", "已履行"
        WAIVED = "waived", "免除"

    book = models.CharField(max_length=40, editable=False)
    entity = models.ForeignKey(
        Entity, verbose_name="对象", on_delete=models.PROTECT, related_name="obligations"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    # The term it is for: a month, a quarter, the life of a licence. First and last day.
    begin = models.DateField("期初")
    end = models.DateField("期末")
    due = models.DateField("期限", db_index=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DUE)
    done_on = models.DateField("履行日期", null=True, blank=True)
    done_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField("说明", max_length=300, blank=True)
    # What fulfils it, where it is kept in this house.
    entry = models.ForeignKey(
        LogEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations"
    )
    matter = models.ForeignKey(
        Matter, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations"
    )
    reminded_at = models.DateTimeField("已提醒", null=True, blank=True, editable=False)
    overdue_told_at = models.DateTimeField("已告知超期", null=True, blank=True, editable=False)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "到期义务"
        ordering = ["due", "id"]
        indexes = [models.Index(fields=["book", "state", "due"], name="obligation_by_due")]
        constraints = [
            models.UniqueConstraint(fields=["book", "entity", "begin"], name="owed_once_a_term")
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.due:%Y-%m-%d}"

    @property
    def overdue(self) -> bool:
        return self.state == self.State.DUE and self.due < timezone.localdate()

    @property
    def late(self) -> bool:
        """Whether it was done, but after its day."""
        return bool(self.done_on and self.done_on > self.due)
