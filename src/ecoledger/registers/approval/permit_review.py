"""排污许可质量审核与执行报告审核 (mechanism P8, 双百): rules find what is wrong, the firm puts it right, the rules look again.

One review is of one permit or of one execution report. What has no fault ends at once; the rest goes back to the firm and
ends when the rules find nothing more or a person says why a finding does not hold. 双百: every permit and every report
that is there has been reviewed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.validity import day_before, overlapping
from ecoledger.listings.parts import Ask, View
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
    said,
)
from ecoledger.registers.approval import permit_rules
from ecoledger.registers.approval.permits import PERMITS, Permit
from ecoledger.registers.approval.reports import REPORTS, ExecutionReport
from ecoledger.registers.closing import DEFAULT, REASON

REVIEWERS = frozenset({Role.APPROVER, Role.OFFICER})
HEADS = frozenset({Role.SECTION_CHIEF, Role.LEADER})


def in_force(begin: date, end: date) -> Q:
    """Permits proper on some day of ``begin <= day < end``, none that had run out: registrations have no quality to
    review."""
    valid = Q(valid_until=None) | Q(valid_until__gte=begin)
    proper = ~Q(management=Permit.Management.REGISTERED)
    return overlapping(begin, day_before(end)) & valid & proper


class PermitReview(Matter):
    """The review of a permit's quality or of an execution report."""

    class Subject(models.TextChoices):
        PERMIT = "permit", "许可证质量"
        REPORT = "report", "执行报告"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_permit_review"
    )
    subject = models.CharField("审核内容", max_length=8, choices=Subject.choices, default="permit")
    permit = models.ForeignKey(
        Permit, verbose_name="许可证", on_delete=models.PROTECT, null=True, blank=True, related_name="reviews"
    )  # fmt: skip
    report = models.ForeignKey(
        ExecutionReport, verbose_name="执行报告", on_delete=models.PROTECT, null=True, blank=True,
        related_name="reviews",
    )  # fmt: skip
    year = models.PositiveSmallIntegerField("审核年度", db_index=True)
    found = models.PositiveSmallIntegerField("检出问题", default=0)
    left = models.PositiveSmallIntegerField("未改正", default=0)
    correction = models.TextField("改正情况", blank=True)
    conclusion = models.TextField("审核结论", blank=True)

    class Meta:
        verbose_name = "排污许可审核"


class ReviewFinding(models.Model):
    """One fault that a rule or a person found (问题)."""

    review = models.ForeignKey(PermitReview, on_delete=models.CASCADE, related_name="findings")
    rule = models.CharField("规则编号", max_length=40, blank=True)
    point = models.CharField("方面", max_length=40)
    label = models.CharField("审核要点", max_length=120)
    text = models.CharField("问题", max_length=300)
    dismissed = models.CharField("不成立的理由", max_length=200, blank=True)
    put_right_on = models.DateField("改正日期", null=True, blank=True)

    class Meta:
        verbose_name = "审核问题"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


def _thing(review: Any) -> Any:
    return review.report if review.subject == PermitReview.Subject.REPORT else review.permit


# What the permit says of a review.
_OF_PERMIT = ("entity", "enterprise", "area_code", "title")


def _prepare(review: PermitReview) -> None:
    """What is reviewed says whose it is; the firm reads it."""
    if review.report is not None:
        review.subject, review.permit = PermitReview.Subject.REPORT, review.report.permit
    permit = review.permit
    if permit is not None:
        review.entity_id = review.entity_id or permit.pk
        review.enterprise_id = review.enterprise_id or permit.parent_id
        review.area_code = review.area_code or permit.area_code
        called = review.report.term if review.report is not None else _("排污许可证质量审核")
        review.title = review.title or f"{permit.parent or permit} {called}"[:200]
    review.circulation = Circulation.ENTERPRISE
    if not review.year:
        review.year = timezone.localdate().year


def _held(review: Any) -> tuple[str, ...]:
    """What was reviewed stays what it was: the findings are its own."""
    return ("permit", "report") if review.permit_id else ()


def _first(review: Any) -> list[dict[str, Any]]:
    """The findings that a new review begins with."""
    thing = _thing(review)
    if thing is None:
        return []
    return [
        {"rule": fault.rule.key, "point": fault.rule.point, "label": fault.rule.label, "text": fault.text[:300]}
        for fault in permit_rules.faults(review.subject, thing)
    ]  # fmt: skip


def _count(review: Any) -> None:
    rows = list(review.findings.all())
    review.found = sum(not row.dismissed for row in rows)
    review.left = sum(not row.dismissed and row.put_right_on is None for row in rows)


