"""Odd words in an address or a form are no request: nothing breaks, whatever stands where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.http import QueryDict
from django.test import Client
from tests.web.test_matrix import address, routes

import ecoledger.web
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("counted_once", "refusals_drawn_once"),
]

# Digits that int refuses, numbers no database keeps, no numbers, times of other zones, ends of the calendar.
ODD = ("²", "9" * 30, "nan", "0001-01-01", "9999-12-31T00:00:00+14:00", "2026-11-28T00:00Z")


def names() -> list[str]:
    """Every name that a page reads from its address, as the source says."""
    source = "".join(p.read_text() for p in Path(ecoledger.web.__file__).parent.rglob("*.py"))
    asked = set(re.findall(r"""GET(?:\.get\(|\.getlist\(|\[)["'](\w+)["']""", source))
    assert {"page", "area", "begin", "start", "parameter"} <= asked
    return sorted(asked | {"sort", "before", "q", "month", "day", "owner", "entity", "state"})


@pytest.fixture
def everybody(county):
    """One person with every role of the bureau."""
    person: Person = county.person("leader")
    person.roles = [r.value for r in Role if r not in (Role.ENTERPRISE, Role.THIRD_PARTY)]
    person.save()
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def real(route: str, county) -> str:
    """The route with things that are there, so that the page itself reads its address."""
    for begin, pk in (
        ("stations/<int:pk>", county.bureau.flue_gas.pk),
        ("alarms/<int:pk>", county.alarms[0].pk),
        ("enterprises/<int:pk>", county.bureau.enterprise.pk),
        ("entities/<int:pk>", county.bureau.enterprise.pk),
    ):
        if route.startswith(begin):
            return address(route.replace("<int:pk>", str(pk), 1))
    return address(route)


# What a page asked of its address, by its route.
_reads: dict[str, list[tuple[str, ...]]] = {}


# The ways of reading a query.
_WAYS = ("__getitem__", "__contains__", "__iter__", "getlist", "items", "lists")


def note_reading(patched, reads):
    """Let queries note in ``reads`` what is asked of them."""

    def noting(read):
        def noted(query, *asked):
            reads.append(asked)
            return read(query, *asked)

        return noted

    for way in _WAYS:
        patched.setattr(QueryDict, way, noting(getattr(QueryDict, way)))


@pytest.mark.parametrize("odd", ODD)
def test_odd_words_in_an_address_break_no_page(county, everybody, odd, monkeypatch):
    query = dict.fromkeys(names(), odd)
    broken = []
    for route in routes():
        if route.startswith(("live", "sign-out", "act-for", "language", "health")):
            continue
        if _reads.get(route) == []:  # opened before, with another word, and it read none
            continue
        with monkeypatch.context() as patched:
            note_reading(patched, _reads.setdefault(route, []))
            answer = everybody.get(real(route, county), query)
        if answer.status_code >= 500:
            broken.append((route, answer.status_code))
    assert broken == []


def test_numbers_too_long_for_a_database_are_not_there(county, everybody):
    broken = []
    for route in routes():
        if "<int:" in route and not route.startswith("act-for"):
            long = address(re.sub(r"<int:\w+>", "9" * 25, route))
            status = everybody.get(long).status_code
            if status >= 500:
                broken.append((route, status))
    assert broken == []


@pytest.mark.parametrize("number", ["nan", "inf", "-Infinity", "1e400"])
def test_what_is_no_number_is_no_review(county, everybody, store, number):
    before = store.counts().observations
    given = county.reported | {"value": number, "flag": "N", "reason": "理由", "action": "set"}
    url = f"/stations/{county.bureau.air[0].pk}/value/correct"
    assert everybody.post(url, given).status_code == 302
    assert store.counts().observations == before


def test_a_value_of_a_factor_that_is_not_declared_can_be_looked_at(county, everybody, store):
    """Devices send more than their points declare; what came is shown under its code."""
    point = county.bureau.air[0]
    point.parameters.filter(code="a34004").delete()
    answer = everybody.get(f"/stations/{point.pk}/value", county.reported)
    assert answer.status_code == 200
    assert "43" in answer.content.decode()
    assert "小时值" in answer.content.decode()


def test_a_matter_is_merged_into_by_figures_that_are_figures(county, everybody):
    form = {"what": "merge", "ids": ["1"], "into": "²", "reason": "重复"}
    assert everybody.post("/matters/alarm_case/batch", form).status_code in (302, 404)
