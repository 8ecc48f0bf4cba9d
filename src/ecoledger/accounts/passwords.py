"""What a password must be (GB/T 22239-2019 8.1.4.1 a): of several sorts of characters, not an old one, not too old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person

LONG = 20


class SortsOfCharacters:
    """Three of four sorts of characters, or a phrase of :data:`LONG` characters; never one pattern repeated."""

    def validate(self, password: str, user: Any = None) -> None:
        sorts = sum(
            any(test(character) for character in password)
            for test in (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
        )
        if sorts < 3 and len(password) < LONG:
            raise ValidationError(self.get_help_text(), code="password_too_simple")
        if len(set(password.lower())) < 6:
            raise ValidationError(_("密码中重复的字符太多。"), code="password_too_simple")

    def get_help_text(self) -> str:
        return _("密码应含大写字母、小写字母、数字、符号中的至少三类，或不少于 %(count)d 位。") % {
            "count": LONG
        }


class NotAnOldOne:
    """Neither the present password nor one of the last."""

    def validate(self, password: str, user: Any = None) -> None:
        if not isinstance(user, Person) or user.pk is None:
            return
        stored = Person.objects.filter(pk=user.pk).values_list("password", "password_history")
        for present, earlier in stored:
            if any(check_password(password, old) for old in (present, *earlier)):
                raise ValidationError(_("不能使用最近用过的密码。"), code="password_used")

    def get_help_text(self) -> str:
        return _("不能与最近用过的密码相同。")


def must_change(person: Person) -> bool:
    """Whether a person has to choose a new password before anything else."""
    age = timezone.now() - person.password_changed_at
    return person.must_change_password or age > timedelta(days=settings.PASSWORD_DAYS)
