"""计划文本: take a plan in, and go through what was proposed of it, side by side with the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import visible
from ecoledger.indicators import plan_review, plans
from ecoledger.indicators.declaring import all_indicators
from ecoledger.indicators.models import PlanItem, PlanText
from ecoledger.indicators.plan.uploaded import item_of
from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tables import confined
from ecoledger.registers.plan.target_book import PlanTarget
from ecoledger.registers.plan.work_tasks import REGISTER as TASKS
from ecoledger.registers.plan.work_tasks import WorkTask
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.navigation import LINES

# What the form of an item asks of the item's own.
_ITEMS_OWN = ("comparator", "value", "unit", "quantity_of", "period", "catalogue", "note")
READER = "ecoledger.indicators.plan.uploaded:read_upload"
LIMITS = confined.Limits(octets=20 << 20, wait=0.0)


def _seen(request: Request) -> list[PlanText]:
    return list(visible(PlanText.objects.all(), request.user).order_by("-year", "-pk"))


@needs("see_plans")
def page(request: Request) -> HttpResponse:
    """The plans that were taken in, and the form for another."""
    rows = [{"plan": plan, "counts": plan_review.counts(plan)} for plan in _seen(request)]
    return render(
        request,
        "web/plans/plans.html",
        {"rows": rows, "areas": scoped.areas(request.user), "year": timezone.localdate().year},
    )


@needs("see_plans")
@require_POST
def take_in(request: Request) -> HttpResponse:
    """Read an uploaded plan in a process with limits, keep its text, propose its items."""
    upload = request.FILES.get("file")
    area, year = request.POST.get("area", ""), request.POST.get("year", "")
    if not scoped.areas(request.user).filter(code=area).exists() or not any(
        area.startswith(code) for code in request.user.area_codes
    ):
        raise PermissionDenied(_("该行政区不在您的数据范围内。"))
    if upload is None or not 2000 <= (asked.number(year) or 0) <= 2100:
        messages.error(request, _("请选择文件并填写四位年份。"))
        return redirect("plans")
    name = (upload.name or "plan.txt").replace("\n", " ")
    try:
        content = upload.read()
        confined.look(content, LIMITS)
        found = confined.read_confined(READER, name.encode() + b"\n" + content, LIMITS)
    except confined.Busy as busy:
        found = {"problem": _(str(busy))}
    except confined.Refusal:
        found = {
            "problem": _(
                "打不开这个文件，可能已损坏、加了密码或太大。请另存为 .docx 或 .txt 后再试。"
            )
        }
    if "problem" in found:
        messages.error(request, found["problem"])
        return redirect("plans")
    plan = plans.take_in(
        name.rsplit(".", 1)[0][:200],
        found["text"],
        area,
        int(year),
        by=request.user,
        items=[item_of(row) for row in found["items"]],
    )
    return redirect("plan", plan.pk)


def _plan(request: Request, pk: int) -> PlanText:
    return get_object_or_404(visible(PlanText.objects.all(), request.user), pk=pk)


@needs("see_plans")
def review(request: Request, pk: int) -> HttpResponse:
    """The text with its items marked, the list of items, and one item open."""
    return _page(request, _plan(request, pk), request.GET)


def _page(
    request: Request,
    plan: PlanText,
    asked_for: Mapping[str, str],
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> HttpResponse:
    """``typed``: what was filled in for the open item and refused; it stays as it was typed, with the ``errors``."""
    chosen = asked_for.get("type", "")
    items = list(plan.items.select_related("matter", "target", "decided_by"))
    listed = [i for i in items if not chosen or i.type == chosen]
    wanted = asked_for.get("item", "")
    opened = next((i for i in items if str(i.pk) == wanted), None)
    if opened is None:
        opened = next((i for i in listed if i.state == PlanItem.State.PROPOSED), None)
    said = typed if typed is not None else _said(plan, opened)
    return render(
        request,
        "web/plans/review.html",
        {
            "plan": plan,
            "lines": plan_review.marked(plan),
            "items": listed,
            "open": opened,
            "said": said,
            "errors": errors or {},
            "counts": plan_review.counts(plan),
            "handed_out": plan_review.handed_out(plan),
            "types": PlanItem.Type.choices,
            "type": chosen,
            "kinds": PlanTarget.Kind.choices,
            "only_confirmed": plan_review.ONLY_CONFIRMED,
            "comparators": PlanTarget.Comparator.choices,
            "indicators": _indicators(said.get("catalogue", "")),
            "people": Person.objects.filter(is_active=True, organisation__kind="bureau").order_by(
                "name"
            ),
            "may_decide": TASKS.may_open(request.user),
            "sections": sorted(set(TASKS.standing().values_list("section", flat=True))),
        },
        status=422 if typed is not None else 200,
    )


def _said(plan: PlanText, item: PlanItem | None) -> dict[str, str]:
    """What the form of an item begins with."""
    if item is None:
        return {}
    task = WorkTask.objects.filter(pk=item.matter_id or 0).first()
    return {
        **{name: getattr(item, name) for name in _ITEMS_OWN},
        "deadline": f"{item.deadline}" if item.deadline else "",
        "section": task.section if task else "",
        "owner": str(task.owner_id or "") if task else "",
        "kind": item.target.kind if item.target else "",
        "book": plan.name,
    }


def _indicators(chosen: str) -> list[tuple[str, str]]:
    """Key and name of each indicator to choose. Of two of one name their books are told; what is called alike even then
    counts alike and stands once, as the ``chosen`` one."""
    declared = sorted(all_indicators(), key=lambda i: i.key != chosen)
    often = Counter(i.said for i in declared)
    lines = {line.key: line.label for line in LINES}
    names: dict[str, str] = {}
    for i in declared:
        of = f"（{_(i.owner or str(lines.get(i.line, '')))}）" if often[i.said] > 1 else ""
        names.setdefault(f"{i.said}{of}", i.key)
    return [(names[said], said) for said in sorted(names)]


@needs("see_plans")
@require_POST
def decide(request: Request, pk: int, item: int) -> HttpResponse:
    """Confirm (and hand out), split, doubt or drop one item; then the next open one."""
    plan = _plan(request, pk)
    row = get_object_or_404(plan.items, pk=item)
    if not TASKS.may_open(request.user):
        raise PermissionDenied(_("计划各项由局领导、科长或调度人员确认。"))
    back = reverse("plan", args=[pk])
    kind = request.POST.get("type", "")
    try:
        match request.POST.get("decision"):
            case "confirm":
                row = plan_review.hand_out(row, request.POST.dict(), by=request.user)
                _say(request, row)
            case "split":
                plan_review.split(row, request.POST.get("pieces", ""), by=request.user)
            case "doubt":
                plans.decide(
                    row, PlanItem.State.DOUBTFUL, by=request.user, note=request.POST.get("note", "")
                )
            case "drop":
                if not request.POST.get("note", "").strip():
                    raise Refused("form", _("不作任务要写明理由。"))
                plans.decide(
                    row, PlanItem.State.DROPPED, by=request.user, note=request.POST["note"].strip()
                )
            case _:
                raise Http404
    except Refused as refused:
        messages.error(request, str(refused))
        asked_for = {"type": kind, "item": str(row.pk)}
        return _page(request, plan, asked_for, request.POST.dict(), refused.fields)
    return redirect(f"{back}?type={kind}#open")


def _say(request: Request, row: PlanItem) -> None:
    """What the confirmed item became."""
    if row.matter is not None:
        messages.success(request, _("已生成任务 %s。") % row.matter.number)
    elif row.target is not None:
        said = {"book": row.target.book, "number": row.target.number}
        messages.success(request, _("已列入“%(book)s”第%(number)s项。") % said)


@needs("see_plans")
@require_POST
def add(request: Request, pk: int) -> HttpResponse:
    """Add an item that the rules missed."""
    plan = _plan(request, pk)
    if not TASKS.may_open(request.user):
        raise PermissionDenied(_("计划各项由局领导、科长或调度人员确认。"))
    try:
        made = plan_review.add(
            plan, request.POST.get("type", ""), request.POST.get("text", ""), by=request.user
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("plan", pk)
    return redirect(f"{reverse('plan', args=[pk])}?item={made.pk}#open")
