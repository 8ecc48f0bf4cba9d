"""横向生态补偿账 (mechanism W9): what towns owe each other, month by month, and how a year is settled.

A holding is a town's balance in 万元, positive where it is owed. Every posting sums to zero, so the whole book does: what
towns gain together the county has given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books import account as accounts
from ecoledger.books.account import Account, Item, Voucher
from ecoledger.books.models import Holding
from ecoledger.entities.models import Area
from ecoledger.listings.catalogue import declare
from ecoledger.matters.models import Matter

MONEY = "money"
DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.LEADER})

ACCOUNT = declare(Account(
    key="eco_compensation", label="横向生态补偿账", line="water", see="see_cockpit", edit=DESK, overdraft=True,
    holder="镇街", items=(Item(MONEY, "补偿资金", "万元", 4),),
    vouchers=(Voucher("opening", "期初结转", source="此前结转"),
              # Written by the steps of the month and the year; by hand only to be taken back.
              Voucher("month", "月度核算", by=frozenset({Role.LEADER})),
              Voucher("settle", "年度结算", paper="财政结算文号", by=frozenset({Role.LEADER}))),
    columns=("number", "on", "kind", "giver", "taker", "quantity", "unit", "text"), filters=("kind", "on"),
    search=("text", "voucher_no"),
    empty="还没有补偿收支。月度核算冻结后自动记账。",
))  # fmt: skip


def holding_of(party: str, county: str) -> Holding:
    """The holding of a town by its name, or of another party (the county's finance) by its own."""
    town = Area.objects.filter(name=party, code__startswith=county).order_by("code").first()
    return ACCOUNT.holding(MONEY, town or party, county)


def post_month(
    pairs: Mapping[tuple[str, str], Decimal], county: str, *, on: date, voucher: Matter, by: Person | None, at: Any
) -> None:  # fmt: skip
    """Write what each party pays another in a month, one posting a pair."""
    for (payer, payee), amount in pairs.items():
        accounts.post(
            ACCOUNT, "month", {holding_of(payer, county): -amount, holding_of(payee, county): amount},
            on=on, text=f"{voucher.title}：{payer}支付{payee}"[:200], voucher=voucher, by=by, at=at,
        )  # fmt: skip


def balances(county: str, on: date) -> list[tuple[Holding, Decimal]]:
    """What each party of a county is owed at the end of a day."""
    rows = Holding.objects.filter(book=ACCOUNT.key, area_code__startswith=county)
    return accounts.balances_on(rows.select_related("entity"), on)


def turnover(county: str, year: int) -> list[tuple[str, Decimal, Decimal]]:
    """Name, received and paid of each party by the months of a year."""
    sums: dict[str, list[Decimal]] = {}
    rows = Holding.objects.filter(book=ACCOUNT.key, area_code__startswith=county)
    for holding in rows.select_related("entity").order_by("area_code", "pk"):
        entries = holding.entries.filter(on__year=year, posting__kind="month")
        for quantity in entries.values_list("quantity", flat=True):
            both = sums.setdefault(str(holding), [Decimal(0), Decimal(0)])
            both[0 if quantity > 0 else 1] += abs(quantity)
    return [(name, got, gave) for name, (got, gave) in sums.items()]


def settle(
    parties: Iterable[tuple[str, Decimal]], county: str, *, on: date, voucher: Matter, paper: str,
    by: Person | None, at: Any,
) -> None:  # fmt: skip
    """Bring the balances of a year to nothing against a paper of the finance office."""
    moves = {holding_of(name, county): -net for name, net in parties if net}
    if moves:
        accounts.post(ACCOUNT, "settle", moves, on=on, text=voucher.title[:200], voucher=voucher,
                      voucher_no=paper, by=by, at=at)  # fmt: skip
