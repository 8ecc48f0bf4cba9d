"""What may be the same matter is shown while it is written, and only what the person may see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

pytestmark = pytest.mark.django_db


def shown(person, **query):
    client = Client()
    client.force_login(person)
    return client.get("/matters/problem/like", query).content.decode()


def test_an_open_matter_of_the_town_named_alike_is_shown(problem_at, people):
    first = problem_at("东港村河岸堆放垃圾")
    problem_at("夜间噪声扰民")
    page = shown(people["dispatcher"], title="东港村河岸堆放垃圾未清", area_code="990101001")
    assert first.number in page
    assert "夜间噪声" not in page
    assert "可能是同一件" in page


def test_what_lies_elsewhere_is_old_or_closed_to_the_person_is_not(problem_at, people):
    old = problem_at("东港村河岸堆放垃圾")
    type(old).objects.filter(pk=old.pk).update(opened_at=timezone.now() - timedelta(days=40))
    assert "可能是同一件" not in shown(people["dispatcher"], title="东港村河岸堆放垃圾")
    problem_at("东港村河岸堆放垃圾")
    assert "可能是同一件" not in shown(
        people["dispatcher"], title="东港村河岸堆放垃圾", area_code="990101002"
    )
