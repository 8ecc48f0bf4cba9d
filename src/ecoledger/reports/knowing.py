"""What was issued about an entity, for its file: documents of its matters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ecoledger.entities.file import File, Happening, Shelf, Tab, knows
from ecoledger.matters.knowing import its_matters
from ecoledger.reports import visible

LATEST = 50


def _documents(file: File) -> QuerySet[Any]:
    # By the keys of its matters, which are few; asked for in one, all documents of the scope would be looked through.
    keys = its_matters(file).order_by().values("pk")
    return visible.documents(file.person).filter(matter__in=keys)


def _latest(file: File) -> list[Any]:
    return list(_documents(file).order_by("-issued_at")[:LATEST])


def _shelves(file: File) -> Iterable[Shelf]:
    count = len(file.once(_latest))
    if count == LATEST:
        count = _documents(file).count()
    yield Shelf(Tab.DOCUMENTS, _("文书"), count, "?tab=documents")


def _timeline(file: File) -> Iterable[Happening]:
    for row in file.once(_latest):
        text = f"{row.number} {row}".strip()
        yield Happening(row.issued_at, _("文书"), text, f"/documents/{row.pk}", Tab.DOCUMENTS)


knows(timeline=_timeline, shelves=_shelves)
