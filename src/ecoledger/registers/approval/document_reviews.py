"""环评文件复核 (mechanism P4): each document scored item by item, its faults told to the agency, points given, published.

The items and their full marks are data (``eia_quality.toml``). What is taken off needs its fault. Points of discredit are
given with their clause, told, answered and decided by another person (部令9 第33至35条).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Avg, Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import (
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
)
from ecoledger.registers.approval.agencies import EiaAgency, rules, stars_of
from ecoledger.registers.approval.cases import ApprovalCase
from ecoledger.registers.closing import DEFAULT, REASON

REVIEWERS = frozenset({Role.APPROVER})
HEADS = frozenset({Role.SECTION_CHIEF, Role.LEADER})


class DocumentReview(Matter):
    """The review of one assessment document."""

    class Fault(models.TextChoices):
        NONE = "", "无"
        CRITICISM = "criticism", "第26条 通报批评"
        PENALTY = "penalty", "第27条 处罚"
        DISCREDIT = "discredit", "第32条 失信行为"

    class Sort(models.TextChoices):
        REPORT = "report", "报告书"
        FORM = "form", "报告表"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_document_review"
    )
    agency = models.ForeignKey(
        EiaAgency, verbose_name="编制单位", on_delete=models.PROTECT, related_name="reviews", null=True
    )  # fmt: skip
    case = models.ForeignKey(
        ApprovalCase, verbose_name="审批办件", on_delete=models.PROTECT, null=True, blank=True, related_name="document_reviews"
    )  # fmt: skip
    year = models.PositiveSmallIntegerField("复核年度", db_index=True)
    sort = models.CharField("文件类别", max_length=8, choices=Sort.choices, default=Sort.FORM)
    engineer = models.CharField("编制主持人", max_length=60, blank=True)
    engineer_no = models.CharField("主持人信用编号", max_length=40, blank=True)
    experts = models.CharField("复核专家", max_length=200, blank=True)
    score = models.DecimalField("得分", max_digits=5, decimal_places=1, null=True, blank=True)
    fault = models.CharField(
        "问题性质", max_length=10, choices=Fault.choices, blank=True, default=""
    )
    clause = models.CharField("条款", max_length=120, blank=True)
    points = models.PositiveSmallIntegerField("失信记分", default=0)
    opinion = models.TextField("复核意见", blank=True)
    statement = models.TextField("编制单位申辩", blank=True)
    decided_on = models.DateField("决定日期", null=True, blank=True)

    class Meta:
        verbose_name = "环评文件复核"


class DocumentMark(models.Model):
    """One item of the sheet."""

    review = models.ForeignKey(DocumentReview, on_delete=models.CASCADE, related_name="marks")
    name = models.CharField("复核项目", max_length=80)
    full = models.DecimalField("满分", max_digits=5, decimal_places=1)
    score = models.DecimalField("得分", max_digits=5, decimal_places=1, null=True, blank=True)
    fault = models.CharField("扣分问题", max_length=300, blank=True)

    class Meta:
        verbose_name = "复核项目"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


def _sheet(_review: Any) -> list[dict[str, Any]]:
    return [{"name": item["label"], "full": str(item["full"])} for item in rules()["item"]]


def _prepare(review: DocumentReview) -> None:
    if not review.year:
        review.year = timezone.localdate().year
    if review.case is not None:
        review.title = review.title or review.case.title
        review.area_code = review.area_code or review.case.area_code


def _score(step: Step) -> None:
    """Every item has its marks, and what is taken off its fault."""
    review = step.matter
    marks = list(review.marks.all())
    wrong = [m.name for m in marks if m.score is None or not 0 <= m.score <= m.full]
    if wrong or not marks:
        raise Refused("form", _("这些项目没有评分或超出满分：%s。") % "、".join(wrong[:5]))
    full, total = Decimal(str(rules()["full"])), sum((m.full for m in marks), Decimal(0))
    if total != full:
        raise Refused("form", _("各项满分合计 %(n)s，应为 %(full)s") % {"n": total, "full": full})
    silent = [m.name for m in marks if m.score < m.full and not m.fault.strip()]
    if silent:
        raise Refused("form", _("扣分没有写问题：%s。") % "、".join(silent[:5]))
    review.score = sum((m.score for m in marks), Decimal(0))
    step.form["score"] = str(review.score)


def _points(step: Step) -> None:
    """Points go with a clause; without points there is none."""
    review = step.matter
    if review.points and not (review.fault and review.clause.strip()):
        raise Refused("form", _("记分须写明问题性质和条款。"), "", {"clause": [_("请填写")]})


def _told(step: Step) -> None:
    """What is told is what will be decided: its points with their clause."""
    if why := _has_points(step.matter):
        raise Refused("form", why, "", {"points": [why]})
    _points(step)


def _decide(step: Step) -> None:
    step.matter.decided_on = timezone.localdate(step.at)


def _has_no_points(review: Any) -> str:
    return _("有失信记分，须先告知编制单位。") if review.points else ""


def _has_points(review: Any) -> str:
    return "" if review.points else _("没有失信记分，不必告知。")


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Agencies and documents of the rows, their mean, and points given."""
    live = rows.filter(merged_into=None).order_by()
    scored = Q(score__isnull=False)
    n = live.aggregate(
        documents=Count("pk", filter=scored), agencies=Count("agency", filter=scored, distinct=True), mean=Avg("score"),
        books=Count("pk", filter=scored & Q(sort="report")), forms=Count("pk", filter=scored & Q(sort="form")),
        pointed=Count("pk", filter=Q(points__gt=0)), total=Sum("points"), good=Count("pk", filter=Q(score__gte=60)),
    )  # fmt: skip
    common = by_name(common_statistics(REGISTER, rows, now))
    return [
        Statistic("agencies", "考核环评机构", n["agencies"], "", "家"),
        Statistic("documents", "复核环评文件", n["documents"], "", "份"),
        Statistic("reports", "报告书", n["books"], "sort=report&score_from=0", "份"),
        Statistic("forms", "报告表", n["forms"], "sort=form&score_from=0", "份"),
        Statistic("mean", "平均分", None if n["mean"] is None else float(n["mean"]), "", "分"),
        share("passed", "合格率", n["good"], n["documents"], note="60分以上÷已复核"),
        Statistic("pointed", "失信记分", n["pointed"], "fault=criticism,penalty,discredit", "份"),
        Statistic("points", "记分合计", n["total"] or 0, "", "分"),
        common["open"],
        common["overdue"],
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """By agency; then the items on which most is lost."""
    scored = rows.filter(merged_into=None, score__isnull=False).order_by()
    said = rules()
    by_agency = scored.values("agency", "agency__name").annotate(
        n=Count("pk"), mean=Avg("score"), total=Sum("points")
    )
    table = tuple(
        ((row["agency__name"] or "—", str(row["n"]), f"{row['mean']:.1f}", str(row["total"] or 0),
          stars_of(Decimal(str(row["mean"])), said)), f"agency={row['agency'] or ''}&score_from=0")
        for row in sorted(by_agency, key=lambda row: (-row["mean"], row["agency__name"] or ""))
    )  # fmt: skip
    lost = DocumentMark.objects.filter(review__in=scored.values("pk"), score__lt=models.F("full"))
    items = lost.values("name").annotate(
        n=Count("pk"), off=Sum(models.F("full") - models.F("score"))
    )
    losses = tuple(
        ((row["name"], str(row["n"]), f"{row['off']:.1f}"), "")
        for row in sorted(items, key=lambda row: -row["off"])
    )
    return [
        Breakdown("各编制单位", ("编制单位", "文件", "平均分", "记分", "星级"), table),
        Breakdown("失分项目", ("复核项目", "文件", "失分合计"), losses),
    ]


REGISTER = declare(Register(
    key="document_review", label="环评文件复核", line="approval", tab="checks", model=DocumentReview,
    pattern="环评复核〔{year}〕{n}号", prepare=_prepare,
    workflow=Workflow(
        states=(
            State("scoring", "复核中", stage="复核", waits_for=REVIEWERS),
            State("scored", "待处理", stage="处理", waits_for=REVIEWERS),
            State("told", "待申辩", stage="告知", waits_for=REVIEWERS),
            State("done", "复核完毕", phase=Phase.DONE),
            State("dropped", "不再复核", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("score", "评分完毕", "scoring", "scored", by=REVIEWERS, asks=("opinion",),
                       offers=("experts", "fault", "clause", "points"), effects=(_score, _points)),
            Transition("keep", "无记分，办结", "scored", "done", by=REVIEWERS | HEADS, when=_has_no_points, effects=(_decide,)),
            Transition("tell", "告知拟记分", "scored", "told", by=REVIEWERS, when=_has_points, asks=("fault", "clause", "points"),
                       takes_over=("fault", "clause", "points"), effects=(_told,)),
            Transition("decide", "作出记分决定", "told", "done", by=HEADS, offers=("statement",),
                       other_person_than=("score", "tell"), effects=(_decide,),
                       help="按告知的性质、条款和分值记分；申辩成立须改变的，请“重新复核”后再告知。"),
            Transition("again", "重新复核", ("scored", "told"), "scoring", by=REVIEWERS | HEADS, asks=(REASON,), main=False),
            Transition("drop", "不再复核", "scoring", "dropped", by=HEADS, asks=(REASON,), main=False, danger=True),
        ),
        clocks=(ClockRule("score", "复核", "scoring", working_days=20, basis=DEFAULT),
                ClockRule("tell", "处理", "scored", working_days=5, basis=DEFAULT),
                ClockRule("state", "申辩", "told", working_days=5, basis="部令第9号")),
    ),
    labels={"title": "环评文件", "area_code": "属地"},
    columns=("number", "title", "agency", "sort", "state", "due", "year", "score", "fault", "points", "area_code"),
    filters=("state", "year", "sort", "fault", "agency", "score", "area_code"), search=("number", "title", "agency__name", "engineer"),
    fields=("title", "agency", Ask("case", among="approval_case"), "year", "sort", "area_code", "engineer", "engineer_no",
            "experts"),
    details=("agency", "case", "year", "sort", "engineer", "engineer_no", "experts", "score", "fault", "clause", "points",
             "opinion", "statement", "decided_on"),
    lines=(Lines(key="marks", label="复核项目", model=DocumentMark, columns=("name", "full", "score", "fault"), first=_sheet),),
    views=(View("pointed", "有记分", {"fault": "criticism,penalty,discredit"}),),
    imports=Import(
        key=("title", "year"), tells_past=True, future=(),
        columns=("title", "agency", "year", "sort", "area_code", "engineer", "score", "fault", "clause", "points", "opinion"),
        headers={"title": ("项目名称", "文件名称"), "agency": ("环评机构", "环评单位"), "year": ("年度",), "score": ("分数", "总分"),
                 "points": ("记分",), "opinion": ("存在问题",)},
        values={"sort": {"书": "report", "表": "form", "环评报告书": "report", "环评报告表": "form"}},
        examples={"title": "某塑胶项目报告表", "agency": "示例环境科技有限公司", "year": "2026", "sort": "报告表",
                  "area_code": "北镇", "score": "86"},
    ),
    statistics=statistics, breakdowns=breakdowns, edit=REVIEWERS | HEADS, manage=HEADS | REVIEWERS, map_layer=False,
    empty="还没有复核。登记一份环评文件，逐项评分。",
))  # fmt: skip
