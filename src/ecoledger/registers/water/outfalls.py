"""入河排污口名录 (mechanism W6): every outfall that was suspected, with its river, its class and what became of it.

A list of suspected outfalls comes in as a table; each goes its way 查、测、溯、治 in ``outfall_work``, begun for all of them
at once, where the table says it stands. Classes and how each is set up are data (``data/outfalls.toml``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory
from ecoledger.listings import own_data, own_tables
from ecoledger.listings.catalogue import declare, redeclare
from ecoledger.listings.importing import accepting
from ecoledger.listings.own_tables import OwnColumn, OwnTable
from ecoledger.listings.parts import Ask, Choices, Column, Filter, Import, Kind, View
from ecoledger.listings.tallies import tally
from ecoledger.live import times
from ecoledger.matters import actions, history, imported
from ecoledger.matters.register import register_of
from ecoledger.registers.water.outfall_models import OutfallWork, RiverOutfall

Standing = RiverOutfall.Standing
WORK = "outfall_work"


def classes() -> Choices:
    """The classes of outfalls, as choices."""
    return tuple(
        (row["key"], row["label"]) for row in own_data.read(__package__, "outfalls")["class"]
    )


def clean(outfall: RiverOutfall, findings: Findings) -> None:
    """A class is one of the list; a code looks like the bureau's pattern."""
    if outfall.outfall_class and not outfall.known_class:
        findings.wrong["outfall_class"] = _("没有这一排污口类型")
    pattern = own_data.read(__package__, "outfalls").get("code_pattern", "")
    if outfall.outfall_code and pattern and not re.fullmatch(pattern, outfall.outfall_code):
        findings.odd.append(_("排污口编码与编码规则不符，请核对"))
    if outfall.standing == Standing.CONFIRMED and outfall.lon is None:
        findings.odd.append(_("确认的排污口没有经纬度，请补充"))


# What a list of outfalls says of how far each is, beside what is kept of the outfall itself.
PROGRESS = (
    Ask("surveyed_on", "排查日期", Kind.DATE, stores=None, required=False),
    Ask("monitored_on", "监测日期", Kind.DATE, stores=None, required=False),
    Ask("traced_on", "溯源日期", Kind.DATE, stores=None, required=False),
    Ask("rectify", "整治类型", Kind.CHOICE, stores=None, required=False,
        choices=tuple(OutfallWork.Rectify.choices)),
    Ask("deadline", "整治时限", Kind.DATE, stores=None, required=False),
    Ask("closed_on", "销号日期", Kind.DATE, stores=None, required=False),
)  # fmt: skip
_DATES = ("surveyed_on", "monitored_on", "traced_on", "deadline", "closed_on")


class OutfallBook(Inventory):
    """The outfalls; one that is entered begins its way at once, those of a table together."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        outfall = super().open_row(values, by, at, **more)
        if outfall.standing == Standing.SUSPECTED:
            actions.open_matter(register_of(WORK), _begins(outfall), by=None, at=at)
        return outfall

    def import_row(
        self, values: Mapping[str, Any], batch: Any, row: Any, by: Any, at: datetime
    ) -> Any:
        return Inventory.open_row(self, values, by, at)

    def imported(self, batch: Any, made: int, by: Person | None, at: datetime) -> None:
        """Begin the way of every outfall that the table brought, where it says it stands."""
        told = {row.made: row.values for row in batch.rows.exclude(made=None)}
        new = RiverOutfall.objects.filter(pk__in=told).select_related("river").order_by("pk")
        begun, over = [], []
        for outfall in new:
            if outfall.standing == Standing.NONE:
                continue
            values = _begins(outfall) | _said(told[outfall.pk])
            closed = values.pop("closed_on", None)
            if closed is not None:
                over.append(values | {"closed_at": times.midnight(closed), "progress": 100})
            else:
                state = _stands(outfall, values)
                begun.append(actions.Opening(values=values, form={"file": batch.file_name}, at=at,
                                             state=state))  # fmt: skip
        register = register_of(WORK)
        works = actions.open_many(register, begun, by=None, batch=batch)
        works += history.enter(register, over, by=None, source=batch.file_name, batch=batch, at=at)
        for tell_of in accepting.in_bulk:
            tell_of(works)
        imported.announce(register, batch, len(works), by, at)


def _begins(outfall: RiverOutfall) -> dict[str, Any]:
    """What the way of an outfall begins with."""
    kept = ("river", "outfall_class", "mouth", "rhythm", "dry_flow", "liable", "department")
    return {
        "title": outfall.name,
        "entity": outfall,
        "area_code": outfall.area_code,
        "address": outfall.address,
        "lon": outfall.lon,
        "lat": outfall.lat,
        "synthetic": outfall.synthetic,
        **{name: getattr(outfall, name) for name in kept},
    }


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row of the table says of how far its outfall is."""
    said: dict[str, Any] = {
        name: date.fromisoformat(str(row[name])[:10]) for name in _DATES if row.get(name)
    }
    if row.get("rectify"):
        said["rectify"] = row["rectify"]
    return said


