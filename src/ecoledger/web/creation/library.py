"""佐证材料 (mechanisms G3, W11, W15, S-11): the criteria of a project, each with the files that prove it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.evidence import Upload
from ecoledger.registers.creation import criteria
from ecoledger.registers.creation.criteria import CRITERIA, Criterion
from ecoledger.registers.creation.projects import PROJECTS, CreationProject
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals


def _project(request: Request, pk: int) -> CreationProject:
    project: CreationProject | None = PROJECTS.visible_to(request.user).filter(pk=pk).first()
    if project is None:
        raise Http404
    return project


@needs("see_matters")
@require_GET
def page(request: Request, pk: int) -> HttpResponse:
    """The criteria in order, with value, verdict and files; what has none is told."""
    project = _project(request, pk)
    rows = list(project.criteria.prefetch_related("proofs").order_by("number_order", "pk"))
    context = {
        "project": project,
        "lists": criteria.four_lists(project),
        "rows": rows,
        "bare": sum(bool(row.met) and not row.proof_count for row in rows),
        "may_change": CRITERIA.may_change(request.user)
        and CRITERIA.refusal(request.user, project) is None,
        "book": CRITERIA,
    }
    return render(request, "web/creation/library.html", context)


@needs("see_matters")
@require_POST
@says_refusals
def prove(request: Request, pk: int) -> HttpResponse:
    """Take files in as evidence of the project, beside one of its criteria."""
    project = _project(request, pk)
    number = asked.number(request.POST.get("criterion", ""))
    row: Criterion = get_object_or_404(Criterion, pk=number or 0, project=project)
    if not CRITERIA.may_change(request.user):
        raise Refused("role", _("您的岗位不能办这一步。"))
    if refused := CRITERIA.refusal_to_change(request.user, row):
        raise refused
    caption = str(row)[:200]
    files = [Upload(file, caption=caption) for file in request.FILES.getlist("files")]
    kept = actions.attach(project.pk, files, by=request.user, text=caption)
    criteria.prove(row, kept, by=request.user)
    messages.success(request, _("已附上 %d 份佐证材料。") % len(kept))
    return redirect("creation-library", project.pk)
