"""Texts longer than any name are not gone through again and again for one."""

from __future__ import annotations

import re

from ecoledger.standards import column_names, written_names
from ecoledger.standards.column_names import Names


class Counted:
    """A pattern that counts how often it is asked for."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern, self.asked = pattern, 0

    def fullmatch(self, text: str) -> re.Match[str] | None:
        self.asked += 1
        return self.pattern.fullmatch(text)


def test_no_bracket_is_looked_for_in_a_header_longer_than_any(monkeypatch):
    brackets = Counted(column_names._BRACKET)
    monkeypatch.setattr(column_names, "_BRACKET", brackets)
    names = Names({"w21003": ("氨氮",)}, {}, {})
    assert names._split("氨氮(NH3-N)")[0] == "w21003"
    assert brackets.asked == 1
    assert names._split("氨氮" + "(" * 400)[0] == ""
    assert brackets.asked == 1


def test_a_town_is_looked_for_from_the_beginning_of_a_name_alone():
    assert written_names._own_part("安澜市云台镇盐河路") == "盐河路"
    assert not written_names._TOWN_ENDS.search("路\n云台镇")
