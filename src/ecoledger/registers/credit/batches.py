"""企业环境信用评价批次 (mechanism P13): firms are listed, computed, published, objected to, announced.

拟评 → 公示中 → 已发布. Who publishes has neither computed nor rated; nothing is announced while an objection waits or may still come.
"""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import acting, audit
from ecoledger.accounts.wording import numbered
from ecoledger.listings.parts import Import
from ecoledger.listings.refusals import Refused
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.credit import feeding, rules
from ecoledger.registers.credit.events import RATERS, REVIEWERS
from ecoledger.registers.credit.ratings import (
    RATINGS,
    CreditBatch,
    Rating,
    compute,
    put_in_force,
)
from ecoledger.standards import workdays


def _compute(step: Step) -> None:
    """Bring in what is new, then compute all that nobody else rated."""
    batch = step.matter
    if not batch.ratings.exists():
        raise Refused("condition", _("还没有参评企业。"), _("请先登记或导入参评企业名单。"))
    feeding.feed(step.at)
    rows = list(batch.ratings.select_related("entity"))
    step.form["failed"] = compute(rows, batch.as_of)
    step.form["rated"] = len(rows)


def _unrated(batch: Any) -> str:
    if not batch.ratings.exists():
        return _("还没有参评企业。")
    waiting = batch.ratings.filter(level="").count()
    return numbered("还有 %d 家没有等级，请先计算或填写。", waiting) % waiting if waiting else ""


def _publish(step: Step) -> None:
    """Shown to the firms by another than who rated them; objections are taken for as long as the rules ask, at least."""
    given = list(step.matter.ratings.exclude(given_by=""))
    raters = audit.hands_on(given, f"{RATINGS.key}.open", f"{RATINGS.key}.change").values()
    if step.person is not None and not acting.hand(step.person).isdisjoint(chain(*raters)):
        why = _("等级是您填写的，“公示”须由另一人办理。")
        raise Refused("second_person", why, _("请转同岗位的其他人员。"))
    batch, days = step.matter, int(rules.said()["objection_days"])
    least = workdays.add_working_days(timezone.localdate(step.at), days).day
    if batch.objections_until < least:
        why = _("异议期不少于 %(days)d 个工作日，最早到 %(day)s。") % {"days": days, "day": f"{least:%Y-%m-%d}"}  # fmt: skip
        raise Refused("form", why, "", {"objections_until": [why]})
    batch.ratings.update(public=True)


def _hide(step: Step) -> None:
    step.matter.ratings.update(public=False)


def _objections(batch: Any) -> str:
    from ecoledger.registers.credit.objections import (
        CreditObjection,
    )  # it asks the ratings in its turn

    waiting = CreditObjection.objects.filter(
        rating__batch=batch.pk, phase="open", withdrawn_at=None
    )
    if n := waiting.count():
        return numbered("还有 %d 件异议没有答复。", n) % n
    # A bureau that asks for no days of objection announces on the day of publication.
    until = batch.objections_until if rules.said()["objection_days"] else None
    if until and timezone.localdate() <= until:
        return _("异议期至 %s 止，期满后方可发布。") % f"{until:%Y-%m-%d}"
    return ""


