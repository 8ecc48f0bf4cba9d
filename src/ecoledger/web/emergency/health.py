"""环境健康风险地图 (mechanism E16): the cells of an assessment, by pathway and in sum, under one version of parameters."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.listings import asked
from ecoledger.registers.emergency import health_maps
from ecoledger.registers.emergency.health_maps import (
    ASSESSMENTS,
    PARAMETERS,
    PATHWAYS,
    SAMPLES,
    HealthAssessment,
    HealthCell,
    HealthRun,
)
from ecoledger.standards import health_risk
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals
from ecoledger.web.templatetags.show import powers

SHOWN = 200
# Upper ends of the classes of a quotient (times the acceptable): three of what is acceptable, in calm colours, then red.
CLASSES = (0.1, 0.5, 1.0, 5.0, 10.0)
SUM = ""


def _assessment(request: Request, pk: int) -> HealthAssessment:
    row: HealthAssessment | None = ASSESSMENTS.visible_to(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _run(request: Request, assessment: HealthAssessment) -> HealthRun | None:
    """The calculation asked for, else the latest."""
    number = asked.number(request.GET.get("run", ""))
    rows = assessment.runs.all()
    if number is not None:
        return rows.filter(pk=number).first()
    return rows.first()


def _path(request: Request) -> str:
    said = request.GET.get("path", SUM)
    return said if said in PATHWAYS else SUM


def _times(cell: HealthCell, path: str, run: HealthRun) -> float:
    """How many times the acceptable level a cell has: the greater of risk and quotient."""
    risk = float(run.parameters["acceptable_risk"])
    index = float(run.parameters["acceptable_quotient"])
    cancer = cell.cancer.get(path, 0.0) if path else cell.total_cancer
    quotient = cell.quotient.get(path, 0.0) if path else cell.total_quotient
    return max(cancer / risk, quotient / index)


def _class(times: float) -> int:
    return next((n for n, top in enumerate(CLASSES, 1) if times <= top), len(CLASSES) + 1)


@needs("see_cockpit")
@require_GET
def page(request: Request, pk: int) -> HttpResponse:
    """One assessment: figures, map, cells with each pathway, and the parameters it was made with."""
    assessment = _assessment(request, pk)
    run, path = _run(request, assessment), _path(request)
    cells = list(run.cells.all()) if run else []
    before = _before(assessment, run)
    rows = [
        {
            "cell": cell,
            "paths": [
                {"name": name, "quotient": cell.quotient.get(name, 0.0), "cancer": cell.cancer.get(name, 0.0)}
                for name in PATHWAYS
            ],
            "times": _times(cell, path, run) if run else 0,
            "before": before.get(cell.cell),
        }
        for cell in cells[:SHOWN]
    ]  # fmt: skip
    context = {
        "assessment": assessment,
        "run": run,
        "runs": list(assessment.runs.all()[:20]),
        "path": path,
        "paths": [(SUM, _("各途径合计")), *((name, _(name)) for name in PATHWAYS)],
        "pathways": PATHWAYS,
        "rows": rows,
        "cells": len(cells),
        "over": sum(cell.exceeds for cell in cells),
        "worst": max(cells, key=lambda cell: _times(cell, SUM, run), default=None) if run else None,
        "samples": assessment.samples.count(),
        "versions": [("", _("标准推荐值")), *((v, v) for v in health_maps.versions(assessment.area_code))],
        "may_calculate": ASSESSMENTS.may_change(request.user),
        "book": ASSESSMENTS,
        "sample_book": SAMPLES,
        "parameter_book": PARAMETERS,
        "compared": bool(before),
        "parameters": [_named(key, value) for key, value in run.parameters.items()] if run else [],
    }  # fmt: skip
    return render(request, "web/emergency/health.html", context)


def _named(key: str, value: float) -> tuple[str, str, float, str]:
    """A parameter as HJ 25.3 calls it: its name (of which substance), symbol, value and unit."""
    substance, _space, own = key.rpartition(" ")
    name, symbol, unit = health_risk.named(own)
    return f"{_(substance)} {_(name)}".strip(), symbol, value, unit


def _before(assessment: HealthAssessment, run: HealthRun | None) -> dict[str, float]:
    """The index of each cell in the calculation made before this one."""
    if run is None:
        return {}
    earlier = assessment.runs.filter(pk__lt=run.pk).order_by("-pk").first()
    return dict(earlier.cells.values_list("cell", "total_quotient")) if earlier else {}


@needs("see_cockpit")
@require_GET
def drawn(request: Request, pk: int) -> JsonResponse:
    """The cells as marks of the map, coloured by how many times the acceptable level they have."""
    assessment = _assessment(request, pk)
    run, path = _run(request, assessment), _path(request)
    features: list[dict[str, Any]] = []
    for number, cell in enumerate(run.cells.all() if run else (), 1):
        times = _times(cell, path, run) if run else 0.0
        properties = {
            "layer": "air",
            "name": cell.cell,
            "value": f"{times:.1f}" if times < 100 else f"{times:.0f}",
            "tone": f"times-{_class(times)}",
            "lines": [
                _("危害指数 %s") % f"{cell.total_quotient:.3g}",
                _("致癌风险 %s") % powers(cell.total_cancer, 2),
                _("主要污染物 %s") % (cell.worst or "—"),
            ],
        }
        features.append(
            {
                "type": "Feature",
                "id": number,
                "geometry": {"type": "Point", "coordinates": [cell.lon, cell.lat]},
                "properties": properties,
            }
        )
    return JsonResponse({"type": "FeatureCollection", "features": features})


@needs("see_cockpit")
@require_POST
@says_refusals
def calculate(request: Request, pk: int) -> HttpResponse:
    """Calculate the assessment under a version of parameters."""
    assessment = _assessment(request, pk)
    if not ASSESSMENTS.may_change(request.user):
        raise PermissionDenied
    run = health_maps.calculate(assessment, request.POST.get("version", ""), request.user)
    messages.success(request, _("已计算 %d 个网格。") % run.cells.count())
    return redirect("emergency-health", pk)
