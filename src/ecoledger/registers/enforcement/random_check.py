"""双随机抽查 (mechanism E2): lists frozen, then drawn by the system's random source, every draw on record and published.

编制 → 名单冻结 → 已抽取 → (作废重抽 | 确认) → 检查中 → 已公示. The lists and their hash stand on the chain of events
before a seed exists; the seed comes from the system and is typed by nobody. How it is drawn: ``standards.drawing``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.roles import Role
from ecoledger.books import campaign as campaigns
from ecoledger.entities.models import Entity
from ecoledger.listings.parts import Ask, Kind
from ecoledger.matters import actions
from ecoledger.matters.actions import Refused
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import REASON
from ecoledger.registers.enforcement import check_objects, inspections, officers
from ecoledger.registers.enforcement.check_objects import Tier
from ecoledger.registers.enforcement.check_plan import CheckPlan
from ecoledger.registers.enforcement.inspections import Inspection
from ecoledger.registers.enforcement.officers import Officer
from ecoledger.registers.enforcement.rules import rules
from ecoledger.standards import draw_sheet, drawing

DRAWERS = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF})


class RandomCheck(Matter):
    """One random check: its lists, every draw of it, what was replaced (随机抽查)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_random_check"
    )
    plan = models.ForeignKey(
        CheckPlan, verbose_name="年度计划", on_delete=models.PROTECT, null=True, blank=True,
        related_name="random_checks",
    )  # fmt: skip
    check_by = models.DateField("检查期限")
    share_special = models.CharField("特殊对象份额", max_length=10, blank=True)
    share_key = models.CharField("重点对象份额", max_length=10, blank=True)
    share_ordinary = models.CharField("一般对象份额", max_length=10, blank=True)
    other_district = models.BooleanField("交叉检查（回避本辖区）", default=False)
    lists = JSONInOrder("冻结的名单", default=dict, editable=False)
    lists_sha256 = models.CharField("名单校验值", max_length=64, blank=True, editable=False)
    frozen_at = models.DateTimeField("冻结时间", null=True, blank=True, editable=False)
    draws = JSONInOrder("抽取", default=list, editable=False)
    replacements = JSONInOrder("替换", default=list, editable=False)

    class Meta:
        verbose_name = "双随机抽查"

    @property
    def drawn(self) -> int:
        """How many the draw that counts has drawn."""
        return len(self.draws[-1]["result"]) if self.draws else 0

    @property
    def thrown_away(self) -> int:
        return sum(bool(draw["discarded"]) for draw in self.draws)


# ---- the lists -----------------------------------------------------------------------------------


def lists_now(check: Any) -> drawing.Lists:
    """The lists as they are: objects of the roster in force by weight, officers certified to the end."""
    cap, visits = inspections.yearly_cap(), inspections.visits_of_all(timezone.localdate().year)
    # No ticket for who was visited often enough, or is watched from afar by the positive list.
    left, credit = campaigns.left_out(), check_objects.credit_today()
    objects = [
        drawing.Candidate(
            line.entity.code,
            line.entity.name,
            line.get_tier_display(),
            0
            if visits[line.entity_id] >= cap or line.entity_id in left
            else int(line.weight_as(credit.get(line.entity_id, line.credit))),
            line.area_code,
        )
        for line in check_objects.pool(check.area_code[:6])
        if line.entity is not None
    ]
    people = officers.certified(check.check_by, check.area_code[:6]).prefetch_related(
        "avoidances__entity"
    )
    inspectors = [
        drawing.Inspector(
            o.certificate_no,
            o.name,
            # Whoever works for the whole county has no district of his own to stay out of.
            o.area_code if len(o.area_code) > 6 else "",
            tuple(a.entity.code for a in o.avoidances.all()),
        )
        for o in people
    ]
    shares = {
        Tier.SPECIAL: check.share_special,
        Tier.KEY: check.share_key,
        Tier.ORDINARY: check.share_ordinary,
    }
    quotas = []
    for tier, share in shares.items():
        of = sum(o.tier == tier.label for o in objects)
        count = drawing.count_of(share, of, len(inspectors)) if of else 0
        quotas.append(drawing.Quota(str(tier.label), count, of, share))
    return drawing.Lists(
        tuple(objects), tuple(inspectors), tuple(quotas), bool(check.other_district)
    )


def _freeze(step: Step) -> None:
    check = step.matter
    _prepare(check)
    try:
        lists = lists_now(check)
    except ValueError as error:
        raise Refused("form", _("份额写错了：%s") % error, _("请写 0.25 或 1:5。")) from error
    if not lists.objects:
        raise Refused("condition", _("没有公布在用的抽查对象名录。"), _("请先公布一个版本。"))
    if len(lists.inspectors) < drawing.TEAM:
        raise Refused("condition", _("证件有效期到检查期限的执法人员不足两名。"))
    check.lists, check.lists_sha256 = draw_sheet.of_lists(lists), lists.sha256
    check.frozen_at = step.at
    # What the chain keeps: the hash stands there before any seed.
    step.form.update(
        lists_sha256=lists.sha256, objects=len(lists.objects), inspectors=len(lists.inspectors)
    )


