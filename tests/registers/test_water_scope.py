"""Water and land: what lies out of a person's divisions is not named, and no slip of the pen stops a page."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from ecoledger.entities import editing
from ecoledger.entities.models import Enterprise, Section
from ecoledger.indicators import sea as figures
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.models import Circulation
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.soil import land, wells
from ecoledger.registers.soil.land_uses import LAND_USES
from ecoledger.registers.soil.parcels import Parcel
from ecoledger.registers.water import compensation, network, sources
from ecoledger.registers.water.compensation_models import CompensationLine
from ecoledger.registers.water.network import Place
from ecoledger.registers.water.samples import SAMPLES
from ecoledger.registers.water.sea_models import Bay
from ecoledger.registers.water.source_models import ProtectionZone, WaterSource
from ecoledger.standards import water_periods

pytestmark = pytest.mark.django_db
COUNTY, NORTH, SOUTH = "990101", "990101001", "990101002"


def square(west, south, side=0.3):
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.mark.parametrize(("item", "text"), [("ph", "72"), ("codmn", "1e308"), ("tp", "<1e300")])
def test_a_result_that_cannot_be_is_refused(bureau, item, text):
    values = {"entity": bureau.section.entity_ptr, "at": timezone.now(), item: text}
    with pytest.raises(Refused):
        SAMPLES.open_row(values, bureau.people["third_party"], timezone.now())


def test_wells_too_have_no_results_below_nought():
    told = wells.SAMPLES.wrong({"readings": {"nh3n": "-1", "ph": "7.1", "as": "1e300"}}, None)
    assert set(told) == {"nh3n", "as"}


def test_nonsense_of_an_instrument_leaves_a_mean_of_ph():
    assert water_periods.mean("ph", [400.0, 400.0]) == 400
    assert water_periods.mean("ph", [-400.0, 7.0]) < -399
    assert float(water_periods.mean("ph", [7.0, 8.0])) == pytest.approx(
        -math.log10((1e-7 + 1e-8) / 2)
    )


def test_sections_of_other_divisions_are_not_named(bureau, client, store):
    south = Section.objects.create(
        code="S-2", name="南镇内部断面", area_code=SOUTH, river=bureau.river, chainage_km=2
    )
    town = bureau.people["town"]
    end = Place(bureau.river.pk, 30)
    assert south.pk in {row.thing.pk for row in network.of(None).upstream(end)}
    assert south.pk not in {row.thing.pk for row in network.of(town).upstream(end, hours=9999)}
    client.force_login(town)
    assert "南镇内部断面" not in client.get("/water/green").content.decode()
    client.force_login(bureau.leader)
    assert "南镇内部断面" in client.get("/water/green").content.decode()


def test_a_bay_counts_the_problems_that_the_reader_may_see(bureau):
    bay = Bay.objects.create(code="B-1", name="北湾", area_code=NORTH)
    for title in ("甲", "乙"):
        problem = actions.open_matter(
            PROBLEMS,
            {"title": title, "area_code": NORTH, "entity": bay.entity_ptr, "category": "water",
             "origin_kind": "petition"},
            by=bureau.dispatcher,
        )  # fmt: skip
    type(problem).objects.filter(pk=problem.pk).update(circulation=Circulation.RESTRICTED)
    assert figures.problems_of([bay], bureau.people["town"])[bay.pk]["all"] == 1
    assert figures.problems_of([bay], bureau.dispatcher)[bay.pk]["open"] == 2


def test_firms_of_other_divisions_are_not_named_at_a_source(bureau):
    source = WaterSource.objects.create(
        code="WS-1", name="北水源", area_code=NORTH, sort=WaterSource.Sort.RIVER, target_class=3
    )
    zone = ProtectionZone(
        code="PZ-1", name="一级", area_code=NORTH, parent=source.entity_ptr,
        grade=ProtectionZone.Grade.values[0], geometry=square(118.5, 24.8),
    )  # fmt: skip
    editing.save(None, zone)
    firm = Enterprise(code="E-S", name="南镇厂", area_code=SOUTH, lon=118.66, lat=24.88)
    editing.save(None, firm)

    def seen(who):
        return {one.pk for one, _zone in sources.firms_inside(source, bureau.people[who])}

    assert firm.pk in seen("leader")
    assert firm.pk not in seen("town")


@pytest.fixture
def month(bureau):
    row = actions.open_matter(
        compensation.MONTHS, {"area_code": COUNTY, "month": date(2026, 9, 1)}, by=bureau.monitor
    )
    type(row).objects.filter(pk=row.pk).update(
        state="published",
        computed_at=timezone.now(),
        appeal_until=timezone.localdate() + timedelta(days=3),
    )
    CompensationLine.objects.create(
        of=row, section=bureau.section, upper="北镇", lower="南镇", payer="北镇", payee="南镇",
        amount=Decimal(5),
    )  # fmt: skip
    row.refresh_from_db()
    return row


def test_who_brought_an_appeal_does_not_decide_it(bureau, month):
    chief = bureau.people["section_chief"]
    line = CompensationLine.objects.get(of=month)
    appeal = actions.open_matter(
        compensation.APPEALS, {"area_code": COUNTY, "line": line, "description": "有误"}, by=chief
    )
    for step in ("uphold", "reject"):
        with pytest.raises(Refused, match="另一人"):
            actions.perform(appeal.pk, step, by=chief, form={"answer": "是"})
    done = actions.perform(appeal.pk, "uphold", by=bureau.leader, form={"answer": "是"})
    assert done.state == "upheld"


def test_who_would_pay_himself_pays_nothing_and_a_section_no_longer_counted_owes_nothing(
    bureau, month, monkeypatch
):
    line = CompensationLine.objects.get(of=month)
    line.payee = line.payer
    line.save()
    assert compensation.pairs(month) == {}
    CompensationLine.objects.filter(pk=line.pk).update(payee="南镇")
    other = Section.objects.create(
        code="S-2", name="乙断面", area_code=NORTH, river=bureau.river, chainage_km=2
    )
    bill = compensation.Bill(other, payer="南镇", payee="北镇", amount=Decimal(1))
    counted = compensation.Counted("规则", "P", [bill])
    monkeypatch.setattr(compensation, "counting", [lambda _area, _month: counted])
    actions.perform(month.pk, "recalculate", by=bureau.monitor, form={"reason": "断面调整"})
    assert compensation.pairs(type(month).objects.get(pk=month.pk)) == {
        ("南镇", "北镇"): Decimal(1)
    }


def test_a_parcel_of_another_division_is_not_named_and_no_change_leaves_land_without_an_area(
    bureau, client
):
    plan = square(118.6, 24.9, 0.01)
    parcel = Parcel(code="DK-9", name="南镇密级地块", area_code=SOUTH, geometry=plan)
    editing.save(None, parcel)
    use = next(key for key, _label in land.uses() if land.use_of(key)["sensitive"])
    row = actions.open_matter(
        LAND_USES,
        {"title": "变更", "area_code": NORTH, "request": "change", "use": use, "geometry": plan},
        by=bureau.approver,
    )
    assert "南镇密级地块" in row.finding.words
    assert "南镇密级地块" not in row.finding.told(NORTH)
    for who, named in (("town", False), ("leader", True)):
        client.force_login(bureau.people[who])
        page = client.get(f"/matters/land_use/{row.pk}").content.decode()
        assert 'id="gate"' in page
        assert ("南镇密级地块" in page) is named
    for nonsense in ({"type": "Polygon", "coordinates": []}, {"x": 1}):
        with pytest.raises(Refused):
            actions.amend(row.pk, {"geometry": nonsense}, event="amended", by=bureau.approver)


def test_land_without_a_place_is_not_judged(bureau, client):
    """Neither drawn nor of a parcel: it meets nothing, which is no finding, and nobody is asked to agree or to refuse."""
    values = {"title": "变更", "area_code": NORTH, "request": "change", "use": "居住用地"}
    row = actions.open_matter(LAND_USES, values, by=bureau.approver)
    client.force_login(bureau.leader)
    page = client.get(f"/matters/land_use/{row.pk}").content.decode()
    assert "没有范围，无法判断" in page
    assert "没有交叠" not in page
    assert "不符合准入要求" not in page.partition('id="gate"')[2].partition("</section>")[0]
    with pytest.raises(Refused, match="无法判断"):
        actions.perform(row.pk, "check", by=bureau.approver, form={})
