"""Keys by which another system speaks for a person."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import models
from django.utils import timezone

from ecoledger.accounts.models import Person


class ApiKey(models.Model):
    """A key for the interface. Only its hash is kept; it may do what its person may, until it expires."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField("用途", max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField("建立时间", default=timezone.now)
    expires_at = models.DateTimeField("到期时间")
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    last_used_at = models.DateTimeField("最近使用", null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.person} {self.name}"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def make_key(person: Person, name: str, days: int = 180) -> str:
    """Make a key and return it; it cannot be shown again."""
    key = f"el_{secrets.token_urlsafe(32)}"
    ApiKey.objects.create(
        person=person,
        name=name,
        digest=_digest(key),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return key


def person_of(key: str) -> Person | None:
    """Whom a key speaks for; ``None`` when it is unknown, expired, revoked or its person is shut out."""
    now = timezone.now()
    found = (
        ApiKey.objects.select_related("person__organisation")
        .filter(digest=_digest(key), revoked_at=None, expires_at__gt=now, person__is_active=True)
        .first()
    )
    if found is None:
        return None
    ApiKey.objects.filter(pk=found.pk).update(last_used_at=now)
    return found.person
