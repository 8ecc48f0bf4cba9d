"""Signing in and out, and a person's own account page."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from ecoledger.accounts import audit, deputies, keys, sign_in
from ecoledger.accounts.models import Deputy, Person
from ecoledger.accounts.second_factor import device_of, required, spare_left
from ecoledger.accounts.visitors import address
from ecoledger.accounts.wording import numbered
from ecoledger.web import acting
from ecoledger.web.access import Request
from ecoledger.web.acting import refuse_deputies
from ecoledger.web.navigation import first_page
from ecoledger.web.office import kept_text, security_notices
from ecoledger.web.office.second_factor import ask_for_code


def _next(request: HttpRequest) -> str:
    """Where the person wanted to go, if it is a page of this site."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    # A whole path: what else looks like an address of this site is the name of a view, or nothing.
    if target.startswith("/") and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return target
    return ""


@login_not_required
@never_cache
@sensitive_post_parameters("password")
def sign_in_page(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, Person) and request.method == "GET":
        return redirect(_next(request) or first_page(request.user))
    context: dict[str, Any] = {
        "next": _next(request),
        "username": "",
        "own_sign_on": bool(settings.OIDC_ISSUER),
    }
    status, headers = 200, {}
    if request.method == "POST":
        username = request.POST.get("username", "").strip()
        attempt = sign_in.attempt(
            request, username, request.POST.get("password", ""), address=address(request)
        )
        if attempt.person is not None:
            kept_text.take_along(request)
            if device_of(attempt.person) is not None:
                return ask_for_code(request, attempt.person, _next(request))
            login(request, attempt.person)
            return redirect(_next(request) or first_page(attempt.person))
        if attempt.locked is not None:
            security_notices.account_locked(attempt.locked, address(request))
        if attempt.slowed:
            security_notices.address_slowed(address(request), attempt.slowed)
        if attempt.wait:
            status, headers = 429, {"Retry-After": str(attempt.wait)}
        context |= {"username": username, "problem": attempt.problem}
        context[kept_text.FIELD] = request.POST.get(kept_text.FIELD, "")
    response = render(request, "web/office/sign_in.html", context, status=status)
    for name, value in headers.items():
        response.headers[name] = value
    return response


@require_POST
def sign_out(request: Request) -> HttpResponse:
    audit.record(request.user, "sign_out", request.user, address=address(request))
    logout(request)
    return redirect(resolve_url("sign-in"))


language = login_not_required(set_language)


