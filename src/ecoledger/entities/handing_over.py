"""Charges (责任人) as something that is handed over when somebody leaves."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import audit
from ecoledger.accounts.handover import Item, Part
from ecoledger.accounts.models import Person
from ecoledger.entities import charges
from ecoledger.entities.models import Charge
from ecoledger.entities.validity import day_before


def _held(person: Person, _taker: Person | None) -> list[Item]:
    return [
        Item(charge.pk, f"{charge.entity} {charges.label(charge)}")
        for charge in charges.charged_to(person).order_by("pk")
    ]


def _give(giver: Person, taker: Person, numbers: Iterable[int], by: Person) -> list[int]:
    """The earlier holder's charge ends yesterday; one that began today changes hands as it is."""
    today = timezone.localdate()
    given = []
    for charge in charges.charged_to(giver).filter(pk__in=list(numbers)):
        if charge.since is None or charge.since < today:
            later = Charge(
                entity=charge.entity,
                role=charge.role,
                level=charge.level,
                person=taker,
                post=taker.post,
                since=today,
                until=charge.until,
            )
            charge.until = day_before(today)
            charge.save(update_fields=["until"])
            later.save()
        else:
            later = charge
            later.person, later.post = taker, taker.post
            later.save()
        details = {"role": charge.role, "from": giver.username, "to": taker.username}
        audit.record(by, "charge handed over", charge.entity, details=details)
        given.append(later.pk)
    return given


PART = Part("charges", noop("责任点位与河段等"), _held, _give)
