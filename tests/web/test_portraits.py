"""Portraits of small firms: a page of them shows fifty, its order and its counts are those of all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.conftest import NORTH

from ecoledger.entities.models import Enterprise
from ecoledger.indicators import portrait
from ecoledger.matters import actions
from ecoledger.matters.models import Matter
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem

pytestmark = pytest.mark.django_db


def test_the_riskiest_of_all_stands_first_and_the_figures_count_everybody(bureau, client):
    firms = [
        Enterprise.objects.create(code=f"E-{n}", name=f"小厂{n}", area_code=NORTH)
        for n in range(100, 180)
    ]
    late = actions.open_matter(
        PROBLEMS,
        {"title": "久拖不改", "entity": firms[-1], "area_code": NORTH},
        by=bureau.dispatcher,
    )
    Matter.objects.filter(pk=late.pk).update(enterprise=firms[-1])
    Problem.objects.filter(pk=late.pk).update(deadline=timezone.localdate() - timedelta(days=9))
    client.force_login(bureau.leader)
    first, second = (client.get(f"/portraits?page={n}").context for n in (1, 2))
    assert first["rows"][0][0].firm == firms[-1]
    assert first["rows"][0][0].tags == ("整改超期",)
    shown = [one.firm.pk for rows in (first["rows"], second["rows"]) for one, _area in rows]
    everybody = set(Enterprise.objects.filter(is_key=False).values_list("pk", flat=True))
    assert len(first["rows"]) == 50
    assert sorted(shown) == sorted(everybody)
    levelled = sum(n for _level, n in first["levels"])
    assert first["total"] == levelled + first["unsure"] == len(everybody)
    assert dict(first["tags"]) == {"整改超期": 1}
    assert client.get("/portraits?tag=整改超期").context["page"].paginator.count == 1
    page = client.get(f"/portraits/{firms[-1].pk}").content.decode()
    assert "超期未整改 1 件" in page
    assert "投诉 0 件" in page


def test_a_firm_of_which_little_is_known_is_not_called_a_low_risk(bureau, client):
    """Five of nine items have no data: nothing was found because nobody looked. Points that were found speak anyway."""
    firm = Enterprise.objects.create(code="E-100", name="小厂", area_code=NORTH)
    (made,) = portrait.portraits([firm], bureau.leader, timezone.now())
    assert (made.missing, made.score, made.level) == (5, 0, None)
    client.force_login(bureau.leader)
    page = client.get("/portraits?level=unsure")
    assert firm in [one.firm for one, _area in page.context["rows"]]
    assert "存疑，请对照标准原文" in page.content.decode(), "a mark says what it means"
    for n in range(4):
        late = actions.open_matter(
            PROBLEMS,
            {"title": f"拖延{n}", "entity": firm, "area_code": NORTH},
            by=bureau.dispatcher,
        )
        Matter.objects.filter(pk=late.pk).update(enterprise=firm)
        Problem.objects.filter(pk=late.pk).update(deadline=timezone.localdate() - timedelta(days=9))
    (made,) = portrait.portraits([firm], bureau.leader, timezone.now())
    assert (made.score, made.level.key) == (20, "middle")
