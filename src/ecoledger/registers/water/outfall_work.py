"""排污口查、测、溯、治 (mechanism W6): what is done about one outfall, from being suspected to being struck off and after.

The survey asks six pictures in their places; whether it is an outfall a second person says. Testing and tracing have the
campaign's common date; what is to be rectified is struck off on evidence, by another person, and looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.entities import editing
from ecoledger.entities.models import Area
from ecoledger.listings import own_data, own_tables
from ecoledger.listings.catalogue import declare, redeclare
from ecoledger.listings.own_tables import OwnColumn, OwnTable
from ecoledger.listings.parts import Ask, Column, Filter, Kind, View
from ecoledger.matters.clocks import local
from ecoledger.matters.measures import Measure
from ecoledger.matters.reasons import Reason
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON, Closing, with_effects
from ecoledger.registers.water.outfall_models import OutfallWork, RiverOutfall
from ecoledger.registers.water.outfalls import classes
from ecoledger.standards.percent import percent_of

FIELD = frozenset({Role.TOWN, Role.GRID, Role.OFFICER, Role.MONITOR, Role.THIRD_PARTY})
TESTERS = frozenset({Role.MONITOR, Role.THIRD_PARTY})
DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF})
OWNERS = frozenset({Role.TOWN, Role.OFFICER, Role.MONITOR, Role.APPROVER, Role.DISPATCHER})
# 现场排查的照片, each in its place.
PICTURES = (
    ("0601", "基本形态特征"),
    ("0602", "水的来源向"),
    ("0603", "水的去向"),
    ("0604", "周边环境特征"),
    ("0605", "典型建筑物"),
    ("0606", "现场情况"),
)
CONFIRMED = ~Q(state__in=("suspected", "surveyed", "not_outfall"))
TO_RECTIFY = ~Q(rectify="") & CONFIRMED
RECTIFIED = TO_RECTIFY & Q(phase__in=("closed", "review"))


def _write_down(work: OutfallWork, step: Step, **values: Any) -> None:
    """Say at the outfall what its way has come to."""
    outfall = RiverOutfall.objects.filter(entity_ptr=work.entity).first()
    if outfall is None:
        return
    for name, value in values.items():
        if value not in (None, ""):
            setattr(outfall, name, value)
    editing.save(None, outfall, on=timezone.localdate(step.at), source=work.number)


def _surveyed(step: Step) -> None:
    work = step.matter
    _write_down(work, step, outfall_class=work.outfall_class, mouth=work.mouth, rhythm=work.rhythm,
                dry_flow=work.dry_flow)  # fmt: skip


def _confirmed(step: Step) -> None:
    _write_down(step.matter, step, standing=RiverOutfall.Standing.CONFIRMED,
                outfall_code=step.form.get("outfall_code", ""))  # fmt: skip


def _dismissed(step: Step) -> None:
    _write_down(step.matter, step, standing=RiverOutfall.Standing.NONE)


def _traced(step: Step) -> None:
    _write_down(step.matter, step, liable=step.matter.liable, department=step.matter.department)


def _closed(step: Step) -> None:
    """What was banned or merged is an outfall no more from that day on; what was put right stays."""
    work = step.matter
    if work.rectify in (OutfallWork.Rectify.BAN, OutfallWork.Rectify.MERGE):
        _write_down(work, step, until=timezone.localdate(step.at))


def milestones() -> Sequence[dict[str, Any]]:
    """By when which share is to be done."""
    rows: list[dict[str, Any]] = own_data.read(__package__, "outfall_milestones")["milestone"]
    return rows


def _day_of(row: dict[str, Any], year: int) -> date | None:
    """The day of a milestone in a year; ``None`` where the bureau wrote none that is a day."""
    try:
        month, day = (int(part) for part in str(row["until"]).split("-"))
        return date(year, month, day)
    except ValueError:
        return None


def _prepare(work: Any) -> None:
    """Tested and traced by the campaign's common date, this year's or the next one's."""
    if work.trace_by is not None:
        return
    today = timezone.localdate(work.opened_at)
    for row in milestones():
        if row["step"] == "溯源" and (day := _day_of(row, today.year)) is not None:
            work.trace_by = day if day >= today else _day_of(row, today.year + 1)
            return


def _water_or_reason(work: Any) -> str:
    """What is dry cannot be tested: it has a step of its own."""
    return "" if work.rhythm != RiverOutfall.Rhythm.DRY else _("现场无水，请选“无水可测，转溯源”。")


