"""Filed shutdowns, maintenance and faults (停运、维护、故障申报): they silence alarms and are on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_POST

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.visitors import address
from ecoledger.listings import asked
from ecoledger.listings.forms import LookupField
from ecoledger.matters import notices
from ecoledger.monitoring.alarming import filings
from ecoledger.monitoring.filing_book import FILINGS, OBJECTS, POINTS
from ecoledger.monitoring.models import Alarm, Filing
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.listings import pages
from ecoledger.web.listings.drawn import Mark


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
            "end": gettext_lazy("预计恢复"),
            "reason": gettext_lazy("原因"),
        }
        help_texts = {
            "point": gettext_lazy("只影响其中一个监测点时选择；不选则对象的全部监测点。"),
            "end": gettext_lazy(
                "到期自动恢复预警，届时未恢复的另行申报。企业留空、连同前后申报超过 30 天，或者 30 天以后才开始的，经监测或执法人员确认后才静默。"
            ),
        }
        widgets = {
            "begin": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            "end": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            "reason": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, lookup, required in (("entity", OBJECTS, True), ("point", POINTS, False)):
            said = {"label": self.fields[name].label, "help_text": self.fields[name].help_text}
            self.fields[name] = LookupField(lookup, person, required=required, **said)
        # Nothing is chosen beforehand that a firm could get wrong: what is filed silences what it says.
        kind = cast("forms.ChoiceField", self.fields["kind"])
        kind.choices = [("", _("请选择"))] + [(k, _(str(name))) for k, name in Filing.Kind.choices]
        kind.initial = self.initial["kind"] = (
            self.initial.get("kind", "") if self.instance.pk else ""
        )
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"


_TONES = {
    Filing.Standing.WAITING: "warn",
    Filing.Standing.REFUSED: "bad",
    Filing.Standing.COMING: "info",
    Filing.Standing.RUNNING: "warn",
}


def _mark(filing: Filing) -> Mark:
    """The tone of how it stands, and what was odd about when it was filed."""
    tone = _TONES.get(Filing.Standing(filing.standing), "")
    return Mark(tone, tuple(filings.doubts(filing)))


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    return render(
        request,
        "web/monitoring/filings.html",
        pages.listed(request, FILINGS, mark=_mark) | {"new_label": _("申报")},
    )


@needs("see_monitoring")
def one(request: Request, pk: int) -> HttpResponse:
    """A filing, and what may be done about it."""
    filing = get_object_or_404(FILINGS.visible_to(request.user), pk=pk)
    person, now = request.user, timezone.now()
    stands = filing.withdrawn_at is None
    runs = stands and (filing.end is None or filing.end > now)
    context = {
        "waits": stands and filing.decision == Filing.Decision.WAITING,
        "may_decide": filings.may_decide(person),
        "may_refuse": stands and filings.may_refuse(person, filing),
        "may_end": runs and filing.begin <= now and filings.may_file(person, filing.entity),
        "may_withdraw": runs and filings.may_take_back(person, filing),
        "coming": filing.standing == Filing.Standing.COMING,
        "running": filing.standing == Filing.Standing.RUNNING,
        "mark": _mark(filing),
        "standing": Filing.Standing(filing.standing).label,
        "alarms": _alarms(filing, person)[:MOST],
        "past": _past(filing),
    }
    return render(
        request,
        "web/monitoring/filing.html",
        pages.row_context(request, FILINGS, filing) | context,
    )


NAMED = 5  # filings that wait, by name beside their number; their list has all


def waiting(person: Person) -> dict[str, Any]:
    """The filings that wait for a word of ``person``: how many, and the oldest of them by name."""
    rows = filings.waiting_for(person)
    named = list(rows[: NAMED + 1])
    count = len(named) if len(named) <= NAMED else rows.count()
    shown = named[:NAMED]
    return {"count": count, "rows": [(row, filings.doubts(row)) for row in shown]}


MOST = 30  # alarms named on the page of a filing


def _alarms(filing: Filing, person: Person) -> QuerySet[Alarm]:
    """What was raised where and when the filing holds: what it silenced, and what went on beside it."""
    rows = scoped.alarms(person).filter(point__in=filings.points_of(filing))
    until = filing.end or timezone.now()
    return rows.filter(Q(filing=filing) | Q(begin__lte=until, last__gte=filing.begin))


# Taken from the trail: what was decided first stays, though another decision stands now.
_STEPS = {
    "filing agreed": gettext_lazy("已确认"),
    "filing refused": gettext_lazy("不予确认"),
    "filing withdrawn": gettext_lazy("撤回"),
}


def _past(filing: Filing) -> list[tuple[datetime, str, str, str]]:
    """What was done about it: when, what, by whom, and what was said."""
    said = [(filing.filed_at, _("申报"), str(filing.filed_by), filing.reason)]
    said += [
        (step.at, str(_STEPS[step.action]), str(step.person or ""), step.details.get("reason", ""))
        for step in audit.of(filing, *_STEPS)
    ]
    if filing.ended_at is not None:
        said.append((filing.ended_at, _("提前结束"), str(filing.ended_by), _ended(filing)))
    elif filing.silences and filing.end is not None and filing.end <= timezone.now():
        said.append((filing.end, _("到期"), "", _ended(filing)))
    return sorted(said, reverse=True)


def _ended(filing: Filing) -> str:
    """Which other filings went on silencing at its end: they may be over by now."""
    others = filings.beside(filing, filing.end or timezone.now()) if filing.silences else []
    return _("当时仍静默的另有：%s。") % _named(others) if others else ""


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
            if filing.silences:
                messages.success(request, _("已申报。申报时段内的预警将静默，并照样留痕。"))
            else:
                messages.warning(
                    request, _("已申报，待监测人员确认；确认之前预警不静默。请准备佐证材料。")
                )
            return redirect("filing", filing.pk)
    return render(request, "web/monitoring/filing_new.html", {"form": form})


@require_POST
@needs("file_shutdown")
def decide(request: Request, pk: int) -> HttpResponse:
    """Agree to a filing made after the fact or during an alarm, or not; the firm is told."""
    filing = get_object_or_404(FILINGS.visible_to(request.user), pk=pk)
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
        return redirect("filing", pk)
    said = noop("已确认") if agreed else noop("不予确认")
    _tell_the_filer(filing, said, filing.decision_reason)
    messages.success(request, _(said))
    return redirect("filing", pk)


def _tell_the_filer(filing: Filing, said: str, why: str = "") -> None:
    """Tell who filed it what became of it by another's word."""
    notices.tell(
        [filing.filed_by],
        noop("%(firm)s的申报%(said)s：%(reason)s")
        % {"firm": filing.entity.name, "said": said, "reason": why or "—"},
        link=f"/filings/{filing.pk}",
        at=timezone.now(),
    )


