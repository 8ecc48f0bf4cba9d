"""断面专项帮扶 (mechanism W10): the visits of a year, what they found, and what became of it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.books.models import DriveTask
from ecoledger.indicators import doors, helping
from ecoledger.indicators.records.declaring import Cell, Column, Fact, Page, Row
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.water.section_help import HELP
from ecoledger.web.access import Request, needs
from ecoledger.web.rivers import asked


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    year = asked.year(request)
    rows = helping.followed(request.user, year)
    context = {
        "heading": "断面专项帮扶跟踪",
        "year": year,
        "panels": (("帮扶跟踪", _visits(rows)),),
        "doors": ((HELP.label, HELP.url), (PROBLEMS.label, f"{PROBLEMS.url}?entity_kind=section")),
    }
    return render(request, "web/rivers/month.html", context)


def _visits(rows: list[helping.Helped]) -> Page:
    done = [row for row in rows if row.task.state == DriveTask.State.DONE]
    facts = (
        Fact("帮扶断面次", (f"{len(done)} / {sum(1 for row in rows if row.task.state != DriveTask.State.LEFT_OUT)}",)),
        Fact("发现问题", (str(sum(row.found for row in rows)),)),
        Fact("已销号", (str(sum(row.closed for row in rows)),)),
        Fact("帮扶后类别改善", (str(sum(1 for row in done if row.better)),)),
    )  # fmt: skip
    lines = [
        Row(
            (
                Cell(row.section.name, opens=doors.ROW.opens(url=f"/entities/{row.section.pk}")),
                Cell(row.drive.name, opens=doors.ROW.opens(url=HELP.url_of(row.drive))), Cell(_(row.task.get_state_display())),
                Cell(row.task.done_at, "moment") if row.task.done_at else Cell("—"),
                Cell(row.before, "water"), Cell(row.after, "water"),
                Cell(f"{row.closed} / {row.found}", opens=doors.ROW.opens(url=f"{PROBLEMS.url}?about={row.section.pk}")),
                Cell(row.task.note or row.task.reason or "—"),
            ),
            {"helped": row.section.name},
            counted=bool(row.better),
        )
        for row in rows
    ]  # fmt: skip
    return Page(
        "",
        (
            Column("断面", lead=True), Column("行动"), Column("状态"), Column("时间"), Column("帮扶前类别", "chip"),
            Column("帮扶后类别", "chip"), Column("已销号 / 问题"), Column("说明"),
        ),
        lines,
        facts=facts,
        notes=(_("帮扶前为行动开始的上一个月，帮扶后为行动结束的下一个月；还没有数据的不评价。"),),
        empty="本年还没有帮扶。",
    )  # fmt: skip
