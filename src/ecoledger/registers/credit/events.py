"""信用记分事件 (mechanism P13): what is on record about a firm and counts for its environmental credit.

A score is never kept: it is the initial score and the points of the events that count on a day
(``standards.credit``). Events come from penalties that entered the book of credit, from problems and self-checks
that are late, by ``data/credit_rating.toml``, and by hand. One that was a mistake is withdrawn, one that was
repaired ends; both stay on record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Choices, Import, Kind, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters.models import Matter
from ecoledger.registers.credit import rules
from ecoledger.standards import credit

RATERS = frozenset({Role.OFFICER, Role.APPROVER, Role.DISPATCHER})
REVIEWERS = frozenset({Role.SECTION_CHIEF, Role.LEADER})


class CreditEvent(models.Model):
    """One event about a firm. What the rules leave open (points, validity) it brings itself."""

    class Source(models.TextChoices):
        PENALTY = "penalty", "行政处罚"
        PROBLEM = "problem", "问题整改"
        SELF_CHECK = "self_check", "企业自查"
        PRAISE = "praise", "表彰或承诺"
        OTHER = "other", "其他"

    class RepairClass(models.TextChoices):
        MINOR = "minor", "轻微"
        GENERAL = "general", "一般"
        SERIOUS = "serious", "严重"

    entity = models.ForeignKey(
        Entity, verbose_name="企业", on_delete=models.PROTECT, related_name="credit_events"
    )
    area_code = AreaCodeField("属地")
    behaviour = models.CharField("记分行为", max_length=40)
    on = models.DateField("认定日期", db_index=True)
    reference = models.CharField("依据文书", max_length=120)
    points = models.DecimalField("分值", max_digits=6, decimal_places=2, null=True, blank=True)
    valid_months = models.PositiveSmallIntegerField("有效期 月", null=True, blank=True)
    source = models.CharField("来源", max_length=12, choices=Source.choices, default=Source.OTHER)
    origin = models.ForeignKey(
        Matter, verbose_name="来源事项", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # fmt: skip
    repair_class = models.CharField(
        "失信类别", max_length=10, choices=RepairClass.choices, blank=True
    )
    # By the rule in force when it was entered; told again by that of the day when a repair is asked for.
    earliest = models.DateField("最短期满日", null=True, blank=True, editable=False)
    latest = models.DateField("最长期满日", null=True, blank=True, editable=False, db_index=True)
    repaired_on = models.DateField("修复日期", null=True, blank=True, editable=False)
    withdrawn_on = models.DateField("撤销日期", null=True, blank=True, editable=False)
    withdrawn_why = models.CharField("撤销原因", max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = "信用记分事件"
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "source"], condition=Q(origin__isnull=False),
                name="one_credit_event_of_a_matter",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.entity} {self.reference}".strip()

    @property
    def as_scored(self) -> credit.Event:
        """The event as the standard's arithmetic takes it."""
        return credit.Event(
            self.behaviour, self.on, self.reference, self.points, self.valid_months,
            self.repaired_on, self.withdrawn_on is not None,
        )  # fmt: skip


def wrong_of(values: Mapping[str, Any]) -> dict[str, str]:
    """What the rules of the day ask of an event, by field."""
    day, code = values.get("on"), values.get("behaviour")
    if day is None or not code:
        return {}
    if day > timezone.localdate():
        return {"on": _("认定日期还没有到")}
    try:
        behaviour = rules.rules_on(day).behaviours.get(code)
    except LookupError:
        return {"on": _("当日没有计分标准")}
    if behaviour is None:
        return {"behaviour": _("当日的计分标准没有这种行为")}
    wrong = {}
    if behaviour.points is None and values.get("points") is None:
        wrong["points"] = _("计分标准没有写明分值，请填写（扣分为负）")
    if behaviour.valid_months is None and not values.get("valid_months"):
        wrong["valid_months"] = _("计分标准没有写明有效期，请填写")
    return wrong


@dataclass(frozen=True, kw_only=True, eq=False)
class Events(Listing):
    """The list of events; a firm sees its own."""

    kinds: ClassVar[Mapping[str, Kind]] = {"behaviour": Kind.CHOICE}

    def own_choices(self) -> Mapping[str, Choices]:
        return {"behaviour": rules.behaviours()}

    def is_open(self, name: str, person: Person) -> bool:
        """From which matter it came is the bureau's to know; a firm is told by which document."""
        hidden = name.split("__")[0] == "origin" and person.has_role(Role.ENTERPRISE)
        return not hidden and super().is_open(name, person)

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        rows = super().conditions(query, person, now)
        if query.get("standing") == "1":
            return rows & standing(timezone.localdate(now))
        return rows

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        return wrong_of(values)

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        if wrong := wrong_of(values):
            raise Refused("form", "；".join(wrong.values()), "", {n: [w] for n, w in wrong.items()})
        today = timezone.localdate(at)
        found = rules.window(values.get("repair_class") or "", values["on"], today)
        days = {"earliest": found.earliest, "latest": found.latest} if found else {}
        whole = {"area_code": values["entity"].area_code, **values}
        return super().open_row(whole, by, at, **days, **more)

    def may_change(self, person: Person) -> bool:
        """What is on record is not rewritten: it is withdrawn upon an objection, or repaired."""
        return False


