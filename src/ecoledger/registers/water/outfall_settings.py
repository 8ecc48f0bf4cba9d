"""入河排污口设置审批、登记 (mechanism W6; 部令第35号): no outfall is set up before it is approved or registered.

Which of both it needs follows from its class. A decision begins the outfall's file; who is liable for it changes, and it is
cancelled, by steps of their own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.entities import editing
from ecoledger.entities.models import Enterprise
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Column, Filter, Import, Kind
from ecoledger.matters.register import Register, Seen, Statistic
from ecoledger.matters.statistics import common_statistics
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.water.outfall_models import OutfallSetting, RiverOutfall
from ecoledger.registers.water.outfalls import classes

APPROVERS = frozenset({Role.APPROVER})
DECIDERS = frozenset({Role.APPROVER, Role.SECTION_CHIEF, Role.LEADER})
APPROVED, REGISTERED = "审批", "登记"


def _needs_approval(setting: Any) -> str:
    return "" if setting.setting == APPROVED else _("这一类排污口只需登记，请选“登记”。")


def _needs_registration(setting: Any) -> str:
    return "" if setting.setting == REGISTERED else _("这一类排污口须经审批，不能登记了事。")


def _begin_file(step: Step) -> None:
    """What may be set up is on record from that day on, with who is liable; what was there before is changed."""
    setting = step.matter
    outfall = setting.outfall or RiverOutfall(
        name=setting.title[:120], area_code=setting.area_code, river=setting.river
    )
    outfall = RiverOutfall.objects.filter(pk=outfall.pk).first() or outfall
    outfall.river, outfall.outfall_class = setting.river, setting.outfall_class
    outfall.mouth = setting.mouth or outfall.mouth
    outfall.liable, outfall.approval_no = setting.liable, setting.approval_no
    outfall.standing = RiverOutfall.Standing.CONFIRMED
    outfall.synthetic = setting.synthetic
    if setting.entity is not None:
        outfall.firm = Enterprise.objects.filter(pk=setting.entity_id).first()
    if setting.lon is not None and setting.lat is not None:
        outfall.lon, outfall.lat = setting.lon, setting.lat
    on = timezone.localdate(step.at)
    if outfall.pk is None:
        outfall.since = on
    editing.save(None, outfall, on=on, source=setting.number)
    setting.outfall = outfall


def _new_owner(step: Step) -> None:
    outfall = RiverOutfall.objects.get(pk=step.matter.outfall_id)
    outfall.liable = step.matter.liable
    editing.save(None, outfall, on=timezone.localdate(step.at), source=step.matter.number)


def _end_file(step: Step) -> None:
    outfall = RiverOutfall.objects.get(pk=step.matter.outfall_id)
    outfall.until = timezone.localdate(step.at)
    editing.save(None, outfall, on=outfall.until, source=step.matter.number)


def _names_its_outfall(setting: Any) -> str:
    if setting.sort != OutfallSetting.Sort.NEW and setting.outfall_id is None:
        return _("改设、扩大的，请先填写原排污口。")
    return ""


def _not_late(setting: Any) -> str:
    return "" if setting.outfall_id is not None else _("还没有排污口档案。")


WORKFLOW = Workflow(
    states=(
        State("applied", "已申请", stage="受理", waits_for=APPROVERS),
        State("review", "审查中", stage="审查", waits_for=APPROVERS),
        State("decision", "待决定", stage="决定", waits_for=DECIDERS),
        State("approved", "准予设置", phase=Phase.DONE),
        State("registered", "已登记", phase=Phase.DONE),
        State("refused", "不予设置", phase=Phase.DISMISSED),
        State("not_accepted", "不予受理", phase=Phase.DISMISSED),
        State("cancelled", "已注销", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("accept", "受理", "applied", "review", by=APPROVERS, when=_needs_approval,
                   offers=(said("paper", "受理文书", Kind.TEXT),)),
        Transition("register", "登记", "applied", "registered", by=APPROVERS, asks=("approval_no",), evidence=1,
                   when=lambda s: _needs_registration(s) or _names_its_outfall(s), effects=(_begin_file,),
                   help="设置前提交入河排污口登记表"),
        Transition("reviewed", "审查、公示完毕", "review", "decision", by=APPROVERS, asks=("opinion",), evidence=1,
                   help="附设置论证报告和公示材料"),
        Transition("approve", "准予设置", "decision", "approved", by=DECIDERS, asks=("approval_no", "limits"),
                   when=_names_its_outfall, other_person_than=("reviewed",), effects=(_begin_file,)),
        Transition("return", "退回补充审查", "decision", "review", by=DECIDERS, asks=(REASON,), main=False),
        Transition("refuse", "不予设置", ("review", "decision"), "refused", by=DECIDERS, asks=(REASON,), main=False,
                   danger=True),
        Transition("not_accepted", "不予受理", "applied", "not_accepted", by=APPROVERS, asks=(REASON,), main=False),
        Transition("change_owner", "变更责任主体", ("approved", "registered"), "", by=APPROVERS, asks=("liable",),
                   offers=(said("changed_on", "变更日期", Kind.DATE),), evidence=1, when=_not_late,
                   effects=(_new_owner,), main=False, help="变更之日起 30 日内报告"),
        Transition("cancel", "注销", ("approved", "registered"), "cancelled", by=APPROVERS, asks=(REASON,),
                   evidence=1, when=_not_late, effects=(_end_file,), main=False, danger=True,
                   help="附停用、封堵证明"),
    ),
    clocks=(
        ClockRule("accept", "受理", "applied", working_days=5, basis=DEFAULT),
        ClockRule("decide", "审批决定", ("review", "decision"), limit="outfall-approval"),
    ),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.aggregate(
        approved=Count("pk", filter=Q(state="approved")),
        registered=Count("pk", filter=Q(state="registered")),
        refused=Count("pk", filter=Q(state="refused")),
        not_accepted=Count("pk", filter=Q(state="not_accepted")),
        cancelled=Count("pk", filter=Q(state="cancelled")),
    )
    return [
        *common_statistics(SETTINGS, rows, now),
        Statistic("approved", "准予设置", n["approved"], "state=approved"),
        Statistic("registered", "已登记", n["registered"], "state=registered"),
        Statistic("refused", "不予设置", n["refused"], "state=refused"),
        Statistic("not_accepted", "不予受理", n["not_accepted"], "state=not_accepted"),
        Statistic("cancelled", "已注销", n["cancelled"], "state=cancelled"),
    ]


SETTINGS = declare(Register(
    key="outfall_setting", label="入河排污口设置", line="water", tab="permits", model=OutfallSetting,
    workflow=WORKFLOW, pattern="排口设置〔{year}〕{n}号",
    labels={"title": "排污口名称", "description": "设置理由", "area_code": "属地", "entity": "申请单位", "setting": "设置方式"},
    columns=("number", "title", "state", "due", "sort", Column("outfall_class", choices=classes()), "setting",
             "river", "entity", "liable", "approval_no", "outfall", "area_code"),
    filters=("state", "sort", Filter("outfall_class", kind=Kind.CHOICE, choices=classes()), "river", "area_code"),
    search=("number", "title", "approval_no", "liable", "entity__name"),
    fields=("sort", "title", Ask("entity", "申请单位", to=Enterprise), "liable",
            Ask("outfall_class", kind=Kind.CHOICE, choices=classes(), required=True), "river", "area_code",
            "address", "lon", "lat", "mouth", "daily_m3", "outfall", "description"),
    details=("sort", Column("outfall_class", choices=classes()), "setting", "river", "mouth", "daily_m3", "liable",
             "outfall", "opinion", "limits", "approval_no"),
    imports=Import(
        key=("title",),
        columns=("title", "entity", "liable", Ask("outfall_class", kind=Kind.CHOICE, choices=classes(), required=True),
                 "river", "area_code", "sort", "daily_m3"),
        headers={"title": ("入河排污口名称",), "entity": ("设置单位",), "outfall_class": ("类型",),
                 "river": ("排入水体",), "daily_m3": ("日排放量",)},
        examples={"title": "某污水处理厂排污口", "liable": "某水务公司", "outfall_class": "城镇污水处理厂排污口",
                  "river": "清溪", "area_code": "北镇"},
    ),
    statistics=_statistics, edit=APPROVERS | {Role.DISPATCHER}, manage=DECIDERS, enterprise="",
    empty="还没有设置申请。工矿企业、园区和城镇污水处理厂的排污口须审批，其余登记。",
))  # fmt: skip
