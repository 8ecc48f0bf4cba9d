"""Write docs/capabilities.md: what each mechanism of a bureau's year is, where it lives, and the story that proves it.

    python scripts/capabilities.py            rewrite the page
    python scripts/capabilities.py --check    fail when the page in the tree is not the one written now

Mechanisms, their pages, modules and gaps stand in ``docs/mechanisms.csv``; the stories are the tests in
``tests/stories/`` marked ``@pytest.mark.story(code)``.
"""

from __future__ import annotations

import ast
import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "mechanisms.csv"
STORIES = ROOT / "tests" / "stories"
PAGE = ROOT / "docs" / "capabilities.md"

AREAS = {
    "Q": "Environmental quality (环境质量监测与评价)",
    "T": "Targets, responsibility, problems (目标责任与问题整改)",
    "A": "Air (大气污染防治)",
    "W": "Water and sea (水与海洋)",
    "S": "Soil, solid and hazardous waste, radiation (土壤、固废、危废、辐射)",
    "P": "Permits, quota, carbon, economic instruments (审批、总量、碳与经济政策)",
    "E": "Enforcement, grid, complaints, emergency (执法、网格、信访、应急)",
    "G": "Ecology, public, data platform, office (生态、公众、数据平台、机关运行)",
}

HEAD = """# Capabilities

Every mechanism that five bureaus' yearly plans and summaries name, what of it works, and the test in which
people do that work with the running application. Written by `python scripts/capabilities.py` from
`docs/mechanisms.csv` and the stories; a test holds this page to them.

**{proven} of {all} mechanisms have a story**; {whole} of them without a gap.
"""


@dataclass(frozen=True)
class Mechanism:
    """One row of the table. ``gap`` is empty when all that the mechanism needs is there."""

    code: str
    name: str
    english: str
    kinds: str
    page: str
    module: str
    gap: str


@dataclass(frozen=True)
class Story:
    """A test marked with a mechanism's code."""

    code: str
    place: str
    sentence: str


def mechanisms() -> list[Mechanism]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [Mechanism(**row) for row in csv.DictReader(file)]


def _marked(mark: ast.expr) -> Iterator[str]:
    """The codes of one ``pytest.mark.story(...)``, or of several in a list."""
    if isinstance(mark, ast.List | ast.Tuple):
        for element in mark.elts:
            yield from _marked(element)
    elif isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.story":
        yield from (str(ast.literal_eval(argument)) for argument in mark.args)


def _codes(test: ast.FunctionDef) -> Iterator[str]:
    for mark in test.decorator_list:
        yield from _marked(mark)


def _code_of_all(tree: ast.Module) -> list[str]:
    """The code that a file gives to all its tests by ``pytestmark``."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            return list(_marked(node.value))
    return []


def stories() -> list[Story]:
    """The stories, in the order of their files. Raises ``ValueError`` for one with several codes."""
    told = []
    for path in sorted(STORIES.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        of_all = _code_of_all(tree)
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            place = f"{path.relative_to(ROOT)}::{node.name}"
            codes = list(_codes(node)) or of_all
            if not codes:  # what a story stands on, told apart
                continue
            if len(codes) > 1:
                raise ValueError(f"{place} carries {len(codes)} codes; a story carries one")
            sentence = (ast.get_docstring(node) or "").split("\n\n")[0].replace("\n", " ")
            told.append(Story(codes[0], place, sentence))
    return told


def _row(mechanism: Mechanism, told: list[Story]) -> str:
    proof = "<br>".join(f"{story.sentence} `{story.place}`" for story in told) or "—"
    gap = mechanism.gap or ("—" if told else "no story yet")
    module = f"`{mechanism.module}`" if mechanism.module else "—"
    page = f"`{mechanism.page}`" if mechanism.page else "—"
    name = f"{mechanism.name}<br>{mechanism.english}"
    return f"| {mechanism.code} | {name} | {page} | {module} | {proof} | {gap} |"


def render() -> str:
    """The page's text."""
    rows, told = mechanisms(), stories()
    by_code: dict[str, list[Story]] = {}
    for story in told:
        by_code.setdefault(story.code, []).append(story)
    if unknown := set(by_code) - {row.code for row in rows}:
        raise ValueError(f"stories of no mechanism: {sorted(unknown)}")
    whole = sum(1 for row in rows if row.code in by_code and not row.gap)
    lines = [HEAD.format(proven=len(by_code), all=len(rows), whole=whole)]
    for letter, area in AREAS.items():
        lines += [
            f"## {area}",
            "",
            "| code | mechanism | page | module | story | gap |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_row(r, by_code.get(r.code, [])) for r in rows if r.code[0] == letter]
        lines.append("")
    return "\n".join(lines)


def main() -> int:
    """Write the page, or check it."""
    text = render()
    if "--check" in sys.argv[1:]:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write(f"{PAGE.name} is out of date: run python scripts/{Path(__file__).name}\n")
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
