"""环评审批与排污许可同步办理 (mechanism P1): one set of papers, two approvals side by side, accepted and ended together.

The joint case begets a case of each kind and runs with them in one bundle: what is proved in one is proved in all, and days
that do not count in one count in none. Saved is what both would have taken after each other, by the promises of the
catalogue, less what they took together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data, own_files
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.pausing import working_days_still
from ecoledger.matters.register import Register, Seen, Statistic, declare
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
from ecoledger.registers.approval.cases import (
    APPROVERS,
    CASES,
    HEADS,
    ApprovalCase,
    read_dates,
    take_holder,
    used,
)
from ecoledger.registers.approval.items import ApprovalItem, Kind
from ecoledger.registers.closing import REASON
from ecoledger.standards.percent import percent_of

own_files.declare(own_files.Rules(__package__, "joint_approval", "环评与排污许可同步办理时限"))


class JointApproval(Matter):
    """One project whose assessment and permit are decided together."""

    DOCUMENTS = ((Kind.REPORT.value, Kind.REPORT.label), (Kind.FORM.value, Kind.FORM.label))

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_joint_approval"
    )
    document = models.CharField("环评文件类别", max_length=12, choices=DOCUMENTS)
    eia_item = models.ForeignKey(
        ApprovalItem, verbose_name="环评事项", on_delete=models.PROTECT, null=True, blank=True,
        related_name="+",
    )  # fmt: skip
    permit_item = models.ForeignKey(
        ApprovalItem, verbose_name="排污许可事项", on_delete=models.PROTECT, null=True, blank=True,
        related_name="+",
    )  # fmt: skip
    separate_days = models.PositiveSmallIntegerField("分别办理 工作日", null=True, blank=True)
    joint_days = models.PositiveSmallIntegerField("同步办理承诺 工作日", null=True, blank=True)
    accepted_on = models.DateField("受理日期", null=True, blank=True, db_index=True)
    decided_on = models.DateField("决定日期", null=True, blank=True, db_index=True)
    delivered_on = models.DateField("送达日期", null=True, blank=True)
    eia_no = models.CharField("环评批文号", max_length=80, blank=True)
    permit_no = models.CharField("排污许可证编号", max_length=40, blank=True)
    still_days = models.PositiveSmallIntegerField("不计时 工作日", null=True, blank=True)
    used_days = models.PositiveSmallIntegerField("实际用时 工作日", null=True, blank=True)
    saved_days = models.SmallIntegerField("节省 工作日", null=True, blank=True)

    class Meta:
        verbose_name = "环评与排污许可同步办理"

    @property
    def promised_saving(self) -> str:
        """What the joint promise saves of the two promises: 7 (70%)."""
        if not self.separate_days or self.joint_days is None:
            return "—"
        less = self.separate_days - self.joint_days
        return f"{less}（{percent_of(less, self.separate_days, 0)}）"

    @property
    def saving(self) -> str:
        """What it saved in truth; "—" until it is decided."""
        if not self.separate_days or self.saved_days is None:
            return "—"
        return f"{self.saved_days}（{percent_of(self.saved_days, self.separate_days, 0)}）"


class JointMaterial(models.Model):
    """One paper of the set (材料), which serves one of the two approvals or both."""

    joint = models.ForeignKey(JointApproval, on_delete=models.CASCADE, related_name="materials")
    name = models.CharField("材料", max_length=120)
    for_eia = models.BooleanField("环评用", default=True)
    for_permit = models.BooleanField("许可用", default=True)
    given_on = models.DateField("提交日期", null=True, blank=True)

    class Meta:
        verbose_name = "材料"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


def joint_days_of(document: str) -> int | None:
    """The working days of the joint procedure by the bureau's data; ``None`` where they name no such document."""
    rows = own_data.read(__package__, "joint_approval")["document"]
    return next((int(row["days"]) for row in rows if row["key"] == document), None)


