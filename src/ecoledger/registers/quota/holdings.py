"""总量指标账 (mechanisms P6, P10): how much of each pollutant the county, its towns and its firms may emit, against vouchers.

One account: what is issued from above comes into the county's reserve, is split to towns, granted to firms, traded
between them, and comes back when it expires. Double entry; nobody gives what he has not.
"""

from __future__ import annotations

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models

from ecoledger.accounts.roles import Role
from ecoledger.books.account import VOUCHER, Account, Item, Voucher
from ecoledger.books.models import Holding
from ecoledger.entities import succession
from ecoledger.entities.models import Entity
from ecoledger.listings.catalogue import declare

APPROVERS = frozenset({Role.APPROVER})
REVIEWERS = frozenset({Role.SECTION_CHIEF, Role.LEADER})
# Every voucher is written by a step that two people take; by hand only a leader writes one, or takes one back.
STEPS = frozenset({Role.LEADER})
RESERVE, TOWN_SHARE = "县级储备", "镇街指标"
ABOVE, AIR_POOL, ELSEWHERE, SURRENDERED = "上级下达", "大气总量库", "区外交易", "清缴履约"
AMOUNT = {"max_digits": 12, "decimal_places": 3, "validators": [MinValueValidator(0)]}
# Digits of a county's code.
COUNTY = 6


class Pollutant(models.TextChoices):
    """What is held."""

    COD = "COD", "化学需氧量"
    NH3N = "NH3-N", "氨氮"
    TN = "TN", "总氮"
    TP = "TP", "总磷"
    NOX = "NOx", "氮氧化物"
    VOCS = "VOCs", "挥发性有机物"
    SO2 = "SO2", "二氧化硫"
    PM = "PM", "颗粒物"
    CO2 = "CO2", "碳排放配额"


def _item(pollutant: Pollutant) -> Item:
    return Item(pollutant.value, pollutant.label, "t" if pollutant is Pollutant.CO2 else "t/a", 3)


QUOTA = declare(Account(
    key="emission_quota", label="总量指标账", line="approval", tab="permits", holder="企业或镇街",
    items=tuple(_item(p) for p in Pollutant),
    vouchers=(
        Voucher("issued", "上级下达", source=ABOVE, by=STEPS),
        Voucher("split", "分解到镇街", by=STEPS),
        Voucher("granted", "分配到企业", by=STEPS),
        Voucher("from_air", "自大气总量库调入", source=AIR_POOL, by=STEPS),
        Voucher("lapsed", "到期收回", by=STEPS),
        Voucher("to_air", "退回大气总量库", sink=AIR_POOL, by=STEPS),
        Voucher("recovered", "盘活收回", by=STEPS),
        Voucher("traded", "交易过户", by=STEPS),
        Voucher("bought", "区外购入", source=ELSEWHERE, paper="合同编号", by=STEPS),
        Voucher("sold", "售往区外", sink=ELSEWHERE, paper="合同编号", by=STEPS),
        Voucher("surrendered", "清缴", sink=SURRENDERED, paper="履约年度", by=STEPS),
    ),
    columns=(*VOUCHER, "voucher", "text", "by"), filters=("on", "kind"), labels={"what": "指标"},
    search=("text", "voucher_no", "entries__holding__name", "entries__holding__entity__name"),
    edit=APPROVERS | STEPS,
    empty="总量指标账还没有收支。登记上级下达的指标并审核后，会出现在这里。",
))  # fmt: skip


def reserve(item: str, area_code: str) -> Holding:
    """The reserve of the county."""
    return QUOTA.holding(item, RESERVE, area_code[:COUNTY])


def share(item: str, area_code: str) -> Holding:
    """The share of a town; of a county its reserve."""
    if len(area_code) <= COUNTY:
        return reserve(item, area_code)
    return QUOTA.holding(item, TOWN_SHARE, area_code)


def of_firm(item: str, firm: Entity) -> Holding:
    """What a firm holds; of one that was merged, also after a matter was judged under its name, who goes on."""
    return QUOTA.holding(item, succession.current(firm))


def outside(item: str, name: str, area_code: str) -> Holding:
    return QUOTA.outside(item, name, area_code[:COUNTY])


def held(firm: Any) -> list[tuple[Item, Any]]:
    """Everything that a firm holds today, without what is nought."""
    rows = Holding.objects.filter(book=QUOTA.key, entity=firm).exclude(balance=0)
    return [(QUOTA.item(row.item), row.balance) for row in rows.order_by("item")]
