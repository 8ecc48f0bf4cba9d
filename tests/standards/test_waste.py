"""Codes of waste: the class in their last digits, codes of earlier lists, and the days of declarations."""

from __future__ import annotations

from datetime import date

import pytest

from ecoledger.standards import waste
from ecoledger.standards.catalogue import Mark


def test_there_are_46_classes_and_none_of_the_withdrawn_ones():
    classes = waste.hazardous_classes()
    assert len(classes) == 46
    assert not {"HW41", "HW42", "HW43", "HW44"} & set(classes)
    assert waste.standard("hazardous").mark is Mark.TWO_PLACES
    assert waste.standard("general").mark is Mark.MEMORY


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("900-249-08", "HW08"),
        ("HW08 900-249-08", ""),
        ("90024908", "08"),
        ("900-249-08", "HW08废矿物油与含矿物油废物"),
        ("900-249-08", "废矿物油与含矿物油废物"),
    ],
)
def test_a_code_fits_its_class_however_it_is_written(code, category):
    read = waste.hazardous(code, category)
    assert (read.ok, read.code, read.category) == (True, "900-249-08", "HW08")


def test_a_code_of_another_class_is_wrong():
    assert "与所选类别HW09不一致" in waste.hazardous("900-249-08", "HW09").wrong
    assert "没有HW42类" in waste.hazardous("900-499-42").wrong
    assert waste.hazardous("900-249-8").wrong
    assert waste.hazardous("900-249-08", "废矿物油").wrong  # no class is said


def test_a_code_of_an_earlier_list_is_given_as_the_present_one():
    read = waste.hazardous("831-001-01")
    assert (read.code, read.odd) == ("841-001-01", "旧代码831-001-01，现为841-001-01")


def test_general_waste_has_an_s_before_its_class():
    assert waste.general("900-003-s17").name == "可再生类废物"
    assert waste.general("SW07").category == "SW07"
    assert waste.general("900-249-08").wrong
    assert "没有SW08类" in waste.general("900-001-S08").wrong


def test_declarations_are_due_by_the_grade():
    assert waste.declared_by("key", date(2026, 12, 31)) == date(2027, 1, 15)
    assert waste.declared_by("simple", date(2026, 9, 30)) == date(2026, 10, 15)
    assert waste.declared_by("registered", date(2026, 12, 31)) == date(2027, 3, 31)
