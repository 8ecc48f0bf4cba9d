"""One word for one thing: terms that were used for the same thing side by side stand in no text of the interface."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import compile_messages

# Not this -> but that. Where the word is part of another or is the official term, the lookaround says so.
RULES = {
    r"报警(?!器|电话|（110）)": "预警",
    r"审计日志": "操作记录",
    r"人员权限": "人员与权限",
    r"^查询$": "筛选、搜索",
    r"准确率": "预警属实率",
    r"街镇": "镇街",
    r"逾期未说明": "超期",
    r"烟尘(?!污染)": "颗粒物",
}
# Texts that quote what somebody else writes or what a law is called.
QUOTED = ("烟尘",)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {message[0]: where for message, where in compile_messages.messages().items()}


@pytest.mark.parametrize("wrong", RULES)
def test_one_word_a_thing(wrong, texts):
    found = [
        f"{where}: {text[:60]}"
        for text, where in texts.items()
        if re.search(wrong, text) and text not in QUOTED
    ]
    assert found == [], f"write {RULES[wrong]}"