def look_again(review: Any, day: date) -> None:
    """Ask the rules anew: what they find no more was put right, what is new is added, what was dismissed stays so."""
    thing = _thing(review)
    now = {(f.rule.key, f.text[:300]): f for f in permit_rules.faults(review.subject, thing)}
    for row in review.findings.exclude(rule=""):
        still = now.pop((row.rule, row.text), None)
        on = None if still is not None else row.put_right_on or day
        if on != row.put_right_on:
            row.put_right_on = on
            row.save(update_fields=["put_right_on"])
    for fault in now.values():
        review.findings.create(
            rule=fault.rule.key,
            point=fault.rule.point,
            label=fault.rule.label,
            text=fault.text[:300],
        )
    _count(review)


def _look(step: Step) -> None:
    look_again(step.matter, timezone.localdate(step.at))


def _send_back(step: Step) -> None:
    _count(step.matter)
    if not step.matter.left:
        raise Refused("condition", _("没有须改正的问题。"), _("请直接通过。"))


def _pass(step: Step) -> None:
    """Nothing is left: what the rules still find is dismissed with a reason, and what a person wrote is put right."""
    look_again(step.matter, timezone.localdate(step.at))
    if step.matter.left:
        left = [
            row.text for row in step.matter.findings.filter(dismissed="", put_right_on=None)[:3]
        ]
        raise Refused("condition", _("还有 %(n)d 个问题没有改正：%(what)s。") % {
            "n": step.matter.left, "what": "；".join(left)}, _("请改正后再审，或写明不成立的理由。"))  # fmt: skip


