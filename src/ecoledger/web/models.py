"""What the pages remember of a person: the books they use and pin."""

from __future__ import annotations

import time
from collections import Counter

from django.db import OperationalError, connection, models, transaction
from django.db.models import F
from django.utils import timezone

from ecoledger import engines
from ecoledger.accounts.models import Person


class BookUse(models.Model):
    """How often a person opened a book, so that the menu shows what they use."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    book = models.CharField(max_length=60)
    times = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)
    pinned = models.BooleanField("钉在菜单", default=False)

    class Meta:
        verbose_name = "台账使用"
        constraints = [models.UniqueConstraint(fields=["person", "book"], name="one_use_of_a_book")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.book} {self.times}"


# Openings not yet written: looking at a list must not wait for whoever writes.
_openings: Counter[tuple[int, str]] = Counter()
_EVERY = 60.0  # seconds between two writings
_written = -_EVERY


def opened(person: Person, book: str) -> None:
    """Count that ``person`` opened ``book``; written once a minute for everybody, when nobody else writes just then."""
    global _written
    _openings[person.pk, book] += 1
    now = time.monotonic()
    if now - _written < _EVERY:
        return
    _written, counted = now, dict(_openings)
    _openings.clear()
    try:
        with engines.without_waiting(connection), transaction.atomic():
            _write(counted)
    except OperationalError:
        _openings.update(counted)
        _written = now - _EVERY


def _write(counted: dict[tuple[int, str], int]) -> None:
    there = set(
        Person.objects.filter(pk__in={key for key, _name in counted}).values_list("pk", flat=True)
    )
    for (key, name), times in counted.items():
        if key not in there:  # gone since
            continue
        rows = BookUse.objects.filter(person_id=key, book=name)
        if not rows.update(times=F("times") + times, last_at=timezone.now()):
            BookUse.objects.create(person_id=key, book=name, times=times)


def pin(person: Person, book: str, pinned: bool) -> None:
    """Keep ``book`` at the top of its line in the menu, or no longer."""
    BookUse.objects.update_or_create(person=person, book=book, defaults={"pinned": pinned})


class SearchEntry(models.Model):
    """One thing that the search finds, with every word it goes by. Kept by ``web.search.index``.

    What is shown of it comes from the thing itself; this table only finds, inside the person's scope.
    """

    class Kind(models.TextChoices):
        ENTITY = "entity", "对象"
        POINT = "point", "监测点"
        MATTER = "matter", "事项"
        DOCUMENT = "document", "文书"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    target = models.BigIntegerField()
    name = models.CharField(max_length=200)
    initials = models.CharField(max_length=120, blank=True)
    # The number or code people write: 预警〔2026〕67号, DA001, an MN; and the serial inside it.
    code = models.CharField(max_length=60, blank=True)
    serial = models.PositiveIntegerField(null=True, blank=True)
    # Name, initials, codes, former names and address in lower case, apart by line ends.
    words = models.TextField()
    area_code = models.CharField(max_length=12, blank=True)
    enterprise_code = models.CharField(max_length=40, blank=True)
    # Bits of the words' pairs of letters (``web.search.signs``); all of them while nobody has looked.
    sign_0 = models.BigIntegerField(default=-1)
    sign_1 = models.BigIntegerField(default=-1)
    sign_2 = models.BigIntegerField(default=-1)
    sign_3 = models.BigIntegerField(default=-1)
    sign_4 = models.BigIntegerField(default=-1)
    sign_5 = models.BigIntegerField(default=-1)

    class Meta:
        verbose_name = "搜索记录"
        constraints = [
            models.UniqueConstraint(fields=["kind", "target"], name="one_entry_of_a_thing")
        ]
        indexes = [
            models.Index(fields=["name"], name="search_by_name"),
            models.Index(fields=["initials"], name="search_by_initials"),
            models.Index(fields=["code"], name="search_by_code"),
            models.Index(fields=["serial"], name="search_by_serial"),
            models.Index(
                fields=["sign_0", "sign_1", "sign_2", "sign_3", "sign_4", "sign_5"],
                name="search_by_signs",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Opened(models.Model):
    """What a person opened from the search last; the empty box offers it again."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=200)
    url = models.CharField(max_length=300)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "最近打开"
        constraints = [models.UniqueConstraint(fields=["person", "url"], name="opened_once")]
        indexes = [models.Index(fields=["person", "-at"], name="opened_lately")]

    def __str__(self) -> str:
        return self.label
