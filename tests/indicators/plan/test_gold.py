"""The extractor against texts annotated by hand before any rule was run on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.indicators.plan import score

from ecoledger.indicators.plan.extraction import extract

GOLD = Path(__file__).parents[2] / "data" / "plan_gold"
TEXTS = sorted(GOLD.glob("[0-9][0-9]_*.txt"))


def _scored(path: Path, tally: score.Tally) -> tuple[float, float, float]:
    source = path.read_text(encoding="utf-8")
    gold = score.read(
        path.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines(), tally, source
    )
    predicted = score.read([item.line() for item in extract(source)], tally, source)
    return tally.add(gold, predicted)


def test_five_texts_are_annotated_with_exact_spans():
    assert len(TEXTS) == 5
    for path in TEXTS:
        source = path.read_text(encoding="utf-8")
        rows = [
            json.loads(line) for line in path.with_suffix(".jsonl").read_text("utf-8").splitlines()
        ]
        assert len(rows) > 30
        for row in rows:
            assert source[row["start"] : row["end"]] == row["text"]
            assert "\n" not in row["text"]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_items_of_each_text_are_found(path):
    assert _scored(path, score.Tally())[2] >= 0.9


def test_whole_measure_holds():
    tally = score.Tally()
    for path in TEXTS:
        _scored(path, tally)
    gold, predicted, matched = (sum(c.values()) for c in (tally.gold, tally.pred, tally.tp))
    assert tally.bad == 0
    assert score.prf(matched, predicted, gold)[2] >= 0.95
    assert score.prf(sum(tally.strict.values()), predicted, gold)[2] >= 0.9
    for kind in score.TYPES:
        assert score.prf(tally.tp[kind], tally.pred[kind], tally.gold[kind])[2] >= 0.9


@pytest.mark.parametrize(
    "path", sorted((GOLD / "written").glob("*.txt")), ids=lambda path: path.stem
)
def test_texts_written_in_the_language_of_other_bureaus_are_read(path):
    tally = score.Tally()
    assert _scored(path, tally)[2] >= 0.95
    assert sum(tally.strict.values()) >= 0.9 * sum(tally.gold.values())


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_item_says_where_it_stands(path):
    source = path.read_text(encoding="utf-8")
    items = extract(source)
    assert items == sorted(items, key=lambda item: (item.start, item.end))
    for item in items:
        assert source[item.start : item.end] == item.text
        assert "\n" not in item.text
