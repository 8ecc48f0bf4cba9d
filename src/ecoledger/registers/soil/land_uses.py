"""用地准入 (mechanism S-1): changes of land use and planning permissions that the bureau is asked about.

The answer rests on the overlay of the planned land on the parcels (``gate``): it cannot agree while something stands
against it, and its page is the sheet of what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.entities import shapes
from ecoledger.listings.parts import Ask, Choices, Filter, Import, Kind, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.soil import gate, land
from ecoledger.registers.soil.parcels import Parcel
from ecoledger.registers.soil.soil_reports import DESK, HEADS


class LandUse(Matter):
    """One change of land use or planning permission about which the bureau is asked."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_land_use"
    )

    class Request(models.TextChoices):
        CHANGE = gate.CHANGE, "土地用途变更"
        PERMIT = gate.PERMIT, "建设工程规划许可"
        SUPPLY = "supply", "土地供应"

    request = models.CharField("核查事项", max_length=10, choices=Request.choices)
    asked_by = models.CharField("来函单位", max_length=120, blank=True)
    letter_no = models.CharField("来函文号", max_length=80, blank=True)
    use_before = models.CharField("原用途", max_length=20, blank=True)
    use = models.CharField("拟变更用途", max_length=20)
    geometry = models.JSONField("规划用地范围（GeoJSON）", null=True, blank=True)
    size = models.DecimalField(
        "用地面积 ㎡", max_digits=14, decimal_places=2, null=True, blank=True
    )
    key_land = models.BooleanField("重点建设用地", default=False)
    # What was found when it was answered, as it stood that day.
    answer = models.TextField("核查结论", blank=True, editable=False)
    safe = models.BooleanField("符合准入要求", null=True, editable=False)

    class Meta:
        verbose_name = "用地准入核查"

    @property
    def finding(self) -> gate.Finding:
        """What the plan meets today."""
        named = Parcel.objects.filter(pk=self.entity_id).first() if self.entity_id else None
        # Land that is supplied for a use is held to what a change to it is.
        kind = gate.CHANGE if self.request == self.Request.SUPPLY else self.request
        return gate.look(kind, self.use, self.geometry, named)


def not_an_area(geometry: Any) -> str:
    """Why something is no area of the map; "" where it is one."""
    try:
        shapes.read(geometry if isinstance(geometry, dict) else {})
    except shapes.ShapeError as error:
        return str(error)
    is_area = geometry.get("type") in ("Polygon", "MultiPolygon")
    return "" if is_area else _("范围应为面（Polygon 或 MultiPolygon）")


def _tidy(row: LandUse) -> None:
    """However it came to be written, the planned land is an area."""
    if row.geometry and (why := not_an_area(row.geometry)):
        raise Refused("form", why, fields={"geometry": [why]})


def _prepare(row: LandUse) -> None:
    """The drawn land is a polygon, and says how large it is."""
    _tidy(row)
    if not row.geometry:
        return
    if row.size is None:
        row.size = Decimal(f"{1e6 * shapes.area_km2(row.geometry):.2f}")
    if row.lon is None:
        row.lon, row.lat = shapes.label_point(row.geometry)


def _not_placed(row: Any) -> str:
    return "" if row.finding.placed else _("没有画出规划用地范围，也没有填写地块，无法判断。")


def _not_to_be_agreed(row: Any) -> str:
    if why := _not_placed(row):
        return why
    words = row.finding.words
    return _("不符合准入要求：%s。") % words if words else ""


def _answer(step: Step) -> None:
    row = step.matter
    finding = row.finding
    if not finding.placed:
        row.safe, row.answer = None, _("没有范围，无法判断")
        step.form["finding"] = row.answer
        return
    row.safe = not finding.words
    names = "、".join(met.called(row.area_code) for met in finding.met)
    row.answer = finding.told(row.area_code) or (
        _("涉及地块：%s；未发现不符合准入要求的情形") % names if names else _("不涉及登记地块")
    )
    step.form["finding"] = row.answer