def _draw(step: Step) -> None:
    check = step.matter
    seed = secrets.token_hex(16)
    result = drawing.draw(draw_sheet.lists_of(check.lists), seed)
    entry = {
        "n": len(check.draws) + 1,
        "seed": seed,
        "at": timezone.localtime(step.at).isoformat(timespec="seconds"),
        "discarded": "",
        "result": draw_sheet.of_result(result),
    }
    check.draws = [*check.draws, entry]
    step.form.update(n=entry["n"], seed=seed, drawn=len(result.drawn), result=entry["result"])


def _discard(step: Step) -> None:
    check = step.matter
    check.draws = [*check.draws[:-1], {**check.draws[-1], "discarded": step.form["reason"]}]


def _too_few(check: Any) -> str:
    result = check.draws[-1]["result"] if check.draws else []
    short = [d["object"] for d in result if len(d["inspectors"]) < drawing.TEAM]
    if short:
        return _("%s 因回避不足两名检查人员，请作废后补充人员再抽。") % "、".join(short[:5])
    return ""


# ---- from the result to visits -------------------------------------------------------------------


def _visit(check: Any, code: str, inspectors: list[str], by: Any, at: datetime) -> Any:
    lead, second = (Officer.objects.get(certificate_no=number) for number in inspectors)
    values = {
        "title": check.title,
        "kind": Inspection.Kind.RANDOM,
        "entity": Entity.objects.get(code=code),
        "plan": check.plan,
        "lead": lead,
        "second": second,
        "check_by": check.check_by,
    }
    return actions.open_matter(
        inspections.REGISTER, values, by=by, at=at, origin_matter=check, form={"object": code}
    )


def _confirm(step: Step) -> None:
    for drawn in step.matter.draws[-1]["result"]:
        _visit(step.matter, drawn["object"], drawn["inspectors"], step.person, step.at)


def visits_of(check: Any) -> Any:
    """The visits that the check begot."""
    return Inspection.objects.filter(origin_matter_id=check.pk).select_related(
        "entity", "lead", "second"
    )


def _open_visit(check: Any, code: str) -> Any:
    visit = visits_of(check).filter(entity__code=code, state="assigned").first()
    if visit is None:
        raise Refused("form", _("%s 不在待检查的对象中。") % code, _("已检查的不能替换。"))
    return visit


def _often(check: Any) -> dict[str, int]:
    rows = visits_of(check).exclude(state="left_out")
    often: dict[str, int] = {}
    for visit in rows:
        for officer in visit.inspectors:
            often[officer.certificate_no] = often.get(officer.certificate_no, 0) + 1
    return often


def _replace_object(step: Step) -> None:
    """The next of the same tier's reserve goes in its place; nobody chooses."""
    check, old = step.matter, step.form["old"]
    gone = _open_visit(check, old.code)
    lists = draw_sheet.lists_of(check.lists)
    seed = check.draws[-1]["seed"]
    by_code = {o.code: o for o in lists.objects}
    tier = by_code[old.code].tier
    used = {r["new"] for r in check.replacements if r["what"] == "object"}
    waiting = [c for c in drawing.draw(lists, seed).reserve[tier] if c not in used]
    if not waiting:
        raise Refused("condition", _("%s类已没有备选对象。") % tier)
    new = waiting[0]
    team = drawing.team_for(lists, seed, by_code[new], _often(check))
    actions.perform(
        gone.pk, "leave_out", by=step.person, form={"reason": step.form["reason"]}, at=step.at
    )
    _visit(check, new, list(team), step.person, step.at)
    _note_replacement(step, "object", old.code, old.code, new)


def _replace_inspector(step: Step) -> None:
    """The next inspector by the rule goes in the place of one who cannot."""
    check, officer = step.matter, step.form["officer"]
    visit = _open_visit(check, step.form["old"].code)
    if officer not in visit.inspectors:
        raise Refused("form", _("%s 不是这家的检查人员。") % officer)
    lists = draw_sheet.lists_of(check.lists)
    candidate = next(o for o in lists.objects if o.code == visit.entity.code)
    without = [o.certificate_no for o in visit.inspectors]
    team = drawing.team_for(
        lists, check.draws[-1]["seed"], candidate, _often(check), without, size=1
    )
    if not team:
        raise Refused("condition", _("没有可以替换的检查人员。"))
    new = Officer.objects.get(certificate_no=team[0])
    place = "lead" if visit.lead_id == officer.pk else "second"
    actions.amend(
        visit.pk, {place: new}, event="replaced", label=noop("替换检查人员"), by=step.person,
        at=step.at, note=step.form["reason"],
    )  # fmt: skip
    _note_replacement(step, "inspector", visit.entity.code, officer.certificate_no, team[0])


