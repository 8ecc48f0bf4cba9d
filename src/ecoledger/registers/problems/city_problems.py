"""创城问题清单 (mechanism T11): what the city-creation inspection lists, with place and photo; photos in the file come in as
evidence before the work begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.listings.cells import area_name
from ecoledger.listings.models import ImportPicture
from ecoledger.listings.parts import Import
from ecoledger.matters.evidence import Upload
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import (
    COMPLETED,
    ClockRule,
    Phase,
    State,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON


class CityProblem(Matter):
    """One place of the list of a city-creation campaign."""

    class Origin(models.TextChoices):
        LIST = "list", "问题清单"
        INSPECTION = "inspection", "创城督查发现"
        PUBLIC = "public", "市民反映"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_city_problem"
    )
    list_no = models.CharField("清单序号", max_length=40, blank=True, db_index=True)
    origin_kind = models.CharField(
        "来源类别", max_length=12, choices=Origin.choices, default=Origin.LIST
    )
    sort = models.CharField("问题类型", max_length=60, blank=True)
    deadline = models.DateField("整改时限", null=True, blank=True)
    result = models.TextField("整改情况", blank=True)

    class Meta:
        verbose_name = "创城问题"


_OWNERS = frozenset({Role.TOWN, Role.OFFICER, Role.MONITOR, Role.APPROVER, Role.DISPATCHER})
WORKFLOW = Workflow(
    states=(
        State("new", "待交办", stage="交办", waits_for=frozenset({Role.DISPATCHER})),
        State("rectifying", "整改中", stage="整改", waits_for=_OWNERS, by_owner=True),
        State("check", "待验收", stage="验收", waits_for=CHECKERS),
        State("closed", "已销号", phase=Phase.CLOSED),
        State("void", "不属实", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("hand_over", "交办", "new", "rectifying", by=frozenset({Role.DISPATCHER}),
                   asks=("owner_organisation",), offers=("deadline",)),
        Transition("void", "不属实", "new", "void", by=CHECKERS, asks=(REASON,), main=False),
        Transition("report", "报送整改", "rectifying", "check", by=_OWNERS, owner_only=True,
                   asks=("result",), evidence=1, help="请附整改后照片"),
        Transition("return", "不属本单位，退回", "rectifying", "new", by=_OWNERS, owner_only=True,
                   asks=(REASON,), main=False),
        Transition("close", "验收销号", "check", "closed", by=CHECKERS, asks=(said("checked", "验收情况"),),
                   other_person_than=("report",)),
        Transition("send_back", "整改不到位，退回", "check", "rectifying", by=CHECKERS, asks=(REASON,),
                   other_person_than=("report",), main=False),
        Transition("rebound", "反弹，重新整改", ("closed", "void"), "new", by=CHECKERS, asks=(REASON,),
                   main=False, danger=True),
    ),
    clocks=(
        ClockRule("hand_over", "交办", "new", working_days=1, basis=DEFAULT),
        ClockRule("deadline", "整改时限", ("rectifying", "check"), deadline_field="deadline",
                  extensions=(7, 15), basis="创城问题清单"),
    ),
)  # fmt: skip


class CityProblems(Register):
    """The register; pictures that lie over a row of its file come in with it."""

    def attributes_of(self, values: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        values.setdefault(
            "title", (values.get("description") or values.get("address") or "创城问题")[:60]
        )
        return values

    def import_row(
        self, values: Mapping[str, Any], batch: Any, row: Any, by: Person | None, at: datetime
    ) -> Any:
        told = {"file": batch.file_name, "row": row.place, **row.texts}
        files = [
            Upload(
                SimpleUploadedFile(p.name, bytes(p.content), "image/*"),
                caption="整改前（清单照片）",
            )
            for p in ImportPicture.objects.filter(row=row)
        ]
        values = {"origin": batch.file_name, **values}
        return self.open_row(values, by, at, batch=batch, form=told, files=files)


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    common = by_name(common_statistics(REGISTER, rows, now))
    live = rows.filter(merged_into=None)
    n = live.order_by().aggregate(
        total=Count("pk"),
        listed=Count("pk", filter=Q(origin_kind="list")),
        found=Count("pk", filter=Q(origin_kind="inspection")),
        void=Count("pk", filter=Q(state="void")),
        done=Count("pk", filter=Q(phase__in=COMPLETED)),
    )
    return [
        Statistic("listed", "问题清单", n["listed"], "origin_kind=list", "处"),
        Statistic("found", "督查发现", n["found"], "origin_kind=inspection", "个"),
        Statistic("done", "已销号", n["done"], "closed=1"),
        share("rate", "销号率", n["done"], n["total"] - n["void"], query="closed=1", note="已销号÷（全部－不属实）"),
        *(common[name] for name in ("open", "overdue", "recurrence")),
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    counted = (
        rows.filter(merged_into=None).order_by("area_code").values("area_code")
        .annotate(n=Count("pk"), done=Count("pk", filter=Q(phase__in=COMPLETED)))
    )  # fmt: skip
    table = tuple(
        ((area_name(r["area_code"]), str(r["n"]), str(r["done"])), f"area_code={r['area_code']}")
        for r in counted
    )
    return [Breakdown(_("按镇街"), (_("镇街"), _("件数"), _("已销号")), table)]


REGISTER = declare(CityProblems(
    key="city_problem", offline=True, label="创城问题清单", line="rectification", model=CityProblem, workflow=WORKFLOW,
    pattern="创城〔{year}〕{n}号",
    labels={"title": "问题", "description": "问题描述", "area_code": "镇街", "owner_organisation": "责任单位"},
    columns=("number", "title", "state", "due", "list_no", "origin_kind", "sort", "area_code", "address",
             "owner_organisation", "deadline", "opened_at"),
    filters=("state", "area_code", "origin_kind", "owner_organisation", "opened_at"),
    search=("number", "title", "description", "address", "list_no"),
    fields=("description", "title", "origin_kind", "sort", "area_code", "address", "lon", "lat",
            "list_no", "deadline"),
    batch=("owner_organisation", "owner", "deadline"),
    details=("list_no", "origin_kind", "sort", "deadline", "result"),
    imports=Import(
        key=("list_no",), pictures=True,
        columns=("list_no", "origin_kind", "description", "sort", "area_code", "address", "lon", "lat",
                 "owner_organisation", "deadline"),
        headers={"list_no": ("编号", "问题编号"), "origin_kind": ("来源",), "description": ("问题", "存在问题"),
                 "sort": ("类型", "类别"), "area_code": ("所在镇街", "属地"), "address": ("点位", "位置", "地点"),
                 "owner_organisation": ("整改单位", "牵头单位"), "deadline": ("完成时限",)},
        examples={"list_no": "CC-001", "description": "背街小巷垃圾暴露", "area_code": "北镇",
                  "address": "清溪路12号旁"},
    ),
    statistics=statistics, breakdowns=breakdowns,
    empty="还没有创城问题。导入问题清单，表里的照片一并收下。",
))  # fmt: skip
