"""Numbers of documents (发文字号): one counter a pattern and year, no number twice."""

from __future__ import annotations

from django.db import transaction

from ecoledger.reports.declaration import Document
from ecoledger.reports.models import DocumentSeries, IssuedDocument
from ecoledger.reports.profile import documents


def pattern_of(document: Document) -> str:
    """How the bureau writes this kind's numbers."""
    return documents().series.get(document.key, document.series)


def next_number(document: Document, year: int) -> str:
    """The next number of the kind's series; one that a rolled-back issue took is given again."""
    pattern = pattern_of(document)
    with transaction.atomic():
        DocumentSeries.objects.get_or_create(pattern=pattern, year=year)
        series = DocumentSeries.objects.select_for_update().get(pattern=pattern, year=year)
        while True:
            series.last += 1
            number = pattern.format(year=year, n=series.last)
            if not IssuedDocument.objects.filter(number=number).exists():
                break
        series.save()
    return number
