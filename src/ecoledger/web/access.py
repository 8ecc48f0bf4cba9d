"""Who may open a page: by capability first, then row by row through ``accounts.scope``."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person

P = ParamSpec("P")


class Request(HttpRequest):
    """A request of someone who has signed in, as every view gets that is not marked open."""

    user: Person


View = Callable[Concatenate[Request, P], HttpResponseBase]


def needs(capability: str) -> Callable[[View[P]], View[P]]:
    """Refuse the page to a person none of whose roles holds ``capability``."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: Request, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.may(capability):
                raise PermissionDenied(_("您的岗位不含打开此页的权限。"))
            return view(request, *args, **kwargs)

        return cast("View[P]", guarded)

    return decorate
