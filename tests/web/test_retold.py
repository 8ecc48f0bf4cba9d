"""A message is kept in Chinese, whoever brought it about, and read in the language of the page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone, translation
from tests.conftest import COUNTY

from ecoledger.matters import actions, notices, schedule
from ecoledger.matters.models import Clock, Notice, Urgency
from ecoledger.registers.problems.problem_ledger import REGISTER
from ecoledger.standards.workdays import provisional_reason
from ecoledger.web.office.retold import retold

pytestmark = pytest.mark.django_db


def test_it_is_told_in_the_language_of_the_page(people, client):
    values = {"title": "河岸堆放垃圾", "area_code": COUNTY, "origin_kind": "self"}
    problem = actions.open_matter(REGISTER, values, by=None)
    clock = Clock.objects.filter(matter=problem).first() or Clock(matter=problem, label="计划完成")
    clock.due = timezone.now() - timedelta(days=40)
    clock.provisional_reason, clock.provisional = provisional_reason([2027]), True
    with translation.override("en"):
        notices.tell_next(problem, None, timezone.now())
    schedule._say(problem, clock, Urgency.ESCALATED, timezone.now(), [people["dispatcher"]])
    texts = set(Notice.objects.values_list("text", flat=True))
    assert len(texts) == 2
    with translation.override("en"):
        said = [retold(text).replace(problem.number, "") for text in texts]
    assert not [text for text in said if any("\u4e00" <= c <= "\u9fff" for c in text)]
    assert all(retold(text) == text for text in texts)
