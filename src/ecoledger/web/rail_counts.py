"""The numbers beside the entries of the rail: counted anew at most once a minute for a person, and after each own step.

Counting all that is in hand within somebody's scope is half the work of a small page, and the rail stands on every page.
Home, "my work", lists and statistics count for themselves, always. Where several processes serve pages, a step that was
taken through another one shows in the rail within the minute.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from django.http import HttpRequest

from ecoledger.accounts.models import Person
from ecoledger.matters.inbox import Load
from ecoledger.web.security import Respond

_MOST = 5_000
_lock = threading.Lock()
# Who, with what rights -> when it was counted, and what.
_counted: dict[tuple[Any, ...], tuple[float, Load]] = {}
# Seconds for which a count is shown again; a server sets it, elsewhere every page counts.
keep_seconds = 0.0


def lately(person: Person) -> Load | None:
    """What was counted for the person within the last minute, if nothing they did came after it."""
    kept = _counted.get(_key(person))
    if kept is None or time.monotonic() - kept[0] > keep_seconds:
        return None
    return kept[1]


def note(person: Person, load: Load) -> None:
    """Keep what was counted just now."""
    with _lock:
        if len(_counted) >= _MOST:
            _counted.clear()
        _counted[_key(person)] = (time.monotonic(), load)


def forget(person: Person) -> None:
    """The person did something: what was counted before is not shown again."""
    with _lock:
        for key in [key for key in _counted if key[0] == person.pk]:
            del _counted[key]


class StepsMiddleware:
    """Has the rail counted anew after each step of a person."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        response = self.get_response(request)
        # What was refused has changed nothing.
        done = request.method not in ("GET", "HEAD") and response.status_code < 400
        if done and isinstance(request.user, Person):
            forget(request.user)
        return response


def _key(person: Person) -> tuple[Any, ...]:
    return (person.pk, frozenset(person.roles), tuple(person.area_codes), person.organisation_id)
