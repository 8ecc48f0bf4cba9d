"""Signing in by password, with the lock after repeated failures that 等保 asks for (GB/T 22239 身份鉴别)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.contrib.auth import authenticate
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=20)


@dataclass(frozen=True)
class Attempt:
    """What became of one attempt: the person, or what to tell them."""

    person: Person | None
    problem: str = ""


def _minutes_locked(person: Person, now: datetime) -> int:
    if person.locked_until is None or person.locked_until <= now:
        return 0
    return ceil((person.locked_until - now) / timedelta(minutes=1))


def attempt(request: HttpRequest, username: str, password: str, *, address: str = "") -> Attempt:
    """Check a name and password, count failures, lock, and put the outcome on the audit trail.

    A locked account is refused before its password is looked at, so that guessing goes no further.
    """
    now = timezone.now()
    known = Person.objects.filter(username=username).first()
    if known is not None and (minutes := _minutes_locked(known, now)):
        return Attempt(None, _locked(minutes))
    person = authenticate(request, username=username, password=password)
    if isinstance(person, Person):
        Person.objects.filter(pk=person.pk).update(failed_sign_ins=0, locked_until=None)
        audit.record(person, "sign_in", person, address=address)
        return Attempt(person)
    wrong = _("用户名或密码不正确。")
    if known is None:
        audit.record(None, "sign_in_failed", details={"username": username[:150]}, address=address)
        return Attempt(None, wrong)
    Person.objects.filter(pk=known.pk).update(failed_sign_ins=F("failed_sign_ins") + 1)
    known.refresh_from_db(fields=["failed_sign_ins"])
    left = FAILURES_ALLOWED - known.failed_sign_ins
    audit.record(known, "sign_in_failed", known, details={"left": max(left, 0)}, address=address)
    if left > 0:
        return Attempt(None, wrong + _("再错 %(count)d 次，账号将锁定。") % {"count": left})
    Person.objects.filter(pk=known.pk).update(failed_sign_ins=0, locked_until=now + LOCKED_FOR)
    return Attempt(None, _locked(ceil(LOCKED_FOR / timedelta(minutes=1))))


def _locked(minutes: int) -> str:
    return _("连续登录失败，账号已锁定，请 %(minutes)d 分钟后再试，或请安全管理员解锁。") % {
        "minutes": minutes
    }
