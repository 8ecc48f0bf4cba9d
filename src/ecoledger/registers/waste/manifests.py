"""危险废物转移联单 (mechanism S-5): a manifest by the form of 2022 in its three parts, from handing over to acceptance.

One manifest a vehicle's trip and sender, with several wastes (转移管理办法, 部令第23号). The sender hands over with a
number of fourteen digits, the carrier departs and arrives, the receiver accepts within five working days, in whole, in
part or not at all; what was carried on paper is entered within ten. The field names of the three parts are from
memory (mark M). What a receiver registered here is licensed for is checked before the waste leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.parts import Ask, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import (
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import REASON
from ecoledger.registers.waste.hazardous_waste import is_waste_code, tell_changed
from ecoledger.standards import waste, workdays
from ecoledger.standards.identifiers import parse_manifest

HANDLERS = BUREAU | {Role.ENTERPRISE}
REGULATION = "危险废物转移管理办法（部令第23号）"
PAPER_DAYS = 10
_FIRMS = (Enterprise.KIND, "disposal_unit")
_TONNES: dict[str, Any] = {
    "max_digits": 14,
    "decimal_places": 5,
    "validators": [MinValueValidator(0)],
}
# What a receiver may take: (manifest, codes of its wastes) -> why not, "" where nothing is known against it.
licences: list[Callable[[Any, list[str]], str]] = []


class Manifest(Matter):
    """One trip of hazardous waste from a sender to a receiver."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_manifest"
    )

    class Outcome(models.TextChoices):
        WHOLE = "whole", "全部接受"
        PART = "part", "部分接受"
        REFUSED = "refused", "不接受"

    manifest_no = models.CharField("联单编号", max_length=20, blank=True, db_index=True)
    # 移出
    emergency_phone = models.CharField("应急联系电话", max_length=20, blank=True)
    sender_person = models.CharField("移出经办人", max_length=40, blank=True)
    sender_phone = models.CharField("移出联系电话", max_length=20, blank=True)
    handed_on = models.DateTimeField("交付时间", null=True, blank=True, db_index=True)
    expected_on = models.DateField("应运抵日", null=True, blank=True)
    crossing_no = models.CharField("跨省转移批准文号", max_length=60, blank=True)
    # 接受
    receiver = models.CharField("接受单位", max_length=120, db_index=True)
    # Whom that is here, where it is one firm alone: its people see what is under way to them, and accept it.
    receiver_firm = models.ForeignKey(
        Entity, verbose_name="接受单位档案", on_delete=models.PROTECT, null=True, blank=True,
        editable=False, related_name="+",
    )  # fmt: skip
    receiver_licence = models.CharField("接受单位许可证编号", max_length=60, blank=True)
    receiver_address = models.CharField("接受单位地址", max_length=200, blank=True)
    receiver_person = models.CharField("接受经办人", max_length=40, blank=True)
    receiver_phone = models.CharField("接受联系电话", max_length=20, blank=True)
    accepted_on = models.DateTimeField("接受时间", null=True, blank=True, db_index=True)
    outcome = models.CharField("接受情况", max_length=8, choices=Outcome.choices, blank=True)
    # 补录: carried on paper and entered afterwards, and whether that was later than the ten working days.
    paper = models.BooleanField("纸质联单补录", default=False)
    late_entry = models.BooleanField("补录超期", default=False, editable=False)

    class Meta:
        verbose_name = "危险废物转移联单"

    @property
    def moved(self) -> Decimal:
        """What was handed over, t."""
        return sum((item.moved for item in self.items.all()), Decimal(0))

    @property
    def accepted(self) -> Decimal | None:
        """What the receiver accepted, t; ``None`` before he has said."""
        known = [item.accepted for item in self.items.all() if item.accepted is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def carrier(self) -> str:
        """Who carried it first."""
        leg = self.legs.first()
        return leg.carrier if leg else ""

    @property
    def plate(self) -> str:
        leg = self.legs.first()
        return leg.plate if leg else ""

    @property
    def wastes(self) -> str:
        """Its wastes, in words."""
        return "、".join(f"{item.name} {item.code}" for item in self.items.all())


class ManifestItem(models.Model):
    """One waste of a manifest: what was handed over, and what the receiver says of it."""

    manifest = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="items")
    name = models.CharField("废物名称", max_length=120)
    code = models.CharField("废物代码", max_length=14, db_index=True, validators=[is_waste_code])
    hazard = models.CharField("危险特性", max_length=20, blank=True)
    form = models.CharField("形态", max_length=20, blank=True)
    component = models.CharField("有害成分名称", max_length=120, blank=True)
    packaging = models.CharField("包装方式", max_length=40, blank=True)
    packages = models.PositiveIntegerField("包装数量", null=True, blank=True)
    moved = models.DecimalField("移出量 t", **_TONNES)
    differs = models.BooleanField("存在重大差异", default=False)
    opinion = models.CharField("接受人处理意见", max_length=200, blank=True)
    method = models.CharField("拟利用处置方式", max_length=40, blank=True)
    accepted = models.DecimalField("接受量 t", null=True, blank=True, **_TONNES)

    class Meta:
        verbose_name = "转移废物"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"

    @property
    def difference(self) -> Decimal | None:
        """What was accepted less what was handed over, t."""
        return None if self.accepted is None else self.accepted - self.moved


