"""What was issued about an entity, for its file: documents of its matters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities.file import Happening, Shelf, Tab, knows
from ecoledger.entities.models import Entity
from ecoledger.reports import visible

LATEST = 50


def _documents(entity: Entity, person: Person) -> QuerySet[Any]:
    about = Q(matter__entity=entity.pk) | Q(matter__enterprise=entity.pk)
    return visible.documents(person).filter(about | Q(matter__entity__parent=entity.pk))


def _shelves(entity: Entity, person: Person) -> Iterable[Shelf]:
    count = _documents(entity, person).count()
    yield Shelf(Tab.DOCUMENTS, _("文书"), count, "?tab=documents")


def _timeline(entity: Entity, person: Person) -> Iterable[Happening]:
    for row in _documents(entity, person).order_by("-issued_at")[:LATEST]:
        text = f"{row.number} {row}".strip()
        yield Happening(row.issued_at, _("文书"), text, f"/documents/{row.pk}", Tab.DOCUMENTS)


knows(timeline=_timeline, shelves=_shelves)
