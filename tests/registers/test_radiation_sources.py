"""Radiation sources: entered with their checks, their licences' renewal owed in time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from ecoledger.books import duty as duties
from ecoledger.books.models import Obligation
from ecoledger.entities.file import File, Mark
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
    last = timezone.localdate() + timedelta(days=400)
    source = enter(bureau, licence_until=last)
    assert duties.extend(RENEWAL, last - timedelta(days=91)) == 0
    assert duties.extend(RENEWAL, last - timedelta(days=90)) == 1
    (owed,) = Obligation.objects.all()
    assert (owed.entity_id, owed.due) == (source.pk, last - timedelta(days=30))


def test_a_licence_near_its_end_is_told_by_the_day_before_any_round_of_the_night(bureau, client):
    today = timezone.localdate()
    soon = enter(bureau, name="快到期的", licence_until=today + timedelta(days=20))
    late = enter(bureau, name="已过期的", source_no="", licence_until=today - timedelta(days=1))
    far = enter(bureau, name="还早的", source_no="", licence_until=today + timedelta(days=400))
    owed = Obligation.objects.order_by("due").values_list("entity", flat=True)
    assert list(owed) == [late.pk, soon.pk]
    client.force_login(bureau.approver)
    for view, there in (("soon", soon), ("over", late)):
        listed = client.get(f"{SOURCES.url}?ends={view}").content.decode()
        assert [thing.name in listed for thing in (soon, late, far)] == [
            thing is there for thing in (soon, late, far)
        ]
    assert "20 天后到期" in client.get(SOURCES.url).content.decode()
    marks = {
        thing.name: item.mark
        for thing in (soon, late, far)
        for item in File.of(thing, bureau.approver).health()
        if item.item == "许可证有效期至"
    }
    assert marks == {"快到期的": Mark.WATCH, "已过期的": Mark.BAD, "还早的": Mark.GOOD}
