"""签收: to which units outside the bureau a document went, and which of them have signed for it."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import audit
from ecoledger.accounts.models import Organisation, Person
from ecoledger.listings.refusals import Refused
from ecoledger.reports.declaration import Letter, Report, document_of
from ecoledger.reports.models import IssuedDocument, Receipt

_OUTSIDE = (Organisation.Kind.TOWN, Organisation.Kind.DEPARTMENT)


def goes_to(issued: IssuedDocument, unit: Organisation) -> bool:
    """A letter goes to the unit of its matter, a notice to the towns of its area; what stays in the house to nobody."""
    document = document_of(issued.kind)
    if isinstance(document, Report):
        inside = unit.kind == Organisation.Kind.TOWN and unit.area_code.startswith(issued.area_code)
        return bool(document.to) and inside
    if not isinstance(document, Letter) or document.internal or issued.matter is None:
        return False
    return unit.kind in _OUTSIDE and unit.pk == issued.matter.owner_organisation_id


def addressees(issued: IssuedDocument) -> list[Organisation]:
    """The units to which it went."""
    units = Organisation.objects.filter(kind__in=_OUTSIDE).order_by("area_code", "name")
    return [unit for unit in units if goes_to(issued, unit)]


def waiting(person: Person, documents: Iterable[IssuedDocument]) -> set[int]:
    """Keys of those of ``documents`` that wait for the signature of the unit of ``person``."""
    unit = person.organisation
    if unit is None or not person.may("receive_documents"):
        return set()
    keys = {one.pk for one in documents if goes_to(one, unit)}
    signed = Receipt.objects.filter(document__in=keys, organisation=unit)
    return keys - set(signed.values_list("document", flat=True))


def sign(issued: IssuedDocument, *, by: Person) -> Receipt:
    """Sign for a document in the name of one's unit, once."""
    if issued.pk not in waiting(by, [issued]):
        raise Refused("state", _("本单位已签收，或不是这份文书的主送单位。"))
    made, _new = Receipt.objects.get_or_create(
        document=issued, organisation=by.organisation, defaults={"person": by}
    )
    audit.record(by, noop("签收文书"), issued, details={"unit": str(by.organisation)})
    return made