class PasswordForm(PasswordChangeForm):
    """A change of one's own password, looking like the page's other forms."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"
            field.widget.attrs.pop("autofocus", None)


class DeputyForm(forms.Form):
    """Who acts for oneself, from when, until when, and why."""

    deputy = forms.ModelChoiceField(
        empty_label=gettext_lazy("请选择"),
        label=gettext_lazy("代理人"),
        queryset=Person.objects.none(),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    since = forms.DateTimeField(
        label=gettext_lazy("起"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "form-control"}),
    )
    until = forms.DateTimeField(
        label=gettext_lazy("止"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "form-control"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("事由"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control"}),
        help_text=gettext_lazy("代理人以您的岗位和数据范围办理，记录上同时写明两人姓名。"),
    )

    def __init__(self, principal: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Person]", self.fields["deputy"]).queryset = (
            Person.objects.filter(is_active=True, organisation=principal.organisation_id)
            .exclude(pk=principal.pk)
            .order_by("name")
        )


@require_POST
@never_cache
def name_deputy(request: Request) -> HttpResponse:
    refuse_deputies(request)
    form = DeputyForm(request.user, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            deputies.name_deputy(
                request.user,
                request.user,
                given["deputy"],
                given["since"],
                given["until"],
                reason=given["reason"],
                address=address(request),
            )
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                form.add_error(name, texts)
        else:
            messages.success(request, _("已指定%(name)s代理。") % {"name": given["deputy"]})
            return redirect("account")
    return _account(request, deputy_form=form)


@require_POST
def end_deputy(request: Request, pk: int) -> HttpResponse:
    refuse_deputies(request)
    row = get_object_or_404(Deputy, Q(principal=request.user) | Q(deputy=request.user), pk=pk)
    deputies.end(request.user, row, address=address(request))
    messages.success(request, _("代理已结束。"))
    return redirect("account")


@require_POST
def act_for(request: Request, pk: int) -> HttpResponse:
    """Begin to act for a principal: from now on pages are his."""
    refuse_deputies(request)
    principal = deputies.may_act_for(request.user, pk)
    if principal is None:
        raise PermissionDenied(_("您现在不是这位同志的代理人。"))
    request.session[acting.SESSION] = principal.pk
    audit.record(request.user, "act_for", principal, address=address(request))
    return redirect(first_page(principal))


@require_POST
def act_for_oneself(request: Request) -> HttpResponse:
    """End acting for a principal in this session."""
    if request.session.pop(acting.SESSION, None) is not None:
        audit.record(request.user, "act_for_ended", request.user, address=address(request))
    return redirect("account")


def _account(request: Request, **more: Any) -> HttpResponse:
    now = timezone.now()
    context = {
        "principals": deputies.principals_of(request.user),
        "deputies": Deputy.objects.filter(Q(until=None) | Q(until__gt=now), principal=request.user)
        .select_related("deputy")
        .order_by("since"),
        "deputy_form": DeputyForm(request.user),
        "form": PasswordForm(request.user),
        "key_form": KeyForm(request.user),
        "keys": request.user.api_keys.all()[:50],
        "device": device_of(request.user),
        "device_required": required(request.user),
        "spare_left": spare_left(request.user),
        "interface": request.build_absolute_uri("/api/v1/"),
    }
    return render(request, "web/office/account.html", context | more)


@never_cache
@sensitive_post_parameters()
def account(request: Request) -> HttpResponse:
    """Who one is here, what one may do, one's password, and the keys that speak for one."""
    refuse_deputies(request)
    if request.method != "POST":
        return _account(request)
    form = PasswordForm(request.user, request.POST)
    if not form.is_valid():
        return _account(request, form=form)
    form.save()
    keys.revoke_all(request.user, request.user, address=address(request))
    update_session_auth_hash(request, form.user)
    audit.record(request.user, "change_password", request.user, address=address(request))
    messages.success(request, _("密码已修改。"))
    return redirect("account")


class KeyForm(forms.Form):
    """What a key is for, and for how long."""

    name = forms.CharField(
        label=gettext_lazy("用途"),
        max_length=80,
        help_text=gettext_lazy("写明给哪个系统用，便于日后核对和撤销。"),
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("有效期"),
        coerce=int,
        choices=[(days, days) for days in keys.LIVES],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    # A key outlives the session: who finds a page left open shall not make one.
    password = forms.CharField(
        label=gettext_lazy("当前密码"),
        strip=False,
        widget=forms.PasswordInput(
            attrs={"class": "form-control", "autocomplete": "current-password"}
        ),
    )

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        if not person.has_usable_password():  # signs in by the bureau's sign-on alone
            del self.fields["password"]
        cast("forms.ChoiceField", self.fields["days"]).choices = [
            (days, numbered("%(count)d 天", days) % {"count": days}) for days in keys.LIVES
        ]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.person.check_password(password):
            raise forms.ValidationError(_("密码不正确。"))
        return password


@require_POST
@never_cache
@sensitive_post_parameters("password")
def make_key(request: Request) -> HttpResponse:
    """A new key, shown on this one answer and never again."""
    refuse_deputies(request)
    form = KeyForm(request.user, request.POST)
    if sum(key.valid for key in request.user.api_keys.all()) >= keys.MOST:
        form.add_error(
            None,
            _("有效的密钥已有 %(count)d 个，请先撤销不用的。") % {"count": keys.MOST},
        )
    if not form.is_valid():
        return _account(request, key_form=form)
    made = keys.make_key(
        request.user,
        form.cleaned_data["name"],
        form.cleaned_data["days"],
        address=address(request),
    )
    return _account(request, made=made)


@require_POST
def revoke_key(request: Request, pk: int) -> HttpResponse:
    refuse_deputies(request)
    key = get_object_or_404(request.user.api_keys.all(), pk=pk)
    keys.revoke(key, request.user, address=address(request))
    messages.success(request, _("已撤销密钥“%(name)s”，它不能再用。") % {"name": key.name})
    return redirect("account")
