"""案卷评查 (mechanism E5): case files drawn at random, scored item by item, their defects put right.

A score is 50 for legality (any major defect: 0) + 50 × Σ scores ÷ Σ full scores of the items that apply − deductions
for the papers (评查2024). An item that a case does not need is left out of the denominator; a needed paper that
lacks scores 0.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import models
from django.db.models import Avg, Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.matters import actions
from ecoledger.matters.actions import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT
from ecoledger.registers.enforcement import unread, vetoes
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.registers.enforcement.rules import rules
from ecoledger.standards import drawing

REVIEWERS = frozenset({Role.LEGAL, Role.OFFICER})
DRAWERS = CAPABILITIES["draw_case_files"]
MOST_OFF = 20


class FileReview(Matter):
    """The review of one case's file."""

    class Grade(models.TextChoices):
        GOOD = "good", "优秀"
        PASSED = "passed", "合格"
        FAILED = "failed", "不合格"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_file_review"
    )
    case = models.ForeignKey(
        PenaltyCase,
        verbose_name="案件",
        on_delete=models.PROTECT,
        null=True,
        related_name="reviews",
    )
    round = models.CharField("评查批次", max_length=60)
    seen = models.TextField("机器检出", blank=True)
    unread = models.TextField("机器没有读的材料", blank=True)
    major = models.TextField("重大缺陷", blank=True)
    overruled = models.TextField("机器检出不成立的理由", blank=True)
    off = models.DecimalField("卷面扣分", max_digits=4, decimal_places=1, default=0)
    score = models.DecimalField("得分", max_digits=5, decimal_places=1, null=True, blank=True)
    grade = models.CharField("等次", max_length=8, choices=Grade.choices, blank=True)
    improvement = models.TextField("整改情况", blank=True)

    class Meta:
        verbose_name = "案卷评查"


class ReviewItem(models.Model):
    """One item of the score sheet."""

    review = models.ForeignKey(FileReview, on_delete=models.CASCADE, related_name="items")
    name = models.CharField("评查项目", max_length=60)
    full = models.DecimalField("满分", max_digits=4, decimal_places=1)
    needed = models.BooleanField("需评", default=False)
    score = models.DecimalField("得分", max_digits=4, decimal_places=1, null=True, blank=True)
    defect = models.CharField("缺陷", max_length=300, blank=True)

    class Meta:
        verbose_name = "评查项目"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


def total(items: list[Any], off: Decimal, *, major: bool) -> Decimal:
    """The score of a file, to one digit."""
    needed = [i for i in items if i.needed]
    full = sum((i.full for i in needed), Decimal(0))
    got = sum((i.score or Decimal(0) for i in needed), Decimal(0))
    part = 50 * got / full if full else Decimal(0)
    legality = Decimal(0) if major else Decimal(50)
    return max(Decimal(0), legality + part - min(off, Decimal(MOST_OFF))).quantize(
        Decimal("0.1"), ROUND_HALF_UP
    )


def _score(step: Step) -> None:
    review = step.matter
    items = list(review.items.all())
    wrong = [i.name for i in items if i.needed and (i.score is None or not 0 <= i.score <= i.full)]
    if wrong:
        raise Refused("form", _("这些项目没有评分或超出满分：%s。") % "、".join(wrong[:5]))
    silent = [i.name for i in items if i.needed and i.score < i.full and not i.defect]
    if silent:
        raise Refused("form", _("扣分没有写缺陷：%s。") % "、".join(silent[:5]))
    # What the machine sees is either a major defect or said not to be one; it is not passed over.
    _look(review)
    if review.seen and not review.major.strip() and not review.overruled.strip():
        raise Refused(
            "form",
            _("机器检出：%s") % review.seen.replace("\n", ""),
            _("请列为重大缺陷，或写明不成立的理由。"),
            {"major": [_("请核对")]},
        )
    review.off = review.off or Decimal(0)
    review.score = total(items, review.off, major=bool(review.major.strip()))
    grades = rules("file_review")["grades"]
    reached = [g for g in grades if review.score >= g["least"]]
    review.grade = reached[0]["key"] if reached else FileReview.Grade.FAILED
    step.form["score"] = str(review.score)


def _papers(review: Any) -> list[dict[str, Any]]:
    """The items with their full marks, and whether the case needs them."""
    case = review.case
    if case is None:
        return []
    daily = case.kind == PenaltyCase.Kind.DAILY
    rows = []
    for item in rules("file_review")["items"]:
        full = item["daily"] if daily else item["general"]
        if not full:
            continue
        when = item.get("when", "")
        needed = not when or bool(getattr(case, when))
        rows.append({"name": item["label"], "full": str(full), "needed": "on" if needed else ""})
    return rows


