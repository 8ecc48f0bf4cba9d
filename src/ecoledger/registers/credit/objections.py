"""信用评价异议 (mechanism P13): a firm says that its level is wrong; upheld, the mistaken event goes and the level follows."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask
from ecoledger.listings.refusals import Refused
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT
from ecoledger.registers.credit import feeding, ratings
from ecoledger.registers.credit.events import RATERS, REVIEWERS, CreditEvent
from ecoledger.registers.credit.ratings import Rating

FIRM = frozenset({Role.ENTERPRISE})


class CreditObjection(Matter):
    """One objection to a level."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_credit_objection"
    )
    rating = models.ForeignKey(
        Rating, verbose_name="信用等级", on_delete=models.PROTECT, null=True, blank=True, related_name="objections"
    )  # fmt: skip
    event = models.ForeignKey(
        CreditEvent, verbose_name="有误的记分事件", on_delete=models.PROTECT, null=True, blank=True,
        related_name="objections",
    )  # fmt: skip

    class Meta:
        verbose_name = "信用评价异议"


def _prepare(objection: Any) -> None:
    """They are taken for a time."""
    objection.circulation = Circulation.ENTERPRISE
    rating = objection.rating
    if rating is None:
        return
    batch, today = rating.batch, timezone.localdate()
    if batch is None or batch.state != "public" or (batch.objections_until or today) < today:
        raise Refused("state", _("现在不在异议期内。"), _("发布后的等级可申请信用修复。"))


def _of_rating(objection: Any) -> None:
    """About the firm that was rated."""
    rating = objection.rating
    if rating is None:
        return
    if objection.entity is not None and objection.entity.pk != rating.entity_id:
        why = _("这个等级不是该企业的。")
        raise Refused("form", why, "", {"rating": [why]})
    firm = rating.entity
    objection.title = objection.title or _("%s 信用评价异议") % firm
    objection.entity, objection.area_code = firm, firm.area_code
    objection.enterprise = firm.enterprise


def _uphold(step: Step) -> None:
    """The event never counted; the level is computed anew, by the day of the batch."""
    objection, event, rating = step.matter, step.form["event"], step.matter.rating
    if event.entity_id != rating.entity_id:
        why = _("这个事件不是该企业的。")
        raise Refused("form", why, "", {"event": [why]})
    if event.withdrawn_on is not None:
        raise Refused("state", _("这个事件已经撤销。"))
    on = timezone.localdate(step.at)
    feeding.withdraw(event, on, f"{objection.number}：{step.form['answer']}")
    ratings.compute([rating], rating.batch.as_of)
    step.form["level"] = rating.level


OBJECTIONS = declare(Register(
    key="credit_objection", label="信用评价异议", line="enforcement", tab="checks", model=CreditObjection,
    pattern="信异〔{year}〕{n}号", prepare=_prepare, holds_to=_of_rating,
    workflow=Workflow(
        states=(
            State("new", "待复核", stage="复核", waits_for=REVIEWERS),
            State("upheld", "已采纳", phase=Phase.DONE),
            State("rejected", "不予采纳", phase=Phase.DONE),
            State("dropped", "撤回", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("uphold", "采纳，撤销记分", "new", "upheld", by=REVIEWERS,
                       asks=(Ask("event", among="credit_event"), said("answer", "复核意见")),
                       effects=(_uphold,), shown_to_enterprise=True),
            Transition("reject", "不予采纳", "new", "rejected", by=REVIEWERS,
                       asks=(said("answer", "复核意见"),), shown_to_enterprise=True, main=False),
            Transition("drop", "撤回异议", "new", "dropped", by=FIRM | RATERS, shown_to_enterprise=True,
                       main=False),
        ),
        clocks=(ClockRule("review", "复核", "new", working_days=5, basis=DEFAULT),),
    ),
    labels={"title": "名称", "entity": "企业", "area_code": "属地", "description": "异议理由"},
    columns=("number", "title", "entity", "state", "due", "opened_at", "area_code"),
    filters=("state", "area_code", "opened_at"), search=("number", "title", "entity__name"),
    fields=(Ask("entity", to=Enterprise, required=True), Ask("rating", among="credit_rating", required=True), Ask("description", required=True)),
    details=("rating", "event"), edit=FIRM | RATERS, manage=RATERS | REVIEWERS,
    enterprise="enterprise__code", map_layer=False,
    empty="还没有异议。公示期内企业可对等级提出异议，由复核人员答复。",
))  # fmt: skip
