"""The demonstration's grid, complaints and letters come to the figures that they are said to have."""

from __future__ import annotations

import pytest
from demo.__main__ import present

from demo import build, county, field_work, rectification, sewage
from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.registers.grid.events import GridEvent
from ecoledger.registers.grid.patrol_services import PatrolService
from ecoledger.registers.grid.patrols import Patrol
from ecoledger.registers.office.discipline import (
    DisciplineMeasure,
    DisciplineProblem,
    DisciplineRule,
)
from ecoledger.registers.office.meetings import CommitteeTask
from ecoledger.registers.office.positive_list import PositiveLine
from ecoledger.registers.problems.city_problems import CityProblem
from ecoledger.registers.problems.inspectorate import InspectorateBatch, InspectorateLetter
from ecoledger.registers.problems.look_back import LookBackCheck
from ecoledger.registers.water import balance
from ecoledger.registers.water.outfall_models import OutfallWork, RiverOutfall
from ecoledger.registers.water.sewage_models import SewageRegion, VillageFacility

pytestmark = pytest.mark.django_db


def test_the_year_of_the_grid_and_of_complaints_has_its_figures():
    build.build()
    field_work.build(present())
    assert (Patrol.objects.count(), GridEvent.objects.count()) == (5_932, 1_632)
    clues = GridEvent.objects.filter(source="contractor")
    assert (clues.count(), clues.filter(truth="true").count()) == (160, 140)
    assert [s.state for s in PatrolService.objects.order_by("begin")] == ["accepted", "asked"]
    assert Complaint.objects.count() == 357
    again = Complaint.objects.filter(title__endswith="仍未解决")
    assert again.exclude(merged_into=None).count() == 22
    batches = InspectorateBatch.objects.all()
    assert (len(batches), sum(batch.total for batch in batches)) == (31, 351)
    assert (sum(batch.ours > 0 for batch in batches), InspectorateLetter.objects.count()) == (
        19,
        47,
    )
    letters = InspectorateLetter.objects.all()
    assert letters.exclude(merged_into=None).count() == 20
    distinct = letters.filter(merged_into=None)
    assert distinct.filter(state="unfounded").count() == 1
    assert distinct.filter(phase="closed").count() == 22


def test_rectification_and_the_office_have_their_figures():
    """8 of 132 places of the city list from the inspection; 44 problems, 114 measures, 18 rules; a round of twelve."""
    build.build()
    county.build(present())
    rectification.build(present())
    assert CityProblem.objects.count() == 132
    assert CityProblem.objects.filter(origin_kind="inspection").count() == 8
    assert DisciplineProblem.objects.filter(supplementary=True).count() == 11
    assert [m.objects.count() for m in (DisciplineProblem, DisciplineMeasure, DisciplineRule)] == [
        44,
        114,
        18,
    ]
    assert LookBackCheck.objects.count() == 12
    assert LookBackCheck.objects.filter(state="reopened").count() == 1
    # Nine of meetings, twelve of letters that came in.
    assert CommitteeTask.objects.count() == 21
    assert PositiveLine.objects.exists()


def test_the_water_section_has_something_on_every_page():
    build.build()
    size = sewage.build(present())
    assert RiverOutfall.objects.count() == size["排污口"]
    states = set(OutfallWork.objects.values_list("state", flat=True))
    assert {"suspected", "monitoring", "rectifying", "closed", "kept"} <= states
    runs = set(VillageFacility.objects.values_list("run", flat=True))
    assert runs == {"normal", "still", "idle", "unknown"}
    found = balance.of_year(SewageRegion.objects.all(), present().year - 1)
    assert found.total is not None
    assert not found.left_out
