"""How targets, gaps, allowances and projections come about."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.indicators import doors, targets, water
from ecoledger.indicators.records.declaring import (
    Asked,
    Cell,
    Column,
    NotThere,
    Page,
    Row,
    between,
    table,
)


@table(doors.TARGETS)
def yearly_targets(asked: Asked) -> Page:
    """Every target beside the year so far."""
    end, area = asked.day("end"), asked.area()
    point = asked.see.area_points(asked.person).filter(area_code=area).first()
    if point is None:
        raise NotThere("area")
    year = targets.year(point, end)
    problem = ""
    goals: list[targets.Target] = []
    try:
        goals = targets.of(area, year.begin.year)
    except targets.TargetsError as wrong:
        problem = str(wrong)
    rivers = water.year(area, year.begin, end)
    before = water.year(area, year.beside.before.begin, year.beside.before.end)
    return Page(
        f"{point.name} · {between('年度目标对账', year.begin, end)}",
        (
            Column("指标", lead=True), Column("累计"), Column("分子/分母"), Column("上年同期"),
            Column("目标"), Column("差距"), Column("余下天数要求"), Column("全年预计"),
        ),
        [_standing(one) for one in targets.standings(year, goals, rivers, before)],
        notes=(
            _(
                "目标取自数据文件夹的 profile/%(file)s。全年余下 %(days)s 天，均按有效天计；"
                "预计假定余下各天与上年同期相同（上年按现行标准计算）。"
            )
            % {"file": targets.FILE, "days": year.remaining},
        ),
        problem=problem,
    )  # fmt: skip


def _standing(one: targets.Standing) -> Row:
    return Row(
        (
            Cell(_(one.indicator.name)),
            Cell(one.now, "figure"),
            Cell(one.now.parts or "—"),
            Cell(one.change.before, "figure"),
            Cell(str(one.target), note=one.target.missing),
            Cell(str(one.gap)),
            Cell(one.rest_words or "—"),
            Cell(one.projected_words or "—"),
        ),
        {"indicator": one.indicator.key},
    )
