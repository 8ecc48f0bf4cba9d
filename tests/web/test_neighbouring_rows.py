"""上一件 / 下一件: from a list, in its order, narrowing and scope; by key, without walking over the list."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote

import lxml.html
import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecoledger.entities.models import Enterprise
from ecoledger.listings import selecting
from ecoledger.listings.catalogue import listing_of
from ecoledger.listings.neighbours import neighbours
from ecoledger.matters import actions
from ecoledger.matters.models import Matter
from ecoledger.registers.complaints.register import REGISTER as COMPLAINTS
from ecoledger.registers.problems.problem_ledger import REGISTER
from ecoledger.reports.declaration import Letter, all_documents
from ecoledger.reports.models import IssuedDocument

HOST = "http://testserver"


def problems(count: int, area: str = "990101001") -> list[Matter]:
    made = []
    for n in range(count):
        values = {"title": f"第{n}件", "area_code": area, "origin_kind": "self"}
        made.append(actions.open_matter(REGISTER, values, by=None))
    return made


@pytest.fixture
def seven(bureau) -> list[Matter]:
    """Seven problems: two due on one day, two without a date."""
    made, now = problems(7), timezone.now()
    for matter, days in zip(made, (3, 1, None, 1, 9, None, 5), strict=True):
        due = None if days is None else now.replace(microsecond=0) + timedelta(days=days)
        Matter.objects.filter(pk=matter.pk).update(
            due=due, opened_at=now - timedelta(hours=days or 2)
        )
    return made


@pytest.mark.parametrize("sort", ["", "due", "-due", "number", "-number", "opened_at", "state"])
def test_the_neighbours_are_those_of_the_list(seven, bureau, sort):
    person = bureau.people["leader"]
    rows = selecting.ordered(REGISTER, person, REGISTER.visible_to(person), sort)
    order = list(rows.values_list("pk", flat=True))
    assert len(order) == 7
    for n, pk in enumerate(order):
        before = order[n - 1] if n else None
        after = order[n + 1] if n + 1 < len(order) else None
        assert neighbours(REGISTER.model, rows, pk) == (before, after), (sort, n)


def test_firms_follow_their_own_list_too(bureau):
    for n in range(5):
        Enterprise.objects.create(code=f"N-{n}", name=f"{n % 2}厂", area_code="990101001")
    firms, person = listing_of("enterprise"), bureau.people["leader"]
    for sort in ("", "name", "-name", "code"):
        rows = selecting.ordered(firms, person, firms.visible_to(person), sort)
        order = list(rows.values_list("pk", flat=True))
        walked, here = [order[0]], order[0]
        while (after := neighbours(firms.model, rows, here)[1]) is not None:
            walked.append(after)
            here = after
        assert walked == order, sort


def test_it_asks_no_more_of_a_long_list(bureau, seven):
    person = bureau.people["leader"]

    def asked() -> tuple[int, list[str]]:
        rows = selecting.ordered(REGISTER, person, REGISTER.visible_to(person), "due")
        with CaptureQueriesContext(connection) as queries:
            neighbours(REGISTER.model, rows, seven[0].pk)
        return len(queries), [q["sql"] for q in queries]

    few, _sql = asked()
    problems(30)
    many, sql = asked()
    assert many <= few
    assert not any("OFFSET" in text for text in sql)


# -- on pages ----------------------------------------------------------------------------------------


def page_of(client: Client, path: str, came: str = ""):
    headers = {"referer": came} if came else {}
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return lxml.html.fromstring(answer.content)


def link(page, rel: str) -> str:
    found = page.xpath(f"//nav[@class='beside']/a[@rel='{rel}']/@href")
    return found[0] if found else ""


def test_a_matter_opened_from_a_list_leads_to_the_next_of_that_list(bureau, client, seven):
    client.force_login(bureau.people["leader"])
    came = f"{HOST}/matters/problem?open=1&sort=due&page=1"
    person = bureau.people["leader"]
    order = list(
        selecting.ordered(
            REGISTER, person, selecting.select(REGISTER, person, QueryDict("open=1")), "due"
        ).values_list("pk", flat=True)
    )
    page = page_of(client, f"/matters/problem/{order[0]}", came)
    assert not link(page, "prev")
    walked, path = [order[0]], link(page, "next")
    while path:
        assert unquote(path).endswith("?among=problem?open=1&sort=due")
        walked.append(int(path.split("?")[0].rsplit("/", 1)[1]))
        page = page_of(client, path)  # the address alone keeps the list
        path = link(page, "next")
    assert walked == order
    assert link(page, "prev").startswith(f"/matters/problem/{order[-2]}?")
    (back,) = page.xpath("//nav[@class='beside']/a[1]/@href")
    assert back == "/matters/problem?open=1&sort=due"


def test_after_a_step_one_goes_on_from_where_it_stood(bureau, client, seven):
    """A matter that has left the list by what was done still has its neighbours there."""
    client.force_login(bureau.people["leader"])
    path = f"/matters/problem/{seven[3].pk}?among=problem%3Fopen%3D1%26sort%3Dnumber"
    page = page_of(client, path)
    before, after = link(page, "prev"), link(page, "next")
    assert before
    assert after
    Matter.objects.filter(pk=seven[3].pk).update(phase="closed", state="closed")
    # A form of the page leads back to the plain address; the browser says which page it came from.
    page = page_of(client, f"/matters/problem/{seven[3].pk}", f"{HOST}{path}")
    assert (link(page, "prev"), link(page, "next")) == (before, after)


@pytest.mark.parametrize(
    "came",
    [
        "",
        f"{HOST}/my-work",
        "http://elsewhere.example/matters/problem",
        f"{HOST}/matters/complaint",
        "http://[bad/matters/problem",
    ],
)
def test_by_another_way_there_are_no_neighbours(bureau, client, seven, came):
    client.force_login(bureau.people["leader"])
    page = page_of(client, f"/matters/problem/{seven[3].pk}", came)
    assert not page.xpath("//nav[@class='beside']")


@pytest.mark.parametrize(
    "said", ["nothing?", "complaint?", "problem", "?", "enterprise?x=1", "a" * 4000]
)
def test_odd_words_in_the_address_do_no_harm(bureau, client, seven, said):
    client.force_login(bureau.people["leader"])
    assert client.get(f"/matters/problem/{seven[0].pk}", {"among": said}).status_code == 200


def test_neighbours_out_of_scope_are_passed_over(bureau, client):
    mine = problems(1) + problems(2, "990101002") + problems(1)
    client.force_login(bureau.people["town"])
    page = page_of(client, f"/matters/problem/{mine[0].pk}?among=problem%3Fsort%3Dnumber")
    assert link(page, "next").startswith(f"/matters/problem/{mine[3].pk}?")


def test_a_thing_opened_from_its_list_has_neighbours(bureau, client):
    for n in range(3):
        Enterprise.objects.create(code=f"N-{n}", name=f"{n}厂", area_code="990101001")
    client.force_login(bureau.people["leader"])
    middle = Enterprise.objects.get(code="N-1")
    page = page_of(client, f"/entities/{middle.pk}", f"{HOST}/enterprises?sort=-code")
    assert link(page, "next").startswith(f"/entities/{Enterprise.objects.get(code='N-0').pk}?")
    assert link(page, "prev").startswith(f"/entities/{Enterprise.objects.get(code='N-2').pk}?")


def test_stations_alarms_firms_and_filings_lead_on_from_their_lists(county, client):
    """Each opened from its list as it was narrowed and sorted leads to the next of that list, and back to it."""
    client.force_login(county.person("monitor"))
    for address in (
        "/stations?kind=air", "/alarms?state=all", "/enterprises?sort=-name", "/filings?kind=maintenance",
    ):  # fmt: skip
        page = page_of(client, address)
        rows = page.xpath("//section[@id='rows']//tbody/tr/@data-href")
        assert rows, address
        opened = page_of(client, rows[0], f"{HOST}{address}")
        (back,) = opened.xpath("//nav[@class='beside']/a[1]/@href")
        assert back == address
        assert link(opened, "next").split("?")[0] == (rows[1] if len(rows) > 1 else ""), address
        assert not link(opened, "prev")


def test_all_work_in_hand_is_walked_whatever_its_book(county, client):
    """In the list's order, nearest due first and what has no date last, over the books of all lines."""
    client.force_login(county.person("leader"))
    now, made = timezone.now(), problems(4)
    values = {"title": "夜间异味", "area_code": "990101001"}
    made.append(actions.open_matter(COMPLAINTS, values, by=county.person("dispatcher")))
    for matter, days in zip(made, (5, None, 2, 2, 3), strict=True):
        due = None if days is None else now + timedelta(days=days)
        Matter.objects.filter(pk=matter.pk).update(due=due)
    listed = page_of(client, "/my-work/in-hand?place=990101001")
    order = [a.get("href") for a in listed.xpath("//ul[contains(@class, 'due-rows')]//a")]
    assert len({path.split("/")[2] for path in order}) > 1
    walked = [order[0]]
    page = page_of(client, order[0], f"{HOST}/my-work/in-hand?place=990101001")
    while path := link(page, "next"):
        walked.append(path.split("?")[0])
        page = page_of(client, path)
    assert walked == order


def test_documents_lead_on_from_their_list(county, client):
    person = county.person("leader")
    client.force_login(person)
    kind = next(d.key for d in all_documents() if isinstance(d, Letter))
    made = [
        IssuedDocument.objects.create(
            kind=kind, number=f"安环〔2026〕{n}号", area_code="990101", issued_by=person,
            issued_at=timezone.now() - timedelta(days=n),
        )
        for n in range(3)
    ]  # fmt: skip
    came = f"{HOST}/documents?kind={kind}"
    page = page_of(client, f"/documents/{made[1].pk}", came)
    assert link(page, "prev").split("?")[0] == f"/documents/{made[0].pk}"
    assert link(page, "next").split("?")[0] == f"/documents/{made[2].pk}"
