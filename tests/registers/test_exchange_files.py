"""Files for the province: read by whoever may know all that they say, and run by no spreadsheet."""

from __future__ import annotations

import pytest
from django.urls import reverse

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.registers.network import exchanges

pytestmark = pytest.mark.django_db
COUNTY, NORTH, SOUTH = "990101", "990101001", "990101002"


def test_a_file_of_two_towns_is_read_by_neither_alone(bureau, client):
    Enterprise.objects.create(code="E-S", name='=HYPERLINK("http://x")', area_code=SOUTH)
    maker = Person.objects.create(
        username="two", name="two", roles=[Role.MONITOR, Role.LEADER], area_codes=[NORTH, SOUTH],
        organisation=bureau.monitor.organisation,
    )  # fmt: skip
    row = exchanges.export(exchanges.format_of("province_enterprises"), maker)
    assert row.area_code == COUNTY
    asked = {}
    for who in (maker, bureau.people["town"], bureau.leader):
        client.force_login(who)
        asked[who.pk] = client.get(reverse("exchange-file", args=[row.pk]))
    assert asked[bureau.people["town"].pk].status_code == 404
    assert asked[bureau.leader.pk].status_code == 200
    text = asked[maker.pk].content.decode("utf-8-sig")
    assert "'=HYPERLINK" in text
    assert ",=" not in text


def test_a_file_is_given_to_nobody_who_may_not_see_its_book_or_a_column(
    bureau, client, monkeypatch
):
    row = exchanges.export(exchanges.format_of("province_enterprises"), bureau.monitor)
    book = exchanges.format_of("province_enterprises").listing
    address = reverse("exchange-file", args=[row.pk])
    client.force_login(bureau.leader)
    assert client.get(address).status_code == 200
    monkeypatch.setitem(book.__dict__, "hidden", {"uscc": "see_complainants"})
    reader = bureau.leader if not bureau.leader.may("see_complainants") else bureau.people["town"]
    assert not exchanges.may_read(row, reader)
