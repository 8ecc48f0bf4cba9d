"""活性炭专项 (mechanism A7): every box with its filling, the day it is to be replaced, and what came out of it.

The day follows from the formula (``standards.activated_carbon``) by the design flow; by the measured flow, where
there is one, it may be sooner, and the sooner holds. A replacement is a log entry: it fills the box anew, fulfils
what was owed, and its waste carbon is posted into the firm's account of hazardous waste (``waste.hazardous_waste``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books import account as accounts
from ecoledger.books import duty as duties
from ecoledger.books.duty import Duty
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry, Obligation, Posting
from ecoledger.entities import editing
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask, Import
from ecoledger.registers.waste import hazardous_waste
from ecoledger.registers.waste.hazardous_waste import HAZARDOUS
from ecoledger.standards import activated_carbon

POSITIVE = [MinValueValidator(Decimal("0.001"))]
# National waste code of carbon that took up VOCs (mark M).
WASTE_CODE = "900-039-49"


class CarbonBox(Entity):
    """One box (炭箱) of a treatment unit."""

    KIND = "carbon_box"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_carbon_box"
    )

    class Carbon(models.TextChoices):
        GRANULAR = "granular", "颗粒活性炭"
        HONEYCOMB = "honeycomb", "蜂窝活性炭"
        FIBRE = "fibre", "活性炭纤维"

    outlet = models.CharField("排放口编号", max_length=20, blank=True)
    stages = models.PositiveSmallIntegerField("串联级数", default=1)
    carbon = models.CharField("炭型", max_length=10, choices=Carbon.choices)
    iodine = models.PositiveIntegerField("碘值 mg/g", null=True, blank=True)
    report_no = models.CharField("碘值检测报告号", max_length=60, blank=True)
    mass = models.DecimalField("装填量 kg", max_digits=10, decimal_places=2, validators=POSITIVE)
    filled_on = models.DateField("装填日期", null=True, blank=True)
    flow = models.DecimalField(
        "设计风量 m³/h", max_digits=10, decimal_places=1, validators=POSITIVE
    )
    measured_flow = models.DecimalField(
        "实测风量 m³/h", max_digits=10, decimal_places=1, null=True, blank=True, validators=POSITIVE
    )
    removed = models.DecimalField(
        "削减浓度 mg/m³", max_digits=10, decimal_places=2, validators=POSITIVE
    )
    hours = models.DecimalField(
        "日运行 h",
        max_digits=4,
        decimal_places=1,
        validators=[MinValueValidator(Decimal("0.1")), MaxValueValidator(24)],
    )
    capacity = models.DecimalField(
        "动态吸附量", max_digits=4, decimal_places=3, default=Decimal("0.100"), validators=POSITIVE
    )
    capacity_basis = models.CharField("吸附量依据", max_length=120, blank=True)
    supplier = models.CharField("供应商", max_length=80, blank=True)
    # Computed when it is entered or filled: days by the formula, and the day of replacement.
    period = models.DecimalField(
        "更换周期 d", max_digits=8, decimal_places=1, null=True, blank=True, editable=False
    )
    due_on = models.DateField("应更换日", null=True, blank=True, editable=False, db_index=True)

    class Meta:
        verbose_name = "活性炭箱"

    @property
    def days_left(self) -> int | None:
        """Days until it is to be replaced; negative when that day has gone by."""
        return None if self.due_on is None else (self.due_on - timezone.localdate()).days


def clean(box: CarbonBox, findings: Findings) -> None:
    """The capacity may exceed what is recommended only with its basis; then the day follows."""
    rules = activated_carbon.rules()
    capacity = float(box.capacity)
    if capacity > rules.highest:
        findings.wrong["capacity"] = _("动态吸附量不应高于 %s") % rules.highest
    elif capacity > rules.recommended and not box.capacity_basis:
        findings.wrong["capacity_basis"] = _("高于推荐值 %s 须写明依据") % rules.recommended
    kind = rules.kinds.get(box.carbon)
    if kind is not None and box.iodine is not None and box.iodine < kind.iodine:
        findings.odd.append(
            _("%(kind)s碘值 %(value)s 低于 %(least)s mg/g")
            % {"kind": kind.name, "value": box.iodine, "least": int(kind.iodine)}
        )
    if not findings.wrong:
        reckon(box)


def reckon(box: CarbonBox) -> None:
    """Set period and day of replacement from the filling; the larger flow is the sooner day."""
    flow = max(box.flow, box.measured_flow or Decimal(0))
    try:
        days = activated_carbon.period(
            float(box.mass), float(box.removed), float(flow), float(box.hours), float(box.capacity)
        )
    except ValueError:  # a faulty quantity is refused by its own field
        return
    box.period = Decimal(days).quantize(Decimal("0.1"))
    box.due_on = (
        None
        if box.filled_on is None
        else activated_carbon.due(box.filled_on, days, float(box.hours)).on
    )


BOXES = declare(Inventory(
    key="carbon_box", label="活性炭箱", model=CarbonBox, line="air", letter="T",
    parents=(Enterprise,), clean=clean, enterprise="parent__code",
    columns=("name", "parent", "carbon", "iodine", "mass", "filled_on", "period", "due_on", "days_left",
             "area_code"),
    filters=("carbon", "due_on", "area_code"), search=("name", "code", "parent__name", "outlet"),
    fields=("name", CODE, Ask("parent", "所属企业", to=Enterprise, required=True), "outlet", "stages",
            "carbon", "iodine", "report_no", "mass", "filled_on", "flow", "measured_flow", "removed",
            "hours", "capacity", "capacity_basis", "supplier"),
    labels={"parent": "所属企业", "days_left": "剩余天数"},
    imports=Import(
        key=("parent", "name"),
        headers={"name": ("炭箱编号", "设施名称", "活性炭箱编号"), "parent": ("企业名称", "单位名称"),
                 "outlet": ("排放口", "排口编号"), "stages": ("级数", "串/并联级数"),
                 "carbon": ("活性炭类型", "炭型"), "iodine": ("碘值", "碘吸附值"),
                 "report_no": ("检测报告编号",), "mass": ("装填量", "装填量（kg）", "填充量 kg"),
                 "filled_on": ("装填日", "上次更换日期"), "flow": ("风量", "设计风量"),
                 "measured_flow": ("实测风量",), "removed": ("VOCs削减浓度", "削减浓度"),
                 "hours": ("日运行时间", "日运行小时"), "capacity": ("吸附量",)},
        examples={"name": "1#炭箱", "parent": "示例涂装有限公司", "carbon": "颗粒活性炭", "mass": "1000",
                  "filled_on": "2026-10-01", "flow": "10000", "removed": "50", "hours": "8"},
        future=(),
    ),
    empty="还没有活性炭箱。导入采用活性炭吸附的企业台账，系统按公式算出应更换日。",
))  # fmt: skip

# ---- replacement ---------------------------------------------------------------------------------


class CarbonReplacement(LogEntry):
    """One replacement of the carbon of a box."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_carbon_replacement"
    )

    mass = models.DecimalField(
        "新炭装填量 kg", max_digits=10, decimal_places=2, validators=POSITIVE
    )
    iodine = models.PositiveIntegerField("新炭碘值 mg/g", null=True, blank=True)
    waste = models.DecimalField("废炭重量 kg", max_digits=10, decimal_places=2, validators=POSITIVE)
    waste_code = models.CharField("废物代码", max_length=12, default=WASTE_CODE)
    manifest_no = models.CharField("转移联单号", max_length=40, blank=True)
    # Before the filling that it ends: what the waste is held against.
    old_mass = models.DecimalField(
        "旧炭装填量 kg", max_digits=10, decimal_places=2, null=True, editable=False
    )
    late_days = models.IntegerField("超期天数", null=True, editable=False)
    # Its vouchers in the account of hazardous waste: in, and out again where it went with a manifest.
    booked = models.OneToOneField(
        Posting, on_delete=models.PROTECT, null=True, editable=False, related_name="carbon_booked"
    )
    handed_on = models.OneToOneField(
        Posting, on_delete=models.PROTECT, null=True, editable=False, related_name="carbon_handed"
    )

    class Meta:
        verbose_name = "活性炭更换"

    @property
    def vouchers(self) -> str:
        """Numbers of its vouchers in the account of hazardous waste."""
        numbers = [str(p.number) for p in (self.booked, self.handed_on) if p is not None]
        return _("凭证 %s") % "、".join(numbers) if numbers else ""

    @property
    def doubt(self) -> str:
        """Carbon that took up VOCs is heavier than when it was filled; lighter waste is missing somewhere."""
        if self.old_mass is not None and self.waste < self.old_mass:
            return _("废炭 %(waste)s kg 少于原装填 %(mass)s kg") % {
                "waste": self.waste,
                "mass": self.old_mass,
            }
        return ""


