"""催办 and 领导批示: a push to whoever the matter waits for, kept on its timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.matters import notices, timeline
from ecoledger.matters.actions.access import locked, refuse_merged
from ecoledger.matters.models import Event, Matter, Urgency
from ecoledger.matters.register import register_of, state_of

# Who may push others; what a leader says is an instruction (批示).
URGERS = (Role.LEADER, Role.SECTION_CHIEF, Role.DISPATCHER)
EVENT, INSTRUCTION = "urge", "instruct"


def may_urge(person: Person, matter: Matter) -> bool:
    """Whether ``person`` may push this matter on."""
    return person.has_role(*URGERS) and state_of(matter).open


def urge(matter_id: int, text: str, *, by: Person, at: datetime | None = None) -> Event:
    """Push a matter on. Who it waits for is told at once; the deadline stays what it is."""
    event, _waiting = _pushed(matter_id, text, by, at or timezone.now())
    return event


@transaction.atomic
def _pushed(matter_id: int, text: str, by: Person, at: datetime) -> tuple[Event, list[Person]]:
    """The step of a push, and whom the matter waits for."""
    matter = locked(matter_id, by)
    text = text.strip()[:1000]
    waiting = _to_tell(matter, text, by)
    leads = by.has_role(Role.LEADER)
    said = noop("%(number)s %(what)s：%(text)s") % {
        "number": matter.number,
        "what": "领导批示" if leads else "催办",
        "text": text or str(register_of(matter.register).state_of(matter).label),
    }
    notices.tell(waiting, said, matter=matter, urgency=Urgency.ESCALATED, at=at, but=by)
    event = timeline.record(
        matter,
        name=INSTRUCTION if leads else EVENT,
        label=noop("领导批示") if leads else noop("催办"),
        by=by,
        at=at,
        note=text,
        form={"told": "、".join(_units(waiting, by))},
    )
    return event, waiting


def _to_tell(matter: Matter, text: str, by: Person) -> list[Person]:
    """Whom a push of ``matter`` goes to. Raises :class:`Refused`: the rule of a push and of what is foretold of it."""
    if not by.has_role(*URGERS):
        raise Refused("role", _("催办由局领导、科长或调度人员办理。"))
    refuse_merged(matter)
    if not state_of(matter).open:
        raise Refused("state", _("该事项已经办结，不用催办。"))
    waiting = notices.whose_turn(matter)
    if not waiting:
        raise Refused(
            "condition",
            _("没有人可催：责任单位里没有能办理的账号。"),
            _("请先转办，或请安全管理员建立账号。"),
        )
    if all(person.pk == by.pk for person in waiting):
        raise Refused("condition", _("正等您自己办理，不用催办。"))
    if by.has_role(Role.LEADER) and not text.strip():
        raise Refused("form", _("请写明批示内容。"), fields={"text": [_("请填写")]})
    return waiting


def _units(people: Iterable[Person], by: Person) -> list[str]:
    """Who is told, by the units they belong to."""
    return sorted({str(p.organisation or p.name) for p in people if p.pk != by.pk})


@dataclass
class Urged:
    """What came of pushing several: on how many, the units told, and each matter left out with the reason.

    ``own``: numbers of those pushed that wait for the person as well, who is not told of what is his own to do.
    """

    done: int = 0
    told: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def left_out(self) -> dict[str, list[str]]:
        """Reason -> numbers of the matters left out for it."""
        reasons: dict[str, list[str]] = {}
        for number, why in self.skipped:
            reasons.setdefault(why, []).append(number)
        return reasons


def _said_today(keys: list[int], text: str, by: Person, at: datetime) -> set[int]:
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Event.objects.filter(
        matter__in=keys,
        person=by,
        transition__in=(EVENT, INSTRUCTION),
        at__gte=midnight,
        note=text.strip()[:1000],
    )
    return set(rows.values_list("matter_id", flat=True))


def urge_many(
    matter_ids: Iterable[int], text: str, *, by: Person, at: datetime | None = None
) -> Urged:
    """Push several on; the units told stand in the order in which they come up.

    What the same person said of a matter today is not said a second time.
    """
    at = at or timezone.now()

    def push(pk: int) -> list[Person]:
        return _pushed(pk, text, by, at)[1]

    return _each(matter_ids, text, by, at, push)


def foretold(
    matter_ids: Iterable[int], text: str, *, by: Person, at: datetime | None = None
) -> Urged:
    """What :func:`urge_many` would do now, by the same rule; nothing is done and nobody told."""

    keys = list(matter_ids)
    seen: dict[int, Any] = {}
    # Read book by book, not one by one: nothing is locked, for nothing is done.
    for key in Matter.objects.filter(pk__in=keys).order_by().values_list("register").distinct():
        rows = register_of(*key).visible_to(by).filter(pk__in=keys)
        seen |= {m.pk: m for m in rows.select_related("owner", "owner_organisation", "enterprise")}

    def would(pk: int) -> list[Person]:
        if pk not in seen:
            raise NotVisible(f"matter {pk}")
        return _to_tell(seen[pk], text, by)

    return _each(keys, text, by, at or timezone.now(), would)


def _each(
    matter_ids: Iterable[int],
    text: str,
    by: Person,
    at: datetime,
    do: Callable[[int], list[Person]],
) -> Urged:
    """What came of ``do``, which gives whom a matter waits for, on each of them; those left out with the reason."""
    keys = list(dict.fromkeys(matter_ids))
    numbers = dict(Matter.objects.filter(pk__in=keys).values_list("pk", "number"))
    said = _said_today(keys, text, by, at)
    urged, told = Urged(), dict[str, None]()
    for pk in keys:
        if pk in said:
            urged.skipped.append((numbers[pk], _("今天您已用同样的话催办过。")))
            continue
        try:
            waiting = do(pk)
        except Refused as refused:
            urged.skipped.append((numbers.get(pk, str(pk)), refused.why))
        else:
            urged.done += 1
            told |= dict.fromkeys(_units(waiting, by))
            if any(person.pk == by.pk for person in waiting):
                urged.own.append(numbers[pk])
    urged.told = list(told)
    return urged
