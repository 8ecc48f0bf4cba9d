"""突发环境事件 (mechanism E10): from the moment it is learned of to the end of its investigation.

待初报 → 处置中（续报）→ 应急终止 → 结果已报 → 已结案, by 突发环境事件信息报告办法 (部令第17号): first report within 2 hours of
learning of it where it is Ⅰ or Ⅱ, within 4 where it is Ⅲ or Ⅳ; when it happened, was found and was learned of are three
moments. What is ordered meanwhile is a step of its own: the command log is the matter's chain of events.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import STAFF, Role
from ecoledger.entities.models import River
from ecoledger.listings.parts import Ask, Import, Kind, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Event, Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import (
    NOW,
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.emergency import grading
from ecoledger.registers.emergency.dispatches import DISPATCHES, Dispatch

DESK = frozenset({Role.DISPATCHER, Role.OFFICER, Role.MONITOR, Role.SECTION_CHIEF, Role.LEADER})
HEADS = frozenset({Role.LEADER, Role.SECTION_CHIEF, Role.DISPATCHER})
BASIS = "突发环境事件信息报告办法（部令第17号）"
COMMAND = "command"


class Incident(Matter):
    """One event, with what its reports have to say."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_incident"
    )

    class Grade(models.TextChoices):
        I = "1", "Ⅰ级（特别重大）"  # noqa: E741 - the numeral of the level
        II = "2", "Ⅱ级（重大）"
        III = "3", "Ⅲ级（较大）"
        IV = "4", "Ⅳ级（一般）"

    class Cause(models.TextChoices):
        SAFETY = "safety", "生产安全事故次生"
        TRAFFIC = "traffic", "交通事故次生"
        DISCHARGE = "discharge", "企业违法排污"
        NATURE = "nature", "自然灾害次生"
        OTHER = "other", "其他"

    class Medium(models.TextChoices):
        WATER = "water", "水"
        AIR = "air", "大气"
        SOIL = "soil", "土壤"
        RADIATION = "radiation", "辐射"
        SEVERAL = "several", "多要素"

    class Cut(models.TextChoices):
        TOWN = "town", "镇级水源取水中断"
        COUNTY = "county", "县级水源取水中断"
        CITY = "city", "地市级水源取水中断"

    class Crossing(models.TextChoices):
        COUNTY = "county", "跨县"
        CITY = "city", "跨市"
        PROVINCE = "province", "跨省"
        NATION = "nation", "跨国"

    occurred_at = models.DateTimeField("发生时间")
    found_at = models.DateTimeField("发现时间", null=True, blank=True)
    learned_at = models.DateTimeField("得知时间", help_text="报告时限从得知起算")
    source = models.CharField("信息来源", max_length=60, blank=True)
    cause = models.CharField("起因", max_length=10, choices=Cause.choices)
    medium = models.CharField("环境要素", max_length=10, choices=Medium.choices)
    grade = models.CharField(
        "事件等级", max_length=2, choices=Grade.choices, blank=True, db_index=True
    )
    circumstance = models.CharField("按重大报告的情形", max_length=60, blank=True)
    process = models.TextField("基本过程", blank=True)
    pollutants = models.CharField("主要污染物和数量", max_length=200, blank=True)
    monitored = models.TextField("监测数据", blank=True)
    harmed = models.CharField("人员受害情况", max_length=200, blank=True)
    deaths = models.PositiveIntegerField("死亡人数", null=True, blank=True)
    poisoned = models.PositiveIntegerField("中毒或重伤人数", null=True, blank=True)
    evacuated = models.PositiveIntegerField("疏散转移人数", null=True, blank=True)
    loss = models.DecimalField("直接经济损失 万元", max_digits=12, decimal_places=2, null=True, blank=True,
                               validators=[MinValueValidator(0)])  # fmt: skip
    source_cut = models.CharField("水源影响", max_length=8, choices=Cut.choices, blank=True)
    crossing = models.CharField("跨界影响", max_length=10, choices=Crossing.choices, blank=True)
    affected = models.TextField("敏感点受影响情况", blank=True)
    trend = models.TextField("发展趋势", blank=True)
    handling = models.TextField("处置情况", blank=True)
    planned = models.TextField("拟采取的措施", blank=True)
    advice = models.TextField("下一步工作建议", blank=True)
    # For the search downstream: which river, how far from its head, how fast it flows.
    river = models.ForeignKey(
        River,
        verbose_name="受影响河流",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="incidents",
    )
    chainage_km = models.FloatField("入河位置距河源 km", null=True, blank=True,
                                    validators=[MinValueValidator(0), MaxValueValidator(10_000)])  # fmt: skip
    speed = models.FloatField("流速 m/s", null=True, blank=True,
                              validators=[MinValueValidator(0.01), MaxValueValidator(10)])  # fmt: skip
    first_reported_at = models.DateTimeField("初报时间", null=True, blank=True, editable=False)
    last_reported_at = models.DateTimeField("最近续报时间", null=True, blank=True, editable=False)
    terminated_at = models.DateTimeField("应急终止时间", null=True, blank=True)
    aftermath = models.TextField("潜在或间接危害及损失", blank=True)
    social = models.TextField("社会影响", blank=True)
    left_over = models.TextField("遗留问题", blank=True)
    accountability = models.TextField("责任追究", blank=True)

    class Meta:
        verbose_name = "突发环境事件"

    @property
    def facts(self) -> dict[str, Any]:
        """What a level follows from."""
        names = ("deaths", "poisoned", "evacuated", "loss", "source_cut", "crossing")
        return {name: getattr(self, name) for name in names}

    @property
    def suggested(self) -> grading.Suggested:
        return grading.suggested(self.facts)

    @property
    def suggested_label(self) -> str:
        """The level that follows from the facts, with what reaches it."""
        said_of = self.suggested
        return f"{said_of.label} {'；'.join(said_of.reasons)}".strip()

    @property
    def reported_as(self) -> int | None:
        return grading.reported_level(self.grade, self.circumstance)

    @property
    def first_report_due(self) -> datetime | None:
        level = self.reported_as
        if level is None:
            return None
        return self.learned_at + timedelta(hours=grading.hours_to_report(level))

    @property
    def in_time(self) -> bool | None:
        """Whether the first report went out in time; ``None`` while it has not gone and its time is not over."""
        due = self.first_report_due
        if due is None:
            return None
        if self.first_reported_at is not None:
            return self.first_reported_at <= due
        return False if timezone.now() > due else None


