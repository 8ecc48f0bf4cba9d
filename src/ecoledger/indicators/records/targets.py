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
        [_standing(standing) for standing in targets.standings(year, goals, rivers, before)],
        notes=(
            _(
                "目标取自数据文件夹的 profile/%(file)s。全年余下 %(days)s 天，均按有效天计；"
                "预计假定余下各天与上年同期相同（上年按现行标准计算）。"
            )
            % {"file": targets.FILE, "days": year.remaining},
        ),
        problem=problem,
    )  # fmt: skip


def _standing(standing: targets.Standing) -> Row:
    return Row(
        (
            Cell(_(standing.indicator.name)),
            Cell(standing.now, "figure"),
            Cell(standing.now.parts or "—"),
            Cell(standing.change.before, "figure"),
            Cell(str(standing.target), note=standing.target.missing),
            Cell(str(standing.gap)),
            Cell(standing.rest_words or "—"),
            Cell(standing.projected_words or "—"),
        ),
        {"indicator": standing.indicator.key},
    )
