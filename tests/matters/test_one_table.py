"""Work of every register is read in one query, however many registers and matters there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone

from ecoledger.entities.file import File, with_parts
from ecoledger.entities.models import Enterprise
from ecoledger.listings import catalogue
from ecoledger.matters import actions, inbox, register
from ecoledger.matters.knowing import matters_of
from ecoledger.matters.models import Matter
from ecoledger.matters.register import OPEN_WORK, visible_matters
from ecoledger.registers.problems.problem_ledger import REGISTER
from ecoledger.web.scenes import cockpit, map_layers


@pytest.fixture
def twenty_registers(problem_at, monkeypatch):
    """The problem ledger under twenty keys, with a matter in each."""
    monkeypatch.setattr(catalogue, "_listings", dict(catalogue._listings))
    for n in range(20):
        book = replace(REGISTER, key=f"book{n}", pattern=f"册{n}〔{{year}}〕{{n}}号")
        register.declare(book)
        actions.open_matter(
            book,
            {"title": f"第{n}件", "area_code": "990101001", "lon": 118.0, "lat": 25.0},
            by=None,
        )


@pytest.fixture
def request_of(bureau, people):
    def make(role: str):
        request = RequestFactory().get("/")
        request.user = people[role]
        return request

    return make


def test_work_in_hand_is_counted_by_area_in_the_same_pass(twenty_registers, people):
    person, now = people["dispatcher"], timezone.now()
    first, second, third = Matter.objects.order_by("pk")[:3]
    for matter, days, code in ((first, -9, "990101002"), (second, -2, "990101002"), (third, 3, "")):
        changed = {"area_code": code} if code else {}
        Matter.objects.filter(pk=matter.pk).update(due=now + timedelta(days=days), **changed)
    load = inbox.load(person, now, by_area=True)
    assert load.places == inbox.load(person, now).places
    rows = visible_matters(person).filter(OPEN_WORK)
    for code in set(rows.values_list("area_code", flat=True)) | set(load.areas):
        here, one = rows.filter(area_code=code), load.areas[code]
        assert one.open == here.count() > 0
        assert one.late == here.filter(due__lt=now).count()
        assert one.week == here.filter(due__gte=now, due__lt=now + timedelta(days=7)).count()
    assert load.areas["990101002"].oldest == now - timedelta(days=9)
    assert load.areas["990101002"].late == 2


def test_the_inbox_takes_five_queries_however_many_registers(
    twenty_registers, people, django_assert_num_queries
):
    late = Matter.objects.order_by("pk").first()
    Matter.objects.filter(pk=late.pk).update(due=timezone.now() - timedelta(days=1))
    person = people["dispatcher"]
    # What is in hand, what is looked at again, own earlier steps, requests of both kinds; then keys, rows.
    with django_assert_num_queries(5):
        load = inbox.load(person)
    assert (load.waiting, load.overdue) == (20, 1)
    with django_assert_num_queries(2):
        rows = inbox.waiting_for(person, load=load)
    assert rows == inbox.waiting_for(person)
    assert next(m.pk for m in rows) == late.pk
    assert {m.register for m in rows} == {f"book{n}" for n in range(20)}


def test_the_map_is_two_queries_however_many_registers(
    twenty_registers, request_of, django_assert_num_queries
):
    # Whether there are more than can be told apart, and then the rows.
    with django_assert_num_queries(2):
        drawn = list(map_layers._matters(request_of("leader").user, map_layers.Box()))
    assert len(drawn) == 20
    assert {f["properties"]["level"] for f in drawn} == {"blue"}


def test_the_cockpit_counts_in_one_query(twenty_registers, request_of, django_assert_num_queries):
    with django_assert_num_queries(1):
        card = cockpit.work(request_of("leader"))
    assert (card["open"], card["overdue"]) == (20, 0)
    assert sum(row["open"] for row in card["rows"]) == 20


def test_all_overdue_in_a_town_is_one_query(twenty_registers, people, django_assert_num_queries):
    now = timezone.now()
    some = Matter.objects.order_by("pk").values_list("pk", flat=True)[:3]
    Matter.objects.filter(pk__in=list(some)).update(due=now - timedelta(days=1))
    Matter.objects.filter(pk=some[0]).update(area_code="990101002")
    with django_assert_num_queries(1):
        overdue = list(
            visible_matters(people["leader"]).filter(
                register.OPEN_WORK, due__lt=now, area_code="990101001"
            )
        )
    assert [m.pk for m in overdue] == list(some)[:0:-1]


def test_an_enterprise_s_file_shows_its_work_in_one_query(
    problem_at, bureau, people, django_assert_num_queries
):
    firm = Enterprise.objects.get(code=bureau.enterprise.code)
    problem = problem_at(entity=firm.entity_ptr)
    assert problem.enterprise_id == firm.pk
    its = File(firm, people["leader"])
    its.once(with_parts)
    with django_assert_num_queries(1):
        rows = list(matters_of(its))
    assert [(row.register, row.pk) for row in rows] == [("problem", problem.pk)]


def test_a_duplicate_may_go_into_a_matter_of_another_register(twenty_registers, problem_at, people):
    complaint = Matter.objects.get(register="book3")
    problem = problem_at("同一件事")
    actions.merge([complaint.pk], problem.pk, by=people["dispatcher"], reason="同一件事")
    complaint.refresh_from_db()
    assert complaint.merged_into_id == problem.pk
    assert [(r, m.pk) for r, m in actions.linked(problem, people["leader"])] == [
        ("并入了", complaint.pk)
    ]
    assert not inbox.waiting(people["dispatcher"]).filter(pk=complaint.pk).exists()
    actions.unmerge(complaint.pk, by=people["dispatcher"])
    assert inbox.waiting(people["dispatcher"]).filter(pk=complaint.pk).exists()
