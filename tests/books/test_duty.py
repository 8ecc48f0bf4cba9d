"""Duties: the terms of a year, what is owed in them, who is reminded, and what fulfils them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.accounts import audit
from ecoledger.accounts.models import AuditEntry
from ecoledger.accounts.roles import Role
from ecoledger.books import duty as duties
from ecoledger.books.duty import Duty, Every
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry, Obligation
from ecoledger.entities.models import Entity
from ecoledger.listings import selecting
from ecoledger.listings.refusals import Refused
from ecoledger.matters.models import Notice

pytestmark = pytest.mark.django_db


@given(st.sampled_from(Every), st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_terms_follow_each_other_without_gap_or_overlap(every, day):
    term = duties.term_of(every, day)
    assert term.begin <= day <= term.end
    after = duties.term_of(every, term.end + timedelta(days=1))
    assert after.begin == term.end + timedelta(days=1)


@pytest.fixture
def station_check(bureau, declared):
    return declared(
        Duty(
            key="test_check",
            label="站点检查",
            objects=lambda: Entity.objects.filter(kind="station", code__startswith="A-"),
            every=Every.MONTH,
            due_after=0,
            remind_before=5,
            owed_by=frozenset({Role.MONITOR}),
            columns=("entity", "due", "state"),
        )
    )


def at(day):
    return timezone.make_aware(datetime(day.year, day.month, day.day, 9))


def test_each_thing_owes_once_a_term(station_check):
    assert duties.extend(station_check, date(2026, 11, 28)) == 4
    assert duties.extend(station_check, date(2026, 11, 29)) == 0
    assert duties.extend(station_check, date(2026, 12, 1)) == 4
    terms = set(Obligation.objects.values_list("begin", "end", "due"))
    assert (date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 30)) in terms


def test_reminded_once_before_and_told_once_after(station_check, bureau):
    duties.extend(station_check, date(2026, 11, 2))
    assert duties.remind(station_check, at(date(2026, 11, 24))) == 0
    assert duties.remind(station_check, at(date(2026, 11, 25))) == 4
    assert duties.remind(station_check, at(date(2026, 11, 26))) == 0
    assert duties.remind(station_check, at(date(2026, 12, 1))) == 4
    assert duties.remind(station_check, at(date(2026, 12, 2))) == 0
    texts = Notice.objects.filter(person=bureau.monitor).values_list("text", flat=True)
    assert "站点检查：1号空气站 须在 2026-11-30 前完成" in texts
    assert "站点检查：1号空气站 已超期，期限 2026-11-30" in texts


def test_what_was_not_done_is_said_to_be_overdue_by_the_day(station_check, bureau, client):
    """Nothing but the day makes it so; the line's page counts it beside what is owed within a week."""
    today = timezone.localdate()
    things = station_check.objects().order_by("code")
    for thing, days in zip(things, (-30, -1, 3, 9), strict=True):
        Obligation.objects.create(
            book=station_check.key, entity=thing, area_code=thing.area_code, begin=today - timedelta(days=60),
            end=today, due=today + timedelta(days=days),
        )  # fmt: skip
    said = {
        flag: selecting.select(station_check, bureau.leader, {flag: "1"}).count()
        for flag in ("overdue", "week")
    }
    assert said == {"overdue": 2, "week": 1}
    assert duties.owed_soon([station_check], bureau.leader)["test_check"] | {"book": ""} == said | {
        "book": ""
    }
    client.force_login(bureau.leader)
    page = client.get(f"{station_check.url}?overdue=1").content.decode()
    assert "未到期" not in page
    assert page.count(">超期</span>") == 2


def test_completion_counts_late_apart_and_leaves_the_excused_out(station_check, bureau):
    duties.extend(station_check, date(2026, 11, 2))
    first, second, third, _fourth = Obligation.objects.order_by("entity__code")
    duties.fulfil(station_check, first, by=bureau.monitor, on=date(2026, 11, 30))
    duties.fulfil(station_check, second, by=bureau.monitor, on=date(2026, 12, 3))
    duties.waive(station_check, third, by=bureau.leader, reason="站点搬迁")
    seen = duties.completion(Obligation.objects.all(), date(2026, 12, 4))
    assert seen == duties.Completion(owed=3, in_time=1, late=1, open=0, overdue=1, waived=1)
    with pytest.raises(Refused, match="这一期已免除"):
        duties.fulfil(station_check, third, by=bureau.monitor)
    with pytest.raises(Refused, match="没有写明理由"):
        duties.waive(station_check, _fourth, by=bureau.leader, reason=" ")


