"""A value that a target reports beside what the house computes of the same: one is never shown as if it were the other."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from ecoledger.indicators.declaring import Span
from ecoledger.registers.plan.target_book import PlanTarget
from ecoledger.registers.soil.farmland import FIELD_YEARS, FIELDS
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
    page = leader.get(f"/soil/farmland?year={year}").content.decode()
    assert "90.00%" in page
    assert "填报 93.6%，与各地块核算的不同" in page
    PlanTarget.objects.update(reported="90")
    assert "与各地块核算的不同" not in leader.get(f"/soil/farmland?year={year}").content.decode()
