"""Matters that an imported table made: announced once, linked to what they repeat, withdrawn and brought back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.matters import actions, notices
from ecoledger.matters.actions.following import SAID_TO_REPEAT, work_on
from ecoledger.matters.models import Matter

if TYPE_CHECKING:
    from ecoledger.listings.models import ImportBatch
    from ecoledger.matters.register import Register


def announce(
    register: Register, batch: ImportBatch, made: int, by: Person | None, at: datetime
) -> None:
    """Tell whose turn it is that a table came in: once, not row by row, and not of history."""
    matter = register.model._default_manager.filter(import_batch=batch, history=False).first()
    if matter is not None:
        notices.tell(
            notices.whose_turn(matter),
            f"{batch.file_name} 导入 {made} 件，等待办理",
            link=f"{register.url}?open=1",
            at=at,
            but=by,
        )


def link_repeat(
    register: Register,
    made: int | None,
    target: int | None,
    original: str,
    by: Person | None,
    at: datetime,
) -> None:
    """Let the matter a row says it repeats go on for it."""
    key = register.imports.key[0] if register.imports else "number"
    if target is None:
        there = register.standing().filter(**{f"{key}__iexact": original}, merged_into=None)
        target = there.exclude(pk=made).order_by("pk").values_list("pk", flat=True).first()
    if made is None or target is None or made == target:
        return
    actions.merge([made], target, by=by, reason=SAID_TO_REPEAT, at=at)


def withdraw(matter: Matter, by: Person | None, at: datetime) -> bool:
    """Hide an imported matter; not when somebody has worked on it, or what stays goes on in it."""
    if work_on(matter).exists():
        return False
    within = Matter.objects.filter(merged_into=matter, withdrawn_at=None)
    if any(
        other.import_batch_id != matter.import_batch_id or work_on(other).exists()
        for other in within
    ):
        return False
    actions.withdraw(matter, by=by, label=noop("撤销导入"), at=at)
    return True


def restore(register: Register, keys: list[int], by: Person | None, at: datetime) -> int:
    """Bring back imported matters that were withdrawn; how many."""
    rows = register.model._default_manager.filter(pk__in=keys).exclude(withdrawn_at=None)
    for matter in rows:
        actions.restore(matter, by=by, label=noop("恢复导入"), at=at)
    return len(rows)
