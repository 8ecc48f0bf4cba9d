"""分区管控准入研判 (mechanism P5): a request, laid over the units by the machine, looked at by a person, given out as an opinion.

请求 → 自动初判 → 人工复核 → 出具. The opinion stands on the edition it names; when that ends, what was given out is shown as
由旧版方案研判 and can be judged anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities import shapes
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import by_name, common_statistics
from ecoledger.matters.workflow import (
    COMPLETED,
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
)
from ecoledger.registers.approval.zoning import ZoningClause, ZoningVersion, version_on
from ecoledger.registers.approval.zoning_judging import GRAVITY, Judgement, Verdict, judge
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.standards.percent import percent_of

DESK = frozenset({Role.APPROVER, Role.SECTION_CHIEF, Role.DISPATCHER, Role.TOWN})
REVIEWERS = frozenset({Role.APPROVER})
HEADS = frozenset({Role.SECTION_CHIEF, Role.LEADER})


class ZoningCheck(Matter):
    """One project's check (研判)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_zoning_check"
    )
    industry_code = models.CharField("行业代码", max_length=6, blank=True)
    industry = models.CharField("行业", max_length=80, blank=True)
    park = models.CharField("所在园区", max_length=80, blank=True)
    outline = models.TextField("用地红线 GeoJSON", blank=True, help_text="留空则以经纬度为准")
    version = models.ForeignKey(
        ZoningVersion, verbose_name="方案版本", on_delete=models.PROTECT, null=True, blank=True, related_name="checks"
    )  # fmt: skip
    units = models.TextField("落入单元", blank=True)
    machine = models.CharField("自动初判", max_length=10, choices=Verdict.choices, blank=True)
    verdict = models.CharField("研判结论", max_length=10, choices=Verdict.choices, blank=True)
    why = models.CharField("说明", max_length=300, blank=True)
    opinion = models.TextField("准入意见", blank=True)
    judged_at = models.DateTimeField("初判时间", null=True, blank=True)

    class Meta:
        verbose_name = "准入研判"

    @property
    def outdated(self) -> str:
        """Said of an opinion whose edition is no longer in force."""
        now = version_on()
        if self.version is None or now is None or self.version_id == now.pk:
            return ""
        return _("依据的“%(old)s”已由“%(new)s”更新，请重新研判") % {"old": self.version, "new": now}


