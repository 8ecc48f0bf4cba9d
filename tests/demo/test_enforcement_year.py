"""The brigade's synthetic year comes to the figures it says it has."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from demo import enforcement
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Area, Enterprise
from ecoledger.registers.enforcement.models import (
    ActionMeeting,
    CreditEntry,
    DamageClaim,
    FileReview,
    Inspection,
    PenaltyCase,
    RandomCheck,
    Seizure,
    SelfCheck,
)
from ecoledger.registers.enforcement.random_check import sheet
from ecoledger.standards import draw_sheet

TOWN = "990181001"


@pytest.mark.django_db
def test_the_brigades_year_has_its_figures(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    Area.objects.create(code=TOWN, name="演示镇", synthetic=True)
    bureau = Organisation.objects.create(name="演示局", kind="bureau", area_code=TOWN[:6])
    for name, role in (("diaodu", Role.DISPATCHER), ("zhifa", Role.OFFICER), ("zhifa2", Role.OFFICER), ("zhifa3", Role.OFFICER), ("juzhang", Role.LEADER), ("fazhi", Role.LEGAL)):  # fmt: skip
        Person.objects.create(
            username=name, name=name, roles=[role.value], area_codes=[TOWN[:6]], organisation=bureau
        )
    for n in range(enforcement.SPECIAL + enforcement.KEY + enforcement.ORDINARY):
        Enterprise.objects.create(
            code=f"M-{n:04}", name=f"演示厂{n}", area_code=TOWN, synthetic=True
        )
    enforcement.build(timezone.localtime().replace(tzinfo=None))
    assert PenaltyCase.objects.filter(filed_on__isnull=False).count() == 69
    decided = PenaltyCase.objects.filter(decided_on__isnull=False)
    assert decided.count() == 43
    assert decided.aggregate(fine=Sum("fine"))["fine"] == Decimal(6_055_000)
    assert set(decided.values_list("circulation", flat=True)) == {"staff"}
    assert RandomCheck.objects.get(state="drawn").drawn == 83
    public = RandomCheck.objects.get(state="published")
    assert (len(public.draws), public.thrown_away) == (2, 1)
    assert draw_sheet.differences(sheet(public)) == []
    assert Seizure.objects.filter(state="seized").count() == 2
    assert SelfCheck.objects.count() == 91
    assert Inspection.objects.filter(phase="done", kind="special").count() == 40
    kinds = ActionMeeting.objects.values_list("kind", flat=True)
    assert (list(kinds).count("meeting"), list(kinds).count("joint")) == (4, 8)
    assert FileReview.objects.exclude(score=None).count() == 6
    assert CreditEntry.objects.count() == 20
    assert SelfCheck.objects.exclude(handed_to="").count() == 4
    assert DamageClaim.objects.filter(case__isnull=False).exists()
