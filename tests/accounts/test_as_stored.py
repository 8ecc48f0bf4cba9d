"""What a seal is of is what a later reader gets back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.safestring import mark_safe

from ecoledger.accounts.chain import as_stored


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"甲": "乙", "n": 1, "yes": True, "none": None},
        {"unit": {"id": 3, "text": "北镇"}, "list": ["a", {"b": [1, 2]}]},
        {"at": datetime(2026, 5, 1, 8, tzinfo=UTC), "day": date(2026, 5, 1), "much": Decimal("0.10")},
        {"nested": {"day": date(2026, 5, 1)}, "pair": (1, "b"), "half": 0.5},
        {1: "a", "safe": mark_safe("b"), "within": {2: None}},
    ],
)  # fmt: skip
def test_it_is_as_json_gives_it_back(value):
    back = json.loads(json.dumps(value, cls=DjangoJSONEncoder))
    assert as_stored(value) == back
    assert json.dumps(as_stored(value)) == json.dumps(back)


def test_it_is_a_copy():
    form = {"unit": {"id": 3}}
    kept = as_stored(form)
    form["unit"]["id"] = 4
    assert kept == {"unit": {"id": 3}}
