"""Quarantined packets: the bytes as they came, why they were refused, and another try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.listings import asked
from ecoledger.listings.workbook import EXPORT_LIMIT, Head
from ecoledger.monitoring.arriving import dismissing, replaying
from ecoledger.monitoring.models import Dismissal, Point
from ecoledger.monitoring.runtime import store
from ecoledger.store.interface import STATUSES, Frame, Status
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.export import download
from ecoledger.web.templatetags.show import bytes_size, reason_words

PAGE = 50
# Newest frames that are counted by cause, and causes shown.
COUNTED, CAUSES = 5000, 20


@dataclass(frozen=True)
class Chosen:
    """The filters in the address: which frames are asked for."""

    status: Status
    mn: str
    day: date | None
    visible: scoped.Frames

    def frames(self, before: int | None, limit: int) -> pl.DataFrame:
        begin = datetime.combine(self.day, time()) if self.day else None
        return store().frames(
            status=self.status,
            mn=self.mn or None,
            mns=self.visible.mns,
            but_mns=self.visible.but,
            begin=begin,
            end=begin + timedelta(days=1) if begin else None,
            before=before,
            limit=limit,
        )


def _chosen(request: Request) -> Chosen:
    wanted = request.GET.get("status")
    status: Status = next((known for known in STATUSES if known == wanted), "quarantined")
    day = asked.day(request.GET.get("day", ""))
    visible = scoped.frames(request.user, status)
    return Chosen(status, request.GET.get("mn", "").strip(), day, visible)


def _waiting(chosen: Chosen, before: int | None) -> pl.DataFrame:
    """A page of frames and one more, without those somebody has dismissed."""
    kept: list[pl.DataFrame] = []
    while sum(map(len, kept)) <= PAGE:
        frames = chosen.frames(before, COUNTED)
        kept.append(dismissing.waiting(frames))
        if len(frames) < COUNTED:
            break
        before = frames["frame_id"][-1]
    return pl.concat(kept).head(PAGE + 1)


def _registered(rows: list[dict[str, Any]]) -> set[str]:
    """Those of the rows' MN that a point has."""
    points = Point.objects.filter(mn__in={row["mn"] for row in rows if row["mn"]})
    return {mn for mn in points.values_list("mn", flat=True) if mn}


def _causes(frames: pl.DataFrame) -> list[dict[str, Any]]:
    """Frames put aside by device and reason, the most frequent first: a few causes make most of the rows."""
    if not frames.height:
        return []
    groups = frames.group_by("mn", "reason").agg(
        pl.len().alias("count"),
        pl.col("received_at").min().alias("first"),
        pl.col("received_at").max().alias("last"),
        pl.col("frame_id").max().alias("through"),
    )
    return list(groups.sort("count", "last", descending=True).head(CAUSES).iter_rows(named=True))


@needs("see_quarantine")
def page(request: Request) -> HttpResponse:
    if request.GET.get("status") == "dismissed":
        return _dismissed(request)
    chosen = _chosen(request)
    before = asked.number(request.GET.get("before", ""))
    causes: list[dict[str, Any]] = []
    if chosen.status == "quarantined":
        frames = _waiting(chosen, before)
        causes = _causes(dismissing.waiting(chosen.frames(None, COUNTED)))
    else:
        frames = chosen.frames(before, PAGE + 1)
    rows = list(frames.head(PAGE).iter_rows(named=True))
    return render(
        request,
        "web/monitoring/quarantine.html",
        {
            "rows": rows,
            "causes": causes,
            "older": rows[-1]["frame_id"] if frames.height > PAGE else None,
            "status": chosen.status,
            "mn": chosen.mn,
            "day": f"{chosen.day}" if chosen.day else "",
            "counts": store().counts().frames,
            "dismissed": dismissals_of(request).count(),
            "conclusions": Dismissal.Why.choices,
            "may_replay": request.user.may("replay_frames"),
            "registered": _registered([*rows, *causes]),
            "may_register": request.user.may("edit_registry"),
        },
    )


