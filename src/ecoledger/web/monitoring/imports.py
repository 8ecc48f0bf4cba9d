"""Observations from a file: checked row by row first, stored when confirmed, undone as a whole."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.accounts.models import Person
from ecoledger.monitoring.files import imports
from ecoledger.monitoring.models import ImportBatch
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.monitoring import readings

LARGEST = 50 * 1024 * 1024
# A file that nobody confirmed is forgotten after this many seconds.
KEPT_FOR = 24 * 3600
SHOWN = 100
RECENT = 50


def _folder() -> Path:
    return Path(settings.DATA) / "uploads"


def _keep(data: bytes) -> str:
    """Put an upload aside until it is confirmed; returns its name there."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_FOR:
            old.unlink(missing_ok=True)
    digest = hashlib.sha256(data).hexdigest()
    (folder / digest).write_bytes(data)
    return digest


def _series() -> list[tuple[str, str]]:
    return [
        ("auto", _("自动判断（只有日期为日均值，否则小时值）")),
        ("hour", _("小时值")),
        ("day", _("日均值")),
        ("raw", _("实时值或单次样品")),
        ("minute", _("分钟值")),
    ]


def _batches(person: Person) -> list[ImportBatch]:
    """The latest imports all of whose points lie in the person's scope."""
    seen = set(scoped.points(person).values_list("pk", flat=True))
    rows = ImportBatch.objects.select_related("person", "undone_by").order_by("-pk")[:RECENT]
    return [batch for batch in rows if seen.issuperset(batch.points)]


@needs("import_observations")
def page(request: Request) -> HttpResponse:
    context: dict[str, Any] = {"series": _series(), "given": request.POST}
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None:
            context["problem"] = _("请选择要导入的文件。")
        elif (upload.size or 0) > LARGEST:
            context["problem"] = _("文件超过 %(limit)d MB，请分成几个文件导入。") % {
                "limit": LARGEST // 1024**2
            }
        else:
            data = upload.read()
            options = {
                "series": request.POST.get("series", "auto"),
                "label": request.POST.get("label", "start"),
                "point": request.POST.get("point", "").strip(),
            }
            name = Path(upload.name or "").name[:200]
            try:
                imports.read(data, name, person=request.user, **options)
            except imports.FileError as error:
                context["problem"] = str(error)
            else:
                key = _keep(data)
                request.session["import"] = {"key": key, "name": name, "options": options}
                return redirect("import-preview")
    return render(
        request, "web/monitoring/import.html", context | {"batches": _batches(request.user)}
    )


def _waiting(request: Request) -> tuple[imports.Parsed, Path]:
    """The upload of this session, read again. 404 when there is none any more."""
    waiting = request.session.get("import")
    path = _folder() / waiting["key"] if waiting else None
    if waiting is None or path is None or not path.exists():
        raise Http404
    parsed = imports.read(
        path.read_bytes(), waiting["name"], person=request.user, **waiting["options"]
    )
    return parsed, path


@needs("import_observations")
def preview(request: Request) -> HttpResponse:
    parsed, _path = _waiting(request)
    names = dict(scoped.points(request.user).values_list("pk", "name"))
    kinds = {point.pk: point for point in scoped.points(request.user)}
    rows = [
        {
            **row,
            "name": names.get(row["point"], row["point"]),
            "label": readings.label(row["parameter"], kinds[row["point"]]),
        }
        for row in parsed.observations.head(SHOWN).iter_rows(named=True)
    ]
    return render(
        request,
        "web/monitoring/import_preview.html",
        {
            "parsed": parsed,
            "bad_rows": len({error.row for error in parsed.errors}),
            "errors": parsed.errors[:SHOWN],
            "more_errors": max(len(parsed.errors) - SHOWN, 0),
            "rows": rows,
            "values": parsed.observations.height,
        },
    )


@require_POST
@needs("import_observations")
def store(request: Request) -> HttpResponse:
    """Store what the preview showed, or put it away."""
    parsed, path = _waiting(request)
    if request.POST.get("action") == "discard":
        messages.info(request, _("已放弃，没有导入任何数据。"))
    else:
        batch = imports.store(parsed, request.user)
        if batch.observations:
            messages.success(
                request,
                _("已导入 %(rows)d 行、%(values)d 个值。小时值和日评价将自动重算。")
                % {"rows": batch.rows_stored, "values": batch.observations},
            )
        else:
            messages.info(request, _("这些数据此前已经导入过，没有重复入库。"))
    del request.session["import"]
    path.unlink(missing_ok=True)
    return redirect("import")


@require_POST
@needs("import_observations")
def undo(request: Request, pk: int) -> HttpResponse:
    batch = next((one for one in _batches(request.user) if one.pk == pk), None)
    if batch is None:
        raise Http404
    try:
        count = imports.undo(batch, request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request, _("已撤销，%(count)d 个值恢复为导入前的状态。") % {"count": count}
        )
    return redirect("import")
