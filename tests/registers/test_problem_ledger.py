"""The problem ledger: walked to its closing, its three denominators, its monthly dispatch."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from ecoledger.accounts.models import Organisation
from ecoledger.matters import actions, schedule
from ecoledger.matters.actions import Refused, Upload
from ecoledger.matters.models import Notice
from ecoledger.matters.register import seen_of
from ecoledger.registers.problems.problem_ledger import REGISTER, completion, remind_of_progress
from ecoledger.registers.problems.problem_ledger import Problem as Row


def cst(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


def photo() -> Upload:
    return Upload(SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 32))


@pytest.fixture
def problem_at(bureau, people):
    def make(title="河岸堆放垃圾", at=None, **values):
        given = {"title": title, "area_code": "990101001", "origin_kind": "central"} | values
        return actions.open_matter(REGISTER, given, by=people["officer"], at=at)

    return make


def do(problem, name, by, at=None, files=(), **form):
    return actions.perform(problem.pk, name, by=by, form=form, files=files, at=at)


def hand_over(problem, people, at=None, deadline="2026-12-31"):
    town = Organisation.objects.get(kind="town")
    return do(
        problem,
        "hand_over",
        people["dispatcher"],
        at,
        owner_organisation=town.pk,
        measures="清运垃圾，设置围挡",
        deadline=deadline,
    )


def close(problem, people, at=None):
    hand_over(problem, people, at)
    do(problem, "apply_close", people["town"], at, [photo()], verdict="true", result="已清运")
    return do(problem, "confirm_close", people["leader"], at, checked="现场核实")


def test_a_problem_is_closed_looked_at_again_and_comes_back(problem_at, people):
    begin = cst("2026-03-02T09:00:00")
    problem = problem_at(at=begin)
    closed = close(problem, people, begin + timedelta(days=5))
    assert (closed.state, closed.progress, closed.due) == ("closed", 100, None)
    schedule.remind_and_escalate(begin + timedelta(days=60))
    problem.refresh_from_db()
    assert problem.state == "closed"
    schedule.remind_and_escalate(begin + timedelta(days=96))
    problem.refresh_from_db()
    assert problem.state == "look_back"
    back = do(problem, "rebound", people["officer"], reason="又有堆放", deadline="2026-08-01")
    assert (back.state, back.reopened, back.progress, back.closed_at) == ("rectifying", 1, 0, None)
    # In the new round the same people may again do their own parts, and only those.
    do(problem, "apply_close", people["town"], None, [photo()], verdict="true", result="已清")
    assert do(problem, "confirm_close", people["leader"], checked="x").state == "closed"


def test_the_person_who_reported_progress_does_not_check_the_closing(problem_at, people):
    problem = problem_at()
    people["town"].roles = ["town", "leader"]
    people["town"].save()
    hand_over(problem, people)
    do(problem, "report_progress", people["town"], progress="60", progress_text="已清运一半")
    do(problem, "apply_close", people["town"], None, [photo()], verdict="true", result="已清")
    with pytest.raises(Refused) as caught:
        do(problem, "confirm_close", people["town"], checked="x")
    assert caught.value.code == "second_person"


def test_closing_without_evidence_is_refused(problem_at, people):
    problem = problem_at()
    hand_over(problem, people)
    with pytest.raises(Refused) as caught:
        do(problem, "apply_close", people["town"], verdict="true", result="已清")
    assert caught.value.code == "evidence"
    problem.refresh_from_db()
    assert problem.state == "rectifying"


def test_evidence_of_an_earlier_stage_does_not_count(problem_at, people):
    problem = problem_at(at=timezone.now() - timedelta(days=2))
    actions.attach(
        problem.pk,
        [photo()],
        by=people["officer"],
        at=timezone.now() - timedelta(days=1),
    )
    hand_over(problem, people)
    with pytest.raises(Refused) as caught:
        do(problem, "apply_close", people["town"], verdict="true", result="已清")
    assert caught.value.code == "evidence"


def test_completion_is_counted_on_three_named_denominators(problem_at, people):
    # As in the half-year text: 47 handed over, 20 duplicates, 1 unfounded, 22 done; here a tenth.
    originals = [problem_at(f"问题{n}") for n in range(4)]
    duplicates = [problem_at(f"重复{n}") for n in range(2)]
    actions.merge(
        [d.pk for d in duplicates],
        originals[0].pk,
        by=people["dispatcher"],
        reason="同一问题",
    )
    do(originals[1], "propose_unfounded", people["officer"], None, [photo()], reason="现场无此情况")
    do(originals[1], "confirm_unfounded", people["leader"])
    close(originals[2], people)
    rows = REGISTER.visible_to(people["leader"])
    assert completion(rows) == {
        "handed_over": 6,
        "duplicates": 2,
        "unfounded": 1,
        "without_duplicates": 4,
        "to_rectify": 3,
        "done": 1,
    }
    numbers = {s.name: s for s in REGISTER.statistics(rows, timezone.now(), seen_of(None))}
    shares = [numbers[n] for n in ("done_of_all", "done_of_distinct", "done_of_due")]
    assert [(s.numerator, s.denominator) for s in shares] == [(1, 6), (1, 4), (1, 3)]
    assert len({str(s.label) for s in shares}) == 3


def test_who_has_not_reported_this_month_is_reminded_once(problem_at, people):
    begin = cst("2026-09-01T09:00:00")
    late, fresh = problem_at("未报", at=begin), problem_at("已报", at=begin)
    for p in (late, fresh):
        hand_over(p, people, begin)
    do(
        fresh,
        "report_progress",
        people["town"],
        cst("2026-10-12T10:00:00"),
        progress="50",
        progress_text="过半",
    )
    Notice.objects.all().delete()
    assert remind_of_progress(cst("2026-10-19T08:00:00")) == 0
    assert remind_of_progress(cst("2026-10-20T08:00:00")) == 1
    assert remind_of_progress(cst("2026-10-25T08:00:00")) == 0
    notice = Notice.objects.get(person=people["town"])
    assert late.number in notice.text
    assert remind_of_progress(cst("2026-11-20T08:00:00")) == 2


def test_a_draw_for_look_back_can_be_repeated_by_anyone(problem_at, people):
    done = [close(problem_at(f"问题{n}"), people) for n in range(6)]
    with pytest.raises(Refused, match="满 7 天"):  # closed only now: no time yet to come back
        actions.draw_for_review(REGISTER, 0.5, 7, by=people["dispatcher"])
    Row.objects.update(closed_at=timezone.now() - timedelta(days=8))
    drawn = actions.draw_for_review(REGISTER, 0.5, 7, by=people["dispatcher"])
    assert len(drawn) == 3
    import random

    expected = random.Random(7).sample(sorted(p.pk for p in done), 3)
    assert {p.pk for p in drawn} == set(expected)
    assert Row.objects.filter(state="look_back").count() == 3
    with pytest.raises(Refused):
        actions.draw_for_review(REGISTER, 0.5, 7, by=people["town"])
