"""The register and the matter of an address, for who may know of them."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from ecoledger.matters import actions
from ecoledger.matters.actions import NotVisible
from ecoledger.matters.register import Register, has_register, register_of
from ecoledger.web.access import Request


def the_register(request: Request, key: str) -> Register:
    """The register, if this person may know of it; otherwise the page does not exist."""
    if not has_register(key) or not request.user.may(register_of(key).see):
        raise Http404
    return register_of(key)


def the_matter(request: Request, key: str, pk: int) -> tuple[Register, Any]:
    """The matter of that register; of another register it is at another address."""
    register = the_register(request, key)
    try:
        matter = actions.find(pk, request.user)
    except NotVisible as error:
        raise Http404 from error
    if matter.register != key:
        raise Http404
    return register, matter