def dismissals_of(request: Request) -> QuerySet[Dismissal]:
    """What was dismissed of the frames that the person may see."""
    visible = scoped.frames(request.user, "quarantined")
    rows = Dismissal.objects.filter(withdrawn_at=None).select_related("person")
    if visible.mns is not None:
        rows = rows.filter(mn__in=visible.mns)
    return rows.exclude(mn__in=visible.but) if visible.but else rows


def _dismissed(request: Request) -> HttpResponse:
    """What needs nothing more: which frames, why, and who said so."""
    return render(
        request,
        "web/monitoring/dismissed.html",
        {
            "shown": Paginator(dismissals_of(request), PAGE).get_page(request.GET.get("page")),
            "counts": store().counts().frames,
            "may_replay": request.user.may("replay_frames"),
        },
    )


@needs("see_quarantine")
@require_GET
def export(request: Request) -> HttpResponse:
    frames = _chosen(request).frames(None, EXPORT_LIMIT + 1)
    heads = [
        Head(_("编号"), width=12),
        Head(_("接收时间"), "datetime", 20),
        Head(_("原因"), width=48),
        Head("MN", width=26),
        Head("CN", width=8),
        Head(_("连接"), width=26),
        Head(_("大小"), width=10),
    ]
    cells = (
        [
            f"#{row['frame_id']}",
            row["received_at"],
            reason_words(row["reason"]),
            row["mn"],
            row["cn"],
            row["connection"],
            bytes_size(row["size"]),
        ]
        for row in frames.iter_rows(named=True)
    )
    return download(request, "quarantine", _("报文隔离区"), heads, cells, frames.height)


def hex_lines(raw: bytes, width: int = 16) -> str:
    """Bytes as an editor shows them: offset, hexadecimal, printable ASCII."""
    lines = []
    for offset in range(0, len(raw), width):
        part = raw[offset : offset + width]
        codes = " ".join(f"{byte:02X}" for byte in part).ljust(width * 3 - 1)
        printable = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{offset:06X}  {codes}  {printable}")
    return "\n".join(lines)


def text_of(raw: bytes) -> tuple[str, str]:
    """Bytes as text, and the encoding that read them; what it could not read is shown as escapes."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding), encoding.upper()
        except UnicodeDecodeError:
            continue
    return raw.decode("ascii", "backslashreplace"), "ASCII"


def visible_frame(request: Request, frame_id: int) -> Frame:
    """A frame the person may see (``scoped.frames``)."""
    try:
        frame = store().frame(frame_id)
    except KeyError:
        raise Http404 from None
    if not scoped.frames(request.user, frame.status).hold(frame.mn):
        raise Http404
    return frame


def frame_context(frame: Frame) -> dict[str, Any]:
    text, encoding = text_of(frame.raw)
    return {"frame": frame, "text": text, "encoding": encoding, "hex": hex_lines(frame.raw)}


@needs("see_raw_frames")
def frame(request: Request, frame_id: int) -> HttpResponse:
    found = visible_frame(request, frame_id)
    point = scoped.points(request.user).filter(mn=found.mn).first() if found.mn else None
    return render(
        request,
        "web/monitoring/frame.html",
        frame_context(found)
        | {
            "point": point,
            "may_replay": request.user.may("replay_frames") and found.status == "quarantined",
        },
    )


@require_POST
@needs("replay_frames")
def replay(request: Request) -> HttpResponse:
    """Try chosen frames again, as they came, and say what became of each."""
    chosen = [
        number
        for text in request.POST.getlist("frame")
        if (number := asked.number(text)) is not None
    ]
    if not chosen:
        messages.error(request, _("没有选择报文：请勾选要重放的报文。"))
        return redirect("quarantine")
    for number in chosen:
        visible_frame(request, number)
    results = replaying.replay(chosen, request.user)
    done = [result for result in results if result.ok]
    if done:
        messages.success(
            request,
            _("已重放 %(count)d 条报文，入库 %(values)d 个值。")
            % {"count": len(done), "values": sum(result.observations for result in done)},
        )
    for result in [result for result in results if not result.ok][:10]:
        messages.error(
            request,
            _("报文 #%(number)d 仍不能入库：%(reason)s")
            % {"number": result.frame_id, "reason": reason_words(result.reason)},
        )
    if len(chosen) == 1:
        return redirect("frame", chosen[0])
    return redirect("quarantine")
