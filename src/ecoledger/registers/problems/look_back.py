"""督察“回头看” (mechanism T8): closed matters drawn at random, looked at again by another unit, reopened where the trouble
is back.

The seed comes from the system's random source and is kept with how many were drawn of how many, so that
anybody can draw again.
"""

from __future__ import annotations

import random
import secrets
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Organisation
from ecoledger.accounts.roles import Role
from ecoledger.listings.parts import Ask
from ecoledger.matters import actions
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare, register_of
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import (
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
)
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON

# The registers whose closed matters are looked at again.
BOOKS = (("problem", "问题一本账"), ("inspectorate_letter", "督察信访件"))


class LookBackRound(Matter):
    """One round: from which book, how many, by which units."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_look_back_round"
    )
    book = models.CharField("台账", max_length=40, choices=BOOKS, default="problem")
    closed_from = models.DateField("销号时间起", null=True, blank=True)
    closed_to = models.DateField("销号时间止", null=True, blank=True)
    count = models.PositiveIntegerField("抽取件数", default=10)
    deadline = models.DateField("完成时限")
    pool = models.PositiveIntegerField("可抽件数", null=True, blank=True)
    drawn = models.PositiveIntegerField("已抽件数", null=True, blank=True)
    seed = models.CharField("随机种子", max_length=20, blank=True)

    class Meta:
        verbose_name = "回头看"


class LookBackUnit(models.Model):
    """A unit that looks again in a round (核查单位)."""

    round = models.ForeignKey(LookBackRound, on_delete=models.CASCADE, related_name="units")
    organisation = models.ForeignKey(
        Organisation, verbose_name="核查单位", on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = "核查单位"
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.organisation)


class LookBackCheck(Matter):
    """One closed matter looked at again by a unit that did not rectify it."""

    class Outcome(models.TextChoices):
        KEPT = "kept", "未反弹"
        PARTLY = "partly", "部分反弹"
        BACK = "back", "反弹"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_look_back_check"
    )
    round = models.ForeignKey(
        LookBackRound,
        verbose_name="回头看",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="checks",
    )
    checked = models.ForeignKey(
        Matter,
        verbose_name="原事项",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="looked_back_at",
    )
    outcome = models.CharField("核查结果", max_length=8, choices=Outcome.choices, blank=True)
    seen = models.TextField("核查情况", blank=True)
    deadline = models.DateField("完成时限", null=True, blank=True)

    class Meta:
        verbose_name = "回头看核查"


def pool_of(round_: LookBackRound) -> QuerySet[Any]:
    """The closed matters that may be drawn."""
    register = register_of(round_.book)
    rows = register.standing().filter(
        phase=Phase.CLOSED.value, merged_into=None, area_code__startswith=round_.area_code
    )
    if round_.closed_from:
        rows = rows.filter(closed_at__date__gte=round_.closed_from)
    if round_.closed_to:
        rows = rows.filter(closed_at__date__lte=round_.closed_to)
    return rows.order_by("pk")


def draw(seed: str, keys: list[int], count: int) -> list[int]:
    """The same seed, keys and count draw the same matters on every machine."""
    return sorted(random.Random(seed).sample(keys, min(count, len(keys))))  # noqa: S311 - repeatable


def _draw(step: Step) -> None:
    """Draw, and give each matter to one of the round's units that is not its own."""
    round_ = step.matter
    units = _units(round_)
    if not units:
        raise actions.Refused(
            "condition", _("还没有核查单位。"), _("请先在“填报明细”里列入核查单位。")
        )
    keys = list(pool_of(round_).values_list("pk", flat=True))
    if not keys:
        raise actions.Refused("condition", _("没有可以抽查的已销号事项。"))
    round_.seed = str(secrets.randbelow(10**12))
    drawn = draw(round_.seed, keys, round_.count)
    round_.pool, round_.drawn = len(keys), len(drawn)
    for turn, row in enumerate(pool_of(round_).filter(pk__in=drawn)):
        others = [unit for unit in units if unit.pk != row.owner_organisation_id]
        if not others:
            raise actions.Refused(
                "form", _("%s 只能由原整改单位核查。") % row.number, _("请再选一个核查单位。")
            )
        unit = others[turn % len(others)]
        # A unit of another district works on it in its own: nobody sees what lies outside his scope.
        inside = not unit.area_code or row.area_code.startswith(unit.area_code)
        values = {
            "title": f"回头看：{row.title}"[:200], "address": row.address,
            "area_code": row.area_code if inside else unit.area_code,
            "lon": row.lon, "lat": row.lat, "entity": row.entity, "round": round_, "checked": row,
            "owner_organisation": unit, "deadline": round_.deadline,
        }  # fmt: skip
        actions.open_matter(CHECKS, values, by=step.person, at=step.at, origin_matter=round_)


def _units(round_: LookBackRound) -> list[Organisation]:
    rows = round_.units.select_related("organisation")
    return list(dict.fromkeys(row.organisation for row in rows))


