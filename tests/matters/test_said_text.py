"""What a form said stands on a page in words: choices by their names, moments as they are written here."""

from __future__ import annotations

import pytest

from ecoledger.matters.timeline import said_text
from ecoledger.registers.complaints.register import REGISTER

COLUMNS = {ask.name: ask for ask in REGISTER.fields} | {
    column.name: column.ask for column in REGISTER.import_columns
}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        # The columns of a platform's export are written in other ways than the field that keeps them.
        ("verdict", "partly", "部分属实"),
        ("satisfaction", "fairly", "基本满意"),
        ("channel", "phone", "电话"),
        ("opened_at", "2026-01-21T00:29:18.240212+00:00", "2026-01-21 08:29"),
        ("opened_at", "2026-01-21T08:29:18.240212+08:00", "2026-01-21 08:29"),
        ("opened_at", "去年冬天", "去年冬天"),
        ("real_name", False, "否"),
        ("answer", "已答复举报人。", "已答复举报人。"),
        ("verdict", "其他说法", "其他说法"),
        ("answer", "", "—"),
    ],
)
def test_a_value_is_said_in_words(name, value, said):
    assert said_text(COLUMNS[name], value, REGISTER.model) == said
