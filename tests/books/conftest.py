"""Books declared for the tests alone, forgotten afterwards."""

from __future__ import annotations

import pytest

from ecoledger.books.account import Account, Item, Voucher
from ecoledger.listings import catalogue


@pytest.fixture
def declared():
    """Declare a book for one test."""
    keys = []

    def declare(listing):
        keys.append(listing.key)
        return catalogue.declare(listing)

    yield declare
    for key in keys:
        del catalogue._listings[key]


@pytest.fixture
def quota(declared):
    """A quota pool of two pollutants, as of the plan's 总量库."""
    return declared(
        Account(
            key="test_quota",
            label="总量库",
            items=(Item("NOx", "氮氧化物", "t/a", 3), Item("VOCs", "挥发性有机物", "t/a", 3)),
            vouchers=(
                Voucher("reduction", "减排入库", source="关停减排"),
                Voucher("allocation", "新项目使用", sink="新建项目"),
                Voucher("transfer", "调剂"),
            ),
            columns=("number", "on", "kind", "text"),
        )
    )
