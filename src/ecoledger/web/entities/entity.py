"""The file of any entity (一档): where its sort has a page of its own, that one."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from ecoledger.entities.models import Entity
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs


@needs("see_monitoring")
def page(request: Request, pk: int) -> HttpResponse:
    entity = Entity.objects.filter(pk=pk).first()
    if entity is None:
        raise Http404
    point = scoped.points(request.user).filter(entity=entity).first()
    if point is not None:
        return redirect("station", point.pk)
    firm = entity.enterprise
    if firm is not None:
        return redirect("enterprise", firm.pk)
    raise Http404