WORKFLOW = Workflow(
    states=(
        State("asked", "待核查", stage="核查", waits_for=DESK),
        State("review", "待复核", stage="复核", waits_for=HEADS),
        State("agreed", "符合准入要求", phase=Phase.DONE),
        State("refused", "不符合准入要求", phase=Phase.DONE),
        State("dropped", "撤回", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("check", "核查完成，提交复核", "asked", "review", by=DESK, when=_not_placed,
                   offers=(said("opinion", noop("核查意见")),)),
        Transition("agree", "同意", "review", "agreed", by=HEADS, when=_not_to_be_agreed,
                   other_person_than=("check",), effects=(_answer,)),
        Transition("refuse", "不同意", "review", "refused", by=HEADS, asks=(REASON,), effects=(_answer,),
                   other_person_than=("check",), danger=True, main=False),
        Transition("return", "退回补充", "review", "asked", by=HEADS, asks=(REASON,), main=False),
        Transition("drop", "来函单位撤回", ("asked", "review"), "dropped", by=DESK, asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("answer", "答复", ("asked", "review"), working_days=10, basis=DEFAULT),),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class LandUseRegister(Register):
    """The requests: kinds of land are the bureau's data."""

    kinds: ClassVar[Mapping[str, Kind]] = {
        **Register.kinds,
        "use": Kind.CHOICE,
        "use_before": Kind.CHOICE,
    }

    def own_choices(self) -> Mapping[str, Choices]:
        return {**super().own_choices(), "use": land.uses(), "use_before": land.uses()}


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, and the share of key construction land that is used safely, by area."""
    key = Q(key_land=True, state__in=("agreed", "refused"))
    n = rows.aggregate(
        refused=Count("pk", filter=Q(state="refused")),
        safe=Sum("size", filter=key & Q(safe=True)),
        all=Sum("size", filter=key),
        unsized=Count("pk", filter=key & Q(size=None)),
    )
    safe, whole = (round(float(n[name] or 0)) for name in ("safe", "all"))
    return [
        *common_statistics(LAND_USES, rows, now),
        Statistic("refused", "不予准入", n["refused"], "state=refused"),
        share("safe_ratio", "重点建设用地安全利用率", safe, whole, query="key_land=1&state=agreed,refused",
              note="符合要求地块面积÷改变用途重点地块面积（㎡）；未填面积的不计"),
        Statistic("unsized", "未填面积的重点地块", n["unsized"],
                  "key_land=1&state=agreed,refused&unsized=1"),
    ]  # fmt: skip


LAND_USES = declare(LandUseRegister(
    key="land_use", label="用地准入核查", line="soil", tab="permits", model=LandUse, workflow=WORKFLOW,
    pattern="准入〔{year}〕{n}号", prepare=_prepare, tidy=_tidy,
    labels={"title": "名称", "entity": "地块", "area_code": "属地"},
    columns=("number", "title", "request", "use", "entity", "size", "state", "due", "safe", "asked_by", "area_code"),
    filters=("state", "request", "use", "key_land", "safe",
             Filter("unsized", "未填面积", Kind.BOOLEAN, path="size__isnull"), "area_code", "opened_at"),
    search=("number", "title", "letter_no", "entity__name", "asked_by"),
    fields=("title", "area_code", "request", "use_before", "use", Ask("entity", to=Parcel, required=False),
            "geometry", "size", "key_land", "asked_by", "letter_no"),
    details=("request", "use_before", "use", "size", "key_land", "asked_by", "letter_no", "safe", "answer"),
    imports=Import(key=("title",),
                   headers={"title": ("项目名称", "事项名称"), "entity": ("地块名称",), "use": ("规划用途", "变更后用途"),
                            "use_before": ("变更前用途",), "request": ("类别",), "size": ("面积", "用地面积"),
                            "geometry": ("范围", "边界")},
                   examples={"title": "某片区用途变更", "request": "土地用途变更", "use": "居住用地",
                             "area_code": "北镇"}),
    views=(View("refused", "不予准入", {"state": "refused"}), View("key", "重点建设用地", {"key_land": "1"})),
    measures=(Measure(key="refused", name="不予准入的用地", numerator=Q(state="refused"), dated="closed_at",
                      query={"state": "refused"}),),
    statistics=_statistics, edit=DESK, manage=DESK, enterprise="", detail_template="web/soil/land_use.html",
    empty="还没有用地准入核查。收到用途变更、规划许可或供地来函后登记，画出范围即与地块套合。",
))  # fmt: skip
