"""Every legal limit of enforcement counted by hand, with its article; and clocks that go by steps, dates and kinds."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.conftest import NORTH
from tests.path.house import PNG

from ecoledger.matters import actions
from ecoledger.matters.actions import Upload
from ecoledger.matters.clocks import local
from ecoledger.registers.enforcement.seizures import REGISTER as SEIZURES
from ecoledger.registers.enforcement.seizures import SeizedThing
from ecoledger.registers.enforcement.transfers import REGISTER as TRANSFERS
from ecoledger.standards.time_limits import Suspension, deadline

# 2026: 春节 2-15 to 2-23 (working 2-14, 2-28), 劳动节 5-1 to 5-5 (5-9), 端午 6-19 to 6-21, 中秋 9-25 to 9-27,
# 国庆 10-1 to 10-7 (9-20, 10-10).
BY_HAND = [
    # limit, trigger, granted, suspended, last day, article
    ("penalty-filing", date(2026, 11, 20), (), (), date(2026, 12, 7), "第18条"),
    ("penalty-filing", date(2026, 11, 20), (15,), (), date(2026, 12, 21), "第18条"),
    ("penalty-evidence-registration", date(2026, 9, 23), (), (), date(2026, 10, 10), "第56条"),
    ("penalty-statement", date(2026, 9, 30), (), (), date(2026, 10, 13), ""),
    ("penalty-hearing-request", date(2026, 9, 30), (), (), date(2026, 10, 13), "第64条第1项"),
    ("penalty-hearing-notice", date(2026, 10, 12), (), (), date(2026, 9, 24), "第64条第2项"),
    ("penalty-decision", date(2026, 3, 2), (), (), date(2026, 6, 1), "第57条"),
    ("penalty-decision", date(2026, 3, 2), (30,), (), date(2026, 6, 30), "第57条"),
    ("penalty-decision", date(2026, 3, 2), (30, 30), (), date(2026, 7, 30), "第57条"),
    ("penalty-decision", date(2026, 3, 2), (), ((date(2026, 4, 1), date(2026, 4, 10)),), date(2026, 6, 10), "第57条"),
    ("penalty-delivery", date(2026, 2, 12), (), (), date(2026, 2, 28), "第61条"),
    ("penalty-payment", date(2026, 9, 22), (), (), date(2026, 10, 8), "第67条"),
    ("penalty-disclosure", date(2026, 6, 15), (), (), date(2026, 6, 25), ""),
    ("penalty-demand", date(2026, 4, 28), (), (), date(2026, 5, 14), "第54条"),
    ("reconsideration-application", date(2026, 3, 2), (), (), date(2026, 5, 6), "第20条"),
    ("litigation", date(2026, 3, 31), (), (), date(2026, 9, 30), "第46条"),
    ("seizure", date(2026, 9, 1), (), (), date(2026, 10, 1), "第25条"),
    ("seizure", date(2026, 9, 1), (30,), (), date(2026, 10, 31), "第25条"),
    ("seizure", date(2026, 9, 1), (), ((date(2026, 9, 10), date(2026, 9, 14)),), date(2026, 10, 6), "第25条"),
    ("seizure-release-check", date(2026, 4, 30), (), (), date(2026, 5, 11), ""),
    ("seizure-release-delivery", date(2026, 4, 30), (), (), date(2026, 5, 8), ""),
    ("daily-penalty-recheck", date(2026, 9, 2), (), (), date(2026, 10, 8), ""),
    ("detention-transfer", date(2026, 4, 3), (), (), date(2026, 4, 9), ""),
    ("crime-transfer-decision", date(2026, 6, 17), (), (), date(2026, 6, 22), ""),
    ("police-filing", date(2026, 3, 2), (), (), date(2026, 3, 5), ""),
    ("police-filing", date(2026, 3, 2), (4,), (), date(2026, 3, 9), ""),
    ("case-archive", date(2026, 1, 5), (), (), date(2026, 2, 4), ""),
    ("penalty-prescription", date(2026, 8, 20), (), (), date(2028, 8, 20), "第1054条"),
    ("penalty-prescription-harm", date(2026, 8, 20), (), (), date(2031, 8, 20), "第1054条"),
    ("damage-first-check", date(2026, 3, 2), (), (), date(2026, 4, 1), ""),
]  # fmt: skip


@pytest.mark.parametrize(("key", "trigger", "granted", "suspended", "last", "article"), BY_HAND)
def test_a_limit_ends_on_the_day_counted_by_hand(key, trigger, granted, suspended, last, article):
    pauses = [Suspension(first, end) for first, end in suspended]
    found = deadline(trigger, key, extensions=granted, suspended=pauses)
    assert found.due_day == last, found.explanation
    assert found.basis.endswith(article)
    assert not found.provisional


def test_hours_run_through_holidays_and_an_unannounced_year_is_provisional():
    handed = deadline(datetime(2026, 10, 1, 9, 0), "police-transfer")
    assert handed.due == datetime(2026, 10, 2, 9, 0)
    # 31 December is the first working day; the rest lies in a year without announced holidays.
    soon = deadline(date(2026, 12, 30), "penalty-statement")
    assert soon.provisional
    assert "2027" in soon.reason
    # The last day of a shorter month, a Sunday, in that year.
    court = deadline(date(2026, 11, 30), "penalty-court-application")
    assert court.due_day == date(2027, 3, 1)
    assert court.provisional


def file():
    return Upload(SimpleUploadedFile("照片.png", PNG, "image/png"))


@pytest.mark.django_db
def test_a_clock_goes_by_steps_and_counts_from_the_day_that_is_said(bureau, settings, tmp_path):
    """The seizure runs from its own day; the check of a release from the request, until it is answered."""
    settings.MEDIA_ROOT = str(tmp_path)
    values = {"title": "设备", "party": "某厂", "area_code": NORTH}
    row = actions.open_matter(SEIZURES, values, by=bureau.officer)
    SeizedThing.objects.create(seizure_id=row.pk, name="电镀槽", quantity="2个")
    actions.perform(row.pk, "approve", by=bureau.leader, form={"ground": "evasion"})
    actions.perform(
        row.pk, "seize", by=bureau.officer, form={"seized_on": "2026-09-01"}, files=[file()]
    )

    def clock(name):
        return row.clocks.filter(name=name).order_by("-id").first()

    assert local(clock("seizure").due).date() == date(2026, 10, 1)
    assert clock("release_check") is None
    actions.perform(
        row.pk, "ask_release", by=bureau.officer, form={"asked_release_on": "2026-04-30"}
    )
    assert local(clock("release_check").due).date() == date(2026, 5, 11)
    assert clock("release_check").running
    actions.perform(row.pk, "answer_release", by=bureau.officer, form={"answer": "仍需查封"})
    assert not clock("release_check").running
    assert clock("seizure").running
    actions.perform(
        row.pk, "ask_release", by=bureau.officer, form={"asked_release_on": "2026-05-06"}
    )
    assert row.clocks.filter(name="release_check").count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "here", "not_here"),
    [("detention", "hand_over", "crime"), ("crime", "crime", "hand_over")],
)
def test_a_clock_is_only_that_of_its_kind(bureau, kind, here, not_here):
    values = {"title": "案", "kind": kind, "ground": "evasion", "party": "某厂", "area_code": NORTH}
    row = actions.open_matter(TRANSFERS, values, by=bureau.officer)
    form = {"decided_on": "2026-04-03", "to": "公安局"}
    actions.perform(row.pk, "approve", by=bureau.leader, form=form)
    names = set(row.clocks.filter(stopped_at=None).values_list("name", flat=True))
    assert here in names
    assert not_here not in names
