"""汛期水质联防联控 (mechanism W13): gates and outfalls checked before a rain, raised alarm limits during it, a review after it.

雨前检查 → 汛期模式中 → 雨后复盘 → 已办结. How far alarm limits are raised follows from the rain by data; while the mode runs, what
sounds in the area's rivers is judged by the raised limits (``monitoring.alarming.flood``) and evaluation is not. What a
check finds becomes a problem of the one ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.accounts.wording import numbered
from ecoledger.entities.models import Entity
from ecoledger.entities.validity import in_force
from ecoledger.listings import own_data
from ecoledger.listings.parts import View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import EVERY, Measure
from ecoledger.matters.models import Link
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.monitoring import runtime
from ecoledger.monitoring.alarming import flood
from ecoledger.monitoring.alarming.weather import RAIN
from ecoledger.monitoring.hourly import hours
from ecoledger.monitoring.models import Point
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.registers.water.flood_models import FloodMode, RainCheck
from ecoledger.registers.water.outlets import assessed

DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR})
CHECKERS = frozenset({Role.TOWN, Role.GRID, Role.OFFICER, Role.MONITOR, Role.DISPATCHER})
# So many outfalls are proposed for checking; more are added by hand.
MOST = 100


def level_of(rain_mm: Decimal) -> tuple[str, Decimal]:
    """Name and factor of a rain; no factor below the least level."""
    said = own_data.read(__package__, "flood_season")
    name, factor = "", Decimal(1)
    for row in sorted(said["level"], key=lambda level: float(level["rain_mm"])):
        if rain_mm >= Decimal(str(row["rain_mm"])):
            name, factor = str(row["label"]), Decimal(str(row["factor"]))
    return name, factor


def _by_rain(mode: Any) -> None:
    mode.rain_level, mode.factor = level_of(Decimal(mode.rain_mm))
    if not mode.title:
        mode.title = _("%s降雨联防联控") % f"{timezone.localdate():%Y-%m-%d}"


def _to_check(mode: Any) -> Sequence[Mapping[str, Any]]:
    """The gates on the year's list of outlets, then the outfalls of the area."""
    rows = [
        {"thing": line.entity.code, "place": line.gate, "sort": "gate", "unit": line.unit, "result": "open"}
        for line in assessed(mode.area_code, timezone.localdate())
        if line.entity is not None
    ]  # fmt: skip
    outfalls = Entity.objects.filter(
        in_force(), kind="river_outfall", area_code__startswith=mode.area_code
    ).order_by("code")[:MOST]
    rows += [{"thing": outfall.code, "sort": "outfall", "result": "open"} for outfall in outfalls]
    return rows


def _checked(mode: Any) -> str:
    rows = RainCheck.objects.filter(mode=mode.pk)
    if not rows.exists():
        return _("还没有雨前检查的对象。")
    left = rows.filter(result=RainCheck.Result.OPEN).count()
    return numbered("还有 %d 处没有检查。", left) % left if left else ""


def _start(step: Step) -> None:
    mode = step.matter
    mode.begin = mode.begin or step.at
    _find(step)


def _find(step: Step) -> None:
    """A problem of the ledger for each finding that has none yet."""
    mode = step.matter
    rows = RainCheck.objects.filter(mode=mode.pk, result=RainCheck.Result.PROBLEM, problem=None)
    for row in rows.select_related("thing"):
        problem = actions.open_matter(
            PROBLEMS,
            {
                "title": f"{row}：{row.found or row.get_sort_display()}"[:200],
                "area_code": row.thing.area_code if row.thing else mode.area_code,
                "entity": row.thing,
                "address": row.place,
                "origin_kind": Problem.Origin.SELF,
                "category": Problem.Category.WATER,
                "source_batch": "雨前检查",
                "synthetic": mode.synthetic,
            },
            by=None,
            at=step.at,
        )
        actions.link(mode, problem, Link.Kind.BEGETS, by=step.person, at=step.at)
        row.problem = problem
        row.save(update_fields=["problem"])


def _new_rain(step: Step) -> None:
    _by_rain(step.matter)


def _end(step: Step) -> None:
    mode = step.matter
    if mode.begin and mode.until and mode.until <= mode.begin:
        raise Refused("form", _("结束应晚于启动。"))
    if mode.measured_mm is None:
        mode.measured_mm = measured(mode.area_code, mode.begin, mode.until or step.at)


