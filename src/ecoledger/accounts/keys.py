"""Keys by which another system speaks for a person: made, looked up, taken back."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from ecoledger.accounts import audit
from ecoledger.accounts.models import ApiKey, Person

# How long a key may live, in days; the first is offered.
LIVES = (180, 30, 90, 365)
# Valid keys one person may have at once.
MOST = 10


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def make_key(person: Person, name: str, days: int = LIVES[0], *, address: str = "") -> str:
    """Make a key and return it; it cannot be shown again, for only its hash is kept."""
    key = f"el_{secrets.token_urlsafe(32)}"
    made = ApiKey.objects.create(
        person=person,
        name=name,
        digest=_digest(key),
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(
        person, "api_key_made", made, details={"name": name, "days": days}, address=address
    )
    return key


@transaction.atomic
def revoke(key: ApiKey, by: Person, *, address: str = "") -> None:
    """Take a key back: from now on it opens nothing. A second time changes nothing."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record(by, "api_key_revoked", key, details={"name": key.name}, address=address)


@transaction.atomic
def revoke_all(person: Person, by: Person | None, *, address: str = "") -> int:
    """Take back every key of a person: the password was changed or reset, or the account closed."""
    count = ApiKey.objects.filter(person=person, revoked_at=None).update(revoked_at=timezone.now())
    if count:
        audit.record(by, "api_keys_revoked", person, details={"keys": count}, address=address)
    return count


def person_of(key: str, *, address: str = "") -> Person | None:
    """Whom a key speaks for; ``None`` when it is unknown, expired, revoked or its person is shut out.

    The trail has a line an hour in which a key is used.
    """
    now = timezone.now()
    found = (
        ApiKey.objects.select_related("person__organisation")
        .filter(digest=_digest(key), revoked_at=None, expires_at__gt=now, person__is_active=True)
        .exclude(person__locked_until__gt=now)
        .first()
    )
    if found is None:
        return None
    if found.last_used_at is None or now - found.last_used_at > timedelta(hours=1):
        with transaction.atomic():
            audit.record(
                found.person, "api_key_used", found, details={"name": found.name}, address=address
            )
    ApiKey.objects.filter(pk=found.pk).update(last_used_at=now)
    return found.person
