"""The demonstration's emergencies and nature: no page of theirs is empty."""

from __future__ import annotations

from datetime import datetime

import pytest

from demo import build, emergency
from ecoledger.books import account
from ecoledger.registers.emergency.depots import STOCK, Batch
from ecoledger.registers.emergency.health_maps import HealthCell
from ecoledger.registers.emergency.incidents import Incident, commands
from ecoledger.registers.emergency.plan_filings import PlanFiling
from ecoledger.registers.nature.candidates import SpeciesCandidate
from ecoledger.registers.nature.change_spots import ChangeSpot
from ecoledger.registers.nature.species import Species

pytestmark = pytest.mark.django_db


def test_its_emergencies_and_its_nature_are_there():
    build.build()
    emergency.build(datetime(2026, 11, 20, 12))
    assert PlanFiling.objects.filter(state="due").exists()
    assert PlanFiling.objects.filter(state="filed").count() > 30
    assert all(batch.balance for batch in Batch.objects.all())
    assert account.first_broken(STOCK) == ""
    (event,) = Incident.objects.all()
    assert event.in_time
    assert len(commands(event)) == 3
    assert HealthCell.objects.filter(exceeds=True).exists()
    assert HealthCell.objects.filter(exceeds=False).exists()
    assert SpeciesCandidate.objects.filter(state="confirmed", new_record=False).count() == 2
    assert Species.objects.filter(level="1").count() == 2
    assert ChangeSpot.objects.filter(gravest="red_line").exists()