def _stands(outfall: RiverOutfall, values: Mapping[str, Any]) -> str:
    """The state in which the way of an outfall goes on, by what was done already."""
    if outfall.standing != Standing.CONFIRMED:
        return "suspected"
    if values.get("rectify"):
        return "rectifying"
    if values.get("traced_on"):
        return "sorting"
    return "tracing" if values.get("monitored_on") else "monitoring"


def book() -> OutfallBook:
    """The book as the list of classes in force asks it."""
    return OutfallBook(
        key="river_outfall", label="入河排污口名录", model=RiverOutfall, line="water", letter="P",
        clean=clean, numbers={"outfall_code": "river_outfall_code"},
        columns=("name", "code", "river", "standing", Column("outfall_class", choices=classes()), "class_path",
                 "setting", "dry_flow", "rhythm", "liable", "department", "area_code", "outfall_code",
                 "class_mark"),
        filters=("river", "standing", Filter("outfall_class", kind=Kind.CHOICE, choices=classes()), "dry_flow",
                 "rhythm", "mouth", "area_code"),
        search=("name", "code", "outfall_code", "address", "liable"),
        fields=("name", CODE, "area_code", "address", "lon", "lat", COORDINATES,
                Ask("river", required=True),
                Ask("outfall_class", kind=Kind.CHOICE, choices=classes()), "mouth", "rhythm", "dry_flow",
                "diameter_mm", "firm", "liable", "department", "standing", "outfall_code", "approval_no",
                "since", "until"),
        labels={"class_path": "一级／二级类", "setting": "设置方式", "class_mark": "依据标记"},
        views=(View("dry", "晴天出水", {"dry_flow": "1"}),
               View("confirmed", "已确认", {"standing": "confirmed"})),
        imports=Import(
            key=("name",), also=PROGRESS,
            headers={"name": ("排口名称", "排污口名称", "疑似排口名称", "排查编号"), "area_code": ("镇街", "行政区划"),
                     "address": ("详细地址", "位置"), "river": ("排入水体", "所在河流", "河流"),
                     "outfall_class": ("排口类型", "三级类"), "mouth": ("入河（海）方式",),
                     "rhythm": ("排放状况", "排放方式"), "dry_flow": ("是否晴天出水", "旱天出水"),
                     "standing": ("是否排污口", "确认情况"), "liable": ("设置单位", "责任单位"),
                     "outfall_code": ("编码",), "firm": ("企业名称",), "diameter_mm": ("管径",),
                     "closed_on": ("完成整治日期",)},
            values={"standing": {"是": "confirmed", "否": "none", "确认排口": "confirmed",
                                 "未确认排口": "suspected"}},
            examples={"name": "清溪左岸001号", "area_code": "北镇", "river": "清溪", "lon": "118.61",
                      "lat": "24.92", "standing": "疑似", "outfall_class": "城镇雨洪排口",
                      "dry_flow": "是"},
        ),
        empty="还没有排污口。导入疑似排口清单后，每个排口自动进入查、测、溯、治。",
    )  # fmt: skip


OUTFALLS = declare(book())
own_tables.declare(OwnTable(
    book="river_outfall", room=__package__, name="outfalls", rows="class", label="排污口分类",
    columns=(OwnColumn("label", "排污口类型", required=True, most=40), OwnColumn("first", "一级类", most=40),
             OwnColumn("second", "二级类", most=40), OwnColumn("setting", "设置方式", required=True, most=4),
             OwnColumn("mark", "依据标记", most=2)),
    changed=lambda: redeclare(book()),
    help="设置方式填“审批”或“登记”。标记：1 一处来源，2 两处一致，M 未核对，? 有疑问，P 已对照原文。",
))  # fmt: skip

tally(OUTFALLS, "suspected", "疑似及确认排污口", ~Q(standing=Standing.NONE))
tally(OUTFALLS, "confirmed", "确认入河排污口", Q(standing=Standing.CONFIRMED))
tally(
    OUTFALLS, "dry", "晴天出水排口", Q(dry_flow=True) & ~Q(standing=Standing.NONE), better="lower"
)
tally(OUTFALLS, "confirmed_ratio", "排污口确认率", Q(standing=Standing.CONFIRMED),
      whole=~Q(standing=Standing.NONE), unit="%", decimals=1)  # fmt: skip
