import json

from click.testing import CliRunner

from ecoledger.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["workdays", *arguments])


def answer(*arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_adding_across_national_day():
    assert answer("add", "2026-09-30", "1") == {
        "start": "2026-09-30",
        "n": 1,
        "day": "2026-10-08",
        "provisional": False,
        "reason": "",
    }


def test_adding_into_an_unannounced_year_says_so():
    result = answer("add", "2026-12-31", "5")
    assert result["day"] == "2027-01-07"
    assert result["provisional"] is True
    assert "2027年" in result["reason"]


def test_counting_back_and_between():
    assert answer("add", "2026-11-23", "-1")["day"] == "2026-11-20"
    assert answer("between", "2026-09-30", "2026-10-12")["working_days"] == 4
    assert answer("between", "2026-10-12", "2026-09-30")["working_days"] == -4


def test_local_days_count():
    assert answer("add", "2026-11-20", "1", "--rest", "2026-11-23")["day"] == "2026-11-24"
    assert answer("add", "2026-11-20", "1", "--work", "2026-11-21")["day"] == "2026-11-21"


def test_bad_input_is_refused_in_words():
    result = run("add", "21.11.2026", "1")
    assert result.exit_code == 2
    assert "2026-11-21" in result.output
    far = run("add", "2099-12-30", "500")
    assert far.exit_code == 1
    assert "1990-2099" in far.output
    both = run("add", "2026-11-20", "1", "--rest", "2026-11-23", "--work", "2026-11-23")
    assert both.exit_code == 1
    assert "both" in both.output
