"""企业自查自纠 (mechanism E13, E14): a form goes to the firm, its answers come back, dangers are graded and put right.

下发 → 企业自查 → 审核 → 整改 → 办结; what belongs to another department is handed over and its reply awaited. The items
are those of the facility (RTO, 喷淋塔 …) in ``data/self_checks.toml``; a danger is 重大 or 一般 (公告2016年第74号).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.accounts.wording import numbered
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import, Kind
from ecoledger.matters import actions
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.enforcement.referrals import REGISTER as REFERRALS
from ecoledger.registers.enforcement.rules import rules

FIRM = frozenset({Role.ENTERPRISE})
BUREAU = frozenset({Role.OFFICER, Role.DISPATCHER, Role.SECTION_CHIEF})


def facility_choices() -> tuple[tuple[str, str], ...]:
    return tuple((row["key"], row["label"]) for row in rules("self_checks")["facilities"])


class SelfCheck(Matter):
    """One firm's self-check of one kind of facility or danger."""

    class Level(models.TextChoices):
        NONE = "none", "无隐患"
        NORMAL = "normal", "一般隐患"
        MAJOR = "major", "重大隐患"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_self_check"
    )
    round = models.CharField("批次", max_length=80)
    facility = models.CharField("排查类别", max_length=20)
    answer_by = models.DateField("自查期限", null=True, blank=True)
    answer = models.TextField("自查情况", blank=True)
    danger = models.CharField("隐患级别", max_length=8, choices=Level.choices, blank=True)
    measures = models.TextField("整改措施", blank=True)
    rectify_by = models.DateField("整改期限", null=True, blank=True)
    rectified = models.TextField("整改情况", blank=True)
    handed_to = models.CharField("移交部门", max_length=120, blank=True)

    class Meta:
        verbose_name = "企业自查"


class SelfCheckItem(models.Model):
    """One item of the form: whether it is met, and if not what is done."""

    class Found(models.TextChoices):
        OPEN = "", "未填"
        OK = "ok", "符合"
        PROBLEM = "problem", "不符合"
        ABSENT = "absent", "不涉及"

    check_of = models.ForeignKey(SelfCheck, on_delete=models.CASCADE, related_name="items")
    name = models.CharField("排查项目", max_length=200)
    found = models.CharField("结果", max_length=8, choices=Found.choices, blank=True)
    measure = models.CharField("措施", max_length=200, blank=True)

    class Meta:
        verbose_name = "自查项目"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


def items_of(check: Any) -> list[dict[str, str]]:
    """The items of the facility's form, as lines to fill in."""
    kinds = {row["key"]: row for row in rules("self_checks")["facilities"]}
    return [{"name": name} for name in kinds.get(check.facility, {}).get("items", ())]


def grade_of(check: Any) -> str:
    """The level by rule (公告2016年第74号): 重大 where a grave item fails or the mending takes long."""
    failed = {i.name for i in check.items.filter(found=SelfCheckItem.Found.PROBLEM)}
    if not failed:
        return SelfCheck.Level.NONE
    kinds = {row["key"]: row for row in rules("self_checks")["facilities"]}
    grave = failed & set(kinds.get(check.facility, {}).get("major", ()))
    days = rules("self_checks")["grading"]["long_days"]
    takes = (check.rectify_by - timezone.localdate()).days if check.rectify_by else 0
    return SelfCheck.Level.MAJOR if grave or takes > days else SelfCheck.Level.NORMAL


def _unanswered(check: Any) -> str:
    waiting = check.items.filter(found="").count()
    return numbered("还有 %d 项没有填写结果。", waiting) % waiting if waiting else ""


def _still_failing(check: Any) -> str:
    """What failed and was neither put right nor handed over: with that a check is not closed."""
    failed = list(
        check.items.filter(found=SelfCheckItem.Found.PROBLEM).values_list("name", flat=True)
    )
    if not failed or check.rectified or check.handed_to:
        return ""
    until = _("，整改期限 %s") % check.rectify_by if check.rectify_by else ""
    return _("“%(items)s”不符合%(until)s，还没有报告整改，请先要求整改。") % {
        "items": _("、").join(failed),
        "until": until,
    }


