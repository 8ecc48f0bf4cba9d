"""The examples in the air modules' docstrings hold."""

import doctest
import importlib

import pytest

MODULES = ("air_evaluation", "air_limits", "air_ranking", "air_targets", "aqi", "heavy_pollution")


@pytest.mark.parametrize("name", [*MODULES, "rounding", "trend"])
def test_examples(name):
    result = doctest.testmod(importlib.import_module(f"ecoledger.standards.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
