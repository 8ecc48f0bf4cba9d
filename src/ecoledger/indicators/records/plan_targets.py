"""What stands behind a target that a person reports: the target itself and who changed it when."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.accounts.models import AuditEntry
from ecoledger.indicators import doors, target_book
from ecoledger.indicators.figures import written
from ecoledger.indicators.records.declaring import (
    Asked,
    Cell,
    Column,
    Fact,
    NotThere,
    Page,
    Row,
    table,
)
from ecoledger.registers.plan.target_book import TARGETS


@table(doors.PLAN_TARGETS)
def reported_target(asked: Asked) -> Page:
    """A target's reported values by the audit trail."""
    target = TARGETS.visible_to(asked.person).filter(pk=asked.number("id")).first()
    if target is None:
        raise NotThere("id")
    changes = AuditEntry.objects.filter(
        action__in=("plan_target.open", "plan_target.change"), object_id=str(target.pk)
    ).select_related("person")
    rows = []
    for entry in changes.order_by("pk"):
        said = entry.details.get("reported")
        if said is None:
            continue
        value = said[1] if isinstance(said, list) else said
        rows.append(
            Row((Cell(entry.at, "moment"), Cell(str(entry.person or "")), Cell(str(value))))
        )
    told = (
        _("还没有填报")
        if target.reported is None
        else written(f"{float(target.reported):.10g}", target.unit)
    )
    return Page(
        f"{target.book} · {target.name}",
        (Column("时间", lead=True), Column("填报人"), Column("填报值")),
        rows,
        facts=(Fact("目标", (_(target_book.goal(target)),)), Fact("填报值", (told,))),
        # A value that was there when the book was entered has no further trail.
        empty="还没有填报。" if target.reported is None else "填报值随目标一并登记，没有再改。",
    )
