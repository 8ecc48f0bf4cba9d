"""Account (账): quantities in and out against vouchers, per holder and item; balance on any day.

Double entry: what one holding gains another gives, so that a posting's entries sum to zero and the whole
book does. Only additions: a mistake is reversed by a posting of its own. A holding never has less than
nothing, on any day, whoever posts at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.models import Entry, Holding, Posting, PostingNumbers
from ecoledger.entities.models import Entity
from ecoledger.listings.derive import Derive, field_at
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Choices, Column, Kind, Text
from ecoledger.listings.refusals import Refused
from ecoledger.matters.models import Matter

ZERO = Decimal(0)
# Digits that are kept. SQLite adds decimals as floats; sums are rounded back to what was written.
KEPT = Decimal("0.000001")
# What one posting moves at most, and what a holding has: far beyond what a county has of anything, and few enough
# digits for a database that adds decimals as floats.
MOST_MOVED = Decimal(10**9)
MOST_HELD = Decimal(10**12)


@dataclass(frozen=True, slots=True)
class Item:
    """What is counted: its key, name, unit and digits after the point."""

    key: str
    label: str
    unit: str
    decimals: int = 3


@dataclass(frozen=True, slots=True)
class Voucher:
    """One kind of posting: its key and name, the outside holding it draws from or feeds, if any.

    ``paper``: what the number of the paper is called without which it is not written. ``by``: who enters it, where
    that is not everybody who writes in the book.
    """

    key: str
    label: str
    source: str = ""
    sink: str = ""
    paper: Text = ""
    by: frozenset[Role] = frozenset()

    @property
    def within(self) -> bool:
        """Whether it moves something from one holder of the book to another."""
        return not self.source and not self.sink


# What a voucher says, whatever the account: the columns of every account's list.
_MOVED = Column("quantity", unit_from="unit")
VOUCHER = ("number", "on", "kind", "what", "giver", "taker", _MOVED, "unit")
_LABELS: Mapping[str, Text] = {
    "what": "项目",
    "giver": "出自",
    "taker": "转入",
    "quantity": "数量",
    "unit": "单位",
    "by": "经办人",
}
# A reversal says why in so many characters at least.
SHORTEST_REASON = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Account(Listing):
    """A declared account. Its rows are postings; ``model`` is :class:`Posting` unless a book extends it."""

    told_apart_by: ClassVar[str] = "book"
    kinds: ClassVar[Mapping[str, Kind]] = {"kind": Kind.CHOICE, "quantity": Kind.DECIMAL}

    model: type[Any] = Posting
    items: tuple[Item, ...] = ()
    vouchers: tuple[Voucher, ...] = ()
    overdraft: bool = False
    # What a holder is called: 企业, 储存库, 镇街.
    holder: Text = "持有者"
    area: str = "entries__holding__area_code"
    prefetch: tuple[str, ...] = ("entries__holding__entity",)

    @property
    def derive(self) -> Derive:
        labels = {**_LABELS, **self.labels}
        return Derive(self.model, labels, self.kinds, self.own_choices())

    def own_choices(self) -> Mapping[str, Choices]:
        return {"kind": tuple((voucher.key, voucher.label) for voucher in self.vouchers)}

    @property
    def longest_days(self) -> int:
        """For how many days a quantity may be held, such as waste in store; 0 without such a limit."""
        return 0

    @property
    def further_pages(self) -> tuple[tuple[Text, str], ...]:
        return (("余额", f"{self.url}/holdings"),)

    def item(self, key: str) -> Item:
        """The item called ``key``. Raises ``KeyError``."""
        return {item.key: item for item in self.items}[key]

    def group(self, key: str) -> str:
        """What the item called ``key`` is counted under besides, such as a waste's category; "" of a book without."""
        return ""

    def voucher(self, key: str) -> Voucher:
        """The kind of posting called ``key``. Raises ``KeyError``."""
        return {voucher.key: voucher for voucher in self.vouchers}[key]

    def may_enter(self, person: Person, kind: str) -> bool:
        """Whether ``person`` writes postings of that kind, and so takes them back."""
        try:
            voucher = self.voucher(kind)
        except KeyError:
            return False
        return self.may_change(person) and (not voucher.by or person.has_role(*voucher.by))

    def holding(self, item: str, holder: Entity | str, area_code: str = "") -> Holding:
        """The holding of a thing, or of the division's pool called ``holder``; made when new."""
        self.item(item)
        if isinstance(holder, Entity):
            row, _made = Holding.objects.get_or_create(
                book=self.key,
                item=item,
                entity=holder,
                defaults={"area_code": holder.area_code, "overdraft": self.overdraft},
            )
            return row
        row, _made = Holding.objects.get_or_create(
            book=self.key,
            item=item,
            entity=None,
            name=holder,
            area_code=area_code,
            defaults={"overdraft": self.overdraft},
        )
        return row

    def outside(self, item: str, name: str, area_code: str) -> Holding:
        """Where quantities come from or go to beyond the book, such as the emissions of closed plants."""
        row, _made = Holding.objects.get_or_create(
            book=self.key,
            item=item,
            entity=None,
            name=name,
            area_code=area_code,
            defaults={"outside": True},
        )
        return row

    def visible_to(self, person: Person) -> Any:
        return super().visible_to(person).distinct()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement: an entry with the balance after it."""

    entry: Entry
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """What a holding had, got and gave in a period; ``closing`` = opening + received − given."""

    opening: Decimal
    received: Decimal
    given: Decimal
    closing: Decimal
    lines: Sequence[Line] = field(default_factory=tuple)


@transaction.atomic
def post(
    account: Account,
    kind: str,
    moves: Mapping[Holding, Decimal],
    *,
    on: date,
    text: str,
    by: Person | None,
    voucher: Matter | None = None,
    voucher_no: str = "",
    at: datetime | None = None,
    reverses: Posting | None = None,
    details: Mapping[str, Any] | None = None,
) -> Posting:
    """Write one posting. ``moves``: holding → what it gains; the sum over each item is zero.

    Raises :class:`Refused` when the sum is not zero, nothing moves, a quantity or a text is larger than is kept,
    or a holding would have less than nothing on that day or a later one.
    """
    _check_texts(text=text, voucher_no=voucher_no)
    paper = account.voucher(kind).paper
    if paper and not voucher_no.strip() and voucher is None and reverses is None:
        raise Refused(
            "form",
            _("没有%s。") % _(str(paper)),
            _("“%(kind)s”须填写%(paper)s。")
            % {"kind": _(account.voucher(kind).label), "paper": _(str(paper))},
        )
    moved = {holding: quantity for holding, quantity in moves.items() if quantity}
    if not moved:
        raise Refused("form", _("数量为零，没有可记的内容。"), _("请填写数量。"))
    _check_sums(account, moved)
    numbers = _in_turn(account)
    numbers.last += 1
    numbers.save()
    rows = Holding.objects.select_for_update().filter(pk__in=[h.pk for h in moved]).order_by("pk")
    locked = {row.pk: row for row in rows}
    for holding, quantity in moved.items():
        if abs(locked[holding.pk].balance + quantity) > MOST_HELD:
            raise _too_much(account.item(holding.item), MOST_HELD)
        _check_funds(account, locked[holding.pk], quantity, on)
    posting = Posting.objects.create(
        book=account.key,
        number=numbers.last,
        kind=kind,
        on=on,
        text=text,
        voucher=voucher,
        voucher_no=voucher_no,
        reverses=reverses,
        by=by,
        at=at or timezone.now(),
        details=dict(details or {}),
    )
    for holding, quantity in moved.items():
        Entry.objects.create(posting=posting, holding=holding, on=on, quantity=quantity)
        row = locked[holding.pk]
        row.balance += quantity
        row.save(update_fields=["balance"])
        holding.balance = row.balance
    audit.record(
        by,
        f"{account.key}.post",
        posting,
        details={
            "number": posting.number,
            "kind": kind,
            "moves": [[str(h), h.item, str(q)] for h, q in moved.items()],
            "reverses": reverses.number if reverses else None,
        },
    )
    return posting


def may_reverse(account: Account, posting: Posting, reason: str, by: Person) -> None:
    """Refuse who does not enter such postings (nobody takes back what only others write), and a reason that is none."""
    if not account.may_enter(by, posting.kind):
        raise Refused(
            "role", _("这类凭证不由您的岗位登记，不能冲正。"), _("需要时请联系登记这类凭证的岗位。")
        )
    if len("".join(reason.split())) < SHORTEST_REASON:
        raise Refused(
            "form",
            _("没有写清冲正的原因。"),
            _("请写明原因，至少 %d 个字。") % SHORTEST_REASON,
        )


@transaction.atomic
def reverse(
    account: Account, posting: Posting, *, on: date, reason: str, by: Person | None
) -> Posting:
    """Undo a posting by one of its own, linked to it. Raises :class:`Refused` when it was undone."""
    _in_turn(account)
    if Posting.objects.filter(reverses=posting).exists():
        raise Refused("state", _("凭证 %d 已经冲正过。") % posting.number)
    if posting.reverses_id is not None:
        raise Refused("state", _("凭证 %d 本身是冲正。") % posting.number, _("请另记一笔。"))
    moves = {e.holding: -e.quantity for e in posting.entries.select_related("holding__entity")}
    return post(
        account,
        posting.kind,
        moves,
        on=on,
        text=_("冲正凭证 %(number)d：%(reason)s") % {"number": posting.number, "reason": reason},
        by=by,
        voucher=posting.voucher,
        voucher_no=posting.voucher_no,
        reverses=posting,
    )


@transaction.atomic
def take_back(
    account: Account,
    kind: str,
    taken: Iterable[str],
    *,
    voucher: Matter,
    on: date,
    text: str,
    by: Person | None,
    voucher_no: str = "",
    at: datetime | None = None,
) -> None:
    """Move back, by one posting of ``kind``, what postings of the kinds ``taken`` moved for a matter and what still stands.

    It is read from the postings, not from what the matter says today, and what was reversed by hand does not go back twice.
    """
    _in_turn(account)
    entries = Entry.objects.filter(
        posting__book=account.key, posting__voucher=voucher.pk, posting__kind__in=list(taken),
        posting__reverses=None, posting__reversed_by=None,
    )  # fmt: skip
    moves: dict[Holding, Decimal] = {}
    for entry in entries.select_related("holding__entity").order_by("pk"):
        moves[entry.holding] = moves.get(entry.holding, ZERO) - entry.quantity
    if any(moves.values()):
        post(
            account,
            kind,
            moves,
            on=on,
            text=text,
            by=by,
            voucher=voucher,
            voucher_no=voucher_no,
            at=at,
        )


def _sum(entries: QuerySet[Entry]) -> Decimal:
    total = entries.aggregate(total=Sum("quantity"))["total"]
    return ZERO if total is None else Decimal(total).quantize(KEPT)


def balance_on(holding: Holding, day: date) -> Decimal:
    """What the holding had at the end of ``day``."""
    return _sum(holding.entries.filter(on__lte=day))


def held_longer(holding: Holding, day: date, days: int) -> Decimal:
    """What a holding has had for more than ``days`` days on ``day``, the first received going first."""
    recent = statement(holding, day - timedelta(days=days - 1), day).received
    return max(ZERO, balance_on(holding, day) - recent)


def all_held_longer(
    holdings: QuerySet[Holding], day: date, days: int
) -> list[tuple[Holding, Decimal]]:
    """Each of ``holdings`` with what :func:`held_longer` says of it, in one query."""
    first = day - timedelta(days=days - 1)
    rows = holdings.annotate(
        had=Sum("entries__quantity", filter=Q(entries__on__lte=day)),
        fresh=Sum(
            "entries__quantity",
            filter=Q(entries__on__range=(first, day), entries__quantity__gt=0),
        ),
    )
    return [
        (row, max(ZERO, (Decimal(row.had or ZERO) - Decimal(row.fresh or ZERO)).quantize(KEPT)))
        for row in rows
    ]


def balances_on(holdings: QuerySet[Holding], day: date) -> list[tuple[Holding, Decimal]]:
    """Each of ``holdings`` with what it had at the end of ``day``, in one query."""
    rows = holdings.annotate(had=Sum("entries__quantity", filter=Q(entries__on__lte=day)))
    return [(row, ZERO if row.had is None else Decimal(row.had).quantize(KEPT)) for row in rows]


def statement(holding: Holding, first: date, last: date) -> Statement:
    """The holding's entries from ``first`` to ``last``, oldest first, with the balance after each."""
    opening = _sum(holding.entries.filter(on__lt=first))
    balance, lines = opening, []
    entries = holding.entries.filter(on__gte=first, on__lte=last)
    for entry in entries.select_related(
        "posting", "posting__voucher", "posting__reverses", "posting__reversed_by", "posting__by"
    ):
        balance += entry.quantity
        lines.append(Line(entry, balance))
    received = sum((line.entry.quantity for line in lines if line.entry.quantity > 0), ZERO)
    given = sum((-line.entry.quantity for line in lines if line.entry.quantity < 0), ZERO)
    return Statement(opening, received, given, balance, tuple(lines))


