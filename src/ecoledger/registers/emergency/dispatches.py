"""应急物资调用 (mechanism E12): a dispatch note names batches and quantities; issued, they leave the account, and what comes
back is posted in again. Nobody issues what is not there: the account is never below nought.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books import account as accounts
from ecoledger.books.models import Holding
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.emergency import depots
from ecoledger.registers.emergency.depots import STOCK, USED, Batch, Depot

DESK = frozenset({Role.DISPATCHER, Role.OFFICER, Role.APPROVER, Role.MONITOR, Role.TOWN})
KEEPERS = frozenset({Role.APPROVER, Role.MONITOR, Role.DISPATCHER})
HEADS = frozenset({Role.SECTION_CHIEF, Role.LEADER})


class Dispatch(Matter):
    """One dispatch note (调用单): for an incident, a drill, or another depot."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_material_dispatch"
    )

    class Purpose(models.TextChoices):
        INCIDENT = "incident", "事件处置"
        DRILL = "drill", "演练"
        MOVE = "move", "库间调拨"

    purpose = models.CharField("用途", max_length=10, choices=Purpose.choices)
    to_depot = models.ForeignKey(
        Depot,
        verbose_name="调入储备库",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="dispatches",
    )
    receiver = models.CharField("领用单位和人员", max_length=80, blank=True)

    class Meta:
        verbose_name = "应急物资调用单"


_QUANTITY = {"max_digits": 12, "decimal_places": 1}


class DispatchLine(models.Model):
    """One batch of a note, how much of it went out and how much came back."""

    dispatch = models.ForeignKey(Dispatch, on_delete=models.CASCADE, related_name="items")
    batch = models.ForeignKey(
        Batch, verbose_name="物资批次", on_delete=models.PROTECT, related_name="dispatched"
    )
    quantity = models.DecimalField(
        "调用数量",
        validators=[MinValueValidator(Decimal("0.1"))],
        **_QUANTITY,  # type: ignore[arg-type]
    )
    returned = models.DecimalField(
        "归还数量",
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        **_QUANTITY,  # type: ignore[arg-type]
    )

    class Meta:
        verbose_name = "调用明细"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.batch} {self.quantity}"


def _stock(person: Person | None) -> Any:
    rows = Batch.objects.filter(holdings__book=depots.KEY).select_related("parent").distinct()
    return rows if person is None else rows.filter(pk__in=depots.BATCHES.visible_to(person))


declare_lookup(Lookup(
    key="stock_batch", model=Batch, label="物资批次", rows=_stock, exact=("name", "code"), begins=("code",),
    contains=("name", "batch_no"), under=lambda row: f"{row.code} {row.batch_no} {row.parent} {row.balance} {row.unit}",
))  # fmt: skip


def _post(step: Step, kind: str, moves: Mapping[Holding, Decimal], text: str) -> None:
    accounts.post(
        STOCK,
        kind,
        moves,
        on=timezone.localdate(step.at),
        text=text[:200],
        voucher=step.matter,
        voucher_no=step.matter.number,
        by=step.person,
        at=step.at,
    )


def _named(dispatch: Any) -> str:
    lines = list(dispatch.items.select_related("batch"))
    if not lines:
        return _("调用单没有明细。")
    if dispatch.purpose == Dispatch.Purpose.MOVE and dispatch.to_depot is None:
        return _("库间调拨须填调入储备库。")
    short = []
    wanted: dict[Batch, Decimal] = {}
    for line in lines:
        wanted[line.batch] = wanted.get(line.batch, Decimal(0)) + line.quantity
    for batch, quantity in wanted.items():
        there = batch.balance or Decimal(0)
        if quantity > there:
            short.append(
                _("%(what)s现存 %(there)s %(unit)s，不足 %(wanted)s")
                % {"what": batch, "there": there, "unit": batch.unit, "wanted": quantity}
            )
    return "；".join(short)


def _issue(step: Step) -> None:
    note = step.matter
    for line in note.items.select_related("batch__parent"):
        batch = line.batch
        giver = STOCK.holding(batch.material, batch)
        if note.purpose == Dispatch.Purpose.MOVE:
            taker = STOCK.holding(batch.material, _twin(batch, note.to_depot))
            _post(step, "moved", {giver: -line.quantity, taker: line.quantity}, note.title)
            continue
        outside = STOCK.outside(batch.material, USED, batch.area_code)
        _post(step, "issued", {giver: -line.quantity, outside: line.quantity}, note.title)


