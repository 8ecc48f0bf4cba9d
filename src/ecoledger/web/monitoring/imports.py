"""Observations from a file: checked row by row first, stored when confirmed, undone as a whole."""

from __future__ import annotations

import json
import re
import secrets
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
from ecoledger.accounts.wording import numbered
from ecoledger.listings.tables import reading
from ecoledger.monitoring.files import imports
from ecoledger.monitoring.files.parsed import SHEET_STEP
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


def _keep(data: bytes, name: str, options: dict[str, str], person: Person) -> str:
    """Put an upload aside until it is confirmed, under a key of its own: two open previews stay two."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_FOR:
            old.unlink(missing_ok=True)
    key = secrets.token_hex(16)
    (folder / key).write_bytes(data)
    about = {"name": name, "options": options, "person": person.pk}
    (folder / f"{key}.json").write_text(json.dumps(about), "utf-8")
    return key


def _forget(key: str) -> None:
    for name in (key, f"{key}.json"):
        (_folder() / name).unlink(missing_ok=True)


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
            options: dict[str, Any] = {
                "parameter": request.POST.get("parameter", "").strip(),
                "series": request.POST.get("series", "auto"),
                "label": request.POST.get("label", "start"),
                "point": request.POST.get("point", "").strip(),
            }
            name = Path(upload.name or "").name[:200]
            try:
                imports.read(
                    data, name, person=request.user, book_of=reading.read_at_once, **options
                )
            except imports.FileError as error:
                context["problem"] = str(error)
            else:
                return redirect("import-preview", _keep(data, name, options, request.user))
    return render(
        request, "web/monitoring/import.html", context | {"batches": _batches(request.user)}
    )


def _waiting(request: Request, key: str) -> imports.Parsed:
    """This person's upload of that key, read again. 404 when there is none any more."""
    if not re.fullmatch(r"[0-9a-f]{32}", key):
        raise Http404
    try:
        about = json.loads((_folder() / f"{key}.json").read_text("utf-8"))
        data = (_folder() / key).read_bytes()
    except OSError as error:
        raise Http404 from error
    if about["person"] != request.user.pk:
        raise Http404
    return imports.read(
        data, about["name"], person=request.user, book_of=reading.read_at_once, **about["options"]
    )


@needs("import_observations")
def preview(request: Request, key: str) -> HttpResponse:
    try:
        parsed = _waiting(request, key)
    except imports.FileError as error:  # others' files are being read
        messages.error(request, str(error))
        return redirect("import")
    names = dict(scoped.points(request.user).values_list("pk", "name"))
    kinds = {point.pk: point for point in scoped.points(request.user)}
    rows = [
        {
            **row,
            "row": row["row"] % SHEET_STEP,
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
            "series": dict(_series()).get(parsed.series, parsed.series),
            "key": key,
            "before": ImportBatch.objects.filter(digest=parsed.digest, undone_at=None).first(),
            "bad_rows": parsed.bad_rows,
            "left_out": parsed.left_out[:SHOWN],
            "warnings": parsed.warnings[:SHOWN],
            "errors": parsed.errors[:SHOWN],
            "more_errors": max(len(parsed.errors) - SHOWN, 0),
            "rows": rows,
            "values": parsed.observations.height,
        },
    )


@require_POST
@needs("import_observations")
def store(request: Request, key: str) -> HttpResponse:
    """Store what the preview showed, or put it away."""
    try:
        parsed = _waiting(request, key)
    except imports.FileError as error:
        messages.error(request, str(error))
        return redirect("import-preview", key)
    if request.POST.get("action") == "discard":
        messages.info(request, _("已放弃，没有导入任何数据。"))
    elif parsed.stops and request.POST.get("sure") != "1":
        messages.error(request, _("请先核对超出量程的值，并勾选“已核对”。"))
        return redirect("import-preview", key)
    else:
        batch = imports.store(parsed, request.user, sure=True)
        if batch.observations:
            messages.success(
                request,
                _("已导入 %(rows)d 行、%(values)d 个值。小时值和日评价将自动重算。")
                % {"rows": batch.rows_stored, "values": batch.observations},
            )
        else:
            messages.info(request, _("这些数据此前已经导入过，没有重复入库。"))
    _forget(key)
    return redirect("import")


@require_POST
@needs("import_observations")
def undo(request: Request, pk: int) -> HttpResponse:
    batch = next((known for known in _batches(request.user) if known.pk == pk), None)
    if batch is None:
        raise Http404
    try:
        count = imports.undo(batch, request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request,
            numbered("已撤销，%(count)d 个值恢复为导入前的状态。", count) % {"count": count},
        )
    return redirect("import")
