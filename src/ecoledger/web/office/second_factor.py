"""The code after the password; setting up a phone, and taking it away again."""

from __future__ import annotations

import time
from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from ecoledger.accounts import acting, appointing, audit, second_factor, sign_in
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import ADMINISTRATORS
from ecoledger.accounts.visitors import address
from ecoledger.web.access import Request, needs
from ecoledger.web.acting import refuse_deputies
from ecoledger.web.navigation import first_page

_WAITING = "second_factor"
PATIENCE = 300  # seconds between the password and the code


def ask_for_code(request: HttpRequest, person: Person, to: str) -> HttpResponse:
    """Remember who gave the right password, and ask for the code."""
    request.session.cycle_key()
    request.session[_WAITING] = {"person": person.pk, "at": int(time.time()), "next": to}
    return redirect("sign-in-code")


def _waiting(request: HttpRequest) -> tuple[Person, str] | None:
    kept = request.session.get(_WAITING)
    if kept is None or time.time() - kept["at"] > PATIENCE:
        request.session.pop(_WAITING, None)
        return None
    person = Person.objects.filter(pk=kept["person"], is_active=True, locked_until=None).first()
    return (person, kept["next"]) if person is not None else None


@login_not_required
@never_cache
@sensitive_post_parameters("code")
def code_page(request: HttpRequest) -> HttpResponse:
    waiting = _waiting(request)
    if waiting is None:
        return redirect("sign-in")
    person, to = waiting
    problem = ""
    if request.method == "POST":
        wait = sign_in.addresses.wait(address(request))
        if not wait and second_factor.matches(person, request.POST.get("code", "")):
            request.session.pop(_WAITING, None)
            login(request, person, backend="django.contrib.auth.backends.ModelBackend")
            audit.record(person, "second_factor", person, address=address(request))
            return redirect(to or first_page(person))
        sign_in.addresses.failed(address(request))
        audit.record(person, "second_factor_failed", person, address=address(request))
        problem = _("动态口令不对或已用过，请等下一个口令再试。")
    return render(request, "web/office/sign_in_code.html", {"problem": problem})


def _picture(url: str) -> str:
    """A QR code as SVG without anything of the page in it."""
    drawn: str = segno.make(url, error="m").svg_inline(scale=4, border=2, dark="#000", light="#fff")
    # The library draws squares from its own numbers; nothing a person wrote stands in it as text.
    return mark_safe(drawn)  # noqa: S308


@never_cache
@sensitive_post_parameters("code")
def set_up(request: Request) -> HttpResponse:
    """Show the secret of a new phone and confirm it by its first code."""
    refuse_deputies(request)
    person = request.user
    if second_factor.device_of(person) is not None:
        return redirect("account")
    context: dict[str, Any] = {"required": second_factor.required(person)}
    if request.method == "POST":
        try:
            spare = second_factor.confirm(
                person, request.POST.get("code", ""), address=address(request)
            )
        except ValidationError as error:
            context["problem"] = " ".join(error.messages)
        else:
            return render(request, "web/office/second_factor_done.html", {"spare": spare})
    device = second_factor.begin(person)
    context |= {"picture": _picture(device.config_url), "secret": second_factor.secret_of(device)}
    return render(request, "web/office/second_factor.html", context)


@require_POST
@sensitive_post_parameters("password")
def remove(request: Request) -> HttpResponse:
    """Take one's own phone away, with one's password."""
    refuse_deputies(request)
    person = request.user
    if second_factor.required(person):
        messages.error(request, _("按本单位规定，您的账号须使用动态口令，不能停用。"))
    elif not person.check_password(request.POST.get("password", "")):
        messages.error(request, _("密码不正确。"))
    else:
        second_factor.remove(person, person, address=address(request))
        messages.success(request, _("已停用动态口令。"))
    return redirect("account")


@require_POST
@needs("manage_people")
def reset(request: Request, pk: int) -> HttpResponse:
    """The security administrator frees somebody whose phone is lost; never an administrator or himself."""
    person = get_object_or_404(appointing.reachable(request.user), pk=pk)
    if not appointing.within_reach(request.user, person):
        raise PermissionDenied(_("该人员不在您的数据范围内。"))
    if person.pk in acting.hand(request.user) or ADMINISTRATORS & set(person.roles):
        raise PermissionDenied(_("管理员的动态口令只能在服务器上用命令解除。"))
    second_factor.remove(person, request.user, address=address(request))
    messages.success(request, _("已解除 %(name)s 的动态口令。") % {"name": person.name})
    return redirect("person", pk)
