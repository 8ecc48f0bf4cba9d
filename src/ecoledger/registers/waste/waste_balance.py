"""产生–库存–转移平衡 (mechanism S-5): a firm's waste by code and period, as ledger, manifest and declaration say it.

A row a month, a declared quarter and a year: stock before + in − out = stock after, by the account; beside it what the
ledgers say was produced, dealt with on site and handed over, what manifests carried, and what was declared. Where two
of them differ by more than the tolerance (``data/hazardous_waste.toml``) the row says which and by how much. What
nobody wrote down is empty and not nought. Rows are computed when something of the firm's code changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.books.models import Entry
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Filter, Kind, View
from ecoledger.listings.tallies import tally
from ecoledger.registers.waste import hazardous_waste
from ecoledger.registers.waste.hazardous_waste import HAZARDOUS, categories, name_of
from ecoledger.registers.waste.manifests import ManifestItem
from ecoledger.registers.waste.producers import WasteDeclaration
from ecoledger.registers.waste.waste_ledgers import WasteRecord
from ecoledger.standards.time_limits import add_months

NOTHING = Decimal(0)
_TONNES: dict[str, Any] = {"max_digits": 14, "decimal_places": 5, "null": True}


class WasteBalance(models.Model):
    """A firm's waste of a code over a period, t."""

    class Span(models.TextChoices):
        MONTH = "month", "月"
        QUARTER = "quarter", "季度"
        YEAR = "year", "年"

    entity = models.ForeignKey(
        Enterprise, verbose_name="产生单位", on_delete=models.PROTECT, related_name="waste_balances"
    )
    area_code = AreaCodeField("属地")
    code = models.CharField("危险废物代码", max_length=14, db_index=True)
    span = models.CharField("周期", max_length=8, choices=Span.choices, db_index=True)
    begin = models.DateField("期初", db_index=True)
    end = models.DateField("期末")
    opening = models.DecimalField("期初库存 t", **_TONNES)
    produced = models.DecimalField("产生量 t", **_TONNES)
    stored = models.DecimalField("入库量 t", **_TONNES)
    taken_out = models.DecimalField("出库量 t", **_TONNES)
    closing = models.DecimalField("期末库存 t", **_TONNES)
    own = models.DecimalField("自行利用处置 t", **_TONNES)
    consigned = models.DecimalField("委外利用处置 t", **_TONNES)
    manifest_out = models.DecimalField("联单移出 t", **_TONNES)
    manifest_in = models.DecimalField("联单接受 t", **_TONNES)
    declared = models.DecimalField("申报产生 t", **_TONNES)
    declared_out = models.DecimalField("申报利用处置 t", **_TONNES)
    declared_stock = models.DecimalField("申报贮存 t", **_TONNES)
    # Of what was dealt with, what had been in store when the period began.
    from_before = models.DecimalField("处置往年贮存 t", editable=False, **_TONNES)
    differs = models.BooleanField("有差异", default=False, db_index=True)
    differences = models.CharField("差异", max_length=400, blank=True)

    class Meta:
        verbose_name = "危险废物平衡"
        ordering = ["-begin", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "code", "span", "begin"], name="one_balance_a_period"
            )
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.code} {self.begin:%Y-%m}"

    @property
    def waste(self) -> str:
        """What the code is usually called, with it."""
        return f"{name_of(self.code)} {self.code}".strip()


@dataclass
class Said:
    """What is known of a firm's code, each as (day, kilograms), gathered once for all its periods."""

    into: list[tuple[date, Decimal]] = field(default_factory=list)
    out: list[tuple[date, Decimal]] = field(default_factory=list)
    produced: list[tuple[date, Decimal]] = field(default_factory=list)
    own: list[tuple[date, Decimal]] = field(default_factory=list)
    consigned: list[tuple[date, Decimal]] = field(default_factory=list)
    # Of what was dealt with, what never was in store: its batch is of the production ledger.
    direct: list[tuple[date, Decimal]] = field(default_factory=list)
    # By manifests, all by the day of handing over: what is accepted next month left in this one. ``arrived``: of what was
    # moved that whose receiver has said how much he took.
    moved: list[tuple[date, Decimal]] = field(default_factory=list)
    arrived: list[tuple[date, Decimal]] = field(default_factory=list)
    accepted: list[tuple[date, Decimal]] = field(default_factory=list)
    # First day -> (last day, produced, dealt with, in store), t.
    declared: dict[date, list[tuple[date, Decimal, Decimal, Decimal]]] = field(default_factory=dict)

    @property
    def days(self) -> set[date]:
        lists = (
            self.into,
            self.out,
            self.produced,
            self.own,
            self.consigned,
            self.moved,
            self.accepted,
        )
        return {day for listed in lists for day, _kilograms in listed} | set(self.declared)  # fmt: skip


