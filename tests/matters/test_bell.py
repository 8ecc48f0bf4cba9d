"""A notice lives as long as its task: what somebody has done meanwhile rings for nobody and is told as ended."""

from __future__ import annotations

import re

import lxml.html
import pytest
from django.test import Client

from ecoledger.accounts.models import Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(people):
    client = Client()
    client.force_login(people["town"])
    return client


@pytest.fixture
def dispatcher(people):
    client = Client()
    client.force_login(people["dispatcher"])
    return client


def rings(client) -> int:
    return int(re.search(r"消息，(\d+) 条未读", client.get("/notices/bell").content.decode())[1])


def told(client) -> dict[str, list[str]]:
    """The notices page: heading -> its rows."""
    page = lxml.html.fromstring(client.get("/notices").content)
    return {
        card.xpath(".//h2/text()")[0].strip(): [
            " ".join(row.text_content().split()) for row in card.xpath(".//li[button or form or a]")
        ]
        for card in page.xpath("//main//section[.//h2]")
    }


def step(client, problem, name: str, **form) -> None:
    """Fill in the form of a way on as it stands on the matter's page, and send it."""
    address = f"/matters/problem/{problem.pk}"
    page = lxml.html.fromstring(client.get(address).content)
    (shown,) = [f for f in page.forms if (f.action or "").startswith(f"{address}/do/{name}#")]
    kept = {key: value for key, value in shown.form_values() if value}
    kept |= {key: form[n] for key in shown.fields if (n := (key or "").rpartition("-")[2]) in form}
    answer = client.post(shown.action, kept)
    assert answer.status_code == 302


def test_what_somebody_has_done_rings_no_more_and_stands_among_the_ended(
    problem_at, dispatcher, town
):
    first, second = problem_at("河岸堆放垃圾"), problem_at("夜间噪声扰民")
    assert (rings(dispatcher), rings(town)) == (2, 0)
    unit = Organisation.objects.get(name="北镇人民政府")
    step(dispatcher, first, "hand_over", owner_organisation=unit.pk, measures="限期清运")
    # The desk's task is done and rings there no more; nobody opened its notice. The town's begins.
    assert (rings(dispatcher), rings(town)) == (1, 1)
    asked = told(dispatcher)
    assert any(second.number in row and "夜间噪声扰民" in row for row in asked["要您办的"])
    assert not any(first.number in row for row in asked["要您办的"])
    (ended,) = asked["已了结"]
    assert "河岸堆放垃圾" in ended
    assert "交办" in ended
    (row,) = told(town)["要您办的"]
    assert "河岸堆放垃圾" in row  # what it is about, not a number and a state


def test_several_notices_of_one_matter_ring_once_and_end_when_it_is_opened(
    problem_at, dispatcher, town, people
):
    problem = problem_at()
    unit = Organisation.objects.get(name="北镇人民政府")
    step(dispatcher, problem, "hand_over", owner_organisation=unit.pk, measures="限期清运")
    for words in ("请尽快", "请今天"):
        dispatcher.post("/matters/problem/urge", {"ids": [problem.pk], "text": words})
    assert people["town"].notices.count() == 3
    assert rings(town) == 1
    assert len(told(town)["要您办的"]) == 1
    town.post(f"/notices/{people['town'].notices.first().pk}")
    assert rings(town) == 0
    assert len(told(town)["要您办的"]) == 1  # opened, not done: it still waits
