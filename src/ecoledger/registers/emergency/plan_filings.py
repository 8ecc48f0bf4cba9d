"""应急预案备案 (mechanism E11): a plan is written, reviewed, signed, filed with its five papers, and looked at again.

编制 → 已评审 → 已签署 → 已报送 → 已备案 → 回顾到期 → 修订. A plan is filed within 20 working days of its signature and
checked within 5 (环发〔2015〕4号); three years on it is due again, and its firm is told 90 days before. What the filing
number looks like, the papers and the years are data (``data/plan_filing.toml``).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data
from ecoledger.listings.lookups import NoSuchRow, lookup_for
from ecoledger.listings.parts import Ask, Import, Kind, TableRow, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, notices
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Circulation, Matter, Notice, NumberSeries, Urgency
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.emergency import risk_grade
from ecoledger.standards.percent import percent_of
from ecoledger.standards.time_limits import add_months

DESK = frozenset({Role.DISPATCHER, Role.OFFICER, Role.APPROVER, Role.SECTION_CHIEF})
FIRM = frozenset({Role.ENTERPRISE, Role.TOWN}) | DESK
# States in which a plan is on file.
ON_FILE = ("filed", "due")
TOLD = noop("%(number)s 应急预案须在 %(due)s 前回顾性评估并修订备案")


class PlanFiling(Matter):
    """The emergency plan of one firm, park or authority, through its editions."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_plan_filing"
    )

    class Sort(models.TextChoices):
        FIRM = "firm", "企事业单位预案"
        PARK = "park", "园区预案"
        GOVERNMENT = "government", "政府预案"
        RADIATION = "radiation", "辐射事故预案"

    class Risk(models.TextChoices):
        NORMAL = "L", "一般"
        SERIOUS = "M", "较大"
        MAJOR = "H", "重大"

    class Around(models.TextChoices):
        E1 = "E1", "E1"
        E2 = "E2", "E2"
        E3 = "E3", "E3"

    _AMOUNT = {"max_digits": 10, "decimal_places": 3, "null": True, "blank": True,
               "validators": [MinValueValidator(0)]}  # fmt: skip
    sort = models.CharField("预案类别", max_length=12, choices=Sort.choices, default=Sort.FIRM)
    risk = models.CharField("风险级别", max_length=2, choices=Risk.choices, db_index=True)
    regions = models.BooleanField("跨区域", default=False)
    air_amount = models.DecimalField("大气 Q 值", **_AMOUNT)  # type: ignore[arg-type]
    air_process = models.PositiveSmallIntegerField("大气 M 分值", null=True, blank=True)
    air_around = models.CharField(
        "大气环境敏感程度", max_length=2, choices=Around.choices, blank=True
    )
    water_amount = models.DecimalField("水 Q 值", **_AMOUNT)  # type: ignore[arg-type]
    water_process = models.PositiveSmallIntegerField("水 M 分值", null=True, blank=True)
    water_around = models.CharField(
        "水环境敏感程度", max_length=2, choices=Around.choices, blank=True
    )
    punished = models.BooleanField("近三年受过处罚", default=False)
    # What follows from the figures, written as the method wants it; what was declared stands in ``risk``.
    reckoned = models.CharField("按分级方法计算", max_length=120, blank=True, editable=False)
    reviewed_on = models.DateField("评审日期", null=True, blank=True)
    signed_on = models.DateField("签署日期", null=True, blank=True)
    signed_by = models.CharField("预案签署人", max_length=40, blank=True)
    contact = models.CharField("联系人及电话", max_length=80, blank=True)
    filing_no = models.CharField("备案编号", max_length=40, blank=True, db_index=True)
    filed_on = models.DateField("备案日期", null=True, blank=True)
    kept_on = models.DateField("回顾评估日期", null=True, blank=True, editable=False)
    review_due = models.DateField(
        "应回顾评估日", null=True, blank=True, db_index=True, editable=False
    )
    edition = models.PositiveSmallIntegerField("版次", default=1, editable=False)

    class Meta:
        verbose_name = "应急预案备案"

    @property
    def differs(self) -> bool:
        """Whether the declared grade is not the one that follows from its own figures."""
        return bool(self.reckoned) and not self.reckoned.startswith(self.get_risk_display())


class PlanPaper(models.Model):
    """One of the papers that are filed with a plan."""

    filing = models.ForeignKey(PlanFiling, on_delete=models.CASCADE, related_name="papers")
    name = models.CharField("文件", max_length=60)
    there = models.BooleanField("齐全", default=False)
    note = models.CharField("说明", max_length=120, blank=True)

    class Meta:
        verbose_name = "备案文件"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


