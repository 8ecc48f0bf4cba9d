"""The network of rivers: who lies upstream of a place, by which way, and how long water takes."""

from __future__ import annotations

import pytest
from django.utils import timezone

from ecoledger.entities import relations
from ecoledger.entities.models import Enterprise, River, Section
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.registers.water import network, traces
from ecoledger.registers.water.network import Place

pytestmark = pytest.mark.django_db
TOWN = "990101001"


@pytest.fixture
def rivers(bureau):
    main = River.objects.create(code="R-M", name="主河", area_code="990101", length_km=20)
    branch = River.objects.create(
        code="R-B", name="支河", area_code="990101", length_km=8, flows_into=main, joins_at_km=10
    )
    bridge = Section.objects.create(
        code="S-B", name="支河桥", area_code=TOWN, river=branch, chainage_km=4
    )
    seen = Section.objects.create(
        code="S-M", name="主河桥", area_code=TOWN, river=main, chainage_km=14.32
    )
    firm = Enterprise.objects.create(code="E-D", name="支河印染厂", area_code=TOWN)
    relations.relate(None, firm, "discharges_into", bridge)
    return {"main": main, "bridge": bridge, "seen": seen, "firm": firm}


def test_what_discharges_into_a_branch_lies_upstream_of_the_main_rivers_bridge(rivers):
    net = network.of(None)
    rows = {row.thing.name: row for row in net.upstream(Place(rivers["main"].pk, 14.32), speed=0.4)}
    assert rows["支河印染厂"].distance_km == pytest.approx(8.32)
    assert rows["支河印染厂"].hours == pytest.approx(8320 / 0.4 / 3600)
    assert rows["主河桥"].hours == 0
    down = {row.thing.name for row in net.downstream(net.places[rivers["bridge"].pk])}
    assert down == {"支河桥", "支河印染厂", "主河桥"}


def test_a_travel_time_on_record_goes_before_the_speed_that_is_assumed(rivers):
    relations.relate(
        None, rivers["bridge"], "upstream_of", rivers["seen"],
        values={"travel_hours": 3, "distance_km": 8.32},
    )  # fmt: skip
    net = network.of(None)
    rows = {row.thing.name: row for row in net.upstream(net.places[rivers["seen"].pk], speed=0.4)}
    assert rows["支河桥"].hours == pytest.approx(3)


def test_a_firm_by_the_bank_is_placed_on_its_river_by_its_coordinates(bureau):
    line = {"type": "LineString", "coordinates": [[118.6, 24.9], [118.7, 24.9]]}
    river = River.objects.create(
        code="R-L", name="画出的河", area_code="990101", length_km=20, geometry=line
    )
    near = Enterprise.objects.create(
        code="E-N", name="河边厂", area_code=TOWN, lon=118.65, lat=24.903
    )
    far = Enterprise.objects.create(
        code="E-F", name="远处厂", area_code=TOWN, lon=118.65, lat=24.95
    )
    told = Enterprise.objects.create(
        code="E-R", name="远处纳管厂", area_code=TOWN, lon=118.65, lat=24.98
    )
    relations.relate(None, told, "discharges_into", river)
    net = network.of(None)
    # Half-way along, on the length on record; 330 m from the bank.
    assert net.places[near.pk].river == river.pk
    assert net.places[near.pk].km == pytest.approx(10, abs=0.01)
    assert far.pk not in net.places
    # Nine kilometres off, and on record to discharge into it.
    assert net.places[told.pk].km == pytest.approx(10, abs=0.01)


def test_suspects_are_taken_onto_the_list_once(rivers, people):
    officer = people["officer"]
    trace = actions.open_matter(
        traces.TRACES,
        {"title": "水体发黑", "area_code": TOWN, "entity": rivers["seen"].entity_ptr, "seen_at": timezone.now(),
         "channel": "complaint", "speed": 0.4},
        by=officer,
    )  # fmt: skip
    actions.perform(trace.pk, "begin", by=officer, form={"seen_at": "2026-11-30 08:00"})
    traces.suspect(traces.TRACES.model.objects.get(pk=trace.pk), [rivers["firm"].pk], by=officer)
    (row,) = trace.suspects.all()
    assert row.thing.name == "支河印染厂"
    assert row.distance_km == 8.32
    assert row.window.startswith("2026-11-2")
    with pytest.raises(Refused, match="没有选中新的对象"):
        traces.suspect(
            traces.TRACES.model.objects.get(pk=trace.pk), [rivers["firm"].pk], by=officer
        )
