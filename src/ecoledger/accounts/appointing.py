"""Giving and taking roles: within the granter's own bounds, never to himself, administrators by two people.

三员分立 (system, security and audit administrator are different people, and none of them does the bureau's work).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import acting, audit, grants, keys, scope
from ecoledger.accounts.models import AuditEntry, Organisation, Person, PersonChange
from ecoledger.accounts.roles import ADMINISTRATORS, CAPABILITIES, Role

_OFFICES = frozenset(role.value for role in ADMINISTRATORS)
ASKED = "ask_administrator_change"


def odd_roles(roles: Collection[str]) -> str:
    """Why these roles cannot be in one hand; empty when they can."""
    held = set(roles)
    if len(held & _OFFICES) > 1:
        return _("系统、安全、审计管理员应由不同的人担任。")
    if held & _OFFICES and held - _OFFICES:
        return _("管理员不能兼任业务岗位。")
    if Role.ENTERPRISE.value in held and len(held) > 1:
        return _("企业用户不能兼任其他岗位。")
    return ""


def check(by: Person, person: Person, roles: Collection[str], area_codes: Collection[str]) -> None:
    """Raises ``ValidationError`` by field for what ``by`` may not grant.

    A security administrator with areas of his own is bound by them; one without is of the whole house.
    """
    if person.pk in acting.hand(by):
        raise ValidationError({"roles": _("不能修改自己的账号和权限，请由另一名安全管理员办理。")})
    if why := odd_roles(roles):
        raise ValidationError({"roles": why})
    for code in {*area_codes, *person.area_codes} if by.area_codes else ():
        if not scope.covers(by, code):
            raise ValidationError(
                {
                    "area_codes": _("“%(code)s”超出您自己的数据范围，不能授予或修改。")
                    % {"code": code}
                }
            )
    if not within_reach(by, person):
        raise ValidationError({"organisation": _("该单位不在您的数据范围内。")})


def reachable(by: Person) -> QuerySet[Person]:
    """The people of the units that a security administrator keeps: those in his own areas, all when he has none."""
    rows = Person.objects.select_related("organisation")
    if not by.area_codes:
        return rows
    inside = Q(organisation=None)
    for code in by.area_codes:
        inside |= Q(organisation__area_code__startswith=code)
    return rows.filter(inside)


def within_reach(by: Person, person: Person) -> bool:
    """Whether ``by`` keeps this person: unit and all areas of his lie in those of ``by``."""
    if not by.area_codes:
        return True
    organisation = person.organisation
    inside = organisation is None or scope.covers(by, organisation.area_code)
    return inside and all(scope.covers(by, code) for code in person.area_codes)


def needs_second(before: Collection[str], after: Collection[str]) -> bool:
    """Whether a second person has to confirm: somebody is, or becomes, an administrator."""
    return bool(_OFFICES & (set(before) | set(after)))


def confirmers(by: Person, person: Person) -> QuerySet[Person]:
    """Who may confirm what ``by`` wants of an administrator's account."""
    others = grants.people_with(CAPABILITIES["confirm_administrators"])
    return others.exclude(pk__in=(by.pk, person.pk))


def waits(by: Person, person: Person) -> str:
    """That a change waits for a second administrator; where there is none, how one comes."""
    told = _("涉及管理员，须由另一名管理员确认后生效。")
    if not confirmers(by, person).exists():
        told += _("本站没有其他管理员可以确认，请在服务器上用 ecoledger person create 登记一名。")
    return told


# What of a person's own data the form changes; of these the trail keeps the values, of the others that they changed.
IDENTITY = (
    "username",
    "name",
    "organisation",
    "post",
    "phone",
    "certificate_no",
)
_KEPT_ON_TRAIL = frozenset({"username", "name", "organisation"})


def _changed(person: Person, identity: dict[str, Any]) -> dict[str, Any]:
    """Put the changed data of a person in place; what the trail says of them."""
    said: dict[str, Any] = {}
    for name, value in identity.items():
        attribute = "organisation_id" if name == "organisation" else name
        if name in _KEPT_ON_TRAIL:
            said[name] = [getattr(person, attribute), value]
        else:
            said[name] = True
        setattr(person, attribute, value)
    taken = Person.objects.filter(username=person.username).exclude(pk=person.pk)
    if "username" in identity and taken.exists():
        raise ValidationError(_("用户名“%(name)s”已有人使用。") % {"name": person.username})
    return said


