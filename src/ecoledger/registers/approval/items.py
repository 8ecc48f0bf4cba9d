"""审批服务事项目录 (mechanism P2): what is applied for, in how many working days by law and by promise, with which papers.

The catalogue is data: a bureau enters its own by file, or begins with the shipped one, whose rows bear the mark of their
source. A case keeps the days that were promised when it came in.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.listings import forms
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Import
from ecoledger.listings.tallies import tally

DESK = frozenset({Role.APPROVER, Role.SECTION_CHIEF, Role.DISPATCHER})


class Kind(models.TextChoices):
    """What kind of business a case is: by this a year's cases are told."""

    REPORT = "eia_report", "环评报告书"
    FORM = "eia_form", "环评报告表"
    FILING = "filing", "登记备案"
    PERMIT = "permit", "排污许可"
    CONSULTATION = "consultation", "咨询服务"
    OTHER = "other", "其他许可"


class ApprovalItem(models.Model):
    """One item of the catalogue (事项)."""

    class Sort(models.TextChoices):
        PERMIT = "permit", "行政许可"
        SERVICE = "service", "公共服务"
        OTHER = "other", "其他行政权力"

    class Mark(models.TextChoices):
        OWN = "P", "本局公布"
        TWO = "2", "两处一致"
        ONE = "1", "一处来源"
        MEMORY = "M", "待核对"

    code = models.CharField("事项编码", max_length=40, unique=True)
    name = models.CharField("事项名称", max_length=120, db_index=True)
    sort = models.CharField("事项类型", max_length=10, choices=Sort.choices, default=Sort.PERMIT)
    kind = models.CharField("办件类别", max_length=12, choices=Kind.choices, default=Kind.OTHER)
    at_once = models.BooleanField("即办件", default=False)
    legal_days = models.PositiveSmallIntegerField("法定时限 工作日", default=0)
    promised_days = models.PositiveSmallIntegerField("承诺时限 工作日", default=0)
    receive_days = models.PositiveSmallIntegerField("受理时限 工作日", default=5)
    deliver_days = models.PositiveSmallIntegerField("送达时限 工作日", default=10)
    publicity_days = models.PositiveSmallIntegerField("公示 工作日", default=0)
    review_days = models.PositiveSmallIntegerField("评审听证 工作日", default=0)
    conditions = models.TextField("受理条件", blank=True)
    materials = models.TextField("材料清单", blank=True, help_text="一行一份")
    basis = models.CharField("依据", max_length=200, blank=True)
    mark = models.CharField("出处", max_length=2, choices=Mark.choices, default=Mark.OWN)
    active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = "审批服务事项"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def papers(self) -> list[str]:
        """The papers it asks for, in order."""
        return [line.strip() for line in self.materials.splitlines() if line.strip()]

    @property
    def shortened(self) -> float | None:
        """By how many percent the promise is shorter than the law; ``None`` where the law sets no days."""
        if not self.legal_days:
            return None
        return 100 * (self.legal_days - self.days) / self.legal_days

    @property
    def days(self) -> int:
        """Working days it is promised in; what is done at once takes none."""
        return 0 if self.at_once else self.promised_days


def wrong(values: Mapping[str, Any]) -> dict[str, str]:
    """What the days of an item break together: a promise is never longer than the law, and only 即办 takes no day."""
    at_once, legal = bool(values.get("at_once")), values.get("legal_days") or 0
    promised = values.get("promised_days") or 0
    if not at_once and legal and promised > legal:
        return {"promised_days": _("承诺时限 %(own)d 个工作日长于法定时限 %(law)d 个工作日") % {
            "own": promised, "law": legal}}  # fmt: skip
    if not at_once and not promised and values.get("sort") == ApprovalItem.Sort.PERMIT:
        return {"promised_days": _("不是即办件的许可事项须填承诺时限")}
    return {}