class ReplacementLog(Log):
    """The replacements: an entry fills its box anew and fulfils what was owed of it."""

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        box = CarbonBox.objects.get(pk=values["entity"].pk)
        day = timezone.localdate(values.get("at") or at)
        late = None if box.due_on is None else (day - box.due_on).days
        before = {"old_mass": box.mass, "late_days": late}
        entry = super().open_row({**values, **before}, by, at, **more)
        if entry.booked_id is None:  # not sent a second time by a phone
            _into_the_account(entry, box, day, by, at)
        for owed in Obligation.objects.filter(
            book=DUE.key, entity=box, state=Obligation.State.DUE, begin__lte=box.due_on or day
        ):
            duties.fulfil(DUE, owed, by=by, on=day, entry=entry)
        box.mass, box.filled_on = values["mass"], day
        box.iodine = values.get("iodine") or box.iodine
        editing.save(None, box, on=day, source=_("活性炭更换记录"))
        return entry

    @transaction.atomic
    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        """A correction reverses the old vouchers and writes new ones."""
        old = CarbonReplacement.objects.get(pk=row.pk)
        postings = [p for p in (old.handed_on, old.booked) if p is not None]
        right = super().change_row(row, {**values, "booked": None, "handed_on": None}, by, at)
        for posting in postings:
            accounts.reverse(
                HAZARDOUS, posting, on=timezone.localdate(at), reason=right.reason, by=by
            )
        box = CarbonBox.objects.get(pk=right.entity_id)
        _into_the_account(right, box, timezone.localdate(right.at), by, at)
        return right


