"""Who answers for what since when; three chiefs for one event; hand-over."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from ecoledger.entities import charges, relations
from ecoledger.entities.handing_over import PART
from ecoledger.entities.models import Charge, Enterprise

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


@pytest.fixture
def chiefs(bureau):
    """A river chief, a section chief and a station chief around the water station."""
    people = bureau.people
    station = bureau.water.entity
    for thing, role, level, person in (
        (bureau.river, "river_chief", "county", people["leader"]),
        (bureau.section, "section_chief", "town", people["town"]),
        (station, "station_chief", "", people["monitor"]),
    ):
        charges.appoint(
            bureau.monitor,
            Charge(entity=thing, role=role, level=level, person=person, since=JUNE),
        )
    return station


def test_at_a_water_station_three_chiefs_answer(bureau, chiefs):
    rows = charges.charges_of(chiefs, JULY)
    assert [(charges.label(row), row.entity.code) for row in rows] == [
        ("站点长", "W-1"),
        ("镇级断面长", "S-1"),
        ("县级河长", "R-1"),
    ]
    people = charges.people_of(rows)
    assert people == [bureau.monitor, bureau.people["town"], bureau.people["leader"]]
    assert charges.charges_of(chiefs, date(2026, 5, 31)) == []
    assert [row.role for row in charges.charges_of(chiefs, JULY, also=False)] == ["station_chief"]
    assert [row.role for row in charges.charges_of(chiefs, JULY, ["river_chief"])] == [
        "river_chief"
    ]


def test_what_discharges_into_a_river_is_the_river_chiefs_too(bureau, chiefs):
    outlet = bureau.wastewater.entity
    assert charges.charges_of(outlet, JULY) == []
    relations.relate(bureau.monitor, outlet, "discharges_into", bureau.river, since=JUNE)
    assert [row.role for row in charges.charges_of(outlet, JULY)] == ["river_chief"]
    assert [(words, other.code) for words, other, _row in relations.of(bureau.river)] == [
        ("接纳来水", outlet.code)
    ]


def test_a_new_chief_ends_the_old_ones_charge_the_day_before(bureau, chiefs):
    charges.appoint(
        bureau.monitor,
        Charge(
            entity=bureau.river,
            role="river_chief",
            level="county",
            person=bureau.people["dispatcher"],
            since=JULY,
        ),
    )
    held = Charge.objects.filter(role="river_chief").order_by("since")
    assert [(row.who, row.since, row.until) for row in held] == [
        (bureau.people["leader"].name, JUNE, date(2026, 6, 30)),
        (bureau.people["dispatcher"].name, JULY, None),
    ]
    # Another level stands beside it.
    charges.appoint(
        bureau.monitor,
        Charge(entity=bureau.river, role="river_chief", level="village", name="村长", since=JULY),
    )
    assert [charges.label(row) for row in charges.charges_of(bureau.river, JULY)] == [
        "县级河长",
        "村级河长",
    ]


def test_a_chief_without_an_account_has_a_name(bureau):
    with pytest.raises(ValidationError, match="姓名"):
        charges.appoint(bureau.monitor, Charge(entity=bureau.river, role="river_chief"))
    charge = Charge(entity=bureau.river, role="river_chief", name="林某", phone="13800000000")
    charges.appoint(bureau.monitor, charge)
    assert charge.who == "林某"
    assert charges.people_of([charge]) == []
    with pytest.raises(ValidationError, match="责任类别"):
        charges.appoint(bureau.monitor, Charge(entity=bureau.river, role="king", name="某"))
    with pytest.raises(PermissionDenied):
        charges.appoint(bureau.officer, Charge(entity=bureau.river, role="river_chief", name="某"))


def test_an_organisation_answers_by_its_people(bureau):
    office = bureau.people["town"].organisation
    charge = charges.appoint(
        bureau.monitor, Charge(entity=bureau.section, role="section_chief", organisation=office)
    )
    assert set(charges.people_of([charge])) == set(office.people.all())


def test_all_that_somebody_answers_for_is_handed_over(bureau, chiefs):
    old, new = bureau.people["leader"], bureau.people["dispatcher"]
    firm = Enterprise.objects.get(code="E-1")
    charges.appoint(bureau.monitor, Charge(entity=firm, role="grid_worker", person=old))
    items = PART.held(old, new)
    assert [item.text for item in items] == ["县级河长 清溪", "网格员 测试化工厂"]
    given = PART.give(old, new, [item.pk for item in items], bureau.people["security_admin"])
    assert list(charges.charged_to(old)) == []
    assert {row.pk for row in charges.charged_to(new)} == set(given)
    assert {row.entity.code for row in charges.charged_to(new)} == {"R-1", "E-1"}
    assert {row.entity.code for row in charges.charged_to(old, JULY)} == {"R-1", "E-1"}
