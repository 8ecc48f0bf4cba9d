"""A text that a column keeps without being cleaned is one that cleaning would not change."""

from __future__ import annotations

import pytest
from django import forms

from ecoledger.listings.forms import field_of
from ecoledger.listings.importing.cleaning import keeper
from ecoledger.registers.problems.problem_ledger import REGISTER

TEXTS = ("", " ", "北镇", " 北镇", "北镇\n", "一\n二", "甲\0乙", "长" * 60, "长" * 61, "长" * 5000, "\u3000甲", "1", "2026-05-01")  # fmt: skip


def cleaned(field: forms.Field, text: str) -> object:
    try:
        return field.clean(text)
    except forms.ValidationError:
        return None


@pytest.mark.django_db
def test_what_a_column_keeps_as_it_is_cleaning_gives_back():
    kept = set()
    for ask in REGISTER.import_asks:
        field = field_of(ask, REGISTER.model, None)
        for text in filter(keeper(field), TEXTS):
            assert cleaned(field, text) == text, ask.name
            kept.add(ask.name)
    assert {"title", "description", "source_no", "measures"} <= kept
    assert not kept & {"origin_kind", "deadline", "area_code", "owner_organisation", "progress"}


def test_a_field_that_asks_more_keeps_nothing():
    assert not keeper(forms.RegexField(r"\d+"))("12")
    assert not keeper(forms.CharField(min_length=2))("12")
    assert not keeper(forms.CharField(strip=False))("12")
