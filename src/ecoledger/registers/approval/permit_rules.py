"""What is checked of permits and execution reports (mechanism P8): rules as data, each carried out by one named check.

A rule of ``permit_rules.toml`` names its ``check`` below and gives it a field and a number; which rules hold, how they are
worded and to which point they count is the bureau's to say. What a check cannot know it does not find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from ecoledger.entities.models import Enterprise, Outlet
from ecoledger.entities.validity import in_force
from ecoledger.listings import own_data, own_files
from ecoledger.listings.derive import field_at
from ecoledger.monitoring.models import Limit
from ecoledger.monitoring.points import limits, parameters
from ecoledger.registers.approval.permit_terms import OFTEN, Frequency, PermitAmount
from ecoledger.registers.approval.permits import Permit
from ecoledger.registers.approval.reports import SECTIONS, ExecutionReport, data, terms_over
from ecoledger.registers.approval.self_results import SelfResult, shortfalls
from ecoledger.standards import identifiers
from ecoledger.standards.time_limits import add_months

PERMIT, REPORT = "permit", "report"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``point``: to what it counts; ``check``: how it is asked; ``field`` and ``number``: its parameters."""

    key: str
    label: str
    subject: str
    point: str
    check: str
    field: str
    number: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule found, and where."""

    rule: Rule
    text: str


Check = Callable[[Any, Rule], Iterable[str]]
_checks: dict[str, tuple[str, Check]] = {}


def check(subject: str) -> Callable[[Check], Check]:
    """Declare a check of permits or of reports, by its own name."""

    def known(asked: Check) -> Check:
        _checks[asked.__name__.removeprefix("_")] = (subject, asked)
        return asked

    return known


def rules(subject: str) -> list[Rule]:
    """The rules in force for a subject, in their order."""
    return [
        Rule(r["key"], r["label"], r["subject"], r["point"], r["check"], str(r["field"]), int(r["number"]))
        for r in own_data.read(__package__, "permit_rules")["rule"]
        if r["subject"] == subject and r["active"] and r["check"] in _checks
    ]  # fmt: skip


def faults(subject: str, thing: Any) -> list[Fault]:
    """What the rules in force find of a permit or a report."""
    return [
        Fault(rule, text) for rule in rules(subject) for text in _checks[rule.check][1](thing, rule)
    ]


def wrong(said: dict[str, Any]) -> list[str]:
    """Rules that name no check, or one of another subject; keys that stand twice."""
    found, seen = [], set()
    for row in said["rule"]:
        subject = _checks.get(str(row.get("check")), ("", None))[0]
        if subject != row.get("subject"):
            found.append(_("规则“%(label)s”：没有这样的查法 %(check)s") % {
                "label": row.get("label"), "check": row.get("check")})  # fmt: skip
        if row.get("key") in seen:
            found.append(_("规则编号 %s 重复") % row.get("key"))
        seen.add(row.get("key"))
    return found


own_files.declare(
    own_files.Rules(__package__, "permit_rules", "排污许可与执行报告审核规则", wrong=wrong)
)


# ---- permits -------------------------------------------------------------------------------------


def outlets(permit: Permit) -> list[Outlet]:
    """The outlets of the permit's holder that are in use."""
    rows = Outlet.objects.filter(in_force(), parent=permit.parent_id)
    return list(rows.order_by("number"))


def limits_of(permit: Permit, on: date | None = None) -> dict[int, list[Limit]]:
    """The limits in force on a day (today), by outlet."""
    by_outlet: dict[int, list[Limit]] = {}
    rows = Limit.objects.filter(in_force(on), entity__parent=permit.parent_id)
    for limit in rows.select_related("entity"):
        by_outlet.setdefault(limit.entity_id or 0, []).append(limit)
    return by_outlet


def factor_name(limit: Limit) -> str:
    """What the factor of a limit is called."""
    if limit.entity is None:
        return limit.parameter
    try:
        return parameters.parameter(limit.parameter, limits.kind_at(limit.entity)).name
    except KeyError:
        return limit.parameter


@check(PERMIT)
def _filled(permit: Permit, rule: Rule) -> Iterable[str]:
    if hasattr(permit, rule.field) and not getattr(permit, rule.field):
        label = field_at(Permit, rule.field).verbose_name
        yield _("“%s”没有填写") % _(str(label))


