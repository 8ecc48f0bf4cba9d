"""A person hears of so many alarms a day one by one; the rest come in a digest, and red is never held back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from tests.registers.test_alarm_case import alarm_at, cst, open_from_alarm, rule  # noqa: F401

from ecoledger.matters.models import Notice
from ecoledger.outbox import posting
from ecoledger.outbox.models import Channel
from ecoledger.registers.alarms import economy
from ecoledger.registers.alarms.alarm_case import opening

TEN = cst("2026-11-16T10:00:00")
EVENING = cst("2026-11-16T16:40:00")


@pytest.fixture(autouse=True)
def two_a_day(settings, tmp_path):
    (tmp_path / "alarm_steps.toml").write_text(
        'ask_first = false\na_person_a_day = 2\nalways_told = ["red"]\ndigest_at = ["16:30"]\n',
        encoding="utf-8",
    )
    settings.PROFILE = tmp_path


def opened(alarm_at, number: int, **more):  # noqa: F811
    """A case of its own: another parameter each."""
    at = TEN + timedelta(minutes=number)
    return open_from_alarm(
        alarm_at("2026-11-16T09:00:00", parameter=f"a2100{number}", **more), at=at
    )


def mine(person):
    return Notice.objects.filter(person=person)


def test_the_third_alarm_of_a_day_waits_for_the_digest(people, alarm_at):  # noqa: F811
    cases = [opened(alarm_at, n) for n in range(4)]
    monitor = people["monitor"]
    assert [n.in_digest for n in mine(monitor).order_by("pk")] == [False, False, True, True]
    # Nothing is sent before its time, and nothing twice.
    assert economy.send_digest(cst("2026-11-16T16:00:00")) == 0
    assert economy.send_digest(EVENING) >= 1
    digest = mine(monitor).get(text__startswith="预警汇总")
    assert "2 条" in digest.text
    assert {n.matter_id for n in digest.gathered.all()} == {case.pk for case in cases[2:]}
    assert economy.send_digest(EVENING + timedelta(minutes=5)) == 0
    # All four cases are the person's work all the same.
    assert {case.state for case in cases} == {"verify"}


def test_a_new_day_begins_anew(people, alarm_at):  # noqa: F811
    for n in range(3):
        opened(alarm_at, n)
    tomorrow = alarm_at("2026-11-17T09:00:00", parameter="a21026")
    open_from_alarm(tomorrow, at=TEN + timedelta(days=1))
    assert not mine(people["monitor"]).latest("pk").in_digest


def test_red_is_told_at_once_and_what_turns_red_too(people, alarm_at):  # noqa: F811
    for n in range(3):
        opened(alarm_at, n)
    opened(alarm_at, 4, level="red")
    newest = mine(people["monitor"]).latest("pk")
    assert not newest.in_digest
    held = mine(people["monitor"]).get(in_digest=True)
    alarm = held.matter.as_alarm_case.joined.get().alarm
    alarm.level = "red"
    alarm.save()
    opening.repeated(alarm)
    told = mine(people["monitor"]).filter(matter=held.matter).latest("pk")
    assert (told.in_digest, told.urgency) == (False, "soon")


def test_the_outbox_sends_the_digest_and_says_how_many_it_holds(people, alarm_at):  # noqa: F811
    monitor = people["monitor"]
    monitor.email = "monitor@example.org"
    monitor.save()
    before = Notice.objects.create(person=monitor, text="从前的事")
    Channel.objects.create(
        name="邮件", kind="email", role="monitor", area_code="990101", least="info",
        digest_minutes=0, last_notice=before.pk,
    )  # fmt: skip
    for n in range(5):
        opened(alarm_at, n)
    channel = Channel.objects.get()
    posting.gather(channel, TEN + timedelta(hours=1))
    message = channel.messages.get()
    assert (message.notices, message.gathered) == (2, 0)
    economy.send_digest(EVENING)
    channel.refresh_from_db()
    posting.gather(channel, EVENING + timedelta(minutes=1))
    message = channel.messages.latest("pk")
    assert (message.notices, message.gathered) == (1, 3)
    assert "预警汇总3条" in message.text


def test_pages_say_what_was_held_back(people, alarm_at, rule, client):  # noqa: F811
    from django.utils import timezone

    now = timezone.now()
    for n in range(3):
        open_from_alarm(alarm_at("2026-11-16T09:00:00", parameter=f"a2100{n}"), at=now)
    client.force_login(people["monitor"])
    page = client.get(reverse("notices")).content.decode()
    assert "归入汇总" in page
    assert "预警 1 条" in page
    about_rule = client.get(reverse("rule", args=[rule.pk])).content.decode()
    held = Notice.objects.filter(in_digest=True).count()
    assert held >= 1
    assert f"归入汇总 {held} 条" in about_rule


def test_no_bound_where_the_bureau_sets_none(people, alarm_at, settings, tmp_path):  # noqa: F811
    (tmp_path / "alarm_steps.toml").write_text(
        "ask_first = false\na_person_a_day = 0\n", encoding="utf-8"
    )
    for n in range(5):
        opened(alarm_at, n)
    assert not Notice.objects.filter(in_digest=True).exists()