def whose(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is reviewed says whose it is: the permit is what the matter is about, and its holder's firm reads it."""
    report, permit = values.get("report"), values.get("permit")
    permit = report.permit if report is not None else permit
    return {**values, "permit": permit, "entity": permit} if permit is not None else dict(values)


def open_reviews(
    things: Iterable[Permit | ExecutionReport], year: int, *, by: Person, at: datetime
) -> list[Any]:
    """A review of each; one in which the rules find nothing ends at once, its conclusion saying so."""
    made = []
    for thing in things:
        is_report = isinstance(thing, ExecutionReport)
        subject = PermitReview.Subject.REPORT if is_report else PermitReview.Subject.PERMIT
        values: dict[str, Any] = {
            "subject": subject, "year": year, "report" if is_report else "permit": thing,
        }  # fmt: skip
        found = permit_rules.faults(subject, thing)
        if not found:
            values |= {"conclusion": _("规则逐条核查，没有检出问题。"), "closed_at": at}
        review = actions.open_matter(
            REGISTER, whose(values), by=by, at=at, state="" if found else "passed",
            lines={"findings": _rows(found)},
        )  # fmt: skip
        if found:
            actions.amend(
                review.pk, {"found": len(found), "left": len(found)},
                event="checked", label=_("规则检出"), by=None, at=at,
            )  # fmt: skip
        made.append(review)
    return made


def _rows(faults: list[permit_rules.Fault]) -> list[dict[str, Any]]:
    return [
        {"rule": f.rule.key, "point": f.rule.point, "label": f.rule.label, "text": f.text[:300]}
        for f in faults
    ]


def waiting_permits(person: Person, year: int) -> QuerySet[Any]:
    """Permits in force in the year that the person may see and no review of it has looked at."""
    reviewed = PermitReview.objects.filter(
        permit=OuterRef("pk"), subject="permit", year=year, withdrawn_at=None
    )
    there = in_force(date(year, 1, 1), date(year + 1, 1, 1))
    return PERMITS.visible_to(person).filter(there, ~Exists(reviewed)).order_by("code")


def waiting_reports(person: Person, year: int) -> QuerySet[Any]:
    """Reports of terms of the year without a review."""
    reviewed = PermitReview.objects.filter(report=OuterRef("pk"), withdrawn_at=None)
    return REPORTS.visible_to(person).filter(~Exists(reviewed), year=year).order_by("pk")


# ---- figures -------------------------------------------------------------------------------------


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """双百 and what was found, put right and dismissed."""
    live = rows.filter(merged_into=None).order_by()
    n = live.aggregate(
        permits=Count("permit", filter=Q(subject="permit"), distinct=True),
        reports=Count("report", filter=Q(subject="report"), distinct=True),
        clean=Count("pk", filter=Q(found=0)),
        all=Count("pk"),
        done=Count("pk", filter=Q(phase__in=COMPLETED)),
    )
    findings = ReviewFinding.objects.filter(review__in=live.values("pk"))
    f = findings.aggregate(
        found=Count("pk", filter=Q(dismissed="")),
        right=Count("pk", filter=Q(dismissed="") & ~Q(put_right_on=None)),
        let_go=Count("pk", filter=~Q(dismissed="")),
    )
    common = by_name(common_statistics(REGISTER, rows, now))
    return [
        Statistic("permits", "审核许可证", n["permits"], "subject=permit", "张"),
        Statistic("reports", "审核执行报告", n["reports"], "subject=report", "份"),
        common["open"],
        common["overdue"],
        share("clean", "一次合格率", n["clean"], n["all"], query="found=0", note="没有检出问题的÷全部审核"),
        Statistic("found", "检出问题", f["found"], "", "个"),
        share("right", "问题改正率", f["right"], f["found"]),
        Statistic("dismissed", "核实不成立", f["let_go"], "", "个"),
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """By which rule faults were found, the most frequent first."""
    found = ReviewFinding.objects.filter(review__in=rows.order_by().values("pk"), dismissed="")
    counted = found.values("point", "label").annotate(
        n=Count("pk"), right=Count("pk", filter=~Q(put_right_on=None)), firms=Count("review", distinct=True)
    )  # fmt: skip
    table = tuple(
        ((row["point"], row["label"], str(row["firms"]), str(row["n"]), str(row["right"])), "")
        for row in sorted(counted, key=lambda row: (-row["n"], row["label"]))
    )
    return [Breakdown("问题分布", ("方面", "审核要点", "涉及审核", "问题", "已改正"), table)]


class PermitReviews(Register):
    """Reviews lie where their permit does."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return super().open_row(whose(values), by, at, **more)


REGISTER = declare(PermitReviews(
    key="permit_review", label="排污许可审核", line="approval", tab="permits", model=PermitReview,
    pattern="许可审核〔{year}〕{n}号", prepare=_prepare, follows=dict.fromkeys(_OF_PERMIT, ("permit", "report")),
    settled=_held,
    workflow=Workflow(
        states=(
            State("checking", "审核中", stage="审核", waits_for=REVIEWERS),
            State("correcting", "待企业改正", stage="改正", waits_for=frozenset({Role.ENTERPRISE})),
            State("rechecking", "待复核", stage="复核", waits_for=REVIEWERS),
            State("passed", "审核通过", phase=Phase.DONE),
            State("dropped", "不再审核", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("send_back", "退回改正", ("checking", "rechecking"), "correcting", by=REVIEWERS,
                       offers=("conclusion",), effects=(_send_back,), shown_to_enterprise=True),
            Transition("correct", "已改正", "correcting", "rechecking", by=frozenset({Role.ENTERPRISE}) | REVIEWERS,
                       asks=("correction",), effects=(_look,), shown_to_enterprise=True),
            Transition("look", "重新核查", ("checking", "rechecking"), "", by=REVIEWERS, effects=(_look,), main=False),
            Transition("pass", "通过", ("checking", "rechecking"), "passed", by=REVIEWERS, asks=("conclusion",),
                       effects=(_pass,), shown_to_enterprise=True),
            Transition("drop", "不再审核", ("checking", "correcting", "rechecking"), "dropped", by=HEADS, asks=(REASON,),
                       main=False, danger=True),
            Transition("reopen", "重新审核", "passed", "checking", by=REVIEWERS | HEADS, asks=(said("why", "发现的问题"),),
                       effects=(_look,), main=False),
        ),
        clocks=(
            ClockRule("check", "审核", "checking", working_days=10, basis=DEFAULT),
            ClockRule("correct", "改正", "correcting", working_days=20, basis=DEFAULT, extensions=(10,)),
            ClockRule("recheck", "复核", "rechecking", working_days=5, basis=DEFAULT),
        ),
    ),
    labels={"title": "审核对象", "entity": "许可证", "area_code": "属地"},
    columns=("number", "title", "subject", "state", "due", "year", "found", "left", "area_code", "closed_at"),
    filters=("state", "subject", "year", "area_code", "found", "left"), search=("number", "title", "enterprise__name"),
    fields=(Ask("permit", to=Permit), Ask("report", to=ExecutionReport), "year"),
    details=("subject", "permit", "report", "year", "found", "left", "correction", "conclusion"),
    views=(View("permit", "许可证质量", {"subject": "permit"}), View("report", "执行报告", {"subject": "report"})),
    lines=(Lines(key="findings", label="审核问题", model=ReviewFinding,
                 columns=("point", "label", "text", "dismissed", "put_right_on", Ask("rule", required=False)),
                 first=_first),),
    measures=(
        Measure(key="passed", name="排污许可审核通过", numerator=Q(phase__in=COMPLETED), dated="closed_at"),
    ),
    statistics=statistics, breakdowns=breakdowns, edit=REVIEWERS, manage=HEADS | frozenset({Role.APPROVER}),
    map_layer=False, empty="还没有审核。在“双百审核”页对许可证和执行报告逐件开展。",
))  # fmt: skip
