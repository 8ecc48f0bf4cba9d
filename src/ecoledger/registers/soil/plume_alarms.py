"""区块地下水预警 (mechanism S-3): a result beyond its limit, or a trend that leads there, is work by itself.

Opened by the house when a result of a site's well is entered; one for a well and an item at a time. It is verified on
the spot (a second sample), traced, and closed on evidence.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask, View
from ecoledger.matters import actions
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Level, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.soil import well_grid
from ecoledger.registers.soil.wells import Well, WellSample, items
from ecoledger.standards.rounding import plainly

FIELD = frozenset({Role.MONITOR, Role.OFFICER, Role.DISPATCHER})


class PlumeAlarm(Matter):
    """A warning about an item in a well of a site."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_plume_alarm"
    )

    class Why(models.TextChoices):
        BEYOND = "beyond", "超过预警类别限值"
        RISING = "rising", "呈上升趋势，将超过限值"

    site = models.CharField("监测区块", max_length=60, db_index=True)
    item = models.CharField("项目", max_length=20, db_index=True)
    item_name = models.CharField("项目名称", max_length=60)
    why = models.CharField("预警类型", max_length=8, choices=Why.choices)
    value = models.FloatField("监测值")
    limit = models.FloatField("限值", null=True, blank=True)
    slope = models.FloatField("年变化", null=True, blank=True)
    p = models.FloatField("显著性 p", null=True, blank=True)
    sampled_on = models.DateField("采样日期")
    finding = models.TextField("核实结果", blank=True)

    class Meta:
        verbose_name = "区块地下水预警"


def look_at(sample: WellSample, at: datetime) -> int:
    """Open a warning of each item of a result that warns and has none; returns how many."""
    well = Well.objects.filter(pk=sample.entity_id).exclude(site="").first()
    if well is None:
        return 0
    day, opened = timezone.localdate(sample.at), 0
    open_items = set(
        PlumeAlarm.objects.filter(
            entity=well, phase=Phase.OPEN.value, withdrawn_at=None
        ).values_list("item", flat=True)
    )
    names = items()
    for key in sample.readings:
        if key in open_items or well_grid.limit_of(key, day) is None:
            continue
        found = well_grid.course(well, key, day)
        # A result that comes in late says nothing of today.
        if found is None or not found.warns or found.last_on != day:
            continue
        name, unit = names.get(key, (key, ""))
        beyond = found.warns == PlumeAlarm.Why.BEYOND
        words = _("%(site)s %(well)s %(item)s %(value)s %(unit)s，超过限值 %(limit)s")
        if not beyond:
            words = _(
                "%(site)s %(well)s %(item)s %(value)s %(unit)s，持续上升，将超过限值 %(limit)s"
            )
        actions.open_matter(
            ALARMS,
            {
                "title": words
                % {
                    "site": well.site,
                    "well": well.name,
                    "item": name,
                    "value": f"{found.last:.4g}",
                    "unit": unit,
                    "limit": plainly(found.limit or 0),
                },
                "area_code": well.area_code,
                "entity": well.entity_ptr,
                "level": Level.ORANGE if beyond else Level.YELLOW,
                "site": well.site,
                "item": key,
                "item_name": name,
                "why": found.warns,
                "value": found.last,
                "limit": found.limit,
                "slope": found.trend.slope if found.trend else None,
                "p": found.trend.p if found.trend else None,
                "sampled_on": day,
                "synthetic": well.synthetic,
            },
            by=None,
            at=at,
        )
        opened += 1
    return opened


WORKFLOW = Workflow(
    states=(
        State("new", "待核实", stage="核实", waits_for=FIELD),
        State("tracing", "溯源处置", stage="处置", waits_for=FIELD),
        State("check", "待核查", stage="核查", waits_for=CHECKERS),
        State("closed", "已消除", phase=Phase.CLOSED),
        State("unfounded", "复测未复现", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("confirm", "复测属实，溯源", "new", "tracing", by=FIELD, asks=("finding",)),
        Transition("unfounded", "复测未复现", "new", "unfounded", by=FIELD, asks=("finding",), evidence=1, main=False,
                   help="附复测报告。"),
        Transition("finish", "处置完成", "tracing", "check", by=FIELD, asks=(said("result", noop("溯源与处置情况")),),
                   evidence=1),
        Transition("close", "核查消除", "check", "closed", by=CHECKERS, asks=(said("checked", noop("核查情况")),),
                   other_person_than=("finish",)),
        Transition("return", "退回", "check", "tracing", by=CHECKERS, asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("verify", "复测核实", "new", working_days=10, basis=DEFAULT),
            ClockRule("trace", "溯源处置", "tracing", days=60, basis=DEFAULT)),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.aggregate(
        beyond=Count("pk", filter=Q(why="beyond")), rising=Count("pk", filter=Q(why="rising"))
    )
    return [
        *common_statistics(ALARMS, rows, now),
        Statistic("beyond", "超限值预警", n["beyond"], "why=beyond"),
        Statistic("rising", "上升趋势预警", n["rising"], "why=rising"),
    ]


ALARMS = declare(Register(
    key="plume_alarm", label="区块地下水预警", line="soil", model=PlumeAlarm, workflow=WORKFLOW,
    pattern="水警〔{year}〕{n}号",
    labels={"title": "摘要", "entity": "监测井", "area_code": "属地"},
    columns=("number", "title", "site", "entity", "item_name", "why", "value", "limit", "sampled_on", "state", "due"),
    filters=("state", "why", "site", "item", "area_code", "opened_at"),
    search=("number", "title", "entity__name", "item_name", "site"),
    fields=("title", Ask("entity", to=Well, required=True), "site", "item", "item_name", "why", "value", "limit",
            "sampled_on"),
    details=("site", "item_name", "why", "value", "limit", "slope", "p", "sampled_on", "finding"),
    views=(View("rising", "上升趋势", {"why": "rising"}),),
    measures=(Measure(key="raised", name="区块地下水预警", numerator=Q(), dated="opened_at", higher_is_better=False),),
    statistics=_statistics, edit=FIELD, manage=FIELD | CHECKERS,
    empty="没有区块地下水预警。登记监测区块内的井的结果后，超限或呈上升趋势的自动列出。",
))  # fmt: skip
