"""What was issued about an entity, for its file: documents of its matters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities.file import Happening, Shelf, Tab, knows
from ecoledger.entities.models import Entity
from ecoledger.matters.knowing import matters_of
from ecoledger.reports import visible

LATEST = 50


def _documents(entity: Entity, person: Person) -> QuerySet[Any]:
    # By the keys of its matters, which are few; asked for in one, all documents of the scope would be looked through.
    keys = matters_of(entity, person).order_by().values("pk")
    return visible.documents(person).filter(matter__in=keys)


def _shelves(entity: Entity, person: Person) -> Iterable[Shelf]:
    count = _documents(entity, person).count()
    yield Shelf(Tab.DOCUMENTS, _("文书"), count, "?tab=documents")


def _timeline(entity: Entity, person: Person) -> Iterable[Happening]:
    for row in _documents(entity, person).order_by("-issued_at")[:LATEST]:
        text = f"{row.number} {row}".strip()
        yield Happening(row.issued_at, _("文书"), text, f"/documents/{row.pk}", Tab.DOCUMENTS)


knows(timeline=_timeline, shelves=_shelves)
