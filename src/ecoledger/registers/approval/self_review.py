"""企业自行监测审核 (mechanism Q19): every firm's self-monitoring, month by month, against what its permit asks.

The month's reviews are opened for all permits at once; each lists what was wanted and what is there. A firm that lacks
something is told and answers; the month's completion is published by town.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.duty import Every, term_of
from ecoledger.entities.models import Area, Enterprise
from ecoledger.entities.validity import overlapping
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import (
    COMPLETED,
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
)
from ecoledger.registers.approval import self_results
from ecoledger.registers.approval.permit_terms import Frequency
from ecoledger.registers.approval.permits import PERMITS, Permit
from ecoledger.registers.closing import DEFAULT, REASON

REVIEWERS = frozenset({Role.MONITOR, Role.APPROVER})
HEADS = frozenset({Role.SECTION_CHIEF, Role.LEADER})


class SelfReview(Matter):
    """One firm's self-monitoring of one month."""

    class Verdict(models.TextChoices):
        PENDING = "", "待定"
        WHOLE = "whole", "完成"
        SHORT = "short", "缺测"
        LATE = "late", "补齐"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_self_review"
    )
    permit = models.ForeignKey(
        Permit, verbose_name="许可证", on_delete=models.PROTECT, null=True, blank=True, related_name="self_reviews"
    )  # fmt: skip
    month = models.DateField("月份", db_index=True, help_text="当月1日")
    wanted = models.PositiveIntegerField("应测", default=0)
    got = models.PositiveIntegerField("实测", default=0)
    missing = models.PositiveIntegerField("缺测", default=0)
    over = models.PositiveIntegerField("超标", default=0)
    rate = models.DecimalField("完成率 %", max_digits=5, decimal_places=1, null=True, blank=True)
    verdict = models.CharField(
        "审核结果", max_length=8, choices=Verdict.choices, blank=True, default=""
    )
    answer = models.TextField("企业说明", blank=True)
    conclusion = models.TextField("审核意见", blank=True)

    class Meta:
        verbose_name = "自行监测审核"


class SelfReviewLine(models.Model):
    """One requirement of the permit and what the month came to."""

    review = models.ForeignKey(SelfReview, on_delete=models.CASCADE, related_name="items")
    where = models.CharField("监测点", max_length=120)
    factor = models.CharField("污染物", max_length=60)
    frequency = models.CharField("监测频次", max_length=8, choices=Frequency.choices)
    wanted = models.PositiveIntegerField("应测")
    got = models.PositiveIntegerField("实测")
    over = models.PositiveIntegerField("超标", default=0)
    missing = models.CharField("缺测时段", max_length=200, blank=True)

    class Meta:
        verbose_name = "监测项目"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.where} {self.factor}"


def month_of(day: date) -> tuple[date, date]:
    """First and last day of a day's month."""
    term = term_of(Every.MONTH, day)
    return term.begin, term.end