class Items(Listing):
    """The catalogue is the bureau's: it lies in no division."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        return wrong(values)

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        # What was left empty keeps the model's own.
        said = {name: value for name, value in values.items() if value is not None}
        return super().open_row(said, by, at, **more)

    @property
    def further_pages(self) -> tuple[tuple[Any, str], ...]:
        return (("目录与时限", "/approval/catalogue"),)


def _choosable(person: Person | None) -> QuerySet[Any]:
    return ApprovalItem.objects.filter(active=True)


declare_lookup(Lookup(
    key="approval_item", model=ApprovalItem, label="审批服务事项", rows=_choosable, exact=("name", "code"),
    contains=("name",), see="see_matters", few=True,
))  # fmt: skip


def _of(*kinds: Kind) -> Callable[[Person | None], QuerySet[Any]]:
    return lambda person: _choosable(person).filter(kind__in=kinds)


# Of which items an assessment and a permit that are decided together may be.
for _key, _label, _rows in (
    ("eia_item", "环评事项", _of(Kind.REPORT, Kind.FORM)),
    ("joint_permit_item", "排污许可事项", _of(Kind.PERMIT)),
):
    declare_lookup(Lookup(
        key=_key, model=ApprovalItem, label=_label, rows=_rows, exact=("name", "code"), contains=("name",),
        see="see_matters", few=True,
    ))  # fmt: skip

ITEMS = declare(Items(
    key="approval_item", label="审批服务事项", line="approval", model=ApprovalItem, area="", lead="name", under=("code",),
    columns=("name", "code", "sort", "kind", "at_once", "legal_days", "promised_days", "publicity_days",
             "review_days", "mark", "active"),
    filters=("sort", "kind", "at_once", "active", "mark"), search=("name", "code", "basis"),
    fields=("code", "name", "sort", "kind", "at_once", "legal_days", "promised_days", "receive_days", "deliver_days",
            "publicity_days", "review_days", "conditions", "materials", "basis", "active"),
    details=("sort", "kind", "at_once", "legal_days", "promised_days", "receive_days", "deliver_days", "publicity_days",
             "review_days", "conditions", "materials", "basis", "mark", "active"),
    order=("code",), edit=DESK,
    imports=Import(
        key=("code",), updates=True,
        headers={"code": ("编码", "事项代码"), "name": ("事项", "名称"), "sort": ("类型", "事项类别"),
                 "kind": ("类别",), "at_once": ("是否即办", "即办"),
                 "legal_days": ("法定时限", "法定办结时限", "法定工作日"),
                 "promised_days": ("承诺时限", "承诺办结时限", "承诺工作日"), "materials": ("申请材料",),
                 "basis": ("设定依据", "法律依据")},
        values={"sort": {"许可": "permit", "服务": "service", "其他": "other"},
                "kind": {"报告书": "eia_report", "报告表": "eia_form", "登记表": "filing", "备案": "filing",
                         "许可证": "permit", "咨询": "consultation", "其他": "other"},
                "at_once": {"即办件": "1", "即办": "1", "承诺件": "0"}},
        examples={"code": "HB-XK-01", "name": "建设项目环境影响报告表审批", "sort": "行政许可", "kind": "环评报告表",
                  "at_once": "否", "legal_days": "30", "promised_days": "5", "publicity_days": "5"},
    ),
    empty="还没有审批服务事项。导入本局公布的目录，或在“目录与时限”带入随附目录后逐项核对。",
))  # fmt: skip
tally(ITEMS, "permits", "行政许可事项", Q(sort="permit", active=True), unit="项")
tally(ITEMS, "services", "公共服务事项", Q(sort="service", active=True), unit="项")
tally(ITEMS, "at_once_share", "行政许可事项即办占比", Q(sort="permit", active=True, at_once=True),
      whole=Q(sort="permit", active=True), decimals=2)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Promise:
    """How far promises lie below the law, over items that the law gives days: 承诺压缩."""

    label: str
    items: int
    at_once: int
    legal: int
    promised: int

    @property
    def at_once_share(self) -> float | None:
        return 100 * self.at_once / self.items if self.items else None

    @property
    def shortened(self) -> float | None:
        """(law − promise) ÷ law, over the days of all items together."""
        return 100 * (self.legal - self.promised) / self.legal if self.legal else None


def promises(items: Iterable[ApprovalItem]) -> list[Promise]:
    """The catalogue by sort, then all of it."""
    rows = list(items)
    groups = [(str(sort.label), [i for i in rows if i.sort == sort]) for sort in ApprovalItem.Sort]
    groups.append((_("合计"), rows))
    return [_promise(label, group) for label, group in groups if group]


def _promise(label: str, rows: list[ApprovalItem]) -> Promise:
    timed = [i for i in rows if i.legal_days]
    return Promise(
        label,
        len(rows),
        sum(i.at_once for i in rows),
        sum(i.legal_days for i in timed),
        sum(i.days for i in timed),
    )


@lru_cache(maxsize=1)
def shipped() -> tuple[dict[str, str], ...]:
    """The catalogue that ships, a row an item, by the names of its columns."""
    text = (resources.files(__package__) / "data" / "approval_items.csv").read_text("utf-8-sig")
    return tuple(csv.DictReader(text.splitlines()))


@transaction.atomic
def take_shipped(*, by: Person, at: datetime) -> int:
    """Enter the shipped items whose code is not there yet, each with its mark; how many."""
    there = set(ApprovalItem.objects.values_list("code", flat=True))
    made = 0
    for row in shipped():
        if row["code"] in there:
            continue
        said = {name: text for name, text in row.items() if name != "mark"}
        said["materials"] = said["materials"].replace("|", "\n")
        cleaned = forms.cleaned(
            [ITEMS.derive.ask(ask) for ask in ITEMS.fields],
            ApprovalItem,
            {**said, "active": "1"},
            person=by,
        )
        ITEMS.open_row({**cleaned, "mark": row["mark"]}, by, at)
        made += 1
    return made
