"""Numbers of documents (发文字号): one counter a pattern and year, no number twice.

A bureau that begins in the middle of a year has numbers already: what its ledgers brought in is gone on from, and
none of it is given again.
"""

from __future__ import annotations

from django.db import transaction

from ecoledger.matters.register import register_of
from ecoledger.reports.declaration import Document, Letter
from ecoledger.reports.models import DocumentSeries, IssuedDocument
from ecoledger.reports.profile import documents


def pattern_of(document: Document) -> str:
    """How the bureau writes this kind's numbers."""
    return documents().series.get(document.key, document.series)


def next_number(document: Document, year: int) -> str:
    """The next number of the kind's series; one that a rolled-back issue took is given again."""
    pattern = pattern_of(document)
    with transaction.atomic():
        _series, new = DocumentSeries.objects.get_or_create(pattern=pattern, year=year)
        series = DocumentSeries.objects.select_for_update().get(pattern=pattern, year=year)
        if new:
            series.last = max(_carried(document, pattern, year), default=0)
        while True:
            series.last += 1
            number = pattern.format(year=year, n=series.last)
            if not _taken(document, number):
                break
        series.save()
    return number


def _taken(document: Document, number: str) -> bool:
    """Whether a document or a matter of an earlier ledger has the number."""
    if IssuedDocument.objects.filter(number=number).exists():
        return True
    if not isinstance(document, Letter) or not document.carried_in:
        return False
    carried = {document.carried_in: number}
    return any(
        register_of(key).model._default_manager.filter(**carried).exists()
        for key in document.registers
    )


def _carried(document: Document, pattern: str, year: int) -> list[int]:
    """The counters of this series that matters of the books have."""
    if not isinstance(document, Letter) or not document.carried_in:
        return []
    before, after = (part.format(year=year) for part in pattern.split("{n}"))
    name = document.carried_in
    like = {f"{name}__startswith": before, f"{name}__endswith": after}
    numbers = [
        number[len(before) : len(number) - len(after)]
        for key in document.registers
        for number in register_of(key).model._default_manager.filter(**like).values_list(name, flat=True)
    ]  # fmt: skip
    return [int(number) for number in numbers if number.isdecimal()]