def last_month(today: date) -> date:
    """The first day of the month before."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def _of_month(review: SelfReview) -> None:
    review.month = review.month.replace(day=1)


def _prepare(review: SelfReview) -> None:
    permit = review.permit
    if permit is not None:
        review.entity_id = review.entity_id or permit.pk
        review.enterprise_id = review.enterprise_id or permit.parent_id
        review.area_code = review.area_code or permit.area_code
    elif review.entity is not None:
        review.area_code = review.area_code or review.entity.area_code
        review.enterprise_id = review.enterprise_id or review.entity.pk
    name = (permit.parent or permit) if permit is not None else review.entity
    review.title = review.title or _("%(firm)s %(month)s 自行监测") % {
        "firm": name or "", "month": f"{review.month:%Y-%m}"}  # fmt: skip
    review.circulation = Circulation.ENTERPRISE


def _held(review: Any) -> tuple[str, ...]:
    """What was compared stays what it was: the items are of that permit and month."""
    return ("permit", "month") if review.items.exists() else ()


def due_in(permit: Permit, month: date) -> list[self_results.Measured]:
    """The requirements of which a term ends in the month; automatic ones always."""
    first, last = month_of(month)
    return [row for row in self_results.measured(permit, first, last) if row.wanted]


def waiting(person: Person, month: date) -> QuerySet[Any]:
    """Permits in force in the month with something to measure, of which no review of it is there."""
    there = SelfReview.objects.filter(
        permit=OuterRef("pk"), month=month.replace(day=1), withdrawn_at=None
    )
    rows = PERMITS.visible_to(person).filter(
        overlapping(*month_of(month)), monitoring__isnull=False
    )
    return rows.filter(~Exists(there)).distinct().order_by("code")


def whose(values: Mapping[str, Any]) -> dict[str, Any]:
    """The permit is what a review is about."""
    permit = values.get("permit")
    return {**values, "entity": permit} if permit is not None else dict(values)


def open_month(month: date, *, by: Person, at: datetime) -> list[Any]:
    """One review for each permit that waits; one that lacks nothing and is nowhere above its limit ends at once."""
    made = []
    for permit in waiting(by, month):
        rows = due_in(permit, month)
        if not rows:
            continue
        said = _sums(rows)
        whole = not said["missing"] and not said["over"]
        values = {
            "permit": permit, "month": month.replace(day=1), **said,
            "closed_at": at if whole else None, "verdict": SelfReview.Verdict.WHOLE if whole else SelfReview.Verdict.PENDING,
        }  # fmt: skip
        lines = [
            {"where": r.term.where, "factor": r.term.factor, "frequency": r.term.frequency, "wanted": r.wanted,
             "got": r.got, "over": r.over, "missing": r.missing[:200]}
            for r in rows
        ]  # fmt: skip
        made.append(
            actions.open_matter(
                REGISTER,
                whose(values),
                by=by,
                at=at,
                state="done" if whole else "",
                lines={"items": lines},
            )
        )
    return made


def _sums(rows: list[self_results.Measured]) -> dict[str, Any]:
    return {
        "wanted": len(rows),
        "got": sum(not row.short for row in rows),
        "missing": sum(row.short for row in rows),
        "over": sum(bool(row.over) for row in rows),
        "rate": self_results.share(rows),
    }


def _look(step: Step) -> None:
    """Compare anew with what has come in since."""
    review = step.matter
    if review.permit is None:
        raise Refused("condition", _("没有对应的许可证，不能比对。"))
    rows = due_in(review.permit, review.month)
    for name, value in _sums(rows).items():
        setattr(review, name, value)
    review.items.all().delete()
    for r in rows:
        review.items.create(
            where=r.term.where, factor=r.term.factor, frequency=r.term.frequency, wanted=r.wanted, got=r.got,
            over=r.over, missing=r.missing[:200],
        )  # fmt: skip


def _end(step: Step) -> None:
    review = step.matter
    was_told = any(e.transition == "tell" for e in review.events.all())
    if review.missing:
        review.verdict = SelfReview.Verdict.SHORT
    else:
        review.verdict = SelfReview.Verdict.LATE if was_told else SelfReview.Verdict.WHOLE


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Firm-times reviewed, complete and lacking, by their own numbers."""
    live = rows.filter(merged_into=None).order_by()
    n = live.aggregate(
        all=Count("pk"), firms=Count("enterprise", distinct=True), months=Count("month", distinct=True),
        done=Count("pk", filter=Q(phase__in=COMPLETED)),
        whole=Count("pk", filter=Q(verdict__in=("whole", "late"))), short=Count("pk", filter=Q(verdict="short")),
        high=Count("pk", filter=Q(over__gt=0)), wanted_items=Sum("wanted"), got_items=Sum("got"),
    )  # fmt: skip
    common = by_name(common_statistics(REGISTER, rows, now))
    return [
        Statistic("all", "审核家次", n["all"], "", "家次"),
        Statistic("firms", "涉及企业", n["firms"], "", "家"),
        Statistic("monthly", "月均审核", n["all"] / n["months"] if n["months"] else None, "", "家", n["all"], n["months"] or None),
        Statistic("done", "已审结", n["done"], "closed=1", "家次"),
        common["open"],
        common["overdue"],
        share("whole", "自行监测完成率", n["whole"], n["whole"] + n["short"], query="verdict=whole,late",
              note="完成和补齐的家次÷已有结果的家次"),
        Statistic("short", "缺测", n["short"], "verdict=short", "家次"),
        Statistic("over", "有超标", n["high"], "", "家次"),
        share("items", "监测项完成率", n["got_items"] or 0, n["wanted_items"] or 0, note="按监测要求计，缺一个时段即不完成"),
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """The monthly notice: each month's completion, and the newest month's by town."""
    live = rows.filter(merged_into=None).order_by()
    whole = Q(verdict__in=("whole", "late"))
    months = live.values("month").annotate(
        n=Count("pk"), whole=Count("pk", filter=whole), short=Count("pk", filter=Q(verdict="short")),
        open=Count("pk", filter=Q(phase="open")), high=Count("pk", filter=Q(over__gt=0)),
    ).order_by("-month")[:13]  # fmt: skip
    table = tuple(
        (
            (f"{row['month']:%Y-%m}", str(row["n"]), str(row["whole"]), str(row["short"]), str(row["open"]),
             str(row["high"]), _rate(row)),
            f"month_from={row['month']}&month_to={row['month']}",
        )
        for row in months
    )  # fmt: skip
    heads = ("月份", "审核家次", "完成", "缺测", "审核中", "超标", "完成率 %")
    result = [Breakdown("逐月通报", heads, table)]
    if table:
        newest = months[0]["month"]
        names = dict(Area.objects.values_list("code", "name"))
        towns = live.filter(month=newest).values("area_code").annotate(
            n=Count("pk"), whole=Count("pk", filter=whole), short=Count("pk", filter=Q(verdict="short")),
            open=Count("pk", filter=Q(phase="open")), high=Count("pk", filter=Q(over__gt=0)),
        ).order_by("area_code")  # fmt: skip
        result.append(Breakdown(
            "各镇街", ("镇街", *heads[1:]),
            tuple(
                ((names.get(row["area_code"], row["area_code"]), str(row["n"]), str(row["whole"]), str(row["short"]),
                  str(row["open"]), str(row["high"]), _rate(row)),
                 f"area_code={row['area_code']}&month_from={newest}&month_to={newest}")
                for row in towns
            ),
            _("%s 的审核") % f"{newest:%Y-%m}",
        ))  # fmt: skip
    return result


def _rate(row: dict[str, int]) -> str:
    judged = row["whole"] + row["short"]
    return f"{Decimal(100 * row['whole']) / judged:.1f}" if judged else "—"


class SelfReviews(Register):
    """Reviews lie where their permit does."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return super().open_row(whose(values), by, at, **more)


REGISTER = declare(SelfReviews(
    key="self_review", label="自行监测审核", line="approval", tab="permits", model=SelfReview,
    pattern="自测〔{year}〕{n}号", prepare=_prepare, holds_to=_of_month, settled=_held,
    follows=dict.fromkeys(("entity", "enterprise", "area_code"), ("permit",)) | {"title": ("permit", "month")},
    workflow=Workflow(
        states=(
            State("checking", "审核中", stage="审核", waits_for=REVIEWERS),
            State("told", "待企业补报", stage="补报", waits_for=frozenset({Role.ENTERPRISE})),
            State("answered", "待复核", stage="复核", waits_for=REVIEWERS),
            State("done", "审核完毕", phase=Phase.DONE),
            State("dropped", "停产免测", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("tell", "通知企业补报", ("checking", "answered"), "told", by=REVIEWERS, offers=("conclusion",),
                       shown_to_enterprise=True),
            Transition("answer", "补报说明", "told", "answered", by=frozenset({Role.ENTERPRISE}) | REVIEWERS,
                       asks=("answer",), effects=(_look,), shown_to_enterprise=True),
            Transition("look", "重新比对", ("checking", "answered"), "", by=REVIEWERS, effects=(_look,), main=False),
            Transition("end", "审核完毕", ("checking", "answered"), "done", by=REVIEWERS, asks=("conclusion",),
                       effects=(_end,), shown_to_enterprise=True),
            Transition("drop", "停产，免测", ("checking", "told", "answered"), "dropped", by=REVIEWERS, asks=(REASON,),
                       main=False),
        ),
        clocks=(
            ClockRule("check", "审核", "checking", working_days=10, basis=DEFAULT),
            ClockRule("answer", "补报", "told", working_days=5, basis=DEFAULT),
            ClockRule("recheck", "复核", "answered", working_days=5, basis=DEFAULT),
        ),
    ),
    labels={"title": "审核对象", "entity": "企业", "area_code": "属地"},
    columns=("number", "title", "month", "state", "due", "wanted", "got", "missing", "over", "rate", "verdict", "area_code"),
    filters=("state", "month", "verdict", "area_code"), search=("number", "title", "enterprise__name"),
    fields=(Ask("permit", to=Permit), "month"),
    details=("permit", "month", "wanted", "got", "missing", "over", "rate", "verdict", "answer", "conclusion"),
    views=(View("short", "缺测", {"verdict": "short"}),),
    lines=(Lines(key="items", label="监测项目", model=SelfReviewLine,
                 columns=("where", "factor", "frequency", "wanted", "got", "over", "missing")),),
    imports=Import(
        key=("entity", "month"), tells_past=True, future=(),
        columns=(Ask("entity", "企业", to=Enterprise, required=True), "month", "verdict", "missing", "over", "conclusion"),
        headers={"entity": ("企业名称", "单位名称"), "month": ("审核月份",), "verdict": ("审核情况", "完成情况"),
                 "missing": ("缺测项",), "over": ("超标项",), "conclusion": ("审核意见", "备注")},
        values={"verdict": {"已完成": "whole", "未完成": "short", "缺测": "short", "补测": "late"}},
        examples={"entity": "示例印染有限公司", "month": "2026-09-01", "verdict": "完成"},
    ),
    measures=(
        Measure(key="reviewed", name="自行监测审核家次", numerator=Q(), dated="opened_at", unit="家次"),
    ),
    statistics=statistics, breakdowns=breakdowns, edit=REVIEWERS, manage=HEADS | frozenset({Role.MONITOR}),
    map_layer=False, empty="还没有审核。在“双百审核”页开展上月的自行监测审核。",
))  # fmt: skip
