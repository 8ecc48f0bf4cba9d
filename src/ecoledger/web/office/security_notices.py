"""Who is told when somebody tries to get in: a line on the audit trail and a notice to those who can act."""

from __future__ import annotations

from urllib.parse import quote

import polars as pl
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import appointing, audit, grants
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.matters import notices
from ecoledger.matters.models import Urgency
from ecoledger.monitoring.arriving import rewrites
from ecoledger.monitoring.models import Point, Rewrite


def account_locked(person: Person, address: str) -> None:
    """An account was locked after too many wrong passwords; the trail has it already."""
    notices.tell(
        grants.people_with((Role.SECURITY_ADMIN,)),
        noop("账号“%(name)s”因连续登录失败已锁定，来源地址 %(address)s。")
        % {"name": person.username, "address": address or "-"},
        urgency=Urgency.ESCALATED,
        link=reverse("person", args=[person.pk]),
        at=timezone.now(),
    )


def change_waits(person: Person, by: Person) -> None:
    """A change of an administrator's account waits for another administrator."""
    notices.tell(
        appointing.confirmers(by, person),
        noop("%(by)s 提出变更管理员账号“%(name)s”，请另一名管理员确认。")
        % {"by": by, "name": person},
        urgency=Urgency.SOON,
        link=reverse("person-changes"),
        at=timezone.now(),
    )


def address_slowed(address: str, failures: int) -> None:
    """An address has failed to sign in so often that it has to wait."""
    with transaction.atomic():
        audit.record(None, "sign_in_slowed", details={"failures": failures}, address=address)
        notices.tell(
            grants.people_with((Role.SECURITY_ADMIN,)),
            noop("地址 %(address)s 登录失败 %(count)d 次，已限制其继续尝试。")
            % {"address": address, "count": failures},
            urgency=Urgency.ESCALATED,
            at=timezone.now(),
        )


def second_address(mn: str, before: str, now: str) -> None:
    """A device that is connected was believed from another address: moved, or its password is known."""
    point = Point.objects.filter(mn=mn).first()
    if point is None:
        return
    with transaction.atomic():
        audit.record(None, "device_second_address", point, details={"before": before, "now": now})
        notices.tell(
            notices.people_with((Role.MONITOR,), point.area_code),
            noop("设备“%(name)s”原由 %(before)s 接入，现又由 %(now)s 接入，请核实是否更换了网络。")
            % {"name": point.name, "before": before, "now": now},
            urgency=Urgency.ESCALATED,
            link=reverse("device", args=[point.pk]),
            at=timezone.now(),
        )


def point_stopped(point: Point, by: Person, reason: str) -> None:
    """A point was stopped: nothing warns of it any more, so that others than who did it know."""
    others = notices.people_with((Role.MONITOR, Role.LEADER), point.area_code)
    notices.tell(
        [person for person in others if person.pk != by.pk],
        noop("%(by)s 停用了监测点“%(name)s”：%(reason)s")
        % {"by": by.name, "name": point.name, "reason": reason},
        urgency=Urgency.SOON,
        link=reverse("station", args=[point.pk]),
        at=timezone.now(),
    )


def rewritten(changed: pl.DataFrame) -> None:
    """Devices reported other values for periods that they had reported long ago."""
    with transaction.atomic():
        kept = rewrites.keep(changed)
        by_point: dict[int, list[Rewrite]] = {}
        for row in kept:
            by_point.setdefault(row.point_id, []).append(row)
        for point in Point.objects.filter(pk__in=by_point):
            rows = by_point[point.pk]
            details = {"count": len(rows), "first": rows[0].start, "waits": rows[0].waits}
            audit.record(None, "device_rewrote", point, details=details)
            notices.tell(
                notices.people_with((Role.MONITOR,), point.area_code),
                noop(
                    "设备“%(name)s”改写了 %(count)d 个已上报的历史数据（最早 %(first)s），请核实。"
                )
                % {"name": point.name, "count": len(rows), "first": min(r.start for r in rows)},
                urgency=Urgency.ESCALATED,
                link=f"{reverse('book', args=['rewrite'])}?q={quote(point.name)}",
                at=timezone.now(),
            )