def first_broken(account: Account) -> str:
    """What does not add up in the book: a posting that is not zero, or a kept balance; "" when all holds."""
    unbalanced = (
        Entry.objects.filter(posting__book=account.key)
        .order_by("posting_id")
        .values("posting__number", "holding__item")
        .annotate(total=Sum("quantity"))
        .filter(Q(total__gt=KEPT / 2) | Q(total__lt=-KEPT / 2))
        .first()
    )
    if unbalanced:
        return _("凭证 %d 借贷不平。") % int(unbalanced["posting__number"])
    sums = Holding.objects.filter(book=account.key).annotate(total=Sum("entries__quantity"))
    for holding in sums:
        if holding.balance != Decimal(holding.total or ZERO).quantize(KEPT):
            return _("%(holder)s 的余额与明细不符。") % {"holder": holding}
    return ""


def _in_turn(account: Account) -> PostingNumbers:
    """The book's counter, locked: two postings of a book at once wait for each other, and are judged one after the other."""
    PostingNumbers.objects.get_or_create(book=account.key)
    return PostingNumbers.objects.select_for_update().get(book=account.key)


def _check_texts(**texts: str) -> None:
    for name, text in texts.items():
        column = field_at(Posting, name)
        most = column.max_length
        if len(text) > most:
            raise Refused(
                "form",
                _("%(field)s过长，最多 %(most)d 个字。")
                % {"field": _(str(column.verbose_name)), "most": most},
                _("请写短些。"),
            )


