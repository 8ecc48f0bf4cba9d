"""Routing rules (交办规则): to whom a new alarm case goes, by area, kind of point and kind of alarm."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ecoledger.accounts import audit
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.visitors import address
from ecoledger.monitoring.models import AlarmRule, Point
from ecoledger.registers.alarms import alarm_case
from ecoledger.registers.alarms.alarm_case import RoutingRule
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.meanwhile import HeldForm, in_turn

FIELDS = ("area_code", "kind", "detector", "opens_case", "organisation", "person")


def _rules(person: Person) -> QuerySet[RoutingRule]:
    """Rules for everywhere and for what lies in the person's area."""
    mine = Q(area_code="")
    for code in person.area_codes:
        mine |= Q(area_code__startswith=code)
    rows = RoutingRule.objects.filter(mine, register=alarm_case.REGISTER.key)
    return rows.select_related("organisation", "person__organisation")


class _PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """A person, named with the organisation."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.organisation} · {obj.name}"


class RoutingForm(HeldForm):
    """One rule. What is left empty in its conditions matches everything."""

    trail = ("routing_rule_edited",)

    area_code = forms.ChoiceField(
        label=gettext_lazy("属地"),
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    person = _PersonField(
        label=gettext_lazy("责任人"),
        queryset=Person.objects.none(),
        required=False,
        help_text=gettext_lazy("可留空，由责任单位自行安排。"),
    )

    class Meta:
        model = RoutingRule
        fields = FIELDS
        labels = {
            "kind": gettext_lazy("监测点类别"),
            "detector": gettext_lazy("预警类型"),
            "opens_case": gettext_lazy("立为预警件"),
            "organisation": gettext_lazy("责任单位"),
        }
        help_texts = {
            "opens_case": gettext_lazy("不勾选则只预警，不立件、不交办。"),
        }

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = [(area.code, area.name) for area in scoped.areas(person)]
        own = self.instance.area_code
        if own and own not in dict(areas):
            areas.append((own, own))
        choice = cast("forms.ChoiceField", self.fields["area_code"])
        choice.choices = [("", _("全部")), *areas]
        for name, choices in (
            ("kind", Point.Kind.choices[:-1]),
            ("detector", AlarmRule.Detector.choices),
        ):
            cast("forms.ChoiceField", self.fields[name]).choices = [
                ("", _("全部")),
                *((value, _(str(label))) for value, label in choices),
            ]
        organisations = cast("forms.ModelChoiceField[Any]", self.fields["organisation"])
        organisations.empty_label = _("—不指定—")
        organisations.queryset = Organisation.objects.exclude(
            kind=Organisation.Kind.ENTERPRISE
        ).order_by("area_code", "name")
        people = cast("forms.ModelChoiceField[Any]", self.fields["person"])
        people.empty_label = _("—不指定—")
        people.queryset = (
            Person.objects.filter(is_active=True, organisation__in=organisations.queryset)
            .select_related("organisation")
            .order_by("organisation__name", "name")
        )
        for name, field in self.fields.items():
            if name != "opens_case":
                field.widget.attrs["class"] = "form-select"

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.errors:
            return data
        organisation, person = data.get("organisation"), data.get("person")
        if not data["opens_case"] and (organisation or person):
            self.add_error(
                "opens_case", _("不立件就没有责任单位和责任人：请清空它们，或勾选立件。")
            )
        elif data["opens_case"] and organisation is None:
            self.add_error("organisation", _("请选择责任单位；不交办的请取消“立为预警件”。"))
        elif person is not None and person.organisation != organisation:
            self.add_error("person", _("此人不在所选的责任单位。"))
        elif person is not None and not any(
            data["area_code"].startswith(code) for code in person.area_codes
        ):
            self.add_error("person", _("此人的数据范围不含规则的属地，会看不到交办件。"))
        same = RoutingRule.objects.filter(
            register=alarm_case.REGISTER.key,
            area_code=data["area_code"],
            kind=data["kind"],
            detector=data["detector"],
        ).exclude(pk=self.instance.pk)
        if same.exists():
            self.add_error(None, _("已有条件相同的规则，请修改那一条。"))
        return data


def _content(rule: RoutingRule) -> dict[str, Any]:
    """The rule as the trail keeps it."""
    return {
        "area_code": rule.area_code,
        "kind": rule.kind,
        "detector": rule.detector,
        "opens_case": rule.opens_case,
        "organisation": rule.organisation_id,
        "person": rule.person_id,
    }


@needs("edit_routing")
def page(request: Request) -> HttpResponse:
    areas = scoped.areas(request.user)
    return render(
        request,
        "web/office/routing.html",
        {
            # The most particular first: the order in which they are asked.
            "rows": sorted(_rules(request.user), key=lambda rule: rule.weight, reverse=True),
            "names": {area.code: area.name for area in areas},
            "areas": areas,
            "kinds": Point.Kind.choices[:-1],
            "detectors": AlarmRule.Detector.choices,
            "answer": _tried(request),
        },
    )


def _tried(request: Request) -> dict[str, Any] | None:
    """Where an alarm of the area and kinds asked for would go, and by which rule."""
    area = request.GET.get("area", "")
    if not area or not scoped.areas(request.user).filter(code=area).exists():
        return None
    rule = alarm_case.routing(area, request.GET.get("kind", ""), request.GET.get("detector", ""))
    named = rule.organisation if rule is not None else None
    return {
        "rule": rule,
        "organisation": named or alarm_case.default_owner(area),
        "opens_case": rule is None or rule.opens_case,
    }


@needs("edit_routing")
@in_turn(RoutingRule)
def edit(request: Request, pk: int | None = None) -> HttpResponse:
    rule = get_object_or_404(_rules(request.user), pk=pk) if pk is not None else RoutingRule()
    before = _content(rule)
    form = RoutingForm(request.user, request.POST or None, instance=rule)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save()
            audit.record(
                request.user,
                "routing_rule_added" if pk is None else "routing_rule_edited",
                saved,
                details={"before": before if pk is not None else {}, "after": _content(saved)},
                address=address(request),
            )
        messages.success(request, _("已保存。此后立的预警件按它交办，已立的不变。"))
        return redirect("routing")
    return render(request, "web/office/routing_rule.html", {"form": form, "rule": rule})


@require_POST
@needs("edit_routing")
def delete(request: Request, pk: int) -> HttpResponse:
    rule = get_object_or_404(_rules(request.user), pk=pk)
    with transaction.atomic():
        audit.record(
            request.user,
            "routing_rule_deleted",
            rule,
            details={"before": _content(rule)},
            address=address(request),
        )
        rule.delete()
    messages.success(request, _("已删除。符合原条件的预警件改按其余规则交办。"))
    return redirect("routing")
