"""Two builds measured in turn on one machine: an earlier revision, in a git worktree of its own, and this one."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TREE = Path(__file__).resolve().parent.parent


@contextmanager
def worktree(revision: str) -> Iterator[Path]:
    """The tree of a revision, with the built files that git does not keep."""
    place = Path(tempfile.mkdtemp(prefix="ecoledger-revision-")) / "tree"
    git = ["git", "-C", str(TREE), "worktree"]
    subprocess.run([*git, "add", "--detach", "--quiet", str(place), revision], check=True)
    try:
        built = Path("src/ecoledger/web/static/dist")
        if (TREE / built).is_dir():
            shutil.copytree(TREE / built, place / built, dirs_exist_ok=True)
        for path in (TREE / "src").rglob("*.mo"):
            there = place / path.relative_to(TREE)
            there.parent.mkdir(parents=True, exist_ok=True)  # a language that came later
            shutil.copy(path, there)
        yield place
    finally:
        subprocess.run([*git, "remove", "--force", str(place)], check=False)
        shutil.rmtree(place.parent, ignore_errors=True)


def measured(
    module: str, revision: str, pairs: int, arguments: list[str], figures: Sequence[str]
) -> dict[str, Any]:
    """Figures of the JSON that a benchmark prints, of both builds in turn, and the median of the pairs' ratios."""
    before: list[dict[str, Any]] = []
    now: list[dict[str, Any]] = []
    with worktree(revision) as old:
        for number in range(pairs):
            turns = [(old, before), (TREE, now)]
            for tree, runs in turns if number % 2 == 0 else turns[::-1]:
                runs.append(_run(tree, module, arguments))
            for figure in figures:
                print(f"{figure}: {before[-1][figure]} -> {now[-1][figure]}", file=sys.stderr)
    return {"against": revision} | {name: _compared(name, before, now) for name in figures}


def _compared(
    name: str, before: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    ratios = [new[name] / old[name] for old, new in zip(before, now, strict=True)]
    return {
        "before": [run[name] for run in before],
        "now": [run[name] for run in now],
        "ratios": [round(ratio, 2) for ratio in ratios],
        "median_ratio": round(statistics.median(ratios), 3),
    }


def _run(tree: Path, module: str, arguments: list[str]) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        # The benchmark itself is this tree's for both: what it measures is the product.
        cwd=TREE,
        env=os.environ | {"PYTHONPATH": f"{tree / 'src'}{os.pathsep}{TREE}"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return result
