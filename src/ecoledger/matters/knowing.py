"""What the work engine knows of an entity's file: its matters, open and closed."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities.file import Happening, HealthItem, Mark, knows
from ecoledger.entities.models import Entity
from ecoledger.matters.models import Matter
from ecoledger.matters.register import OPEN_WORK, register_of, visible_matters

# Of a long history so many matters stand on the timeline.
LATEST = 300


def matters_of(entity: Entity, person: Person) -> QuerySet[Matter]:
    """The matters about an entity or a part of it that ``person`` may see.

    Their keys come first, each by the index of its own key: asked in one with the scope, a database would walk all
    matters of the scope.
    """
    parts = Entity.objects.filter(parent=entity.pk).values("pk")
    keys = [
        Matter.objects.filter(condition).order_by().values("pk")
        for condition in (Q(entity=entity.pk), Q(enterprise=entity.pk), Q(entity__in=parts))
    ]
    return visible_matters(person).filter(Q(*(("pk__in", some) for some in keys), _connector=Q.OR))


def _url(matter: Matter) -> str:
    return f"/matters/{matter.register}/{matter.pk}"


def _health(entity: Entity, person: Person) -> Iterable[HealthItem]:
    rows = matters_of(entity, person).filter(OPEN_WORK)
    rule = _("超期未办结为需处置，在办为需关注，没有在办为良好")
    overdue = rows.filter(due__lt=timezone.now()).order_by("due")
    for matter in overdue[:5]:
        day = timezone.localtime(matter.due).date() if matter.due else None
        yield HealthItem(_("事项"), f"{matter} {_('超期')}", Mark.BAD, rule, day, _url(matter))
    if not overdue.exists():
        count = rows.count()
        text = _("在办%(count)d件，没有超期") % {"count": count} if count else _("没有在办事项")
        yield HealthItem(_("事项"), text, Mark.WATCH if count else Mark.GOOD, rule)


def _timeline(entity: Entity, person: Person) -> Iterable[Happening]:
    for matter in matters_of(entity, person).order_by("-opened_at")[:LATEST]:
        kind = _(str(register_of(matter.register).label))
        yield Happening(matter.opened_at, kind, str(matter), _url(matter))
        if matter.closed_at is not None:
            yield Happening(matter.closed_at, f"{kind} {_('办结')}", str(matter), _url(matter))


knows(health=_health, timeline=_timeline)
