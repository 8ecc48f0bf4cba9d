"""Soil against screening and control values."""

from datetime import date

import polars as pl
import pytest

from ecoledger.standards.soil import (
    Risk,
    agricultural_land,
    agricultural_table,
    construction_land,
    construction_table,
)

ON = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("land", "arsenic", "risk"),
    [
        ("first", 20, Risk.NEGLIGIBLE),
        ("first", 20.1, Risk.POSSIBLE),
        ("first", 120, Risk.POSSIBLE),
        ("first", 121, Risk.UNACCEPTABLE),
        ("second", 60, Risk.NEGLIGIBLE),
        ("second", 141, Risk.UNACCEPTABLE),
    ],
)
def test_construction_land_goes_by_its_use(land, arsenic, risk):
    assert construction_land({"as": arsenic}, land, on=ON).risk is risk


def test_the_worst_item_decides_and_is_named_first():
    judged = construction_land({"as": 90, "pb": 3000, "hg": "0.002L", "ni": "/"}, "second", on=ON)
    assert judged.risk is Risk.UNACCEPTABLE
    assert [(item.key, item.multiple) for item in judged.exceeding] == [("pb", 2.75), ("as", 0.5)]
    assert len(judged.items) == 3


@pytest.mark.parametrize(
    ("ph", "field", "cadmium", "category"),
    [
        (5.5, "other", 0.3, "优先保护类"),
        (5.5, "other", 0.31, "安全利用类"),
        (5.6, "paddy", 0.4, "优先保护类"),
        (6.5, "other", 0.31, "安全利用类"),
        (7.6, "other", 0.6, "优先保护类"),
        (7.5, "paddy", 3.1, "严格管控类"),
        (7.6, "paddy", 4.0, "安全利用类"),
    ],
)
def test_farmland_goes_by_ph_and_crop(ph, field, cadmium, category):
    judged = agricultural_land({"ph": ph, "cd": cadmium}, field, on=ON)
    assert judged.risk.field_category == category


def test_orchards_have_their_own_copper_and_no_control_value():
    assert agricultural_land({"ph": 6, "cu": 140}, "orchard", on=ON).risk is Risk.NEGLIGIBLE
    assert agricultural_land({"ph": 6, "cu": 9999}, "other", on=ON).risk is Risk.POSSIBLE


def test_what_is_missing_or_unknown_is_said():
    with pytest.raises(ValueError, match="ph is missing"):
        agricultural_land({"cd": 1}, "other", on=ON)
    with pytest.raises(ValueError, match="paddy, orchard or other"):
        agricultural_land({"ph": 6, "cd": 1}, "wood", on=ON)
    with pytest.raises(ValueError, match="first or second"):
        construction_land({"cd": 1}, "third", on=ON)
    assert construction_land({}, "first", on=ON).risk is None


def test_tables_judge_row_by_row():
    farms = pl.DataFrame({"ph": [5.0, 8.0], "cd": ["0.35", "0.35"], "field": ["other", "paddy"]})
    judged = agricultural_table(farms, on=ON)
    assert judged["risk"].to_list() == ["possible", "negligible"]
    assert judged["exceeding_items"].to_list() == ["镉", ""]
    sites = construction_table(pl.DataFrame({"as": [30], "land": ["first"]}), on=ON)
    assert sites["risk"].to_list() == ["possible"]
    with pytest.raises(ValueError, match="row 2: ph is missing"):
        agricultural_table(farms.with_columns(ph=pl.Series([5.0, None])), on=ON)