def rules() -> dict[str, Any]:
    """Papers, years and number as the bureau's file, or the shipped one, has them."""
    return own_data.read(__package__, "plan_filing")


def _media(filing: PlanFiling) -> tuple[risk_grade.Medium, ...]:
    return (
        risk_grade.Medium("大气", filing.air_amount, filing.air_process, filing.air_around),
        risk_grade.Medium("水", filing.water_amount, filing.water_process, filing.water_around),
    )


def _tidy(filing: PlanFiling) -> None:
    filing.reckoned = risk_grade.of_firm(_media(filing), punished=filing.punished)[1]
    begun = filing.kept_on or filing.filed_on
    filing.review_due = begun and add_months(begun, 12 * int(rules()["review_years"]))


def _prepare(filing: PlanFiling) -> None:
    filing.circulation = Circulation.ENTERPRISE
    _tidy(filing)


def _papers(_filing: Any) -> list[dict[str, Any]]:
    return [{"name": name} for name in rules()["papers"]]


def _lacking(filing: Any) -> str:
    """Which papers are not there, all of them: of those that are due, and of what was listed beside."""
    listed = dict(filing.papers.values_list("name", "there"))
    lacking = [
        name for name in dict.fromkeys((*rules()["papers"], *listed)) if not listed.get(name)
    ]
    return _("备案文件不齐：%s。") % _("、").join(lacking) if lacking else ""


# ---- steps ---------------------------------------------------------------------------------------


def filing_number(filing: PlanFiling, on: date) -> str:
    """The next number of the county and year; the series is locked, and numbers brought in by tables are left out."""
    county = filing.area_code[:6]
    NumberSeries.objects.get_or_create(series=f"plan_filing {county}", year=on.year)
    series = NumberSeries.objects.select_for_update().get(
        series=f"plan_filing {county}", year=on.year
    )
    region = "T" if filing.regions else ""
    while True:
        series.last += 1
        number = str(rules()["number"]).format(
            county=county, year=on.year, n=series.last, risk=filing.risk, region=region
        )
        # The serial is the county's, whatever the risk: 001-L stands in the way of 001-M.
        start = number.removesuffix(f"{filing.risk}{region}")
        if not PlanFiling.objects.filter(filing_no__startswith=start).exists():
            series.save()
            return number


def _put_on_file(step: Step) -> None:
    filing = step.matter
    filing.filed_on = filing.filed_on or timezone.localdate(step.at)
    if filing.signed_on and filing.filed_on < filing.signed_on:
        why = _("备案日期早于签署日期 %s。") % f"{filing.signed_on:%Y-%m-%d}"
        raise Refused("form", why, _("请核对日期。"), {"filed_on": [why]})
    filing.filing_no = filing.filing_no.strip() or filing_number(filing, filing.filed_on)
    twin = PlanFiling.objects.filter(filing_no=filing.filing_no).exclude(pk=filing.pk).first()
    if twin is not None:
        why = _("备案编号 %(no)s 已用于%(title)s。") % {"no": filing.filing_no, "title": twin.title}
        raise Refused("form", why, _("请核对编号。"), {"filing_no": [why]})


def _begin_again(step: Step) -> None:
    """A revised plan is a further edition: its dates, number and papers are to be said anew; the old stand in the events."""
    filing = step.matter
    filing.edition += 1
    for name in ("reviewed_on", "signed_on", "filed_on", "kept_on"):
        setattr(filing, name, None)
    filing.filing_no = ""
    filing.papers.update(there=False)


def _keep_on(step: Step) -> None:
    """Looked at again and nothing to change: three more years from today."""
    step.matter.kept_on = timezone.localdate(step.at)


_WHY_REVISED = said("reason", "修订原因", Kind.CHOICE, choices=(
    ("expired", "满三年"), ("risk", "环境风险发生重大变化"), ("chain", "应急管理组织指挥体系与职责变化"),
    ("measures", "应急措施或资源发生重大变化"), ("drill", "实际应对或演练发现问题"), ("other", "其他"),
))  # fmt: skip

