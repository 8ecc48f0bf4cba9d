"""Who does what is being done, when it is not the person whose rights are used: the deputy (AB角) of the moment.

The trail and the events ask here, so that both names stand on everything, whatever way it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ecoledger.accounts.models import Person

_deputy: ContextVar[Person | None] = ContextVar("deputy", default=None)


def deputy() -> Person | None:
    """The deputy who acts in this request; ``None`` when everybody acts for himself."""
    return _deputy.get()


def hand(person: Person) -> frozenset[int]:
    """The people by whose hand ``person`` acts: himself, and the deputy who acts in his place now.

    Where two people have to look at a thing, no hand may be on both sides: neither of the two checks what either did.
    """
    acting = deputy()
    return frozenset({person.pk} if acting is None else {person.pk, acting.pk})


@contextmanager
def by(person: Person | None) -> Iterator[None]:
    """What is done within is done by ``person`` as deputy."""
    token = _deputy.set(person)
    try:
        yield
    finally:
        _deputy.reset(token)