_closing = Closing(
    work="rectifying", applied_from="rectifying", applicants=OWNERS, by_owner=True,
    application=(said("result", "整治结果"),), sets_on_application={"progress": 100},
    sets_on_rebound={"progress": 0}, offered_on_rebound=("deadline",),
    worked=("apply_close", "report_progress"), kept_from_returning=("apply_close",),
    reviewers=frozenset({Role.OFFICER, Role.MONITOR, Role.DISPATCHER}),
    reopeners=frozenset({Role.OFFICER, Role.MONITOR, Role.DISPATCHER, Role.LEADER}),
    return_label="核实不通过，退回整治", rebound_label="回潮，重开整治", stage="治",
    days_before_look_back=180, working_days_of_look_back=20,
)  # fmt: skip


def workflow() -> Workflow:
    """The way with the list of classes in force."""
    kinds = Ask("outfall_class", kind=Kind.CHOICE, choices=classes())
    return Workflow(
        states=(
            State("suspected", "待排查", stage="查", waits_for=FIELD),
            State("surveyed", "待确认", stage="查", waits_for=DESK),
            State("monitoring", "待监测", stage="测", waits_for=TESTERS),
            State("tracing", "待溯源", stage="溯", waits_for=FIELD),
            State("sorting", "待定整治类型", stage="治", waits_for=DESK),
            State("rectifying", "整治中", stage="治", waits_for=OWNERS, by_owner=True),
            _closing.check,
            *_closing.closed,
            State("kept", "保留，日常监管", phase=Phase.DONE),
            State("not_outfall", "非排口", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("survey", "现场排查", "suspected", "surveyed", by=FIELD, pictures=PICTURES,
                       asks=("surveyed_on", kinds, "mouth", "rhythm", "dry_flow", "surroundings",
                             "sampleable"),
                       offers=("sources", "quick_cod", "quick_ammonia", "quick_phosphorus", "quick_ph",
                               "flow", said("related", "有无关联疑似排口")),
                       effects=(_surveyed,), help="六张照片各在其位；能采样的填快速检测"),
            Transition("confirm", "确认为排污口，入名录", "surveyed", "monitoring", by=DESK,
                       offers=(said("outfall_code", "排污口编码", Kind.TEXT), "trace_by"),
                       other_person_than=("survey",), effects=(_confirmed,)),
            Transition("dismiss", "认定非排口", "surveyed", "not_outfall", by=DESK, asks=(REASON,),
                       other_person_than=("survey",), effects=(_dismissed,), main=False),
            Transition("survey_again", "资料不清，退回排查",
                       ("surveyed", "monitoring", "tracing", "sorting", "rectifying"), "suspected", by=DESK,
                       asks=(REASON,), main=False),
            Transition("monitor", "填报监测结果", "monitoring", "tracing", by=TESTERS,
                       asks=("monitored_on", "exceeds", "found"), offers=("report_no",), evidence=1,
                       when=_water_or_reason),
            Transition("no_water", "无水可测，转溯源", "monitoring", "tracing", by=TESTERS, asks=(REASON,),
                       main=False),
            Transition("trace", "填报溯源结论", "tracing", "sorting", by=FIELD,
                       asks=("traced_on", "trace_way", "liable", "traced"), offers=("department",),
                       effects=(_traced,)),
            Transition("decide", "定整治类型，交办", "sorting", "rectifying", by=DESK,
                       asks=("rectify", "measures", "deadline", "owner_organisation")),
            Transition("keep", "无需整治，保留", "sorting", "kept", by=DESK, asks=(REASON,),
                       other_person_than=("trace",), main=False),
            Transition("report_progress", "填报进展", "rectifying", "rectifying", by=OWNERS, owner_only=True,
                       asks=(Ask("progress", minimum=0, maximum=100, unit="%"),
                             said("progress_text", "进展")), main=False),
            *with_effects(_closing.transitions, {"confirm_close": _closed}),
            Transition("reopen", "重新排查", ("not_outfall", "kept"), "suspected", by=DESK, asks=(REASON,),
                       main=False, danger=True),
        ),
        clocks=(
            ClockRule("survey", "排查", "suspected", days=60, basis=DEFAULT),
            ClockRule("confirm", "确认", "surveyed", working_days=10, basis=DEFAULT),
            ClockRule("trace", "监测、溯源", ("monitoring", "tracing"), deadline_field="trace_by",
                      basis="排查整治方案", extensions=(30,)),
            ClockRule("sort", "定整治类型", "sorting", working_days=15, basis=DEFAULT),
            ClockRule("deadline", "整治时限", ("rectifying", "close_check"), deadline_field="deadline",
                      extensions=(30, 60), basis="一口一策"),
            *_closing.clocks,
        ),
    )  # fmt: skip


# ---- figures -------------------------------------------------------------------------------------


def _counts(now: datetime) -> dict[str, Count]:
    """What is counted of rows without duplicates, at a moment."""
    due = TO_RECTIFY & Q(deadline__lte=local(now).date())
    return {
        "total": Count("pk"),
        "surveyed": Count("pk", filter=~Q(state="suspected")),
        "dismissed": Count("pk", filter=Q(state="not_outfall")),
        "confirmed": Count("pk", filter=CONFIRMED),
        "monitored": Count("pk", filter=CONFIRMED & Q(monitored_on__isnull=False)),
        "traced": Count("pk", filter=CONFIRMED & Q(traced_on__isnull=False)),
        "dry": Count("pk", filter=Q(dry_flow=True) & ~Q(state="not_outfall")),
        "exceeding": Count("pk", filter=Q(exceeds=True)),
        "kept": Count("pk", filter=Q(state="kept")),
        "to_rectify": Count("pk", filter=TO_RECTIFY),
        "rectified": Count("pk", filter=RECTIFIED),
        "due": Count("pk", filter=due),
        "rectified_of_due": Count("pk", filter=due & RECTIFIED),
    }


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    common = by_name(common_statistics(REGISTER, rows, now))
    live = rows.filter(merged_into=None).order_by()
    n = live.aggregate(**_counts(now), rivers=Count("river", distinct=True))
    stay = ExpressionWrapper(F("closed_at") - F("opened_at"), output_field=DurationField())
    mean = live.filter(RECTIFIED, history=False).aggregate(n=Avg(stay))["n"]
    ever, today = "1990-01-01", local(now).date()
    return [
        Statistic("total", "疑似排口", n["total"], note="纳入排查的，含确认和认定非排口的"),
        Statistic("rivers", "排查河流", n["rivers"], unit="条"),
        Statistic("surveyed", "已排查", n["surveyed"], "state=" + _all_but("suspected")),
        Statistic("confirmed", "确认排口", n["confirmed"],
                  "state=" + _all_but("suspected", "surveyed", "not_outfall")),
        Statistic("dismissed", "认定非排口", n["dismissed"], "state=not_outfall"),
        Statistic("dry", "晴天出水", n["dry"], "dry_flow=1&state=" + _all_but("not_outfall")),
        Statistic("exceeding", "监测超标", n["exceeding"], "exceeds=1"),
        share("monitored", "监测率", n["monitored"], n["confirmed"],
              query=f"monitored_on_from={ever}&state=" + _all_but("suspected", "surveyed", "not_outfall"),
              note="已监测÷确认排口"),
        share("traced", "溯源率", n["traced"], n["confirmed"],
              query=f"traced_on_from={ever}&state=" + _all_but("suspected", "surveyed", "not_outfall"),
              note="已溯源÷确认排口"),
        Statistic("to_rectify", "应整治", n["to_rectify"], "rectify=ban,merge,standard",
                  note="已定整治类型的，不含保留的和尚未定的"),
        Statistic("kept", "保留，不计入应整治", n["kept"], "state=kept"),
        share("rectified", "整治完成率", n["rectified"], n["to_rectify"], query="rectify=ban,merge,standard&closed=1",
              note="已销号÷应整治"),
        share("rectified_of_due", "到期整治完成率", n["rectified_of_due"], n["due"],
              query=f"rectify=ban,merge,standard&deadline_to={today}&closed=1", note="整治时限已到的应整治排口"),
        Statistic("days", "平均销号天数", None if mean is None else mean.total_seconds() / 86400, unit="天",
                  note="不含导入的历史"),
        *(common[name] for name in ("open", "overdue", "on_time", "recurrence")),
    ]  # fmt: skip


def _all_but(*states: str) -> str:
    return ",".join(s.name for s in REGISTER.workflow.states if s.name not in states)


_HEADERS = (
    "名称",
    "疑似",
    "确认",
    "已监测",
    "已溯源",
    "晴天出水",
    "应整治",
    "已销号",
    "整治完成率",
)


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    live = rows.filter(merged_into=None).order_by()
    areas = dict(Area.objects.values_list("code", "name"))
    kinds = {key: str(label) for key, label in classes()} | {"": _("未定")}
    rivers = dict(live.values_list("river__code", "river__name").distinct())
    return [
        _milestones(live, now),
        _by(live, now, "各河流", "river__code", rivers),
        _by(live, now, "各排污口类型", "outfall_class", kinds),
        _by(live, now, "各镇街", "area_code", areas),
    ]


def _by(
    live: QuerySet[Any], now: datetime, title: str, path: str, names: dict[Any, str]
) -> Breakdown:
    wanted = _counts(now)
    counted = live.values(key=F(path)).annotate(**wanted)
    lines = []
    for row in sorted(counted, key=lambda row: (-row["total"], str(row["key"]))):
        done, whole = row["rectified"], row["to_rectify"]
        cells = [
            str(row[n])
            for n in ("total", "confirmed", "monitored", "traced", "dry", "to_rectify", "rectified")
        ]
        rate = percent_of(done, whole)
        key = row["key"]
        query = f"{path.removesuffix('__code')}={key}" if key not in (None, "") else ""
        lines.append(((str(names.get(key) or key or "—"), *cells, rate), query))
    return Breakdown(title, _HEADERS, tuple(lines))


def _milestones(live: QuerySet[Any], now: datetime) -> Breakdown:
    """What the campaign asks by its dates, beside what is done."""
    n, today, lines = live.aggregate(**_counts(now)), local(now).date(), []
    for row in milestones():
        traced = row["step"] == "溯源"
        done, whole = (n["traced"], n["confirmed"]) if traced else (n["rectified"], n["to_rectify"])
        real = 100 * done / whole if whole else None
        day = _day_of(row, today.year)
        lines.append((
            (
                str(row["label"]),
                f"{day:%Y-%m-%d}" if day else "—",
                f"{row['share']}%",
                f"{done} / {whole}",
                percent_of(done, whole),
                "—" if real is None else f"{real - float(row['share']):+.1f}",
            ),
            "",
        ))  # fmt: skip
    data = own_data.read(__package__, "outfall_milestones")
    return Breakdown(
        "节点", ("节点", "期限", "要求", "完成／应完成", "实际", "相差（百分点）"), tuple(lines),
        _("节点依据标记：%s") % data["mark"],
    )  # fmt: skip


# ---- register ------------------------------------------------------------------------------------


def register() -> Register:
    """The register with the list of classes in force."""
    kinds = classes()
    return Register(
        key="outfall_work", offline=True, label="排污口查测溯治", line="water", model=OutfallWork,
        workflow=workflow(), pattern="排口〔{year}〕{n}号", prepare=_prepare,
        reason=Reason("排污口", kinds=("river_outfall", "river")),
        labels={"title": "排口", "description": "情况", "area_code": "属地", "entity": "排污口"},
        columns=("number", "title", "state", "due", "river", Column("outfall_class", choices=kinds), "dry_flow",
                 "exceeds", "rectify", "deadline", "progress", "liable", "owner_organisation", "area_code",
                 "surveyed_on", "monitored_on", "traced_on"),
        filters=("state", "river", Filter("outfall_class", kind=Kind.CHOICE, choices=kinds), "dry_flow", "exceeds",
                 "rectify", "deadline", "area_code", "owner_organisation", "monitored_on", "traced_on"),
        search=("number", "title", "address", "liable", "entity__name"),
        fields=("title", Ask("entity", "排污口", to=RiverOutfall, required=True),
                "river", "owner_organisation", "trace_by", "description"),
        batch=("owner_organisation", "owner", "deadline", "trace_by"), loose=("title", "river", "description"),
        details=("river", Column("outfall_class", choices=kinds), "surveyed_on", "mouth", "rhythm", "dry_flow",
                 "surroundings", "sources", "sampleable", "quick_cod", "quick_ammonia", "quick_phosphorus",
                 "quick_ph", "flow", "monitored_on", "report_no", "exceeds", "found", "trace_by", "traced_on",
                 "trace_way", "liable", "department", "traced", "rectify", "measures", "deadline", "progress"),
        views=(View("dry", "晴天出水", {"dry_flow": "1"}), View("exceeding", "监测超标", {"exceeds": "1"})),
        measures=(
            Measure(key="dry", name="晴天出水排口数", numerator=Q(dry_flow=True) & ~Q(state="not_outfall"), unit="个",
                    higher_is_better=False),
            Measure(key="confirmed", name="已确认排口数", numerator=CONFIRMED, unit="个"),
            Measure(key="traced_ratio", name="排污口溯源率", numerator=CONFIRMED & Q(traced_on__isnull=False),
                    denominator=CONFIRMED),
            Measure(key="rectified_ratio", name="排污口整治完成率", numerator=RECTIFIED, denominator=TO_RECTIFY),
        ),
        statistics=_statistics, breakdowns=_breakdowns, edit=DESK | {Role.MONITOR}, manage=DESK | {Role.LEADER},
        empty="还没有排口。在入河排污口名录里登记或导入疑似排口，这里自动开始。",
    )  # fmt: skip


REGISTER = declare(register())
own_tables.declare(OwnTable(
    book="outfall_work", room=__package__, name="outfall_milestones", rows="milestone", label="整治节点",
    columns=(OwnColumn("label", "节点", required=True, most=40), OwnColumn("step", "环节", required=True, most=4),
             OwnColumn("until", "期限（月-日）", required=True, most=5), OwnColumn("share", "要求 %", "number")),
    changed=lambda: redeclare(register()), help="环节填“溯源”或“整治”；期限如 09-30。",
))  # fmt: skip
