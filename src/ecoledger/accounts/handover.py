"""Handing over everything (交接) when somebody leaves or changes office: previewed, done as one, undoable.

What there is to hand over each room says itself: it registers a :class:`Part` at the start, so that this room need
not know matters or charges. Deputyships, sessions and keys are of this room: who leaves loses them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import acting, appointing, audit, keys
from ecoledger.accounts.models import Deputy, HandOver, Person


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to hand over. ``hindrance`` says why the successor cannot take it; empty when he can."""

    pk: int
    text: str
    hindrance: str = ""


@dataclass(frozen=True)
class Part:
    """A sort of thing that people hold.

    ``held`` lists what a person holds, with what keeps a successor from it. ``give`` gives things, by number, from one
    person to another and returns the numbers under which the other holds them; what cannot be given is left out.
    """

    key: str
    label: str
    held: Callable[[Person, Person | None], list[Item]]
    give: Callable[[Person, Person, Iterable[int], Person], list[int]]


PARTS: dict[str, Part] = {}


def register(part: Part) -> None:
    """Make a part known. To be called once, at the start."""
    PARTS[part.key] = part


def preview(giver: Person, taker: Person | None = None) -> list[tuple[Part, list[Item]]]:
    """Everything that ``giver`` holds, by part; with ``taker``, what keeps him from it."""
    return [(part, part.held(giver, taker)) for part in PARTS.values()]


@transaction.atomic
def hand_over(
    by: Person,
    giver: Person,
    taker: Person,
    *,
    parts: Iterable[str] | None = None,
    leaves: bool = False,
    reason: str = "",
    address: str = "",
) -> HandOver:
    """Hand over what ``giver`` holds (of ``parts``, or all); with ``leaves`` his account is closed as well."""
    if not by.may("manage_people"):
        raise PermissionDenied
    if giver.pk == taker.pk or not taker.is_active:
        raise ValidationError({"taker": _("请选择另一位在岗人员接手。")})
    for name, person in (("__all__", giver), ("taker", taker)):
        if not appointing.within_reach(by, person):
            raise ValidationError({name: _("%s不在您的数据范围内。") % person})
    if leaves and giver.pk in acting.hand(by):
        raise ValidationError({"leaves": _("不能停用自己的账号。")})
    if leaves and appointing.needs_second(giver.roles, ()):
        raise ValidationError({"leaves": _("管理员离岗须在人员页停用，由另一名管理员确认后生效。")})
    chosen = set(PARTS if parts is None else parts)
    given: dict[str, list[int]] = {}
    for key, part in PARTS.items():
        if key in chosen:
            able = [item.pk for item in part.held(giver, taker) if not item.hindrance]
            given[key] = part.give(giver, taker, able, by)
    details: dict[str, Any] = {"given": given}
    if leaves:
        details["deputies"] = _close(by, giver, address)
    row = HandOver.objects.create(
        giver=giver, taker=taker, by=by, leaves=leaves, reason=reason[:200], details=details
    )
    counts = {key: len(numbers) for key, numbers in given.items()}
    audit.record(
        by,
        "hand_over",
        giver,
        details={"to": taker.username, "leaves": leaves, "given": counts, "reason": reason[:200]},
        address=address,
    )
    return row


def _close(by: Person, giver: Person, address: str) -> list[list[Any]]:
    """Shut a leaver's account; the deputyships that end with it, and when they would have ended."""
    now = timezone.now()
    running = Deputy.objects.filter(Q(until=None) | Q(until__gt=now)).filter(
        Q(principal=giver) | Q(deputy=giver)
    )
    before = [[row.pk, row.until.isoformat() if row.until else None] for row in running]
    running.update(until=now)
    for key in giver.api_keys.filter(revoked_at=None):
        keys.revoke(key, by, address=address)
    giver.is_active = False
    giver.save()
    return before


@transaction.atomic
def undo(by: Person, row: HandOver, *, address: str = "") -> int:
    """Give back what the successor still holds; how many things. Keys that were revoked stay so."""
    if not by.may("manage_people"):
        raise PermissionDenied
    row = HandOver.objects.select_for_update().get(pk=row.pk)
    if row.undone_at is not None:
        raise ValidationError(_("这次交接已经撤销。"))
    giver, taker = row.giver, row.taker
    if not (appointing.within_reach(by, giver) and appointing.within_reach(by, taker)):
        raise ValidationError(_("交接双方须都在您的数据范围内。"))
    # Whose account somebody opened or closed since keeps it as that says.
    if row.leaves and not audit.of(giver, "edit_person").filter(at__gt=row.at).exists():
        giver.is_active = True
        giver.save()
        for pk, until in row.details["deputies"]:
            Deputy.objects.filter(pk=pk).update(until=until)
    count = 0
    for key, numbers in row.details["given"].items():
        part = PARTS.get(key)
        if part is None:
            continue
        still = {item.pk for item in part.held(taker, giver)}
        count += len(part.give(taker, giver, [pk for pk in numbers if pk in still], by))
    row.undone_at, row.undone_by = timezone.now(), by
    row.save(update_fields=["undone_at", "undone_by"])
    audit.record(by, "hand_over_undone", giver, details={"given_back": count}, address=address)
    return count
