"""随手报: an event from a phone in three taps, kept on the device while there is no connection and sent once."""

from __future__ import annotations

from pathlib import Path

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import covers
from ecoledger.entities import charges, divisions
from ecoledger.listings import forms
from ecoledger.listings.parts import Ask
from ecoledger.matters import actions
from ecoledger.matters.actions import Refused, Upload
from ecoledger.registers.grid.cells import GridCell, cell_at
from ecoledger.registers.grid.events import REGISTER, GridEvent
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.once import once
from ecoledger.web.matters.posted import device_time, say_files_are_gone

_ASKS = (
    Ask("category", required=True),
    Ask("description", required=False),
    Ask("address", required=False),
    Ask("urgency", required=False),
    Ask("lon", required=False),
    Ask("lat", required=False),
)
# Of these one tells where it is: whoever goes there has nothing else.
_PLACE = ("lon", "address", "description")
WORKER = Path(__file__).parent.parent / "static" / "dist" / "worker.js"


@needs("see_matters")
@once
def page(request: Request) -> HttpResponseBase:
    """What is it, a picture, send: everything else the device and the records know."""
    if not REGISTER.may_open(request.user):
        raise PermissionDenied(_("您的岗位不能在“%s”登记事项。") % _(str(REGISTER.label)))
    asks = [REGISTER.derive.ask(ask) for ask in _ASKS]
    data = request.POST if request.method == "POST" else None
    form = forms.form_of(asks, GridEvent, data=data, person=request.user)
    if form.is_valid() and not any(form.cleaned_data[name] for name in _PLACE):
        form.add_error("address", _("没有定位，请写明地点。"))
    if data is not None and form.is_valid():
        values = forms.stored(asks, form.cleaned_data)
        lon, lat = values.get("lon"), values.get("lat")
        taken = device_time(request.POST.get("device_time", ""))
        try:
            event = actions.open_matter(
                REGISTER,
                values | _where(request.user, lon, lat),
                by=request.user,
                files=[
                    Upload(file, lon=lon, lat=lat, device_time=taken)
                    for file in request.FILES.getlist("files")
                ],
            )
        except Refused as refused:
            form.add_error(None, f"{refused.why}{refused.remedy}")
        else:
            messages.success(request, _("已收到，编号 %s。") % event.number)
            if lon is None or lat is None:
                messages.warning(request, _("没有收到定位，按所写的地点办理。"))
            return redirect("matter", REGISTER.key, event.pk)
    say_files_are_gone(request)
    context = {"register": REGISTER, "form": form, "categories": GridEvent.Category.choices}
    return render(request, "web/field/report.html", context)


def _where(person: Person, lon: float | None, lat: float | None) -> dict[str, object]:
    """Cell and town of the place, if it lies where the person works; else of the cell they answer for."""
    cell = cell_at(lon, lat) if lon is not None and lat is not None else None
    if cell is not None and covers(person, cell.area_code):
        return {"cell": cell, "area_code": cell.area_code}
    if lon is not None and lat is not None:
        towns = [code for code in divisions.holding(lon, lat) if covers(person, code)]
        if towns:
            return {"area_code": towns[0]}
    own = charges.charged_to(person).filter(entity__kind=GridCell.KIND).first()
    if own is not None:
        cell = GridCell.objects.get(pk=own.entity_id)
        return {"cell": cell, "area_code": cell.area_code}
    return {"area_code": next(iter(person.area_codes), "")}


@login_not_required
@require_GET
def worker(request: HttpRequest) -> FileResponse:
    """The script that keeps this page at hand without a connection; it must stand at the site's root."""
    if not WORKER.is_file():
        raise Http404
    response = FileResponse(WORKER.open("rb"), content_type="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response
