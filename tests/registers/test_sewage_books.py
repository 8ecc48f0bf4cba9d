"""What the books of sewage and outfalls judge: how a facility runs, when a water is black, when there is no rate."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from ecoledger.entities.models import Enterprise
from ecoledger.listings.refusals import Refused
from ecoledger.registers.water import balance, black_waters, plants, village_run
from ecoledger.registers.water.outfall_models import RiverOutfall
from ecoledger.registers.water.outfall_work import PICTURES, REGISTER
from ecoledger.registers.water.sewage_models import (
    PlantMonth,
    RegionYear,
    SewagePlant,
    SewageRegion,
)
from ecoledger.registers.water.village_run import Day, Run

TODAY = date(2026, 5, 20)


def days(*pairs, until=TODAY):
    """Days before today, newest first, of (power, flow)."""
    made = [None if value is None else Decimal(value) for pair in pairs for value in pair]
    return [Day(until - timedelta(days=n), made[2 * n], made[2 * n + 1]) for n in range(len(pairs))]


def run(rows, design="30"):
    return village_run.judged(rows, Decimal(design), TODAY)[0]


def test_what_was_not_said_is_neither_idle_nor_still():
    assert run([]) == Run.UNKNOWN
    assert run(days(*[(0, None)] * 7)) == Run.STILL
    # A day without power does not make a week without power.
    assert run(days(*[(0, None)] * 6, (None, 12))) != Run.STILL
    assert run(days(*[(4, 0)] * 3)) == Run.IDLE
    assert run(days((4, 0), (4, None), (4, 0))) == Run.LOW
    assert run(days(*[(4, None)] * 3)) == Run.UNKNOWN
    assert run(days((4, 20), (4, 18))) == Run.NORMAL
    assert run(days((4, 5), (4, 6))) == Run.LOW
    # Old days say nothing of today.
    assert run(days((4, 20), until=TODAY - timedelta(days=30))) == Run.UNKNOWN


def test_a_grade_s_limits_are_asked_of_what_was_measured_only():
    assert village_run.meets("first", {"cod": Decimal(60), "ammonia": None}) is True
    assert village_run.meets("first", {"cod": Decimal(61), "ammonia": None}) is False
    assert village_run.meets("first", {"cod": None}) is None
    assert village_run.meets("", {"cod": Decimal(1)}) is None


@pytest.mark.parametrize(
    ("sort", "values", "grade"),
    [
        ("urban", {"clarity_cm": Decimal(30), "ammonia": Decimal("8.1")}, "轻度黑臭"),
        ("urban", {"clarity_cm": Decimal(9)}, "重度黑臭"),
        ("urban", {"oxygen": Decimal(2), "orp_mv": Decimal(50), "ammonia": Decimal(8)}, "不黑臭"),
        ("rural", {"ammonia": Decimal("15.1")}, "黑臭"),
        ("rural", {"orp_mv": Decimal(-300)}, ""),  # no limit of it for rural waters
        # 20 cm deep: clear to 8 cm is clear enough.
        ("rural", {"clarity_cm": Decimal(9), "depth_cm": Decimal(20)}, "不黑臭"),
        ("rural", {"clarity_cm": Decimal(7), "depth_cm": Decimal(20)}, "黑臭"),
    ],
)
def test_a_water_is_black_by_any_one_of_its_limits(sort, values, grade):
    assert black_waters.judged(sort, values)[0] == grade


def test_the_classes_say_how_an_outfall_is_set_up():
    plant = RiverOutfall(outfall_class="1000")
    assert (plant.setting, plant.class_path, plant.class_mark) == (
        "审批",
        "城镇污水处理厂排污口",
        "1",
    )
    assert RiverOutfall(outfall_class="0201").setting == "登记"
    assert RiverOutfall().setting == ""


def test_the_survey_asks_six_pictures_and_another_person_confirms():
    survey = REGISTER.workflow.transition("survey")
    assert survey.pictures == PICTURES
    assert len(dict(PICTURES)) == 6
    assert "survey" in REGISTER.workflow.transition("confirm").other_person_than
    assert "apply_close" in REGISTER.workflow.transition("confirm_close").other_person_than


@pytest.fixture
def region(bureau):
    town = bureau.towns[0].code
    made = SewageRegion.objects.create(code="Q-1", name="东区", area_code=town, sort="built")
    firm = Enterprise.objects.create(code="E-90", name="水务", area_code=town)
    for n, name in enumerate(("一厂", "二厂"), 1):
        SewagePlant.objects.create(
            code=f"X-{n}", name=name, area_code=town, parent=firm, design_m3d=1000, region=made,
            grade="grade_1a",
        )  # fmt: skip
    RegionYear.objects.create(region=made, year=2025, area_code=town, sewage_m3=365_000)
    return made


def month(name, text, **values):
    plant = SewagePlant.objects.get(name=name)
    said = {"inflow_m3": Decimal(15_500), "cod_in": Decimal(175), **values}
    said = {"industrial_m3": Decimal(0), **said}
    return plants.MONTHS.open_row(
        {"entity": plant, "month": text, **said}, None, timezone.make_aware(datetime(2025, 6, 1))
    )


def told():
    (one,) = balance.of_year(SewageRegion.objects.all(), 2025).regions
    return one


@pytest.mark.django_db
def test_only_months_that_every_plant_reported_are_counted(region):
    month("一厂", "2025-01")
    assert told().rate is None
    assert "二厂 没有进水量和浓度" in told().missing
    month("二厂", "2025-01")
    # 31,000 m³ at 175 mg/L of 31,000 m³ of sewage at 350 mg/L.
    assert told().rate.rate.show(2) == "50.00%"
    month("一厂", "2025-02")
    assert told().months == ("2025-01",)
    assert "二厂 缺 2025-02" in told().missing
    assert told().rate.rate.show(2) == "50.00%"


@pytest.mark.django_db
def test_an_industrial_part_without_concentration_is_no_nought(region):
    month("一厂", "2025-01", industrial_m3=Decimal(100))
    month("二厂", "2025-01")
    assert told().rate is None
    assert "一厂 缺工业废水浓度" in told().missing


@pytest.mark.django_db
def test_a_month_is_judged_once_and_entered_once(region):
    entry = month("一厂", "2025-03", cod_out=Decimal("50.1"))
    assert entry.load == Decimal("50.0")
    assert "低于 200" in entry.warning
    assert entry.meets is False
    assert "（M）" in entry.judged_by
    with pytest.raises(Refused, match="已有月运行记录"):
        month("一厂", "2025-03")
    wrong = plants.MONTHS.wrong
    assert "month" in wrong({"month": "2025-13", "inflow_m3": 1}, None)
    assert "industrial_m3" in wrong({"month": "2025-03", "inflow_m3": 1, "industrial_m3": 2}, None)
    assert PlantMonth.objects.count() == 1


@pytest.mark.django_db
def test_the_page_of_plants_opens_on_the_newest_month_that_is_entered(region, bureau, client):
    """What nobody has entered is no nought."""
    client.force_login(bureau.leader)
    page = client.get("/water/plants")
    assert page.context["entered"] == 0
    assert "0 / 0" not in page.content.decode()
    assert "0.00" not in page.content.decode()
    month("一厂", "2025-03")
    assert client.get("/water/plants").context["month"] == "2025-03"
    assert client.get("/water/plants?month=2025-04").context["month"] == "2025-04"