# Account vouchers that other books post: of what came in as produced, of what went on without a ledger.
_PRODUCED, _OWN, _CONSIGNED = "produced", "own", "transferred"


def gather(firm: int, code: str) -> Said:
    """Everything that is written of a firm's waste of a code."""
    said = Said()
    entries = Entry.objects.filter(
        holding__book=HAZARDOUS.key, holding__entity=firm, holding__item=code
    )
    for day, quantity, kind in entries.values_list("on", "quantity", "posting__kind"):
        inward = kind in (_PRODUCED, "stored")
        (said.into if inward else said.out).append((day, quantity if inward else -quantity))
        beside = {_PRODUCED: said.produced, _OWN: said.own, _CONSIGNED: said.consigned}.get(kind)
        if beside is not None:
            beside.append((day, abs(quantity) if inward == (quantity > 0) else -abs(quantity)))
    _ledgers(said, firm, code)
    items = ManifestItem.objects.filter(
        manifest__entity=firm, code=code, manifest__withdrawn_at=None
    ).exclude(manifest__state__in=("draft", "void"))
    for handed, moved, accepted in items.values_list("manifest__handed_on", "moved", "accepted"):
        if handed is None:
            continue
        day = timezone.localdate(handed)
        said.moved.append((day, moved * 1000))
        if accepted is not None:
            said.arrived.append((day, moved * 1000))
            said.accepted.append((day, accepted * 1000))
    for row in WasteDeclaration.objects.filter(entity=firm, code=code, current=True):
        begin, end = row.span
        told = (end, row.produced, row.own + row.consigned, row.stored)
        said.declared.setdefault(begin, []).append(told)
    return said


def _ledgers(said: Said, firm: int, code: str) -> None:
    records = WasteRecord.objects.filter(entity=firm, code=code, current=True)
    batches = {row.batch_no for row in records if row.book == "waste_produced"}
    for row in records:
        line = (timezone.localdate(row.at), row.kilograms)
        match row.book:
            case "waste_produced":
                said.produced.append(line)
            case "waste_own" | "waste_consigned":
                (said.own if row.book == "waste_own" else said.consigned).append(line)
                if row.source_batch in batches:
                    said.direct.append(line)


def periods(said: Said) -> Iterator[tuple[str, date, date]]:
    """The spans that a firm's code has rows for: months, declared quarters, years in which anything is known."""
    for begin, end in sorted({_month(day) for day in said.days}):
        yield "month", begin, end
    for begin, rows in sorted(said.declared.items()):
        for end, *_amounts in rows:
            if 80 < (end - begin).days < 100:
                yield "quarter", begin, end
    years = {day.year for day in said.days}
    for year in range(min(years), max(years) + 1) if years else ():
        yield "year", date(year, 1, 1), date(year, 12, 31)


def _month(day: date) -> tuple[date, date]:
    begin = day.replace(day=1)
    return begin, add_months(begin, 1) - timedelta(days=1)


def _within(rows: list[tuple[date, Decimal]], begin: date, end: date) -> Decimal | None:
    """What lies in a period, t; ``None`` where nothing was written."""
    own = [kilograms for day, kilograms in rows if begin <= day <= end]
    return sum(own, NOTHING) / 1000 if own else None


def row_of(
    firm: Enterprise, code: str, said: Said, span: str, begin: date, end: date
) -> WasteBalance:
    """One row of the balance with what differs in it."""
    before = sum((kg for day, kg in said.into if day < begin), NOTHING) - sum(
        (kg for day, kg in said.out if day < begin), NOTHING
    )
    row = WasteBalance(
        entity=firm, area_code=firm.area_code, code=code, span=span, begin=begin, end=end,
        opening=before / 1000,
        **{name: _within(getattr(said, source), begin, end) for name, source in (
            ("produced", "produced"), ("stored", "into"), ("taken_out", "out"), ("own", "own"),
            ("consigned", "consigned"), ("manifest_out", "moved"), ("manifest_in", "accepted"))},
    )  # fmt: skip
    row.closing = row.opening + (row.stored or NOTHING) - (row.taken_out or NOTHING)
    row.from_before = min(row.opening, row.taken_out or NOTHING)
    for last, produced, out, stock in said.declared.get(begin, ()):
        if last == end:
            row.declared, row.declared_out, row.declared_stock = produced, out, stock
    direct = _within(said.direct, begin, end) or NOTHING
    told = list(differences(row, direct, _within(said.arrived, begin, end)))
    row.differs, row.differences = bool(told), "；".join(told)[:400]
    return row