def _begin(joint: JointApproval) -> None:
    eia, permit = joint.eia_item, joint.permit_item
    if joint.separate_days is None and eia is not None and permit is not None:
        joint.separate_days = eia.days + permit.days
    if joint.joint_days is None:
        joint.joint_days = joint_days_of(joint.document)
    take_holder(joint)
    if joint.used_days is None and joint.accepted_on and joint.decided_on:
        joint.used_days = used(joint.accepted_on, joint.decided_on, joint.still_days or 0)
    if joint.saved_days is None and joint.used_days is not None and joint.separate_days:
        joint.saved_days = joint.separate_days - joint.used_days


def papers(joint: Any) -> list[dict[str, Any]]:
    """The papers of both items, each once, in their order."""
    eia = joint.eia_item.papers if joint.eia_item else []
    permit = joint.permit_item.papers if joint.permit_item else []
    return [
        {"name": name, "for_eia": "on" if name in eia else "", "for_permit": "on" if name in permit else ""}
        for name in dict.fromkeys([*eia, *permit])
    ]  # fmt: skip


def _whole(joint: Any) -> str:
    """Why it cannot be accepted yet."""
    if joint.eia_item is None or joint.permit_item is None:
        return _("请先选定环评事项和排污许可事项。")
    if joint.eia_item.kind != joint.document:
        return _("环评事项“%s”与文件类别不符。") % str(joint.eia_item)
    lacking = [row.name for row in joint.materials.filter(given_on=None)]
    if lacking:
        return _("材料没有收齐：%s。") % "、".join(lacking)
    return "" if joint.materials.exists() else _("没有材料清单。")


def cases_of(joint: Any) -> list[Any]:
    """The two cases that it begot, the assessment's first."""
    rows = ApprovalCase.objects.filter(origin_matter=joint.pk, withdrawn_at=None)
    return sorted(rows, key=lambda case: (case.kind == Kind.PERMIT, case.pk))


def _person(step: Step) -> Person:
    """Who takes the step: the schedule takes none of these."""
    if step.person is None:
        raise Refused("role", _("须由人办理。"))
    return step.person


def _accept(step: Step) -> None:
    """Both are accepted on the day, with the joint promise, and run side by side from now on."""
    joint = step.matter
    day = timezone.localdate(step.at)
    joint.accepted_on, joint.owner = day, joint.owner or step.person
    made = []
    for item in (joint.eia_item, joint.permit_item):
        values = {
            "title": joint.title, "item": item, "area_code": joint.area_code, "entity": joint.entity,
            "address": joint.address, "accepted_on": day, "promised_days": joint.joint_days,
            "owner": step.person, "opened_at": step.at,
        }  # fmt: skip
        made.append(
            actions.open_matter(
                CASES, values, by=step.person, at=step.at, state="reviewing", origin_matter=joint
            )
        )
    joint.bundle = actions.bundle(
        [case.pk for case in made], by=_person(step), title=joint.title, at=step.at
    )


def _may_be_decided(joint: Any) -> str:
    waiting = [case for case in cases_of(joint) if case.state in ("publicity", "review")]
    if waiting:
        return _("%s 还在公示或评审，不能同步决定。") % "、".join(case.number for case in waiting)
    gone = [case for case in cases_of(joint) if case.phase == Phase.DISMISSED]
    return _("%s 已撤回或不予受理。") % gone[0].number if gone else ""


def _decide(step: Step) -> None:
    """One decision day for both; what was decided on its own page stands."""
    joint, form = step.matter, step.form
    numbers = {Kind.PERMIT.value: form["permit_no"]}
    for case in cases_of(joint):
        if case.state != "reviewing":
            continue
        said = {"decision": ApprovalCase.Decision.GRANTED.value,
                "decision_no": numbers.get(case.kind, form["eia_no"])}  # fmt: skip
        actions.perform(case.pk, "decide", by=step.person, form=said, at=step.at)
    joint.decided_on = timezone.localdate(step.at)
    clock = joint.clocks.filter(name="promise").order_by("-pk").first()
    joint.still_days = working_days_still(clock, step.at) if clock is not None else 0
    joint.used_days = used(joint.accepted_on, joint.decided_on, joint.still_days)
    if joint.separate_days:
        joint.saved_days = joint.separate_days - joint.used_days


