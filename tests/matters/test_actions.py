"""Actions every register has: owner, clocks, evidence, links, duplicates, many at once; and the chain."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from ecoledger.accounts import acting
from ecoledger.accounts.models import Organisation, Person
from ecoledger.matters import actions, chain, deadlines, evidence, schedule, timeline
from ecoledger.matters.actions import NotVisible, Refused, Upload
from ecoledger.matters.models import Event, Evidence, Link, Notice, Urgency
from ecoledger.registers.problems.problem_ledger import REGISTER, Problem


def cst(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


def hand_over(problem, people, at=None, **more):
    town = Organisation.objects.get(kind="town")
    form = {"owner_organisation": town.pk, "measures": "清运", "deadline": "2026-12-31"} | more
    return actions.perform(problem.pk, "hand_over", by=people["dispatcher"], form=form, at=at)


def refused(call, *args, **kwargs) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value


# ---- the chain -----------------------------------------------------------------------------------


def tamper(sql: str, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_a_changed_event_is_found_in_its_matter_and_overall(problem, people):
    hand_over(problem, people)
    assert chain.first_broken(problem.pk) is None
    event = Event.objects.get(transition="hand_over")
    tamper("UPDATE matters_event SET note = 'x' WHERE id = %s", event.pk)
    assert chain.first_broken(problem.pk).row_id == event.pk
    assert chain.first_broken_overall().row_id == event.pk


def test_a_removed_event_is_found(problem, problem_at, people):
    hand_over(problem, people)
    problem_at("另一问题")
    tamper("DELETE FROM matters_event WHERE transition = 'hand_over'")
    assert chain.first_broken_overall() is not None


def test_an_end_cut_off_is_found_overall(problem, people):
    hand_over(problem, people)
    tamper("DELETE FROM matters_event WHERE transition = 'hand_over'")
    assert chain.first_broken(problem.pk) is None
    assert chain.first_broken_overall().row_id is None


def test_a_swapped_evidence_file_is_found(problem, people, photo):
    (proof,) = actions.attach(problem.pk, [photo()], by=people["officer"])
    assert evidence.intact(proof)
    evidence.path_of(proof.sha256).write_bytes(b"something else")
    assert not evidence.intact(proof)
    evidence.path_of(proof.sha256).unlink()
    assert not evidence.intact(proof)


def test_events_cannot_be_changed_or_deleted_through_the_models(problem):
    event = Event.objects.get()
    for attempt in (
        event.save,
        event.delete,
        Event.objects.all().delete,
        lambda: Event.objects.update(note="x"),
    ):
        with pytest.raises(TypeError, match="append-only"):
            attempt()


# ---- evidence ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("run.exe", b"MZ\x90", "类型不在允许之列"),
        ("page.html", b"<script>", "类型不在允许之列"),
        ("photo.png", b"<html>not a picture", "内容与扩展名不符"),
        ("photo.jpg", b"\x89PNG\r\n\x1a\n", "内容与扩展名不符"),
        ("empty.png", b"", "空文件"),
        ("notes.txt", b"a\x00b", "不是文本"),
    ],
)
def test_a_file_that_cannot_be_evidence_is_refused_and_none_is_kept(
    problem, people, photo, name, content, why
):
    files = [photo(), Upload(SimpleUploadedFile(name, content))]
    assert why in refused(actions.attach, problem.pk, files, by=people["officer"]).why
    assert Evidence.objects.count() == 0
    assert Event.objects.filter(transition="evidence").count() == 0


def test_a_path_in_a_file_name_goes_nowhere(problem, people):
    file = SimpleUploadedFile("x.txt", b"text")
    file._name = "../../etc/passwd.txt"
    (proof,) = actions.attach(problem.pk, [Upload(file)], by=people["officer"])
    assert proof.name == "passwd.txt"
    assert evidence.path_of(proof.sha256).exists()


def test_evidence_too_large_is_refused_with_the_limit(problem, people, settings, tmp_path):
    settings.PROFILE = tmp_path
    (tmp_path / "matters.toml").write_text("[evidence]\nmax_mb = 1\n", encoding="utf-8")
    file = SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"0" * 2**20)
    why = refused(actions.attach, problem.pk, [Upload(file)], by=people["officer"]).why
    assert "1 MB 的上限" in why


# ---- owner, scope --------------------------------------------------------------------------------


def test_a_matter_is_given_only_to_who_can_see_it(problem, people):
    south = Person.objects.create(
        username="south", name="南镇人员", roles=["town"], area_codes=["990101002"]
    )
    answer = refused(actions.assign, problem.pk, by=people["dispatcher"], person=south)
    assert answer.code == "area"
    assert answer.remedy
    given = actions.assign(
        problem.pk, by=people["dispatcher"], person=people["town"], reason="属地办理"
    )
    assert (given.owner, given.owner_organisation) == (
        people["town"],
        people["town"].organisation,
    )
    assert Notice.objects.filter(person=people["town"]).exists() is False  # "new" is not theirs


def test_assigning_is_for_managers_and_the_owner(problem, people):
    town = people["town"]
    assert refused(actions.assign, problem.pk, by=town, person=town).code == "role"
    hand_over(problem, people)
    assert actions.assign(problem.pk, by=town, person=town).owner == town


def test_opening_outside_ones_area_is_refused(bureau, people):
    values = {"title": "x", "area_code": "990101002", "origin_kind": "self"}
    answer = refused(actions.open_matter, REGISTER, values, by=people["town"])
    assert answer.code == "area"
    assert Problem.objects.count() == 0
    # A number is not used up by what was refused.
    made = actions.open_matter(REGISTER, values, by=people["officer"])
    assert made.number.endswith("〕1号")


def test_someone_who_cannot_see_a_matter_cannot_touch_it(problem, people):
    nobody = Person.objects.create(username="nobody", name="无范围", roles=["officer"])
    for call in (
        lambda: actions.perform(problem.pk, "hand_over", by=nobody),
        lambda: actions.note(problem.pk, "x", by=nobody),
        lambda: actions.find(problem.pk, nobody),
    ):
        with pytest.raises(NotVisible):
            call()


# ---- clocks --------------------------------------------------------------------------------------


def test_an_extension_is_asked_for_by_the_owner_and_approved_by_a_leader(problem, people):
    hand_over(problem, people, deadline="2026-12-11")
    clock = deadlines.running(problem)[0]
    assert clock.due == cst("2026-12-11T23:59:59")
    town, leader = people["town"], people["leader"]
    ask = {"length": 10, "reason": "连续降雨"}
    assert refused(actions.extend, problem.pk, clock.pk, by=people["officer"], **ask)
    too_long = refused(actions.extend, problem.pk, clock.pk, by=town, length=31, reason="x")
    assert "最多延长30天" in too_long.why
    extension = actions.extend(problem.pk, clock.pk, by=town, **ask)
    assert Notice.objects.filter(person=leader, text__contains="申请延期").exists()
    deny = refused(actions.decide_extension, problem.pk, extension.pk, by=town, approve=True)
    assert deny.code == "role"
    actions.decide_extension(problem.pk, extension.pk, by=leader, approve=True)
    problem.refresh_from_db()
    assert problem.due == cst("2026-12-21T23:59:59")


def test_nobody_approves_their_own_extension(problem, people):
    people["leader"].roles = ["leader", "dispatcher"]
    people["leader"].save()
    hand_over(problem, people)
    clock = deadlines.running(problem)[0]
    extension = actions.extend(problem.pk, clock.pk, by=people["leader"], length=5, reason="x")
    answer = refused(
        actions.decide_extension,
        problem.pk,
        extension.pk,
        by=people["leader"],
        approve=True,
    )
    assert answer.code == "second_person"


@pytest.mark.parametrize("asked_as_deputy", [True, False])
def test_a_deputy_approves_no_extension_that_he_asked(problem, people, asked_as_deputy):
    """Who asks in one name and decides in another is still one person."""
    asker, other = people["dispatcher"], people["leader"]
    hand_over(problem, people)
    clock = deadlines.running(problem)[0]
    with acting.by(other if asked_as_deputy else None):
        extension = actions.extend(problem.pk, clock.pk, by=asker, length=5, reason="x")
    with acting.by(None if asked_as_deputy else asker):
        answer = refused(actions.decide_extension, problem.pk, extension.pk, by=other, approve=True)
    assert answer.code == "second_person"
    if not asked_as_deputy:
        actions.decide_extension(problem.pk, extension.pk, by=other, approve=True)


def test_a_suspended_clock_is_no_deadline_and_moves_when_resumed(problem, people):
    started = problem.opened_at
    before = problem.due
    dispatcher = people["dispatcher"]
    assert refused(actions.suspend, problem.pk, by=dispatcher, reason=" ").code == "form"
    paused = actions.suspend(
        problem.pk, by=dispatcher, reason="等待检测", at=started + timedelta(hours=1)
    )
    assert paused.due is None
    assert schedule.remind_and_escalate(started + timedelta(days=30)) == schedule.Rounds()
    resumed = actions.resume(problem.pk, by=dispatcher, at=started + timedelta(days=14))
    assert resumed.due > before + timedelta(days=10)


def test_the_schedule_reminds_once_then_says_overdue_once_then_escalates_once(problem, people):
    clock = deadlines.running(problem)[0]
    started, due = clock.started_at, clock.due
    assert schedule.remind_and_escalate(started) == schedule.Rounds()
    near = due - timedelta(hours=7)
    assert schedule.remind_and_escalate(near).reminded == 1
    assert schedule.remind_and_escalate(near).reminded == 0
    late = due + timedelta(minutes=5)
    assert schedule.remind_and_escalate(late).overdue == 1
    assert schedule.remind_and_escalate(late) == schedule.Rounds()
    much_later = due + timedelta(days=8)
    assert schedule.remind_and_escalate(much_later).escalated == 1
    assert schedule.remind_and_escalate(much_later + timedelta(days=1)) == schedule.Rounds()
    leader = Notice.objects.get(person=people["leader"], urgency=Urgency.ESCALATED)
    assert "超期" in leader.text
    assert [e.transition for e in timeline.events_of(problem)] == ["open", "escalated"]


def test_a_provisional_deadline_is_counted_again_when_holidays_are_announced(
    problem_at, people, tmp_path
):
    from ecoledger.standards import data_files

    problem = actions.open_matter(
        REGISTER,
        {"title": "跨年", "area_code": "990101001", "origin_kind": "self"},
        by=people["officer"],
        at=cst("2027-02-03T09:00:00"),
    )
    clock = deadlines.running(problem)[0]
    assert clock.provisional
    assert clock.due == cst("2027-02-05T23:59:59")
    (tmp_path / "workdays.toml").write_text(
        """
