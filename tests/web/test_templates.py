"""Templates can be read and their changes reviewed."""

from __future__ import annotations

from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "src/ecoledger/web/templates"
FILES = sorted(TEMPLATES.rglob("*.html"))
LONGEST = 200


def test_there_are_templates() -> None:
    assert len(FILES) > 80


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_line_is_too_long_to_review(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [n for n, line in enumerate(lines, 1) if len(line) > LONGEST] == []
