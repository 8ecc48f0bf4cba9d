from datetime import date

import pytest

from ecoledger.standards.credit_repair import classes, window

TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("key", "earliest", "latest"),
    [
        ("minor", date(2026, 5, 31), date(2026, 8, 31)),
        ("general", date(2026, 8, 31), date(2027, 5, 31)),
        ("serious", date(2027, 5, 31), date(2029, 5, 31)),
    ],
)
def test_each_class_has_its_least_and_its_longest_time_from_the_day_of_the_document(
    key, earliest, latest
):
    found = window(key, date(2026, 5, 31), TODAY)
    assert (found.earliest, found.latest) == (earliest, latest)
    assert not found.over(latest)
    assert found.over(date(2029, 6, 1))


def test_a_document_of_before_the_rule_is_repaired_by_the_rule_in_force():
    assert window("general", date(2025, 12, 1), TODAY).earliest == date(2026, 3, 1)


def test_a_minor_record_is_not_published_and_the_rule_says_how_sure_it_is():
    minor, general, serious = classes(TODAY)
    assert (minor.public, general.public, serious.public) == (False, True, True)
    assert window("minor", TODAY, TODAY).mark == "2"


def test_before_the_order_came_into_force_there_is_no_rule_on_file():
    with pytest.raises(LookupError):
        classes(date(2026, 3, 31))


def test_an_unknown_class_or_place_is_said():
    with pytest.raises(KeyError, match="no class"):
        window("grave", TODAY, TODAY)
    with pytest.raises(KeyError, match="on file: national"):
        classes(TODAY, "atlantis")
