"""我的任务: long work a person began, how far it is, and what came of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts import audit
from ecoledger.accounts.visitors import address
from ecoledger.jobs import running
from ecoledger.jobs.models import Job
from ecoledger.web.access import Request

SHOWN = 100


def _own(request: Request, number: UUID) -> Job:
    return get_object_or_404(Job, pk=number, person=request.user)


def chip(request: Request) -> dict[str, Any]:
    """The jobs in hand, for the mark in the frame: template variables."""
    return {"jobs": Job.objects.filter(person=request.user, state__in=("waiting", "running"))}


@require_GET
def page(request: Request) -> HttpResponse:
    """The person's jobs, newest first."""
    jobs = Job.objects.filter(person=request.user)[:SHOWN]
    return render(request, "web/jobs/list.html", {"jobs": jobs})


@require_GET
def state(request: Request, number: UUID) -> HttpResponse:
    """One job as it stands now: the part of a page that asks again while the job runs."""
    return render(request, "web/jobs/_job.html", {"job": _own(request, number)})


@require_GET
def file(request: Request, number: UUID) -> HttpResponseBase:
    """The file a job made. Handed out to who began it, and written on the trail."""
    job = _own(request, number)
    if not job.file_name or not job.file.exists():
        raise Http404(_("文件已过保存期。"))
    audit.record(
        request.user,
        "download_job",
        details={"job": str(job.pk), "file": job.file_name},
        address=address(request),
    )
    return FileResponse(job.file.open("rb"), as_attachment=True, filename=job.file_name)


@require_POST
def cancel(request: Request, number: UUID) -> HttpResponse:
    """Stop a job that waits or runs."""
    running.cancel(_own(request, number))
    return redirect("jobs")