@check(PERMIT)
def _number(permit: Permit, rule: Rule) -> Iterable[str]:
    read = identifiers.parse_permit_number(permit.permit_no)
    if not read.ok:
        yield "；".join(problem.text for problem in read.problems)
        return
    firm = Enterprise.objects.filter(children=permit.pk).first()
    if firm is not None and firm.uscc and read.credit_code and firm.uscc != read.credit_code:
        yield _("编号前18位 %(own)s 与企业信用代码 %(firm)s 不一致") % {
            "own": read.credit_code, "firm": firm.uscc}  # fmt: skip


@check(PERMIT)
def _validity(permit: Permit, rule: Rule) -> Iterable[str]:
    if permit.management == Permit.Management.REGISTERED:
        return
    if permit.valid_from is None or permit.valid_until is None:
        yield _("没有有效期")
    elif permit.valid_until > add_months(permit.valid_from, 12 * rule.number):
        yield _("有效期 %(a)s 至 %(b)s，超过 %(n)d 年") % {
            "a": permit.valid_from, "b": permit.valid_until, "n": rule.number}  # fmt: skip


@check(PERMIT)
def _outlets(permit: Permit, rule: Rule) -> Iterable[str]:
    if permit.management != Permit.Management.REGISTERED and not outlets(permit):
        yield _("没有登记排放口")


@check(PERMIT)
def _limits(permit: Permit, rule: Rule) -> Iterable[str]:
    held = limits_of(permit)
    for outlet in outlets(permit):
        if outlet.pk not in held:
            yield _("排放口 %s 没有许可浓度限值") % outlet.number


@check(PERMIT)
def _amounts(permit: Permit, rule: Rule) -> Iterable[str]:
    if permit.management == Permit.Management.KEY and not permit.amounts.exists():
        yield _("没有许可年排放量")


@check(PERMIT)
def _monitoring(permit: Permit, rule: Rule) -> Iterable[str]:
    asked = set(permit.monitoring.values_list("outlet", flat=True))
    for outlet in outlets(permit):
        if outlet.pk not in asked:
            yield _("排放口 %s 没有自行监测要求") % outlet.number


@check(PERMIT)
def _frequency(permit: Permit, rule: Rule) -> Iterable[str]:
    if permit.management != Permit.Management.KEY or rule.field not in Frequency.values:
        return
    least = OFTEN[Frequency(rule.field)]
    for term in permit.monitoring.exclude(outlet=None).select_related("outlet"):
        if OFTEN[Frequency(term.frequency)] > least:
            yield _("%(what)s 为%(own)s，低于%(least)s") % {
                "what": term, "own": _(str(term.get_frequency_display())),
                "least": _(str(Frequency(rule.field).label)),
            }  # fmt: skip


@check(PERMIT)
def _factors(permit: Permit, rule: Rule) -> Iterable[str]:
    asked: dict[int, set[str]] = {}
    for term in permit.monitoring.exclude(outlet=None):
        asked.setdefault(term.outlet_id or 0, set()).add(term.factor)
    for outlet, held in limits_of(permit).items():
        if outlet not in asked:
            continue  # told as an outlet without monitoring
        for name in sorted({factor_name(limit) for limit in held} - asked[outlet]):
            number = held[0].entity.code.rsplit("-", 1)[-1] if held[0].entity else ""
            yield _("排放口 %(outlet)s 的“%(factor)s”有限值，自行监测没有同名污染物") % {
                "outlet": number, "factor": name}  # fmt: skip


@check(PERMIT)
def _ledgers(permit: Permit, rule: Rule) -> Iterable[str]:
    if permit.management == Permit.Management.REGISTERED:
        return
    rows = list(permit.ledgers.all())
    there = {row.sort for row in rows}
    labels = dict(permit.ledgers.model.Sort.choices)
    lacking = [sort for sort in rule.field.split(",") if sort and sort not in there]
    if lacking:
        yield _("缺少台账要求：%s") % "、".join(_(str(labels.get(s, s))) for s in lacking)
    for row in rows:
        if row.kept_years < rule.number:
            yield _("%(what)s 保存 %(n)d 年，少于 %(least)d 年") % {
                "what": row, "n": row.kept_years, "least": rule.number}  # fmt: skip


@check(PERMIT)
def _reporting(permit: Permit, rule: Rule) -> Iterable[str]:
    if permit.management == Permit.Management.KEY and not (
        permit.report_quarter and permit.report_year
    ):
        yield _("重点管理单位没有要求季报和年报")


