"""One edit of many matters, undone as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.listings import forms
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.listings.unchanged import same
from ecoledger.matters import timeline
from ecoledger.matters.actions.access import locked, refuse_settled
from ecoledger.matters.actions.amending import change
from ecoledger.matters.models import BatchEdit, Matter
from ecoledger.matters.register import Register


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
    asks = [
        replace(ask, required=False)
        for ask in register.open_asks(by, register.batch)
        if ask.stores and data.get(ask.name) not in (None, "", [])
    ]
    if not asks:
        raise Refused("form", _("没有填写要修改的内容。"))
    cleaned = forms.stored(asks, forms.cleaned(asks, register.model, data, person=by))
    matters = [locked(pk, by) for pk in dict.fromkeys(matter_ids)]
    if not matters:
        raise Refused("form", _("没有选择事项。"))
    _refuse_outside(register, matters, by)
    for matter in matters:
        refuse_settled(
            matter,
            [name for name, said in cleaned.items() if not same(getattr(matter, name), said)],
        )
    edit = BatchEdit.objects.create(
        register=register.key,
        person=by,
        at=at,
        changes={name: forms.as_json(value) for name, value in cleaned.items()},
        before={str(m.pk): {name: _plain_value(m, name) for name in cleaned} for m in matters},
    )
    for matter in matters:
        before = change(matter, cleaned, at)
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
    matters = [locked(int(key), by) for key in edit.before]
    _refuse_outside(register, matters, by)
    kept = []
    for matter in matters:
        before = edit.before[str(matter.pk)]
        last = matter.events.last()
        if last is None or last.form.get("batch") != edit.pk:
            kept.append(matter)
            continue
        try:
            with transaction.atomic():
                change(
                    matter, {n: _restored(register, n, value) for n, value in before.items()}, at
                )
        except Refused:
            kept.append(matter)
            continue
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


def _refuse_outside(register: Register, matters: Iterable[Matter], by: Person) -> None:
    outside = [matter.number for matter in matters if not register.manages(by, matter)]
    if outside:
        raise Refused(
            "area",
            _("%s的属地不在您的数据范围内，不能批量修改。") % "、".join(outside[:5]),
            _("请去掉这些事项，或请调度人员办理。"),
        )


def _restored(register: Register, attribute: str, value: Any) -> Any:
    model_field: Any = register.model._meta.get_field(attribute)
    if not model_field.is_relation:
        return model_field.to_python(value)
    return model_field.related_model._base_manager.filter(pk=value).first()


def _plain_value(matter: Matter, attribute: str) -> Any:
    model_field: Any = matter._meta.get_field(attribute)
    return forms.as_json(getattr(matter, model_field.attname))
