"""A file to prove work with, and units of each test's own."""

from __future__ import annotations

import pytest
from tests.matters.conftest import photo  # noqa: F401

from ecoledger.registers.complaints.register import REGISTER


@pytest.fixture(autouse=True)
def own_units() -> None:
    """A second's memory of units that no server loses is too long where the next test has others."""
    REGISTER._known.clear()
