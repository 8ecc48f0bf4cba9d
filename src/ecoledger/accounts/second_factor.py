"""A second factor beside the password: time-based codes of a phone (RFC 6238), with codes for a lost phone.

Whose account has a confirmed device signs in with password and code. ``ECOLEDGER_SECOND_FACTOR`` says who must
have one: nobody (``offered``), the three administrators (``administrators``) or ``everybody`` (GB/T 22239-2019
8.1.4.1 d asks for it at level 3).
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import ADMINISTRATORS

SPARE_CODES = 8


def device_of(person: Person) -> TOTPDevice | None:
    """The person's phone, when it is set up."""
    return TOTPDevice.objects.filter(user=person, confirmed=True).first()


def required(person: Person) -> bool:
    """Whether this person must have a second factor by the bureau's setting."""
    if settings.SECOND_FACTOR == "everybody":
        return True
    return settings.SECOND_FACTOR == "administrators" and bool(ADMINISTRATORS & set(person.roles))


def must_set_up(person: Person) -> bool:
    """Whether the person may do nothing else before a device is set up."""
    return required(person) and device_of(person) is None


@transaction.atomic
def begin(person: Person) -> TOTPDevice:
    """The device to be confirmed by its first code; the same one until it is."""
    device: TOTPDevice
    device, _made = TOTPDevice.objects.get_or_create(
        user=person, confirmed=False, defaults={"name": "phone"}
    )
    return device


def secret_of(device: TOTPDevice) -> str:
    """The secret as one types it into a phone: base 32 in groups of four."""
    text = base64.b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


@transaction.atomic
def confirm(person: Person, code: str, *, address: str = "") -> list[str]:
    """Confirm the device by a code that it shows; the spare codes, which are not shown again.

    Raises :class:`ValidationError` when the code is not the device's.
    """
    device = begin(person)
    if not device.verify_token(_typed(code)):
        raise ValidationError(_("动态口令不对，请核对手机时间后再试。"))
    device.confirmed = True
    device.save()
    audit.record(person, "second_factor_set_up", person, address=address)
    return _spare_codes(person)


def _spare_codes(person: Person) -> list[str]:
    StaticDevice.objects.filter(user=person).delete()
    spare = StaticDevice.objects.create(user=person, name="spare", confirmed=True)
    codes = [secrets.token_hex(5) for _n in range(SPARE_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=spare, token=code) for code in codes)
    return codes


def _typed(code: str) -> str:
    return code.replace(" ", "").strip().lower()


def matches(person: Person, code: str) -> bool:
    """Whether ``code`` is the phone's now, or a spare one; each counts once, and wrong ones slow the next."""
    typed = _typed(code)
    if not typed:
        return False
    # Six digits are the phone's: a wrong one must not use up, or slow, the spare ones.
    kind: Any = TOTPDevice if typed.isdigit() and len(typed) == 6 else StaticDevice
    with transaction.atomic():
        return any(
            device.verify_is_allowed()[0] and device.verify_token(typed)
            for device in kind.objects.select_for_update().filter(user=person, confirmed=True)
        )


def spare_left(person: Person) -> int:
    """How many spare codes are left."""
    return StaticToken.objects.filter(device__user=person).count()


@transaction.atomic
def remove(person: Person, by: Person, *, address: str = "") -> None:
    """Take the second factor away: by its owner, or by the security administrator when the phone is lost."""
    removed, _tables = TOTPDevice.objects.filter(user=person).delete()
    StaticDevice.objects.filter(user=person).delete()
    if removed:
        audit.record(by, "second_factor_removed", person, address=address)
