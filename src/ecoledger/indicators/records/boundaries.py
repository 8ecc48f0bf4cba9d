"""Town boundary sections of a period, and what each town did to the water."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from django.utils.translation import gettext as _

from ecoledger.accounts.scope import covers
from ecoledger.indicators import boundaries, doors
from ecoledger.indicators.boundaries import Boundaries, Change, Crossing, Passage
from ecoledger.indicators.figures import Records, printed
from ecoledger.indicators.records.declaring import Asked, Cell, Column, Page, Row, between, table
from ecoledger.listings.cells import area_name
from ecoledger.standards import surface_water

Days = Callable[[Crossing], Records]


@table(doors.BOUNDARIES)
def town_boundaries(asked: Asked) -> Page:
    """The sections between two towns, of which the person may see one side."""
    begin, end = asked.span()
    found = boundaries.of(asked.area(), begin, end)
    person = asked.person
    rows = [c for c in found.crossings if covers(person, c.upper) or covers(person, c.lower)]

    def days(crossing: Crossing) -> Records:
        section = str(crossing.period.section.pk)
        return doors.WATER_DAYS.opens(section=section, begin=f"{begin}", end=f"{end}")

    return sections(rows, days, between("镇街交接断面", begin, end))


def sections(rows: Collection[Crossing], days: Days, title: str = "") -> Page:
    """Boundary sections with the towns above and below, and whether the target is met."""
    return Page(
        title,
        (
            Column("断面", lead=True), Column("河流"), Column("来水镇街"), Column("受水镇街"), Column("目标"),
            Column("类别", "chip"), Column("达标"), Column("超目标项目"), Column("有效天数", "number"),
        ),
        [_section(row, days) for row in rows],
        notes=(
            _("交接断面 %(all)s 个，有类别 %(judged)s 个，达标 %(met)s 个；没有数据的不计入分母。")
            % {
                "all": len(rows),
                "judged": sum(1 for c in rows if c.period.rank is not None),
                "met": sum(1 for c in rows if c.period.attains),
            },
        ),
        empty="还没有镇街交接断面。在断面台账里填写上游和下游属地后，会在这里逐月评价。",
    )  # fmt: skip


def _section(crossing: Crossing, days: Days) -> Row:
    period = crossing.period
    note = _("逆流") if crossing.turned else _("断流") if crossing.dry else ""
    return Row(
        (
            Cell(crossing.name, opens=days(crossing), note=note), Cell(str(period.section.river or "")),
            Cell(area_name(crossing.upper)), Cell(area_name(crossing.lower)), Cell(period.target),
            Cell(period.rank, "water"), Cell(period.attains, "tick"),
            Cell(period.failures or (_("期内没有监测数据") if period.rank is None else "—")), Cell(period.days, "number"),
        ),
        {"section": crossing.name, "rank": "" if period.rank is None else str(period.rank)},
        counted=bool(period.attains),
    )  # fmt: skip


def towns(found: Boundaries, seen: Iterable[Passage]) -> Page:
    """Towns by what they did to the water: in, out and change of each factor, the weighted index, the place."""
    names = [_(surface_water.item_name(key)) for key in found.rules.weights]
    return Page(
        "",
        (
            Column("名次", "number"), Column("镇街", lead=True), Column("入境断面", "number"), Column("出境断面", "number"),
            *(Column(f"{name} mg/L") for name in names),
            Column("综合变化 %", "number"), Column("出境达标"), Column("不劣于入境"), Column("说明"),
        ),
        [_town(passage) for passage in seen],
        notes=(
            _("各因子写作“入境→出境（变化）”；综合变化按权重加权，负数为改善，相同并列；没有入境断面或缺数的不排名。"),
            _("入境断面多于一个的取算术平均。规则来源：%s，可由本局改写。") % _(_MARKS.get(found.rules.mark, "")),
        ),
        empty="还没有镇街交接断面。",
    )  # fmt: skip


_MARKS = {"M": "未经核对", "?": "存疑", "P": "本局确认", "1": "一处来源", "2": "两处来源"}


def _town(passage: Passage) -> Row:
    verdict = {True: "✓", False: "✗", None: "—"}
    return Row(
        (
            Cell(passage.rank, "number") if passage.rank else Cell("—"), Cell(area_name(passage.town)),
            Cell(len(passage.inflows), "number"), Cell(len(passage.outflows), "number"),
            *(Cell(_change(change)) for change in passage.changes),
            Cell(None if passage.index is None else float(passage.index), "number", 1),
            Cell(verdict[passage.meets_target]), Cell(verdict[passage.not_worse]), Cell(_(passage.why)),
        ),
        {"town": passage.town, "rank": str(passage.rank or "")},
        counted=bool(passage.passes),
    )  # fmt: skip


def _change(change: Change) -> str:
    def said(value: object) -> str:
        return "—" if value is None else f"{float(value):.3g}"  # type: ignore[arg-type]

    if change.percent is None:
        return f"{said(change.inflow)} → {said(change.outflow)}"
    sign = "+" if change.percent > 0 else ""
    return f"{said(change.inflow)} → {said(change.outflow)}（{sign}{printed(change.percent, 1)} %）"