def _graded(step: Step) -> None:
    """The level follows from what failed; a firm that found something says what it does about it."""
    check = step.matter
    bare = check.items.filter(found=SelfCheckItem.Found.PROBLEM, measure="")
    if bare.exists():
        # What is said for all that failed stands for each that says nothing of its own.
        if not check.measures.strip():
            raise actions.Refused(
                "form",
                _("不符合项须写明整改措施。"),
                _("请填写本页的“整改措施”，或在逐项填写中补写。"),
                {"measures": [_("请填写")]},
            )
        bare.update(measure=check.measures.strip()[:200])
    if check.rectify_by and check.rectify_by < timezone.localdate(step.at):
        raise actions.Refused(
            "form",
            _("整改期限已经过去。"),
            _("请填写今天或以后的日期。"),
            {"rectify_by": [_("请核对")]},
        )
    check.danger = grade_of(check)
    step.form["danger"] = check.danger


def _hand_over(step: Step) -> None:
    """What is another department's: a referral of its own, whose reply comes back."""
    check = step.matter
    check.handed_to = step.form["department"]
    actions.open_matter(
        REFERRALS,
        {
            "title": f"{check.entity}：{step.form['what']}"[:200],
            "entity": check.entity,
            "area_code": check.area_code,
            "department_name": step.form["department"],
            "description": check.answer,
        },
        by=step.person,
        at=step.at,
        origin_matter=check,
    )


def _fill(step: Step) -> None:
    """Answers of the form: one line an item, 项目：符合 / 不符合（措施） / 不涉及."""
    check, words = step.matter, {"符合": "ok", "不符合": "problem", "不涉及": "absent"}
    answers = [line.strip() for line in str(step.form["answers"]).splitlines() if line.strip()]
    items = list(check.items.all())
    if len(answers) != len(items):
        raise actions.Refused(
            "form",
            _("共 %(n)d 项，填了 %(m)d 行。") % {"n": len(items), "m": len(answers)},
            _("请每项一行，依次填“符合”“不涉及”或“不符合：措施”。"),
            {"answers": [_("行数不对")]},
        )
    for item, line in zip(items, answers, strict=True):
        word, _colon, measure = line.replace(":", "：").partition("：")
        if word not in words:
            raise actions.Refused("form", _("读不懂“%s”。") % line, "", {"answers": [_("请核对")]})
        if word == "不符合" and not measure.strip():
            raise actions.Refused(
                "form",
                _("“%s”不符合，须写明整改措施。") % item.name,
                "",
                {"answers": [_("请写明整改措施")]},
            )
        item.found, item.measure = words[word], measure.strip()[:200]
        item.save()
    # An answer alone says nothing to who reads it on the timeline.
    step.form["answers"] = "\n".join(
        f"{item.name}：{line}" for item, line in zip(items, answers, strict=True)
    )


def _prepare(check: SelfCheck) -> None:
    check.circulation = Circulation.ENTERPRISE


