"""Steps that stop clocks and let them count again (补正、公示、评审): in a matter and in those that run beside it.

The days in between are no time of the office's. Of a bundle every clock of these names stands still while one of its
matters waits, for time that is not counted in one is counted in none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.matters import clocks, deadlines, timeline
from ecoledger.matters.actions.access import locked
from ecoledger.matters.models import Clock, Matter
from ecoledger.matters.workflow import ClockNote, Phase, Step
from ecoledger.standards import workdays

_STOPPED = noop("“%(clock)s”：自“%(step)s”起不计时（%(basis)s）")
_GOES_ON = noop("“%(clock)s”：自“%(step)s”起继续计算，期限顺延至%(due)s")


@dataclass(frozen=True, slots=True)
class Pauses:
    """Which ``clocks`` stand still in which states (``during``), and by what ``basis``; two effects of transitions."""

    clocks: tuple[str, ...]
    during: tuple[str, ...]
    basis: str

    def stop(self, step: Step) -> None:
        """The clocks stand still from this step on."""
        step.clocks.extend(self._stop(step.matter, step))
        for other in _beside(step.matter):
            self._tell(other, self._stop(other, step), step)

    def go_on(self, step: Step) -> None:
        """The clocks count again, unless another matter of the bundle still waits."""
        others = _beside(step.matter)
        if any(other.state in self.during for other in others):
            return
        step.clocks.extend(self._go_on(step.matter, step))
        for other in others:
            self._tell(other, self._go_on(other, step), step)

    def _stop(self, matter: Matter, step: Step) -> list[ClockNote]:
        notes = []
        for clock in self._running(matter, suspended=False):
            clock.suspensions.append([step.at.isoformat(), None])
            clock.save()
            said = _STOPPED % {
                "clock": clock.label,
                "step": step.transition.label,
                "basis": self.basis,
            }
            notes.append(ClockNote("suspend", noop("中止计时"), said))
        return notes

    def _go_on(self, matter: Matter, step: Step) -> list[ClockNote]:
        notes = []
        for clock in self._running(matter, suspended=True):
            clock.suspensions[-1][1] = step.at.isoformat()
            deadlines.recount(clock)
            clock.save()
            due = f"{timezone.localtime(clock.due):%Y-%m-%d}" if clock.due else "—"
            said = _GOES_ON % {"clock": clock.label, "step": step.transition.label, "due": due}
            notes.append(ClockNote("resume", noop("恢复计时"), said))
        return notes

    def _running(self, matter: Matter, *, suspended: bool) -> list[Clock]:
        own = (c for c in deadlines.running(matter) if c.name in self.clocks)
        return [c for c in own if c.suspended is suspended]

    def _tell(self, matter: Matter, notes: Iterable[ClockNote], step: Step) -> None:
        told = list(notes)
        for note in told:
            timeline.record(
                matter, name=note.name, label=note.label, by=step.person, at=step.at, note=note.why
            )
        if told:
            deadlines.refresh_due(matter)


def _beside(matter: Matter) -> list[Any]:
    """The other open matters of the bundle, locked in the order of their keys."""
    if matter.bundle_id is None:
        return []
    rows = Matter.objects.filter(
        bundle=matter.bundle_id, phase=Phase.OPEN.value, merged_into=None, withdrawn_at=None
    )
    keys = rows.exclude(pk=matter.pk).order_by("pk").values_list("pk", flat=True)
    return [locked(pk, None) for pk in keys]


def spells(clock: Clock, now: datetime) -> list[tuple[datetime, datetime]]:
    """When the clock stood still; a spell that lasts ends at ``now``. Local times."""
    return [
        (
            clocks.local(datetime.fromisoformat(begin)),
            clocks.local(datetime.fromisoformat(end) if end else now),
        )
        for begin, end in clock.suspensions
    ]


def working_days_still(clock: Clock, now: datetime) -> int:
    """Working days in which the clock stood still: the day it stopped counts as worked, the day it went on does not."""
    calendar = workdays.national()
    return sum(
        calendar.working_days_between(begin.date(), end.date()).count
        for begin, end in spells(clock, now)
    )
