"""Proposed repeats (疑似重复): kept until a person confirms or rejects them; never merged by the machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.listings.cells import area_name
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, repeats
from ecoledger.registers.complaints.complaint import Complaint

# So many likely originals of one complaint are proposed.
SHOWN = 3


class Repeat(models.Model):
    """That one complaint seems to repeat an earlier one, and what a person said to it."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "待确认"
        CONFIRMED = "confirmed", "确认重复"
        REJECTED = "rejected", "不是重复"

    complaint = models.ForeignKey(
        Complaint, verbose_name="投诉件", on_delete=models.CASCADE, related_name="repeats"
    )
    original = models.ForeignKey(
        Complaint, verbose_name="原件", on_delete=models.CASCADE, related_name="repeated_by"
    )
    reasons = models.CharField("依据", max_length=120)
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default=State.PROPOSED, db_index=True
    )
    decided_by = models.ForeignKey(
        Person, verbose_name="确认人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)

    class Meta:
        verbose_name = "疑似重复"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "original"], name="proposed_once")
        ]

    def __str__(self) -> str:
        # Not of which: the original may lie where the reader of this one does not see.
        return self.complaint.number


def as_row(complaint: Complaint, key: str, town: str = "") -> repeats.Complaint:
    """A complaint as ``matters.repeats`` compares it."""
    labels = dict(Complaint.Pollution.choices)
    return repeats.Complaint(
        key=key,
        day=timezone.localdate(complaint.opened_at),
        text=complaint.as_told or complaint.description,
        firm=complaint.target,
        address=complaint.address,
        telephone=complaint.telephone,
        town=town,
        media="、".join(str(labels[c]) for c in complaint.pollution if c in labels),
        trade=complaint.industry,
    )


def standing(since: datetime) -> QuerySet[Any]:
    """Complaints that a new one may repeat."""
    return Complaint.objects.filter(
        withdrawn_at=None, merged_into=None, opened_at__gte=since - repeats.WITHIN
    )


def keep(pairs: Iterable[tuple[int, int, str]]) -> int:
    """Keep proposals (complaint, original, reasons); how many pairs were given."""
    rows = [Repeat(complaint_id=c, original_id=o, reasons=why[:120]) for c, o, why in pairs]
    Repeat.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    return len(rows)


def propose_for(complaint: Complaint) -> int:
    """Look for what one complaint, entered by hand, may repeat."""
    like = _like(complaint, standing(complaint.opened_at).exclude(pk=complaint.pk))
    return keep((complaint.pk, key, "、".join(reasons)) for key, reasons in like)


def _like(complaint: Complaint, others: QuerySet[Any]) -> list[tuple[int, tuple[str, ...]]]:
    """The likeliest of ``others`` in the same place within the year, and why."""
    near = others.filter(
        area_code=complaint.area_code, opened_at__gte=complaint.opened_at - timedelta(days=366)
    )[:3000]
    rows = [as_row(o, str(o.pk), area_name(o.area_code)) for o in near]
    like = repeats.alike(as_row(complaint, "new", area_name(complaint.area_code)), rows)
    return [(int(str(key)), found.reasons) for key, found in like[:SHOWN]]


def repeats_of(entered: Mapping[str, Any], seen: QuerySet[Any]) -> list[Complaint]:
    """Of the complaints ``seen`` those that what is being ``entered`` may repeat."""
    names = ("area_code", "description", "target", "address", "telephone")
    said = {name: str(entered.get(name) or "")[:400] for name in names}
    if not said["area_code"] or not (said["target"] or said["address"] or said["description"]):
        return []
    new = Complaint(opened_at=timezone.now(), **said)
    others = standing(new.opened_at).filter(pk__in=seen.order_by().values("pk"))
    keys = [key for key, _why in _like(new, others)]
    found = Complaint.objects.in_bulk(keys)
    return [found[key] for key in keys]


@transaction.atomic
def decide(
    keys: Sequence[int], *, same: bool, by: Person, at: datetime | None = None
) -> tuple[int, list[str]]:
    """Confirm proposals, which merges the complaints, or reject them; (done, why others were not)."""
    at, done, skipped = at or timezone.now(), 0, []
    rows = Repeat.objects.select_for_update().filter(pk__in=keys, state=Repeat.State.PROPOSED)
    for row in rows.order_by("id"):
        try:
            with transaction.atomic():
                # The original may itself have been merged in the meantime: the chain goes on to its end.
                original = actions.find(row.original_id, by)
                while original.merged_into_id is not None:
                    original = actions.find(original.merged_into_id, by)
                if same:
                    reason = noop("确认重复：%s") % row.reasons
                    actions.merge([row.complaint_id], original.pk, by=by, reason=reason, at=at)
                row.state = Repeat.State.CONFIRMED if same else Repeat.State.REJECTED
                row.decided_by, row.decided_at = by, at
                row.save()
                done += 1
        except actions.NotVisible:
            skipped.append(_("%s 不在您的数据范围内。") % row)
        except Refused as refused:
            skipped.append(f"{row}：{refused.why}")
    return done, skipped
