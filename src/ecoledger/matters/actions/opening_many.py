"""Making many matters at once, as a table brings them: the same checks, events and clocks as one by one.

Nobody is told row by row; who brought the table tells once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.listings.models import ImportBatch
from ecoledger.matters import chain, deadlines, insertion, timeline
from ecoledger.matters.actions.opening import begun, may_open
from ecoledger.matters.models import Clock, Event
from ecoledger.matters.register import Register
from ecoledger.matters.workflow import OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One matter to be made: cleaned ``values``, what its first event says, and where it stands already."""

    values: Mapping[str, Any]
    at: datetime
    form: Mapping[str, Any] = field(default_factory=dict)
    number: str = ""
    state: str = ""


@transaction.atomic
def open_many(
    register: Register,
    openings: Sequence[Opening],
    *,
    by: Person | None,
    batch: ImportBatch | None = None,
) -> list[Any]:
    """The matters, in order. Raises :class:`Refused` for the first that cannot be; then none is made."""
    may_open(register, by)
    counted: dict[Any, Clock | None] = {}
    matters, clocks = [], []
    for opening in openings:
        matter = begun(
            register, opening.values, by=by, at=opening.at, batch=batch, state=opening.state
        )
        matter.number = opening.number
        matter.phase = register.state_of(matter).phase.value
        if register.level is not None:
            matter.level = register.level(matter)
        clocks += deadlines.first_clocks(matter, opening.at, counted)
        matters.append(matter)
    insertion.give_numbers(register, matters)
    insertion.insert(matters)
    chain.append_all(
        Event(
            matter_id=matter.pk,
            at=one.at,
            person=by,
            transition=OPEN,
            label=noop("登记"),
            to_state=matter.state,
            form=timeline.openly(register, matter, dict(one.form)),
        )
        for matter, one in zip(matters, openings, strict=True)
    )
    for clock in clocks:
        clock.matter_id = clock.matter.pk
    Clock.objects.bulk_create(clocks, batch_size=500)
    if matters:
        timeline.announce(matters[-1])
    return matters
