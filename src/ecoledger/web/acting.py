"""Acting for a principal: while a deputy has chosen to, pages are those of the principal, and both names are kept."""

from __future__ import annotations

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from ecoledger.accounts import acting, deputies
from ecoledger.accounts.models import Person
from ecoledger.web.security import Respond

SESSION = "acting_for"


class ActingMiddleware:
    """Puts the principal in the deputy's place; the deputy stays as ``request.deputy``."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> object:
        if iscoroutinefunction(self.get_response):
            return self._later(request)
        with acting.by(_begin(request)):
            return self.get_response(request)

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        deputy = await sync_to_async(_begin)(request)
        with acting.by(deputy):
            response = self.get_response(request)
            return response if isinstance(response, HttpResponseBase) else await response


def _begin(request: HttpRequest) -> Person | None:
    """The deputy, when one acts; a deputyship that is over ends here."""
    request.deputy = None  # type: ignore[attr-defined]
    chosen = request.session.get(SESSION)
    if chosen is None or not isinstance(request.user, Person):
        return None
    person = Person.objects.get(pk=request.user.pk)
    principal = deputies.may_act_for(person, chosen)
    if principal is None:
        del request.session[SESSION]
        return None
    request.user = principal

    async def auser() -> Person:
        return principal

    request.auser = auser
    request.deputy = person  # type: ignore[attr-defined]
    return person


def refuse_deputies(request: HttpRequest) -> None:
    """For what is the principal's own: password, keys. Raises ``PermissionDenied``."""
    if getattr(request, "deputy", None) is not None:
        raise PermissionDenied(_("代行职务时不能办理本人账号的事项，请先结束代行。"))
