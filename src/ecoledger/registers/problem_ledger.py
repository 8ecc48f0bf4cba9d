"""一本账: one ledger for problems of every origin, dispatched monthly and closed against evidence.

新增 → 整改中 → 申请销号 → 核查 → 已销号 → 回头看 → 反弹重开 (mission T5-T8). Completion is reported on
three denominators, each named: everything handed over, without duplicates, and without duplicates and
what proved unfounded.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.matters import actions, notices
from ecoledger.matters.clocks import local
from ecoledger.matters.models import Circulation, Matter, Urgency
from ecoledger.matters.register import Column, Filter, ImportColumn, Register, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import (
    ClockRule,
    Field,
    Phase,
    State,
    Step,
    Transition,
    Unit,
    Workflow,
)
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON, Closing

# From this day of the month on, who has not reported this month's progress is reminded.
REPORT_BY_DAY = 20


class Problem(Matter):
    """A problem to be put right (整改问题)."""

    class Origin(models.TextChoices):
        CENTRAL = "central", "中央生态环境保护督察"
        PROVINCIAL = "provincial", "省级生态环境保护督察"
        PETITION = "petition", "信访投诉"
        DISCIPLINE = "discipline", "巡视巡察"
        SUPERIOR = "superior", "上级交办"
        SELF = "self", "自查发现"
        MEDIA = "media", "媒体曝光"
        OTHER = "other", "其他"

    class Tier(models.TextChoices):
        NATIONAL = "national", "国家级"
        PROVINCE = "province", "省级"
        CITY = "city", "市级"
        COUNTY = "county", "县级"

    class Category(models.TextChoices):
        AIR = "air", "大气"
        WATER = "water", "水"
        SOIL = "soil", "土壤"
        WASTE = "waste", "固体废物"
        NOISE = "noise", "噪声"
        NATURE = "nature", "自然生态"
        MANAGEMENT = "management", "管理制度"
        OTHER = "other", "其他"

    class Risk(models.TextChoices):
        NORMAL = "normal", "一般"
        SERIOUS = "serious", "较大"
        MAJOR = "major", "重大"

    class Verdict(models.TextChoices):
        PENDING = "", "未核"
        TRUE = "true", "属实"
        PARTLY = "partly", "部分属实"
        UNFOUNDED = "unfounded", "不属实"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_problem"
    )
    origin_kind = models.CharField("来源类别", max_length=12, choices=Origin.choices)
    tier = models.CharField("问题层级", max_length=10, choices=Tier.choices, default="county")
    category = models.CharField("类别", max_length=12, choices=Category.choices, default="other")
    risk = models.CharField("风险等级", max_length=10, choices=Risk.choices, default="normal")
    key_item = models.BooleanField("重点件", default=False)
    source_no = models.CharField("原编号", max_length=60, blank=True, db_index=True)
    source_batch = models.CharField("批次", max_length=40, blank=True)
    target = models.TextField("整改目标", blank=True)
    measures = models.TextField("整改措施", blank=True)
    responsible = models.CharField("责任领导", max_length=60, blank=True)
    deadline = models.DateField("整改时限", null=True, blank=True)
    verdict = models.CharField(
        "核查结论", max_length=10, choices=Verdict.choices, blank=True, default=""
    )
    progress = models.PositiveSmallIntegerField("进度 %", default=0)
    progress_text = models.TextField("进展", blank=True)
    progress_at = models.DateTimeField("最近调度", null=True, blank=True)
    progress_reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "整改问题"


def _restrict(problem: Problem) -> None:
    if problem.origin_kind == Problem.Origin.DISCIPLINE:
        problem.circulation = Circulation.RESTRICTED


def _reported(step: Step) -> None:
    step.matter.progress_at = step.at
    step.matter.progress_reminded_at = None


def _unfounded(step: Step) -> None:
    step.matter.verdict = Problem.Verdict.UNFOUNDED


def _verdict_open(step: Step) -> None:
    if step.matter.verdict == Problem.Verdict.UNFOUNDED:
        step.matter.verdict = Problem.Verdict.PENDING


def _done(step: Step) -> None:
    step.matter.progress = 100


def _began_again(step: Step) -> None:
    step.matter.progress = 0


_DISPATCH = frozenset({Role.DISPATCHER})
_OWNERS = frozenset({Role.TOWN, Role.OFFICER, Role.MONITOR, Role.APPROVER, Role.DISPATCHER})
_organisation = Field(
    name="owner_organisation",
    label=_("责任单位"),
    kind="organisation",
    stores="owner_organisation",
)
_measures = Field(name="measures", label=_("整改措施"), kind="long_text", stores="measures")
_deadline = Field(
    name="deadline",
    label=_("整改时限"),
    kind="date",
    required=False,
    stores="deadline",
    help=_("长期坚持的可不填"),
)

_closing = Closing(
    work="rectifying",
    applied_from="rectifying",
    applicants=_OWNERS,
    by_owner=True,
    application=(
        Field(
            name="verdict",
            label=_("核查结论"),
            kind="choice",
            choices=(("true", _("属实")), ("partly", _("部分属实"))),
            stores="verdict",
        ),
        Field(name="result", label=_("整改结果"), kind="long_text"),
    ),
    on_application=(_done,),
    worked=("apply_close", "report_progress"),
    kept_from_returning=("apply_close",),
    reviewers=frozenset({Role.OFFICER, Role.DISPATCHER}),
    reopeners=frozenset({Role.OFFICER, Role.DISPATCHER, Role.LEADER}),
    return_label=_("不同意销号，退回整改"),
    rebound_label=_("反弹，重开整改"),
    asked_on_rebound=(_deadline,),
    on_rebound=(_began_again,),
    stage="销号",
    days_before_look_back=90,
    working_days_of_look_back=20,
)

WORKFLOW = Workflow(
    states=(
        State(name="new", label=_("新增"), stage="交办", waits_for=_DISPATCH),
        State(
            name="rectifying",
            label=_("整改中"),
            stage="整改",
            waits_for=_OWNERS,
            by_owner=True,
        ),
        _closing.check,
        State(name="unfounded_check", label=_("不属实待复核"), stage="整改", waits_for=CHECKERS),
        *_closing.closed,
        State(name="unfounded", label=_("不属实办结"), phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition(
            name="hand_over",
            label=_("交办"),
            sources=("new",),
            target="rectifying",
            roles=_DISPATCH,
            fields=(
                _organisation,
                Field(
                    name="responsible",
                    label=_("责任领导"),
                    required=False,
                    stores="responsible",
                ),
                _measures,
                _deadline,
            ),
        ),
        Transition(
            name="report_progress",
            label=_("填报进展"),
            sources=("rectifying",),
            target="rectifying",
            roles=_OWNERS,
            owner_only=True,
            fields=(
                Field(
                    name="progress",
                    label=_("完成进度"),
                    kind="integer",
                    minimum=0,
                    maximum=100,
                    unit="%",
                    stores="progress",
                ),
                Field(
                    name="progress_text",
                    label=_("本月进展"),
                    kind="long_text",
                    stores="progress_text",
                ),
            ),
            effects=(_reported,),
        ),
        *_closing.transitions,
        Transition(
            name="propose_unfounded",
            label=_("提请认定不属实"),
            sources=("new", "rectifying"),
            target="unfounded_check",
            roles=_OWNERS,
            fields=(REASON,),
            evidence=1,
            main=False,
        ),
        Transition(
            name="confirm_unfounded",
            label=_("认定不属实"),
            sources=("unfounded_check",),
            target="unfounded",
            roles=CHECKERS,
            other_person_than=("propose_unfounded",),
            effects=(_unfounded,),
        ),
        Transition(
            name="reject_unfounded",
            label=_("属实，退回"),
            sources=("unfounded_check",),
            target="new",
            roles=CHECKERS,
            fields=(REASON,),
            other_person_than=("propose_unfounded",),
            main=False,
        ),
        Transition(
            name="return_to_dispatch",
            label=_("不属本单位，退回"),
            sources=("rectifying",),
            target="new",
            roles=_OWNERS,
            owner_only=True,
            fields=(REASON,),
            main=False,
        ),
        Transition(
            name="reopen_unfounded",
            label=_("重新核查"),
            sources=("unfounded",),
            target="new",
            roles=CHECKERS,
            fields=(REASON,),
            effects=(_verdict_open,),
            main=False,
        ),
    ),
    clocks=(
        ClockRule(
            name="hand_over",
            label=_("交办"),
            during=("new",),
            length=2,
            unit=Unit.WORKING_DAY,
            basis=DEFAULT,
        ),
        ClockRule(
            name="deadline",
            label=_("整改时限"),
            during=("rectifying", "close_check", "unfounded_check"),
            deadline_field="deadline",
            extensions=(30, 60),
            basis="整改方案",
        ),
        *_closing.clocks,
    ),
)


# ---- monthly dispatch ----------------------------------------------------------------------------


def remind_of_progress(now: datetime) -> int:
    """每月调度: remind the owners who have not reported this month; once a month each."""
    today = local(now)
    if today.day < REPORT_BY_DAY:
        return 0
    month = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    late = Problem.objects.filter(
        Q(progress_at=None) | Q(progress_at__lt=month),
        Q(progress_reminded_at=None) | Q(progress_reminded_at__lt=month),
        state="rectifying",
        state_since__lt=month,
        merged_into=None,
        withdrawn_at=None,
    )
    count = 0
    for problem in late:
        notices.tell(
            notices.whose_turn(problem),
            gettext_noop("%(number)s 本月进展尚未填报") % {"number": problem.number},
            matter=problem,
            urgency=Urgency.SOON,
            at=now,
        )
        Problem.objects.filter(pk=problem.pk).update(progress_reminded_at=now)
        count += 1
    return count


# ---- statistics ----------------------------------------------------------------------------------


def completion(rows: QuerySet[Any]) -> dict[str, int]:
    """Counts behind the three completion rates.

    ``handed_over`` everything; ``duplicates`` merged into another; ``unfounded`` the rest that proved
    unfounded; ``to_rectify`` what is left; ``done`` closed among those.
    """
    handed_over = rows.count()
    duplicates = rows.exclude(merged_into=None).count()
    live = rows.filter(merged_into=None)
    unfounded = live.filter(state="unfounded").count()
    done = live.filter(state__in=WORKFLOW.names(Phase.CLOSED, Phase.REVIEW)).count()
    return {
        "handed_over": handed_over,
        "duplicates": duplicates,
        "unfounded": unfounded,
        "without_duplicates": handed_over - duplicates,
        "to_rectify": handed_over - duplicates - unfounded,
        "done": done,
    }


def _statistics(rows: QuerySet[Any], now: datetime) -> list[Statistic]:
    n = completion(rows)
    return [
        Statistic("handed_over", _("交办总数"), n["handed_over"], "merged=all"),
        Statistic("duplicates", _("其中：重复"), n["duplicates"], "merged=1"),
        Statistic("unfounded", _("其中：不属实"), n["unfounded"], "state=unfounded"),
        Statistic("to_rectify", _("应整改"), n["to_rectify"], note=_("交办总数－重复－不属实")),
        Statistic("done", _("已完成整改"), n["done"], "closed=1"),
        share(
            "done_of_all",
            _("完成率（占交办总数）"),
            n["done"],
            n["handed_over"],
            note=_("分母含重复和不属实"),
        ),
        share(
            "done_of_distinct",
            _("完成率（剔除重复）"),
            n["done"],
            n["without_duplicates"],
            note=_("分母为交办总数－重复"),
        ),
        share(
            "done_of_due",
            _("完成率（剔除重复和不属实）"),
            n["done"],
            n["to_rectify"],
            note=_("分母为应整改数"),
        ),
        *[
            s
            for s in common_statistics(REGISTER, rows, now)
            if s.name in ("open", "overdue", "on_time", "recurrence")
        ],
    ]


# ---- import --------------------------------------------------------------------------------------


def _link_duplicate(problem: Any, cells: dict[str, Any], by: Person, at: datetime) -> None:
    """A row that names the original number of another becomes its duplicate, linked."""
    original = str(cells.get("duplicate_of") or "").strip()
    if not original:
        return
    target = (
        REGISTER.visible_to(by)
        .filter(source_no=original, merged_into=None)
        .exclude(pk=problem.pk)
        .order_by("id")
        .first()
    )
    if target is None:
        raise actions.Refused(
            "form",
            gettext("没有原编号为“%s”的问题可以并入。") % original,
            gettext("请核对“重复于”一列，或先导入原问题。"),
            {"duplicate_of": [gettext("找不到原问题")]},
        )
    actions.merge([problem.pk], target.pk, by=by, reason=gettext_noop("导入时标明重复"), at=at)


_origin = Field(
    name="origin_kind",
    label=_("来源类别"),
    kind="choice",
    choices=tuple(Problem.Origin.choices),
    stores="origin_kind",
)
_title = Field(name="title", label=_("问题"), stores="title")
_description = Field(
    name="description",
    label=_("具体情况"),
    kind="long_text",
    required=False,
    stores="description",
)
_area = Field(name="area_code", label=_("属地"), kind="area", stores="area_code")
_address = Field(name="address", label=_("地点"), required=False, stores="address")
_category = Field(
    name="category",
    label=_("类别"),
    kind="choice",
    choices=tuple(Problem.Category.choices),
    required=False,
    stores="category",
)
_tier = Field(
    name="tier",
    label=_("问题层级"),
    kind="choice",
    choices=tuple(Problem.Tier.choices),
    required=False,
    stores="tier",
)
_risk = Field(
    name="risk",
    label=_("风险等级"),
    kind="choice",
    choices=tuple(Problem.Risk.choices),
    required=False,
    stores="risk",
)
_key_item = Field(name="key_item", label=_("重点件"), kind="boolean", stores="key_item")
_source_no = Field(name="source_no", label=_("原编号"), required=False, stores="source_no")
_source_batch = Field(name="source_batch", label=_("批次"), required=False, stores="source_batch")
_target = Field(
    name="target", label=_("整改目标"), kind="long_text", required=False, stores="target"
)
_optional_measures = Field(
    name="measures", label=_("整改措施"), kind="long_text", required=False, stores="measures"
)
_optional_organisation = Field(
    name="owner_organisation",
    label=_("责任单位"),
    kind="organisation",
    required=False,
    stores="owner_organisation",
)
_responsible = Field(name="responsible", label=_("责任领导"), required=False, stores="responsible")
_duplicate_of = Field(name="duplicate_of", label=_("重复于"), required=False)
_entity = Field(
    name="entity",
    label=_("涉及企业或对象"),
    kind="entity",
    required=False,
    stores="entity",
    help=_("填对象编码"),
)

_responsible_column = Column(path="responsible", label=_("责任领导"))
_origin_kind_column = Column(
    path="origin_kind",
    label=_("来源类别"),
    kind="choice",
    choices=tuple(Problem.Origin.choices),
)
_source_no_column = Column(path="source_no", label=_("原编号"))
_risk_column = Column(
    path="risk", label=_("风险等级"), kind="choice", choices=tuple(Problem.Risk.choices)
)
_deadline_column = Column(path="deadline", label=_("整改时限"), kind="date")
_progress_column = Column(path="progress", label=_("进度 %"), kind="number")
_verdict_column = Column(
    path="verdict",
    label=_("核查结论"),
    kind="choice",
    choices=tuple(Problem.Verdict.choices),
)

REGISTER = declare(
    Register(
        key="problem",
        label=_("问题一本账"),
        model=Problem,
        workflow=WORKFLOW,
        pattern="问题〔{year}〕{n}号",
        columns=(
            Column(path="number", label=_("编号"), narrow=True),
            Column(path="title", label=_("问题"), narrow=True),
            Column(path="state", label=_("状态"), kind="state", narrow=True),
            Column(path="due", label=_("期限"), kind="due", narrow=True),
            Column(path="owner_organisation.name", label=_("责任单位")),
            _responsible_column,
            _origin_kind_column,
            _source_no_column,
            Column(
                path="category",
                label=_("类别"),
                kind="choice",
                choices=tuple(Problem.Category.choices),
            ),
            _risk_column,
            _deadline_column,
            _progress_column,
            _verdict_column,
            Column(path="opened_at", label=_("登记时间"), kind="datetime"),
        ),
        filters=(
            Filter(name="state", label=_("状态"), kind="state"),
            Filter(name="origin_kind", label=_("来源类别"), choices=tuple(Problem.Origin.choices)),
            Filter(name="area", label=_("属地"), kind="area", path="area_code"),
            Filter(name="organisation", label=_("责任单位"), kind="organisation"),
            Filter(name="category", label=_("类别"), choices=tuple(Problem.Category.choices)),
            Filter(name="risk", label=_("风险等级"), choices=tuple(Problem.Risk.choices)),
            Filter(name="key_item", label=_("重点件"), kind="boolean"),
            Filter(name="opened", label=_("登记时间"), kind="date_range", path="opened_at"),
        ),
        search=("number", "title", "description", "address", "entity__name", "source_no"),
        fields=(
            _origin,
            _title,
            _description,
            _area,
            _address,
            _entity,
            _category,
            _tier,
            _risk,
            _key_item,
            _source_no,
            _source_batch,
            _target,
            _optional_measures,
            _deadline,
        ),
        batch_fields=(
            _optional_organisation,
            Field(name="owner", label=_("责任人"), kind="person", required=False, stores="owner"),
            _responsible,
            _deadline,
            _risk,
            _category,
        ),
        details=(
            _origin_kind_column,
            _source_no_column,
            Column(path="source_batch", label=_("批次")),
            Column(
                path="tier",
                label=_("问题层级"),
                kind="choice",
                choices=tuple(Problem.Tier.choices),
            ),
            _risk_column,
            Column(path="target", label=_("整改目标")),
            Column(path="measures", label=_("整改措施")),
            _responsible_column,
            _deadline_column,
            _progress_column,
            Column(path="progress_text", label=_("进展")),
            Column(path="progress_at", label=_("最近调度"), kind="datetime"),
            _verdict_column,
        ),
        import_columns=(
            ImportColumn(
                field=_source_no, aliases=("序号", "问题编号", "受理编号"), example="D3JS-01"
            ),
            ImportColumn(
                field=_origin, aliases=("来源", "问题来源"), example="中央生态环境保护督察"
            ),
            ImportColumn(field=_source_batch, aliases=("交办批次",), example="第3批"),
            ImportColumn(
                field=_title,
                aliases=("问题概述", "问题名称", "问题简述"),
                example="北镇河道岸线堆放垃圾",
            ),
            ImportColumn(
                field=_description,
                aliases=("具体问题", "问题描述", "反映内容"),
                example="桥下游左岸约20米堆放建筑垃圾",
            ),
            ImportColumn(field=_area, aliases=("所在镇街", "镇街", "所属区域"), example="北镇"),
            ImportColumn(field=_address, aliases=("地址", "具体位置"), example="清溪桥下游左岸"),
            ImportColumn(field=_entity, aliases=("涉及企业", "企业名称"), example=""),
            ImportColumn(field=_category, aliases=("问题类别", "污染类型"), example="固体废物"),
            ImportColumn(field=_tier, aliases=("层级",), example="县级"),
            ImportColumn(field=_risk, aliases=("风险",), example="一般"),
            ImportColumn(field=_key_item, aliases=("是否重点件", "是否重点"), example="否"),
            ImportColumn(field=_target, aliases=("目标",), example=""),
            ImportColumn(field=_optional_measures, aliases=("措施",), example="清运并复绿"),
            ImportColumn(
                field=_optional_organisation,
                aliases=("牵头单位", "整改责任单位"),
                example="北镇人民政府",
            ),
            ImportColumn(field=_responsible, aliases=("责任人", "牵头领导"), example=""),
            ImportColumn(
                field=_deadline, aliases=("完成时限", "整改期限", "时限"), example="2026-12-31"
            ),
            ImportColumn(field=_duplicate_of, aliases=("重复件编号",), example=""),
        ),
        import_key=("source_no",),
        after_import=_link_duplicate,
        open_roles=STAFF,
        level=lambda problem: {"major": "red", "serious": "orange"}.get(problem.risk, "blue"),
        statistics=_statistics,
        daily=remind_of_progress,
        prepare=_restrict,
    )
)