# ---- reports -------------------------------------------------------------------------------------


@check(REPORT)
def _in_time(report: ExecutionReport, rule: Rule) -> Iterable[str]:
    if report.late:
        yield _("%(day)s 提交，期限 %(due)s") % {"day": report.submitted_on, "due": report.due}


@check(REPORT)
def _sections(report: ExecutionReport, rule: Rule) -> Iterable[str]:
    needed = ("emission",) if report.period == "quarter" else SECTIONS
    labels = {row["key"]: row["label"] for row in data()["section"]}
    lacking = [_(str(labels.get(key, key))) for key in needed if not getattr(report, key)]
    if lacking:
        yield _("缺少内容：%s") % "、".join(lacking)


@check(REPORT)
def _explained(report: ExecutionReport, rule: Rule) -> Iterable[str]:
    if report.exceeded and not report.explanation.strip():
        yield _("报告有超标或异常，没有说明")


def _measured(report: ExecutionReport) -> Any:
    begin, end = report.span
    return SelfResult.objects.filter(term__permit=report.permit_id, on__range=(begin, end))


@check(REPORT)
def _told(report: ExecutionReport, rule: Rule) -> Iterable[str]:
    over = [result for result in _measured(report).select_related("term__outlet") if result.over]
    if over and not report.exceeded:
        yield _("自行监测有 %(n)d 个超标（如 %(what)s %(on)s），报告为没有超标") % {
            "n": len(over), "what": over[0].term, "on": over[0].on}  # fmt: skip


def _allowed(report: ExecutionReport) -> dict[str, Decimal]:
    """What may be emitted in the report's year, by pollutant; of several rows the year's own."""
    rows = PermitAmount.objects.filter(Q(year=None) | Q(year=report.year), permit=report.permit_id)
    return {row.pollutant: row.tonnes for row in rows.order_by("year", "pk")}


@check(REPORT)
def _amounts_given(report: ExecutionReport, rule: Rule) -> Iterable[str]:
    given = set(report.amounts.values_list("pollutant", flat=True))
    lacking = [name for name in _allowed(report) if name not in given]
    if lacking:
        yield _("没有报实际排放量：%s") % "、".join(lacking)


@check(REPORT)
def _amounts_within(report: ExecutionReport, rule: Rule) -> Iterable[str]:
    """Quarters are added up over the year so far."""
    allowed = _allowed(report)
    for name, tonnes in _so_far(report).items():
        if name in allowed and tonnes > allowed[name]:
            yield _("%(what)s 累计排放 %(own)s t，超过许可 %(law)s t/a") % {
                "what": name, "own": f"{tonnes:f}".rstrip("0").rstrip("."),
                "law": f"{allowed[name]:f}".rstrip("0").rstrip("."),
            }  # fmt: skip


def _so_far(report: ExecutionReport) -> dict[str, Decimal]:
    same = ExecutionReport.objects.filter(
        permit=report.permit_id, year=report.year, period=report.period, number__lte=report.number
    )
    total: dict[str, Decimal] = {}
    for paper in same.prefetch_related("amounts"):
        for amount in paper.amounts.all():
            total[amount.pollutant] = total.get(amount.pollutant, Decimal(0)) + amount.tonnes
    return total


@check(REPORT)
def _names(report: ExecutionReport, rule: Rule) -> Iterable[str]:
    allowed = _allowed(report)
    for amount in report.amounts.all():
        if allowed and amount.pollutant not in allowed:
            yield _("“%s”不在许可排放量的污染物之中，请核对名称") % amount.pollutant


@check(REPORT)
def _monitored(report: ExecutionReport, rule: Rule) -> Iterable[str]:
    begin, end = report.span
    for fall in shortfalls(report.permit, begin, end):
        yield _("%(what)s：应测 %(wanted)d 次，实测 %(got)d 次") % {
            "what": fall.term, "wanted": fall.wanted, "got": fall.got}  # fmt: skip


def unreported(permit: Permit, year: int, today: date | None = None) -> list[str]:
    """The reports of a year that are past their day and not there, as they are called."""
    there = set(permit.reports.filter(year=year).values_list("period", "number"))
    return [
        ExecutionReport(permit=permit, period=period, year=year, number=n).term
        for period, n in terms_over(permit, year, today)
        if (period, n) not in there
    ]
