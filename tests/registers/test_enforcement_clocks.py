"""Every legal limit of enforcement counted by hand, with its article; and clocks that go by steps, dates and kinds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import localdate
from tests.conftest import NORTH
from tests.path.house import PNG

from ecoledger.matters import actions, chain
from ecoledger.matters.actions import Refused, Upload
from ecoledger.matters.clocks import local
from ecoledger.registers.complaints.register import REGISTER as COMPLAINTS
from ecoledger.registers.enforcement.correction_orders import REGISTER as ORDERS
from ecoledger.registers.enforcement.seizures import REGISTER as SEIZURES
from ecoledger.registers.enforcement.seizures import SeizedThing
from ecoledger.registers.enforcement.transfers import REGISTER as TRANSFERS
from ecoledger.standards.time_limits import Suspension, deadline

TIME = ZoneInfo("Asia/Shanghai")
# 2026: 春节 2-15 to 2-23 (working 2-14, 2-28), 劳动节 5-1 to 5-5 (5-9), 端午 6-19 to 6-21, 中秋 9-25 to 9-27,
# 清明 4-4 to 4-6, 国庆 10-1 to 10-7 (9-20, 10-10).
BY_HAND = [
    # limit, trigger, granted, suspended, last day, article (the act, where its text was read without its number)
    ("penalty-filing", date(2026, 11, 20), (), (), date(2026, 12, 7), "第18条"),
    ("penalty-filing", date(2026, 11, 20), (15,), (), date(2026, 12, 21), "第18条"),
    ("penalty-evidence-registration", date(2026, 9, 23), (), (), date(2026, 10, 10), "第56条"),
    ("penalty-statement", date(2026, 9, 30), (), (), date(2026, 10, 13), "第44条"),
    ("penalty-hearing-request", date(2026, 9, 30), (), (), date(2026, 10, 13), "第64条第1项"),
    ("penalty-hearing-notice", date(2026, 10, 12), (), (), date(2026, 9, 24), "第64条第2项"),
    ("penalty-decision", date(2026, 3, 2), (), (), date(2026, 6, 1), "第57条"),
    ("penalty-decision", date(2026, 3, 2), (30,), (), date(2026, 6, 30), "第57条"),
    ("penalty-decision", date(2026, 3, 2), (30, 30), (), date(2026, 7, 30), "第57条"),
    ("penalty-decision", date(2026, 3, 2), (), ((date(2026, 4, 1), date(2026, 4, 10)),), date(2026, 6, 10), "第57条"),
    # Longer by a head and not counted for ten days at once.
    ("penalty-decision", date(2026, 3, 2), (30,), ((date(2026, 4, 1), date(2026, 4, 10)),), date(2026, 7, 10), "第57条"),
    ("seizure", date(2026, 9, 1), (30,), ((date(2026, 9, 10), date(2026, 9, 14)),), date(2026, 11, 5), "第25条"),
    # By public notice: the thirtieth day is a Saturday at work; one in the holiday moves behind it.
    ("penalty-public-notice", date(2026, 9, 10), (), (), date(2026, 10, 10), "第95条"),
    ("penalty-public-notice", date(2026, 9, 2), (), (), date(2026, 10, 8), "第95条"),
    ("penalty-delivery", date(2026, 2, 12), (), (), date(2026, 2, 28), "第61条"),
    ("penalty-payment", date(2026, 9, 22), (), (), date(2026, 10, 8), "第67条"),
    ("penalty-disclosure", date(2026, 6, 15), (), (), date(2026, 6, 25), "第63条"),
    ("penalty-demand", date(2026, 4, 28), (), (), date(2026, 5, 14), "第54条"),
    ("reconsideration-application", date(2026, 3, 2), (), (), date(2026, 5, 6), "第20条"),
    ("litigation", date(2026, 3, 31), (), (), date(2026, 9, 30), "第46条"),
    ("seizure", date(2026, 9, 1), (), (), date(2026, 10, 1), "第25条"),
    ("seizure", date(2026, 9, 1), (30,), (), date(2026, 10, 31), "第25条"),
    ("seizure", date(2026, 9, 1), (), ((date(2026, 9, 10), date(2026, 9, 14)),), date(2026, 10, 6), "第25条"),
    ("seizure-release-check", date(2026, 4, 30), (), (), date(2026, 5, 11), "第19条"),
    ("seizure-release-delivery", date(2026, 4, 30), (), (), date(2026, 5, 8), "第21条"),
    ("daily-penalty-recheck", date(2026, 9, 2), (), (), date(2026, 10, 8), "第10条"),
    ("detention-transfer", date(2026, 4, 3), (), (), date(2026, 4, 9), "第12条"),
    ("crime-transfer-decision", date(2026, 6, 17), (), (), date(2026, 6, 22), "第5条"),
    ("police-filing", date(2026, 3, 2), (), (), date(2026, 3, 5), "第9条"),
    ("police-filing", date(2026, 3, 2), (4,), (), date(2026, 3, 9), "第9条"),
    ("police-review", date(2026, 4, 30), (), (), date(2026, 5, 8), "第11条"),
    ("procurator-opinion", date(2026, 4, 30), (), (), date(2026, 5, 6), "第14条"),
    ("case-archive", date(2026, 1, 5), (), (), date(2026, 2, 4), "（部令第30号）"),
    ("penalty-prescription", date(2026, 8, 20), (), (), date(2028, 8, 20), "第1054条"),
    ("penalty-prescription-harm", date(2026, 8, 20), (), (), date(2031, 8, 20), "第1054条"),
    ("damage-first-check", date(2026, 3, 2), (), (), date(2026, 4, 1), "（环法规〔2022〕31号）"),
    # 90 days end in the national holiday, 30 in that of 端午.
    ("damage-consultation", date(2026, 7, 3), (), (), date(2026, 10, 8), "（环法规〔2022〕31号）"),
    ("damage-judicial-confirmation", date(2026, 5, 20), (), (), date(2026, 6, 22), "（环法规〔2022〕31号）"),
    # Decisions and money on the spot; 9-20 is a Sunday at work.
    ("penalty-summary-filing", date(2026, 9, 18), (), (), date(2026, 9, 22), "第67至68条"),
    ("penalty-hand-in", date(2026, 4, 30), (), (), date(2026, 5, 7), "第71条"),
    ("penalty-disclosure-withdrawal", date(2026, 9, 24), (), (), date(2026, 9, 30), "第48条"),
    ("instalment-answer", date(2026, 2, 1), (), (), date(2026, 2, 24), "第74条"),
    # Remedies and the court.
    ("litigation-after-reconsideration", date(2026, 9, 21), (), (), date(2026, 10, 8), "第45条"),
    ("appeal", date(2026, 4, 20), (), (), date(2026, 5, 6), "第85条"),
    ("penalty-court-application", date(2026, 6, 30), (), (), date(2026, 9, 30), "第53条"),
    ("penalty-court-application", date(2026, 7, 5), (), (), date(2026, 10, 8), "第53条"),
    ("court-refusal-review", date(2026, 9, 18), (), (), date(2026, 10, 8), "第56条"),
    # Limits and halts of production: the term itself does not move off a holiday.
    ("production-limit", date(2026, 7, 2), (), (), date(2026, 10, 2), "第15条"),
    ("production-limit", date(2026, 2, 2), (3,), (), date(2026, 8, 2), "第15条"),
    ("production-limit-plan", date(2026, 9, 21), (), (), date(2026, 10, 19), "第16条"),
    ("production-limit-follow-up", date(2026, 9, 3), (), (), date(2026, 10, 8), "第20条"),
    # Complaints: passing on over 劳动节, and over 春节 with its Saturday at work.
    ("complaint-forward", date(2026, 4, 30), (), (), date(2026, 5, 8), "第9至10条"),
    ("complaint-forward", date(2026, 2, 13), (), (), date(2026, 2, 25), "第9至10条"),
    ("complaint-acceptance", date(2026, 9, 17), (), (), date(2026, 10, 8), "第8条"),
    ("complaint-closing", date(2026, 3, 2), (), (), date(2026, 5, 6), "第11条"),
    ("complaint-closing", date(2026, 3, 2), (30,), (), date(2026, 6, 1), "第11条"),
    # Before somebody does it in the party's place: three working days back over 国庆, over 劳动节, over 端午.
    ("substitute-demand", date(2026, 10, 9), (), (), date(2026, 9, 29), "第51条"),
    ("substitute-demand", date(2026, 5, 7), (), (), date(2026, 4, 29), "第51条"),
    ("substitute-demand", date(2026, 6, 22), (), (), date(2026, 6, 16), "第51条"),
    # The order after the report: 9-20 is a Sunday at work, 劳动节 is not.
    ("daily-penalty-order", date(2026, 9, 18), (), (), date(2026, 9, 22), "第8条"),
    ("daily-penalty-order", date(2026, 4, 30), (), (), date(2026, 5, 8), "第8条"),
    # Claimed within 60 days of the notice; the last day in 国庆 moves behind it, a Saturday to Monday.
    ("seizure-claim", date(2026, 8, 3), (), (), date(2026, 10, 8), "第21条"),
    ("seizure-claim", date(2026, 3, 4), (), (), date(2026, 5, 6), "第21条"),
    ("seizure-claim", date(2026, 9, 22), (), (), date(2026, 11, 23), "第21条"),
    # Petitions; 2-14 and 9-20 are days at work on a weekend, there the term ends.
    ("petition-registration", date(2026, 6, 5), (), (), date(2026, 6, 22), "第22条"),
    ("petition-acceptance", date(2026, 3, 2), (), (), date(2026, 3, 17), "第23条"),
    ("petition-closing", date(2026, 7, 1), (), (), date(2026, 8, 31), "第34条"),
    ("petition-closing", date(2026, 7, 1), (30,), (), date(2026, 9, 29), "第34条"),
    ("petition-review-request", date(2026, 5, 22), (), (), date(2026, 6, 22), "第35条"),
    ("petition-review", date(2026, 3, 6), (), (), date(2026, 4, 7), "第35条"),
    ("petition-final-request", date(2026, 1, 15), (), (), date(2026, 2, 14), "第36条"),
    ("petition-final", date(2026, 8, 21), (), (), date(2026, 9, 20), "第36条"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "trigger", "granted", "suspended", "last", "article"), BY_HAND)
def test_a_limit_ends_on_the_day_counted_by_hand(key, trigger, granted, suspended, last, article):
    pauses = [Suspension(first, end) for first, end in suspended]
    found = deadline(trigger, key, extensions=granted, suspended=pauses)
    assert found.due_day == last, found.explanation
    assert article
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


def test_what_was_done_at_once_is_approved_within_24_hours_through_any_holiday():
    late = deadline(datetime(2026, 9, 30, 21, 40), "seizure-urgent-approval")
    assert late.due == datetime(2026, 10, 1, 21, 40)
    assert late.basis.endswith("第19条")
    over = deadline(datetime(2026, 12, 31, 23, 30), "seizure-urgent-approval")
    assert over.due == datetime(2027, 1, 1, 23, 30)
    assert not over.provisional


@pytest.mark.parametrize(
    "key", ["seizure-claim", "substitute-demand", "daily-penalty-order", "seizure-release-delivery", "police-review"]
)  # fmt: skip
def test_what_nobody_may_extend_is_not_extended(key):
    """The law knows no longer term of these."""
    with pytest.raises(ValueError, match="allows 0 extension"):
        deadline(date(2026, 9, 1), key, extensions=(1,))


STOPPED = [
    # limit, trigger, days that do not count, last day
    ("seizure-claim", date(2026, 8, 3), (date(2026, 8, 10), date(2026, 8, 14)), date(2026, 10, 8)),
    ("daily-penalty-order", date(2026, 9, 18), (date(2026, 9, 20), date(2026, 9, 21)), date(2026, 9, 24)),
    ("seizure-release-delivery", date(2026, 4, 30), (date(2026, 5, 6), date(2026, 5, 7)), date(2026, 5, 11)),
    ("production-limit-plan", date(2026, 9, 21), (date(2026, 9, 28), date(2026, 9, 30)), date(2026, 10, 22)),
]  # fmt: skip


@pytest.mark.parametrize(("key", "trigger", "rests", "last"), STOPPED)
def test_days_that_do_not_count_move_the_later_limits_too(key, trigger, rests, last):
    found = deadline(trigger, key, suspended=[Suspension(*rests)])
    assert found.due_day == last, found.explanation


def test_hours_of_a_stop_do_not_count_towards_the_24():
    pause = Suspension(datetime(2026, 10, 1, 0, 0), datetime(2026, 10, 1, 6, 0))
    late = deadline(datetime(2026, 9, 30, 21, 40), "seizure-urgent-approval", suspended=[pause])
    assert late.due == datetime(2026, 10, 2, 3, 40)
    with pytest.raises(ValueError, match="allows 0 extension"):
        deadline(datetime(2026, 9, 30, 21, 40), "seizure-urgent-approval", extensions=(24,))


UNANNOUNCED = [
    # limit, trigger, last day as it stands while the year's holidays are not announced
    ("petition-closing", date(2026, 11, 20), date(2027, 1, 19)),
    # Weekdays are taken as days at work until they are: 1 January counts.
    ("complaint-forward", date(2026, 12, 30), date(2027, 1, 4)),
    ("damage-consultation", date(2026, 10, 12), date(2027, 1, 11)),
    ("damage-first-check", date(2026, 12, 4), date(2027, 1, 4)),
    ("production-limit-plan", date(2026, 12, 18), date(2027, 1, 8)),
    ("daily-penalty-order", date(2026, 12, 30), date(2027, 1, 4)),
    ("substitute-demand", date(2027, 1, 5), date(2026, 12, 31)),
    ("seizure-claim", date(2026, 11, 11), date(2027, 1, 11)),
]


@pytest.mark.parametrize(("key", "trigger", "last"), UNANNOUNCED)
def test_a_limit_that_ends_in_a_year_without_announced_holidays_is_provisional(key, trigger, last):
    found = deadline(trigger, key)
    assert found.due_day == last, found.explanation
    assert found.provisional
    assert "2027" in found.reason


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
def test_a_seizure_at_once_is_approved_after_and_what_nobody_claims_waits_its_term(
    bureau, settings, tmp_path
):
    """情况紧急: 24 hours from its hour; released, served within 3 working days or claimed within 60 days of the notice."""
    settings.MEDIA_ROOT = str(tmp_path)
    row = actions.open_matter(SEIZURES, {"title": "无主桶装废液", "area_code": NORTH}, by=bureau.officer)  # fmt: skip
    SeizedThing.objects.create(seizure_id=row.pk, name="废液", quantity="12桶")

    def go(step, who="officer", files=(), **form):
        actions.perform(row.pk, step, by=bureau.people[who], form=form, files=list(files))

    def clock(name):
        return row.clocks.filter(name=name).order_by("-id").first()

    with pytest.raises(Refused, match="不能晚于"):
        go("seize_at_once", files=[file()], seized_at="2099-01-01 10:00", ground="dumping")
    go("seize_at_once", files=[file()], seized_at="2026-09-30 21:40", ground="dumping")
    assert local(clock("paper").due) == datetime(2026, 10, 1, 21, 40)
    assert "第19条" in clock("paper").basis
    # The thirty days run from the measure, not from the approval.
    assert local(clock("seizure").due).date() == date(2026, 10, 30)
    with pytest.raises(Refused):
        go("approve_after", ground="dumping")
    go("approve_after", "leader", ground="dumping")
    assert not clock("paper").running
    assert clock("seizure").running
    go("release", ending="unrelated", released_on="2026-10-09")
    # 9 October is a Friday, the 10th a Saturday at work.
    assert local(clock("release_delivery").due).date() == date(2026, 10, 13)
    go("claim", claim_on=f"{localdate() - timedelta(days=20):%Y-%m-%d}")
    with pytest.raises(Refused, match="招领期到"):
        go("dispose", files=[file()], disposed_on="2026-11-28", disposal="上缴国库")
    type(row).objects.filter(pk=row.pk).update(claim_on=date(2026, 8, 3))
    go("dispose", files=[file()], disposed_on="2026-11-28", disposal="委托有资质单位处置")
    assert actions.find(row.pk, bureau.leader).state == "disposed"


@pytest.mark.django_db
def test_what_should_not_have_been_seized_is_lifted_at_once(bureau, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    row = actions.open_matter(SEIZURES, {"title": "设备", "area_code": NORTH}, by=bureau.officer)
    SeizedThing.objects.create(seizure_id=row.pk, name="电镀槽", quantity="2个")
    form = {"seized_at": "2026-10-08 09:00", "ground": "other"}
    actions.perform(row.pk, "seize_at_once", by=bureau.officer, form=form, files=[file()])
    actions.perform(row.pk, "lift", by=bureau.leader, form={"reason": "情形不符"})
    row = actions.find(row.pk, bureau.leader)
    assert (row.state, row.ending) == ("releasing", "undue")
    assert not row.clocks.filter(name__in=("paper", "seizure"), stopped_at=None).exists()


@pytest.mark.django_db
def test_an_order_follows_its_report_and_somebody_else_acts_only_after_a_demand(
    bureau, settings, tmp_path
):
    settings.MEDIA_ROOT = str(tmp_path)
    values = {
        "title": "污泥倾倒未清理",
        "party": "某厂",
        "area_code": NORTH,
        "report_on": date(2026, 4, 30),
    }
    row = actions.open_matter(ORDERS, values, by=bureau.officer)

    def go(step, files=(), **form):
        actions.perform(row.pk, step, by=bureau.officer, form=form, files=list(files))

    def clock(name):
        return row.clocks.filter(name=name, stopped_at=None).order_by("-id").first()

    # Three working days over 劳动节.
    assert local(clock("order").due).date() == date(2026, 5, 8)
    go("serve", served_on="2026-05-08", demand="清运污泥")
    assert clock("order") is None
    go(
        "persist",
        files=[file()],
        rechecked_on="2026-05-20",
        rechecked="未清理",
        report_on="2026-05-22",
    )
    assert local(clock("order").due).date() == date(2026, 5, 27)
    go(
        "order_substitute",
        substitute_served_on="2026-09-28",
        substitute_by="某环境公司",
        substitute_on="2026-10-09",
    )
    assert local(clock("substitute_demand").due).date() == date(2026, 9, 29)
    with pytest.raises(Refused, match="催告书"):
        go("substituted", files=[file()], substitute_result="清运80吨")
    with pytest.raises(Refused, match="2026-09-29 前送达"):
        go("tell_substitute", substitute_told_on="2026-09-30")
    go("tell_substitute", substitute_told_on="2026-09-29")
    assert clock("substitute_demand") is None
    go("substituted", files=[file()], substitute_result="清运80吨", substitute_cost="42000")
    assert actions.find(row.pk, bureau.leader).state == "done"


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


@pytest.mark.django_db
def test_what_the_procurator_advises_is_handed_over_within_three_days(bureau, settings, tmp_path):
    """衔接工作办法 14: natural days from the opinion, over 劳动节; only of a suspected crime."""
    settings.MEDIA_ROOT = str(tmp_path)
    values = {"title": "案", "ground": "evasion", "party": "某厂", "area_code": NORTH}
    opinion = {
        "decided_on": "2026-04-30",
        "to": "公安局",
        "advised_on": "2026-04-30",
        "opinion": "应当移送",
    }
    rows = {}
    for kind in ("crime", "detention"):
        row = actions.open_matter(TRANSFERS, {**values, "kind": kind}, by=bureau.officer)
        actions.perform(row.pk, "refuse", by=bureau.leader, form={"reason": "证据不足"})
        rows[kind] = row
    with pytest.raises(Refused, match="涉嫌犯罪案件"):
        actions.perform(rows["detention"].pk, "advised", by=bureau.leader, form=opinion)
    row = rows["crime"]
    actions.perform(row.pk, "advised", by=bureau.leader, form=opinion)
    clock = row.clocks.get(name="advised", stopped_at=None)
    # The third day is 3 May, in the holiday: the first day at work after it.
    assert local(clock.due).date() == date(2026, 5, 6)
    assert clock.basis.endswith("第14条")
    row.papers.create(name="案件移送书", count="1份")
    form = {"handed_on": "2026-05-06"}
    actions.perform(row.pk, "hand_over", by=bureau.officer, form=form, files=[file()])
    assert not row.clocks.filter(name="advised", stopped_at=None).exists()


@pytest.mark.django_db
def test_a_complaints_clocks_run_from_its_steps_and_from_what_the_hotline_orders(bureau):
    """Passing on and telling from the day it came; ending from the acceptance; the order's own day beside."""
    came = datetime(2026, 4, 30, 9, 0, tzinfo=TIME)
    values = {"title": "异味", "area_code": NORTH, "opened_at": came, "deadline": date(2026, 5, 20)}
    row = actions.open_matter(COMPLAINTS, values, by=bureau.complaint, at=came)

    def due():
        running = row.clocks.filter(stopped_at=None)
        return {clock.name: local(clock.due).date() for clock in running}

    assert due() == {
        "forward": date(2026, 5, 8),
        "tell": date(2026, 5, 15),
        "ordered": date(2026, 5, 20),
    }
    accepted = datetime(2026, 5, 7, 10, 0, tzinfo=TIME)
    form = {"owner_organisation": bureau.people["town"].organisation.name}
    # Nobody is counted as told in time of whom it is not written down.
    with pytest.raises(Refused) as refused:
        actions.perform(row.pk, "accept", by=bureau.complaint, form=form, at=accepted)
    assert set(refused.value.fields) == {"told"}
    form |= {"told": "已电话告知"}
    actions.perform(row.pk, "accept", by=bureau.complaint, form=form, at=accepted)
    # 60 days from 7 May is 6 July, a Monday.
    assert due() == {"closing": date(2026, 7, 6), "ordered": date(2026, 5, 20)}
    row.refresh_from_db()
    assert local(row.due).date() == date(2026, 5, 20)


