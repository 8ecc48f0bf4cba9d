"""A share of what rows come to, as of areas, beside a share of rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from ecoledger.books.models import Obligation
from ecoledger.entities.models import Enterprise
from ecoledger.indicators import of_books
from ecoledger.indicators.declaring import Span
from ecoledger.indicators.records.declaring import Asked, table_of
from ecoledger.matters import actions
from ecoledger.registers.approval.both_reviews import PERMIT_SHARE
from ecoledger.registers.approval.permit_review import open_reviews
from ecoledger.registers.approval.permits import PERMITS, Permit
from ecoledger.registers.soil.farmland import FIELD_YEARS, FIELDS, Field
from ecoledger.web import scoped

pytestmark = pytest.mark.django_db
YEAR = Span(date(2026, 1, 1), date(2027, 1, 1))


LAST = Span(date(2025, 1, 1), date(2026, 1, 1))


def field(bureau, name, mu, category, **more):
    town = bureau.towns[0].code
    row = {"name": name, "area_code": town, "area_mu": mu, "category": category, "land": "paddy"}
    return FIELDS.open_row(row | more, None, timezone.now())


def figure(bureau, span=YEAR):
    tally = of_books.every_tally()["field_year.safe_ratio"]
    return of_books.Counting(FIELD_YEARS, bureau.towns[0].code[:6], span).figure(tally)


def behind(person, found):
    """What the door of a figure shows to somebody."""
    return table_of(found.records.kind)(Asked(found.records.query, person, scoped))


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


def test_a_rate_of_a_year_is_of_the_fields_that_were_there_and_its_door_shows_them(bureau):
    large, small = field(bureau, "大", 900, "safe"), field(bureau, "小", 100, "safe")
    for one, achieved in ((large, True), (small, False)):
        row = {"field": one, "year": 2025, "achieved": achieved}
        FIELD_YEARS.open_row(row, None, timezone.now())
    unreported = field(bureau, "未报", 1000, "safe")
    assert figure(bureau, LAST).parts == "900/2000"
    Field.objects.filter(pk__in=[small.pk, unreported.pk]).update(until=date(2026, 3, 1))
    field(bureau, "新划定", 500, "safe", since=date(2026, 6, 1))
    FIELDS.change_row(
        Field.objects.get(pk=unreported.pk), {"category": "protected"}, None, timezone.now()
    )
    found = figure(bureau, LAST)
    assert found.parts == "900/2000", "what became of the fields since changes no year that is over"
    rows = behind(bureau.people["leader"], found).rows
    shown = {str(row.cells[0].value): (row.cells[1].value, row.cells[2].value) for row in rows}
    assert shown == {"大": (900, True), "小": (100, False), "未报": (1000, "没有填报")}


@pytest.mark.parametrize(
    "span",
    [
        Span(date(2025, 1, 1), date(2025, 1, 2)),
        Span(date(2025, 1, 1), date(2025, 4, 1)),
        Span(date(2025, 4, 1), date(2025, 7, 1)),
        Span(date(2025, 1, 1), date(2027, 1, 1)),
    ],
)
def test_what_is_reckoned_by_years_says_so_of_any_other_span(bureau, span):
    one = field(bureau, "大", 900, "safe")
    FIELD_YEARS.open_row({"field": one, "year": 2025, "achieved": True}, None, timezone.now())
    found = figure(bureau, span)
    assert (found.value, found.missing) == (None, of_books.NO_YEAR)
    assert behind(bureau.people["leader"], found).problem == of_books.NO_YEAR


def permit(bureau, number, since, until=None):
    row = {"parent": bureau.enterprise, "name": f"证{number}", "management": "key",
           "permit_no": f"91350582MA2XXXXX0Y{number:03}P", "valid_from": since}  # fmt: skip
    made = Permit(**row, kind=Permit.KIND, code=f"PW-{number}", area_code=bureau.towns[0].code)
    made.since, made.until = since, until
    made.save()
    return made


def test_the_share_of_a_years_permits_reviewed_is_of_those_in_force_in_it(bureau):
    ended = permit(bureau, 1, date(2024, 1, 1), date(2026, 3, 1))
    going = permit(bureau, 2, date(2024, 1, 1))
    permit(bureau, 3, date(2026, 6, 1))
    begun = open_reviews([ended, going], 2025, by=None, at=timezone.now())
    counting = of_books.Counting(PERMITS, bureau.towns[0].code[:6], LAST)
    assert counting.figure(PERMIT_SHARE).parts == "0/2", (
        "nobody has judged yet what the rules found"
    )
    for one in begun:
        actions.perform(one.pk, "send_back", by=bureau.people["approver"], form={}, files=[])
    found = counting.figure(PERMIT_SHARE)
    assert found.parts == "2/2"
    shown = behind(bureau.people["leader"], found)
    assert set(shown.rows.queryset) == {ended, going}


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


def test_a_sum_of_a_book_in_which_nothing_was_ever_written_is_not_nought(bureau):
    """Once something is, a span without anything comes to nought."""
    tally = of_books.every_tally()["medical_day.kilograms"]
    counting = of_books.Counting(tally.book, bureau.towns[0].code[:6], YEAR)
    assert counting.figure(tally).value is None
    assert counting.figure(tally).missing
    site = Enterprise.objects.get(code="E-1")
    row = {
        "book": tally.book.key,
        "total": 1,
        "entity": site,
        "at": timezone.make_aware(datetime(2025, 5, 1, 8)),
        "area_code": site.area_code,
    }
    tally.book.model.objects.create(**row)
    assert counting.figure(tally).value == 0
