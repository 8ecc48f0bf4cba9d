"""The city's green year comes to the figures it says it has."""

from __future__ import annotations

import pytest
from django.utils import timezone

from demo import city, green
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.books import account as accounts
from ecoledger.entities.models import Area, Enterprise
from ecoledger.registers.carbon.models import CarbonImpact, CarbonReport
from ecoledger.registers.credit.models import (
    CreditBatch,
    CreditRepair,
    GreenSubsidy,
    InsurancePolicy,
    Rating,
)
from ecoledger.registers.quota.holdings import QUOTA
from ecoledger.registers.quota.models import QuotaRequest, QuotaTrade, ReductionProject


@pytest.mark.django_db
def test_the_green_year_has_its_figures(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    settings.PROFILE = tmp_path
    for code, name in ((city.CITY_CODE, "演示市"), *city.TOWNS):
        Area.objects.create(code=code, name=name, synthetic=True)
    bureau = Organisation.objects.create(name="演示局", kind="bureau", area_code=city.CITY_CODE)
    for name, role in (("diaodu", Role.DISPATCHER), ("zhifa", Role.OFFICER), ("shenpi", Role.APPROVER), ("juzhang", Role.LEADER)):  # fmt: skip
        Person.objects.create(
            username=name, name=name, roles=[role.value], area_codes=[city.CITY_CODE], organisation=bureau
        )  # fmt: skip
    town = city.TOWNS[0][0]
    for n in range(green.RATED):
        Enterprise.objects.create(
            code=f"M-{n:04}", name=f"演示厂{n}", area_code=town, synthetic=True
        )
    for n in range(green.UNITS):
        Enterprise.objects.create(
            code=f"D-{n}", name=f"演示大厂{n}", area_code=town, synthetic=True
        )
    green.build(timezone.localtime().replace(tzinfo=None))
    assert [b.state for b in CreditBatch.objects.order_by("pk")] == ["announced", "public", "draft"]
    assert Rating.objects.exclude(batch=None).count() == green.RATED
    assert {r.state for r in CreditRepair.objects.all()} == {"granted", "checking"}
    assert accounts.first_broken(QUOTA) == ""
    assert [r.state for r in QuotaRequest.objects.order_by("pk")] == [
        "granted",
        "granted",
        "review",
    ]
    assert [t.state for t in QuotaTrade.objects.order_by("pk")] == [
        "transferred",
        "transferred",
        "review",
    ]
    assert ReductionProject.objects.filter(state="recognised").count() == 3
    assert CarbonReport.objects.filter(state="verified").count() == 5
    assert {i.verdict for i in CarbonImpact.objects.all()} == {"advanced", "beyond"}
    assert InsurancePolicy.objects.count() == green.INSURED
    assert GreenSubsidy.objects.filter(state="granted").count() == 2
