"""Charges as something that is handed over when somebody leaves."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.handover import Item, Part
from ecoledger.accounts.models import Person
from ecoledger.entities import charges
from ecoledger.entities.models import Charge


def _held(person: Person, taker: Person | None) -> list[Item]:
    rows = charges.charged_to(person).order_by("pk")
    return [Item(charge.pk, f"{charges.label(charge)} {charge.entity}", "") for charge in rows]


def _give(giver: Person, taker: Person, numbers: Iterable[int], by: Person) -> list[int]:
    """The taker answers from today; who answered before stays on record."""
    given = []
    today = timezone.localdate()
    for charge in Charge.objects.filter(pk__in=list(numbers), person=giver):
        new = Charge(
            entity=charge.entity, role=charge.role, level=charge.level, person=taker,
            post=taker.post, since=today, until=charge.until,
        )  # fmt: skip
        charges.give(by, charge, new)
        given.append(new.pk)
    return given


PART = Part("charges", noop("责任对象"), _held, _give)
