"""A file to prove work with."""

from __future__ import annotations

from tests.matters.conftest import photo  # noqa: F401