def draw(round_: str, count: int, *, by: Person, at: datetime | None = None) -> list[Any]:
    """Draw decided cases that no review of this round has, by the system's random source; one review each."""
    at = at or timezone.now()
    if not by.has_role(*DRAWERS):
        raise Refused("role", _("案卷由法制审核人员或局领导抽取。"))
    rows = PenaltyCase.objects.filter(
        decided_on__isnull=False, withdrawn_at=None, merged_into=None
    ).exclude(reviews__round=round_)
    pool = {
        case.number: case
        for case in rows
        if any(case.area_code.startswith(code) for code in by.area_codes)
    }
    if not round_.strip() or not 0 < count <= len(pool):
        raise Refused(
            "form", _("请填写批次和 1—%d 之间的件数。") % len(pool), "", {"count": [_("请核对")]}
        )
    seed = secrets.token_hex(16)
    order = drawing.order([drawing.Candidate(n, "", "case") for n in pool], seed)
    drawn = [pool[c.code] for c in order[:count]]
    audit.record(
        by,
        "file_review.draw",
        details={
            "round": round_,
            "seed": seed,
            "of": sorted(pool),
            "drawn": [c.number for c in drawn],
        },
    )
    made = []
    for case in drawn:
        values = {"title": f"{case.number} {case.title}"[:200], "case": case, "round": round_,
                  "area_code": case.area_code, "entity": case.entity}  # fmt: skip
        made.append(actions.open_matter(REGISTER, values, by=by, at=at, origin_matter=case))
    return made


def _prepare(review: FileReview) -> None:
    review.circulation = Circulation.RESTRICTED
    _look(review)


def _look(review: Any) -> None:
    """What a machine sees in the file now, and which pieces it did not read."""
    if review.case is not None:
        review.seen = "\n".join(vetoes.of(review.case))
        review.unread = "\n".join(unread.of(review.case))


def _figures(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.order_by().aggregate(
        all=Count("pk"),
        scored=Count("pk", filter=Q(score__isnull=False)),
        good=Count("pk", filter=Q(grade="good")),
        failed=Count("pk", filter=Q(grade="failed")),
        mean=Avg("score"),
    )
    return [
        Statistic("drawn", "抽取案卷", n["all"], "", unit="件"),
        Statistic("scored", "已评查", n["scored"], "state=improving,done", unit="件"),
        Statistic("mean", "平均分", None if n["mean"] is None else float(n["mean"]), unit="分"),
        share("good", "优秀率", n["good"], n["scored"], query="grade=good"),
        Statistic("failed", "不合格", n["failed"], "grade=failed"),
    ]


REGISTER = declare(Register(
    key="file_review", label="案卷评查", line="enforcement", tab="checks", model=FileReview, pattern="评查〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("scoring", "评查中", stage="评查", waits_for=REVIEWERS),
            State("improving", "待整改", stage="整改", waits_for=frozenset({Role.OFFICER})),
            State("done", "办结", phase=Phase.DONE),
        ),
        transitions=(
            Transition("score", "评查完毕", "scoring", "improving", by=REVIEWERS, offers=("off", "major", "overruled"),
                       effects=(_score,)),
            Transition("improve", "整改完毕", "improving", "done", by=frozenset({Role.OFFICER}),
                       asks=("improvement",)),
            Transition("score_again", "重新评查", "improving", "scoring", by=REVIEWERS, main=False),
        ),
        clocks=(ClockRule("score", "评查", "scoring", working_days=15, basis=DEFAULT),
                ClockRule("improve", "整改", "improving", working_days=20, basis=DEFAULT)),
    ),
    labels={"title": "案卷", "area_code": "属地"},
    columns=("number", "title", "case", "round", "state", "due", "score", "grade"),
    filters=("state", "round", "grade", "area_code", "opened_at"), search=("number", "title", "round"),
    fields=("case", "round", "title", "area_code"),
    details=("case", "round", "seen", "unread", "major", "overruled", "off", "score", "grade", "improvement"),
    lines=(Lines(key="items", label="评查项目", model=ReviewItem,
                 columns=("name", "full", "needed", "score", "defect"), first=_papers, follows=("case",)),),
    edit=DRAWERS, manage=frozenset({Role.LEGAL, Role.LEADER, Role.OFFICER}),
    circle=CAPABILITIES["see_undecided_penalties"], prepare=_prepare, statistics=_figures, map_layer=False,
    empty=noop("还没有评查。在“案卷抽取”页抽取一批已决定的案卷。"),
))  # fmt: skip
