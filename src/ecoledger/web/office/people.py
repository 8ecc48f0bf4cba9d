"""People and their rights, for the security administrator; the audit trail, for the audit administrator."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecoledger.accounts import audit
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.listings import asked
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.office.session import address

PAGE = 60


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """One person: who they are, what they may do, and where."""

    roles = forms.MultipleChoiceField(
        label=gettext_lazy("岗位"), required=False, widget=forms.CheckboxSelectMultiple
    )
    area_codes = forms.CharField(
        label=gettext_lazy("数据范围"),
        required=False,
        help_text=gettext_lazy("行政区划代码，多个用逗号分开；可见其下级。企业用户留空。"),
    )
    password = forms.CharField(
        label=gettext_lazy("新密码"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("留空则不改；至少 10 位。"),
    )

    class Meta:
        model = Person
        fields = [
            "username",
            "name",
            "organisation",
            "post",
            "phone",
            "certificate_no",
            "certificate_until",
            "is_active",
        ]
        labels = {
            "username": gettext_lazy("用户名"),
            "name": gettext_lazy("姓名"),
            "organisation": gettext_lazy("单位"),
            "post": gettext_lazy("职务"),
            "phone": gettext_lazy("手机"),
            "certificate_no": gettext_lazy("执法证号"),
            "certificate_until": gettext_lazy("执法证有效期至"),
            "is_active": gettext_lazy("启用"),
        }
        help_texts = {"username": "", "is_active": gettext_lazy("离岗人员请停用，不要删除。")}
        widgets = {"certificate_until": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.MultipleChoiceField", self.fields["roles"]).choices = [
            (role.value, _(role.label)) for role in Role
        ]
        self.initial["roles"] = self.instance.roles
        self.initial["area_codes"] = ", ".join(self.instance.area_codes)
        for name, field in self.fields.items():
            if name not in ("roles", "is_active"):
                select = isinstance(field.widget, forms.Select)
                field.widget.attrs["class"] = "form-select" if select else "form-control"
        if self.instance.pk is None:
            self.fields["password"].required = True

    def clean_area_codes(self) -> list[str]:
        codes = self.cleaned_data["area_codes"].replace("，", ",").split(",")
        codes = [code.strip() for code in codes if code.strip()]
        for code in codes:
            if not code.isdigit() or not 2 <= len(code) <= 12:
                raise forms.ValidationError(
                    _("“%(code)s”不是行政区划代码：应为 2 至 12 位数字。") % {"code": code}
                )
        return codes

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password, self.instance)
        return password

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        administrators = {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}
        if len(administrators & set(data.get("roles") or ())) > 1:
            self.add_error("roles", _("系统、安全、审计管理员应由不同的人担任。"))
        return data


@needs("manage_people")
def page(request: Request) -> HttpResponse:
    rows = Person.objects.select_related("organisation").order_by("organisation__name", "username")
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
        {"shown": shown, "organisations": Organisation.objects.order_by("name")},
    )


@needs("manage_people")
def person(request: Request, pk: int | None = None) -> HttpResponse:
    found = get_object_or_404(Person, pk=pk) if pk is not None else Person()
    before = {
        "roles": list(found.roles),
        "area_codes": list(found.area_codes),
        "active": found.is_active,
    }
    form = PersonForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save(commit=False)
            saved.roles = form.cleaned_data["roles"]
            saved.area_codes = form.cleaned_data["area_codes"]
            if password := form.cleaned_data["password"]:
                saved.set_password(password)
            saved.failed_sign_ins, saved.locked_until = 0, None
            saved.save()
            audit.record(
                request.user,
                "edit_person" if pk is not None else "add_person",
                saved,
                details={
                    "before": before if pk is not None else {},
                    "after": {
                        "roles": saved.roles,
                        "area_codes": saved.area_codes,
                        "active": saved.is_active,
                    },
                    "password_set": bool(password),
                },
                address=address(request),
            )
        messages.success(request, _("已保存 %(name)s。") % {"name": saved.name})
        return redirect("people")
    return render(request, "web/office/person.html", {"form": form, "person": found})


@needs("see_audit")
def trail(request: Request) -> HttpResponse:
    rows = scoped.audit(request.user)
    if action := request.GET.get("action", ""):
        rows = rows.filter(action=action)
    if words := request.GET.get("q", "").strip():
        rows = rows.filter(
            Q(person__name__icontains=words)
            | Q(person__username__icontains=words)
            | Q(object_id=words)
            | Q(address=words)
        )
    shown = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    broken = audit.first_broken() if request.GET.get("verify") else None
    return render(
        request,
        "web/office/audit.html",
        {
            "shown": shown,
            "actions": scoped.audit(request.user)
            .order_by("action")
            .values_list("action", flat=True)
            .distinct(),
            "verified": bool(request.GET.get("verify")),
            "broken": broken,
        },
    )