def _twin(batch: Batch, depot: Depot) -> Batch:
    """The same lot in another depot; made there when the first of it arrives."""
    same = {"parent": depot, "material": batch.material, "batch_no": batch.batch_no}
    there = Batch.objects.filter(**same).first()
    if there is not None:
        return there
    from ecoledger.entities import editing

    twin = Batch(
        **same, name=batch.name, brand=batch.brand, spec=batch.spec, use=batch.use, received=batch.received,
        expires_on=batch.expires_on, area_code=depot.area_code, synthetic=batch.synthetic,
    )  # fmt: skip
    editing.save(None, twin, source=_("库间调拨"))
    return twin


def _too_much_back(dispatch: Any) -> str:
    wrong = [
        str(line.batch)
        for line in dispatch.items.select_related("batch")
        if (line.returned or 0) > line.quantity
    ]
    return _("归还多于调用：%s。") % _("、").join(wrong) if wrong else ""


def _take_back(step: Step) -> None:
    note = step.matter
    if note.purpose == Dispatch.Purpose.MOVE:
        return
    for line in note.items.select_related("batch"):
        if not line.returned:
            continue
        holding = STOCK.holding(line.batch.material, line.batch)
        outside = STOCK.outside(line.batch.material, USED, line.batch.area_code)
        _post(step, "returned", {holding: line.returned, outside: -line.returned}, note.title)


def _no_returns_yet(step: Step) -> None:
    if step.matter.items.filter(returned__gt=0).exists():
        raise Refused("form", _("出库前不填归还数量。"), _("物资归还后再填。"))


def _settled(note: Any) -> tuple[str, ...]:
    """What was approved is what goes out, and what went out is what can come back: then only returns are filled in."""
    if note.state == "asked":
        return ()
    said = ("purpose", "to_depot", "area_code", "items.batch", "items.quantity")
    return said if note.state in ("approved", "out") else (*said, "items")


WORKFLOW = Workflow(
    states=(
        State("asked", "待批准", stage="申请", waits_for=HEADS),
        State("approved", "待出库", stage="出库", waits_for=KEEPERS),
        State("out", "已出库，待归还", stage="归还", waits_for=KEEPERS),
        State("done", "已办结", phase=Phase.DONE),
        State("refused", "不予调用", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("approve", "批准调用", "asked", "approved", by=HEADS, when=_named),
        Transition("urgent", "应急先行出库", "asked", "out", by=KEEPERS, asks=(REASON,), when=_named,
                   offers=("receiver",), effects=(_no_returns_yet, _issue), main=False,
                   help="事件处置来不及批准的先出库，理由写明谁同意。"),
        Transition("issue", "出库", "approved", "out", by=KEEPERS, offers=("receiver",), when=_named,
                   other_person_than=("approve",), effects=(_no_returns_yet, _issue)),
        Transition("settle", "归还核销", "out", "done", by=KEEPERS, when=_too_much_back, effects=(_take_back,),
                   help="归还数量在“调用明细”里填报；没有归还的按消耗计。"),
        Transition("refuse", "不予调用", ("asked", "approved"), "refused", by=HEADS, asks=(REASON,), danger=True,
                   main=False),
    ),
    clocks=(ClockRule("approve", "批准", "asked", working_hours=2, basis=DEFAULT),
            ClockRule("settle", "归还核销", "out", days=30, basis=DEFAULT)),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: Any, seen: Seen) -> list[Statistic]:
    n = rows.aggregate(
        out=Count("pk", filter=Q(state="out")),
        issued=Count("pk", filter=Q(state__in=("out", "done"))),
    )
    return [
        Statistic("issued", "已出库调用单", n["issued"], "state=out,done"),
        Statistic("out", "待归还", n["out"], "state=out"),
        *common_statistics(DISPATCHES, rows, now),
    ]


DISPATCHES = declare(Register(
    key="material_dispatch", label="应急物资调用单", line="emergency", model=Dispatch, workflow=WORKFLOW,
    pattern="物资调用〔{year}〕{n}号",
    labels={"title": "事由", "area_code": "属地"},
    columns=("number", "title", "purpose", "to_depot", "receiver", "state", "due", "origin_matter", "area_code"),
    filters=("state", "purpose", "area_code", "opened_at"), search=("number", "title", "receiver"),
    fields=("title", "area_code", "purpose", Ask("to_depot", to=Depot, required=False), "receiver"),
    details=("purpose", "to_depot", "receiver", "origin_matter"),
    lines=(Lines(key="items", label="调用明细", model=DispatchLine,
                 columns=(Ask("batch", among="stock_batch"), "quantity", Ask("returned", required=False))),),
    settled=_settled, statistics=_statistics, edit=DESK, manage=KEEPERS | HEADS, enterprise="",
    empty="还没有调用单。登记事由和物资明细，批准后出库。",
))  # fmt: skip
