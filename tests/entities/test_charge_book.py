"""The book of charges: entered like any list, refused with words."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from ecoledger.entities.inventories.charges import CHARGES
from ecoledger.entities.inventories.relations import RELATIONS
from ecoledger.listings import forms, importing
from ecoledger.listings.refusals import Refused


def test_a_chief_is_entered_by_the_form_of_the_list(bureau):
    values = forms.cleaned(
        CHARGES.fields,
        CHARGES.model,
        {"entity": "R-1", "role": "river_chief", "level": "county", "name": "林某",
         "since": "2026-01-01"},
        person=bureau.monitor,
    )  # fmt: skip
    kept = {name: value for name, value in values.items() if value not in (None, "")}
    charge = CHARGES.open_row(kept, bureau.monitor, timezone.now())
    assert (charge.entity.code, charge.who, charge.since) == ("R-1", "林某", date(2026, 1, 1))
    assert list(CHARGES.visible_to(bureau.people["officer"])) == [charge]
    CHARGES.change_row(charge, {"until": date(2026, 6, 30)}, bureau.monitor, timezone.now())
    charge.refresh_from_db()
    assert charge.until == date(2026, 6, 30)


def test_a_charge_without_anybody_is_refused(bureau):
    with pytest.raises(Refused, match="姓名") as refused:
        CHARGES.open_row(
            {"entity": bureau.river, "role": "river_chief"}, bureau.monitor, timezone.now()
        )
    assert set(refused.value.fields) == {"person"}
    assert not CHARGES.may_open(bureau.people["officer"])


def test_words_of_a_key_column_are_read_as_its_choices(bureau):
    text = "对象,责任类别,级别,姓名,任职起\nR-1,河长,县级,林某,2026-01-01\n"
    batch = importing.preview(CHARGES, "河长.csv", text.encode("utf-8-sig"), by=bureau.monitor)
    assert importing.accept(CHARGES, batch.pk, by=bureau.monitor) == (1, 0)
    charge = CHARGES.visible_to(bureau.monitor).get()
    assert (charge.role, charge.level, charge.who) == ("river_chief", "county", "林某")


def test_a_preview_refuses_charges_and_relations_that_are_refused_when_made(bureau):
    desk = bureau.monitor
    rows = "R-1,河长,县级,,,\nR-1,河长,镇级,林某,2026-02-01,2026-01-01\n"
    text = f"对象,责任类别,级别,姓名,任职起,任职止\n{rows}"
    batch = importing.preview(CHARGES, "河长.csv", text.encode("utf-8-sig"), by=desk)
    nobody, turned = (row.reason for row in batch.rows.all())
    assert "或填写姓名" in nobody
    assert "任职止应不早于任职起" in turned
    text = "对象,关系,另一对象\nE-1,与其同址,E-1\n"
    batch = importing.preview(RELATIONS, "关系.csv", text.encode("utf-8-sig"), by=desk)
    assert "对象不能与自己有关系" in batch.rows.get().reason