def _too_much(item: Item, most: Decimal) -> Refused:
    return Refused(
        "form",
        _("数量过大：%(item)s最多 %(most)s %(unit)s。")
        % {"item": item.label, "most": f"{most:,}", "unit": item.unit},
        _("请核对数字和单位。"),
    )


def _check_sums(account: Account, moves: Mapping[Holding, Decimal]) -> None:
    sums: dict[str, Decimal] = {}
    for holding, quantity in moves.items():
        if holding.book != account.key:
            raise Refused("form", _("%s 不属于本账。") % holding)
        item = account.item(holding.item)
        # First: what is endless or has more digits than are reckoned with cannot be rounded.
        if not quantity.is_finite() or abs(quantity) > MOST_MOVED:
            raise _too_much(item, MOST_MOVED)
        if quantity != round(quantity, item.decimals):
            raise Refused(
                "form",
                _("%(item)s 最多 %(digits)d 位小数。")
                % {"item": item.label, "digits": item.decimals},
            )
        sums[holding.item] = sums.get(holding.item, ZERO) + quantity
    for key, total in sums.items():
        if total:
            item = account.item(key)
            raise Refused(
                "form",
                _("%(item)s 收支不平，相差 %(total)s %(unit)s。")
                % {"item": item.label, "total": abs(total), "unit": item.unit},
            )


