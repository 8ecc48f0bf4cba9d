"""A value that a target reports beside what the house computes of the same: one is never shown as if it were the other."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from ecoledger.indicators import target_book
from ecoledger.indicators.declaring import Span
from ecoledger.registers.plan.target_book import PlanTarget
from ecoledger.registers.soil.farmland import FIELD_YEARS, FIELDS
from ecoledger.registers.water.sewage_models import SewageVillage
from ecoledger.reports import named_figures


def test_where_a_reported_value_is_not_what_is_computed_both_are_said(bureau, signed_in):
    year, code = timezone.localdate().year, bureau.towns[0].code[:6]
    for name, mu, achieved in (("大", 900, True), ("小", 100, False)):
        land = {
            "name": name,
            "area_code": bureau.towns[0].code,
            "area_mu": mu,
            "category": "safe",
            "land": "paddy",
        }
        field = FIELDS.open_row(land, None, timezone.now())
        FIELD_YEARS.open_row(
            {"field": field, "year": year, "achieved": achieved}, None, timezone.now()
        )
    row = PlanTarget.objects.create(
        book="责任书", year=year, area_code=code, number="7", name="受污染耕地安全利用率",
        kind="binding", comparator=">=", target=93, unit="%", reported="93.6",
    )  # fmt: skip
    asked = named_figures.Asked(code, Span(date(year, 1, 1), date(year + 1, 1, 1)))
    (told,) = named_figures.rows_of("目标表", asked)
    assert (str(told["现值"]), told["结论"]) == ("93.6%", "达到（系统核算90.00%）")
    leader = signed_in("leader")
    for address in (f"/targets/book/{row.pk}", f"/targets/book?year={year}&book=责任书"):
        assert "系统核算90.00%" in leader.get(address).content.decode(), address
    # The door of the reported value names it; a year that is over has no share of the fields of today.
    door = leader.get(f"/records/plan-targets?id={row.pk}").content.decode()
    assert "不低于93%" in door
    assert "93.6%" in door
    page = leader.get(f"/soil/farmland?year={year}").content.decode()
    assert "90.00%" in page
    assert "填报 93.6%，与各地块核算的不同" in page
    PlanTarget.objects.update(reported="90")
    assert "与各地块核算的不同" not in leader.get(f"/soil/farmland?year={year}").content.decode()


def test_what_stands_today_is_not_told_of_a_year_that_is_over(bureau):
    """The villages have no history: of last year there is what was reported, of this year what is counted, too."""
    year, code = timezone.localdate().year, bureau.towns[0].code[:6]
    SewageVillage.objects.create(
        code="V-1", name="东山村", area_code=bureau.towns[0].code, treated=True
    )
    said = {
        each: target_book.standing(
            PlanTarget.objects.create(
                book="分年指标", year=each, area_code=code, number="1", name="农村生活污水治理率",
                kind="expected", comparator=">=", target=Decimal(35), unit="%", reported=Decimal(36),
            ),
            timezone.localdate() + timedelta(days=1),
        ).beside
        for each in (year - 1, year)
    }  # fmt: skip
    assert said == {year - 1: "", year: "系统核算100.0%"}