class TransportLeg(models.Model):
    """One carrier's part of the way; more than one where the load changes vehicles (联运)."""

    manifest = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="legs")
    carrier = models.CharField("运输单位", max_length=120)
    permit_no = models.CharField("营运证件号", max_length=60, blank=True)
    driver = models.CharField("驾驶员", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    vehicle = models.CharField("运输工具", max_length=40, default="公路危货车")
    plate = models.CharField("牌号", max_length=20)
    begin = models.CharField("运输起点", max_length=120, blank=True)
    departed_at = models.DateTimeField("实际起运时间", null=True, blank=True)
    via = models.CharField("经由地", max_length=120, blank=True)
    end = models.CharField("运输终点", max_length=120, blank=True)
    arrived_at = models.DateTimeField("实际到达时间", null=True, blank=True)

    class Meta:
        verbose_name = "运输"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.carrier} {self.plate}"


# ---- what must be there --------------------------------------------------------------------------


def _prepare(manifest: Any) -> None:
    """A manifest is the sender's too, and its receiver's; it is called after its two ends, and what came on paper is dated."""
    manifest.circulation = Circulation.ENTERPRISE
    manifest.receiver_firm = firm_called(manifest.receiver)
    if not manifest.title and manifest.entity is not None:
        manifest.title = f"{manifest.entity.name} → {manifest.receiver}"[:200]
    if manifest.paper and manifest.handed_on:
        last = workdays.add_working_days(timezone.localdate(manifest.handed_on), PAPER_DAYS).day
        manifest.late_entry = timezone.localdate(manifest.opened_at) > last


def firm_called(name: str) -> Entity | None:
    """The one firm here that goes by ``name``, itself or as a licensed unit of it; ``None`` where none or several do."""
    things = Entity.objects.filter(name=name, kind__in=_FIRMS, until=None) if name else ()
    firms = {firm.pk: firm for thing in things if (firm := thing.enterprise) is not None}
    return next(iter(firms.values())) if len(firms) == 1 else None


def _not_to_be_handed_over(manifest: Any) -> str:
    """Why the waste cannot leave: no waste, a code that is none, a receiver who may not take it."""
    items = list(manifest.items.all())
    if not items:
        return _("还没有填写移出的废物。")
    for item in items:
        read = waste.hazardous(item.code)
        if not read.ok:
            return f"{item.name}：{read.wrong}"
        if not item.moved:
            return str(_("%s 没有移出量。") % item.name)
    for against in licences:
        if why := against(manifest, [item.code for item in items]):
            return why
    return ""


def _not_under_way(manifest: Any) -> str:
    return "" if manifest.legs.exists() else _("还没有填写运输单位和车辆。")


def _not_weighed(manifest: Any) -> str:
    if manifest.items.filter(accepted=None).exists():
        return _("还有废物没有填写接受量，请先填报移出接受明细。")
    return ""


def _number_is_one(step: Step) -> None:
    """The national number: fourteen digits, and no other manifest's."""
    number = parse_manifest(step.matter.manifest_no)
    if not number.ok:
        why = number.problems[0].text
        raise Refused("form", why, _("请核对联单编号。"), {"manifest_no": [why]})
    step.matter.manifest_no = number.code
    twin = Manifest.objects.filter(manifest_no=number.code, withdrawn_at=None)
    if twin.exclude(pk=step.matter.pk).exclude(state="void").exists():
        why = _("联单编号 %s 已登记。") % number.code
        raise Refused("form", why, _("请核对联单编号。"), {"manifest_no": [why]})


