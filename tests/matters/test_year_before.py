"""This year beside the same days of the last: whole days, sums, a leap day, and rows behind each number."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import NORTH

from ecoledger.matters import year_before
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def case(n, decided_on, fine, heaviest="fine"):
    PenaltyCase.objects.create(
        register="penalty_case", number=f"环立〔测〕{n}号", state="closed", phase="closed", area_code=NORTH, title="案",
        filed_on=decided_on, decided_on=decided_on, fine=Decimal(fine), heaviest=heaviest,
    )  # fmt: skip


def test_decisions_and_sums_of_the_same_days():
    case(1, date(2026, 1, 1), 60_000)
    case(2, date(2026, 11, 20), 40_000)
    case(3, date(2026, 11, 21), 70_000)  # after the day
    case(4, date(2025, 11, 20), 80_000)
    case(5, date(2025, 11, 21), 90_000)  # after the same day of last year
    case(6, date(2026, 5, 5), 0, "none")  # not punished
    table = year_before.of(CASES, PenaltyCase.objects.all(), NOW)
    assert [cells for cells, _query in table.rows] == [
        ("立案", "3", "1", "+200.0%"),
        ("作出处罚决定", "2", "1", "+100.0%"),
        ("罚款 万元", "10.00", "8.00", "+25.0%"),
    ]
    assert table.rows[1][1] == "decided=1&decided_on_from=2026-01-01&decided_on_to=2026-11-20&merged=all"  # fmt: skip


def test_the_leap_day_is_compared_with_the_last_of_february():
    case(1, date(2023, 2, 28), 1)
    case(2, date(2024, 2, 29), 1)
    leap = datetime(2024, 2, 29, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    table = year_before.of(CASES, PenaltyCase.objects.all(), leap)
    assert table.rows[0][0] == ("立案", "1", "1", "+0.0%")


def test_of_a_book_begun_this_year_the_year_before_is_not_known():
    case(1, date(2026, 1, 1), 60_000)
    PenaltyCase.objects.update(opened_at=datetime(2026, 1, 1, 9, tzinfo=NOW.tzinfo))
    table = year_before.of(CASES, PenaltyCase.objects.all(), NOW)
    assert table.rows[0][0] == ("立案", "1", "—", "—")
    case(2, date(2024, 5, 5), 10_000)
    table = year_before.of(CASES, PenaltyCase.objects.all(), NOW)
    assert table.rows[0][0] == ("立案", "1", "0", "—")


def test_a_book_without_rows_has_no_table():
    assert year_before.of(PROBLEMS, PROBLEMS.model.objects.all(), NOW) is None