[years.2027]
document = "测试用"
mark = "?"
source = "测试用，不是真实安排"
rest = [{ name = "春节", from = 2027-02-05, to = 2027-02-11 }]
work = []
""",
        encoding="utf-8",
    )
    data_files.use_overrides(tmp_path)
    try:
        assert schedule.recount_provisional() == 1
    finally:
        data_files.use_overrides(None)
    problem.refresh_from_db()
    assert problem.due == cst("2027-02-12T23:59:59")
    assert not problem.due_provisional


# ---- duplicates, links, many at once -------------------------------------------------------------


def test_duplicates_are_merged_with_links_kept_and_can_be_taken_out(problem_at, people):
    first, second = problem_at("原件"), problem_at("重复件")
    dispatcher = people["dispatcher"]
    refusal = refused(actions.merge, [second.pk], first.pk, by=people["officer"], reason="x")
    assert refusal.code == "role"
    actions.merge([second.pk, first.pk], first.pk, by=dispatcher, reason="同一地点")
    second.refresh_from_db()
    assert second.merged_into_id == first.pk
    assert deadlines.running(second) == []
    assert [(r, m.pk) for r, m in actions.linked(first, dispatcher)] == [("并入了", second.pk)]
    blocked = refused(actions.perform, second.pk, "hand_over", by=dispatcher, form={})
    assert "并入" in blocked.why
    out = actions.unmerge(second.pk, by=dispatcher)
    assert out.merged_into is None
    assert deadlines.running(out) != []
    assert Link.objects.count() == 0


def test_a_matter_begets_another_and_both_know(problem_at, people):
    first = problem_at("上级")
    second = actions.open_matter(
        REGISTER,
        {"title": "引出的", "area_code": "990101001", "origin_kind": "self"},
        by=people["officer"],
        origin_matter=first,
    )
    assert second.origin_matter_id == first.pk
    assert actions.linked(second, people["leader"])[0][0] == "引自"


def test_links_to_what_a_person_may_not_see_are_not_shown(problem_at, people):
    first, hidden = problem_at("公开"), problem_at("巡察", origin_kind="discipline")
    assert hidden.circulation == "restricted"
    actions.link(first, hidden, Link.Kind.RELATED, by=None)
    assert len(actions.linked(first, people["leader"])) == 1
    assert actions.linked(first, people["monitor"]) == []
    with pytest.raises(NotVisible):
        actions.find(hidden.pk, people["monitor"])


def test_a_batch_edit_is_undone_except_where_someone_acted_since(problem_at, people):
    a, b = problem_at("甲"), problem_at("乙")
    dispatcher = people["dispatcher"]
    edit = actions.batch_edit(
        REGISTER,
        [a.pk, b.pk],
        {"risk": "major", "deadline": "2026-12-25", "owner": people["town"].pk},
        by=dispatcher,
    )
    a.refresh_from_db()
    assert (a.risk, a.deadline) == ("major", date(2026, 12, 25))
    actions.note(b.pk, "已联系", by=people["officer"])
    assert [m.pk for m in actions.undo_batch_edit(REGISTER, edit.pk, by=dispatcher)] == [b.pk]
    a.refresh_from_db()
    b.refresh_from_db()
    assert (a.risk, a.deadline, a.owner) == ("normal", None, None)
    assert b.risk == "major"
    assert refused(actions.undo_batch_edit, REGISTER, edit.pk, by=dispatcher).code == "state"
    assert chain.first_broken_overall() is None


def test_a_batch_edit_with_one_matter_out_of_scope_changes_none(problem_at, people):
    a = problem_at("甲")
    with pytest.raises(NotVisible):
        actions.batch_edit(REGISTER, [a.pk, 9999], {"risk": "major"}, by=people["dispatcher"])
    a.refresh_from_db()
    assert a.risk == "normal"


def test_what_a_step_settled_is_not_changed_on_many_at_once(problem_at, people, monkeypatch):
    """No register that settles something has an edit of many yet; one that gets it is held to the same."""
    a, b = problem_at("甲"), problem_at("乙")
    monkeypatch.setitem(vars(REGISTER), "settled", lambda problem: ("risk",) * (problem.pk == b.pk))
    changed = [REGISTER, [a.pk, b.pk], {"risk": "major"}]
    assert refused(actions.batch_edit, *changed, by=people["dispatcher"]).code == "state"
    actions.batch_edit(REGISTER, [a.pk, b.pk], {"deadline": "2026-12-25"}, by=people["dispatcher"])
    for problem in (a, b):
        problem.refresh_from_db()
        assert (problem.risk, problem.deadline) == ("normal", date(2026, 12, 25))


def test_numbers_run_by_year_and_follow_the_bureaus_pattern(problem_at, people, settings, tmp_path):
    settings.PROFILE = tmp_path
    (tmp_path / "matters.toml").write_text(
        '[series.problem]\npattern = "某环问〔{year}〕{n}号"\n'
        '[clocks.problem.hand_over]\nlength = 3\nunit = "hour"\nbasis = "某环发〔2026〕1号"\n',
        encoding="utf-8",
    )
    values = {"title": "x", "area_code": "990101001", "origin_kind": "self"}
    made = [
        actions.open_matter(REGISTER, values, by=None, at=cst(day)).number
        for day in ("2026-12-31T23:30:00", "2026-12-31T23:40:00", "2027-01-01T00:10:00")
    ]
    assert made == ["某环问〔2026〕1号", "某环问〔2026〕2号", "某环问〔2027〕1号"]
    clock = deadlines.running(Problem.objects.get(number=made[0]))[0]
    assert (clock.length, clock.unit, clock.basis) == (3, "hour", "某环发〔2026〕1号")
    assert clock.due == cst("2027-01-01T02:30:00")


def test_what_goes_on_is_merged_into_nothing_that_has_ended(problem_at, people, photo):
    """Late, due and done would be told of it nowhere. What was only entered is a repeat of what is done."""
    ended, going_on = problem_at("已办"), problem_at("在办")
    dispatcher = people["dispatcher"]
    form = {"reason": "现场没有"}
    actions.perform(ended.pk, "propose_unfounded", by=dispatcher, form=form, files=[photo()])
    actions.perform(ended.pk, "confirm_unfounded", by=people["leader"], form={})
    hand_over(going_on, people)
    refusal = refused(actions.merge, [going_on.pk], ended.pk, by=dispatcher, reason="同一处")
    assert "不能并入" in refusal.why
    going_on.refresh_from_db()
    assert going_on.merged_into is None
    entered, late = problem_at("又报"), problem_at("久未交办")
    assert actions.merge([entered.pk], ended.pk, by=dispatcher, reason="同一处").pk == ended.pk
    after = late.due + timedelta(minutes=1)
    refusal = refused(actions.merge, [late.pk], ended.pk, by=dispatcher, reason="同一处", at=after)
    assert "不能并入" in refusal.why
    # Nor once its clock was made to stand still: it had run out before.
    actions.suspend(late.pk, by=dispatcher, reason="等待", at=after)
    refusal = refused(actions.merge, [late.pk], ended.pk, by=dispatcher, reason="同一处", at=after)
    assert "不能并入" in refusal.why
