"""Closed matters of an earlier ledger come in as facts: dated, chained, marked, and counted as nobody's work."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.utils import timezone

from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, chain, history, inbox, schedule, statistics
from ecoledger.matters.models import Clock, Event, Notice
from ecoledger.matters.register import seen_of
from ecoledger.registers.problems.problem_ledger import REGISTER, Problem


def cst(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


def fact(n: int, **more):
    return {
        "title": f"第{n}件",
        "area_code": "990101001",
        "origin_kind": "provincial",
        "risk": "major" if n % 2 else "normal",
        "opened_at": cst("2023-03-01"),
        "closed_at": cst("2023-11-20"),
        "deadline": cst("2023-12-31").date(),
    } | more


@pytest.fixture
def matters(problem_at, people):
    rows = [fact(n) for n in range(60)] + [fact(60, number="旧〔2023〕7号")]
    return history.enter(REGISTER, rows, by=people["dispatcher"], source="2023年台账.xlsx")


def test_facts_keep_their_dates_and_numbers_and_are_marked(matters):
    first, last = Problem.objects.get(pk=matters[1].pk), Problem.objects.get(pk=matters[-1].pk)
    assert (first.state, first.phase, first.history) == ("closed", "closed", True)
    assert (first.opened_at, first.closed_at) == (cst("2023-03-01"), cst("2023-11-20"))
    assert (first.number, last.number) == ("问题〔2023〕2号", "旧〔2023〕7号")
    assert (first.level, matters[0].level) == ("red", "blue")
    assert Problem.objects.count() == 61


def test_each_has_one_event_and_the_chains_hold(matters, people, problem_at):
    event = Event.objects.get(matter_id=matters[5].pk)
    assert (event.transition, event.label, event.note) == (
        "history",
        "导入的历史",
        "2023年台账.xlsx",
    )
    assert event.form["closed_at"].startswith("2023-11-20")
    actions.note(matters[5].pk, "档案在三楼", by=people["dispatcher"])
    problem_at("新的一件")
    assert chain.first_broken_overall() is None
    assert [chain.first_broken(m.pk) for m in matters if chain.first_broken(m.pk)] == []


def test_a_changed_fact_breaks_the_chain(matters):
    with_raw = Event.objects.filter(matter_id=matters[3].pk)
    super(type(with_raw), with_raw).update(note="改过")
    assert chain.first_broken(matters[3].pk).why == "内容与校验值不符"
    assert chain.first_broken_overall() is not None


def test_they_start_no_clock_tell_nobody_and_wait_for_nobody(matters, people):
    assert not Clock.objects.exists()
    assert not Notice.objects.exists()
    assert inbox.load(people["dispatcher"]).waiting == 0
    schedule.remind_and_escalate(timezone.now())
    schedule.daily(timezone.now())
    assert Problem.objects.filter(state="closed").count() == 61
    assert not Notice.objects.exists()


def test_they_count_as_done_but_in_no_rate_of_time(matters):
    counted = statistics.by_name(
        statistics.of(REGISTER, Problem.objects.all(), timezone.now(), seen_of(None))
    )
    assert counted["done"].value == 61
    assert (counted["on_time"].value, counted["on_time"].denominator) == (None, 0)
    assert statistics.stage_durations(REGISTER, Problem.objects.all()) == []


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"closed_at": None}, "没有办结日期"),
        ({"closed_at": cst("2099-01-01")}, "在今天之后"),
        ({"opened_at": cst("2024-01-01")}, "登记日期在办结日期之后"),
        ({"area_code": "880101"}, "不在您的数据范围内"),
    ],
)
def test_what_cannot_be_a_fact_of_the_past_is_refused_and_none_is_kept(
    problem_at, people, more, why
):
    rows = [fact(0), fact(1, **more)]
    assert why in history.refusal(rows[1], people["dispatcher"], timezone.now())
    with pytest.raises(Refused, match=why):
        history.enter(REGISTER, rows, by=people["dispatcher"], source="台账.xlsx")
    assert not Problem.objects.exists()


def test_who_may_not_open_matters_brings_no_history(bureau, people):
    with pytest.raises(Refused) as refused:
        history.enter(REGISTER, [fact(0)], by=people["enterprise"], source="台账.xlsx")
    assert refused.value.code == "role"


def test_restricted_origins_stay_restricted(bureau, people):
    (matter,) = history.enter(
        REGISTER, [fact(0, origin_kind="discipline")], by=people["dispatcher"], source="x"
    )
    assert matter.circulation == "restricted"
    assert not REGISTER.visible_to(people["monitor"]).filter(pk=matter.pk).exists()
