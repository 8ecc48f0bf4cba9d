"""Signing in by password, with the brakes that 等保 asks for (GB/T 22239 身份鉴别).

Three brakes, each before a password is looked at:

* an account takes :data:`FAILURES_ALLOWED` wrong passwords, then it is locked for :data:`LOCKED_FOR`. An attempt is
  counted before its password is looked at, so that twenty at once are not twenty looks;
* an address that failed :data:`FREE_FAILURES` times has to wait before each further attempt, longer every time;
* few passwords are hashed at once, and of one address fewer still, so that a storm does not keep others out.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import FailedSignIns, Person

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=20)
# An office behind one address mistypes now and then; a guesser does nothing else.
FREE_FAILURES = 20
LONGEST_WAIT = 300.0  # seconds
FORGOTTEN_AFTER = timedelta(minutes=30)


@dataclass(frozen=True)
class Attempt:
    """What became of one attempt: the person, or what to tell them.

    ``locked`` names the account that this attempt locked; ``slowed`` how often the address failed when it began to
    have to wait; ``wait`` how many seconds it has to.
    """

    person: Person | None
    problem: str = ""
    locked: Person | None = None
    slowed: int = 0
    wait: int = 0


class Failures:
    """How often each address (or made-up name) failed lately, counted over all processes."""

    def __init__(self, free: int, first_wait: float, longest_wait: float) -> None:
        self.free, self.first_wait, self.longest_wait = free, first_wait, longest_wait

    def wait(self, address: str) -> float:
        """Seconds until the address may try again."""
        row = FailedSignIns.objects.filter(pk=_network(address)).first()
        now = timezone.now()
        if row is None or row.count < self.free or now - row.last > FORGOTTEN_AFTER:
            return 0.0
        longer = self.first_wait * 2.0 ** min(row.count - self.free, 20)
        left = min(longer, self.longest_wait) - (now - row.last).total_seconds()
        # Not longer than ever, should a clock have been set back.
        return min(max(left, 0.0), self.longest_wait)

    def failed(self, address: str) -> int:
        """Note a failure; how many there were lately."""
        network, now = _network(address), timezone.now()
        with transaction.atomic():
            row, made = FailedSignIns.objects.select_for_update().get_or_create(
                pk=network, defaults={"count": 1, "last": now}
            )
            if not made:
                lately = now - row.last <= FORGOTTEN_AFTER
                row.count, row.last = row.count + 1 if lately else 1, now
                row.save()
        return row.count


def forget_old_failures() -> None:
    """Drop what counts no longer; nobody has to wait for that when there is nothing."""
    old = FailedSignIns.objects.filter(last__lt=timezone.now() - FORGOTTEN_AFTER)
    if old.exists():
        old.delete()


class _Hashing:
    """Lets few passwords be hashed at once; an address gets :data:`of_one` places in the queue."""

    at_once, of_one, queue = 2, 3, 60

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(self.at_once)
        self._waiting: dict[str, int] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, address: str) -> Iterator[bool]:
        """``False`` when the address, or the whole queue, is full."""
        network = _network(address)
        with self._lock:
            there = self._waiting.get(network, 0)
            full = there >= self.of_one or sum(self._waiting.values()) >= self.queue
            if not full:
                self._waiting[network] = there + 1
        if full:
            yield False
            return
        try:
            with self._places:
                yield True
        finally:
            with self._lock:
                self._waiting[network] -= 1
                if not self._waiting[network]:
                    del self._waiting[network]


addresses = Failures(FREE_FAILURES, 2.0, LONGEST_WAIT)
names = Failures(FAILURES_ALLOWED, LOCKED_FOR.total_seconds(), LOCKED_FOR.total_seconds())
_hashing = _Hashing()


def _network(address: str) -> str:
    """What counts as one address: in IPv6 the 64 bits that a subscriber has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address


def attempt(request: HttpRequest, username: str, password: str, *, address: str = "") -> Attempt:
    """Check a name and password, count failures, lock, and put the outcome on the audit trail."""
    if wait := ceil(addresses.wait(address)):
        problem = _("该地址登录失败次数过多，请 %(seconds)d 秒后再试。") % {"seconds": wait}
        return Attempt(None, problem, wait=wait)
    with _hashing.turn(address) as granted:
        if not granted:
            return Attempt(None, _("同时登录的请求过多，请稍候再试。"), wait=3)
        return _looked_at(request, username, password, address)


def _looked_at(request: HttpRequest, username: str, password: str, address: str) -> Attempt:
    now = timezone.now()
    known = Person.objects.filter(username=username).first()
    if known is not None and (refused := _counted(known, now, address)):
        return refused
    person = authenticate(request, username=username, password=password)
    if isinstance(person, Person):
        with transaction.atomic():
            Person.objects.filter(pk=person.pk).update(failed_sign_ins=0, locked_until=None)
            audit.record(person, "sign_in", person, address=address)
        return Attempt(person)
    failures = addresses.failed(address)
    slowed = failures if failures == FREE_FAILURES else 0
    problem = _("用户名或密码不正确。连续输错 %(count)d 次，账号将锁定。") % {
        "count": FAILURES_ALLOWED
    }
    if known is None:
        audit.record(None, "sign_in_failed", details={"username": username[:150]}, address=address)
        return Attempt(None, _of_nobody(username, problem), slowed=slowed)
    with transaction.atomic():
        audit.record(known, "sign_in_failed", known, address=address)
        locked = _locked_now(known, now, address)
    if locked:
        return Attempt(None, _locked(LOCKED_FOR), locked=known, slowed=slowed)
    return Attempt(None, problem, slowed=slowed)


def _of_nobody(username: str, problem: str) -> str:
    """What to say of a name that nobody has: the same as of one that somebody has."""
    key = f"name {username[:150]}"
    wait = names.wait(key)
    if not wait and names.failed(key) < FAILURES_ALLOWED:
        return problem
    return _locked(timedelta(seconds=wait) if wait else LOCKED_FOR)


def _counted(known: Person, now: datetime, address: str) -> Attempt | None:
    """Count an attempt before its password is looked at; the refusal when the account has none left."""
    account = Person.objects.filter(pk=known.pk)
    account.filter(locked_until__lte=now).update(failed_sign_ins=0, locked_until=None)
    counted = account.filter(failed_sign_ins__lt=FAILURES_ALLOWED, locked_until=None).update(
        failed_sign_ins=F("failed_sign_ins") + 1
    )
    if counted:
        return None
    # All attempts are taken by others that are still being looked at, or the lock is on already.
    with transaction.atomic():
        locked = _locked_now(known, now, address)
    until = account.values_list("locked_until", flat=True).get()
    _spend_time(address)
    left = until - now if until is not None else LOCKED_FOR
    return Attempt(None, _locked(left), locked=known if locked else None)


def _locked_now(known: Person, now: datetime, address: str) -> bool:
    """Lock an account that has used its attempts up; whether it was this call that did."""
    locked = Person.objects.filter(
        pk=known.pk, failed_sign_ins__gte=FAILURES_ALLOWED, locked_until=None
    ).update(locked_until=now + LOCKED_FOR)
    if locked:
        audit.record(known, "account_locked", known, address=address)
    return bool(locked)


def _spend_time(address: str) -> None:
    """A refusal takes as long as a look and counts like a failure: knowing a name shall gain nothing."""
    make_password("nobody's")
    addresses.failed(address)


def _locked(left: timedelta) -> str:
    return _("连续登录失败，账号已锁定，请 %(minutes)d 分钟后再试，或请安全管理员解锁。") % {
        "minutes": max(ceil(left / timedelta(minutes=1)), 1)
    }
