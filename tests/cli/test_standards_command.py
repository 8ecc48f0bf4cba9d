"""`ecoledger standards`: every rule set is listed and shown with its mark."""

from click.testing import CliRunner

from ecoledger.cli.standards import command


def run(*words):
    return CliRunner().invoke(command, list(words))


def test_every_rule_set_is_listed_with_its_editions():
    listed = run("list").stdout
    assert "aqi\n  HJ 633-2012  2012-02-29 – 2026-02-28  [P]" in listed
    assert "  HJ 633-2026  2026-03-01 – …  [P]" in listed
    assert "heavy-pollution-warning\n" in listed


def test_editions_of_a_day():
    listed = run("list", "--on", "2026-02-28").stdout
    assert "HJ 633-2012" in listed
    assert "HJ 633-2026" not in listed


def test_a_rule_set_is_shown_by_name_or_by_standard_number():
    both = run("show", "aqi").stdout
    assert both.count("in force:") == 2
    one = run("show", "hj633-2026").stdout
    assert one.count("in force:") == 1
    assert "points: 0, 35, 60, 115, 150, 250, 350, 500" in one
    assert "mark: P 已核对标准原文" in one
    limits = run("show", "GB 3095-2026").stdout
    assert "year: 15, 30" in limits
    assert "year: 10, 25" in limits


def test_every_rule_set_can_be_shown():
    names = [line for line in run("list").stdout.splitlines() if not line.startswith(" ")]
    for name in names:
        shown = run("show", name)
        assert shown.exit_code == 0, name
        assert "mark: " in shown.stdout


def test_an_unknown_name_is_met_with_a_hint():
    result = run("show", "air")
    assert result.exit_code == 1
    assert "air-ranking" in result.stderr


def test_doubtful_facts_say_so_in_words_wherever_they_stand():
    whole = run("show", "wastewater-data").stdout
    assert "  mark: ? 存疑，请对照标准原文" in whole
    assert "valid_share: 75" in whole
    evaluation = run("show", "HJ 663-2026").stdout
    assert "validity: P 已核对标准原文" in evaluation
    assert "decimals: ? 存疑，请对照标准原文" in evaluation
    assert "city: ? 存疑，请对照标准原文" in evaluation


def test_no_mark_is_shown_as_a_bare_letter():
    names = [line for line in run("list").stdout.splitlines() if not line.startswith(" ")]
    for name in names:
        for line in run("show", name).stdout.splitlines():
            assert line.strip() not in {f"mark: {letter}" for letter in "P21M?"}, name