def _after_the_end(filing: Filing, now: datetime) -> str:
    """What the end of a filing changes: alarms are back, unless it silenced none or another filing goes on."""
    if not filing.silences:
        return _("已结束申报。")
    still = filings.beside(filing, now)
    silent = {point for other in still for point in filings.points_of(other)}
    if not silent:
        return _("已结束申报，预警恢复判断。")
    if silent.issuperset(filings.points_of(filing)):
        return _("已结束这份申报，预警仍未恢复判断。") + _still_silent(still)
    return _("已结束申报，其余监测点的预警恢复判断。") + _still_silent(still)


def _still_silent(others: list[Filing]) -> str:
    """The filings that go on silencing, by name; "" where there are none."""
    return _("仍在静默的另有：%s。") % _named(others) if others else ""


def _named(others: list[Filing]) -> str:
    """Filings by name, number and end."""
    names = [
        _("%(filing)s（#%(number)d，至%(end)s）")
        % {
            "filing": f"{other.entity} {_(str(other.get_kind_display()))}",
            "number": other.pk,
            "end": f"{timezone.localtime(other.end):%Y-%m-%d %H:%M}" if other.end else _("未定"),
        }
        for other in others
    ]
    return _("、").join(names)


@require_POST
@needs("file_shutdown")
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Take back what one filed, or end it now because operation has resumed."""
    filing = get_object_or_404(FILINGS.visible_to(request.user), pk=pk)
    now = timezone.now()
    try:
        if request.POST.get("action") == "finish":
            said, why = noop("提前结束"), ""
            filings.finish(request.user, filing, now, address=address(request))
            messages.success(request, _after_the_end(filing, now))
        else:
            said, why = noop("撤回"), request.POST.get("reason", "").strip() or noop("申报有误")
            filings.withdraw(request.user, filing, reason=why, address=address(request))
            still = filings.beside(filing, now)
            messages.success(request, _("申报已撤回，申报时段重新判断。") + _still_silent(still))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if request.user != filing.filed_by:
            _tell_the_filer(filing, said, why)
    return redirect("filing", pk)
