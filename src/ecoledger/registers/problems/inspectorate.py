"""督察信访件整改 (mechanism T7): batches as the inspectorate hands them over, letters with duplicates linked, verdict,
daily report upward, closing on evidence and one file a case (一案一档).

Rounds set their own time for the first answer (central 10 days, some provinces 7): a bureau writes it into
``profile/matters.toml`` under ``clocks.inspectorate_letter.feedback``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.listings import asked
from ecoledger.listings.catalogue import declare as declare_list
from ecoledger.listings.cells import area_name
from ecoledger.listings.fields import CodesField
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Column, Import, Kind, View
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import all_but, by_name, common_statistics, share
from ecoledger.matters.workflow import (
    COMPLETED,
    NOW,
    ClockRule,
    Phase,
    State,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON, Closing
from ecoledger.registers.problems.problem_ledger import completion


class InspectorateBatch(models.Model):
    """One batch of letters as the inspectorate handed it over, with how many came to the whole region."""

    area_code = AreaCodeField("属地")
    round = models.CharField("督察轮次", max_length=60, blank=True)
    number = models.PositiveSmallIntegerField("批次", db_index=True)
    received_on = models.DateField("交办日期", db_index=True)
    total = models.PositiveIntegerField("全部件数")
    calls = models.PositiveIntegerField("来电", null=True, blank=True)
    letters = models.PositiveIntegerField("来信", null=True, blank=True)
    watched = models.PositiveIntegerField("重点关注件", null=True, blank=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "督察交办批次"
        ordering = ["-received_on", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["area_code", "round", "number"], name="one_batch_of_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.round}第{self.number}批"

    @property
    def ours(self) -> int:
        """How many of its letters are here."""
        rows = InspectorateLetter.objects.filter(withdrawn_at=None, batch_no=self.number)
        return rows.filter(area_code__startswith=self.area_code, round=self.round).count()


class InspectorateLetter(Matter):
    """One letter or call that the inspectorate handed over (督察信访件)."""

    class Kind(models.TextChoices):
        WATER = "water", "水"
        AIR = "air", "大气"
        SOIL = "soil", "土壤"
        ECOLOGY = "ecology", "生态"
        NOISE = "noise", "噪声"
        SEA = "sea", "海洋"
        RADIATION = "radiation", "辐射"
        WASTE = "waste", "固废"
        OTHER = "other", "其他"

    class Verdict(models.TextChoices):
        TRUE = "true", "属实"
        PARTLY = "partly", "部分属实"
        MOSTLY = "mostly", "基本属实"
        UNFOUNDED = "unfounded", "不属实"

    class Finish(models.TextChoices):
        DONE = "done", "已办结"
        STAGE = "stage", "阶段性办结"
        OPEN = "open", "未办结"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_inspectorate_letter"
    )
    sort_no = models.CharField("原始排序编码", max_length=40, blank=True)
    letter_no = models.CharField("受理编号", max_length=60, blank=True, db_index=True)
    round = models.CharField("督察轮次", max_length=60, blank=True)
    batch_no = models.PositiveSmallIntegerField("批次", null=True, blank=True, db_index=True)
    kinds = CodesField("污染类型", choices=Kind.choices)
    trade = models.CharField("行业", max_length=40, blank=True)
    key_item = models.BooleanField("重点件", default=False)
    verdict = models.CharField("是否属实", max_length=10, choices=Verdict.choices, blank=True)
    findings = models.TextField("调查核实情况", blank=True)
    goal = models.TextField("整改目标及措施", blank=True)
    handling = models.TextField("处理和整改情况", blank=True)
    latest = models.TextField("最新整改情况", blank=True)
    finish = models.CharField("办结状态", max_length=8, choices=Finish.choices, blank=True)
    sponsor = models.CharField("挂钩领导", max_length=120, blank=True)
    contact = models.CharField("联络人", max_length=60, blank=True)
    contact_phone = models.CharField("联系电话", max_length=40, blank=True)
    deadline = models.DateField("整改时限", null=True, blank=True)
    feedback_at = models.DateTimeField("首次反馈时间", null=True, blank=True)
    merge_no = models.CharField("合并编号", max_length=60, blank=True)
    orders = models.PositiveIntegerField("责令整改 家次", default=0)
    cases = models.PositiveIntegerField("立案处罚 家次", default=0)
    fine = models.DecimalField("罚款金额 万元", max_digits=12, decimal_places=4, default=0)
    investigations = models.PositiveIntegerField("立案侦查 件次", default=0)
    administrative_detention = models.PositiveIntegerField("行政拘留 人次", default=0)
    criminal_detention = models.PositiveIntegerField("刑事拘留 人次", default=0)
    talks = models.PositiveIntegerField("约谈 人次", default=0)
    accountable = models.PositiveIntegerField("问责 人次", default=0)
    accountable_text = models.TextField("问责情况", blank=True)

    class Meta:
        verbose_name = "督察信访件"


_DISPATCH = frozenset({Role.DISPATCHER})
_OWNERS = frozenset({Role.TOWN, Role.OFFICER, Role.MONITOR, Role.APPROVER, Role.DISPATCHER})
_TRUE = (("true", "属实"), ("partly", "部分属实"), ("mostly", "基本属实"))

_closing = Closing(
    work="rectifying", applied_from="rectifying", applicants=_OWNERS, by_owner=True,
    application=("handling", said("standards", "对照五项标准（措施、查处、效果、举一反三、长效机制）的完成情况")),
    sets_on_application={"finish": "done"}, sets_on_rebound={"finish": "open"},
    offered_on_rebound=("deadline",),
    worked=("apply_close", "feed_back", "report"), kept_from_returning=("apply_close",),
    reviewers=frozenset({Role.OFFICER, Role.DISPATCHER}),
    reopeners=frozenset({Role.OFFICER, Role.DISPATCHER, Role.LEADER}),
    return_label="不同意销号，退回整改", rebound_label="反弹，重开整改", stage="验收销号",
    days_before_look_back=90, working_days_of_look_back=20,
)  # fmt: skip

WORKFLOW = Workflow(
    states=(
        State("new", "待交办", stage="交办", waits_for=_DISPATCH),
        State("verifying", "核查反馈", stage="核查反馈", waits_for=_OWNERS, by_owner=True),
        State("rectifying", "整改中", stage="整改", waits_for=_OWNERS, by_owner=True),
        _closing.check,
        State("unfounded_check", "不属实待复核", stage="核查反馈", waits_for=CHECKERS),
        *_closing.closed,
        State("unfounded", "不属实办结", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("hand_over", "交办", "new", "verifying", by=_DISPATCH, asks=("owner_organisation",),
                   offers=("sponsor", "contact", "contact_phone", "deadline")),
        Transition("feed_back", "首次反馈", "verifying", "rectifying", by=_OWNERS, owner_only=True,
                   asks=(Ask("verdict", choices=_TRUE), "findings", "goal"), offers=("handling", "deadline"),
                   sets={"feedback_at": NOW, "finish": "open"}),
        Transition("report", "更新整改情况", "rectifying", "rectifying", by=_OWNERS, owner_only=True,
                   asks=("latest",),
                   offers=("orders", "cases", "fine", "investigations", "administrative_detention",
                           "criminal_detention", "talks", "accountable", "accountable_text")),
        *_closing.transitions,
        Transition("propose_unfounded", "提请认定不属实", ("verifying", "rectifying"), "unfounded_check",
                   by=_OWNERS, owner_only=True, asks=("findings",), evidence=1, main=False),
        Transition("confirm_unfounded", "认定不属实", "unfounded_check", "unfounded", by=CHECKERS,
                   other_person_than=("propose_unfounded",),
                   sets={"verdict": "unfounded", "finish": "done"}),
        Transition("reject_unfounded", "属实，退回", "unfounded_check", "verifying", by=CHECKERS,
                   asks=(REASON,), other_person_than=("propose_unfounded",), main=False),
        Transition("return", "不属本单位，退回", ("verifying", "rectifying"), "new", by=_OWNERS,
                   owner_only=True, asks=(REASON,), main=False),
        Transition("reopen_unfounded", "重新核查", "unfounded", "new", by=CHECKERS, asks=(REASON,),
                   sets={"verdict": ""}, main=False),
    ),
    clocks=(
        ClockRule("hand_over", "交办", "new", working_days=1, basis=DEFAULT),
        ClockRule("feedback", "首次反馈", ("verifying", "unfounded_check"), days=10,
                  extensions=(5,), basis="督察交办要求，各轮次另定（中央曾为10天）"),
        ClockRule("deadline", "整改时限", ("rectifying", "close_check"), deadline_field="deadline",
                  extensions=(30, 60), basis="整改方案"),
        *_closing.clocks,
    ),
)  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Batches and letters of the region, ours, and the three completion rates, each with its denominator."""
    n, common = completion(rows), by_name(common_statistics(REGISTER, rows, now))
    live = rows.filter(merged_into=None)
    areas = {code[:6] for code in rows.order_by().values_list("area_code", flat=True).distinct()}
    batches = seen(BATCHES).filter(area_code__in=areas)
    whole = batches.aggregate(n=Count("pk"), total=Sum("total"))
    sums = rows.order_by().aggregate(
        orders=Sum("orders"), cases=Sum("cases"), fine=Sum("fine"), talks=Sum("talks"),
        accountable=Sum("accountable"),
    )  # fmt: skip
    return [
        Statistic("batches", "督察交办批次", whole["n"], "/b/inspectorate_batch", "批"),
        Statistic("letters", "全部信访件", whole["total"] or 0, "/b/inspectorate_batch"),
        Statistic("batches_ours", "涉及本地批次", rows.order_by().exclude(batch_no=None)
                  .values("round", "batch_no").distinct().count(), "merged=all", "批"),
        Statistic("handed_over", "涉及本地件数", n["handed_over"], "merged=all"),
        Statistic("duplicates", "其中：重复", n["duplicates"], "merged=1"),
        Statistic("unfounded", "其中：不属实", n["unfounded"], "state=unfounded"),
        Statistic("to_rectify", "应整改", n["to_rectify"], all_but(REGISTER, "unfounded"), note="交办总数－重复－不属实"),
        Statistic("done", "已完成整改", n["done"], "closed=1"),
        Statistic("key", "重点件", live.filter(key_item=True).count(), "key_item=1"),
        share("done_of_all", "完成率（占交办总数）", n["done"], n["handed_over"], note="分母含重复和不属实"),
        share("done_of_distinct", "完成率（剔除重复）", n["done"], n["without_duplicates"],
              note="分母为交办总数－重复"),
        share("done_of_due", "完成率（剔除重复和不属实）", n["done"], n["to_rectify"], note="分母为应整改数"),
        *(common[name] for name in ("open", "overdue", "on_time", "recurrence")),
        Statistic("orders", "责令整改", sums["orders"] or 0, "merged=all", "家次"),
        Statistic("cases", "立案处罚", sums["cases"] or 0, "merged=all", "家次"),
        Statistic("fine", "罚款", float(sums["fine"] or 0), "merged=all", "万元"),
        Statistic("talks", "约谈", sums["talks"] or 0, "merged=all", "人次"),
        Statistic("accountable", "问责", sums["accountable"] or 0, "merged=all", "人次"),
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    counts = {
        "n": Count("pk"),
        "again": Count("pk", filter=Q(merged_into__isnull=False)),
        "unfounded": Count("pk", filter=Q(merged_into=None, state="unfounded")),
        "done": Count("pk", filter=Q(merged_into=None, phase__in=COMPLETED)),
    }
    heads = (_("件数"), _("重复"), _("不属实"), _("已完成整改"))
    tables = []
    for title, head, path, name in (
        (_("按批次"), _("批次"), "batch_no", lambda value: _("第%s批") % value),
        (_("按镇街"), _("镇街"), "area_code", area_name),
    ):
        counted = rows.order_by(path).exclude(**{path: None}).values(path).annotate(**counts)
        tables.append(
            Breakdown(
                title,
                (head, *heads),
                tuple(
                    ((name(r[path]), *(str(r[c]) for c in counts)), f"{path}={r[path]}&merged=all")
                    for r in counted
                ),
            )
        )
    return tables


class Letters(Register):
    """The register; a row of the list that says it is over comes in as it ended."""

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        rows = super().conditions(query, person, now)
        batch = asked.number(query.get("batch_no", ""))
        return rows if batch is None else rows & Q(batch_no=batch)

    def attributes_of(self, values: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        title = values.get("description", "") or values.get("letter_no", "")
        values.setdefault("title", title[:60])
        if values.get("verdict") == "unfounded" and self.ends(said):
            values["state"] = "unfounded"
        return values

    def history_of(
        self, values: Mapping[str, Any], said: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Over is what the list calls 已办结; its day may not be known."""
        return {**values, "ended": True} if self.ends(said) else None

    @staticmethod
    def ends(said: Mapping[str, Any]) -> bool:
        return said.get("finish") == "done" or bool(said.get("closed_at"))


REGISTER = declare(Letters(
    key="inspectorate_letter", offline=True, label="督察信访件", line="rectification", model=InspectorateLetter,
    workflow=WORKFLOW, pattern="督察件〔{year}〕{n}号",
    labels={"title": "问题", "description": "交办问题基本情况", "area_code": "行政区域",
            "owner_organisation": "牵头责任单位", "opened_at": "交办日期"},
    columns=("number", "title", "state", "due", "letter_no", "batch_no", "kinds", "area_code",
             "owner_organisation", "verdict", "key_item", "finish", "deadline", "sponsor", "opened_at",
             "closed_at"),
    filters=("state", "area_code", "kinds", "verdict", "owner_organisation", "key_item", "finish",
             "opened_at"),
    search=("number", "title", "description", "letter_no", "merge_no"),
    fields=("letter_no", "round", "batch_no", "description", "title", "area_code", "address", "kinds",
            "trade", "key_item", "deadline", "entity", "lon", "lat"),
    loose=("sponsor",), batch=("owner_organisation", "owner", "deadline", "sponsor", "key_item"),
    details=("sort_no", "letter_no", "round", "batch_no", "kinds", "trade", "key_item", "verdict",
             "findings", "goal", "handling", "latest", "finish", "sponsor", "contact", "contact_phone",
             "deadline", "feedback_at", "merge_no", "orders", "cases", "fine", "investigations",
             "administrative_detention", "criminal_detention", "talks", "accountable",
             "accountable_text"),
    views=(View("key", "重点件", {"key_item": "1"}),),
    imports=Import(
        key=("letter_no",), duplicate_of="repeats", tells_past=True, updates=True,
        columns=("letter_no", "sort_no", "round", "batch_no", "description", "area_code", "kinds",
                 "trade", "findings", "verdict", "goal", "handling", "latest", "finish", "orders", "fine",
                 "key_item", "sponsor", "owner_organisation", "contact", "contact_phone", "deadline",
                 "opened_at", "closed_at", said("repeats", "重复关联件编号", Kind.TEXT, required=False),
                 "merge_no", "cases", "investigations", "administrative_detention",
                 "criminal_detention", "talks", "accountable", "accountable_text", "address", "lon", "lat"),
        headers={
            "letter_no": ("编号", "信访件编号"), "round": ("轮次",), "batch_no": ("交办批次",),
            "description": ("反映问题", "问题描述"), "area_code": ("区县", "镇街"), "trade": ("行业类别",),
            "findings": ("督察期间调查核实情况", "调查核实"), "goal": ("整改目标及整改措施",),
            "handling": ("督察期间处理情况", "处理情况"), "finish": ("是否办结",), "orders": ("责令整改（家次）",),
            "fine": ("罚款金额（万元）",), "key_item": ("是否重点件",), "sponsor": ("挂钩省市县领导情况",),
            "owner_organisation": ("责任单位",), "deadline": ("办结时限",),
            "cases": ("立案处罚（家次）",), "investigations": ("立案侦查（件次）",),
            "administrative_detention": ("行政拘留（人次）",), "criminal_detention": ("刑事拘留（人次）",),
            "talks": ("约谈（人次）",), "accountable": ("问责（人次）",),
            "accountable_text": ("责任人被处理情况",),
        },
        examples={"letter_no": "D3SX202505280018", "batch_no": "3", "description": "河道岸线堆放垃圾",
                  "area_code": "北镇", "kinds": "水、土壤", "verdict": "属实", "finish": "阶段性办结"},
    ),
    level=lambda letter: "orange" if letter.key_item else "blue",
    statistics=statistics, breakdowns=breakdowns,
    empty="还没有督察信访件。导入督察组交办的清单，重复件按关联编号并入。",
))  # fmt: skip

BATCHES = declare_list(Listing(
    key="inspectorate_batch", label="督察交办批次", line="rectification", model=InspectorateBatch,
    columns=("number", "round", "received_on", "total", "calls", "letters", "watched",
             Column("ours", "涉及本地", Kind.INTEGER), "area_code"),
    filters=("round", "received_on"), search=("round",), lead="number", order=("-received_on", "-pk"),
    fields=("area_code", "round", "number", "received_on", "total", "calls", "letters", "watched"),
    imports=Import(
        key=("round", "number"),
        headers={"number": ("交办批次", "第几批"), "received_on": ("日期",), "total": ("当日件数", "件数", "总数"),
                 "round": ("轮次",), "watched": ("重点件",), "area_code": ("区县",)},
        examples={"area_code": "示例县", "round": "2026年省督察", "number": "1", "received_on": "2026-05-28",
                  "total": "12"},
    ),
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF}),
    empty="还没有批次。按督察组每批交办的抬头登记或导入。",
))  # fmt: skip