# ---- steps ---------------------------------------------------------------------------------------

# What a first report says (部令第17号 第十三条); without these it is none.
FIRST = (
    "occurred_at",
    "address",
    "source",
    "process",
    "pollutants",
    "harmed",
    "affected",
    "trend",
    "handling",
    "planned",
)
FINAL = ("process", "handling", "aftermath", "social", "left_over")


def _lacking(incident: Any, names: tuple[str, ...]) -> str:
    labels = {
        f.name: str(f.verbose_name)
        for f in Incident._meta.get_fields()
        if hasattr(f, "verbose_name")
    }
    lacking = [_(labels[name]) for name in names if getattr(incident, name) in (None, "")]
    return _("报告还缺：%s。") % _("、").join(lacking) if lacking else ""


def _own(matter: Any) -> Incident:
    """The event with its own fields: a letter asks of the matter alone."""
    return matter if isinstance(matter, Incident) else Incident.objects.get(pk=matter.pk)


def _lacks_for_first(matter: Any) -> str:
    incident = _own(matter)
    if incident.reported_as is None:
        return _("没有事件等级；不能判断等级的，请选按重大报告的情形。")
    return _lacking(incident, FIRST)


def _lacks_for_final(matter: Any) -> str:
    return _lacking(_own(matter), FINAL)


def _moments_in_order(step: Step) -> None:
    incident = step.matter
    if incident.terminated_at and incident.terminated_at < incident.occurred_at:
        why = _("应急终止早于事件发生。")
        raise Refused("form", why, _("请核对时间。"), {"terminated_at": [why]})


def _call_material(step: Step) -> None:
    """A dispatch note begotten by the incident; its lines are filled in where the depots are kept."""
    incident = step.matter
    actions.open_matter(
        DISPATCHES,
        {
            "title": f"{incident.title}：{step.form['what']}"[:200],
            "area_code": incident.area_code,
            "purpose": Dispatch.Purpose.INCIDENT,
            "receiver": str(step.form.get("receiver") or "")[:80],
            "synthetic": incident.synthetic,
        },
        by=step.person if step.person is None or DISPATCHES.may_open(step.person) else None,
        at=step.at,
        origin_matter=incident,
    )


def _grave(incident: Any) -> bool:
    return incident.reported_as in (1, 2)


def _lesser(incident: Any) -> bool:
    return incident.reported_as in (3, 4)


_TOLD = ("monitored", "harmed", "affected", "trend", "handling", "planned", "advice", "deaths", "poisoned", "evacuated",
         "loss", "source_cut", "crossing")  # fmt: skip

