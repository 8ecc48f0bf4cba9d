"""Filed shutdowns, maintenance and faults (停运、维护、故障申报): they silence alarms and are on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.accounts.visitors import address
from ecoledger.entities.models import Entity
from ecoledger.listings import asked
from ecoledger.listings.workbook import Head
from ecoledger.matters import notices
from ecoledger.matters.models import Urgency
from ecoledger.monitoring.alarming import filings
from ecoledger.monitoring.models import Filing
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.export import download
from ecoledger.web.templatetags.show import tr

PAGE = 60


class FilingForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """What is filed: of what, from when to when, and why. Offers only what the person may see."""

    class Meta:
        model = Filing
        fields = ["entity", "point", "kind", "begin", "end", "reason"]
        labels = {
            "entity": gettext_lazy("对象"),
            "point": gettext_lazy("监测点"),
            "kind": gettext_lazy("类别"),
            "begin": gettext_lazy("开始"),
            "end": gettext_lazy("结束"),
            "reason": gettext_lazy("原因"),
        }
        help_texts = {
            "point": gettext_lazy("只影响其中一个监测点时选择；不选则对象的全部监测点。"),
            "end": gettext_lazy("尚不确定可留空，恢复运行后在列表中结束。"),
        }
        widgets = {
            "begin": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            "end": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            "reason": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        points = scoped.points(person).filter(enabled=True)
        with_points = Q(pk__in=points.values("entity"))
        owners = Q(code__in=points.exclude(owner_code="").values("owner_code"))
        cast("forms.ModelChoiceField[Any]", self.fields["entity"]).queryset = Entity.objects.filter(
            with_points | owners
        )
        cast("forms.ModelChoiceField[Any]", self.fields["point"]).queryset = points
        cast("forms.ModelChoiceField[Any]", self.fields["entity"]).empty_label = _("请选择")
        cast("forms.ModelChoiceField[Any]", self.fields["point"]).empty_label = _("全部监测点")
        # Nothing is chosen beforehand that a firm could get wrong: what is filed silences what it says.
        kind = cast("forms.ChoiceField", self.fields["kind"])
        kind.choices = [("", _("请选择"))] + [(k, _(str(name))) for k, name in Filing.Kind.choices]
        kind.initial = self.initial["kind"] = (
            self.initial.get("kind", "") if self.instance.pk else ""
        )
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"


def _chosen(request: Request) -> QuerySet[Filing]:
    rows = scoped.filings(request.user).order_by("-begin")
    if request.GET.get("waiting"):
        rows = rows.filter(withdrawn_at=None, decision=Filing.Decision.WAITING)
    if (kind := request.GET.get("kind", "")) in Filing.Kind.values:
        rows = rows.filter(kind=kind)
    if (about := asked.number(request.GET.get("about", ""))) is not None:
        rows = rows.filter(Q(entity=about) | Q(entity__parent=about))
    if request.GET.get("current"):
        now = timezone.now()
        rows = rows.filter(Filing.silencing(), begin__lte=now).filter(Q(end=None) | Q(end__gte=now))
    return rows


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    return render(
        request,
        "web/monitoring/filings.html",
        {
            "shown": Paginator(_chosen(request), PAGE).get_page(request.GET.get("page")),
            "kinds": Filing.Kind.choices,
            "now": timezone.now(),
            "may_file": request.user.may("file_shutdown"),
            "may_decide": filings.may_decide(request.user),
        },
    )


@needs("see_monitoring")
@require_GET
def export(request: Request) -> HttpResponse:
    rows = _chosen(request)
    heads = [
        Head(_("对象"), width=32),
        Head(_("监测点"), width=32),
        Head(_("类别"), width=10),
        Head(_("开始"), "datetime"),
        Head(_("结束"), "datetime"),
        Head(_("原因"), width=40),
        Head(_("申报人"), width=12),
        Head(_("申报时间"), "datetime"),
        Head(_("状态"), width=10),
    ]
    now = timezone.now()
    cells = (
        [
            row.entity.name,
            row.point.name if row.point else _("全部"),
            tr(row.get_kind_display()),
            row.begin,
            row.end or _("未定"),
            row.reason,
            row.filed_by.name,
            row.filed_at,
            _state(row, now),
        ]
        for row in rows
    )
    return download(request, "filings", _("停运申报"), heads, cells, rows.count())


def _state(filing: Filing, now: datetime) -> str:
    if filing.withdrawn_at is not None:
        return _("已撤回")
    if not filing.silences:
        return _(str(Filing.Decision(filing.decision).label))
    if filing.end is not None and filing.end < now:
        return _("已结束")
    return _("未开始") if filing.begin > now else _("正在生效")


@needs("file_shutdown")
def new(request: Request) -> HttpResponse:
    first: dict[str, Any] = {"begin": timezone.localtime().replace(second=0, microsecond=0)}
    wanted = asked.number(request.GET.get("point", ""))
    points = scoped.points(request.user)
    if wanted is not None and (point := points.filter(pk=wanted).first()):
        first |= {"point": point, "entity": point.entity}
    form = FilingForm(request.user, request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            filing = filings.file(
                request.user,
                given["entity"],
                kind=given["kind"],
                begin=given["begin"],
                end=given["end"],
                reason=given["reason"],
                point=given["point"],
                address=address(request),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            _announce(filing)
            if filing.silences:
                messages.success(request, _("已申报。申报时段内的预警将静默，并照样留痕。"))
            else:
                messages.warning(
                    request, _("已申报，待监测人员确认；确认之前预警不静默。请准备佐证材料。")
                )
            return redirect("filings")
    return render(request, "web/monitoring/filing_new.html", {"form": form})


def _announce(filing: Filing) -> None:
    """Tell the people who watch the data what an enterprise filed; the louder when it asks to be agreed to."""
    if not filing.filed_by.has_role(Role.ENTERPRISE):
        return
    marks = [
        mark
        for mark, holds in (
            (_("事后申报"), filing.after_the_fact),
            (_("预警中申报"), filing.during_alarm),
        )
        if holds
    ]
    text = _("%(firm)s申报%(kind)s：%(reason)s%(marks)s") % {
        "firm": filing.entity.name,
        "kind": _(str(filing.get_kind_display())),
        "reason": filing.reason[:80],
        "marks": f"（{'、'.join(marks)}，待确认）" if marks else "",
    }
    notices.tell(
        notices.people_with((Role.MONITOR, Role.DISPATCHER), filing.area_code),
        text,
        urgency=Urgency.SOON if marks else Urgency.INFO,
        link="/filings?waiting=1" if marks else "/filings",
        at=timezone.now(),
    )


@require_POST
@needs("file_shutdown")
def decide(request: Request, pk: int) -> HttpResponse:
    """Agree to a filing made after the fact or during an alarm, or not; the firm is told."""
    filing = get_object_or_404(scoped.filings(request.user), pk=pk)
    agreed = request.POST.get("answer") == "agree"
    try:
        filings.decide(
            request.user,
            filing,
            agreed=agreed,
            reason=request.POST.get("reason", ""),
            address=address(request),
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("filings")
    said = _("已确认") if agreed else _("不予确认")
    notices.tell(
        [filing.filed_by],
        _("%(firm)s的申报%(said)s：%(reason)s")
        % {"firm": filing.entity.name, "said": said, "reason": filing.decision_reason or "—"},
        link="/filings",
        at=timezone.now(),
    )
    messages.success(request, said)
    return redirect("filings")


@require_POST
@needs("file_shutdown")
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Take a filing back, or end it now because operation has resumed."""
    filing = get_object_or_404(scoped.filings(request.user), pk=pk)
    try:
        if request.POST.get("action") == "finish":
            filings.finish(request.user, filing, timezone.now(), address=address(request))
            messages.success(request, _("已结束申报，预警恢复判断。"))
        else:
            reason = request.POST.get("reason", "").strip() or _("申报有误")
            filings.withdraw(request.user, filing, reason=reason, address=address(request))
            messages.success(request, _("申报已撤回，申报时段重新判断。"))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("filings")
