"""Closed matters drawn at random for a second look."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import within
from ecoledger.listings import own_data
from ecoledger.listings.refusals import Refused
from ecoledger.matters.actions.performing import perform
from ecoledger.matters.register import Register
from ecoledger.matters.workflow import Phase


def draw_for_review(register: Register, share: float, seed: int, *, by: Person) -> list[Any]:
    """Draw closed matters at random for a second look (抽查回头看) and start it; see ``schedule``.

    The draw can be repeated by anyone: same closed matters, ``share`` (0-1] and ``seed``, same result.
    """
    at = timezone.now()
    ids, count, start = _of(register, share, by, at)
    drawn = sorted(random.Random(seed).sample(ids, count))  # noqa: S311 - repeatable
    among = len(ids)
    text = _("抽查回头看：在 %(all)d 件中抽 %(drawn)d 件，随机种子 %(seed)d") % {
        "all": among,
        "drawn": len(drawn),
        "seed": seed,
    }
    return [perform(pk, start, by=by, note=text, at=at) for pk in drawn]


def count_for_review(register: Register, share: float, *, by: Person) -> tuple[int, int]:
    """How many a draw would take, among how many."""
    ids, count, _start = _of(register, share, by, timezone.now())
    return count, len(ids)


def _of(register: Register, share: float, by: Person, at: datetime) -> tuple[list[int], int, str]:
    """What a draw is of: (keys, how many it takes, the transition that starts the second look)."""
    if not register.may_manage(by):
        raise Refused("role", _("抽查由调度人员或局领导发起。"))
    workflow = register.workflow
    closed = workflow.names(Phase.CLOSED)
    starts = [
        t
        for t in workflow.transitions
        if t.target
        and workflow.state(t.target).phase is Phase.REVIEW
        and set(t.sources) & set(closed)
    ]
    if not starts:
        raise Refused("condition", _("“%s”没有回头看环节。") % _(str(register.label)))
    days = own_data.read("ecoledger.matters", "look_back")["days_since_closing"]
    old = at - timedelta(days=days)
    rows = register.visible_to(by).filter(
        within(by), state__in=starts[0].sources, merged_into=None, closed_at__lte=old
    )
    ids = sorted(rows.values_list("pk", flat=True))
    if not ids:
        raise Refused("condition", _("没有销号满 %d 天、可以抽查的事项。") % days)
    return ids, min(len(ids), max(1, round(len(ids) * share))), starts[0].name
