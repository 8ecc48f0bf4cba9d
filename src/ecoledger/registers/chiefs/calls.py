"""预警推送责任人 (mechanisms T17, T18): one warning told to each chief, and what each did about it.

A warning at a water station is told to the chiefs of the station, its section and its river, and at a pipe or
outlet to those of the river it discharges into: the rows of one warning are the log of their joint work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import audit
from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF
from ecoledger.entities import charges
from ecoledger.entities.models import Charge, Entity
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import notices
from ecoledger.monitoring.models import Alarm

# An answer within this counts as prompt. A bureau's own figure; the texts name none.
PROMPT = timedelta(hours=2)


class Call(models.Model):
    """One warning told to one chief."""

    alarm = models.ForeignKey(
        Alarm, verbose_name="预警", on_delete=models.PROTECT, related_name="calls"
    )
    entity = models.ForeignKey(
        Entity, verbose_name="对象", on_delete=models.PROTECT, related_name="calls"
    )
    charge = models.ForeignKey(
        Charge, verbose_name="责任", on_delete=models.PROTECT, related_name="calls"
    )
    # The charge in words, as it stood then.
    duty = models.CharField("责任人类别", max_length=30)
    who = models.CharField("责任人", max_length=120)
    area_code = AreaCodeField("属地")
    told_at = models.DateTimeField("推送时间", default=timezone.now, db_index=True)
    action = models.CharField("处置措施", max_length=300, blank=True)
    effect = models.CharField("处置效果", max_length=300, blank=True)
    answered_at = models.DateTimeField("反馈时间", null=True, blank=True)
    answered_by = models.ForeignKey(
        Person,
        verbose_name="反馈人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = "预警推送"
        ordering = ["-told_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["alarm", "charge"], name="a_chief_is_told_once")
        ]

    def __str__(self) -> str:
        return f"{self.duty} {self.who} {self.entity}"


@transaction.atomic
def tell(alarm: Alarm, at: datetime | None = None) -> list[Call]:
    """Tell a warning to everybody who answers for its place; told again, nothing happens."""
    entity = alarm.point.entity
    if entity is None:
        return []
    moment = at or timezone.now()
    calls = []
    for charge in charges.charges_of(entity, timezone.localtime(moment).date()):
        call, new = Call.objects.get_or_create(
            alarm=alarm,
            charge=charge,
            defaults={
                "entity": charge.entity,
                "duty": charges.label(charge),
                "who": charge.who,
                "area_code": alarm.area_code,
                "told_at": moment,
            },
        )
        if not new:
            continue
        calls.append(call)
        notices.tell(
            charges.people_of([charge]),
            noop("%(duty)s：%(text)s。请处置并反馈。") % {"duty": call.duty, "text": alarm.text},
            link=f"{CALLS.url}/{call.pk}/edit",
            at=moment,
        )
    return calls


def raised(alarm: Alarm) -> None:
    """A warning was raised."""
    tell(alarm)


class CallBook(Listing):
    """The calls. They are made by warnings; a chief answers his own, the bureau any."""

    def visible_to(self, person: Person) -> QuerySet[Any]:
        rows = super().visible_to(person)
        own = Q(charge__person=person) | Q(charge__organisation__isnull=False) & Q(
            charge__organisation=person.organisation_id
        )
        return (rows | self.model._default_manager.filter(own)).distinct()

    def may_open(self, person: Person) -> bool:
        return False

    def may_change(self, person: Person) -> bool:
        return person.may(self.see) and person.has_role(*self.edit)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        return answer(row.pk, values, by=by, at=at)


@transaction.atomic
def answer(pk: int, values: Mapping[str, Any], *, by: Person | None, at: datetime) -> Call:
    """Record what was done and what came of it; a later answer replaces the words, not the first time."""
    call = Call.objects.select_for_update().get(pk=pk)
    action, effect = str(values.get("action", "")).strip(), str(values.get("effect", "")).strip()
    if not action:
        raise Refused("form", _("请填写处置措施。"), fields={"action": [_("请填写处置措施。")]})
    before = {"action": call.action, "effect": call.effect}
    call.action, call.effect = action, effect
    if call.answered_at is None:
        call.answered_at, call.answered_by = at, by
    call.save()
    audit.record(
        by, "call answered", call, details={"before": before, "action": action, "effect": effect}
    )
    return call


CALLS = declare(CallBook(
    key="chief_call", offline=True, label="预警推送责任人", model=Call, line="monitoring",
    columns=("entity", "duty", "who", "alarm", "told_at", "answered_at", "action", "effect",
             "area_code"),
    filters=("area_code", "duty", "told_at"), search=("entity__name", "who", "alarm__text"),
    fields=(Ask("action", required=True), "effect"),
    details=("alarm", "entity", "duty", "who", "told_at", "action", "effect", "answered_at",
             "answered_by"),
    labels={"alarm__text": "预警"}, lead="entity", under=("duty", "who"), order=("-told_at", "-pk"),
    views=(View("all", "全部", {}),), edit=STAFF,
    empty="还没有推送。预警发生时，所在监测点、断面、河流的责任人会收到，并在这里反馈。",
))  # fmt: skip


@dataclass(frozen=True)
class Score:
    """How the chiefs of one town answered warnings over a period."""

    area_code: str
    told: int
    answered: int
    prompt: int
    effective: int

    @property
    def answered_share(self) -> float | None:
        return self.answered / self.told if self.told else None


def scorecard(rows: QuerySet[Call]) -> list[Score]:
    """Scores by town, those who leave most unanswered first. ``effective``: an effect was written."""
    by_area: dict[str, Score] = {}
    for area, told_at, answered_at, effect in rows.values_list(
        "area_code", "told_at", "answered_at", "effect"
    ):
        score = by_area.get(area) or Score(area, 0, 0, 0, 0)
        answered = answered_at is not None
        by_area[area] = replace(
            score,
            told=score.told + 1,
            answered=score.answered + answered,
            prompt=score.prompt + (answered_at is not None and answered_at - told_at <= PROMPT),
            effective=score.effective + bool(effect),
        )
    return sorted(by_area.values(), key=lambda s: (s.answered_share or 0, s.area_code))