class ZoningFinding(models.Model):
    """One clause that speaks to the project (研判明细)."""

    check_of = models.ForeignKey(ZoningCheck, on_delete=models.CASCADE, related_name="findings")
    where = models.CharField("层级或单元", max_length=160)
    dimension = models.CharField("管控方面", max_length=10, choices=ZoningClause.Dimension.choices)
    number = models.CharField("条款编号", max_length=40)
    text = models.TextField("条款")
    value = models.CharField("项目情况", max_length=200, blank=True)
    machine = models.CharField("自动初判", max_length=10, choices=Verdict.choices)
    verdict = models.CharField("结论", max_length=10, choices=Verdict.choices)
    evidence = models.CharField("依据和说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "研判明细"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.number} {self.get_verdict_display()}"


class Checks(Register):
    """The book: an outline that is said can be laid over the units."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        outline = values.get("outline", "").strip()
        try:
            if outline:
                shapes.of_file(outline.encode())
        except shapes.ShapeError as error:
            return {"outline": str(error)}
        return {}


def place_of(check: Any) -> shapes.GeoJSON:
    """The project's outline, or its point. Raises :class:`Refused` where there is neither or it cannot be read."""
    if check.outline.strip():
        try:
            return shapes.of_file(check.outline.encode())
        except shapes.ShapeError as error:
            raise Refused("form", str(error), "", {"outline": [str(error)]}) from error
    if check.lon is None or check.lat is None:
        raise Refused("condition", _("没有用地红线，也没有经纬度，不能叠图。"), _("请补充位置。"))
    return {"type": "Point", "coordinates": [check.lon, check.lat]}


def _judge(step: Step) -> None:
    """Lay the project over the units; what a person concluded before is judged anew."""
    check = step.matter
    content = f"{check.title}\n{check.industry}\n{check.description}"
    made = judge(
        place_of(check), check.industry_code.strip(), content, on=timezone.localdate(step.at)
    )
    check.version, check.machine, check.verdict = made.version, made.verdict, made.verdict
    check.why, check.judged_at = made.why, step.at
    check.units = "\n".join(
        f"{o.unit.unit_code} {o.unit.name}（{o.unit.get_unit_class_display()}，{percent_of(o.share, 1)}）"
        for o in made.overlaps
    )  # fmt: skip
    _write(check, made)


def _write(check: Any, made: Judgement) -> None:
    check.findings.all().delete()
    for hit in made.hits:
        if hit.verdict is Verdict.NONE:
            continue  # speaks of another trade
        check.findings.create(
            where=hit.where[:160], dimension=hit.clause.dimension, number=hit.clause.number, text=hit.clause.text,
            value=hit.value[:200], machine=hit.verdict, verdict=hit.verdict,
        )  # fmt: skip


def _review(step: Step) -> None:
    """The person's word on each clause; a softer one than the machine's says on what it stands."""
    check = step.matter
    rows = list(check.findings.all())
    silent = [
        r.number
        for r in rows
        if r.machine and GRAVITY[r.verdict] > GRAVITY[r.machine] and not r.evidence.strip()
    ]
    if silent:
        raise Refused(
            "form", _("改判没有写依据：%s。") % "、".join(silent[:5]), _("请在明细里写明依据。")
        )
    open_ = [r.number for r in rows if r.verdict == Verdict.MANUAL]
    if open_:
        raise Refused(
            "form", _("还有条款需人工判断：%s。") % "、".join(open_[:5]), _("请在明细里逐条判断。")
        )
    worst = min(
        (r.verdict for r in rows), key=lambda v: GRAVITY[v], default=check.machine or Verdict.MANUAL
    )
    check.verdict = Verdict.PASS if worst == Verdict.NONE else worst
    if check.verdict == Verdict.MANUAL:
        check.verdict = step.form.get("verdict") or Verdict.MANUAL
        if check.verdict == Verdict.MANUAL:
            raise Refused("form", _("请人工判断研判结论。"), "", {"verdict": [_("请选择")]})


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Opinions given, by verdict; those that an older edition holds."""
    live = rows.filter(merged_into=None).order_by()
    done = Q(phase__in=COMPLETED)
    n = live.aggregate(
        n=Count("pk"), issued=Count("pk", filter=done),
        **{f"n_{v.value}": Count("pk", filter=done & Q(verdict=v.value)) for v in Verdict},
        old=Count("pk", filter=done & ~Q(version=None) & ~Q(version__until=None)),
    )  # fmt: skip
    common = by_name(common_statistics(REGISTER, rows, now))
    return [
        Statistic("all", "研判项目", n["n"]),
        Statistic("issued", "出具意见", n["issued"], "closed=1"),
        Statistic("pass", "符合", n["n_pass"], "verdict=pass&closed=1"),
        Statistic("condition", "有条件准入", n["n_condition"], "verdict=condition&closed=1"),
        Statistic("forbid", "不予准入", n["n_forbid"], "verdict=forbid&closed=1"),
        common["open"],
        common["overdue"],
        Statistic("old", "由旧版方案研判", n["old"], "", "份", note="方案更新后须重新研判的"),
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """The clauses that stood most often in the way."""
    found = ZoningFinding.objects.filter(check_of__in=rows.order_by().values("pk"))
    counted = found.values("number", "text").annotate(
        n=Count("pk"), forbid=Count("pk", filter=Q(verdict="forbid")), condition=Count("pk", filter=Q(verdict="condition"))
    )  # fmt: skip
    table = tuple(
        (
            (
                row["number"],
                row["text"][:60],
                str(row["n"]),
                str(row["forbid"]),
                str(row["condition"]),
            ),
            "",
        )
        for row in sorted(counted, key=lambda row: (-row["forbid"], -row["n"], row["number"]))[:50]
    )
    return [Breakdown("涉及的条款", ("编号", "条款", "项目", "不符合", "有条件"), table)]


REGISTER = declare(Checks(
    key="zoning_check", label="准入研判", line="approval", tab="permits", model=ZoningCheck, pattern="研判〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("asked", "待研判", stage="叠图", waits_for=REVIEWERS),
            State("judged", "待人工复核", stage="复核", waits_for=REVIEWERS),
            State("reviewed", "待出具", stage="出具", waits_for=HEADS),
            State("issued", "已出具", phase=Phase.DONE),
            State("dropped", "撤回", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("judge", "叠图初判", "asked", "judged", by=REVIEWERS | HEADS, effects=(_judge,)),
            Transition("review", "人工复核", "judged", "reviewed", by=REVIEWERS, asks=("opinion",), offers=("verdict",),
                       effects=(_review,), help="先在研判明细里逐条判断，改判写明依据。"),
            Transition("issue", "出具意见", "reviewed", "issued", by=HEADS, offers=("opinion",),
                       other_person_than=("review",)),
            Transition("return", "退回复核", "reviewed", "judged", by=HEADS, asks=(REASON,), main=False),
            Transition("rejudge", "按现行方案重新研判", ("judged", "issued"), "judged", by=REVIEWERS | HEADS, effects=(_judge,),
                       main=False),
            Transition("drop", "撤回", ("asked", "judged", "reviewed"), "dropped", by=REVIEWERS | HEADS, asks=(REASON,),
                       main=False),
        ),
        clocks=(ClockRule("judge", "研判", ("asked", "judged", "reviewed"), working_days=5, basis=DEFAULT),),
    ),
    labels={"title": "项目名称", "entity": "建设单位", "area_code": "属地", "description": "产品、工艺和原辅料",
            "outdated": "方案更新"},
    columns=("number", "title", "state", "due", "industry_code", "verdict", "version", "area_code", "closed_at"),
    filters=("state", "verdict", "version", "area_code"), search=("number", "title", "industry", "units", "entity__name"),
    fields=("title", Ask("entity", to=Enterprise), "area_code", "address", "industry_code", "industry", "park", "lon", "lat",
            "outline", "description"),
    details=("industry_code", "industry", "park", "version", "outdated", "units", "machine", "verdict", "why", "opinion",
             "judged_at"),
    views=(View("forbid", "不符合", {"verdict": "forbid"}), View("condition", "有条件", {"verdict": "condition"})),
    lines=(Lines(key="findings", label="研判明细", model=ZoningFinding,
                 computed=("machine",),
                 columns=("where", "dimension", "number", "text", "value", "machine", "verdict", "evidence")),),
    imports=Import(key=("title",), headers={"title": ("项目",), "industry_code": ("国民经济行业代码",), "lon": ("东经",),
                                            "lat": ("北纬",), "description": ("建设内容", "工艺")},
                   examples={"title": "某五金扩建项目", "industry_code": "3360", "lon": "118.612", "lat": "24.921",
                             "description": "五金件电镀"}),
    statistics=statistics, breakdowns=breakdowns, edit=DESK, manage=HEADS | REVIEWERS,
    empty="还没有研判。登记项目的位置、行业和内容，由系统叠图并逐条对照准入清单。",
))  # fmt: skip