def _finish(step: Step) -> None:
    """Both papers are handed over together."""
    joint, day = step.matter, step.form["delivered_on"]
    if not (joint.decided_on or day) <= day <= timezone.localdate(step.at):
        raise Refused(
            "form", _("送达日期应在决定日和今天之间"), "", {"delivered_on": [_("请核对")]}
        )
    for case in cases_of(joint):
        if case.state == "decided":
            said = {"delivered_on": f"{day}"}
            actions.perform(case.pk, "deliver", by=step.person, form=said, at=step.at)
    if still := [case.number for case in cases_of(joint) if case.phase == Phase.OPEN]:
        raise Refused("condition", _("%s 还没有办结。") % "、".join(still))


def _part(step: Step) -> None:
    """The two go on alone."""
    joint = step.matter
    for case in cases_of(joint):
        if case.phase == Phase.OPEN and case.bundle_id is not None:
            actions.unbundle(case.pk, by=_person(step), at=step.at)
            break
    joint.bundle = None


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """How many, and how many working days they saved, by promise and in truth, for reports and forms apart."""
    live = rows.filter(merged_into=None).order_by()
    ended = Q(phase__in=COMPLETED, used_days__isnull=False, separate_days__gt=0)
    promised = Q(separate_days__gt=0, joint_days__isnull=False)
    n = live.aggregate(
        total=Count("pk"), ended=Count("pk", filter=ended), saved=Sum("saved_days", filter=ended),
        lacking=Count("pk", filter=Q(phase__in=COMPLETED) & ~ended),
        in_promise=Count("pk", filter=ended & Q(used_days__lte=F("joint_days"))),
    )  # fmt: skip
    common = by_name(common_statistics(REGISTER, rows, now))
    figures = [
        Statistic("total", "同步办理", n["total"]),
        common["open"],
        common["overdue"],
        Statistic("ended", "同步办结", n["ended"], "closed=1",
                  note=_("另有 %d 件缺用时") % n["lacking"] if n["lacking"] else ""),
        Statistic("saved", "平均节省", n["saved"] / n["ended"] if n["ended"] else None, "closed=1", "个工作日",
                  n["saved"] if n["ended"] else None, n["ended"] or None, note="分别办理的承诺时限－同步办理用时"),
        share("in_promise", "承诺时限内办结率", n["in_promise"], n["ended"]),
    ]  # fmt: skip
    for document, label in JointApproval.DOCUMENTS:
        counted = live.filter(document=document).aggregate(
            n=Count("pk"),
            planned=Sum("separate_days", filter=promised), joint=Sum("joint_days", filter=promised),
            apart=Sum("separate_days", filter=ended), used=Sum("used_days", filter=ended),
        )  # fmt: skip
        query = f"document={document}"
        figures += [
            Statistic(document, str(label), counted["n"], query),
            _less(f"{document}_promised", _PROMISED[document], counted["planned"], counted["joint"], query),
            _less(f"{document}_used", _USED[document], counted["apart"], counted["used"], f"{query}&closed=1"),
        ]  # fmt: skip
    papers_of = JointMaterial.objects.filter(joint__in=live.values("pk"))
    both = papers_of.filter(for_eia=True, for_permit=True).count()
    figures.append(
        Statistic("papers", "少交材料", both, "", "份", note="两项审批共用、只交一次的材料")
    )
    return figures


_PROMISED = {Kind.REPORT.value: "报告书类承诺压缩", Kind.FORM.value: "报告表类承诺压缩"}
_USED = {Kind.REPORT.value: "报告书类总时长压缩", Kind.FORM.value: "报告表类总时长压缩"}


def _less(name: str, label: str, apart: int | None, together: int | None, query: str) -> Statistic:
    note = "（分别办理－同步办理）÷分别办理，工作日"
    if not apart:
        return Statistic(name, label, None, query, "%", note=note)
    less = apart - (together or 0)
    return Statistic(name, label, 100 * less / apart, query, "%", less, apart, note)