def _into_the_account(
    entry: CarbonReplacement, box: CarbonBox, day: date, by: Person | None, at: datetime
) -> None:
    """Post the waste carbon into its firm's account; with a manifest it has left the firm as well."""
    if box.parent is None:
        return
    text = _("%s更换活性炭") % box.name
    details = {"log": entry.book, "entry": entry.pk}
    entry.booked = hazardous_waste.produce(
        box.parent, entry.waste_code, entry.waste, on=day, text=text, by=by, at=at, details=details
    )
    if entry.manifest_no:
        entry.handed_on = hazardous_waste.hand_on(
            box.parent, entry.waste_code, entry.waste,
            on=day, text=text, manifest_no=entry.manifest_no, by=by, at=at, details=details,
        )  # fmt: skip
    entry.save(update_fields=["booked", "handed_on"])


REPLACEMENTS = declare_book(ReplacementLog(
    key="carbon_replacement", label="活性炭更换", model=CarbonReplacement, line="air",
    edit=STAFF | {Role.ENTERPRISE}, enterprise="entity__parent__code",
    columns=("entity", "at", "mass", "iodine", "waste", "old_mass", "doubt", "late_days", "vouchers",
             "manifest_no", "area_code", "by"),
    filters=("area_code", "at"), search=("entity__name", "entity__parent__name", "manifest_no"),
    fields=(Ask("entity", "活性炭箱", to=CarbonBox, required=True), "at", "mass", "iodine", "waste",
            "waste_code", "manifest_no", "note"),
    labels={"entity": "活性炭箱", "doubt": "重量核对", "vouchers": "危废账凭证"},
    lead="entity",
    empty="还没有更换记录。更换后登记新炭装填量和废炭重量，应更换日随之重算，废炭进入企业的危险废物台账。",
))  # fmt: skip

DUE = declare_book(Duty(
    key="carbon_due", label="活性炭到期更换", line="air",
    objects=CarbonBox.objects.exclude(due_on=None).all, until="due_on", due_after=0, remind_before=7,
    owed_by=frozenset({Role.TOWN, Role.MONITOR}), columns=("entity", "due", "state", "done_on"),
    filters=("state", "area_code", "due"), search=("entity__name", "entity__parent__name"),
    edit=STAFF, empty="还没有临近到期的炭箱。",
))  # fmt: skip
