"""溯源线索 (mechanism Q6, Q7): an anomaly at a station or on a road, who may be behind it, and what was found there.

A clue names one suspect of a ranking and keeps the ranking as it was then; it proves nothing. The field's verdict
closes it, checked by a second person, and over the year says how often the ranking was right.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Count, Q, QuerySet

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Organisation
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.parts import Ask, View
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON

DESK = frozenset({Role.MONITOR, Role.DISPATCHER, Role.SECTION_CHIEF})
FIELD = frozenset({Role.TOWN, Role.GRID, Role.OFFICER, Role.THIRD_PARTY})


class Clue(Matter):
    """One suspect of one anomaly, to be looked at on site."""

    class Origin(models.TextChoices):
        STATION = "station", "监测点异常"
        TRACK = "track", "走航高值"
        CAMERA = "camera", "视频"
        OTHER = "other", "其他"

    class Verdict(models.TextChoices):
        TRUE = "true", "属实"
        OTHER_SOURCE = "other_source", "另有来源"
        UNFOUNDED = "unfounded", "未发现"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_air_clue"
    )
    origin_kind = models.CharField(
        "线索来源", max_length=10, choices=Origin.choices, default=Origin.STATION
    )
    station = models.ForeignKey(
        Entity,
        verbose_name="站点",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    parameter = models.CharField("因子", max_length=20, blank=True)
    begin = models.DateTimeField("异常开始", null=True, blank=True)
    until = models.DateTimeField("异常结束", null=True, blank=True)
    # Its place in the ranking then, its score (0–1) and its evidence in words.
    rank = models.PositiveSmallIntegerField("排名", null=True, blank=True)
    score = models.FloatField("匹配度", null=True, blank=True)
    evidence_text = models.CharField("依据", max_length=300, blank=True)
    # The first rows of the ranking as it was: [{"source", "name", "score", …}].
    ranking = JSONInOrder("排序结果", default=list, blank=True, encoder=DjangoJSONEncoder)
    verdict = models.CharField("核查结论", max_length=14, choices=Verdict.choices, blank=True)
    found_text = models.TextField("核查情况", blank=True)

    class Meta:
        verbose_name = "溯源线索"


def town_of(clue: Any) -> Any:
    """The town in which the suspect stands, to be offered at the hand-over."""
    return clue.owner_organisation or (
        Organisation.objects.filter(
            kind=Organisation.Kind.TOWN, area_code=clue.area_code[:9]
        ).first()
    )


WORKFLOW = Workflow(
    states=(
        State("new", "待交办", stage="研判", waits_for=DESK),
        State("dispatched", "待核查", stage="核查", waits_for=FIELD, by_owner=True),
        State("check", "待复核", stage="复核", waits_for=CHECKERS),
        State("closed", "已销号", phase=Phase.CLOSED),
        State("dropped", "不予核查", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("dispatch", "交办", "new", "dispatched", by=DESK, asks=(Ask("owner_organisation", initial=town_of),),
                   offers=("owner", said("instruction", "要求"))),
        Transition("report", "反馈核查结果", "dispatched", "check", by=FIELD, owner_only=True,
                   asks=("verdict", "found_text"), evidence=1),
        Transition("close", "销号", "check", "closed", by=CHECKERS, asks=(said("checked", "复核意见"),),
                   other_person_than=("report",)),
        Transition("send_back", "退回再查", "check", "dispatched", by=CHECKERS, asks=(REASON,),
                   main=False),
        Transition("drop", "不予核查", ("new", "dispatched"), "dropped", by=DESK, asks=(REASON,),
                   main=False),
    ),
    clocks=(
        ClockRule("dispatch", "交办", "new", working_hours=4, basis=DEFAULT),
        ClockRule("report", "核查", "dispatched", hours=24, basis=DEFAULT),
    ),
)  # fmt: skip

TRUE = Q(verdict=Clue.Verdict.TRUE)
JUDGED = ~Q(verdict="")


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, and how often the ranking was right: at its first place, at its first three."""
    ranked = rows.filter(origin_kind=Clue.Origin.STATION)
    n = ranked.aggregate(
        judged=Count("pk", filter=JUDGED),
        true=Count("pk", filter=TRUE),
        first=Count("pk", filter=JUDGED & Q(rank=1)),
        first_true=Count("pk", filter=TRUE & Q(rank=1)),
    )
    return [
        *common_statistics(CLUE, rows, now),
        share("true", "线索属实率", n["true"], n["judged"], query="verdict=true"),
        share("first_true", "排名第一的属实率", n["first_true"], n["first"]),
    ]


CLUE = declare(Register(
    key="air_clue", offline=True, label="溯源线索", line="air", model=Clue, workflow=WORKFLOW,
    pattern="溯源〔{year}〕{n}号",
    labels={"title": "线索", "entity": "疑似来源", "area_code": "属地"},
    columns=("number", "title", "origin_kind", "station", "entity", "rank", "state", "due", "verdict",
             "owner_organisation", "area_code", "opened_at"),
    filters=("state", "origin_kind", "verdict", "area_code", "owner_organisation", "opened_at"),
    search=("number", "title", "entity__name", "station__name", "evidence_text"),
    fields=("title", Ask("entity", to=Enterprise, required=False), "area_code", "origin_kind",
            "parameter", "begin", "until", "evidence_text", "description", "lon", "lat"),
    details=("origin_kind", "station", "parameter", "begin", "until", "rank", "score", "evidence_text",
             "verdict", "found_text"),
    views=(View("true", "属实", {"verdict": "true"}),),
    statistics=statistics,
    measures=(Measure(key="true", name="溯源线索属实率", numerator=TRUE, denominator=JUDGED,
                      dated="opened_at", unit="%"),),
    edit=DESK, enterprise="",
    empty="还没有溯源线索。在“监测点异常溯源”里对一次异常排出疑似来源并交办。",
))  # fmt: skip
