"""登记表备案核查 (mechanism P3): filings drawn at random, checked against what was built, cancelled where they do not hold.

The draw takes filings that were ended in a span and that no check has looked at; its seed is kept, so that anybody draws the
same again (``standards.drawing``). A filing of a wrong category, or of a project that needs another document, is cancelled
in its own case.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
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
from ecoledger.registers.approval.cases import CASES, ApprovalCase
from ecoledger.registers.approval.items import Kind
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.standards import drawing

CHECKERS = frozenset({Role.APPROVER, Role.OFFICER})
HEADS = frozenset({Role.SECTION_CHIEF, Role.LEADER})


class FilingCheck(Matter):
    """The check of one filed registration form."""

    class Result(models.TextChoices):
        PENDING = "", "未核查"
        TRUE = "true", "符合"
        CATEGORY = "category", "类别不符，应编报告书或报告表"
        FALSE = "false", "内容不实"
        NOT_BUILT = "not_built", "未建设或已停建"
        EXEMPT = "exempt", "豁免，无须备案"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_filing_check"
    )
    case = models.ForeignKey(
        ApprovalCase, verbose_name="备案件", on_delete=models.PROTECT, null=True, blank=True, related_name="filing_checks"
    )  # fmt: skip
    filing_no = models.CharField("备案号", max_length=80, blank=True, db_index=True)
    round = models.CharField("核查批次", max_length=60, db_index=True)
    seed = models.CharField("随机种子", max_length=64, blank=True)
    result = models.CharField(
        "核查结果", max_length=10, choices=Result.choices, blank=True, default=""
    )
    checked_on = models.DateField("核查日期", null=True, blank=True)
    findings = models.TextField("核查情况", blank=True)
    cancelled_on = models.DateField("撤销日期", null=True, blank=True)

    class Meta:
        verbose_name = "登记表核查"


# What a filing does not survive: it was filed as what it is not.
CANCELS = (FilingCheck.Result.CATEGORY, FilingCheck.Result.FALSE, FilingCheck.Result.EXEMPT)


def _prepare(check: FilingCheck) -> None:
    case = check.case
    if case is None:
        return
    check.filing_no = check.filing_no or case.decision_no or case.number
    check.area_code = check.area_code or case.area_code
    check.title = check.title or case.title
    if check.entity_id is None and case.entity_id is not None:
        check.entity_id, check.enterprise_id = case.entity_id, case.enterprise_id
    check.circulation = Circulation.STAFF


def _check(step: Step) -> None:
    """What was found; anything but 符合 says what."""
    form = step.form
    if form["result"] != FilingCheck.Result.TRUE and not (form.get("findings") or "").strip():
        raise Refused("form", _("核查不符合的须写明情况。"), "", {"findings": [_("请填写")]})


def _may_be_cancelled(check: Any) -> str:
    return "" if check.result in CANCELS else _("只有类别不符、内容不实或豁免的可以撤销。")


def _fits(check: Any) -> str:
    return _("该备案应予撤销，不能按核查完毕办结。") if check.result in CANCELS else ""


def _cancel(step: Step) -> None:
    """The filing itself is cancelled, in its own case, by the same hand."""
    check = step.matter
    check.cancelled_on = timezone.localdate(step.at)
    if check.case is not None and check.case.state == "done":
        actions.perform(
            check.case.pk,
            "cancel",
            by=step.person,
            form={"reason": step.form["reason"]},
            at=step.at,
        )


def waiting(person: Person, first: date, last: date) -> QuerySet[Any]:
    """Filings ended in a span that the person may see and no check has looked at."""
    looked = FilingCheck.objects.filter(case=OuterRef("pk"), withdrawn_at=None)
    rows = CASES.visible_to(person).filter(
        kind=Kind.FILING, phase__in=COMPLETED, merged_into=None, decided_on__range=(first, last)
    )
    return rows.filter(~Exists(looked))


def whose(values: Mapping[str, Any]) -> dict[str, Any]:
    """A check is about what its filing is about, and lies there."""
    case = values.get("case")
    if case is None:
        return dict(values)
    there = {"title": case.title, "area_code": case.area_code, "entity": case.entity}
    return {**there, **{name: value for name, value in values.items() if value}}


@transaction.atomic
def draw(
    round_: str,
    count: int,
    first: date,
    last: date,
    *,
    by: Person,
    seed: str = "",
    at: datetime | None = None,
) -> list[Any]:
    """Draw ``count`` filings of a span into a round; the seed stands at each check and on the trail."""
    at = at or timezone.now()
    if not by.has_role(*HEADS, *CHECKERS):
        raise Refused("role", _("登记表由审批、执法人员或科长抽取。"))
    pool = {case.number: case for case in waiting(by, first, last)}
    if not round_.strip() or not 0 < count <= len(pool):
        raise Refused(
            "form", _("请填写批次和 1—%d 之间的件数。") % len(pool), "", {"count": [_("请核对")]}
        )
    seed = seed or secrets.token_hex(16)
    order = drawing.order([drawing.Candidate(number, "", "filing") for number in pool], seed)
    drawn = [pool[candidate.code] for candidate in order[:count]]
    audit.record(by, "filing_check.draw", details={
        "round": round_, "seed": seed, "of": sorted(pool), "drawn": [case.number for case in drawn]})  # fmt: skip
    return [
        actions.open_matter(
            REGISTER, whose({"case": case, "round": round_.strip(), "seed": seed}), by=by, at=at, origin_matter=case
        )
        for case in drawn
    ]  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """How many were checked, how many cancelled."""
    live = rows.filter(merged_into=None).order_by()
    n = live.aggregate(
        drawn=Count("pk"), looked=Count("pk", filter=~Q(result="")), gone=Count("pk", filter=Q(state="cancelled")),
        fit=Count("pk", filter=Q(result="true")), wrong=Count("pk", filter=Q(result="category")),
    )  # fmt: skip
    common = by_name(common_statistics(REGISTER, rows, now))
    return [
        Statistic("drawn", "抽取备案", n["drawn"]),
        Statistic("checked", "核查备案", n["looked"], "result=true,category,false,not_built,exempt"),
        Statistic("cancelled", "撤销备案", n["gone"], "state=cancelled"),
        share("fit", "备案符合率", n["fit"], n["looked"], query="result=true"),
        Statistic("category", "类别不符", n["wrong"], "result=category"),
        common["open"],
        common["overdue"],
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """Round by round, with the seed that anybody can draw by again."""
    counted = rows.filter(merged_into=None).order_by().values("round", "seed").annotate(
        n=Count("pk"), looked=Count("pk", filter=~Q(result="")), gone=Count("pk", filter=Q(state="cancelled"))
    )  # fmt: skip
    table = tuple(
        (
            (row["round"], str(row["n"]), str(row["looked"]), str(row["gone"]), row["seed"] or "—"),
            f"round={row['round']}",
        )
        for row in sorted(counted, key=lambda row: str(row["round"]))
    )
    return [
        Breakdown(
            "各批次",
            ("批次", "抽取", "已核查", "撤销", "随机种子"),
            table,
            "同一名单和种子可重新抽取，结果相同。",
        )
    ]


class FilingChecks(Register):
    """Checks lie where their filing does."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return super().open_row(whose(values), by, at, **more)


