"""The list of evidence of a penalty case: what is entered stands in it, once each."""

from __future__ import annotations

import pytest
from tests.registers.steps import barred, paper, perform

from ecoledger.matters import actions
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES

pytestmark = pytest.mark.django_db


def test_a_file_is_listed_once_and_again_only_under_a_name_of_its_own(bureau):
    values = {
        "title": "超标", "kind": "general", "party": "某厂", "party_kind": "organisation",
        "area_code": "990101001", "entity": bureau.enterprise,
    }  # fmt: skip
    case = actions.open_matter(CASES, values, by=bureau.officer, state="investigating")
    case = perform(case, "add_evidence", bureau.officer, {"proves": "超标"}, paper())
    assert "已在证据清单中" in barred(
        perform, case, "add_evidence", bureau.officer, {"proves": "排放"}
    )
    perform(case, "add_evidence", bureau.officer, {"proves": "排放", "name": "材料第2页"})
    assert [(item.name, item.proves) for item in case.items.order_by("pk")] == [
        ("材料.pdf", "超标"),
        ("材料第2页", "排放"),
    ]
