"""Signing in through the bureau's own sign-on (OpenID Connect).

The sign-on says who somebody is; what they may do is granted here. A name that is not on record here is let
in nowhere: accounts are never made by themselves.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from requests import RequestException

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.visitors import address
from ecoledger.web.navigation import first_page


@lru_cache(maxsize=1)
def _client(issuer: str, client: str, secret_file: str) -> Any:
    secret = Path(secret_file).read_text(encoding="utf-8").strip() if secret_file else ""
    return OAuth().register(
        "bureau",
        client_id=client,
        client_secret=secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
        },
    )


def _sign_on() -> Any:
    if not settings.OIDC_ISSUER:
        raise Http404
    return _client(settings.OIDC_ISSUER, settings.OIDC_CLIENT, settings.OIDC_SECRET_FILE)


@login_not_required
@never_cache
def go(request: HttpRequest) -> HttpResponse:
    """Lead to the bureau's sign-on."""
    try:
        answer: HttpResponse = _sign_on().authorize_redirect(
            request, request.build_absolute_uri(reverse("sign-on-back"))
        )
    except RequestException:
        messages.error(request, _("统一认证暂时无法访问，请用本平台的用户名和密码登录。"))
        return redirect("sign-in")
    return answer


@login_not_required
@never_cache
def back(request: HttpRequest) -> HttpResponse:
    """Whom the sign-on names is signed in, if that name is on record here."""
    try:
        token = _sign_on().authorize_access_token(request)
    except (OAuthError, RequestException) as error:
        audit.record(
            None, "sign_in_failed", details={"sign_on": str(error)[:200]}, address=address(request)
        )
        messages.error(request, _("统一认证没有完成，请重试。"))
        return redirect("sign-in")
    name = str(token.get("userinfo", {}).get(settings.OIDC_NAME_CLAIM, ""))
    person = Person.objects.filter(username=name, is_active=True).first() if name else None
    if person is None or (person.locked_until and person.locked_until > timezone.now()):
        audit.record(
            person,
            "sign_in_failed",
            details={"sign_on": settings.OIDC_ISSUER, "username": name[:150]},
            address=address(request),
        )
        messages.error(request, _("统一认证的账号在本平台没有登记或已停用，请联系安全管理员。"))
        return redirect("sign-in")
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    audit.record(
        person,
        "sign_in",
        person,
        details={"sign_on": settings.OIDC_ISSUER},
        address=address(request),
    )
    return redirect(first_page(person))
