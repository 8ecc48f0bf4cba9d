"""What the work engine knows of an entity's file: its matters, open and closed."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities.file import Happening, HealthItem, Mark, knows
from ecoledger.entities.models import Entity
from ecoledger.matters.models import Matter
from ecoledger.matters.register import OPEN_WORK, register_of, visible_matters


def _of(entity: Entity, person: Person) -> list[Matter]:
    about = Q(entity_id=entity.pk) | Q(enterprise_id=entity.pk) | Q(entity__parent_id=entity.pk)
    return list(visible_matters(person).filter(about).order_by("-opened_at")[:300])


def _url(matter: Matter) -> str:
    return f"/matters/{matter.register}/{matter.pk}"


def _health(entity: Entity, person: Person) -> Iterable[HealthItem]:
    about = Q(entity_id=entity.pk) | Q(enterprise_id=entity.pk) | Q(entity__parent_id=entity.pk)
    rows = visible_matters(person).filter(about, OPEN_WORK)
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
    for matter in _of(entity, person):
        kind = _(str(register_of(matter.register).label))
        yield Happening(matter.opened_at, kind, str(matter), _url(matter))
        if matter.closed_at is not None:
            yield Happening(matter.closed_at, f"{kind} {_('办结')}", str(matter), _url(matter))


knows(health=_health, timeline=_timeline)
