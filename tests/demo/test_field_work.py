"""The demonstration's grid, complaints and letters come to the figures that they are said to have."""

from __future__ import annotations

import pytest
from demo.__main__ import present
from django.http import QueryDict
from django.utils import timezone

from demo import build, county, field_work, rectification, sewage
from ecoledger.accounts.models import Person
from ecoledger.listings import selecting
from ecoledger.matters.register import register_of, seen_of
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


def rows_lead(register):
    """Every row of a book's tables opens as many of its matters as one of its cells says, and not none."""
    person = Person.objects.get(username="diaodu")
    rows, now = selecting.select(register, person, {"merged": "all"}), timezone.now()
    for table in register.breakdowns(rows, now, seen_of(person)):
        for cells, query in table.rows:
            if query and not query.startswith("/"):
                count = selecting.select(register, person, QueryDict(query)).count()
                assert count, (table.title, cells, query)
                assert str(count) in cells, (table.title, cells, query)


def test_the_year_of_the_grid_and_of_complaints_has_its_figures():
    build.build()
    field_work.build(present())
    assert (Patrol.objects.count(), GridEvent.objects.count()) == (5_932, 1_632)
    clues = GridEvent.objects.filter(source="contractor")
    assert (clues.count(), clues.filter(truth="true").count()) == (160, 140)
    assert [s.state for s in PatrolService.objects.order_by("begin")] == ["accepted", "asked"]
    rows_lead(register_of("grid_event"))
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
    rows_lead(register_of("outfall_work"))
    rows_lead(register_of("sewer_work"))
