"""A share of what rows come to, as of areas, beside a share of rows."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from ecoledger.indicators import of_books
from ecoledger.indicators.declaring import Span
from ecoledger.registers.soil.farmland import FIELD_YEARS, FIELDS

pytestmark = pytest.mark.django_db
YEAR = Span(date(2026, 1, 1), date(2027, 1, 1))


def field(bureau, name, mu, category):
    town = bureau.towns[0].code
    row = {"name": name, "area_code": town, "area_mu": mu, "category": category, "land": "paddy"}
    return FIELDS.open_row(row, None, timezone.now())


def figure(bureau):
    tally = of_books.every_tally()["field_year.safe_ratio"]
    return of_books.Counting(FIELD_YEARS, bureau.towns[0].code[:6], YEAR).figure(tally)


def test_a_share_is_of_areas_where_the_tally_adds_them(bureau):
    large, small = field(bureau, "大", 900, "safe"), field(bureau, "小", 100, "strict")
    for one, achieved in ((large, True), (small, False)):
        FIELD_YEARS.open_row(
            {"field": one, "year": 2026, "achieved": achieved}, None, timezone.now()
        )
    found = figure(bureau)
    assert (found.value, found.numerator, found.denominator) == (90, 900, 1000)
    assert found.display == "90.00%"


def test_without_polluted_land_there_is_no_share(bureau):
    one = field(bureau, "净", 900, "protected")
    FIELD_YEARS.open_row({"field": one, "year": 2026, "achieved": True}, None, timezone.now())
    assert figure(bureau).value is None
