"""A page asks the database as often of many matters, registers and enterprises as of a few."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ecoledger.accounts.models import Organisation
from ecoledger.entities.models import Enterprise
from ecoledger.listings import catalogue
from ecoledger.matters import actions, register
from ecoledger.monitoring.points import table
from ecoledger.registers.problems.problem_ledger import REGISTER
from ecoledger.web import models

PAGES = (
    "/",
    "/cockpit",
    "/my-work",
    "/matters/problem",
    "/matters/problem?page=2",
    "/matters/problem?sort=due&q=油烟",
    "/matters/problem/statistics",
    "/stations",
    "/enterprises",
    "/lines/rectification",
    "/search/hits?q=油烟",
    "/search/hits?q=纺织",
    "/map",
)


def _enter(book, firm, unit, number: int) -> None:
    values = {
        "title": f"油烟扰民{number}",
        "area_code": firm.area_code,
        "entity": firm.entity_ptr,
        "owner_organisation": unit,
        "lon": 118.0,
        "lat": 25.0,
    }
    actions.open_matter(book, values, by=None)


def _firm(number: int) -> Enterprise:
    return Enterprise.objects.create(
        code=f"Q-{number}", name=f"第{number}纺织厂", area_code=f"99010100{1 + number % 2}"
    )


@pytest.mark.parametrize("role", ["leader", "town"])
def test_queries_of_a_page_do_not_grow(bureau, store, client, monkeypatch, role):
    monkeypatch.setattr(catalogue, "_listings", dict(catalogue._listings))
    # On a busy machine what is read or written once a minute would fall into one of the two counts.
    monkeypatch.setattr(table, "MAX_AGE_SECONDS", float("inf"))
    monkeypatch.setattr(models, "_EVERY", float("inf"))
    units = list(Organisation.objects.filter(kind="town"))
    person = bureau.people[role]
    client.force_login(person)

    firm = bureau.enterprise
    files = (
        f"/enterprises/{firm.pk}",
        f"/entities/{firm.pk}?tab=work",
        f"/entities/{firm.pk}?tab=data",
    )

    def counted() -> dict[str, int]:
        asked = {}
        for page in (*PAGES, *files):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                answer = client.get(page, follow=True)
            assert answer.status_code == 200, page
            asked[page] = len(queries)
        return asked

    for number in range(3):
        _enter(REGISTER, _firm(number), units[number % len(units)], number)
    _enter(REGISTER, firm, units[0], 3)
    counted()  # what is read once for the house
    few = counted()
    for number in range(20):
        book = replace(REGISTER, key=f"book{number}", pattern=f"册{number}〔{{year}}〕{{n}}号")
        register.declare(book)
        new = _firm(10 + number)
        for at in (book, REGISTER, REGISTER, REGISTER):
            _enter(at, new, units[number % len(units)], 10 + number)
        for at in (book, REGISTER):
            _enter(at, firm, units[number % len(units)], 100 + number)
    # One more where the rows are more than a page: then they are counted.
    grown = {page: (few[page], n) for page, n in counted().items() if n > few[page] + 1}
    assert grown == {}