@pytest.mark.django_db
@pytest.mark.parametrize("channel", ["letter", "visit"])
def test_a_letter_and_a_visit_go_by_the_law_on_petitions(bureau, channel):
    """信访工作条例: 15 days to pass it on and to tell, 60 to end it; not the three working days of the hotline."""
    came = datetime(2026, 4, 30, 9, 0, tzinfo=TIME)
    values = {"title": "异味", "area_code": NORTH, "opened_at": came, "channel": channel}
    row = actions.open_matter(COMPLAINTS, values, by=bureau.complaint, at=came)

    def running():
        return {c.name: (local(c.due).date(), c.basis) for c in row.clocks.filter(stopped_at=None)}

    assert {name: day for name, (day, _basis) in running().items()} == {
        "petition_forward": date(2026, 5, 15), "petition_tell": date(2026, 5, 15),
    }  # fmt: skip
    form = {"owner_organisation": bureau.people["town"].organisation.name, "told": "已书面告知"}
    actions.perform(row.pk, "accept", by=bureau.complaint, form=form,
                    at=datetime(2026, 5, 7, 10, 0, tzinfo=TIME))  # fmt: skip
    (ending,) = running().values()
    assert ending[0] == date(2026, 7, 6)
    assert ending[1].startswith("信访工作条例")


