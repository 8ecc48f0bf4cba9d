"""走航热点 (mechanism Q7): tracks uploaded, the stretches that are no chance, and a clue of each that is handed over."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecoledger.accounts.scope import covers
from ecoledger.entities import divisions
from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.registers.air import track_surveys
from ecoledger.registers.air.clues import CLUE, Clue
from ecoledger.registers.air.track_surveys import TRACKS, TrackSurvey
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals

LARGEST = 400 * 1024 * 1024
SHOWN = 30


@needs("see_cockpit")
@require_http_methods(["GET", "POST"])
@says_refusals
def page(request: Request) -> HttpResponse:
    """The surveys, and the form for another file."""
    if request.method == "POST":
        return _taken(request)
    rows = TRACKS.visible_to(request.user).order_by("-made_at")[:SHOWN]
    context = {
        "rows": rows,
        "kinds": TrackSurvey.Kind.choices,
        "book": TRACKS,
        "may_open": TRACKS.may_open(request.user),
        "area": request.user.own_area,
    }
    return render(request, "web/air/tracks.html", context)


def _taken(request: Request) -> HttpResponse:
    if not TRACKS.may_open(request.user):
        raise PermissionDenied
    file, roads = request.FILES.get("file"), request.FILES.get("roads")
    name, area = request.POST.get("name", "").strip(), request.POST.get("area_code", "")
    if file is None or not name:
        raise Refused("form", _("没有任务名称或文件。"), _("请填写名称并选择 CSV 文件。"))
    if (file.size or 0) > LARGEST:
        raise Refused("file", _("文件超过 400 MB。"), _("请按天拆分后上传。"))
    if not covers(request.user, area):
        raise Refused("area", _("属地不在您的数据范围内。"))
    kind, system = request.POST.get("kind", ""), request.POST.get("system", "")
    survey, _job = track_surveys.begin(
        {
            "name": name[:80],
            "kind": kind if kind in TrackSurvey.Kind.values else TrackSurvey.Kind.SURVEY,
            "area_code": area,
            "file_name": (file.name or "")[:200],
            "system": system if system in ("wgs84", "gcj02", "bd09") else "wgs84",
        },
        file.read(),
        roads.read() if roads else b"",
        request.user,
    )
    messages.success(request, _("已收到，正在计算。"))
    return redirect("air-track", survey.pk)


def _survey(request: Request, pk: int) -> TrackSurvey:
    row: TrackSurvey | None = TRACKS.visible_to(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@needs("see_cockpit")
@require_GET
def survey(request: Request, pk: int) -> HttpResponse:
    """One survey: its stretches, worst first, on a map."""
    row = _survey(request, pk)
    context = {
        "survey": row,
        "spots": list(enumerate(row.spots[:SHOWN])),
        "may_dispatch": CLUE.may_open(request.user),
    }
    return render(request, "web/air/track.html", context)


@needs("see_cockpit")
@require_GET
def spots(request: Request, pk: int) -> JsonResponse:
    """The stretches as marks of the map: hot ones red."""
    row = _survey(request, pk)
    features = []
    for number, spot in enumerate(row.spots, 1):
        properties: dict[str, Any] = {
            "layer": "alarm" if spot["hot"] else "section",
            "name": spot["name"],
            "lines": [
                _("浓度 %(level).1f，为中位路段的 %(ratio).2f 倍") % spot,
                _("经过 %(visits)d 次，%(cars)d 辆车，%(days)d 天") % spot,
            ],
        }
        features.append(
            {
                "type": "Feature",
                "id": number,
                "geometry": {"type": "Point", "coordinates": list(track_surveys.middle(spot))},
                "properties": properties,
            }
        )
    return JsonResponse({"type": "FeatureCollection", "features": features})


@needs("see_cockpit")
@require_POST
@says_refusals
def dispatch(request: Request, pk: int) -> HttpResponse:
    """A clue of one hot stretch, for the town in which it lies."""
    row = _survey(request, pk)
    number = asked.number(request.POST.get("spot", ""))
    if number is None or number >= len(row.spots):
        raise Refused("form", _("没有这个路段。"), _("请刷新页面。"))
    spot = row.spots[number]
    lon, lat = track_surveys.middle(spot)
    held = divisions.holding(lon, lat)
    clue = actions.open_matter(
        CLUE,
        {
            "title": _("走航高值：%(survey)s %(stretch)s")
            % {"survey": row.name, "stretch": spot["name"]},
            "area_code": max(held, key=len) if held else row.area_code,
            "origin_kind": Clue.Origin.TRACK,
            "parameter": row.pollutant,
            "begin": row.begin,
            "until": row.end,
            "rank": number + 1,
            "score": spot["ratio"],
            "evidence_text": _(
                "浓度为中位路段的 %(ratio).2f 倍，经过 %(visits)d 次，偶然概率 q=%(q).4f"
            )
            % spot,
            "lon": lon,
            "lat": lat,
        },
        by=request.user,
    )
    messages.success(request, _("已生成线索：%s。") % clue.number)
    return redirect(f"/matters/{CLUE.key}/{clue.pk}")
