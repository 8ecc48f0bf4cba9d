"""通报、预警、约谈: a letter that a rule proposed or a person began, until its reply is in (mechanism T16).

拟发 → 已发 → 已回复 → 办结. What is due to whom is proposed by the rules of
:mod:`ecoledger.indicators.warning_rules`; a person decides, the document has its own way, its number and its reply
move the matter on. Until it goes out it is the desk's alone, as it may still be dropped.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Import, View
from ecoledger.matters.measures import EVERY, Measure
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON


class WarningLetter(Matter):
    """A notice, warning letter or interview to one place (通报、预警、约谈)."""

    class Measure(models.TextChoices):
        NOTICE = "notice", "通报"
        WARNING = "warning", "预警"
        INTERVIEW = "interview", "约谈"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_warning"
    )
    measure = models.CharField("措施", max_length=10, choices=Measure.choices)
    rule = models.CharField("规则", max_length=60, blank=True)
    indicator = models.CharField("依据指标", max_length=80, blank=True)
    period = models.CharField("所属期间", max_length=20, blank=True)
    value = models.CharField("实际值", max_length=60, blank=True)
    limit = models.CharField("要求值", max_length=60, blank=True)
    reply_by = models.DateField("反馈期限", null=True, blank=True)
    # The place it is about, kept here too: a constraint cannot reach into the shared table.
    area_of = models.CharField(max_length=12, blank=True, editable=False)

    class Meta:
        verbose_name = "通报预警约谈"
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "indicator", "period", "area_of"],
                condition=~Q(rule=""),
                name="proposed_once_a_period",
            )
        ]


def _prepare(letter: WarningLetter) -> None:
    letter.area_of = letter.area_code
    _tidy(letter)


def _tidy(letter: WarningLetter) -> None:
    """Whom it is about learns of it when it goes out, and not of what was only proposed or dropped."""
    inside = letter.state in ("proposed", "dropped")
    letter.circulation = Circulation.RESTRICTED if inside else Circulation.STAFF


_DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.LEADER, Role.MONITOR, Role.OFFICER})
WORKFLOW = Workflow(
    states=(
        State("proposed", "拟发", stage="拟发", waits_for=_DESK),
        State("sent", "已发，待回复", stage="回复", waits_for=_DESK),
        State("replied", "已回复，待核", stage="核实", waits_for=CHECKERS),
        State("closed", "办结", phase=Phase.DONE),
        State("dropped", "不发", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("send", "登记印发", "proposed", "sent", by=_DESK, automatic=True,
                   asks=("measure",), takes_over=("measure",), offers=("reply_by",), help="印发预警函、约谈通知时自动进入这一步"),
        Transition("answer", "登记回复", "sent", "replied", by=_DESK, automatic=True,
                   asks=(said("reply", "回复情况"),)),
        Transition("close", "核实办结", "replied", "closed", by=CHECKERS,
                   asks=(said("checked", "核实意见"),)),
        Transition("again", "整改不力，重新约谈", "replied", "proposed", by=CHECKERS, asks=(REASON,),
                   sets={"measure": "interview"}, main=False),
        Transition("drop", "不发", "proposed", "dropped", by=CHECKERS, asks=(REASON,), main=False),
    ),
    clocks=(
        ClockRule("send", "拟发", "proposed", working_days=5, basis=DEFAULT),
        ClockRule("reply", "回复", "sent", deadline_field="reply_by", basis=DEFAULT),
    ),
)  # fmt: skip

_SENT = ("sent", "replied", "closed")


def _sent(key: str, name: str, kind: str, unit: str) -> Measure:
    """What went out in a span: as it was when it did, though an interview followed; neither what was only proposed nor
    what was dropped."""
    past = Q(measure=kind, state__in=_SENT)
    return Measure(
        key=key, name=name, numerator=EVERY, dated="opened_at", unit=unit,
        step="send", said={"measure": kind}, past=past, columns=("measure", "state"),
    )  # fmt: skip


REGISTER = declare(Register(
    key="warning", label="通报预警约谈", line="assessment", model=WarningLetter, workflow=WORKFLOW,
    pattern="预警约谈〔{year}〕{n}号",
    labels={"title": "事由", "description": "情况", "area_code": "属地", "owner_organisation": "主送单位"},
    columns=("title", "state", "measure", "area_code", "owner_organisation", "value", "limit", "number",
             "period", "reply_by", "closed_at"),
    filters=("state", "measure", "area_code", "period", "reply_by", "closed_at"),
    search=("number", "title", "description"),
    fields=("measure", "title", "area_code", "owner_organisation", "period", "value", "limit", "reply_by",
            "description"),
    batch=("owner_organisation", "reply_by"),
    details=("measure", "period", "value", "limit", "reply_by"),
    views=(View("open", "待发待回", {"open": "1"}, "due"),),
    imports=Import(
        key=("title", "period"),
        headers={"measure": ("类型",), "owner_organisation": ("主送", "单位"), "reply_by": ("回复期限",)},
        examples={"measure": "约谈", "title": "某断面连续两月不达标", "area_code": "北镇", "period": "2026-05",
                  "owner_organisation": "北镇人民政府"},
    ),
    measures=(
        _sent("letters", "发出预警函", WarningLetter.Measure.WARNING, "件"),
        _sent("interviews", "约谈", WarningLetter.Measure.INTERVIEW, "次"),
        Measure(key="reply_ratio", name="回复率", numerator=Q(state__in=("replied", "closed")),
                denominator=Q(state__in=_SENT), dated="opened_at"),
    ),
    map_layer=False, edit=_DESK, circle=_DESK, prepare=_prepare, tidy=_tidy,
    empty="还没有通报、预警或约谈。每月按规则提出，也可登记。",
))  # fmt: skip