def _note_replacement(step: Step, what: str, place: str, old: str, new: str) -> None:
    entry = {
        "at": timezone.localtime(step.at).isoformat(timespec="seconds"),
        "what": what,
        "object": place,
        "old": old,
        "new": new,
        "reason": step.form["reason"],
    }
    step.matter.replacements = [*step.matter.replacements, entry]
    step.form["new"] = new


def _not_finished(check: Any) -> str:
    waiting = visits_of(check).filter(phase="open").count()
    return _("还有 %d 家没有办结，不能公示结果。") % waiting if waiting else ""


# ---- the sheet -----------------------------------------------------------------------------------


def sheet(check: RandomCheck) -> dict[str, Any]:
    """What is published: all that is needed to draw again, and what came of it."""
    return {
        "name": check.title,
        "number": check.number,
        "frozen_at": timezone.localtime(check.frozen_at).isoformat(timespec="seconds")
        if check.frozen_at
        else "",
        **check.lists,
        "draws": check.draws,
        "replacements": check.replacements,
        "results": list(_results(check)),
    }


def _results(check: RandomCheck) -> Iterator[dict[str, Any]]:
    for visit in visits_of(check).order_by("pk"):
        entered = timezone.localtime(visit.entered_at) if visit.entered_at else None
        yield {
            "object": visit.entity.code if visit.entity else "",
            "name": visit.entity.name if visit.entity else "",
            "on": f"{entered:%Y-%m-%d}" if entered else "",
            "inspectors": [o.certificate_no for o in visit.inspectors],
            "outcome": visit.get_outcome_display() or inspections.WORKFLOW.state(visit.state).label,
            "handled": visit.demand,
        }


_OLD = Ask("old", "检查对象", Kind.REFERENCE, stores=None, required=True, to=Entity)

WORKFLOW = Workflow(
    states=(
        State("new", "编制", stage="名单", waits_for=DRAWERS),
        State("frozen", "名单已冻结", stage="抽取", waits_for=DRAWERS),
        State("drawn", "已抽取，待确认", stage="抽取", waits_for=DRAWERS),
        State("running", "检查中", stage="检查", waits_for=DRAWERS),
        State("published", "已公示", phase=Phase.DONE),
        State("dropped", "取消", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("freeze", "冻结名单", "new", "frozen", by=DRAWERS, effects=(_freeze,),
                   offers=("share_special", "share_key", "share_ordinary")),
        Transition("draw", "抽取", "frozen", "drawn", by=DRAWERS, effects=(_draw,)),
        Transition("discard", "作废本次抽取", "drawn", "frozen", by=DRAWERS, asks=(REASON,),
                   effects=(_discard,), main=False, danger=True),
        Transition("confirm", "确认，生成检查任务", "drawn", "running", by=DRAWERS, when=_too_few,
                   effects=(_confirm,)),
        Transition("replace_object", "替换检查对象", "running", "", by=DRAWERS,
                   asks=(_OLD, REASON), effects=(_replace_object,), main=False),
        Transition("replace_inspector", "替换检查人员", "running", "", by=DRAWERS,
                   asks=(_OLD, Ask("officer", "检查人员", Kind.REFERENCE, stores=None, to=Officer), REASON),
                   effects=(_replace_inspector,), main=False),
        Transition("publish", "公示结果", "running", "published", by=DRAWERS, when=_not_finished),
        Transition("drop", "取消", ("new", "frozen", "drawn"), "dropped", by=DRAWERS, asks=(REASON,),
                   main=False, danger=True),
    ),
    clocks=(ClockRule("check_by", "检查期限", ("frozen", "drawn", "running"), deadline_field="check_by",
                      basis="抽查计划"),),
)  # fmt: skip


def _prepare(check: RandomCheck) -> None:
    """Shares that nobody said are the bureau's."""
    shares = rules("inspections")["shares"]
    for tier in ("special", "key", "ordinary"):
        setattr(check, f"share_{tier}", getattr(check, f"share_{tier}") or shares[tier])


REGISTER = declare(Register(
    key="random_check", label="双随机抽查", line="enforcement", tab="checks", model=RandomCheck, workflow=WORKFLOW,
    pattern="抽查〔{year}〕{n}号",
    labels={"title": "抽查名称", "area_code": "属地", "drawn": "抽中数", "thrown_away": "作废次数"},
    columns=("number", "title", "state", "plan", "check_by", "drawn", "thrown_away", "due", "opened_at"),
    filters=("state", "area_code", "plan", "opened_at"), search=("number", "title"),
    fields=("title", "area_code", "plan", "check_by", "share_special", "share_key", "share_ordinary",
            "other_district"),
    details=("plan", "check_by", "share_special", "share_key", "share_ordinary", "other_district",
             "lists_sha256", "frozen_at", "drawn", "thrown_away"),
    edit=DRAWERS, manage=DRAWERS | {Role.LEADER}, map_layer=False, prepare=_prepare,
    detail_template="web/enforcement/random_check.html",
    empty=noop("还没有抽查。公布抽查对象名录、导入执法人员后，在这里建立一次抽查。"),
))  # fmt: skip