def _weighed_on_arrival(step: Step) -> None:
    """What the receiver accepts is no sender's to say."""
    by_firm = step.person is not None and step.person.has_role(Role.ENTERPRISE)
    if by_firm and step.matter.items.exclude(accepted=None).exists():
        raise Refused("form", _("接受量由接受人在运抵后填写。"), _("请先清空接受量。"))


def _receiver_known(step: Step) -> None:
    """A receiver who was entered here since the draft is one of the two."""
    step.matter.receiver_firm = firm_called(step.matter.receiver)


def _outcome_fits(step: Step) -> None:
    """Accepted in whole is what was handed over, or nearly; nothing accepted is a refusal."""
    if step.matter.outcome == Manifest.Outcome.REFUSED or not step.matter.accepted:
        raise Refused("form", _("不接受的请选“拒收”。"), _("接受量为零的联单不能确认接受。"))


def told(step: Step) -> None:
    """What is computed of the sender's waste is computed again."""
    tell_of(step.matter)


def tell_of(manifest: Any) -> None:
    if manifest.entity_id:
        codes = manifest.items.values_list("code", flat=True)
        tell_changed({(manifest.entity_id, code) for code in codes})


WORKFLOW = Workflow(
    states=(
        State("draft", "草稿", stage="移出", waits_for=HANDLERS),
        State("handed", "待起运", stage="运输", waits_for=HANDLERS),
        State("moving", "运输中", stage="运输", waits_for=HANDLERS),
        State("arrived", "待接受", stage="接受", waits_for=HANDLERS),
        State("accepted", "已办结", phase=Phase.DONE),
        State("refused", "已拒收", phase=Phase.DISMISSED),
        State("void", "已作废", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("hand_over", "移出人交付", "draft", "handed", by=HANDLERS,
                   asks=("manifest_no", "handed_on"), offers=("expected_on", "sender_person"),
                   takes_over=("manifest_no", "handed_on"), when=_not_to_be_handed_over,
                   effects=(_number_is_one, _weighed_on_arrival, _receiver_known), shown_to_enterprise=True),
        Transition("depart", "承运人确认起运", "handed", "moving", by=HANDLERS, when=_not_under_way,
                   shown_to_enterprise=True),
        Transition("relay", "联运转交", "moving", "moving", by=HANDLERS, asks=(said("relay", "转交情况"),),
                   main=False, shown_to_enterprise=True),
        Transition("arrive", "运抵", "moving", "arrived", by=HANDLERS, offers=(said("note", "运抵情况"),),
                   shown_to_enterprise=True),
        Transition("accept", "接受人确认", "arrived", "accepted", by=HANDLERS,
                   asks=("accepted_on", "outcome"), offers=("receiver_person",), when=_not_weighed,
                   other_person_than=("hand_over",), by_counterpart=True, effects=(_outcome_fits, told),
                   shown_to_enterprise=True),
        Transition("refuse", "拒收", "arrived", "refused", by=HANDLERS, asks=(REASON,),
                   sets={"outcome": Manifest.Outcome.REFUSED.value}, other_person_than=("hand_over",),
                   by_counterpart=True, effects=(told,), danger=True, main=False, shown_to_enterprise=True),
        Transition("void", "作废", ("draft", "handed"), "void", by=HANDLERS, asks=(REASON,),
                   danger=True, main=False, shown_to_enterprise=True),
    ),
    clocks=(
        ClockRule("transit", "应运抵", ("handed", "moving"), deadline_field="expected_on", basis=REGULATION),
        ClockRule("accept", "接受确认", "arrived", working_days=5, basis=REGULATION,
                  basis_version="接受之日起五个工作日内"),
    ),
)  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, tonnes handed over and accepted, and the share confirmed in time."""
    items = ManifestItem.objects.filter(
        manifest__in=rows.filter(state="accepted").order_by().values("pk")
    )
    n = items.aggregate(moved=Sum("moved"), accepted=Sum("accepted"), lines=Count("pk"))
    differs = rows.filter(items__differs=True).order_by().values("pk").distinct().count()
    done = rows.filter(state__in=("accepted", "refused")).order_by().count()
    all_ = rows.exclude(state__in=("draft", "void")).order_by().count()
    return [
        *common_statistics(MANIFEST, rows, now),
        Statistic("moved", "移出量", float(n["moved"] or 0), "state=accepted", "t"),
        Statistic("accepted", "接受量", float(n["accepted"] or 0), "state=accepted", "t"),
        share("done_ratio", "联单办结率", done, all_, query="state=accepted,refused",
              note="已接受或拒收的联单÷已交付的联单"),
        Statistic("differs", "存在重大差异的联单", differs, unit="份"),
        Statistic("late_entry", "补录超期", rows.filter(late_entry=True).order_by().count(),
                  "late_entry=1"),
    ]  # fmt: skip


_HANDED = frozenset(
    f"items.{name}"
    for name in ("name", "code", "moved", "hazard", "form", "component", "packaging", "packages")
)


def _settled(manifest: Any) -> frozenset[str]:
    """What was handed over arrives as it was handed over; on the way the carriers are said, and what was accepted."""
    if manifest.state in ("draft", "void"):
        return frozenset()
    ended = manifest.state in ("accepted", "refused")
    return MANIFEST.judged if ended else MANIFEST.judged - {"items", "legs"} | _HANDED


MANIFEST = declare(Register(
    key="waste_manifest", label="危险废物转移联单", line="waste", model=Manifest, workflow=WORKFLOW,
    pattern="联单〔{year}〕{n}号", prepare=_prepare, follows={"late_entry": ("paper", "handed_on"), "receiver_firm": ("receiver",)},
    counterpart="receiver_firm", shared=("handed", "moving", "arrived", "accepted", "refused"), map_layer=False, prefetch=("items",),
    labels={"entity": "移出单位", "moved": "移出量 t", "accepted": "接受量 t", "wastes": "废物",
            "address": "移出单位地址"},
    columns=("number", "manifest_no", "title", "wastes", "moved", "accepted", "state", "due",
             "handed_on", "accepted_on", "area_code"),
    filters=("state", "handed_on", "accepted_on", "paper", "late_entry", "area_code", "entity"),
    search=("number", "manifest_no", "title", "receiver", "items__code", "items__name"),
    fields=(Ask("entity", "移出单位", to=Enterprise, required=True), Ask("title", required=False, help="留空则取两端单位名称。"),
            "manifest_no", "emergency_phone", "sender_person", "sender_phone", "address",
            Ask("receiver", required=True), "receiver_licence", "receiver_address", "receiver_person",
            "receiver_phone", "expected_on", "crossing_no", "paper", "handed_on"),
    details=("manifest_no", "entity", "emergency_phone", "sender_person", "sender_phone", "address",
             "handed_on", "moved", "expected_on", "crossing_no", "receiver", "receiver_licence",
             "receiver_address", "receiver_person", "receiver_phone", "accepted_on", "outcome", "accepted",
             "paper", "late_entry"),
    lines=(
        Lines(key="items", label="移出和接受", model=ManifestItem, by_owner=True, by_counterpart=True,
              columns=("name", "code", "moved", "accepted", "hazard", "form", "component", "packaging",
                       "packages", "differs", "opinion", "method")),
        Lines(key="legs", label="运输", model=TransportLeg, by_owner=True, by_opener=True,
              columns=("carrier", "plate", "departed_at", "arrived_at", "permit_no", "driver", "phone",
                       "vehicle", "begin", "via", "end")),
    ),
    measures=(
        Measure(key="accepted", name="办结联单", numerator=Q(state="accepted"), dated="accepted_on", unit="份"),
        Measure(key="late_entry", name="补录超期联单", numerator=Q(late_entry=True), dated="opened_at",
                unit="份", higher_is_better=False),
    ),
    views=(View("waiting", "待接受", {"state": "arrived"}, "due"), View("paper", "纸质补录", {"paper": "1"})),
    settled=_settled, statistics=statistics, edit=HANDLERS, manage=frozenset({Role.DISPATCHER, Role.OFFICER, Role.APPROVER,
                                                            Role.SECTION_CHIEF, Role.LEADER}),
    empty="还没有转移联单。登记一份，或在“联单明细”导入系统导出的联单。",
))  # fmt: skip
