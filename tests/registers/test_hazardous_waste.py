"""The ledger of hazardous waste: a voucher says whose, what, how much and by which manifest."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from ecoledger.listings import cells, selecting
from ecoledger.listings.refusals import Refused
from ecoledger.registers.waste import hazardous_waste
from ecoledger.registers.waste.hazardous_waste import HAZARDOUS

pytestmark = pytest.mark.django_db
CARBON, DAY = "900-039-49", date(2026, 3, 2)


def produced(firm, quantity="120.5"):
    return hazardous_waste.produce(
        firm, CARBON, Decimal(quantity), on=DAY, text="更换活性炭", by=None, at=timezone.now()
    )


def handed_on(firm, manifest_no):
    return hazardous_waste.hand_on(
        firm, CARBON, Decimal("20"), on=DAY, text="交有资质单位", manifest_no=manifest_no,
        by=None, at=timezone.now(),
    )  # fmt: skip


def test_list_and_export_say_firm_waste_quantity_and_kind_in_words(bureau):
    produced(bureau.enterprise)
    (row,) = selecting.select(HAZARDOUS, bureau.officer, {})
    said = {c.name: cells.text_of(row, c) for c in HAZARDOUS.open_columns(bureau.officer)}
    assert said["kind"] == "产生入库"
    assert said["taker"] == bureau.enterprise.name
    assert said["giver"] == "产生环节"
    assert said["what"] == f"废活性炭 {CARBON}"
    assert (said["quantity"], said["unit"]) == ("120.50 kg", "kg")


def test_a_voucher_is_found_by_its_firm_and_by_its_code(bureau):
    made = produced(bureau.enterprise)
    for words in (bureau.enterprise.name, CARBON):
        assert [row.pk for row in selecting.select(HAZARDOUS, bureau.officer, {"q": words})] == [
            made.pk
        ]
    assert not selecting.select(HAZARDOUS, bureau.officer, {"q": "没有这家"}).exists()


def test_waste_is_handed_on_with_its_manifest_alone(bureau):
    produced(bureau.enterprise)
    with pytest.raises(Refused, match="没有联单号"):
        handed_on(bureau.enterprise, " ")
    assert handed_on(bureau.enterprise, "2026350001").voucher_no == "2026350001"


def test_a_statement_offers_no_other_producer_where_nothing_moves_between_them(bureau, client):
    produced(bureau.enterprise)
    holding = HAZARDOUS.holding(CARBON, bureau.enterprise)
    client.force_login(bureau.officer)
    page = client.get(f"/b/hazardous_waste/holdings/{holding.pk}").content.decode()
    assert 'name="kind"' in page
    assert 'name="other"' not in page
    client.force_login(bureau.town)
    page = client.get(f"/b/hazardous_waste/holdings/{holding.pk}").content.decode()
    assert 'name="kind"' not in page
