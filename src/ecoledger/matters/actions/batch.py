"""One edit of many matters, undone as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.matters import deadlines, forms, timeline
from ecoledger.matters.actions.access import keep, locked
from ecoledger.matters.models import BatchEdit, Matter
from ecoledger.matters.refusals import NotVisible, Refused
from ecoledger.matters.register import Register, register_of
from ecoledger.matters.workflow import Unit


@transaction.atomic
def batch_edit(
    register: Register,
    matter_ids: Iterable[int],
    data: Mapping[str, Any],
    *,
    by: Person,
    reason: str = "",
    at: datetime | None = None,
) -> BatchEdit:
    """Change the register's ``batch_fields`` named in ``data`` on many matters; undone as a whole."""
    at = at or timezone.now()
    if not register.may_manage(by):
        raise Refused("role", _("批量修改由调度人员或局领导办理。"))
    fields = [f for f in register.batch_fields if data.get(f.name) not in (None, "", [])]
    if not fields:
        raise Refused("form", _("没有填写要修改的内容。"))
    cleaned = forms.cleaned(fields, data, None, by)
    matters = [locked(pk, by) for pk in dict.fromkeys(matter_ids)]
    if not matters:
        raise Refused("form", _("没有选择事项。"))
    edit = BatchEdit.objects.create(
        register=register.key,
        person=by,
        at=at,
        changes={f.name: forms.as_json(cleaned[f.name]) for f in fields},
        before={str(m.pk): {f.stores: _plain_value(m, f.stores) for f in fields} for m in matters},
    )
    for matter in matters:
        before = {f.name: forms.as_json(getattr(matter, f.stores)) for f in fields}
        for f in fields:
            setattr(matter, f.stores, cleaned[f.name])
        _keep_owner_in_organisation(matter)
        keep(matter)
        _recount_dates(matter, at)
        timeline.record(
            matter,
            name="edit",
            label=noop("批量修改"),
            by=by,
            at=at,
            note=reason,
            form={"batch": edit.pk, "before": before, **edit.changes},
        )
    return edit


@transaction.atomic
def undo_batch_edit(
    register: Register, edit_id: int, *, by: Person, at: datetime | None = None
) -> list[Any]:
    """Put back what a batch edit changed. Matters acted on since keep what they have and are returned."""
    at = at or timezone.now()
    if not register.may_manage(by):
        raise Refused("role", _("撤销批量修改由调度人员或局领导办理。"))
    edit = BatchEdit.objects.select_for_update().filter(pk=edit_id, register=register.key).first()
    if edit is None:
        raise NotVisible(f"batch edit {edit_id}")
    if edit.undone_at is not None:
        raise Refused("state", _("这次批量修改已经撤销。"))
    kept = []
    for key, before in edit.before.items():
        matter = locked(int(key), by)
        last = matter.events.last()
        if last is None or last.form.get("batch") != edit.pk:
            kept.append(matter)
            continue
        for attribute, value in before.items():
            model_field: Any = register.model._meta.get_field(attribute)
            setattr(matter, model_field.attname, model_field.to_python(value))
        keep(matter)
        _recount_dates(matter, at)
        timeline.record(
            matter,
            name="edit_undone",
            label=noop("撤销批量修改"),
            by=by,
            at=at,
            form={"undone": edit.pk},
        )
    edit.undone_at, edit.undone_by = at, by
    edit.save()
    return kept


def _plain_value(matter: Matter, attribute: str) -> Any:
    model_field: Any = matter._meta.get_field(attribute)
    return forms.as_json(getattr(matter, model_field.attname))


def _keep_owner_in_organisation(matter: Matter) -> None:
    """A person of another organisation is no longer the owner once the organisation changed."""
    if matter.owner is not None and matter.owner.organisation_id != matter.owner_organisation_id:
        matter.owner = None


def _recount_dates(matter: Matter, at: datetime) -> None:
    """Clocks that run to the matter's own date follow it when the date is changed."""
    rules = register_of(matter.register).workflow.clocks
    names = {r.name for r in rules if r.deadline_field}
    for clock in deadlines.running(matter):
        if clock.name in names and clock.unit == Unit.DATE:
            clock.delete()
    deadlines.follow_state(matter, at)
