"""Entering limits (许可限值) with their dates: a new one ends the old one, and what it covers is judged again."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.entities import editing
from ecoledger.entities.validity import day_before, overlapping
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.alarming import alarms
from ecoledger.monitoring.models import Limit, Point
from ecoledger.monitoring.points import limits, table
from ecoledger.monitoring.points.limits import PointLimits

# Hours older than this raise no alarm any more, whatever limit is entered for them.
LOOK_BACK = timedelta(days=31)


@transaction.atomic
def enter(person: Person | None, limit: Limit, *, address: str = "") -> Limit:
    """Put a limit on record. One that begins earlier and is still open ends the day before.

    Raises ``PermissionDenied`` outside the person's divisions, and ``ValidationError`` where it cannot be
    judged by or another limit holds at the same time.
    """
    place, ends = look_over(person, limit)
    before = Limit.objects.filter(pk=limit.pk).first() if limit.pk else None
    for other in ends:
        other.save(update_fields=["until"])
    limit.save()
    audit.record(
        person,
        "limit changed" if before else "limit entered",
        place,
        details={"before": _content(before) if before else {}, "after": _content(limit)},
        address=address,
    )
    if before is not None or limit.since is not None:
        _judge_again(limit)
    return limit


def look_over(person: Person | None, limit: Limit) -> tuple[Any, list[Limit]]:
    """What :func:`enter` refuses, with nothing stored; the place of the limit, and the limits that end the day before it."""
    place = limit.entity or limit.point
    if place is None:
        raise ValidationError({"entity": _("请选择排放口或监测点")})
    if not editing.may_edit(person, place.area_code):
        raise PermissionDenied(_("只能登记和修改本辖区的对象"))
    kind = limit.point.kind if limit.point is not None else limits.kind_at(place)  # type: ignore[arg-type]
    if problems := limits.faults(limit, kind):
        raise ValidationError({"value": problems})
    ends = []
    for other in _beside(limit):
        begins_before = other.since is None or (
            limit.since is not None and other.since < limit.since
        )
        if limit.since is not None and begins_before and other.until is None:
            other.until = day_before(limit.since)
            ends.append(other)
        else:
            raise ValidationError(
                {
                    "since": _("%(since)s 至 %(until)s 已有限值，请先修改它的起止日期")
                    % {"since": other.since or "…", "until": other.until or "…"}
                }
            )
    limit.full_clean(exclude=["entity", "point"])
    return place, ends


def keep(
    person: Person | None, point: Point, code: str, wanted: Limit | None, *, address: str = ""
) -> None:
    """Let ``wanted`` be the point's limit of a parameter from its ``since`` on; ``None``: it has none.

    Without ``since`` the limit on record is corrected, as one that was written wrong.
    """
    since = wanted.since if wanted is not None else None
    basis = wanted.basis if wanted is not None else Limit.Basis.HOUR
    held = PointLimits([point]).at(point.pk, code, since or timezone.localdate(), basis)
    if wanted is None:
        if held is not None:
            remove(person, held, address=address)
        return
    wanted.parameter = code
    if held is not None and _said(held) == _said(wanted):
        return
    if held is None or since is not None:
        if held is not None and held.basis != wanted.basis and since is not None:
            held.until = day_before(since)
            held.save(update_fields=["until"])
        wanted.entity, wanted.point = limits.holder_of(point)
        enter(person, wanted, address=address)
        return
    for name in _SAID:
        setattr(held, name, getattr(wanted, name))
    enter(person, held, address=address)


_SAID = ("value", "lower", "unit", "basis", "standard", "converted")


def _said(limit: Limit) -> list[Any]:
    return [getattr(limit, name) for name in _SAID]


@transaction.atomic
def remove(person: Person | None, limit: Limit, *, address: str = "") -> None:
    """Take back a limit that was entered by mistake. One that held once is ended instead."""
    place = limit.entity or limit.point
    if place is None or not editing.may_edit(person, place.area_code):
        raise PermissionDenied(_("只能登记和修改本辖区的对象"))
    audit.record(
        person, "limit removed", place, details={"before": _content(limit)}, address=address
    )
    limit.delete()
    _judge_again(limit)


def _judge_again(limit: Limit) -> None:
    """Judge anew, by the limits that hold now, the past hours that ``limit`` covers."""
    if not runtime.is_open():
        return
    now = times.now()
    first = datetime.combine(limit.since, time()) if limit.since else now - LOOK_BACK
    begin = max(first, now - LOOK_BACK)
    end = now
    if limit.until is not None:
        end = min(now, datetime.combine(limit.until + timedelta(days=1), time()))
    if begin >= end:
        return
    of = {"pk": limit.point_id} if limit.point_id else {"entity_id": limit.entity_id}
    numbers = list(Point.objects.filter(**of).values_list("pk", flat=True))
    transaction.on_commit(table.forget)
    transaction.on_commit(
        lambda: alarms.reevaluate(numbers, begin, end, runtime.store(), table.current())
    )


def _beside(limit: Limit) -> QuerySet[Limit]:
    """Limits of the same holder, parameter and basis that hold on a day that ``limit`` holds."""
    return Limit.objects.filter(
        overlapping(limit.since, limit.until),
        Q(entity_id=limit.entity_id, point_id=limit.point_id),
        parameter=limit.parameter,
        basis=limit.basis,
    ).exclude(pk=limit.pk)


def _content(limit: Limit) -> dict[str, Any]:
    return {name: getattr(limit, name) for name in limits.FIELDS}
