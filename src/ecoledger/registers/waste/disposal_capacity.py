"""危废处置能力 (mechanism S-14): who is licensed to dispose of what and how much of it, against what is produced.

A line of a licence takes several classes or codes up to one yearly capacity. What of the produced waste the lines could
take at most is the largest flow from codes to lines, so that shared capacity counts once; what is left over of a code
is its gap. The same lines say whether a manifest's receiver may take its waste.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.inventory import CODE, COORDINATES, Inventory
from ecoledger.entities.inventory import declare as declare_inventory
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.registers.waste import manifests
from ecoledger.registers.waste.manifests import Manifest, ManifestItem
from ecoledger.standards import waste

EDITORS = frozenset({Role.APPROVER, Role.MONITOR, Role.SECTION_CHIEF, Role.OFFICER})


class DisposalUnit(Entity):
    """A unit with a licence to collect, recover or dispose of hazardous waste."""

    KIND = "disposal_unit"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_disposal_unit"
    )

    class Sort(models.TextChoices):
        FULL = "full", "综合经营"
        COLLECTION = "collection", "收集经营"

    sort = models.CharField("许可证类别", max_length=12, choices=Sort.choices, default=Sort.FULL)
    licence_no = models.CharField("经营许可证编号", max_length=60, blank=True, db_index=True)
    licence_until = models.DateField("许可证有效期至", null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = "危废经营单位"

    @property
    def capacity(self) -> Decimal:
        """What its lines may take in a year, t."""
        total: Decimal | None = self.lines.aggregate(n=Sum("capacity"))["n"]
        return total or Decimal(0)

    @property
    def taken(self) -> Decimal:
        """What manifests of this year brought it, t."""
        items = ManifestItem.objects.filter(
            manifest__receiver=self.name, manifest__state="accepted", manifest__withdrawn_at=None,
            manifest__accepted_on__year=timezone.localdate().year,
        )  # fmt: skip
        total: Decimal | None = items.aggregate(n=Sum("accepted"))["n"]
        return total or Decimal(0)


UNITS = declare_inventory(Inventory(
    key="disposal_unit", label="危废经营单位", model=DisposalUnit, line="waste", letter="D", ends="licence_until",
    enterprise="parent__code",
    columns=("name", "code", "sort", "licence_no", "licence_until", "capacity", "taken", "area_code"),
    filters=("sort", "licence_until", "area_code"), search=("name", "code", "licence_no"),
    fields=("name", CODE, Ask("parent", "对应企业", to=Enterprise, required=False), "area_code", "address", "lon",
            "lat", COORDINATES, "sort", "licence_no", "licence_until", "since", "until"),
    labels={"capacity": "许可能力 t/a", "taken": "本年接受 t"},
    imports=Import(key=("name",), headers={"name": ("单位名称", "经营单位"), "licence_no": ("许可证编号",),
                                           "licence_until": ("有效期",)},
                   examples={"name": "示例环保有限公司", "licence_no": "F35050001"}, future=()),
    empty="还没有危废经营单位。登记后再登记各条线的类别和能力。",
))  # fmt: skip


class CapacityLine(models.Model):
    """One line of a unit: which classes or codes it takes, how, and how much a year."""

    unit = models.ForeignKey(
        DisposalUnit, verbose_name="经营单位", on_delete=models.PROTECT, related_name="lines"
    )
    area_code = AreaCodeField("属地")
    name = models.CharField("生产线", max_length=80)
    takes = models.CharField("类别或代码", max_length=400)
    method = models.CharField("利用处置方式", max_length=60, blank=True)
    capacity = models.DecimalField(
        "能力 t/a", max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )
    since = models.DateField("投运日期", db_index=True)
    until = models.DateField("停运日期", null=True, blank=True)
    added = models.BooleanField("属新增能力", default=False)

    class Meta:
        verbose_name = "危废处置能力"
        ordering = ["unit_id", "id"]

    def __str__(self) -> str:
        return f"{self.unit} {self.name}"

    @property
    def words(self) -> frozenset[str]:
        """The classes and codes it takes."""
        return frozenset(self.takes.split("、"))

    def may_take(self, code: str) -> bool:
        return code in self.words or f"HW{code[-2:]}" in self.words

    def runs_in(self, year: int) -> bool:
        return self.since.year <= year and (self.until is None or self.until.year >= year)


def read_takes(text: str) -> tuple[str, str]:
    """Classes and codes as they are kept, and what is wrong with them."""
    for sign in "，,；;/ 和":
        text = text.replace(sign, "、")
    words, classes = [], waste.hazardous_classes()
    for word in filter(None, (part.strip().upper() for part in text.split("、"))):
        if word in classes:
            words.append(word)
            continue
        code = waste.hazardous(word)
        if not code.ok:
            return "", _("“%s”不是类别（HW08）也不是代码（900-249-08）") % word
        words.append(code.code)
    return "、".join(dict.fromkeys(words)), ""


class Capacities(Listing):
    """Lines lie where their unit does; what they take is of the list."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        _takes, why = read_takes(str(values.get("takes") or ""))
        return {"takes": why} if why else {}

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        values = {**values, **self._read(values["takes"]), "area_code": values["unit"].area_code}
        return super().open_row(values, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        unit = values.get("unit") or row.unit
        said = self._read(values["takes"]) if values.get("takes") else {}
        return super().change_row(row, {**values, **said, "area_code": unit.area_code}, by, at)

    def _read(self, text: str) -> dict[str, str]:
        takes, why = read_takes(text)
        if why:
            raise Refused("form", why, _("多个类别用顿号分开。"), {"takes": [why]})
        return {"takes": takes}


CAPACITY = declare(Capacities(
    key="disposal_capacity", label="危废处置能力", line="waste", tab="waste", model=CapacityLine, edit=EDITORS,
    enterprise="unit__parent__code", order=("-pk",),
    columns=("unit", "name", "takes", "method", "capacity", "since", "until", "added", "area_code"),
    filters=("since", "added", "unit", "area_code"), search=("unit__name", "name", "takes"),
    fields=(Ask("unit", to=DisposalUnit), "name", "takes", "method", "capacity", "since", "until", "added"),
    lead="name", under=("unit",),
    imports=Import(key=("unit", "name"),
                   headers={"unit": ("单位名称",), "name": ("生产线名称", "设施名称"), "takes": ("经营类别", "核准类别"),
                            "added": ("新增能力", "是否新增"), "capacity": ("核准经营规模", "能力", "处置能力"), "since": ("投产日期",)},
                   examples={"unit": "示例环保有限公司", "name": "焚烧线", "takes": "HW08、HW12、900-039-49",
                             "capacity": "20000", "since": "2026-06-01", "added": "是"}, future=()),
    empty="还没有处置能力。登记经营单位的各条线后，与产生量按代码比较。",
))  # fmt: skip
tally(CAPACITY, "capacity", "危废处置能力", Q(until=None), add="capacity", unit="t/a")
tally(
    CAPACITY,
    "added",
    "危废处置能力新增量",
    Q(added=True),
    dated="since",
    add="capacity",
    unit="t/a",
)

# ---- against what is produced --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Covered:
    """What of a code's waste could be taken, t: ``capacity`` is of all lines that may take it, shared with others."""

    code: str
    produced: Decimal
    capacity: Decimal
    taken: Decimal

    @property
    def gap(self) -> Decimal:
        return self.produced - self.taken


def cover(produced: Mapping[str, Decimal], lines: Sequence[CapacityLine]) -> list[Covered]:
    """How much of each code's tonnes the lines could take together: the largest flow, to the kilogram."""
    codes = sorted(produced)
    taken = dict.fromkeys(codes, Decimal(0))
    if codes and lines:
        # Loaded when it is needed: every start of the program would wait for it.
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import maximum_flow

        # Source, codes, lines, sink.
        first, sink = len(codes) + 1, len(codes) + len(lines) + 1
        edges = np.zeros((sink + 1, sink + 1), dtype=np.int32)
        for n, code in enumerate(codes, 1):
            edges[0, n] = int(produced[code] * 1000)
            for m, line in enumerate(lines):
                if line.may_take(code):
                    edges[n, first + m] = edges[0, n]
        for m, line in enumerate(lines):
            edges[first + m, sink] = min(int(line.capacity * 1000), np.iinfo(np.int32).max)
        flow = maximum_flow(csr_array(edges), 0, sink).flow.toarray()
        taken = {code: Decimal(int(flow[0, n])) / 1000 for n, code in enumerate(codes, 1)}
    return [
        Covered(
            code,
            produced[code],
            sum((line.capacity for line in lines if line.may_take(code)), Decimal(0)),
            taken[code],
        )
        for code in codes
    ]


def lines_of(area_code: str, year: int) -> list[CapacityLine]:
    """The lines of an area that run in a year."""
    rows = CapacityLine.objects.filter(area_code__startswith=area_code).select_related("unit")
    return [line for line in rows if line.runs_in(year)]


def _may_not_take(manifest: Manifest, codes: list[str]) -> str:
    """Why the receiver may not take the codes; "" for a unit that is not registered here, of which nothing is known."""
    unit = DisposalUnit.objects.filter(name=manifest.receiver, until=None).first()
    if unit is None:
        return ""
    day = timezone.localdate(manifest.handed_on) if manifest.handed_on else timezone.localdate()
    return refusal(unit, codes, day)


def refusal(unit: DisposalUnit, codes: Sequence[str], day: date) -> str:
    """Why a unit may not take waste of these codes on a day; "" when it may."""
    if unit.licence_until is not None and unit.licence_until < day:
        return _("接受单位的经营许可证已于 %s 到期。") % f"{unit.licence_until:%Y-%m-%d}"
    lines = [line for line in unit.lines.all() if line.until is None or line.until >= day]
    for code in codes:
        if lines and not any(line.may_take(waste.hazardous(code).code) for line in lines):
            return _("接受单位的许可范围不含 %s。") % code
    return ""


manifests.licences.append(_may_not_take)
