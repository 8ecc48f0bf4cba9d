"""The demonstration's waste: what it builds stands in the books, and some of it is wrong in a way that is found."""

from __future__ import annotations

import pytest
from demo.__main__ import present

from demo import build, waste
from ecoledger.registers.waste.manifests import Manifest
from ecoledger.registers.waste.medical_alarms import MedicalAlarm
from ecoledger.registers.waste.medical_waste import MedicalInstitution
from ecoledger.registers.waste.overdue_storage import OverdueStorage
from ecoledger.registers.waste.waste_balance import WasteBalance

pytestmark = pytest.mark.django_db


def test_the_year_of_waste_has_its_figures_and_its_faults():
    build.build()
    made = waste.build(present())
    assert Manifest.objects.count() == made["联单"] > 0
    assert MedicalInstitution.objects.count() == 23
    # One firm declares too little, one has had waste in store since the year before, one institution is not fetched from.
    assert WasteBalance.objects.filter(differs=True, span="month").exists()
    assert [case.code for case in OverdueStorage.objects.all()] == ["900-402-06"]
    assert MedicalAlarm.objects.filter(kind="too_long").exists()