REGISTER = declare(FilingChecks(
    key="filing_check", label="登记表核查", line="approval", tab="checks", model=FilingCheck, pattern="备核〔{year}〕{n}号",
    prepare=_prepare,
    workflow=Workflow(
        states=(
            State("drawn", "待核查", stage="核查", waits_for=CHECKERS),
            State("checked", "待处理", stage="处理", waits_for=CHECKERS | HEADS),
            State("kept", "核查完毕", phase=Phase.DONE),
            State("cancelled", "已撤销备案", phase=Phase.DONE),
            State("dropped", "不再核查", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("check", "登记核查结果", "drawn", "checked", by=CHECKERS, asks=("result", "checked_on"),
                       offers=("findings",), effects=(_check,)),
            Transition("keep", "核查完毕", "checked", "kept", by=CHECKERS | HEADS, when=_fits),
            Transition("cancel", "撤销备案", "checked", "cancelled", by=frozenset({Role.APPROVER}) | HEADS, asks=(REASON,),
                       when=_may_be_cancelled, other_person_than=("check",), effects=(_cancel,), danger=True),
            Transition("again", "重新核查", ("checked", "kept"), "drawn", by=CHECKERS | HEADS, asks=(REASON,), main=False,
                       sets={"result": ""}),
            Transition("drop", "不再核查", "drawn", "dropped", by=HEADS, asks=(REASON,), main=False, danger=True),
        ),
        clocks=(ClockRule("check", "核查", "drawn", working_days=20, basis=DEFAULT, extensions=(10,)),
                ClockRule("decide", "处理", "checked", working_days=10, basis=DEFAULT)),
    ),
    labels={"title": "项目", "entity": "建设单位", "area_code": "属地"},
    columns=("number", "title", "filing_no", "round", "state", "due", "result", "checked_on", "cancelled_on", "area_code"),
    filters=("state", "round", "result", "area_code", "checked_on"), search=("number", "title", "filing_no", "round"),
    fields=(Ask("case", among="approval_case"), "round", Ask("title", required=False),
            Ask("area_code", required=False), "filing_no"),
    details=("case", "filing_no", "round", "seed", "result", "checked_on", "findings", "cancelled_on"),
    views=(View("cancelled", "已撤销", {"state": "cancelled"}),),
    imports=Import(
        key=("filing_no", "round"), tells_past=True, future=(),
        columns=("title", "filing_no", "round", "area_code", "result", "checked_on", "findings"),
        headers={"title": ("项目名称",), "filing_no": ("备案编号",), "round": ("批次",), "result": ("核查结论",),
                 "checked_on": ("核查时间",), "findings": ("存在问题",)},
        values={"result": {"合格": "true", "类别不符": "category", "不实": "false", "未建设": "not_built", "豁免": "exempt"}},
        examples={"title": "某汽修店", "filing_no": "202699010100000001", "round": "2026年上半年", "area_code": "北镇",
                  "result": "符合", "checked_on": "2026-06-01"},
    ),
    statistics=statistics, breakdowns=breakdowns, edit=CHECKERS | HEADS, manage=HEADS | frozenset({Role.APPROVER}),
    map_layer=False, empty="还没有核查。在“登记表抽取”页抽取一批已备案的登记表。",
))  # fmt: skip
