"""Radiation sources: entered with their checks, their licences' renewal owed in time."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from ecoledger.books import duty as duties
from ecoledger.books.models import Obligation
from ecoledger.listings.refusals import Refused
from ecoledger.registers.waste.radiation_sources import RENEWAL, SOURCES

pytestmark = pytest.mark.django_db


def enter(bureau, **values):
    row = {
        "name": "γ 探伤机 1 号",
        "parent": bureau.enterprise,
        "area_code": bureau.enterprise.area_code,
        "sort": "source",
        "category": "Ⅱ",
        "nuclide": "Ir-192",
        "source_no": "0124IR001234",
        "licence_no": "闽环辐证〔00001〕",
        "licence_until": date(2027, 1, 31),
        **values,
    }
    return SOURCES.open_row(row, bureau.approver, timezone.now())


def test_a_source_is_found_by_its_national_number(bureau):
    source = enter(bureau)
    (number,) = source.identifiers.all()
    assert (number.scheme, number.value) == ("radiation_source_no", "0124IR001234")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"category": "Ⅵ"}, "category"),
        ({"sort": "device", "category": "Ⅳ"}, "category"),
        ({"nuclide": ""}, "nuclide"),
    ],
)
def test_what_cannot_be_is_refused_by_field(bureau, values, field):
    with pytest.raises(Refused) as refused:
        enter(bureau, **values)
    assert field in refused.value.fields


def test_renewal_is_owed_thirty_days_before_the_licence_ends(bureau):
    source = enter(bureau)
    assert duties.extend(RENEWAL, date(2026, 11, 1)) == 0
    assert duties.extend(RENEWAL, date(2026, 11, 2)) == 1
    (owed,) = Obligation.objects.all()
    assert (owed.entity_id, owed.due) == (source.pk, date(2027, 1, 1))
