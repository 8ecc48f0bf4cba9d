"""What stands behind a target that a person reports: the target itself and who changed it when."""

from __future__ import annotations

from ecoledger.accounts.models import AuditEntry
from ecoledger.indicators import doors
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
    return Page(
        f"{target.book} · {target.name}",
        (Column("时间", lead=True), Column("填报人"), Column("填报值")),
        rows,
        facts=(
            Fact("目标", (f"{target.get_comparator_display()}{target.target or ''}{target.unit}",)),
        ),
        empty="还没有填报。",
    )