REGISTER = declare(Register(
    key="joint_approval", label="环评与排污许可同步办理", line="approval", tab="permits", model=JointApproval,
    pattern="同步〔{year}〕{n}号", prepare=_begin,
    workflow=Workflow(
        states=(
            State("collecting", "收材料", stage="收件", waits_for=APPROVERS),
            State("handling", "同步审查", stage="审查", waits_for=APPROVERS),
            State("decided", "待送达", stage="送达", waits_for=APPROVERS),
            State("done", "同步办结", phase=Phase.DONE),
            State("apart", "改为分别办理", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("accept", "同步受理", "collecting", "handling", by=APPROVERS, when=_whole, effects=(_accept,),
                       shown_to_enterprise=True),
            Transition("decide", "同步审批", "handling", "decided", by=APPROVERS | HEADS, asks=("eia_no", "permit_no"),
                       when=_may_be_decided, effects=(_decide,), shown_to_enterprise=True),
            Transition("finish", "同步送达办结", "decided", "done", by=APPROVERS, asks=("delivered_on",),
                       effects=(_finish,), shown_to_enterprise=True),
            Transition("part", "改为分别办理", ("collecting", "handling"), "apart", by=APPROVERS, asks=(REASON,),
                       effects=(_part,), main=False, danger=True, help="已受理的两件各自继续，仍按同步办理的承诺时限。"),
        ),
        clocks=(
            ClockRule("collect", "材料核对", "collecting", working_days=5, basis="行政许可法"),
            ClockRule("promise", "同步办理承诺", "handling", length_field="joint_days", counted_from="accepted_on",
                      basis="本局承诺"),
            ClockRule("deliver", "送达", "decided", working_days=10, basis="行政许可法"),
        ),
    ),
    labels={"title": "项目名称", "entity": "建设单位", "area_code": "属地", "promised_saving": "承诺节省",
            "saving": "实际节省"},
    columns=("number", "title", "document", "state", "due", "entity", "separate_days", "joint_days", "used_days",
             "saved_days", "accepted_on", "area_code"),
    filters=("state", "document", "area_code", "accepted_on", "decided_on"),
    search=("number", "title", "entity__name", "eia_no", "permit_no"),
    fields=("title", "document", Ask("entity", to=Enterprise), Ask("eia_item", among="eia_item", required=True),
            Ask("permit_item", among="joint_permit_item", required=True), Ask("area_code", required=False, help="留空为企业属地"), "address", "description"),
    details=("document", "eia_item", "permit_item", "separate_days", "joint_days", "promised_saving", "accepted_on",
             "decided_on", "still_days", "used_days", "saving", "eia_no", "permit_no", "delivered_on"),
    views=(View("form", "报告表类", {"document": "eia_form"}), View("report", "报告书类", {"document": "eia_report"})),
    lines=(Lines(key="materials", label="一套材料", model=JointMaterial,
                 columns=("name", "for_eia", "for_permit", "given_on"), first=papers, follows=("eia_item", "permit_item")),),
    imports=Import(
        key=("title",), tells_past=True, future=(), read=read_dates,
        columns=("title", "document", Ask("entity", to=Enterprise), Ask("area_code", required=False), "accepted_on", "decided_on",
                 "separate_days", "joint_days", "still_days", "used_days", "eia_no", "permit_no"),
        headers={"title": ("项目",), "document": ("类别", "文件类别"), "entity": ("企业名称",),
                 "separate_days": ("分别办理时限", "原时限"), "joint_days": ("同步办理时限", "承诺时限"),
                 "used_days": ("实际用时", "用时"), "eia_no": ("环评批复文号",), "permit_no": ("许可证编号",),
                 "accepted_on": ("受理时间",), "decided_on": ("审批时间",)},
        values={"document": {"报告书": "eia_report", "报告表": "eia_form"}},
        examples={"title": "某制鞋扩建项目", "document": "环评报告表", "area_code": "北镇", "accepted_on": "2026-03-02",
                  "decided_on": "2026-03-05", "separate_days": "10", "joint_days": "3"},
    ),
    measures=(
        Measure(key="ended", name="环评与排污许可同步办结", numerator=Q(phase__in=COMPLETED), dated="decided_on"),
    ),
    statistics=statistics, edit=APPROVERS | HEADS, manage=APPROVERS | HEADS,
    empty="还没有同步办理的项目。登记项目并选定环评事项和排污许可事项，材料清单自动合并。",
))  # fmt: skip
