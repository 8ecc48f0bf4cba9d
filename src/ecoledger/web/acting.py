"""Acting for a principal: while a deputy has chosen to, pages are those of the principal, and both names are kept."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from ecoledger.accounts import acting, deputies
from ecoledger.accounts.models import Person
from ecoledger.web.security import Respond

SESSION = "acting_for"


class ActingMiddleware:
    """Puts the principal in the deputy's place; the deputy stays as ``request.deputy``."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with acting.by(_begin(request)):
            return self.get_response(request)


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
    request.deputy = person  # type: ignore[attr-defined]
    return person


def refuse_deputies(request: HttpRequest) -> None:
    """For what is the principal's own: password, keys. Raises ``PermissionDenied``."""
    if getattr(request, "deputy", None) is not None:
        raise PermissionDenied(_("代行职务时不能办理本人账号的事项，请先结束代行。"))
