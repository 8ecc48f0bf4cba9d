"""What every log holds of what is recorded: it has happened, and a table says when."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from django import forms
from django.utils import timezone

from ecoledger.books.log import Log
from ecoledger.listings.catalogue import listings_of
from ecoledger.listings.forms import field_of
from ecoledger.listings.importing.files import template
from ecoledger.registers.air.noise_sites import READINGS
from ecoledger.registers.waste.industrial_waste import DECLARATIONS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("log", listings_of(Log), ids=lambda log: log.key)
def test_no_log_takes_what_lies_ahead(log, people):
    now = timezone.localtime()
    for ask in (*log.fields, *log.import_asks):
        if ask.stores == "at":
            field = field_of(ask, log.model, people["monitor"])
            assert field.clean(f"{now:%Y-%m-%d %H:%M}")
            with pytest.raises(forms.ValidationError, match="已经发生"):
                field.clean(f"{now + timedelta(days=1):%Y-%m-%d %H:%M}")


def test_a_template_marks_what_its_check_asks(people):
    sheet = openpyxl.load_workbook(io.BytesIO(template(READINGS, by=people["monitor"]))).worksheets[
        0
    ]
    marked = {cell.value.rstrip("*") for cell in sheet[1] if cell.value.endswith("*")}
    assert marked == {"监测点", "时间", "气象条件符合"}
    assert READINGS.wrong({}, None)
    assert not READINGS.wrong({"night": Decimal("44.1")}, None)


def test_more_used_than_there_was_is_odd_beforehand():
    said = {"produced": Decimal(3), "own_used": Decimal(1), "consigned_used": Decimal(30)}
    assert DECLARATIONS.look_over(said, said, None) == ({}, ["应存 -28.00 t，填报 0.00 t"])
    assert DECLARATIONS.look_over({**said, "consigned_used": Decimal(2)}, said, None) == ({}, [])
