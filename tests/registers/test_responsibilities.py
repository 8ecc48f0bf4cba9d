"""Who answers for a problem by the list in force, offered at its hand-over with its basis."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from ecoledger.accounts.models import Organisation
from ecoledger.books import roster as rosters
from ecoledger.listings import forms
from ecoledger.registers.problems.problem_ledger import REGISTER, Problem
from ecoledger.registers.problems.responsibilities import RESPONSIBILITIES, responsible_for

pytestmark = pytest.mark.django_db
COUNTY, NORTH = "990101", "990101001"


@pytest.fixture
def departments(bureau):
    return {
        name: Organisation.objects.create(name=name, kind="department", area_code=COUNTY)
        for name in ("住房城乡建设局", "农业农村局", "城市管理局")
    }


@pytest.fixture
def edition(departments):
    draft = rosters.draft(RESPONSIBILITIES, "2026", COUNTY, by=None)
    for name, item, category, words, basis in (
        ("住房城乡建设局", "施工扬尘", "air", "扬尘、工地", "大气污染防治法第六十九条"),
        ("农业农村局", "秸秆焚烧", "air", "秸秆", "大气污染防治法第七十七条"),
        ("城市管理局", "建筑垃圾", "waste", "建筑垃圾、渣土", "固体废物污染环境防治法"),
        ("城市管理局", "餐饮油烟", "air", "油烟、餐饮", "大气污染防治法第八十一条"),
    ):
        RESPONSIBILITIES.open_row(
            {
                "edition": draft,
                "organisation": departments[name],
                "item": item,
                "category": category,
                "words": words,
                "basis": basis,
            },
            None,
            timezone.now(),
        )
    return rosters.publish(RESPONSIBILITIES, draft, date(2026, 1, 1), by=None)


def problem(title, category, area=NORTH):
    return Problem(register="problem", title=title, category=category, area_code=area)


@pytest.mark.parametrize(
    ("title", "category", "department"),
    [
        ("清溪桥工地扬尘未覆盖", "air", "住房城乡建设局"),
        ("北镇田间秸秆露天焚烧", "air", "农业农村局"),
        ("河道岸线堆放建筑垃圾", "waste", "城市管理局"),
        ("餐饮店油烟扰民", "air", "城市管理局"),
        ("河道水体发黑", "water", None),
        ("工地夜间噪声", "noise", None),  # the word fits, the matter does not
    ],
)
def test_the_item_that_fits_best_names_the_department(edition, title, category, department):
    line = responsible_for(problem(title, category), date(2026, 6, 1))
    assert (line.organisation.name if line else None) == department


def test_before_its_day_and_outside_its_area_a_list_says_nothing(edition):
    assert responsible_for(problem("工地扬尘", "air"), date(2025, 12, 31)) is None
    assert responsible_for(problem("工地扬尘", "air", "990102001"), date(2026, 6, 1)) is None


def test_a_draft_says_nothing(edition, departments):
    newer = rosters.copy(RESPONSIBILITIES, edition, "2027", by=None)
    line = RESPONSIBILITIES.lines(newer).get(item="施工扬尘")
    RESPONSIBILITIES.change_row(line, {"words": "河道"}, None, timezone.now())
    assert responsible_for(problem("河道水体发黑", "air"), date(2026, 6, 1)).edition == edition


def test_the_hand_over_offers_the_department_and_keeps_a_chosen_owner(edition, departments, bureau):
    hand_over = REGISTER.workflow.transition("hand_over")
    asks = REGISTER.asks_of(hand_over)
    row = problem("清溪桥工地扬尘未覆盖", "air")
    form = forms.form_of(asks, Problem, row=row, person=bureau.dispatcher)
    assert form.initial["owner_organisation"] == departments["住房城乡建设局"]
    row.owner_organisation = departments["农业农村局"]
    form = forms.form_of(asks, Problem, row=row, person=bureau.dispatcher)
    assert form.initial["owner_organisation"] == departments["农业农村局"]


def test_editions_are_compared_by_department_and_item(edition, departments):
    newer = rosters.copy(RESPONSIBILITIES, edition, "2027", by=None)
    line = RESPONSIBILITIES.lines(newer).get(item="餐饮油烟")
    RESPONSIBILITIES.change_row(line, {"basis": "新条例"}, None, timezone.now())
    seen = rosters.compare(RESPONSIBILITIES, edition, newer)
    assert (len(seen.added), len(seen.left), seen.same) == (0, 0, 3)
    assert dict(seen.changed[0].values) == {"basis": ("大气污染防治法第八十一条", "新条例")}