WORKFLOW = Workflow(
    states=(
        State("found", "待初报", stage="报告", waits_for=DESK),
        State("responding", "处置中", stage="处置", waits_for=DESK),
        State("terminated", "应急终止，待报结果", stage="报告", waits_for=DESK),
        State("reported", "调查处理中", stage="调查", waits_for=DESK),
        State("closed", "已结案", phase=Phase.DONE),
        State("dismissed", "不构成突发环境事件", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("report_first", "登记初报", "found", "responding", by=DESK, automatic=True, when=_lacks_for_first,
                   sets={"first_reported_at": NOW},
                   help="印发初报时自动进入这一步；电话先报的在此登记。"),
        Transition("fill", "补充事件情况", ("found", "responding"), "", by=DESK,
                   offers=("source", "process", "pollutants", *_TOLD), main=False),
        Transition("report_more", "登记续报", "responding", "", by=DESK, automatic=True,
                   sets={"last_reported_at": NOW}, offers=_TOLD, help="印发续报时自动进入这一步。"),
        Transition(COMMAND, "下达指令", ("found", "responding"), "", by=HEADS,
                   asks=(said("order", "指令"), said("unit", "承办单位", Kind.TEXT)),
                   offers=(said("until", "完成时限", Kind.TEXT),), main=False),
        Transition("feed_back", "指令反馈", ("found", "responding"), "", by=STAFF,
                   asks=(said("unit", "承办单位", Kind.TEXT), said("done", "执行情况")), main=False),
        Transition("call_material", "调用应急物资", ("found", "responding"), "", by=DESK,
                   asks=(said("what", "所需物资", Kind.TEXT),), offers=(said("receiver", "领用单位和人员", Kind.TEXT),),
                   effects=(_call_material,), main=False),
        Transition("regrade", "调整等级", ("found", "responding"), "", by=HEADS, asks=("grade", REASON), main=False),
        Transition("terminate", "应急终止", "responding", "terminated", by=HEADS, asks=("terminated_at", REASON),
                   effects=(_moments_in_order,)),
        Transition("say_result", "补充处理结果", "terminated", "", by=DESK,
                   offers=("process", "handling", "aftermath", "social", "left_over", "accountability", "loss"), main=False),
        Transition("report_final", "登记处理结果报告", "terminated", "reported", by=DESK, automatic=True,
                   when=_lacks_for_final, help="印发处理结果报告时自动进入这一步。"),
        Transition("conclude", "调查结案", "reported", "closed", by=HEADS, asks=(said("conclusion", "调查结论"),),
                   offers=("accountability",), evidence=1),
        Transition("dismiss", "不构成突发环境事件", ("found", "responding"), "dismissed", by=HEADS, asks=(REASON,),
                   danger=True, main=False),
    ),
    clocks=(
        ClockRule("first_grave", "初报（2 小时）", "found", hours=grading.HOURS[2], counted_from="learned_at", applies=_grave,
                  basis=BASIS),
        ClockRule("first_lesser", "初报（4 小时）", "found", hours=grading.HOURS[4], counted_from="learned_at", applies=_lesser,
                  basis=BASIS),
        ClockRule("more", "续报", "responding", hours=24, since=("report_first", "report_more"), basis=DEFAULT),
        ClockRule("final", "处理结果报告", "terminated", days=3, basis=DEFAULT),
        ClockRule("investigate_grave", "调查（60 日）", ("terminated", "reported"), days=60, counted_from="terminated_at",
                  applies=_grave, basis="突发环境事件调查处理办法（部令第32号）"),
        ClockRule("investigate_lesser", "调查（30 日）", ("terminated", "reported"), days=30,
                  counted_from="terminated_at", applies=_lesser, basis="突发环境事件调查处理办法（部令第32号）"),
    ),
)  # fmt: skip


def _tidy(incident: Incident) -> None:
    """The colour follows from the level."""
    incident.circumstance = incident.circumstance if not incident.grade else ""


def level_of(incident: Any) -> str:
    """The colour of its mark: red for Ⅰ and Ⅱ."""
    return {1: "red", 2: "red", 3: "orange", 4: "yellow"}.get(incident.reported_as or 4, "yellow")


def commands(incident: Incident) -> list[Event]:
    """The command log: orders and what came back, oldest first."""
    return list(
        Event.objects.filter(
            matter=incident.pk, transition__in=(COMMAND, "feed_back", "call_material")
        )
        .select_related("person")
        .order_by("at", "pk")
    )


# ---- figures -------------------------------------------------------------------------------------


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    live = rows.exclude(state="dismissed").filter(merged_into=None)
    common = by_name(common_statistics(INCIDENTS, rows, now))
    told = [
        (i.first_reported_at, i.first_report_due)
        for i in live.filter(history=False).exclude(first_reported_at=None)
    ]
    judged = [(at, due) for at, due in told if due is not None]
    kept = sum(at <= due for at, due in judged)
    counts = dict(live.order_by().values_list("grade").annotate(n=Count("pk")))
    return [
        Statistic("total", "突发环境事件", live.count(), "", "起", note="不含不构成突发环境事件的"),
        *(Statistic(f"grade_{key}", label, counts.get(key, 0), f"grade={key}", "起")
          for key, label in Incident.Grade.choices),
        share("in_time", "初报及时率", kept, len(judged), note="得知起 2 或 4 小时内初报的÷已初报的；导入的历史不计"),
        common["open"], common["overdue"],
    ]  # fmt: skip


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    live = rows.exclude(state="dismissed").filter(merged_into=None)
    tables = []
    for title, path, choices in (
        ("各起因", "cause", Incident.Cause.choices),
        ("各环境要素", "medium", Incident.Medium.choices),
    ):
        counts = dict(live.order_by().values_list(path).annotate(n=Count("pk")))
        tables.append(
            Breakdown(
                title,
                ("名称", "起数"),
                tuple(
                    ((_(str(label)), str(counts[key])), f"{path}={key}")
                    for key, label in choices
                    if counts.get(key)
                ),
            )
        )
    return tables


def _six() -> tuple[tuple[str, str], ...]:
    return tuple((text, text) for text in grading.rules()["reported_as_major"])


INCIDENTS = declare(Register(
    key="incident", label="突发环境事件", line="emergency", model=Incident, workflow=WORKFLOW, offline=True,
    pattern="突发〔{year}〕{n}号", tidy=_tidy, level=level_of,
    detail_template="web/emergency/_incident.html",
    labels={"title": "事件名称", "description": "起因和性质", "area_code": "属地", "address": "地点", "entity": "涉事单位",
            "suggested_label": "按后果计算的等级"},
    columns=("number", "title", "grade", "state", "due", "occurred_at", "cause", "medium", "address", "first_reported_at",
             "area_code"),
    filters=("state", "grade", "cause", "medium", "area_code", "occurred_at"),
    search=("number", "title", "description", "address", "pollutants"),
    fields=("title", "area_code", "address", "lon", "lat", Ask("entity", required=False), "occurred_at", "found_at",
            "learned_at", "source", "cause", "medium", "grade", Ask("circumstance", choices=_six()), "description",
            "process", "pollutants", "monitored", "harmed", "deaths", "poisoned", "evacuated", "loss", "source_cut",
            "crossing", "affected", "trend", "handling", "planned", "advice", "river", "chainage_km", "speed"),
    details=("grade", "circumstance", "suggested_label", "occurred_at", "found_at", "learned_at", "source", "cause",
             "medium", "process", "pollutants", "monitored", "harmed", "deaths", "poisoned", "evacuated", "loss",
             "source_cut", "crossing", "affected", "trend", "handling", "planned", "advice", "river", "chainage_km",
             "speed", "first_reported_at", "last_reported_at", "terminated_at", "aftermath", "social", "left_over",
             "accountability"),
    views=(View("grave", "重大以上", {"grade": "1,2"}),),
    imports=Import(
        key=("title", "occurred_at"), tells_past=True, future=(),
        columns=("title", "area_code", "address", "occurred_at", "learned_at", "source", "cause", "medium", "grade",
                 "description", "pollutants", "handling", "deaths", "poisoned", "evacuated", "loss"),
        headers={"title": ("事件",), "occurred_at": ("事发时间",), "learned_at": ("接报时间",), "grade": ("等级",),
                 "cause": ("事件起因", "事件类型"), "address": ("事发地点",), "medium": ("要素",),
                 "loss": ("直接经济损失（万元）",)},
        values={"grade": {"一般": "4", "较大": "3", "重大": "2", "特别重大": "1"}},
        instead={"learned_at": "occurred_at"},
        examples={"title": "国道槽罐车侧翻柴油泄漏事件", "occurred_at": "2026-03-01 08:20", "learned_at": "2026-03-01 08:50",
                  "cause": "交通事故次生", "medium": "水", "grade": "Ⅳ级（一般）", "area_code": "北镇"},
    ),
    measures=(
        Measure(key="events", name="突发环境事件起数", numerator=~Q(state="dismissed"), dated="occurred_at", unit="起",
                higher_is_better=False),
        Measure(key="grave", name="重大以上突发环境事件", numerator=Q(grade__in=("1", "2")) & ~Q(state="dismissed"),
                dated="occurred_at", unit="起", higher_is_better=False),
    ),
    statistics=_statistics, breakdowns=_breakdowns, begins="occurred_at", edit=STAFF, manage=HEADS, enterprise="",
    empty="没有突发环境事件。得知事件后先登记时间、地点和起因，再补充情况、初报。",
))  # fmt: skip
