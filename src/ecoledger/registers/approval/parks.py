"""产业园区与规划环评 (mechanism P17): the parks, their planning assessment, and what approval of a project there hangs on.

三挂钩: a project's assessment is tied to the park's planning assessment, to how its existing projects are managed, and to the
quality of the area. :func:`three_hooks` says each with its reason; an assessment that fails one is granted only with a
written exception.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.duty import Duty
from ecoledger.entities import shapes
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Import, View
from ecoledger.listings.tallies import EVERY, tally
from ecoledger.matters.models import Matter
from ecoledger.matters.register import OPEN_WORK, register_of
from ecoledger.standards.time_limits import add_months

# A follow-up assessment is due so many years after the planning assessment was reviewed (规划环境影响跟踪评价).
FOLLOW_UP_YEARS = 5


class Park(Entity):
    """An industrial park or concentrated area (产业园区)."""

    KIND = "park"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_park"
    )

    class Grade(models.TextChoices):
        NATIONAL = "national", "国家级"
        PROVINCE = "province", "省级"
        CITY = "city", "市级"
        COUNTY = "county", "县级及以下"

    class Planning(models.TextChoices):
        NONE = "none", "未开展"
        WRITING = "writing", "编制中"
        REVIEWED = "reviewed", "已审查"
        FOLLOWED = "followed", "已跟踪评价"

    grade = models.CharField("级别", max_length=10, choices=Grade.choices, default=Grade.COUNTY)
    manager = models.CharField("管理机构", max_length=120, blank=True)
    trades = models.CharField("主导产业", max_length=200, blank=True)
    area_km2 = models.DecimalField(
        "面积 km²", max_digits=9, decimal_places=3, null=True, blank=True
    )
    planning = models.CharField(
        "规划环评", max_length=10, choices=Planning.choices, default=Planning.NONE
    )
    reviewed_on = models.DateField("审查日期", null=True, blank=True)
    review_no = models.CharField("审查意见文号", max_length=120, blank=True)
    follow_up_due = models.DateField("跟踪评价期限", null=True, blank=True, db_index=True)
    suspended = models.BooleanField("暂停审批", default=False)
    suspended_why = models.CharField("暂停原因", max_length=200, blank=True)
    quality_met = models.BooleanField("区域环境质量达标", null=True, blank=True)
    quality_note = models.CharField("质量说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "产业园区"

    @property
    def covered(self) -> bool:
        """Whether its planning assessment has been reviewed."""
        return self.planning in (self.Planning.REVIEWED, self.Planning.FOLLOWED)


def clean(park: Park, findings: Findings) -> None:
    """A reviewed assessment has its day and number; five years on a follow-up is due unless the bureau says otherwise."""
    if park.covered and park.reviewed_on is None:
        findings.wrong["reviewed_on"] = _("已审查的须填审查日期")
    if park.reviewed_on is not None and not park.covered:
        findings.odd.append(_("有审查日期而规划环评未标为已审查，请核对"))
    if park.suspended and not park.suspended_why:
        findings.wrong["suspended_why"] = _("暂停审批须写明原因")
    if park.reviewed_on is not None and park.follow_up_due is None:
        park.follow_up_due = add_months(park.reviewed_on, 12 * FOLLOW_UP_YEARS)


PARKS = declare(Inventory(
    key="park", label="产业园区", model=Park, line="approval", letter="YQ", clean=clean,
    columns=("name", "code", "grade", "planning", "reviewed_on", "follow_up_due", "suspended", "quality_met", "area_code"),
    filters=("planning", "grade", "suspended", "quality_met", "area_code", "follow_up_due"),
    fields=("name", CODE, "area_code", "address", "lon", "lat", "geometry", "grade", "manager", "trades", "area_km2",
            "planning", "reviewed_on", "review_no", "follow_up_due", "suspended", "suspended_why", "quality_met",
            "quality_note"),
    labels={"geometry": "边界 GeoJSON"}, edit=frozenset({Role.APPROVER, Role.SYSTEM_ADMIN}),
    views=(View("uncovered", "未审查规划环评", {"planning": "none,writing"}),),
    imports=Import(
        key=("name",), updates=True,
        headers={"name": ("园区名称", "工业园区", "开发区名称"), "grade": ("园区级别",), "planning": ("规划环评情况", "规划环评状态"),
                 "reviewed_on": ("审查时间",), "review_no": ("审查文号", "批复文号"), "trades": ("主导行业",)},
        values={"planning": {"已批复": "reviewed", "已完成": "reviewed", "通过审查": "reviewed", "正在编制": "writing",
                             "未做": "none", "无": "none"}},
        examples={"name": "北镇工业园", "area_code": "北镇", "grade": "省级", "planning": "已审查",
                  "reviewed_on": "2022-06-30", "review_no": "闽环函〔2022〕1号"},
    ),
    empty="还没有园区。导入园区名单和规划环评情况。",
))  # fmt: skip
COVERED = Q(planning__in=("reviewed", "followed"))
tally(PARKS, "all", "产业园区", EVERY)
tally(PARKS, "covered", "完成规划环评的园区", COVERED)
tally(PARKS, "coverage", "规划环评覆盖率", COVERED, whole=EVERY, decimals=1)
FOLLOW_UP = declare_book(Duty(
    key="park_follow_up", label="规划环评跟踪评价", line="approval", tab="permits", objects=Park.objects.all,
    until="follow_up_due", due_after=0, remind_before=180, owed_by=frozenset({Role.APPROVER}),
    columns=("entity", "due", "state", "done_on"), filters=("state", "area_code"), edit=frozenset({Role.APPROVER}),
    empty="还没有临近跟踪评价期限的园区。",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hook:
    """One of the three ties: whether it holds (``None``: nothing is known), and why; "" where the reason is others' affair."""

    name: str
    holds: bool | None
    why: str = ""

    def __str__(self) -> str:
        return f"{self.name}：{self.why}" if self.why else self.name


