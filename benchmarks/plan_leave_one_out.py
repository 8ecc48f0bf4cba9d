"""How much of a text is found with a dictionary that was written without it.

    python benchmarks/plan_leave_one_out.py [--errors]

For each annotated text T, every entry of ``words.toml`` that speaks in T and in none of the other texts is taken out —
patterns of indicators, units, nouns, verbs, yardsticks — and T is read with what remains. Entries that speak in no text
at all stay: they were written from the language, not from these texts. The rules in the modules cannot be taken apart
this way, so the figures are an upper bound of what rules written on the others would give; the texts that are not in
the tree (``tests/data/plan_gold/README.md``) say what a new text gives.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.indicators.plan import score  # noqa: E402

from ecoledger.indicators.plan import words  # noqa: E402
from ecoledger.indicators.plan.extraction import extract  # noqa: E402
from ecoledger.indicators.plan.folding import lines  # noqa: E402

GOLD = ROOT / "tests" / "data" / "plan_gold"


def folded(path: Path) -> str:
    """The text as the rules see it."""
    return "\n".join(line.text for line in lines(path.read_text(encoding="utf-8")))


def speaks(pattern: str, text: str, *, literal: bool) -> bool:
    """Whether an entry is found in a text."""
    return (
        pattern in text if literal else re.search(pattern, text, re.IGNORECASE | re.M) is not None
    )


def without(dictionary: dict[str, Any], own: str, others: list[str]) -> tuple[dict[str, Any], int]:
    """The dictionary without what speaks in ``own`` alone, and how many entries that were."""
    taken = 0

    def kept(entries: list[str], *, literal: bool) -> list[str]:
        nonlocal taken
        rows = [
            entry
            for entry in entries
            if not speaks(entry, own, literal=literal)
            or any(speaks(entry, other, literal=literal) for other in others)
        ]
        taken += len(entries) - len(rows)
        return rows

    rest: dict[str, Any] = {"indicator": []}
    for entry in dictionary["indicator"]:
        patterns = kept(entry["words"], literal=False)
        if patterns:
            rest["indicator"].append({**entry, "words": patterns})
    for table, lists in dictionary.items():
        if table != "indicator":
            rest[table] = {
                key: kept(rows, literal=table != "yardsticks") for key, rows in lists.items()
            }
    return rest, taken


def written(dictionary: dict[str, Any]) -> str:
    """A dictionary as TOML; JSON's strings, lists and booleans are TOML's."""
    out: list[str] = []
    for table, lists in dictionary.items():
        if table == "indicator":
            for entry in lists:
                out.append("[[indicator]]")
                out += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in entry.items()]
        else:
            out.append(f"[{table}]")
            out += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in lists.items()]
    return "\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", action="store_true", help="what is missed and what is wrong")
    show = parser.parse_args().errors
    texts = sorted(GOLD.glob("[0-9][0-9]_*.txt"))
    seen = {path: folded(path) for path in texts}
    dictionary = tomllib.loads(words.FILE.read_text(encoding="utf-8"))
    total = score.Tally()
    print(f"{'text':18} {'taken out':>9} {'items':>6} {'P':>6} {'R':>6} {'F1':>6} {'strict':>7}")
    with tempfile.TemporaryDirectory() as place:
        for path in texts:
            rest, taken = without(
                dictionary, seen[path], [seen[other] for other in texts if other != path]
            )
            words.FILE = Path(place) / f"{path.stem}.toml"
            words.FILE.write_text(written(rest), encoding="utf-8")
            words.load.cache_clear()
            source = path.read_text(encoding="utf-8")
            gold = score.read(
                path.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines(), total, source
            )
            found = score.read([item.line() for item in extract(source)], total, source)
            own = score.Tally()
            own.add(gold, found)
            p, r, f = total.add(gold, found, path.stem[:2], show)
            strict = score.prf(sum(own.strict.values()), len(found), len(gold))[2]
            print(
                f"{path.stem:18} {taken:9} {len(gold):6} {p:6.3f} {r:6.3f} {f:6.3f} {strict:7.3f}"
            )
    total.report()


if __name__ == "__main__":
    main()
