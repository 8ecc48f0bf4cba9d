"""审核一段: flag all values of a period at one point, after a preview; undone as one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ecoledger.accounts.visitors import address
from ecoledger.accounts.wording import numbered
from ecoledger.listings import asked
from ecoledger.monitoring.computing import evaluate, period_review, review_trial
from ecoledger.monitoring.computing.corrections import NotCorrectedError
from ecoledger.monitoring.models import PeriodReview, Point
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.monitoring import readings
from ecoledger.web.templatetags.show import FLAGS

# The flags a person gives to a stretch of time; T and S speak of single values.
_OFFERED = ("D", "M", "C", "B", "F", "N")
_RECENT = 20


class PeriodForm(forms.Form):
    """Which factors, from when to when, as what and why."""

    parameters = forms.MultipleChoiceField(
        label=gettext_lazy("因子"), widget=forms.CheckboxSelectMultiple()
    )
    begin = forms.DateTimeField(
        label=gettext_lazy("起"),
        widget=forms.DateTimeInput(
            {"class": "form-control", "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )
    end = forms.DateTimeField(
        label=gettext_lazy("止（不含）"),
        widget=forms.DateTimeInput(
            {"class": "form-control", "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )
    flag = forms.ChoiceField(
        label=gettext_lazy("标记为"), widget=forms.Select({"class": "form-select"})
    )
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=300,
        widget=forms.Textarea({"class": "form-control", "rows": 2}),
    )

    def __init__(self, point: Point, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = [
            (p.code, readings.label(p.code, point))
            for p in readings.declared(point)
            # An index is made of values; only these are marked.
            if p.code != evaluate.AQI
        ]
        self.fields["parameters"].choices = codes  # type: ignore[attr-defined]
        flags = [(flag, f"{flag} {FLAGS[flag]}") for flag in _OFFERED]
        self.fields["flag"].choices = [("", _("请选择")), *flags]  # type: ignore[attr-defined]


@needs("correct_observations")
def page(request: Request, pk: int) -> HttpResponse:
    """The form; sent, what it would touch; confirmed, done."""
    point = get_object_or_404(scoped.points(request.user), pk=pk)
    form = PeriodForm(point, request.POST or None, initial=_first(request))
    touched = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        span = (timezone.make_naive(said["begin"]), timezone.make_naive(said["end"]))
        try:
            touched = period_review.selection(point, said["parameters"], *span)
            if request.POST.get("step") == "do":
                expected = asked.number(request.POST.get("expected", ""))
                record = period_review.review(
                    request.user,
                    point,
                    said["parameters"],
                    *span,
                    flag=said["flag"],
                    reason=said["reason"],
                    expected=-1 if expected is None else expected,
                    address=address(request),
                )
                messages.success(
                    request,
                    numbered(
                        "已审核 %d 个值，小时值和日评价将自动重算；可在本页撤销。", record.values
                    )
                    % record.values,
                )
                return redirect("review-period", pk)
            if not touched.count:
                form.add_error(None, _("这个时段没有设备上报的数据。"))
                touched = None
        except (NotCorrectedError, ValueError) as refused:
            form.add_error(None, str(refused))
    context = {
        "point": point,
        "form": form,
        "touched": touched,
        "rows": _told(point, touched) if touched else [],
        "trial": _trial(point, form.cleaned_data) if touched else [],
        "untried": touched is not None and _length(form.cleaned_data) > review_trial.LONGEST,
        "trial_days": review_trial.LONGEST.days,
        "reviews": [
            {"review": r, "factors": [readings.label(c, point) for c in r.parameters]}
            for r in point.period_reviews.select_related("person", "undone_by")[:_RECENT]
        ],
    }
    return render(request, "web/monitoring/review_period.html", context)


def _first(request: Request) -> dict[str, Any]:
    """The period and factors that the page was opened for; else the last whole day."""
    first: dict[str, Any] = {
        "parameters": request.GET.getlist("parameter"),
        "flag": request.GET.get("flag", ""),
        "reason": request.GET.get("reason", ""),
    }
    midnight = readings.now().replace(hour=0, minute=0, second=0, microsecond=0)
    first["begin"] = asked.moment(request.GET.get("begin", "")) or midnight - timedelta(days=1)
    end = asked.moment(request.GET.get("end", ""))
    if end is not None and len(request.GET["end"]) <= len("2026-01-01"):
        end += timedelta(days=1)  # the last day of the station's page is included there
    first["end"] = end or midnight
    return first


def _length(said: dict[str, Any]) -> timedelta:
    length: timedelta = said["end"] - said["begin"]
    return length


def _told(point: Point, touched: period_review.Selection) -> list[dict[str, Any]]:
    """Per factor: how many values, and the days that rest on them with their mean now."""
    decimals = {p.code: p.decimals for p in readings.declared(point)}
    return [
        {
            "label": readings.label(code, point),
            "decimals": decimals.get(code, 1),
            "values": count,
            "days": [(day, value, ok) for c, day, value, ok in touched.days if c == code],
        }
        for code, count in touched.values.items()
    ]


@dataclass(frozen=True)
class Becoming:
    """What one daily value is and what it would become, at the point or in a division it counts in."""

    place: str
    label: str
    decimals: int
    days: list[review_trial.Day]


def _trial(point: Point, said: dict[str, Any]) -> list[Becoming]:
    """The daily values that would change, by place and factor; the index last."""
    span = (timezone.make_naive(said["begin"]), timezone.make_naive(said["end"]))
    days = review_trial.days_after(point, said["parameters"], *span, said["flag"])
    places = Point.objects.in_bulk({day.point for day in days})
    decimals = {p.code: p.decimals for p in readings.declared(point)}
    index = {evaluate.AQI: "AQI", evaluate.WATER_CLASS: _("水质类别")}
    by_factor: dict[tuple[bool, int, bool, str], list[review_trial.Day]] = {}
    for day in days:
        where = (day.point != point.pk, day.point, day.parameter in index, day.parameter)
        by_factor.setdefault(where, []).append(day)
    return [
        Becoming(
            places[pk].name,
            index.get(code) or readings.label(code, point),
            0 if is_index else decimals.get(code, 1),
            rows,
        )
        for (_other, pk, is_index, code), rows in sorted(by_factor.items())
    ]


@require_POST
@needs("correct_observations")
def undo(request: Request, pk: int, review: int) -> HttpResponse:
    """Take a period review back as a whole."""
    point = get_object_or_404(scoped.points(request.user), pk=pk)
    record = get_object_or_404(PeriodReview, pk=review, point=point)
    try:
        left = period_review.undo(request.user, record, address=address(request))
    except NotCorrectedError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("时段审核已撤销，恢复为原来的数据。"))
        if left:
            messages.warning(request, numbered("%d 个值此后又被审核过，没有改动。", left) % left)
    return redirect(reverse("review-period", args=[pk]))