def _announce(step: Step) -> None:
    today = timezone.localdate(step.at)
    step.matter.announced_on = today
    put_in_force(step.matter.ratings.all(), today)


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Batches, firms and levels of what was announced; of several ratings of a firm each counts in its batch."""
    done = rows.filter(state="announced", merged_into=None)
    rated = Rating.objects.filter(batch__in=done.order_by().values("pk"))
    n = rated.aggregate(
        all=Count("pk"),
        firms=Count("entity", distinct=True),
        **{colour: Count("pk", filter=Q(colour=colour)) for colour in Rating.Colour.values},
    )
    good = n["green"] + n["blue"]
    # Firms are counted, and opened: not the batches that they were rated in.
    batches = "&".join(f"batch={pk}" for pk in done.values_list("pk", flat=True))
    opens = f"{RATINGS.url}?{batches}" if batches else ""
    return [
        Statistic("batches", "已发布批次", done.count(), "state=announced", "批"),
        Statistic("rated", "参评企业", n["all"], opens, "家次"),
        Statistic("firms", "参评企业（去重）", n["firms"], opens, "家"),
        *(
            Statistic(colour, word, n[colour], f"{opens}&colour={colour}" if opens else "", "家次")
            for colour, word in Rating.Colour.choices
        ),
        share("good", "良好以上比例", good, n["all"], note="绿和蓝÷参评企业家次"),
    ]


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    done = rows.filter(merged_into=None).exclude(state="void").order_by("-as_of", "-pk")[:60]
    table = []
    for batch in done:
        counts = {key: n for key, _word, n in batch.by_colour}
        cells = (
            str(batch.title), str(sum(counts.values())),
            *(str(counts.get(colour, 0)) for colour in Rating.Colour.values),
        )  # fmt: skip
        table.append((cells, f"q={batch.number}"))
    heads = ("批次", "企业", *(str(word) for _key, word in Rating.Colour.choices))
    return [Breakdown(noop("各批次"), heads, tuple(table))]


def _settled(batch: Any) -> frozenset[str]:
    """What was computed is of that year and day; for others there is another batch."""
    if batch.state == "draft" and not batch.ratings.exclude(level="").exists():
        return frozenset()
    return BATCHES.judged


BATCHES = declare(Register(
    key="credit_batch", label="信用评价批次", line="enforcement", model=CreditBatch, pattern="信评〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("draft", "拟评", stage="评价", waits_for=RATERS | REVIEWERS),
            State("public", "公示中", stage="公示", waits_for=RATERS),
            State("announced", "已发布", phase=Phase.DONE),
            State("void", "作废", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("compute", "计算得分和等级", "draft", "", by=RATERS, effects=(_compute,)),
            Transition("publish", "公示", "draft", "public", by=REVIEWERS, asks=("objections_until",),
                       other_person_than=("compute",), even_without=True, when=_unrated, effects=(_publish,)),
            Transition("announce", "发布", "public", "announced", by=RATERS, when=_objections,
                       effects=(_announce,)),
            Transition("take_back", "撤回公示", "public", "draft", by=REVIEWERS, asks=(REASON,),
                       effects=(_hide,), main=False),
            Transition("void", "作废", "draft", "void", by=REVIEWERS, asks=(REASON,),
                       effects=(_hide,), main=False, danger=True),
            # What is public is not taken away by the hand that made it so.
            Transition("void_public", "作废", "public", "void", by=REVIEWERS, asks=(REASON,),
                       other_person_than=("publish",), effects=(_hide,), main=False, danger=True),
        ),
        clocks=(ClockRule("rate", "评价", "draft", working_days=20, basis=DEFAULT),
                ClockRule("objections", "异议期", "public", deadline_field="objections_until",
                          waiting=True, basis="公示")),
    ),
    labels={"title": "批次名称", "area_code": "属地", "firms": "参评企业 家"},
    columns=("number", "title", "year", "as_of", "firms", "state", "due", "objections_until", "announced_on",
             "area_code"),
    filters=("state", "year", "area_code"), search=("number", "title"),
    fields=("title", "year", "as_of", "area_code", "description"),
    details=("year", "as_of", "firms", "objections_until", "announced_on"),
    imports=Import(key=("title",), headers={"title": ("批次",), "as_of": ("评价日期", "基准日")},
                   examples={"title": "2026年第一批", "year": "2026", "as_of": "2026-03-31"}, future=()),
    settled=_settled, statistics=_statistics, breakdowns=_breakdowns, detail_template="web/credit/batch.html",
    edit=RATERS | REVIEWERS, manage=RATERS | REVIEWERS, enterprise="", map_layer=False, daily=feeding.feed,
    empty="还没有评价批次。登记一批，导入参评企业，计算后由另一人公示，异议期满发布。",
))  # fmt: skip