def park_of(lon: float | None, lat: float | None) -> Park | None:
    """The park whose boundary holds a place; of several the smallest."""
    if lon is None or lat is None:
        return None
    near = Park.objects.filter(
        west__lte=lon, east__gte=lon, south__lte=lat, north__gte=lat, until=None
    )
    bodies = [(str(p.pk), p.geometry) for p in near if p.geometry]
    inside = shapes.Regions(bodies).holding(lon, lat) if bodies else []
    return next((p for p in near if str(p.pk) == inside[0]), None) if inside else None


def firms_of(park: Park) -> list[int]:
    """Keys of the firms that stand inside the park's boundary."""
    if not park.geometry or park.west is None:
        return []
    near = Enterprise.objects.filter(
        lon__range=(park.west, park.east), lat__range=(park.south, park.north), until=None
    )
    return [
        firm.pk
        for firm in near
        if firm.lon is not None and firm.lat is not None
        and shapes.contains(park.geometry, firm.lon, firm.lat)
    ]  # fmt: skip


def overdue_problems(park: Park) -> QuerySet[Any]:
    """Problems of the park's firms that are past their day and not put right."""
    rows = Matter.objects.filter(
        OPEN_WORK, register="problem", withdrawn_at=None, due__lt=timezone.now()
    )
    return rows.filter(enterprise__in=firms_of(park))


def three_hooks(park: Park | None, cut_from: str = "", person: Person | None = None) -> list[Hook]:
    """How a project in ``park`` stands to the three ties; ``cut_from``: the region's reduction that it names.

    What stands against the park's firms holds the tie for everybody; ``person`` is told of it what they may see.
    """
    if park is None:
        return []
    planning = Hook(
        _("规划环评"),
        park.covered,
        f"{park.review_no} {park.reviewed_on or ''}".strip() if park.covered else _("园区规划环评%s") % _(str(park.get_planning_display())),
    )  # fmt: skip
    managed = _managed(park, person)
    if park.quality_met is None:
        quality = Hook(_("区域环境质量"), None, _("没有登记区域环境质量"))
    elif park.quality_met:
        quality = Hook(_("区域环境质量"), True, park.quality_note or _("达标"))
    else:
        why = _("不达标，削减来源：%s") % cut_from if cut_from else _("不达标，没有区域削减来源")
        quality = Hook(_("区域环境质量"), bool(cut_from), why)
    return [planning, managed, quality]


def _managed(park: Park, person: Person | None) -> Hook:
    """Whether the firms that are there are managed as they should be, with what of it ``person`` may know."""
    name, late = _("现有项目环境管理"), overdue_problems(park)
    holds = not park.suspended and not late.exists()
    if person is None or person.has_role(Role.ENTERPRISE):
        return Hook(name, holds)
    if park.suspended:
        return Hook(name, holds, park.suspended_why)
    if holds:
        return Hook(name, holds, _("没有暂停审批"))
    problems = register_of("problem").visible_to(person)
    known = problems.filter(pk__in=late.order_by().values("pk")).count()
    return Hook(name, holds, _("园区企业有 %d 个问题超期未整改") % known if known else "")


def in_words(hooks: Iterable[Hook]) -> str:
    """A line a tie, as a case's page shows them."""
    marks = {True: "√", False: "×", None: "？"}
    return "\n".join(f"{marks[hook.holds]} {hook}" for hook in hooks)
