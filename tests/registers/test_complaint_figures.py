"""Views, filters and figures of complaints name the same complaints; numbers sort as they count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ecoledger.listings import selecting
from ecoledger.matters import actions, history
from ecoledger.matters.models import Circulation
from ecoledger.matters.register import seen_of
from ecoledger.registers.complaints import statistics
from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.registers.complaints.register import REGISTER
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.enforcement.transfers import REGISTER as TRANSFERS
from ecoledger.registers.enforcement.transfers import Transfer

NOW = timezone.now()


def _past(people, *results: str) -> list:
    rows = [
        {
            "area_code": "990101001",
            "channel": "phone",
            "description": f"第{n}件",
            "satisfaction": result,
            "opened_at": NOW - timedelta(days=30),
            "closed_at": NOW - timedelta(days=10),
        }
        for n, result in enumerate(results)
    ]
    return history.enter(REGISTER, rows, by=people["complaint"], source="旧台账.xlsx")


def _listed(person, **query) -> set[int]:
    return set(selecting.select(REGISTER, person, query).values_list("pk", flat=True))


def test_what_was_asked_back_elsewhere_stands_as_asked_and_the_rest_waits_for_it(people, bureau):
    satisfied, dissatisfied, unasked = _past(people, "satisfied", "dissatisfied", "")
    clerk = people["complaint"]
    assert (satisfied.state, dissatisfied.state, unasked.state) == ("visited", "visited", "done")
    view = next(view for view in REGISTER.views if view.name == "unvisited")
    assert _listed(clerk, **view.query) == {unasked.pk}
    assert _listed(clerk, satisfaction="not_asked") == {unasked.pk}
    counted = {
        s.name: s.value
        for s in statistics.statistics(REGISTER.visible_to(clerk), NOW, seen_of(clerk))
    }
    assert counted["unvisited"] == 1
    assert counted["dissatisfied"] == 1


def test_a_complainant_who_was_not_satisfied_is_on_the_list_of_unsettled_ones(people, bureau):
    _satisfied, dissatisfied = _past(people, "satisfied", "dissatisfied")
    clerk = people["complaint"]
    assert _listed(clerk, backlog="1") == {dissatisfied.pk}
    actions.perform(dissatisfied.pk, "dissatisfied", by=clerk, form={"reason": "仍有异味"})
    assert _listed(clerk, backlog="1") == {dissatisfied.pk}
    actions.perform(dissatisfied.pk, "uphold", by=people["leader"], form={"reason": "已到位"})
    assert _listed(clerk, backlog="1") == set()


@pytest.fixture
def hundred(people, bureau):
    return _past(people, *["satisfied"] * 101)


def test_numbers_sort_by_year_and_count(hundred, people):
    rows = REGISTER.visible_to(people["complaint"])
    listed = list(selecting.ordered(REGISTER, people["complaint"], rows, "number"))
    assert [row.pk for row in listed] == [row.pk for row in hundred]
    back = list(selecting.ordered(REGISTER, people["complaint"], rows, "-number"))
    assert [row.pk for row in back] == [row.pk for row in reversed(hundred)]


def test_a_chain_opens_all_that_was_told_again(people, bureau):
    first, again, other = _past(people, "", "", "")
    actions.merge([again.pk], first.pk, by=people["complaint"], reason="同一件")
    clerk = people["complaint"]
    (door,) = {
        query
        for table in statistics.breakdowns(REGISTER.visible_to(clerk), NOW, seen_of(clerk))
        for cells, query in table.rows
        if cells[0] == first.number
    }
    asked = dict(part.split("=") for part in door.split("&"))
    assert _listed(clerk, **asked) == {first.pk, again.pk}
    assert other.pk not in _listed(clerk, **asked)


def _told(people, **more):
    given = {
        "channel": "visit",
        "area_code": "990101001",
        "description": "夜间加工声音很大",
        "target": "老王家",
        "address": "菜场后门",
    }
    return actions.open_matter(REGISTER, given | more, by=people["complaint"])


def test_the_same_unit_and_address_told_again_is_proposed_and_hinted(people, bureau, client):
    first = _told(people)
    client.force_login(people["complaint"])
    entered = {"area_code": "990101001", "target": "老王家", "address": "菜场后门"}
    hint = client.get("/matters/complaint/like", entered).content.decode()
    assert first.number in hint
    assert (
        first.number
        not in client.get(
            "/matters/complaint/like", entered | {"target": "小李家", "address": "河边"}
        ).content.decode()
    )
    again = _told(people, description="又在加工了")
    assert again.repeats.get().original_id == first.pk


def test_nobody_was_there_before_it_was_taken_up(people, bureau):
    complaint = _told(people)
    town = people["town"]
    actions.perform(
        complaint.pk,
        "accept",
        by=people["complaint"],
        form={"owner_organisation": town.organisation_id, "told": "已电话告知"},
    )
    form = {"verdict": "true", "findings": "属实", "on_site_at": "2020-01-01 10:00"}
    with pytest.raises(actions.Refused) as refused:
        actions.perform(complaint.pk, "report", by=town, form=form)
    assert "on_site_at" in refused.value.fields


def _table(register, person, title: str) -> list[tuple[str, ...]]:
    tables = register.breakdowns(register.visible_to(person), NOW, seen_of(person))
    return next([cells for cells, _query in t.rows] for t in tables if t.title == title)


def test_what_others_may_not_know_of_is_neither_named_nor_counted_in_statistics(people, bureau):
    """A repeat may be seen where its original is not, and a penalty case where its transfer to the police is not."""
    first, again, more = _past(people, "satisfied", "satisfied", "satisfied")
    Complaint.objects.filter(pk__in=(again.pk, more.pk)).update(merged_into=first.pk)
    town = people["town"]
    assert [line[0] for line in _table(REGISTER, town, "重复访")] == [first.number]
    assert _listed(town, repeated="1") == {first.pk}
    Complaint.objects.filter(pk=first.pk).update(circulation=Circulation.RESTRICTED)
    assert _table(REGISTER, town, "重复访") == []
    assert len(_table(REGISTER, people["leader"], "重复访")) == 1
    Complaint.objects.update(circulation=Circulation.RESTRICTED)
    Complaint.objects.filter(pk=first.pk).update(circulation=Circulation.STAFF)
    assert _listed(town, repeated="1") == set()

    values = {"area_code": "990101001", "title": "偷排", "party": "测试化工厂"}
    actions.open_matter(CASES, values, by=people["officer"])
    told = actions.open_matter(
        TRANSFERS, {**values, "kind": "detention", "ground": "evasion"}, by=people["officer"]
    )
    Transfer.objects.filter(pk=told.pk).update(circulation=Circulation.RESTRICTED)
    for role, n in (("town", "0"), ("officer", "1")):
        five = dict(_table(CASES, people[role], "五类案件"))
        assert (role, five["移送行政拘留"]) == (role, n)
