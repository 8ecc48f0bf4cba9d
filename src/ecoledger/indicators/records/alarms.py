"""Alarms raised in a span."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.indicators import casework, doors
from ecoledger.indicators.records.declaring import (
    Asked,
    Cell,
    Column,
    Page,
    Row,
    Rows,
    between,
    table,
)
from ecoledger.monitoring.models import Alarm, AlarmRule


@table(doors.ALARMS)
def alarms(asked: Asked) -> Page:
    """Those that filings silenced, or the others, or those of one detector."""
    begin, end = asked.span()
    mine = asked.see.alarms(asked.person).values("pk")
    rows = casework.raised(asked.area(), begin, end).filter(pk__in=mine)
    state, detector = asked.text("state"), asked.text("detector")
    if state == "silenced":
        rows = rows.filter(state__in=Alarm.QUIET)
    elif state == "loud":
        rows = rows.exclude(state__in=Alarm.QUIET)
    known = dict(AlarmRule.Detector.choices)
    if detector in AlarmRule.Detector.values:
        rows = rows.filter(rule__detector=detector)
    kind = f"{_(str(known[detector]))} · " if detector in known else ""
    return Page(
        between("静默和并入的预警" if state == "silenced" else "产生的预警", begin, end),
        (
            Column("产生时间", lead=True), Column("等级"), Column("监测点"), Column("预警类型"),
            Column("内容"), Column("状态"),
        ),
        Rows(rows.select_related("rule", "point").order_by("-raised_at", "-pk"), _alarm),
        notes=(f"{kind}{_('共 %(count)s 条') % {'count': rows.count()}}",),
        empty="这段时间没有这样的预警。",
    )  # fmt: skip


def _alarm(alarm: Alarm) -> Row:
    return Row(
        (
            Cell(alarm.raised_at, "moment", opens=doors.ALARM.opens(id=str(alarm.pk))),
            Cell(alarm.level, "level", note=alarm.get_level_display()),
            Cell(alarm.point.name),
            Cell(_(str(alarm.rule.get_detector_display()))),
            Cell(alarm.text),
            Cell(_(str(alarm.get_state_display()))),
        ),
        {"alarm": str(alarm.pk)},
    )