def standing(day: date) -> Q:
    """Events that are neither withdrawn nor repaired, and whose publication has not ended by itself."""
    return Q(withdrawn_on=None, repaired_on=None) & (Q(latest=None) | Q(latest__gte=day))


EVENTS = declare(Events(
    key="credit_event", label="信用记分事件", line="enforcement", model=CreditEvent,
    columns=("entity", "on", "behaviour", "points", "valid_months", "reference", "source", "repair_class",
             "earliest", "latest", "repaired_on", "withdrawn_on", "area_code"),
    details=("entity", "on", "behaviour", "points", "valid_months", "reference", "source", "origin",
             "repair_class", "earliest", "latest", "repaired_on", "withdrawn_on", "withdrawn_why"),
    filters=("source", "behaviour", "repair_class", "on", "latest", "area_code"),
    search=("entity__name", "reference"), lead="entity", under=("reference",), order=("-on", "-pk"),
    fields=(Ask("entity", to=Enterprise), "on", "behaviour", "points", "valid_months", "reference",
            Ask("source", choices=tuple((s.value, s.label) for s in CreditEvent.Source if s.value in
                                        ("praise", "other"))), "repair_class"),
    imports=Import(key=("entity", "reference"), headers={
        "entity": ("企业名称", "单位名称", "主体"), "on": ("认定日", "处罚日期", "发生日期"),
        "behaviour": ("行为", "记分项目"), "points": ("扣分", "加分", "记分"), "valid_months": ("有效期",),
        "reference": ("处罚文号", "文号", "依据"), "repair_class": ("失信等级", "类别")},
        examples={"entity": "某某印染厂", "on": "2026-05-06", "behaviour": "污染防治扣分", "points": "-5",
                  "reference": "测环罚〔2026〕6号", "repair_class": "一般", "source": "其他"}, future=()),
    views=(View("standing", "有效", {"standing": "1"}),),
    enterprise="entity__code", edit=RATERS | REVIEWERS,
    empty="还没有记分事件。已计入环境信用的处罚、超期的整改和自查每天自动列入，其他可登记或导入。",
))  # fmt: skip


def _offered(person: Person | None) -> QuerySet[Any]:
    return EVENTS.standing() if person is None else EVENTS.visible_to(person)


declare_lookup(Lookup(
    key="credit_event", beside=("entity", "entity"), model=CreditEvent, label="信用记分事件", rows=_offered, exact=("reference",),
    begins=("reference",), contains=("entity__name", "reference"),
    under=lambda event: f"{event.on:%Y-%m-%d} {event.get_repair_class_display()}".strip(),
))  # fmt: skip


# ---- scores --------------------------------------------------------------------------------------


def scores(firms: Collection[int], on: date) -> dict[int, credit.CreditScore | str]:
    """The score of each firm on ``on``, or why it cannot be told; one query for all."""
    by_firm: dict[int, list[credit.Event]] = {firm: [] for firm in firms}
    for event in CreditEvent.objects.filter(entity__in=firms, on__lte=on).order_by("on", "pk"):
        by_firm[event.entity_id].append(event.as_scored)
    told: dict[int, credit.CreditScore | str] = {}
    for firm, own in by_firm.items():
        try:
            told[firm] = credit.score(own, rules.place(), on)
        except (ValueError, LookupError) as error:
            told[firm] = str(error)
    return told


def explained(score: credit.CreditScore) -> str:
    """A line an event: day, name, points, whether it counts and by which document."""
    start = _("初始分 %s") % _number(rules.rules_on(score.on).initial)
    lines = [start, *(_line(counted) for counted in score.events)]
    return "\n".join(lines)


def _line(counted: credit.Counted) -> str:
    points = f"{'+' if counted.points > 0 else ''}{_number(counted.points)}"
    veto = f"（{_('一票否决')}）" if counted.veto and counted.active else ""
    return (
        f"{counted.event.on:%Y-%m-%d} {counted.name} {points}{veto} {counted.event.reference}"
        f"：{counted.why}"
    )


def _number(value: Any) -> str:
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
