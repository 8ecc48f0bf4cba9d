"""Which documents and drafts a person may know of: by area, and as the matter they are about."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from ecoledger.accounts.grants import prefixes
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF
from ecoledger.accounts.scope import within
from ecoledger.matters.models import Matter
from ecoledger.matters.register import visible_matters
from ecoledger.reports.declaration import Report, all_documents
from ecoledger.reports.models import Draft, IssuedDocument


def _kinds(person: Person) -> list[str]:
    """The kinds a person works on."""
    signs = person.may("sign_documents")
    return [d.key for d in all_documents() if signs or person.may(d.capability)]


def _about(person: Person, seen: Matter | None) -> Q:
    if seen is not None:
        return Q(matter_id=seen.pk)
    # Asked row by row: there are few documents and many matters.
    return Q(matter=None) | Q(Exists(visible_matters(person).filter(pk=OuterRef("matter_id"))))


def documents(person: Person, seen: Matter | None = None) -> QuerySet[IssuedDocument]:
    """What was issued: by kind to those who work on it, of every matter to staff who see that, and what goes out to the
    towns of an area to these.

    ``seen``: only what is about this matter, which the person is known to see.
    """
    rows = Q(kind__in=_kinds(person)) & within(person)
    if person.has_role(*STAFF):
        rows |= Q(matter__isnull=False)
    if person.may("receive_documents"):
        own = {code for area in person.area_codes for code in prefixes(area)}
        sent = [d.key for d in all_documents() if isinstance(d, Report) and d.to]
        rows |= Q(kind__in=sent, area_code__in=own)
    return IssuedDocument.objects.filter(rows & _about(person, seen)).select_related(
        "issued_by", "matter"
    )


def drafts(person: Person, seen: Matter | None = None) -> QuerySet[Draft]:
    """Drafts of the kinds a person works on; ``seen`` as in :func:`documents`."""
    rows = Q(kind__in=_kinds(person)) & within(person) & _about(person, seen)
    return Draft.objects.filter(rows).select_related("author", "matter")
