"""季节性错峰与有序排放 (mechanism A16): the calendar of agreed reductions, what each should cut, and whether it did.

A roster in seasons. A line says in which days and hours a firm cuts how many kg an hour; whether it did on a day
is read from its stacks (kg/h) or, where it has none, from its power.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from ecoledger.books.models import RosterLine
from ecoledger.books.roster import Roster
from ecoledger.entities.models import Enterprise
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import
from ecoledger.registers.air import measured_cut
from ecoledger.registers.air.emergency_list import EDITORS, POLLUTANTS
from ecoledger.registers.air.instructions import TOLERATED

HOURS = [MinValueValidator(0), MaxValueValidator(24)]


class StaggerLine(RosterLine):
    """What one firm cuts in certain hours of certain days."""

    pollutant = models.CharField("污染物", max_length=8, choices=list(POLLUTANTS.items()))
    begins_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    from_hour = models.PositiveSmallIntegerField("每日起 时", default=0, validators=HOURS)
    to_hour = models.PositiveSmallIntegerField("每日止 时", default=24, validators=HOURS)
    measure = models.CharField("错峰措施", max_length=300)
    base_rate = models.DecimalField(
        "平时排放 kg/h", max_digits=10, decimal_places=3, null=True, blank=True
    )
    cut_rate = models.DecimalField("应削减 kg/h", max_digits=10, decimal_places=3)
    contact = models.CharField("责任人及电话", max_length=80, blank=True)

    class Meta:
        verbose_name = "错峰安排"

    @property
    def percent(self) -> Decimal | None:
        """Share of its usual emission that it cuts; ``None`` without the usual emission."""
        if not self.base_rate:
            return None
        return (100 * self.cut_rate / self.base_rate).quantize(Decimal("0.1"))


STAGGERING = declare(Roster(
    key="staggering", label="季节性错峰", line="air", model=StaggerLine, edition="季节",
    identity=("entity_id", "part"),
    columns=("entity", "part", "pollutant", "begins_on", "ends_on", "from_hour", "to_hour", "measure",
             "base_rate", "cut_rate", "area_code", "edition"),
    filters=("edition", "pollutant", "area_code"), search=("entity__name", "part", "measure"),
    fields=("edition", Ask("entity", "企业名称", to=Enterprise, required=True), Ask("part", "生产线"),
            "pollutant", "begins_on", "ends_on", "from_hour", "to_hour", "measure", "base_rate",
            "cut_rate", "contact"),
    imports=Import(
        key=("edition", "entity", "part"),
        headers={"edition": ("季节", "年度"), "entity": ("企业", "单位名称"), "part": ("产线",),
                 "begins_on": ("错峰开始", "开始时间"), "ends_on": ("错峰结束", "结束时间"),
                 "from_hour": ("每日开始时刻",), "to_hour": ("每日结束时刻",),
                 "measure": ("错峰内容", "有序排放措施"), "base_rate": ("平时排放速率", "日常排放 kg/h"),
                 "cut_rate": ("削减量 kg/h", "预计削减 kg/h"), "contact": ("责任人",)},
        examples={"edition": "2026年夏季", "entity": "示例涂装有限公司", "pollutant": "VOCs",
                  "begins_on": "2026-05-01", "ends_on": "2026-09-30", "from_hour": "10",
                  "to_hour": "16", "measure": "10—16时停止喷涂", "base_rate": "4.2", "cut_rate": "3.5"},
        future=(),
    ),
    lead="entity", under=("part",), enterprise="entity__code",
    labels={"entity": "企业", "part": "生产线"}, edit=EDITORS,
    empty="还没有错峰安排。先在“版本”里新建一个季节，再导入各企业的时段与削减量。",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """How one line was kept on one day. ``met`` is ``None`` where no instrument says."""

    line: StaggerLine
    measured: measured_cut.Measured | None
    cut: Decimal | None
    met: bool | None


def in_force(lines: Iterable[StaggerLine], day: date) -> list[StaggerLine]:
    """The lines that ask something on a day."""
    return [line for line in lines if line.begins_on <= day <= line.ends_on]


def kept(lines: Iterable[StaggerLine], day: date) -> list[Kept]:
    """Whether each line in force on ``day`` was kept, by stack first and by power where there is no stack.

    The base are the days before the plan began: those before ``day`` have been staggered as well. Where they were not
    measured a stack is held against the usual emission that was agreed, and power says nothing.
    """
    rows = in_force(lines, day)
    begin = datetime.combine(day, time())
    groups: dict[tuple[int, int, date], list[StaggerLine]] = {}
    for line in rows:
        groups.setdefault((line.from_hour, line.to_hour, line.begins_on), []).append(line)
    result = []
    for (first, last, began), group in groups.items():
        codes = {line.entity.code for line in group if line.entity}
        end, hours = begin + timedelta(days=1), (first, last)
        base = datetime.combine(began, time())
        known = measured_cut.of_firms(codes, begin, end, daily=hours, base_until=base)
        lately = measured_cut.of_firms(codes - set(known), begin, end, daily=hours)
        for line in group:
            assert line.entity is not None  # noqa: S101  the form asks it
            code = line.entity.code
            result.append(_judged(line, known.get(code, []), lately.get(code, [])))
    return sorted(
        result, key=lambda judged: (judged.met is not False, judged.met is None, judged.line.pk)
    )


def _judged(
    line: StaggerLine, known: list[measured_cut.Measured], lately: list[measured_cut.Measured]
) -> Kept:
    label = POLLUTANTS[line.pollutant]
    stack = next((m for m in (*known, *lately) if m.name == label), None)
    if stack is not None and (stack in known or line.base_rate is not None):
        usual = stack.before if stack in known else float(line.base_rate or 0)
        cut = Decimal(usual - stack.during).quantize(Decimal("0.001"))
        return Kept(line, stack, cut, cut >= line.cut_rate * TOLERATED)
    power = next((m for m in known if m.name == "生产用电"), None)
    if power is None or line.percent is None or line.base_rate is None:
        return Kept(line, power, None, None)
    cut = (line.base_rate * power.percent / 100).quantize(Decimal("0.001"))
    return Kept(line, power, cut, power.percent >= line.percent * TOLERATED)