@pytest.mark.django_db
def test_many_complaints_at_once_have_the_clocks_and_events_of_each_alone(bureau):
    """What a table opens in bulk is what each row would be by itself: dues, number, event, whole chain."""
    came = [datetime(2026, 4, 30, hour, 5, tzinfo=TIME) for hour in (0, 9, 23)]
    came.append(datetime(2026, 2, 13, 12, 0, tzinfo=TIME))
    values = [
        {"title": "异味", "area_code": NORTH, "opened_at": at, "description": "夜间异味",
         **({"deadline": date(2026, 5, 20)} if n == 1 else {})}
        for n, at in enumerate(came)
    ]  # fmt: skip
    alone = [actions.open_matter(COMPLAINTS, v, by=bureau.complaint, at=a) for v, a in zip(values, came, strict=True)]  # fmt: skip
    openings = [actions.Opening(values=v, at=a) for v, a in zip(values, came, strict=True)]
    many = actions.open_many(COMPLAINTS, openings, by=bureau.complaint)

    def told(row):
        row = COMPLAINTS.model.objects.get(pk=row.pk)
        clocks = sorted(
            row.clocks.values_list("name", "due", "length", "unit", "basis", "started_at")
        )
        events = list(row.events.values_list("transition", "label", "to_state", "at", "person"))
        return (row.state, row.phase, row.due, row.opened_at, row.state_since, clocks, events)

    for one, other in zip(alone, many, strict=True):
        assert told(one) == told(other)
    numbers = [row.number for row in (*alone, *many)]
    assert len(set(numbers)) == 8
    assert all(number.startswith("信访〔2026〕") for number in numbers)
    assert chain.first_broken_overall() is None
