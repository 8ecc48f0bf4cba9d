"""The demonstration's grid, complaints and letters come to the figures that they are said to have."""

from __future__ import annotations

import pytest
from demo.__main__ import present

from demo import build, field_work
from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.registers.grid.events import GridEvent
from ecoledger.registers.grid.patrols import Patrol
from ecoledger.registers.problems.inspectorate import InspectorateBatch, InspectorateLetter

pytestmark = pytest.mark.django_db


def test_the_year_of_the_grid_and_of_complaints_has_its_figures():
    build.build()
    field_work.build(present())
    assert (Patrol.objects.count(), GridEvent.objects.count()) == (5_932, 1_632)
    assert Complaint.objects.count() == 357
    assert Complaint.objects.filter(title__endswith="仍未解决").count() == 22
    batches = InspectorateBatch.objects.all()
    assert (len(batches), sum(batch.total for batch in batches)) == (31, 351)
    assert (sum(batch.ours > 0 for batch in batches), InspectorateLetter.objects.count()) == (
        19,
        47,
    )
