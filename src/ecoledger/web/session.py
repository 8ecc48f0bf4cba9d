"""Signing in and out, and a person's own account page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from ecoledger.accounts import audit, sign_in
from ecoledger.accounts.models import Person
from ecoledger.web.access import Request
from ecoledger.web.navigation import first_page


def _next(request: HttpRequest) -> str:
    """Where the person wanted to go, if it is a page of this site."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return target
    return ""


def address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR") or "")


@login_not_required
@never_cache
@sensitive_post_parameters("password")
def sign_in_page(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, Person) and request.method == "GET":
        return redirect(_next(request) or first_page(request.user))
    context: dict[str, Any] = {"next": _next(request), "username": ""}
    if request.method == "POST":
        username = request.POST.get("username", "").strip()
        attempt = sign_in.attempt(
            request, username, request.POST.get("password", ""), address=address(request)
        )
        if attempt.person is not None:
            login(request, attempt.person)
            return redirect(_next(request) or first_page(attempt.person))
        context |= {"username": username, "problem": attempt.problem}
    return render(request, "web/sign_in.html", context, status=200)


@require_POST
def sign_out(request: Request) -> HttpResponse:
    audit.record(request.user, "sign_out", request.user, address=address(request))
    logout(request)
    return redirect(resolve_url("sign-in"))


language = login_not_required(set_language)


@sensitive_post_parameters()
def account(request: Request) -> HttpResponse:
    """Who one is here, what one may do, and one's password."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, form.user)
        audit.record(request.user, "change_password", request.user, address=address(request))
        messages.success(request, _("密码已修改。"))
        return redirect("account")
    return render(request, "web/account.html", {"form": form})