def test_a_date_kept_in_the_thing_itself_is_a_term(bureau, declared):
    class Licence:
        """Stands for any thing with an end of validity."""

        valid_until = date(2026, 12, 31)

    expiry = declared(
        Duty(
            key="test_expiry",
            label="许可证延续",
            objects=Entity.objects.none,
            until="valid_until",
            due_after=-60,
            remind_before=30,
            columns=("entity", "due"),
        )
    )
    due = date(2026, 11, 1)
    assert list(duties.terms(expiry, Licence(), due - timedelta(days=31))) == []
    (term,) = duties.terms(expiry, Licence(), due - timedelta(days=30))
    assert term.due == due


def test_entries_of_a_table_fulfil_as_one_by_one_do(bureau, declared):
    log = declared(Log(key="test_rounds", label="巡查", model=LogEntry, columns=("entity", "at")))
    duty = declared(
        Duty(
            key="test_round",
            label="每周巡查",
            objects=lambda: Entity.objects.filter(pk=bureau.enterprise.pk),
            every=Every.WEEK,
            fulfilled_by="test_rounds",
            columns=("entity", "due", "state"),
        )
    )
    duties.extend(duty, date(2026, 11, 25))
    rows = [
        ({"entity": bureau.enterprise, "at": at(day)}, None)
        for day in (date(2026, 11, 18), date(2026, 11, 26))
    ]
    before, after = log.import_rows(rows, None, bureau.monitor, at(date(2026, 11, 27)))
    assert (before.area_code, after.by) == (bureau.enterprise.area_code, bureau.monitor)
    owed = Obligation.objects.get(book="test_round")
    assert (owed.state, owed.entry_id, owed.done_on) == ("done", after.pk, date(2026, 11, 26))
    assert audit.first_broken() is None


def test_what_is_owed_of_a_day_is_of_that_day_and_may_have_been_done_before_it_was_owed(
    bureau, declared
):
    """A weight of today does not stand for the one that nobody took yesterday."""
    log = declared(Log(key="test_weights", label="称重", model=LogEntry, columns=("entity", "at")))
    duty = declared(
        Duty(
            key="test_weighing",
            label="每日称重",
            objects=lambda: Entity.objects.filter(pk=bureau.enterprise.pk),
            every=Every.DAY,
            due_after=1,
            fulfilled_by="test_weights",
            columns=("entity", "due", "state"),
        )
    )
    today = date(2026, 11, 26)
    log.open_row({"entity": bureau.enterprise, "at": at(today)}, bureau.monitor, at(today))
    assert duties.extend(duty, today) == 2
    states = dict(Obligation.objects.filter(book="test_weighing").values_list("begin", "state"))
    assert states == {today - timedelta(days=1): "due", today: "done"}
    # Who made the entry does nothing now: the system has found it.
    (said,) = AuditEntry.objects.filter(action="test_weighing.done")
    assert (said.person, said.details["who"]) == (None, bureau.monitor.name)
    late = today - timedelta(days=1)
    log.open_row({"entity": bureau.enterprise, "at": at(late)}, bureau.monitor, at(today))
    assert not Obligation.objects.filter(book="test_weighing", state="due").exists()


def test_what_breaks_one_duty_stops_neither_the_others_nor_an_import(
    station_check, bureau, declared, caplog
):
    def broken():
        raise RuntimeError("no things")

    declared(Duty(key="test_broken", label="坏的", objects=broken, every=Every.DAY))
    declared(Duty(key="test_after", label="之后", objects=station_check.objects, every=Every.YEAR))
    duties.daily(at(date(2026, 11, 28)))
    assert Obligation.objects.filter(book="test_after").count() == 4
    Obligation.objects.all().delete()
    duties.after_import(None)
    assert Obligation.objects.filter(book="test_after").count() == 4
    assert "the duty test_broken was left out" in caplog.text


def test_a_thing_whose_term_cannot_be_reckoned_is_left_out(station_check, declared, monkeypatch):
    first = station_check.objects().order_by("code").first()

    def terms(duty, entity, today):
        if entity.pk == first.pk:
            raise OverflowError
        yield duties.term_of(Every.MONTH, today)

    monkeypatch.setattr(duties, "terms", terms)
    assert duties.extend(station_check, date(2026, 11, 28)) == 3
