"""Editions of a roster (名录) and who is on the list in them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Entity


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
        verbose_name = "名录版本"
        ordering = ["book", models.F("since").desc(nulls_last=True), "-id"]
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
    # What is on the list: a thing or, on lists of duties, an organisation.
    entity = models.ForeignKey(
        Entity,
        verbose_name="对象",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="roster_lines",
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name="单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="roster_lines",
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    # Which part of the thing the line is about, such as a production line; empty for the whole of it.
    part = models.CharField("部位", max_length=80, blank=True)
    # Whose list the line is taken from, where a roster joins several; empty where it has only its own.
    source = models.CharField("清单层级", max_length=10, blank=True, db_index=True)
    reason = models.CharField("列入理由", max_length=200, blank=True)

    class Meta:
        verbose_name = "名录对象"
        ordering = ["edition_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "entity", "part", "source"], name="once_in_an_edition"
            ),
            models.CheckConstraint(
                condition=Q(entity__isnull=False) | Q(organisation__isnull=False),
                name="somebody_is_on_the_list",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.edition}"

    @property
    def subject(self) -> Entity | Organisation | None:
        """What is on the list."""
        return self.entity or self.organisation
