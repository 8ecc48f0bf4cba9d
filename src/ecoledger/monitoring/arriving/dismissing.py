"""Frames put aside that need nothing more: dismissed by device and reason, with the words of who did it.

The frames themselves stay as they came. A dismissal speaks of those up to a frame, or of those to come too; it can be
withdrawn, and then they wait again.
"""

from __future__ import annotations

import polars as pl
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.listings.refusals import Refused
from ecoledger.monitoring.models import Dismissal


def dismiss(
    person: Person, mn: str, reason: str, through: int | None, why: str, note: str
) -> Dismissal:
    """Say that frames of ``mn`` put aside for ``reason`` need nothing more. ``through``: the last of them, or all to come.

    Raises :class:`Refused` without a conclusion, or without words for 其他.
    """
    if why not in Dismissal.Why.values:
        raise Refused("form", _("没有选择处理结论。"), _("选一个结论再提交。"))
    note = note.strip()[:300]
    if why == Dismissal.Why.OTHER and not note:
        raise Refused("form", _("结论为“其他”，没有写说明。"), _("写明为什么不再处理。"))
    with transaction.atomic():
        dismissal = Dismissal.objects.create(
            mn=mn, reason=reason, through=through, why=why, note=note, person=person
        )
        audit.record(person, "frames_dismissed", dismissal, details=_told(dismissal))
    return dismissal


def withdraw(dismissal: Dismissal, person: Person) -> None:
    """Let the frames wait again."""
    with transaction.atomic():
        dismissal.withdrawn_at = timezone.now()
        dismissal.save(update_fields=["withdrawn_at"])
        audit.record(person, "frames_dismissal_withdrawn", dismissal, details=_told(dismissal))


def _told(dismissal: Dismissal) -> dict[str, object]:
    return {
        "mn": dismissal.mn,
        "reason": dismissal.reason,
        "through": dismissal.through,
        "why": dismissal.get_why_display(),
        "note": dismissal.note,
    }


def waiting(frames: pl.DataFrame) -> pl.DataFrame:
    """Those of the frames (columns ``frame_id``, ``mn``, ``reason``) that no dismissal speaks of."""
    if not frames.height:
        return frames
    rows = Dismissal.objects.filter(withdrawn_at=None).values_list("mn", "reason", "through")
    reach: dict[tuple[str, str], int] = {}
    for mn, reason, through in rows:
        reach[mn, reason] = max(reach.get((mn, reason), 0), _END if through is None else through)
    if not reach:
        return frames
    spoken = pl.DataFrame(
        [(mn, reason, through) for (mn, reason), through in reach.items()],
        schema={"own_mn": pl.String, "own_reason": pl.String, "through": pl.Int64},
        orient="row",
    )
    keyed = frames.with_columns(
        own_mn=pl.col("mn").cast(pl.String).fill_null(""),
        own_reason=pl.col("reason").cast(pl.String).fill_null(""),
    )
    joined = keyed.join(spoken, on=["own_mn", "own_reason"], how="left", maintain_order="left")
    return joined.filter(pl.col("frame_id") > pl.col("through").fill_null(-1)).select(
        frames.columns
    )


# Beyond every frame's number.
_END = 2**62