def measured(area_code: str, begin: datetime | None, end: datetime) -> Decimal | None:
    """The most that a gauge of the area had between two moments; ``None`` without a gauge that reports."""
    if begin is None or not runtime.is_open():
        return None
    points = Point.objects.filter(area_code__startswith=area_code, parameters__code__in=RAIN)
    keys = sorted(set(points.values_list("pk", flat=True)))
    if not keys:
        return None
    first, last = (timezone.localtime(at).replace(tzinfo=None) for at in (begin, end))
    rows = hours(keys, list(RAIN), first, last).filter(pl.col("value").is_not_null())
    if rows.is_empty():
        return None
    most = rows.group_by("point").agg(pl.col("value").sum())["value"].max()
    return Decimal(str(round(float(most), 1)))  # type: ignore[arg-type]


def modes() -> list[flood.Mode]:
    """The modes that run or ran, as alarms ask; what is long over is judged already."""
    since = timezone.now() - timedelta(days=60)
    rows = FloodMode.objects.filter(withdrawn_at=None, begin__gte=since).exclude(state="dismissed")
    return [
        flood.Mode(
            row.area_code, timezone.localtime(row.begin).replace(tzinfo=None),
            timezone.localtime(row.until).replace(tzinfo=None) if row.until else None, float(row.factor), "汛期模式",
        )
        for row in rows if row.begin is not None
    ]  # fmt: skip


flood.asking.append(modes)


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, and how far checks went and what they found."""
    checks = RainCheck.objects.filter(mode__in=rows.values("pk"))
    done = checks.exclude(result=RainCheck.Result.OPEN).count()
    return [
        *common_statistics(FLOODS, rows, now),
        share("checked", "雨前检查完成率", done, checks.count()),
        Statistic("found", "雨前检查发现问题", checks.filter(result="problem").count(), "", "处"),
    ]


FLOODS = declare(Register(
    key="flood_mode", label="汛期水质联防联控", line="water", model=FloodMode, pattern="汛控〔{year}〕{n}号", prepare=_by_rain,
    workflow=Workflow(
        states=(
            State("checking", "雨前检查", stage="雨前", waits_for=CHECKERS),
            State("active", "汛期模式中", stage="雨中", waits_for=DESK),
            State("review", "雨后复盘", stage="雨后", waits_for=DESK),
            State("closed", "已办结", phase=Phase.DONE),
            State("dismissed", "未降雨，取消", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("start", "启动汛期模式", "checking", "active", by=DESK, offers=("begin",), when=_checked,
                       effects=(_start,), help="启动后本区域河流预警按放宽的限值判断；评价和考核不变。"),
            Transition("start_at_once", "提前启动", "checking", "active", by=DESK, asks=(REASON,), offers=("begin",),
                       effects=(_start,), main=False, help="雨已到而检查没有做完时使用，写明理由。"),
            Transition("new_rain", "调整雨量", "active", "active", by=DESK, asks=("rain_mm", REASON), effects=(_new_rain,),
                       main=False),
            Transition("end", "结束汛期模式", "active", "review", by=DESK, asks=("until",), offers=("measured_mm",),
                       effects=(_end, _find), help="实测雨量留空时由雨量计读取。"),
            Transition("review", "复盘办结", "review", "closed", by=DESK, asks=("review",)),
            Transition("cancel", "未降雨，取消", "checking", "dismissed", by=DESK, asks=(REASON,), main=False),
        ),
        clocks=(ClockRule("check", "雨前检查", "checking", hours=24, basis=DEFAULT),
                ClockRule("review", "雨后复盘", "review", working_days=3, basis=DEFAULT)),
    ),
    labels={"title": "名称", "area_code": "范围"},
    columns=("number", "title", "rain_mm", "rain_level", "factor", "state", "begin", "until", "area_code", "due"),
    filters=("state", "area_code", "begin"), search=("number", "title"),
    fields=("title", "area_code", "rain_mm", "forecast"),
    details=("rain_mm", "rain_level", "factor", "forecast", "begin", "until", "measured_mm", "review"),
    lines=(Lines(key="checks", label="雨前检查", model=RainCheck,
                 columns=("thing", "place", "sort", "unit", "result", "found"), first=_to_check, follows=("area_code",)),),
    views=(View("active", "汛期模式中", {"state": "active"}),), statistics=statistics,
    measures=(Measure(key="started", name="启动汛期模式次数", numerator=EVERY & Q(begin__isnull=False), dated="begin", unit="次",
                      higher_is_better=False),),
    detail_template="web/rivers/_flood.html", edit=DESK, manage=DESK, enterprise="",
    empty="还没有汛期联防联控。预报有中雨以上时登记，先查闸坝和排污口，再启动汛期模式，雨后复盘。",
))  # fmt: skip