def _figures(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.order_by().aggregate(
        all=Count("pk"),
        answered=Count("pk", filter=~Q(answer="")),
        dangers=Count("pk", filter=Q(danger__in=("normal", "major"))),
        major=Count("pk", filter=Q(danger="major")),
        done=Count("pk", filter=Q(phase="done")),
        handed=Count("pk", filter=~Q(handed_to="")),
        firms=Count("entity", distinct=True),
    )
    return [
        Statistic("firms", "涉及企业", n["firms"], "", unit="家"),
        Statistic(
            "answered", "已自查", n["answered"], "state=verifying,rectifying,done", unit="份"
        ),
        Statistic("dangers", "有隐患", n["dangers"], "danger=normal,major"),
        Statistic("major", "重大隐患", n["major"], "danger=major"),
        Statistic("handed", "移交其他部门", n["handed"], "handed=1", unit="家"),
        share("done", "办结率", n["done"], n["all"], query="state=done"),
    ]


class Checks(Register):
    """The book; its list knows ``?handed=1``."""

    def conditions(self, query: Any, person: Any, now: datetime) -> Q:
        rows = super().conditions(query, person, now)
        return rows & ~Q(handed_to="") if query.get("handed") == "1" else rows


REGISTER = declare(Checks(
    key="self_check", offline=True, label="企业自查自纠", line="emergency", tab="checks", model=SelfCheck, pattern="自查〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("sent", "企业自查中", stage="自查", waits_for=FIRM),
            State("verifying", "待审核", stage="审核", waits_for=BUREAU),
            State("rectifying", "整改中", stage="整改", waits_for=FIRM),
            State("done", "办结", phase=Phase.DONE),
            State("dropped", "不涉及", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("fill", "填写自查表", "sent", "", by=FIRM | BUREAU, main=False, effects=(_fill,),
                       shown_to_enterprise=True, on_page="self-check-form",
                       asks=(said("answers", "逐项结果", help="每项一行：符合、不涉及，或“不符合：措施”"),)),
            Transition("answer", "提交自查结果", "sent", "verifying", by=FIRM | BUREAU, when=_unanswered,
                       asks=("answer",), offers=("measures", "rectify_by"), effects=(_graded,),
                       shown_to_enterprise=True),
            Transition("return", "退回重填", "verifying", "sent", by=BUREAU, asks=(REASON,), main=False,
                       sets={"rectified": ""}, shown_to_enterprise=True),
            Transition("accept", "无隐患或已整改，办结", "verifying", "done", by=BUREAU, when=_still_failing,
                       asks=(said("checked", "审核意见"),), shown_to_enterprise=True),
            Transition("order", "要求整改", "verifying", "rectifying", by=BUREAU, asks=("rectify_by",),
                       offers=("measures",), sets={"rectified": ""}, shown_to_enterprise=True),
            Transition("rectified", "报告整改完成", "rectifying", "verifying", by=FIRM | BUREAU, evidence=1,
                       asks=("rectified",), shown_to_enterprise=True),
            Transition("regrade", "核定隐患级别", ("verifying", "rectifying"), "", by=BUREAU,
                       asks=("danger", REASON), main=False, shown_to_enterprise=True),
            Transition("hand_over", "移交其他部门", ("verifying", "rectifying"), "", by=BUREAU,
                       asks=(said("department", "接收部门", Kind.TEXT), said("what", "移交事项", Kind.TEXT)),
                       effects=(_hand_over,), main=False),
            Transition("drop", "不涉及", ("sent", "verifying"), "dropped", by=BUREAU, asks=(REASON,),
                       main=False),
        ),
        clocks=(ClockRule("answer", "自查期限", "sent", deadline_field="answer_by", basis="自查通知"),
                ClockRule("verify", "审核", "verifying", working_days=5, basis=DEFAULT),
                ClockRule("rectify", "整改期限", "rectifying", deadline_field="rectify_by",
                          extensions=(30,), basis="整改要求")),
    ),
    labels={"title": "名称", "entity": "企业", "area_code": "属地"},
    columns=("number", "title", "entity", "round", "state", "due", "danger", "rectify_by", "handed_to"),
    filters=("state", "round", "danger", "area_code", "opened_at"),
    search=("number", "title", "entity__name", "round"),
    fields=("title", Ask("entity", to=Enterprise, required=False), "area_code", "round",
            Ask("facility", kind=Kind.CHOICE, choices=facility_choices()), "answer_by", "description"),
    details=("round", "answer_by", "answer", "danger", "measures", "rectify_by", "rectified", "handed_to"),
    lines=(Lines(key="items", label="自查表", model=SelfCheckItem, columns=("name", "found", "measure"),
                 first=items_of, follows=("facility",)),),
    imports=Import(key=("round", "entity"), columns=("title", Ask("entity", to=Enterprise, required=False), Ask("area_code", required=False), "round",
                                                     Ask("facility", kind=Kind.CHOICE,
                                                         choices=facility_choices()), "answer_by"),
                   headers={"entity": ("企业名称", "单位名称"), "facility": ("设施类别", "设施"),
                            "title": ("自查名称",), "answer_by": ("期限",)},
                   examples={"title": "环保设施安全自查", "entity": "某某涂装厂", "round": "2026年第一批",
                             "facility": "蓄热式焚烧炉（RTO）"}, future=("answer_by",)),
    edit=BUREAU, manage=BUREAU, enterprise="enterprise__code", prepare=_prepare,
    detail_template="web/enforcement/self_check.html", statistics=_figures,
    empty=noop("还没有自查。导入企业名单，按设施类别下发自查表，企业登录后逐项填写。"),
))  # fmt: skip
