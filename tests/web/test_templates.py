"""Templates can be read and their changes reviewed."""

from __future__ import annotations

import re
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


def test_every_head_of_a_table_says_what_it_heads():
    """Who hears a table is told the column of each cell: heads carry their scope."""
    bare = [
        f"{path.name}: {head}"
        for path in FILES
        for table in re.findall(r"<thead>.*?</thead>", path.read_text(encoding="utf-8"), re.S)
        for head in re.findall(r"<th(?![a-z])[^<>]*>", table)
        if "scope=" not in head
    ]
    assert bare == []


def test_what_a_template_draws_has_a_colour_of_its_own():
    """A shape whose class no style knows is drawn black, whatever it stands for."""
    folder = Path(__file__).parents[2] / "frontend/src/styles"
    styles = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.css"))
    styled = set(re.findall(r"\.([A-Za-z][\w-]*)", styles))
    shape = re.compile(r'<(?:rect|path|line|circle|polyline|polygon)\b[^>]*?class="([\w -]+)"')
    black = {
        f"{path.name}: {name}"
        for path in FILES
        for names in shape.findall(path.read_text(encoding="utf-8"))
        for name in names.split()
        if name not in styled
    }
    assert black == set()


# What is Chinese in every language: an issued document, and names that stand in code.
ALWAYS_CHINESE = {"_report.html"}


def test_signs_of_chinese_writing_are_translated():
    """An English page has no "：" of its own: outside translated texts no template writes one."""
    found = []
    for path in FILES:
        said = path.read_text(encoding="utf-8")
        for spoken in (
            r"\{% blocktranslate.*?endblocktranslate %\}",
            r"\{%.*?%\}",
            r"\{\{.*?\}\}",
            r"\{#.*?#\}",
        ):
            said = re.sub(spoken, "", said, flags=re.S)
        signs = re.findall(r"[\u3001-\u3003\uff08\uff09\uff0c\uff1a\uff1b]", said)
        if signs and path.name not in ALWAYS_CHINESE:
            found.append((str(path.relative_to(TEMPLATES)), signs))
    assert found == []