def _all_back(round_: Any) -> str:
    left = round_.checks.filter(phase="open", withdrawn_at=None).count()
    return _("还有 %d 件没有核查完。") % left if left else ""


def _reopen(step: Step) -> None:
    """What came back is reopened in its own book, by who says so."""
    check = step.matter
    words = f"{check.number}：{check.seen}"[:400]
    actions.reopen(check.checked_id, by=step.person, form={"reason": words}, at=step.at)


def _came_back(check: Any) -> str:
    return "" if check.outcome in ("partly", "back") else _("核查结果是未反弹。")


def _stayed(check: Any) -> str:
    return "" if check.outcome == "kept" else _("核查结果是反弹，请认定反弹。")


_UNITS = frozenset({Role.TOWN, Role.OFFICER, Role.MONITOR, Role.APPROVER, Role.DISPATCHER})
_DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF})

ROUNDS = declare(Register(
    key="look_back", label="回头看", line="rectification", model=LookBackRound,
    workflow=Workflow(
        states=(
            State("plan", "拟定", stage="抽取", waits_for=_DESK),
            State("running", "核查中", stage="核查", waits_for=_DESK),
            State("done", "已结束", phase=Phase.DONE),
        ),
        transitions=(
            Transition("draw", "随机抽取并交办核查", "plan", "running", by=_DESK, effects=(_draw,),
                       help="种子取自系统随机源；原整改单位不核查自己的事项"),
            Transition("end", "结束", "running", "done", by=_DESK, when=_all_back),
        ),
        clocks=(ClockRule("deadline", "完成时限", ("plan", "running"), deadline_field="deadline",
                          basis=DEFAULT),),
    ),
    pattern="回头看〔{year}〕{n}号", labels={"title": "名称", "area_code": "属地"},
    columns=("number", "title", "state", "due", "book", "count", "pool", "drawn", "seed", "opened_at"),
    filters=("state", "book", "opened_at"), search=("number", "title"),
    fields=("title", "area_code", "book", "closed_from", "closed_to", Ask("count", minimum=1), "deadline"),
    details=("book", "closed_from", "closed_to", "count", "pool", "drawn", "seed", "deadline"),
    lines=(Lines(key="units", label="核查单位", model=LookBackUnit, columns=("organisation",)),),
    map_layer=False, edit=_DESK, empty="还没有回头看。拟定一轮，从已销号的事项中随机抽取，交另外的单位核查。",
))  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.order_by().aggregate(
        total=Count("pk"),
        open=Count("pk", filter=Q(phase="open")),
        looked=Count("pk", filter=~Q(outcome="")),
        back=Count("pk", filter=Q(outcome__in=("partly", "back"))),
        reopened=Count("pk", filter=Q(state="reopened")),
    )
    return [
        Statistic("total", "抽中", n["total"]),
        Statistic("open", "未核查完", n["open"], "open=1"),
        share("coverage", "核查覆盖率", n["looked"], n["total"]),
        share("back", "反弹率", n["back"], n["looked"], note="部分反弹和反弹÷已核查"),
        Statistic("reopened", "重开整改", n["reopened"], "state=reopened"),
    ]


CHECKS = declare(Register(
    key="look_back_check", label="回头看核查", line="rectification", model=LookBackCheck,
    workflow=Workflow(
        states=(
            State("assigned", "待核查", stage="核查", waits_for=_UNITS, by_owner=True),
            State("judged", "待认定", stage="认定", waits_for=CHECKERS),
            State("kept", "未反弹", phase=Phase.DONE),
            State("reopened", "已重开整改", phase=Phase.DONE),
        ),
        transitions=(
            Transition("visit", "提交核查结果", "assigned", "judged", by=_UNITS, owner_only=True,
                       asks=("outcome", "seen"), evidence=1),
            Transition("keep", "认定未反弹", "judged", "kept", by=CHECKERS, when=_stayed,
                       other_person_than=("visit",)),
            Transition("reopen", "认定反弹，重开整改", "judged", "reopened", by=CHECKERS, when=_came_back,
                       other_person_than=("visit",), effects=(_reopen,), danger=True),
            Transition("again", "核查不清，退回", "judged", "assigned", by=CHECKERS, asks=(REASON,),
                       other_person_than=("visit",), main=False),
        ),
        clocks=(ClockRule("deadline", "完成时限", ("assigned", "judged"), deadline_field="deadline",
                          basis=DEFAULT),),
    ),
    pattern="回头看核查〔{year}〕{n}号", labels={"owner_organisation": "核查单位", "area_code": "属地"},
    # Another town's people check: of what, they have to know.
    tells=("round", "checked"),
    columns=("number", "title", "state", "due", "round", "owner_organisation", "outcome", "area_code"),
    filters=("state", "round", "owner_organisation", "outcome", "area_code"), search=("number", "title"),
    fields=("title", "area_code", "round", "owner_organisation", "deadline"),
    details=("round", "checked", "outcome", "seen", "deadline"), statistics=_statistics,
    edit=_DESK, empty="还没有核查。在“回头看”里抽取后，各单位的核查会列在这里。",
))  # fmt: skip
