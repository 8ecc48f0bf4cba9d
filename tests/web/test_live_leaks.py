"""Who may not see a matter is told nothing of it by the live events: neither its text nor that something happened."""

from __future__ import annotations

from itertools import product

import pytest
from django.utils import timezone

from ecoledger.accounts.models import Organisation, Person
from ecoledger.live import events
from ecoledger.matters import actions, sight
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import all_registers, register_of, visible_matters
from ecoledger.web.live import TOPICS, Scope

NORTH, SOUTH = "990101001", "990101002"


@pytest.fixture
def contractor(people):
    """A contractor's unit with two people, of whom one signs in."""
    unit = Organisation.objects.create(name="运维公司", kind="third_party", area_code=NORTH)
    colleague = Person.objects.create(username="colleague", organisation=unit)
    person = people["third_party"]
    person.organisation = unit
    person.save()
    return person, colleague


@pytest.fixture
def matters_of_all_kinds(bureau, contractor):
    """Of every register: each circulation, in both towns, of the firm or of nobody, given to and made by each sort."""
    person, colleague = contractor
    hands = [
        {},
        {"owner": bureau.people["monitor"]},
        {"owner_organisation": person.organisation},
        {"owner_organisation": bureau.people["town"].organisation},
        {"owner": bureau.people["grid"]},
        {"created_by": colleague},
        {"created_by": person},
    ]
    rows = [
        Matter(
            register=register.key,
            number=f"{register.key}-{n}",
            title="不能让不相干的人知道",
            state=register.workflow.states[0].name,
            opened_at=timezone.now(),
            circulation=circulation,
            area_code=area,
            enterprise=firm,
            **hand,
        )
        for register in all_registers()
        for n, (circulation, area, firm, hand) in enumerate(
            product(Circulation.values, (NORTH, SOUTH), (None, bureau.enterprise), hands)
        )
    ]
    return Matter.objects.bulk_create(rows)


def test_an_event_is_told_to_those_who_may_see_its_matter_and_to_nobody_else(
    matters_of_all_kinds, people
):
    """Every register × circulation × place × hand × role: the stream says what the lists say."""
    people["town"].area_codes = [SOUTH]
    people["town"].save()
    matters = Matter.objects.select_related("enterprise")
    said = {matter.pk: sight.said_of(matter) for matter in matters}
    for name, person in people.items():
        scope = Scope.of(person)
        heard = {pk for pk, payload in said.items() if scope.covers("matter", payload)}
        may_see = set(visible_matters(person).values_list("pk", flat=True))
        wrong = {said[pk]["register"] for pk in heard ^ may_see}
        assert heard == may_see, f"{name}: {sorted(wrong)[:5]}"
    assert not Scope.of(people["system_admin"]).matters.registers


def test_a_closed_account_hears_nothing(matters_of_all_kinds, people):
    people["dispatcher"].is_active = False
    scope = Scope.of(people["dispatcher"])
    assert not any(scope.covers("matter", sight.said_of(m)) for m in matters_of_all_kinds[:200])


@pytest.fixture
def published(monkeypatch):
    """What is told to open pages, as it happens."""
    heard: list = []
    monkeypatch.setattr(events, "forward", lambda topic, payload: heard.append((topic, payload)))
    return heard


@pytest.mark.parametrize(
    ("key", "by", "hear", "deaf"),
    [
        ("penalty_case", "officer", {"officer", "leader", "legal"},
         {"enterprise", "town", "grid", "third_party", "monitor", "dispatcher", "complaint"}),
        ("discipline_problem", "discipline", {"discipline", "leader"},
         {"enterprise", "town", "grid", "third_party", "monitor", "dispatcher", "officer", "legal"}),
        ("complaint", "complaint", {"complaint", "dispatcher", "leader", "town"},
         {"enterprise", "third_party", "audit_admin", "system_admin"}),
    ],
)  # fmt: skip
def test_work_on_it_is_heard_by_its_circle_alone(
    bureau, published, django_capture_on_commit_callbacks, key, by, hear, deaf
):
    """An undecided case about the firm, a restricted ledger, a complaint about the firm."""
    register, people = register_of(key), bureau.people
    values = {"title": "涉嫌未验先投案", "area_code": NORTH, "entity": bureau.enterprise}
    asked = {ask.stores for ask in register.fields}
    values = {name: value for name, value in values.items() if name in asked | {"title"}}
    values.setdefault("area_code", NORTH)
    with django_capture_on_commit_callbacks(execute=True):
        matter = actions.open_matter(register, values, by=None)
        actions.note(matter.pk, "只给知情人看", by=people[by])
    told = [payload for topic, payload in published if topic == "matter"]
    assert len(told) >= 2
    assert all(set(p) == set(sight.said_of(matter)) for p in told), "no text travels"
    scopes = {name: Scope.of(person) for name, person in people.items()}
    assert {n for n in hear if all(scopes[n].covers("matter", p) for p in told)} == hear
    assert {n for n in deaf if any(scopes[n].covers("matter", p) for p in told)} == set()


def test_what_says_nothing_of_where_it_is_is_told_to_nobody(people):
    assert "arrival" not in TOPICS, "frames of unknown devices are the quarantine's own page"
    for person in people.values():
        assert not any(Scope.of(person).covers(topic, {}) for topic in TOPICS)
