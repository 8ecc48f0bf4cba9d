"""The approval section's synthetic year fills every book of its line."""

from __future__ import annotations

import pytest
from django.utils import timezone

from demo import approval, city
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Area, Enterprise, Outlet
from ecoledger.listings.catalogue import all_listings
from ecoledger.standards.identifiers import credit_check_character

# What the sections of air and enforcement fill, or what only a firm or the schedule does.
ELSEWHERE = {"air_reduction", "voc_offset", "outlet", "facility", "limit"}


@pytest.mark.django_db
def test_no_book_of_the_line_is_empty(settings, tmp_path, store):
    settings.MEDIA_ROOT = str(tmp_path)
    for code, name in ((city.CITY_CODE, "演示市"), *city.TOWNS):
        Area.objects.create(code=code, name=name, synthetic=True)
    bureau = Organisation.objects.create(name="演示局", kind="bureau", area_code=city.CITY_CODE)
    for name, role in (
        ("shenpi", Role.APPROVER),
        ("juzhang", Role.LEADER),
        ("jiance", Role.MONITOR),
    ):
        Person.objects.create(
            username=name, name=name, roles=[role.value], area_codes=[city.CITY_CODE], organisation=bureau
        )  # fmt: skip
    for n in range(approval.HELD):
        code = f"91{city.CITY_CODE}MA{n:07d}"
        firm = Enterprise.objects.create(
            code=f"E-{n:04}", name=f"演示厂{n}", area_code=city.TOWNS[n % 9][0], is_key=n % 3 == 0, industry="制鞋",
            uscc=code + credit_check_character(code), synthetic=True,
        )  # fmt: skip
        Outlet.objects.create(
            code=f"E-{n:04}-DA001", name="排气筒", area_code=firm.area_code, parent=firm, number="DA001", medium="gas"
        )  # fmt: skip
    approval.build(timezone.make_naive(timezone.now()))
    mine = [
        book
        for book in all_listings()
        if book.model.__module__.startswith("ecoledger.registers.approval.")
    ]
    assert len(mine) > 20
    # A rating is published by the bureau itself.
    assert {book.key for book in mine if not book.standing().exists()} <= {"agency_rating"}
