"""A matter is changed by ``matters.actions`` and by nothing else: read from the source itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

import ecoledger
from ecoledger.matters.models import Matter

ROOT = Path(ecoledger.__file__).parent
CHANGES = {"update", "bulk_update", "bulk_create", "create", "get_or_create", "update_or_create"}
# The engine: actions, and the clocks' due date that follows the running clocks.
ENGINE = {"actions/access.py", "actions/amending.py", "deadlines.py", "insertion.py"}


def models() -> set[str]:
    return {m.__name__ for m in apps.get_models() if issubclass(m, Matter)}


def places(source: str, names: set[str]) -> Iterator[str]:
    """Calls that would write a matter: ``x.save()`` where x is named after one, ``Problem.objects.update``."""
    things = {"matter", "problem", "case", "row.matter", *(n.lower() for n in names)}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        what = ast.unparse(node.func.value)
        if node.func.attr == "save" and what.split(".")[-1] in things:
            yield f"{node.lineno}: {what}.save()"
        if node.func.attr in CHANGES and what.split(".")[0] in names:
            yield f"{node.lineno}: {what}.{node.func.attr}()"


@pytest.mark.parametrize(
    "source",
    [
        "case.save()",
        "step.matter.save()",
        "Problem.objects.filter(pk=1).update(x=1)",
        "Matter.objects.create(title='x')",
    ],
)
def test_the_search_finds_what_it_looks_for(source):
    assert list(places(source, models()))


def test_nothing_but_the_actions_writes_a_matter():
    names = models()
    assert {"Matter", "Problem", "AlarmCase"} <= names
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        inside = path.relative_to(ROOT).as_posix()
        if "migrations" in inside or inside.removeprefix("matters/") in ENGINE:
            continue
        found += [f"{inside}:{place}" for place in places(path.read_text(), names)]
    assert found == []
