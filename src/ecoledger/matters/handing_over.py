"""Open matters as something that is handed over when somebody leaves."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import scope
from ecoledger.accounts.handover import Item, Part
from ecoledger.accounts.models import Person
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.matters import actions
from ecoledger.matters.actions.assigning import refusal_to_own
from ecoledger.matters.models import Matter


def _held(person: Person, taker: Person | None) -> list[Item]:
    rows = Matter.objects.filter(owner=person, phase="open", merged_into=None).order_by("pk")
    return [
        Item(matter.pk, f"{matter.number} {matter.title}", _hindrance(matter, taker))
        for matter in rows
    ]


def _hindrance(matter: Matter, taker: Person | None) -> str:
    if taker is None:
        return ""
    if not scope.covers(taker, matter.area_code):
        return _("接手人的数据范围不含此属地")
    refused = refusal_to_own(matter, taker)
    return refused.why if refused else ""


def _give(giver: Person, taker: Person, numbers: Iterable[int], by: Person) -> list[int]:
    given = []
    for number in numbers:
        reason = f"工作交接：{giver} → {taker}（{by} 办理）"
        try:
            with transaction.atomic():
                actions.assign(number, by=None, person=taker, reason=reason)
        except (Refused, NotVisible):
            continue
        given.append(number)
    return given


PART = Part("matters", noop("在办事项"), _held, _give)
