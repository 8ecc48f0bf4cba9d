"""危险废物台账 (mechanisms A7, S-5): what each firm has in store, by code, against vouchers.

An account: produced (产生入库), handed on with its manifest (委外转移), or dealt with on site (自行利用处置). A firm can
never hand on more than it has. Other books post into it: replaced carbon comes in by ``produce``; of the firms' own
ledgers (``waste_ledgers``) what went into the store (入库) and out of it (出库).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.books import account as accounts
from ecoledger.books.account import VOUCHER, Account, Item, Voucher
from ecoledger.books.models import Holding, Posting
from ecoledger.entities.models import Entity
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Choices
from ecoledger.listings.refusals import Refused
from ecoledger.standards import waste
from ecoledger.standards.identifiers import parse_waste_code

KILOGRAMS = Decimal("0.01")
# Told which firms' waste, by code, was entered or corrected: what is computed of it is computed again.
on_changed: list[Callable[[Collection[tuple[int, str]]], object]] = []
PRODUCTION, RECEIVER, STORE_EXIT = "产生环节", "接收单位", "出库去向"
# What only the firms' ledgers post: their corrections take it back.
NOBODY = frozenset({Role.SYSTEM_ADMIN})


class WasteAccount(Account):
    """An account whose items are waste codes: any code of the national list, named where the bureau names it."""

    @property
    def longest_days(self) -> int:
        return int(own_data.read(__package__, "hazardous_waste")["longest_days"])

    def item(self, key: str) -> Item:
        code = parse_waste_code(key)
        if not code.ok:
            raise KeyError(key)
        return Item(code.code, f"{name_of(code.code)} {code.code}".strip(), "kg", 2)

    def group(self, key: str) -> str:
        return category_of(key)


class CategoryDigits(models.Transform):
    """The last two digits of a code, which are its category: ``code__category__in=["06"]``."""

    lookup_name = "category"
    output_field = models.CharField()
    template = "RIGHT(%(expressions)s, 2)"

    def as_sqlite(self, compiler: Any, connection: Any, **_more: Any) -> Any:
        return self.as_sql(compiler, connection, template="SUBSTR(%(expressions)s, -2)")


models.CharField.register_lookup(CategoryDigits)


def category_of(code: str) -> str:
    """The category of a code of the national list, which its last two digits say.

    >>> category_of("336-064-17")
    'HW17'
    """
    return f"HW{code[-2:]}"


def categories() -> Choices:
    """What a list is asked for, by the digits that codes end with."""
    return tuple(
        (key[2:], f"{key} {name}") for key, name in sorted(waste.hazardous_classes().items())
    )


def is_waste_code(text: str) -> None:
    """Raise ``ValidationError`` for what is no code of the national list; a field's validator."""
    if wrong := waste.hazardous(text).wrong:
        raise ValidationError(wrong)


def name_of(code: str) -> str:
    """What a code's waste is usually called, by ``data/hazardous_waste.toml``; "" where it is not named there."""
    return str(own_data.read(__package__, "hazardous_waste")["names"].get(code, ""))


HAZARDOUS = declare(WasteAccount(
    key="hazardous_waste", label="危险废物台账", line="waste", tab="waste", holder="产生单位",
    vouchers=(
        Voucher("produced", "产生入库", source=PRODUCTION),
        Voucher("transferred", "委外转移出库", sink=RECEIVER, paper="联单号"),
        Voucher("own", "自行利用处置", sink="自行利用处置"),
        Voucher("stored", "台账入库", source=PRODUCTION, by=NOBODY),
        Voucher("taken_out", "台账出库", sink=STORE_EXIT, by=NOBODY),
    ),
    columns=(*VOUCHER, "voucher_no", "text", "by"), filters=("on", "kind"),
    labels={"what": "废物", "voucher_no": "联单号"},
    search=("text", "voucher_no", "entries__holding__entity__name", "entries__holding__item"), edit=BUREAU,
    empty="危险废物台账还没有收支。活性炭更换登记后，废炭会自动入账。",
))  # fmt: skip


def produce(
    firm: Entity,
    code: str,
    kilograms: Decimal,
    *,
    on: date,
    text: str,
    by: Person | None,
    at: datetime,
    details: dict[str, Any] | None = None,
) -> Posting:
    """Bring waste of ``firm`` into its store; ``text`` says what it comes of. Raises :class:`Refused` for no such code."""
    holding, outside = _pair(firm, code, PRODUCTION)
    quantity = kilograms.quantize(KILOGRAMS)
    moves = {holding: quantity, outside: -quantity}
    posting = accounts.post(
        HAZARDOUS, "produced", moves, on=on, text=text, by=by, at=at, details=details
    )
    tell_changed({(firm.pk, holding.item)})
    return posting


def hand_on(
    firm: Entity,
    code: str,
    kilograms: Decimal,
    *,
    on: date,
    text: str,
    manifest_no: str,
    by: Person | None,
    at: datetime,
    details: dict[str, Any] | None = None,
) -> Posting:
    """Take waste out of the store of ``firm`` with its manifest. Raises :class:`Refused` for more than it has."""
    holding, outside = _pair(firm, code, RECEIVER)
    quantity = kilograms.quantize(KILOGRAMS)
    moves = {holding: -quantity, outside: quantity}
    posting = accounts.post(
        HAZARDOUS, "transferred", moves,
        on=on, text=text, voucher_no=manifest_no, by=by, at=at, details=details,
    )  # fmt: skip
    tell_changed({(firm.pk, holding.item)})
    return posting


def tell_changed(firms_and_codes: Collection[tuple[int, str]]) -> None:
    """Let what is computed of these firms' waste be computed again."""
    for told in on_changed:
        told(firms_and_codes)


def _pair(firm: Entity, code: str, beyond: str) -> tuple[Holding, Holding]:
    """The firm's holding of a code, and the outside that it is drawn from or goes to."""
    parsed = parse_waste_code(code)
    if not parsed.ok:
        raise Refused(
            "form", parsed.problems[0].text, _("请按国家危险废物名录填写，如 900-039-49。")
        )
    return HAZARDOUS.holding(parsed.code, firm), HAZARDOUS.outside(
        parsed.code, beyond, firm.area_code
    )
