"""The numbers of the rail may be a minute old for their person, never older than the person's own last step."""

from __future__ import annotations

import lxml.html
import pytest

from ecoledger.matters import actions
from ecoledger.registers.problems.problem_ledger import REGISTER
from ecoledger.web import rail_counts

pytestmark = pytest.mark.django_db
SOMEWHERE = "/enterprises"


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    """Kept as a server keeps them, for longer than a test lasts."""
    monkeypatch.setattr(rail_counts, "keep_seconds", 3600.0)
    monkeypatch.setattr(rail_counts, "_counted", {})


def opened(people, title):
    given = {"title": title, "area_code": "990101001", "origin_kind": "self"}
    return actions.open_matter(REGISTER, given, by=people["officer"])


def in_hand(client, address):
    """What the rail says is in hand in the line of rectification."""
    page = lxml.html.fromstring(client.get(address).content)
    [number] = page.xpath("//aside//a[contains(@href, 'rectification')]//span[@class='n']/text()")
    return int(number)


def test_anothers_step_shows_on_the_pages_of_work_at_once_and_in_other_rails_later(
    bureau, people, signed_in
):
    opened(people, "河岸堆放垃圾")
    client = signed_in("dispatcher")
    assert in_hand(client, SOMEWHERE) == 1
    opened(people, "雨污混接")
    assert in_hand(client, SOMEWHERE) == 1
    assert in_hand(client, "/my-work") == 2
    # What was counted for that page holds for the rail of the next.
    assert in_hand(client, SOMEWHERE) == 2


def test_after_an_own_step_the_rail_counts_anew(bureau, people, signed_in):
    problem = opened(people, "河岸堆放垃圾")
    client = signed_in("dispatcher")
    assert in_hand(client, SOMEWHERE) == 1
    opened(people, "雨污混接")
    client.post(f"/matters/problem/{problem.pk}/note", {"text": "电话了解进展。"})
    assert in_hand(client, SOMEWHERE) == 2


def test_with_other_rights_the_rail_counts_anew(bureau, people, signed_in):
    opened(people, "河岸堆放垃圾")
    client = signed_in("dispatcher")
    assert in_hand(client, SOMEWHERE) == 1
    people["dispatcher"].area_codes = ["990102"]
    people["dispatcher"].save()
    page = client.get(SOMEWHERE).content.decode()
    assert "rectification" in page
    assert not lxml.html.fromstring(page).xpath(
        "//aside//a[contains(@href, 'rectification')]//span[@class='n']"
    )


def test_the_rail_says_the_same_on_pages_that_count_something_waiting_themselves(
    bureau, people, signed_in
):
    opened(people, "河岸堆放垃圾")
    client = signed_in("dispatcher")
    pages = ("/my-work", "/nature/biodiversity", "/approval/filings")
    numbers = {
        tuple(lxml.html.fromstring(client.get(address).content).xpath(
            "//aside//a[@href='/my-work']//span[contains(@class, 'hot')]/text()"
        ))
        for address in pages
    }  # fmt: skip
    assert numbers == {("1",)}
