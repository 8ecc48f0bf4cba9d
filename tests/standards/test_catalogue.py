"""Editions: one a day, chosen by the day of the data, read again after an override."""

from datetime import date

import pytest

from ecoledger.standards import catalogue, data_files
from ecoledger.standards.catalogue import Edition, Mark, NoEditionInForceError


def edition(name: str, begins: date | None, ends: date | None) -> Edition:
    return Edition("test-rule", name, "试验", "1", begins, ends, Mark.MEMORY, "test")


@pytest.fixture(autouse=True)
def _forget():
    yield
    catalogue._editions.pop("test-rule", None)
    catalogue._loaders.pop("test-rule", None)


def test_the_edition_is_that_of_the_day():
    catalogue.declare(
        "test-rule",
        [edition("new", date(2026, 3, 1), None), edition("old", None, date(2026, 2, 28))],
    )
    assert [e.standard for e in catalogue.editions("test-rule")] == ["old", "new"]
    assert catalogue.in_force("test-rule", date(2026, 2, 28)).standard == "old"
    assert catalogue.in_force("test-rule", date(2026, 3, 1)).standard == "new"
    assert "test-rule" in catalogue.rule_sets()


def test_a_day_without_an_edition_is_refused():
    catalogue.declare("test-rule", [edition("new", date(2026, 3, 1), None)])
    with pytest.raises(NoEditionInForceError, match="2026-02-28"):
        catalogue.in_force("test-rule", date(2026, 2, 28))


def test_two_editions_on_a_day_are_refused():
    with pytest.raises(ValueError, match="both in force on 2026-03-01"):
        catalogue.declare(
            "test-rule", [edition("old", None, None), edition("new", date(2026, 3, 1), None)]
        )


def test_a_rule_set_from_files_is_read_when_asked_for_and_after_an_override():
    calls = []

    def load():
        calls.append(1)
        return [edition(f"reading {len(calls)}", None, None)]

    catalogue.declare_from("test-rule", load)
    assert calls == []
    assert catalogue.in_force("test-rule", date(2026, 1, 1)).standard == "reading 1"
    assert catalogue.editions("test-rule")[0].standard == "reading 1"
    data_files.use_overrides(None)
    assert catalogue.in_force("test-rule", date(2026, 1, 1)).standard == "reading 2"


def test_marks_have_a_label_people_understand():
    assert [mark.label for mark in (Mark.PRIMARY, Mark.DOUBTFUL)] == [
        "已核对标准原文",
        "存疑，请对照标准原文",
    ]
