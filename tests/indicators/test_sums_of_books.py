"""A share of what rows come to, as of areas, beside a share of rows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from ecoledger.books.models import Obligation
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


def test_polluted_land_of_which_nothing_was_reported_stays_in_the_denominator(bureau):
    one = field(bureau, "大", 900, "safe")
    field(bureau, "未报", 100, "safe")
    FIELD_YEARS.open_row({"field": one, "year": 2026, "achieved": True}, None, timezone.now())
    assert figure(bureau).display == "90.00%"


def test_without_polluted_land_there_is_no_share(bureau):
    one = field(bureau, "净", 900, "protected")
    FIELD_YEARS.open_row({"field": one, "year": 2026, "achieved": True}, None, timezone.now())
    assert figure(bureau).value is None


def test_a_share_of_what_is_owed_says_nothing_before_its_day(bureau):
    """Nothing is done of what nobody had to do yet: that is 未到期, and a nought when the day has passed."""
    tally = of_books.every_tally()["radiation_assessment_due.filed_ratio"]
    today, code = timezone.localdate(), bureau.towns[0].code
    span = Span(today.replace(month=1, day=1), today.replace(year=today.year + 1, month=1, day=1))
    owed = Obligation.objects.create(
        book=tally.book.key, entity=bureau.enterprise, area_code=code, begin=span.begin, end=today,
        due=today + timedelta(days=31),
    )  # fmt: skip
    told = of_books.Counting(tally.book, code[:6], span).figure(tally)
    assert (told.value, told.missing) == (None, "未到期")
    Obligation.objects.filter(pk=owed.pk).update(due=today - timedelta(days=1))
    assert of_books.Counting(tally.book, code[:6], span).figure(tally).parts == "0/1"
