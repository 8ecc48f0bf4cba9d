"""What was previewed becomes matters, is withdrawn as a whole, and is brought back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.listings import forms
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.matters import actions, notices
from ecoledger.matters.importing.checking import problem, row_form
from ecoledger.matters.models import ImportBatch, Matter
from ecoledger.matters.register import Register

# Rows made in one transaction.
PORTION = 50


def _batch(register: Register, batch_id: int, by: Person) -> ImportBatch:
    """The batch, locked; only who uploaded it and the register's managers know of it."""
    batch = (
        ImportBatch.objects.select_for_update().filter(pk=batch_id, register=register.key).first()
    )
    if batch is None or (batch.person_id != by.pk and not register.may_manage(by)):
        raise NotVisible(f"import {batch_id}")
    return batch


def accept(
    register: Register, batch_id: int, *, by: Person, at: datetime | None = None
) -> tuple[int, int]:
    """Make matters of the rows without errors; (made, left out). Rows refused now gain their reason.

    Done in portions, each in a transaction of its own, so that a long table does not keep everyone
    else waiting. Broken off, it is accepted again and goes on where it stopped.
    """
    at = at or timezone.now()
    while _accept_portion(register, batch_id, by, at):
        pass
    with transaction.atomic():
        batch = _batch(register, batch_id, by)
        made = sum(1 for row in batch.rows if "matter" in row)
        if not made:
            raise Refused("form", _("没有一行可以导入。"), _("请按各行的提示改正后重新上传。"))
        batch.state, batch.accepted_at = ImportBatch.State.ACCEPTED, at
        batch.save()
        matter = register.model._default_manager.filter(import_batch=batch)[0]
        notices.tell(
            notices.whose_turn(matter),
            f"{batch.file_name} 导入 {made} 件，等待办理",
            link=f"/matters/{register.key}?open=1",
            at=at,
            but=by,
        )
    return made, len(batch.bad)


@transaction.atomic
def _accept_portion(register: Register, batch_id: int, by: Person, at: datetime) -> bool:
    """Make the next rows; whether there were any."""
    batch = _batch(register, batch_id, by)
    if batch.state != ImportBatch.State.PREVIEW:
        raise Refused("state", _("这批数据已经处理过。"), _("请刷新页面。"))
    if batch.person_id != by.pk:
        raise Refused("role", _("由上传人确认导入。"))
    portion = [r for r in batch.rows if not r["errors"] and "matter" not in r][:PORTION]
    for row in portion:
        try:
            with transaction.atomic():
                _make(register, batch, row, by, at)
        except Refused as refused:
            row.pop("matter", None)
            row["errors"].append(
                problem("", "", " ".join(filter(None, (refused.why, refused.remedy))))
            )
    if portion:
        batch.save(update_fields=["rows"])
    return bool(portion)


def _make(
    register: Register,
    batch: ImportBatch,
    row: dict[str, Any],
    by: Person,
    at: datetime,
) -> None:
    form = row_form(register, row["values"], by)
    if not form.is_valid():
        raise Refused("form", "；".join(m for ms in forms.problems(form).values() for m in ms))
    asks = [column.ask for column in register.import_columns]
    given = {
        name: value
        for name, value in forms.stored(asks, form.cleaned_data).items()
        if value not in (None, "")
    }
    matter = actions.open_matter(
        register,
        given | {"origin": batch.file_name},
        by=by,
        at=at,
        batch=batch,
        form={"file": batch.file_name, "row": row["row"], **row["cells"]},
    )
    row["matter"] = matter.pk
    if register.imports is not None and register.imports.after is not None:
        register.imports.after(matter, row["values"], by, at)
    if register.imports is not None and register.imports.duplicate_of:
        original = str(row["values"].get(register.imports.duplicate_of) or "").strip()
        if original:
            _merge_into(register, matter, original, by, at)


def _merge_into(
    register: Register, matter: Matter, original: str, by: Person, at: datetime
) -> None:
    """A row that names the key of another becomes its duplicate, linked."""
    key = register.imports.key[0] if register.imports else "number"
    there = register.visible_to(by).filter(**{key: original}, merged_into=None)
    target = there.exclude(pk=matter.pk).order_by("pk").first()
    if target is None:
        label = register.derive.ask(key).label
        raise Refused(
            "form",
            _("没有%(label)s为“%(original)s”的事项可以并入。")
            % {"label": _(str(label)), "original": original},
            _("请核对“重复于”一列，或先导入原件。"),
        )
    actions.merge([matter.pk], target.pk, by=by, reason=noop("导入时标明重复"), at=at)


@transaction.atomic
def discard(register: Register, batch_id: int, *, by: Person) -> None:
    """Put a preview aside."""
    batch = _batch(register, batch_id, by)
    if batch.state != ImportBatch.State.PREVIEW:
        raise Refused("state", _("这批数据已经处理过。"))
    if any("matter" in row for row in batch.rows):
        raise Refused("state", _("这批数据导入到一半。"), _("请继续导入，再整批撤销。"))
    batch.state = ImportBatch.State.DISCARDED
    batch.save()


@transaction.atomic
def undo(register: Register, batch_id: int, *, by: Person, at: datetime | None = None) -> list[Any]:
    """Withdraw every matter of the batch. Those worked on since stay and are returned."""
    at = at or timezone.now()
    batch = _batch(register, batch_id, by)
    if batch.state != ImportBatch.State.ACCEPTED:
        raise Refused("state", _("只有已导入的批次可以撤销。"))
    kept = []
    for matter in register.model._default_manager.filter(import_batch=batch, withdrawn_at=None):
        worked_on = matter.events.exclude(
            transition__in=("open", "merged", "absorbed", "withdrawn", "restored")
        ).exists()
        if worked_on:
            kept.append(matter)
            continue
        actions.withdraw(matter, by=by, label=noop("撤销导入"), at=at)
    batch.state, batch.undone_at, batch.undone_by = ImportBatch.State.UNDONE, at, by
    batch.save()
    return kept


@transaction.atomic
def redo(register: Register, batch_id: int, *, by: Person, at: datetime | None = None) -> int:
    """Bring back what :func:`undo` withdrew; how many."""
    at = at or timezone.now()
    batch = _batch(register, batch_id, by)
    if batch.state != ImportBatch.State.UNDONE:
        raise Refused("state", _("这批数据没有撤销。"))
    count = 0
    for matter in register.model._default_manager.filter(import_batch=batch).exclude(
        withdrawn_at=None
    ):
        actions.restore(matter, by=by, label=noop("恢复导入"), at=at)
        count += 1
    batch.state, batch.undone_at, batch.undone_by = ImportBatch.State.ACCEPTED, None, None
    batch.save()
    return count
