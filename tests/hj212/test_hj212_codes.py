"""The code tables: the two sources agree, the standard's oddities are known."""

import pytest

from ecoledger.hj212 import codes


def test_factors_of_both_editions_are_the_same_factor() -> None:
    assert codes.factor("011") is codes.factor("w01018")
    assert codes.modern_code("011") == "w01018"
    assert codes.modern_code("S05") == "a01014"
    assert codes.modern_code("a34004") == "a34004"


def test_annex_b_is_complete() -> None:
    printed = [f for f in codes.FACTORS.values() if "annex B p." in f.source]
    assert len([f for f in printed if f.kind == "water"]) == 63
    assert len([f for f in printed if f.kind == "air"]) == 121
    assert len([f for f in printed if f.kind == "noise"]) == 12
    old = [f.code_2005 for f in codes.FACTORS.values() if f.code_2005]
    assert len(old) == len(set(old))


def test_pm25_is_sent_in_micrograms_whatever_the_standard_prints() -> None:
    pm25 = codes.FACTORS["a34004"]
    assert (pm25.unit, pm25.unit_printed) == ("μg/m³", "ng/m³")


@pytest.mark.parametrize("code", ["e70101", "g11901"])
def test_codes_of_two_meanings_have_no_name(code: str) -> None:
    assert codes.factor(code) is None
    assert len(codes.clash(code)) == 2


@pytest.mark.parametrize(
    ("command", "reply"),
    [("2011", "9014"), ("2051", "9014"), ("1013", "9013"), ("9015", "9013"), ("9014", None),
     ("9011", None), ("7777", "9014")],
)  # fmt: skip
def test_each_upload_has_its_reply(command: str, reply: str | None) -> None:
    assert codes.reply_command(command) == reply


def test_new_commands_belong_to_2025_alone() -> None:
    new = {c.code for c in codes.COMMANDS.values() if c.editions == {2025}}
    assert new == {
        "1001", "1002", "1014", "2013", "2052", "2062", "2111", "3022", "3024", "9015",
    }  # fmt: skip


def test_every_entry_says_how_well_it_is_known() -> None:
    for table in (codes.COMMANDS, codes.SYSTEMS, codes.FACTORS, codes.STATISTICS, codes.FLAGS):
        assert {entry.mark for entry in table.values()} <= {"P", "2", "1", "M", "?"}


def test_results_of_requests_and_of_executions() -> None:
    assert codes.REQUEST_RESULTS[9].startswith("CRC")
    assert codes.EXECUTION_RESULTS[100] == "没有数据"
