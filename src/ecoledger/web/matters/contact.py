"""查看联系方式: whoever has to answer a complainant is told the telephone, with a purpose, and each look is on the trail.

So is the letter with which the complaint came.

实名举报 must be answered (生态环境法典第146条); who the complainant is stays hidden from everybody else.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.visitors import address
from ecoledger.listings import asked
from ecoledger.matters import actions
from ecoledger.matters.actions.access import owns
from ecoledger.matters.register import Register
from ecoledger.web.access import Request, needs
from ecoledger.web.matters.evidence import handed_out
from ecoledger.web.matters.finding import the_matter


def offered(register: Register, matter: Any, person: Person) -> tuple[str, ...]:
    """The hidden names that ``person`` may have told him now: he owns the matter, and its step needs them."""
    names = register.told_to_owner.get(matter.state, ())
    if not names or matter.merged_into_id is not None or not owns(matter, person):
        return ()
    return tuple(name for name in names if not register.is_open(name, person))


@needs("see_matters")
@require_POST
@never_cache
def page(request: Request, key: str, pk: int) -> HttpResponseBase:
    from ecoledger.web.matters.detail import show

    register, matter = the_matter(request, key, pk)
    names = offered(register, matter, request.user)
    if not names:
        raise PermissionDenied(_("联系方式只向正在答复的责任人提供。"))
    purpose = request.POST.get("purpose", "").strip()[:200]
    if not purpose:
        messages.error(request, _("请写明查看联系方式的用途。"))
        return redirect("matter", key, pk)
    if "file" in request.POST:
        return _letter(request, register, matter, purpose)
    labels = {name: _(str(register.derive.column(name).label)) for name in names}
    _note(request, register, matter, list(labels.values()), purpose)
    told = [(labels[name], str(getattr(matter, name) or _("未留"))) for name in names]
    return show(request, register, matter, contact=told)


def _letter(request: Request, register: Register, matter: Any, purpose: str) -> HttpResponseBase:
    """One of the files with which the complaint came."""
    wanted = asked.number(request.POST["file"])
    letters = actions.closed_to(matter, request.user)
    letter = next((file for file in letters if file.pk == wanted), None)
    if letter is None:
        raise Http404
    _note(request, register, matter, [letter.name], purpose)
    return handed_out(request, letter)


def _note(request: Request, register: Register, matter: Any, told: list[str], purpose: str) -> None:
    details = {"list": register.key, "rows": [matter.number], "fields": told, "purpose": purpose}
    audit.record(request.user, "see_complainant", matter, details=details, address=address(request))
