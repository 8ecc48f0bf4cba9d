"""Deputies (AB角): named from one moment to another, acting with the principal's roles and areas."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.grants import in_force
from ecoledger.accounts.models import Deputy, Person
from ecoledger.accounts.roles import ADMINISTRATORS, Role


def principals_of(person: Person, at: datetime | None = None) -> QuerySet[Person]:
    """For whom a person may act now."""
    named = Deputy.objects.filter(in_force(at), deputy=person).values("principal")
    return Person.objects.filter(is_active=True, pk__in=named).order_by("name")


def may_act_for(person: Person, principal_id: int) -> Person | None:
    """The principal, when ``person`` is his deputy now."""
    return principals_of(person).filter(pk=principal_id).first()


def deputies_of(principals: list[int]) -> QuerySet[Deputy]:
    """Who acts now for these people."""
    return Deputy.objects.filter(
        in_force(), principal__in=principals, deputy__is_active=True
    ).select_related("principal", "deputy")


@transaction.atomic
def name_deputy(
    by: Person,
    principal: Person,
    deputy: Person,
    since: datetime,
    until: datetime,
    *,
    reason: str = "",
    address: str = "",
) -> Deputy:
    """Name a deputy for a time: one's own, or anybody's for the security administrator.

    Raises ``ValidationError`` for what cannot be: an end before the beginning or past, oneself, people of an
    enterprise, and administrators' offices coming together in one hand (三员分立).
    """
    if by.pk != principal.pk and not by.may("manage_people"):
        raise PermissionDenied(_("只能为自己指定代理人。"))
    if until <= since or until <= timezone.now():
        raise ValidationError({"until": _("止须晚于起，也须晚于现在。")})
    if deputy.pk == principal.pk or not deputy.is_active:
        raise ValidationError({"deputy": _("请选择另一位在岗人员。")})
    outside = (Role.ENTERPRISE, Role.THIRD_PARTY)
    if principal.has_role(*outside) != deputy.has_role(*outside) or (
        principal.has_role(*outside) and principal.organisation_id != deputy.organisation_id
    ):
        raise ValidationError({"deputy": _("代理人应与本人同属机关，或同属一个单位。")})
    offices = {role.value for role in ADMINISTRATORS}
    if offices & set(principal.roles) != offices & set(deputy.roles):
        raise ValidationError({"deputy": _("管理员只能由同一种管理员代理。")})
    row = Deputy.objects.create(
        principal=principal,
        deputy=deputy,
        since=since,
        until=until,
        reason=reason[:120],
        named_by=by,
    )
    details = {"deputy": deputy.username, "since": since, "until": until, "reason": reason[:120]}
    audit.record(by, "name_deputy", principal, details=details, address=address)
    return row


@transaction.atomic
def end(by: Person, row: Deputy, *, address: str = "") -> None:
    """End a deputyship now. Both of the two may, and the security administrator."""
    if by.pk not in (row.principal_id, row.deputy_id) and not by.may("manage_people"):
        raise PermissionDenied
    if Deputy.objects.filter(in_force(), pk=row.pk).update(until=timezone.now()):
        details = {"deputy": row.deputy.username}
        audit.record(by, "end_deputy", row.principal, details=details, address=address)
