"""Issuing a bulletin: render it, keep both files and every figure as they were, and put it on record."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.indicators.figures import Figure
from ecoledger.reports import excel, word
from ecoledger.reports.content import Bulletin
from ecoledger.reports.models import IssuedBulletin


def issue(bulletin: Bulletin, person: Person | None) -> IssuedBulletin:
    """Issue ``bulletin`` in the name of ``person``; issuing again keeps the earlier one beside it."""
    document = word.render(bulletin, timezone.localdate())
    table = excel.render(bulletin)
    stem = f"{bulletin.kind}-{bulletin.area_code}-{bulletin.begin:%Y%m%d}"
    with transaction.atomic():
        issued = IssuedBulletin(
            kind=bulletin.kind,
            area_code=bulletin.area_code,
            begin=bulletin.begin,
            end=bulletin.end,
            title=bulletin.title,
            number=bulletin.number,
            issued_by=person,
            figures=[_kept(figure) for figure in bulletin.figures()],
            word_sha256=hashlib.sha256(document).hexdigest(),
            excel_sha256=hashlib.sha256(table).hexdigest(),
        )
        issued.word_file.save(f"{stem}.docx", ContentFile(document), save=False)
        issued.excel_file.save(f"{stem}.xlsx", ContentFile(table), save=False)
        issued.save()
        audit.record(person, "印发环境质量公报", issued, details={"title": str(issued)})
    return issued


def _kept(figure: Figure) -> dict[str, Any]:
    return {
        "label": figure.label,
        "display": figure.display,
        "value": None if figure.value is None else str(figure.value),
        "unit": figure.unit,
        "numerator": None if figure.numerator is None else str(figure.numerator),
        "denominator": None if figure.denominator is None else str(figure.denominator),
        "standard": figure.standard,
        "missing": figure.missing,
        "records": {"kind": figure.records.kind, "query": dict(figure.records.query)},
    }
