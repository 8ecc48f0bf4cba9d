"""People and their rights, for the security administrator; the audit trail, for the audit administrator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ecoledger.accounts import appointing, audit, keys
from ecoledger.accounts.models import ApiKey, Organisation, Person, PersonChange
from ecoledger.accounts.roles import Role
from ecoledger.accounts.second_factor import device_of
from ecoledger.accounts.visitors import address
from ecoledger.listings import asked
from ecoledger.listings.people import areas_of
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.meanwhile import HeldForm, in_turn
from ecoledger.web.office import security_notices

PAGE = 60


class _Areas(forms.CharField):
    """Divisions by their codes; typed and shown in one line."""

    def prepare_value(self, value: Any) -> Any:
        return "、".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        try:
            return areas_of(super().clean(value))
        except Refused as refused:
            raise forms.ValidationError(refused.why) from refused


class PersonForm(HeldForm):
    """One person: who they are, what they may do, and where."""

    trail = ("edit_person",)
    trail_names: ClassVar[dict[str, str]] = {"is_active": "active"}

    roles = forms.MultipleChoiceField(
        label=gettext_lazy("岗位"), required=False, widget=forms.CheckboxSelectMultiple
    )
    area_codes = _Areas(
        label=gettext_lazy("数据范围"),
        required=False,
        help_text=gettext_lazy("行政区划代码或名称，多个用顿号分开；可见其所辖。企业用户留空。"),
    )
    password = forms.CharField(
        label=gettext_lazy("新密码"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("留空则不改；本人下次登录时须自行修改。"),
    )

    class Meta:
        model = Person
        fields = [*appointing.IDENTITY, "is_active"]
        labels = {
            "username": gettext_lazy("用户名"),
            "name": gettext_lazy("姓名"),
            "organisation": gettext_lazy("单位"),
            "post": gettext_lazy("职务"),
            "phone": gettext_lazy("手机"),
            "certificate_no": gettext_lazy("执法证号"),
            "is_active": gettext_lazy("启用"),
        }
        help_texts = {"username": "", "is_active": gettext_lazy("离岗人员请停用，不要删除。")}

    def __init__(self, by: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        cast("forms.MultipleChoiceField", self.fields["roles"]).choices = [
            (role.value, _(role.label)) for role in Role
        ]
        self.initial["roles"] = _in_order(self.instance.roles)
        self.initial["area_codes"] = list(self.instance.area_codes)
        cast("forms.ModelChoiceField[Any]", self.fields["organisation"]).empty_label = _("请选择")
        for name, field in self.fields.items():
            if name not in ("roles", "is_active"):
                select = isinstance(field.widget, forms.Select)
                field.widget.attrs["class"] = "form-select" if select else "form-control"
        if self.instance.pk is None:
            self.fields["password"].required = True

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password, self.instance)
        return password

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        try:
            self.instance.organisation = data.get("organisation")
            appointing.check(
                self.by, self.instance, data.get("roles") or (), data.get("area_codes") or ()
            )
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                self.add_error(name, texts)
        return data


@needs("manage_people")
def page(request: Request) -> HttpResponse:
    rows = appointing.reachable(request.user).order_by("organisation__name", "username")
    if words := request.GET.get("q", "").strip():
        rows = rows.filter(
            Q(name__icontains=words)
            | Q(username__icontains=words)
            | Q(organisation__name__icontains=words)
        )
    if (organisation := asked.number(request.GET.get("organisation", ""))) is not None:
        rows = rows.filter(organisation_id=organisation)
    shown = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "web/office/people.html",
        {
            "shown": shown,
            "organisations": Organisation.objects.order_by("name"),
            "waiting": set(_waiting().values_list("person", flat=True)),
        },
    )


def _waiting() -> QuerySet[PersonChange]:
    """Changes of administrators' accounts that nobody has decided."""
    return PersonChange.objects.filter(decided_at=None).select_related("person", "by")


@needs("manage_people")
@in_turn(Person)
def person(request: Request, pk: int | None = None) -> HttpResponse:
    keeps = appointing.reachable(request.user)
    found = get_object_or_404(keeps, pk=pk) if pk is not None else Person()
    form = PersonForm(request.user, request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        saved = _saved(request, form, pk)
        messages.success(request, _("已保存 %(name)s。") % {"name": saved.name})
        return redirect("people")
    return render(
        request,
        "web/office/person.html",
        {
            "form": form,
            "person": found,
            "keys": found.api_keys.all()[:50] if pk else [],
            "device": device_of(found) if pk else None,
            "waiting": _shown(_waiting().filter(person=pk), request.user) if pk else [],
        },
    )


@transaction.atomic
def _saved(request: Request, form: PersonForm, pk: int | None) -> Person:
    """Store what the form says; what concerns administrators waits for a second one, names and units too."""
    given, came_from = form.cleaned_data, address(request)
    hashing = Person()
    if given["password"]:
        hashing.set_password(given["password"])
    if pk is None:
        saved: Person = form.save(commit=False)
        saved.is_active = False
        saved.password, saved.must_change_password = hashing.password, True
        saved.save()
        audit.record(request.user, "add_person", saved, address=came_from)
    else:
        # Read anew: the form has written into its own.
        saved = Person.objects.select_related("organisation").get(pk=pk)
    wanted = appointing.differing(
        saved,
        roles=given["roles"],
        area_codes=given["area_codes"],
        active=given["is_active"],
        password=hashing.password,
        identity={name: appointing.as_kept(given[name]) for name in appointing.IDENTITY},
    )
    if not appointing.needs_second(saved.roles, given["roles"]):
        appointing.apply(request.user, saved, wanted, address=came_from)
        return saved
    appointing.ask(request.user, saved, wanted, address=came_from)
    security_notices.change_waits(saved, request.user)
    messages.warning(request, appointing.waits(request.user, saved))
    return saved


def _of_identity(name: str, value: Any) -> Any:
    return Organisation.objects.filter(pk=value).first() if name == "organisation" else value


def _in_order(roles: Iterable[str]) -> list[str]:
    """Roles in the order in which the form shows them, and a browser sends them."""
    return [role.value for role in Role if role.value in roles]


def _shown(waiting: Iterable[PersonChange], by: Person) -> list[dict[str, Any]]:
    return [
        {
            "change": change,
            "roles": [_(Role(role).label) for role in change.wanted.get("roles", [])],
            "said": [
                (PersonForm.Meta.labels[name], _of_identity(name, value))
                for name, value in (change.wanted.get("identity") or {}).items()
            ],
            "may": appointing.may_decide(by, change),
        }
        for change in waiting
    ]


@needs("confirm_administrators")
def changes(request: Request) -> HttpResponse:
    """Changes of administrators' accounts that wait for a second person."""
    rows = _shown(_waiting(), request.user)
    return render(request, "web/office/changes.html", {"rows": rows})


@require_POST
@needs("confirm_administrators")
def decide(request: Request, pk: int, word: str) -> HttpResponse:
    change = get_object_or_404(PersonChange, pk=pk)
    try:
        appointing.decide(
            request.user, change, confirmed=word == "confirm", address=address(request)
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("person-changes")


@require_POST
@needs("manage_people")
def revoke_key(request: Request, pk: int) -> HttpResponse:
    """Take back somebody's key."""
    keeps = appointing.reachable(request.user)
    key = get_object_or_404(ApiKey.objects.filter(person__in=keeps), pk=pk)
    keys.revoke(key, request.user, address=address(request))
    messages.success(request, _("已撤销密钥“%(name)s”，它不能再用。") % {"name": key.name})
    return redirect("person", key.person_id)
