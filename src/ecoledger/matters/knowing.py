"""What the work engine knows of an entity's file: its matters, open and closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.entities import succession
from ecoledger.entities.about import about
from ecoledger.entities.file import File, Happening, HealthItem, Mark, Shelf, knows
from ecoledger.entities.models import Entity
from ecoledger.matters import timeline
from ecoledger.matters.models import Matter
from ecoledger.matters.reasons import Reason
from ecoledger.matters.register import (
    OPEN_WORK,
    Register,
    all_registers,
    register_of,
    visible_matters,
)
from ecoledger.matters.seeing import sees_all_events

# Of a long history so many matters stand on the timeline.
LATEST = 100
_SHOWN = ("register", "number", "title", "phase", "due", "opened_at", "closed_at")
# What a register says whose declaration has no reason of its own: nothing of none in hand.
WORK = Reason(noop("事项"), kinds=())


def matters_of(file: File) -> QuerySet[Matter]:
    """The matters about the thing of a file or a part of it that its person may see.

    Their keys come first, each by the index of its own key: asked in one with the scope, a database would walk all
    matters of the scope.
    """
    either = (about(file), Q(enterprise=file.entity.pk))
    keys = [Matter.objects.filter(condition).order_by().values("pk") for condition in either]
    return visible_matters(file.person).filter(
        Q(*(("pk__in", some) for some in keys), _connector=Q.OR)
    )


def _judged(model: type[Model], field: str, rows: QuerySet[Any]) -> set[int]:
    """Of matters those that were judged under the name they have: it stays theirs when the thing becomes another, whose
    people read them by their enterprise."""
    if not issubclass(model, Matter) or field == "enterprise":
        return set()
    matters = Matter.objects.filter(pk__in=rows.order_by().values("pk"))
    return {matter.pk for matter in matters if timeline.judged(matter)}


succession.keeps.append(_judged)

# So many matters of a thing are named one by one; more are found again by each question.
NAMED = 500


def _keys(file: File) -> list[int]:
    found = matters_of(file).order_by().values_list("pk", flat=True)
    return list(found[: NAMED + 1])


def its_matters(file: File) -> QuerySet[Matter]:
    """What :func:`matters_of` gives, for the parts of one file: found and asked for scope once."""
    keys = file.once(_keys)
    if len(keys) > NAMED:
        return matters_of(file)
    return Matter.objects.filter(pk__in=keys)


def _url(matter: Matter) -> str:
    return f"/matters/{matter.register}/{matter.pk}"


@dataclass
class _Sum:
    """What was counted of one item."""

    registers: list[Register] = field(default_factory=list)
    open: int = 0
    overdue: int = 0
    recent: int = 0
    due: datetime | None = None


def _recent(now: datetime) -> Q:
    """Matters that are watched for some days although they are over."""
    asked = Q(pk__in=[])
    for register in all_registers():
        if register.reason and register.reason.days:
            since = now - timedelta(days=register.reason.days)
            asked |= Q(register=register.key, opened_at__gte=since)
    return asked


def _counted(file: File) -> dict[str, Mapping[str, Any]]:
    """All, open, overdue and recent matters by register: one query, however many registers there are."""
    now = timezone.now()
    rows = its_matters(file).filter(merged_into=None).order_by().values("register")
    late = OPEN_WORK & Q(due__lt=now)
    counted = rows.annotate(
        all=Count("pk"),
        in_hand=Count("pk", filter=OPEN_WORK),
        late=Count("pk", filter=late),
        first=Min("due", filter=late),
        recent=Count("pk", filter=_recent(now)),
    )
    return {row["register"]: dict(row) for row in counted}


def _sums(file: File) -> dict[Reason, _Sum]:
    counted, person = file.once(_counted), file.person
    sums: dict[Reason, _Sum] = {}
    inside = sees_all_events(person)
    for register in all_registers():
        reason, row = register.reason or WORK, counted.get(register.key)
        # That there is none may be told by those alone who would see it.
        tells = inside and person.may(register.see) and file.entity.kind in reason.kinds
        if row is None and not tells:
            continue
        total = sums.setdefault(reason, _Sum())
        if row is not None and (row["in_hand"] or row["recent"]):
            total.registers.append(register)
            total.open += row["in_hand"]
            total.overdue += row["late"]
            total.recent += row["recent"]
            total.due = min(filter(None, (total.due, row["first"])), default=None)
    return sums


def _health(file: File) -> Iterable[HealthItem]:
    if not file.person.may("see_matters"):
        return
    for reason, total in _sums(file).items():
        yield _item(file.entity, reason, total)


def _item(entity: Entity, reason: Reason, total: _Sum) -> HealthItem:
    item = _(str(reason.item))
    flag = "&overdue=1" if total.overdue else "&open=1" if total.open else ""
    tabs = {register.tab for register in total.registers}
    url = f"?tab={min(tabs)}" if len(tabs) == 1 else ""
    if len(tabs) > 1 and total.open:  # they stand under several tabs
        url = f"/my-work/in-hand?about={entity.pk}{'&due=overdue' if total.overdue else ''}"
    if len(total.registers) == 1:
        url = f"{total.registers[0].url}?about={entity.pk}{flag}"
    rule = _("超期未办结为需处置，在办为需关注，没有在办为良好")
    if reason.days:
        rule = _("超期未办结为需处置，在办或%(days)d日内有过为需关注，否则为良好") % {
            "days": reason.days
        }
    if total.overdue:
        day = timezone.localtime(total.due).date() if total.due else None
        return HealthItem(
            item, _("超期%(count)d件") % {"count": total.overdue}, Mark.BAD, rule, day, url
        )
    if total.open:
        text = _("在办%(count)d件，没有超期") % {"count": total.open}
        return HealthItem(item, text, Mark.WATCH, rule, url=url)
    if total.recent:
        text = _("%(days)d日内%(count)d件，均已办结") % {"days": reason.days, "count": total.recent}
        return HealthItem(item, text, Mark.WATCH, rule, url=url)
    text = _("%(days)d日内没有") % {"days": reason.days} if reason.days else _("没有在办")
    return HealthItem(item, text, Mark.GOOD, rule)


def _shelves(file: File) -> Iterable[Shelf]:
    """How many matters of each register are about it."""
    for key, row in file.once(_counted).items():
        register = register_of(key)
        url = f"{register.url}?about={file.entity.pk}"
        yield Shelf(register.tab, _(str(register.label)), row["all"], url)


def _timeline(file: File) -> Iterable[Happening]:
    for matter in its_matters(file).only(*_SHOWN).order_by("-opened_at")[:LATEST]:
        register = register_of(matter.register)
        kind = _(str(register.label))
        tone = "bad" if matter.phase == "open" and matter.overdue else ""
        yield Happening(matter.opened_at, kind, str(matter), _url(matter), register.tab, tone)
        if matter.closed_at is not None:
            ended = f"{kind} {_('办结')}"
            yield Happening(
                matter.closed_at, ended, str(matter), _url(matter), register.tab, "good"
            )


knows(health=_health, timeline=_timeline, shelves=_shelves)