def _now(person: Person, name: str) -> Any:
    """What a change of an account calls ``name``, as it is."""
    match name:
        case "active":
            return person.is_active
        case "roles" | "area_codes":
            return list(getattr(person, name))
        case "organisation":
            return person.organisation_id
        case "password":
            return hashlib.sha256(person.password.encode()).hexdigest()
    value = getattr(person, name)
    return value.isoformat() if isinstance(value, date) else value


RIGHTS = ("roles", "area_codes", "active")


def as_kept(value: Any) -> Any:
    """A value of a person's own data as a change keeps it until a second person has confirmed it."""
    if isinstance(value, Organisation):
        return value.pk
    return value.isoformat() if isinstance(value, date) else value


def _of(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What a change sets, but for the password."""
    rights = {name: wanted[name] for name in RIGHTS if name in wanted}
    return rights | (wanted.get("identity") or {})


def differing(
    person: Person, *, password: str = "", identity: Mapping[str, Any] | None = None, **rights: Any
) -> dict[str, Any]:
    """What of ``rights`` and a person's own data is to become another, with what it is now: all a change carries, so that
    it puts nothing back that somebody else changes before it is confirmed."""

    def other(said: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in said.items() if value != _now(person, name)}

    wanted = other(rights) | {"password": password, "identity": other(identity or {})}
    names = [*_of(wanted), *(("password",) if password else ())]
    return wanted | {"before": {name: _now(person, name) for name in names}}


@transaction.atomic
def apply(
    by: Person | None, person: Person, wanted: Mapping[str, Any], *, address: str = ""
) -> None:
    """Set what a change carries of roles, areas, password, own data and whether the account is open, and put it on the
    trail."""
    changed = _changed(person, wanted.get("identity") or {})
    before = {name: _now(person, name) for name in RIGHTS}
    person.roles = wanted.get("roles", person.roles)
    person.area_codes = wanted.get("area_codes", person.area_codes)
    person.is_active = wanted.get("active", person.is_active)
    if password := wanted.get("password"):
        person.password, person.must_change_password = password, True
    person.failed_sign_ins, person.locked_until = 0, None
    person.save()
    if password or not person.is_active:
        keys.revoke_all(person, by, address=address)
    audit.record(
        by,
        "edit_person",
        person,
        details={
            "before": before,
            "after": {name: _now(person, name) for name in RIGHTS},
            "password_set": bool(password),
            **({"changed": changed} if changed else {}),
        },
        address=address,
    )


@transaction.atomic
def ask(
    by: Person, person: Person, wanted: Mapping[str, Any], *, address: str = ""
) -> PersonChange:
    """Leave a change for a second administrator; an earlier one for the person that waits is dropped."""
    now = timezone.now()
    PersonChange.objects.filter(person=person, decided_at=None).update(decided_at=now)
    change = PersonChange.objects.create(person=person, wanted=dict(wanted), by=by)
    details = {name: wanted[name] for name in RIGHTS if name in wanted}
    details |= {"change": change.pk, "changed": sorted(wanted.get("identity") or {})}
    audit.record(by, ASKED, person, details=details, address=address)
    return change


def may_decide(by: Person, change: PersonChange) -> bool:
    """Whether ``by`` is another hand than who asked, and than whom it is about; deputies count as whom they act for."""
    asked = {change.by_id, change.person_id}
    rows = AuditEntry.objects.filter(
        action=ASKED, object_type="accounts.person", object_id=str(change.person_id)
    )
    for details, deputy in rows.values_list("details", "deputy"):
        if details.get("change") == change.pk and deputy is not None:
            asked.add(deputy)
    return by.may("confirm_administrators") and asked.isdisjoint(acting.hand(by))


@transaction.atomic
def decide(by: Person, change: PersonChange, *, confirmed: bool, address: str = "") -> None:
    """Confirm or refuse a change: another administrator than who asked, and not for himself."""
    change = PersonChange.objects.select_for_update().get(pk=change.pk)
    if not may_decide(by, change):
        raise PermissionDenied(_("须由提出人和本人以外的另一名管理员确认。"))
    if change.decided_at is not None:
        raise ValidationError(_("这项变更已经处理过。"))
    before = change.wanted.get("before", {})
    if confirmed and any(_now(change.person, name) != value for name, value in before.items()):
        raise ValidationError(_("提出之后，该账号的同一内容已被他人修改；请不同意，另行提出。"))
    change.decided_by, change.decided_at = by, timezone.now()
    change.confirmed = confirmed
    change.save()
    if confirmed:
        apply(by, change.person, change.wanted, address=address)
    else:
        audit.record(by, "administrator_change_refused", change.person, address=address)