def differences(row: WasteBalance, direct: Decimal, arrived: Decimal | None) -> Iterator[str]:
    """What does not agree in a row, in words.

    ``direct``: what was dealt with and never was in store; ``arrived``: what was handed over and weighed by its
    receiver; t. A period that was not declared is no difference: its declaration is owed as a duty.
    """
    dealt = _sum(row.own, row.consigned)
    from_store = None if dealt is None else dealt - direct
    compared = [
        (_("产生%(one)s，入库和直接利用处置%(other)s"), row.produced, _sum(row.stored, direct or None)),
        (_("出库%(one)s，自行和委外利用处置%(other)s"), row.taken_out, from_store),
        (_("委外台账%(one)s，联单移出%(other)s"), row.consigned, row.manifest_out),
        (_("联单移出%(one)s，接受%(other)s"), arrived, row.manifest_in),
    ]  # fmt: skip
    if row.declared is not None:
        compared += [
            (_("台账产生%(one)s，申报%(other)s"), row.produced, row.declared),
            (_("台账利用处置%(one)s，申报%(other)s"), dealt, row.declared_out),
            (_("账面库存%(one)s，申报贮存%(other)s"), row.closing, row.declared_stock),
        ]
    for text, one, other in compared:
        if _apart(one, other):
            yield text % {"one": _tonnes(one), "other": _tonnes(other)}


def _sum(*amounts: Decimal | None) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, NOTHING) if known else None


def _tonnes(amount: Decimal | None) -> str:
    return _("无记录") if amount is None else f" {amount.quantize(Decimal('0.001'))} t"


def _apart(one: Decimal | None, other: Decimal | None) -> bool:
    """Whether two amounts differ by more than scales do; where neither is there, nothing can."""
    if one is None and other is None:
        return False
    if (one is None or other is None) and not (one or other):
        return False  # nought on one side and nothing on the other
    rules = own_data.read(__package__, "hazardous_waste")
    least = Decimal(str(rules["tolerance_kg"])) / 1000
    share = Decimal(str(rules["tolerance_percent"])) / 100
    larger = max(abs(one or NOTHING), abs(other or NOTHING))
    return abs((one or NOTHING) - (other or NOTHING)) > max(least, larger * share)


_COMPUTED = (
    "area_code", "end", "opening", "produced", "stored", "taken_out", "closing", "own", "consigned",
    "manifest_out", "manifest_in", "declared", "declared_out", "declared_stock", "from_before", "differs",
    "differences",
)  # fmt: skip


@transaction.atomic
def rebuild(firms_and_codes: Collection[tuple[int, str]]) -> int:
    """Compute the rows of these firms' codes anew; returns how many there are."""
    wanted = {(firm, code) for firm, code in firms_and_codes if code}
    firms = Enterprise.objects.in_bulk({firm for firm, _code in wanted})
    rows = []
    for firm, code in sorted(wanted):
        if firm not in firms:
            continue
        said = gather(firm, code)
        own = [row_of(firms[firm], code, said, *period) for period in periods(said)]
        known = Q(pk__in=[])
        for row in own:
            known |= Q(span=row.span, begin=row.begin)
        WasteBalance.objects.filter(entity=firm, code=code).exclude(known).delete()
        rows += own
    WasteBalance.objects.bulk_create(
        rows, batch_size=200, update_conflicts=True,
        unique_fields=["entity", "code", "span", "begin"], update_fields=_COMPUTED,
    )  # fmt: skip
    return len(rows)


def follow_postings(since: datetime) -> int:
    """Compute anew what was posted by hand since a moment; returns how many rows there are."""
    entries = Entry.objects.filter(posting__book=HAZARDOUS.key, posting__at__gte=since)
    pairs = entries.exclude(holding__entity=None).order_by()
    return rebuild(set(pairs.values_list("holding__entity_id", "holding__item").distinct()))


hazardous_waste.on_changed.append(rebuild)

CATEGORY = Filter("category", "废物类别", Kind.CHOICE, path="code__category", choices=categories())
BALANCE = declare(Listing(
    key="waste_balance", label="危险废物平衡核对", line="waste", tab="waste", model=WasteBalance,
    edit=frozenset(), enterprise="entity__code", order=("-begin", "pk"),
    columns=("entity", "waste", "span", "begin", "differences", "opening", "produced", "stored", "taken_out",
             "closing", "own", "consigned", "manifest_out", "manifest_in", "declared", "declared_out",
             "declared_stock", "area_code"),
    filters=("span", "begin", "differs", CATEGORY, "code", "entity", "area_code"), search=("entity__name", "code"),
    labels={"waste": "废物"}, lead="entity", under=("waste",),
    views=(View("differs", "有差异", {"differs": "1"}), View("years", "按年", {"span": "year"})),
    empty="还没有可核对的数据。导入五类台账、联单和申报后，这里按单位、代码和月份核对。",
))  # fmt: skip
tally(BALANCE, "differs", "台账联单申报不一致", Q(differs=True, span="month"), dated="begin", unit="条",
      better="lower")  # fmt: skip
