"""Requests that end unanswered: for more time with its clock, for another unit once the owner changed otherwise."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.matters import deadlines, notices, requests, timeline
from ecoledger.matters.models import Extension, Matter


def end_requests(matter: Matter, at: datetime) -> None:
    """End what was asked of clocks of ``matter`` that have stopped; tell who asked."""
    pending = Extension.objects.filter(
        clock__matter_id=matter.pk, clock__stopped_at__isnull=False, approved=None
    )
    for extension in pending.select_related("clock", "asked_by"):
        clock = extension.clock
        extension.approved, extension.decided_at = False, at
        extension.save(update_fields=["approved", "decided_at"])
        timeline.record(
            matter,
            name="extension_lapsed",
            label=noop("延期申请终止"),
            by=None,
            at=at,
            note=_("“%s”已停止计时，申请不再审批。") % clock.label,
            form={
                "clock": clock.label,
                "length": extension.length,
                "unit": deadlines.extension_unit(clock),
            },
        )
        notices.tell(
            [extension.asked_by],
            noop("%(number)s 的延期申请未经审批即终止：“%(clock)s”已停止计时")
            % {"number": matter.number, "clock": clock.label},
            matter=matter,
            at=at,
        )


def end_transfer(matter: Matter, at: datetime) -> None:
    """End the asking for another unit that stands on ``matter``, whose owner changed; tell who asked."""
    asked = requests.transfer_asked(matter)
    if asked is None:
        return
    timeline.record(
        matter,
        name=requests.LAPSED,
        label=noop("转办申请终止"),
        by=None,
        at=at,
        note=_("责任单位或责任人已变更，申请不再审批。"),
    )
    if asked.person is not None:
        text = noop("%(number)s 的转办申请未经答复即终止：责任单位或责任人已变更") % {
            "number": matter.number
        }
        notices.tell([asked.person], text, matter=matter, at=at)