def _check_funds(account: Account, holding: Holding, quantity: Decimal, on: date) -> None:
    """Refuse what the holding does not have on that day, or would lack on a later one."""
    if quantity > 0 or holding.outside or holding.overdraft:
        return
    balance = lowest = balance_on(holding, on)
    later: Iterable[tuple[date, Decimal]] = (
        holding.entries.filter(on__gt=on).order_by("on", "id").values_list("on", "quantity")
    )
    short_on = on
    # Entries of one day count together: the balance is that of a day's end.
    by_day: dict[date, Decimal] = {}
    for day, moved in later:
        by_day[day] = by_day.get(day, ZERO) + moved
    for day, moved in by_day.items():
        balance += moved
        if balance < lowest:
            lowest, short_on = balance, day
    if lowest + quantity < 0:
        item = account.item(holding.item)
        raise Refused(
            "balance",
            _("%(holder)s 的%(item)s差 %(lack)s %(unit)s，不能调出（%(day)s 可用 %(have)s）。")
            % {
                "holder": holding,
                "item": item.label,
                "lack": f"{-(lowest + quantity):.{item.decimals}f}",
                "unit": item.unit,
                "day": f"{short_on:%Y-%m-%d}",
                "have": f"{lowest:.{item.decimals}f}",
            },
            _("请减少数量，或先入账。"),
        )