WORKFLOW = Workflow(
    states=(
        State("drafting", "编制", stage="编制", waits_for=FIRM),
        State("reviewed", "已评审，待签署", stage="编制", waits_for=FIRM),
        State("signed", "已签署，待报送", stage="报送", waits_for=FIRM),
        State("sent", "已报送，待核对", stage="备案", waits_for=DESK),
        State("correcting", "待补正", stage="备案", waits_for=FIRM),
        State("filed", "已备案", phase=Phase.DONE),
        State("due", "回顾到期", stage="回顾", waits_for=FIRM),
        State("dropped", "不需备案", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("review", "评审通过", "drafting", "reviewed", by=FIRM, asks=("reviewed_on",),
                   offers=(said("opinion", "评审意见"),), evidence=1, shown_to_enterprise=True),
        Transition("sign", "签署发布", "reviewed", "signed", by=FIRM, asks=("signed_on", "signed_by"),
                   shown_to_enterprise=True),
        Transition("send", "报送备案", "signed", "sent", by=FIRM, when=_lacking, shown_to_enterprise=True,
                   help="签署之日起 20 个工作日内报送；五份文件在“备案文件”里逐项填报。"),
        Transition("file", "予以备案", "sent", "filed", by=DESK, when=_lacking,
                   offers=("filing_no", "filed_on"), effects=(_put_on_file,), shown_to_enterprise=True,
                   help="编号留空则按县区、年度、风险级别自动编。"),
        Transition("ask_correction", "一次性告知补正", "sent", "correcting", by=DESK, asks=(REASON,), main=False,
                   shown_to_enterprise=True),
        Transition("correct", "补正后再报", "correcting", "sent", by=FIRM, when=_lacking, shown_to_enterprise=True),
        Transition("fall_due", "满期，须回顾评估", "filed", "due", automatic=True),
        Transition("keep", "回顾评估，无需修订", "due", "filed", by=FIRM, asks=(said("finding", "评估结论"),),
                   evidence=1, effects=(_keep_on,), shown_to_enterprise=True),
        Transition("revise", "修订", ON_FILE, "drafting", by=FIRM, asks=(_WHY_REVISED,), effects=(_begin_again,),
                   main=False, shown_to_enterprise=True),
        Transition("drop", "不需备案", ("drafting", "reviewed", "signed", "due"), "dropped", by=DESK, asks=(REASON,),
                   main=False, danger=True),
    ),
    clocks=(
        ClockRule("send", "报送备案", "signed", working_days=20, counted_from="signed_on", basis="环发〔2015〕4号"),
        ClockRule("check", "核对备案文件", "sent", working_days=5, basis="环发〔2015〕4号"),
        ClockRule("revise", "回顾评估修订", "due", days=90, basis=DEFAULT),
    ),
)  # fmt: skip


# ---- every day -----------------------------------------------------------------------------------


def watch_terms(now: datetime) -> int:
    """Tell of plans that are due soon, once each; those whose three years are over fall due."""
    today = timezone.localdate(now)
    on_file = PlanFiling.objects.filter(state="filed", withdrawn_at=None, merged_into=None)
    over = on_file.filter(review_due__lte=today)
    count = 0
    for filing in over:
        actions.perform(filing.pk, "fall_due", by=None, at=now)
        count += 1
    soon = today + timedelta(days=int(rules()["remind_days"]))
    near = on_file.filter(review_due__gt=today, review_due__lte=soon)
    for filing in near:
        text = TOLD % {"number": filing.number, "due": f"{filing.review_due:%Y-%m-%d}"}
        if Notice.objects.filter(matter_id=filing.pk, text=text).exists():
            continue
        notices.tell(_told(filing), text, matter=filing, urgency=Urgency.SOON, at=now)
        count += 1
    return count


def _told(filing: PlanFiling) -> list[Any]:
    """The firm's own people and the bureau's desk."""
    from ecoledger.accounts import grants

    people = notices.people_with((Role.DISPATCHER, Role.OFFICER), filing.area_code)
    if filing.enterprise is not None:
        people += grants.people_with((Role.ENTERPRISE,)).filter(
            organisation__entity_code=filing.enterprise.code
        )
    return people


# ---- figures -------------------------------------------------------------------------------------


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    today = timezone.localdate(now)
    soon = today + timedelta(days=int(rules()["remind_days"]))
    owed, filed = ~Q(state="dropped"), Q(state__in=ON_FILE)
    n = rows.filter(merged_into=None).aggregate(
        owed=Count("pk", filter=owed),
        filed=Count("pk", filter=filed),
        firms=Count("entity", filter=filed & Q(sort=PlanFiling.Sort.FIRM), distinct=True),
        due=Count("pk", filter=Q(state="due")),
        soon=Count("pk", filter=Q(state="filed", review_due__range=(today, soon))),
    )
    common = by_name(common_statistics(FILINGS, rows, now))
    return [
        Statistic("firms", "备案企业", n["firms"], "state=filed,due&sort=firm", "家"),
        share("filed", "预案备案率", n["filed"], n["owed"], query="state=filed,due", note="已备案÷应备案（不含不需备案的）"),
        Statistic("soon", "临近回顾评估", n["soon"],
                  f"state=filed&review_due_from={today}&review_due_to={soon}", note="90 日内满三年"),
        Statistic("due", "回顾到期未修订", n["due"], "state=due"),
        *(common[name] for name in ("open", "overdue", "on_time")),
    ]  # fmt: skip


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """By risk: how many owe a plan, have it on file, and are due again."""
    counted = {
        row["risk"]: row
        for row in rows.filter(~Q(state="dropped"), merged_into=None)
        .order_by()
        .values("risk")
        .annotate(
            n=Count("pk"),
            filed=Count("pk", filter=Q(state__in=ON_FILE)),
            due=Count("pk", filter=Q(state="due")),
        )
    }
    return [
        Breakdown(
            "各风险级别",
            ("风险级别", "应备案", "已备案", "备案率", "回顾到期"),
            tuple(
                (
                    (
                        _(str(label)),
                        str(row["n"]),
                        str(row["filed"]),
                        percent_of(row["filed"], row["n"]),
                        str(row["due"]),
                    ),
                    f"risk={key}",
                )
                for key, label in PlanFiling.Risk.choices
                if (row := counted.get(key))
            ),
        )
    ]


# ---- the register --------------------------------------------------------------------------------


def _read(row: TableRow) -> None:
    """A plan with its filing day is on file already: a fact of the past, from its own number."""
    filed = str(row.values.get("filed_on") or "")
    if filed and not row.values.get("closed_at"):
        row.values["closed_at"] = filed[:10] + " 00:00"
    if firm := row.texts.get("entity", "").strip():
        row.values["title"] = row.values.get("title") or _("%s突发环境事件应急预案") % firm
        row.values["area_code"] = row.values.get("area_code") or row.look_up(firm, _area_of)


def _area_of(firm: str) -> str:
    """Where a firm lies; "" where its name is not on record, which its own column says."""
    try:
        return str(lookup_for(Enterprise).resolve(firm, None).area_code)
    except NoSuchRow:
        return ""


FILINGS = declare(Register(
    key="emergency_plan", label="应急预案备案", line="emergency", model=PlanFiling, workflow=WORKFLOW,
    pattern="预案〔{year}〕{n}号", prepare=_prepare, tidy=_tidy, daily=watch_terms, tab="permits",
    labels={"title": "预案名称", "entity": "单位", "area_code": "属地"},
    columns=("number", "title", "entity", "sort", "risk", "filing_no", "filed_on", "review_due", "state", "due",
             "area_code"),
    filters=("state", "sort", "risk", "area_code", "filed_on", "review_due"),
    search=("number", "title", "entity__name", "filing_no"),
    fields=("title", Ask("entity", to=Enterprise, required=False), Ask("area_code", required=False, help="留空为企业属地"),
            "sort", "risk", "regions",
            "air_amount", "air_process", "air_around", "water_amount", "water_process", "water_around", "punished",
            "contact"),
    details=("sort", "risk", "reckoned", "punished", "regions", "edition", "reviewed_on", "signed_on", "signed_by",
             "filing_no", "filed_on", "kept_on", "review_due", "contact"),
    lines=(Lines(key="papers", label="备案文件", model=PlanPaper, columns=("name", "there", "note"), first=_papers,
                 by_step=True),),
    views=(View("due_again", "回顾到期", {"state": "due"}, "due"), View("major", "重大风险", {"risk": "H"})),
    imports=Import(
        key=("filing_no",), tells_past=True, read=_read, instead={"title": "entity"},
        columns=("title", Ask("entity", to=Enterprise, required=False), Ask("area_code", required=False), "sort", "risk", "regions",
                 "signed_on", "signed_by", "filing_no", "filed_on", "contact"),
        headers={"title": ("预案",), "entity": ("单位名称", "企业名称"), "risk": ("风险等级", "企业环境风险等级"),
                 "filing_no": ("备案号",), "filed_on": ("备案时间",), "signed_on": ("发布日期",),
                 "contact": ("联系人",), "sort": ("类别",)},
        values={"risk": {"一般环境风险": "L", "较大环境风险": "M", "重大环境风险": "H"}},
        examples={"title": "示例化工突发环境事件应急预案", "entity": "示例化工有限公司", "risk": "较大",
                  "filing_no": "990101-2026-001-M", "filed_on": "2026-03-01"},
    ),
    measures=(
        Measure(key="filed", name="应急预案已备案", numerator=Q(state__in=ON_FILE), unit="份"),
        Measure(key="filed_ratio", name="应急预案备案率", numerator=Q(state__in=ON_FILE),
                denominator=~Q(state="dropped")),
    ),
    statistics=_statistics, breakdowns=_breakdowns, edit=FIRM, manage=DESK,
    empty="还没有应急预案。导入已备案预案的清单，或登记一份新编的预案。",
))  # fmt: skip
