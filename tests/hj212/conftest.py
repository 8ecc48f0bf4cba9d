"""What the tests of HJ 212 share."""

from typing import Any

import pytest
from hj212_frames import published
from hypothesis import settings

# The machine that runs the tests may be busy: no deadline for one example.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def messages() -> list[dict[str, Any]]:
    return published()
