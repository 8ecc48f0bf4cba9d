"""Giving a matter to another owner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Organisation, Person
from ecoledger.listings import forms
from ecoledger.listings.refusals import Refused
from ecoledger.matters import notices, timeline
from ecoledger.matters.actions.access import keep, locked, owns
from ecoledger.matters.register import register_of


@transaction.atomic
def assign(
    matter_id: int,
    *,
    by: Person | None,
    organisation: Organisation | None = None,
    person: Person | None = None,
    reason: str = "",
    at: datetime | None = None,
    revision: int | None = None,
) -> Any:
    """Give the matter to another owner (转办): managers of the register, or the present owner."""
    at = at or timezone.now()
    matter = locked(matter_id, by, revision)
    register = register_of(matter.register)
    if by is not None and not register.may_manage(by) and not owns(matter, by):
        raise Refused("role", _("转办由调度人员或当前责任人办理。"), _("请联系调度人员。"))
    if person is not None:
        if not register.visible_to(person).filter(pk=matter.pk).exists():
            raise Refused(
                "area",
                _("%(person)s的数据范围不含此事项的属地，看不到它。") % {"person": person},
                _("请选择有此范围的人员，或先请安全管理员调整其范围。"),
                {"person": [_("数据范围不含此属地")]},
            )
        organisation = organisation or person.organisation
        if organisation is not None and person.organisation_id != organisation.pk:
            raise Refused(
                "form",
                _("%(person)s不属于%(organisation)s。")
                % {"person": person, "organisation": organisation},
                fields={"person": [_("与单位不符")]},
            )
    before = {
        "organisation": forms.as_json(matter.owner_organisation),
        "person": forms.as_json(matter.owner),
    }
    matter.owner_organisation, matter.owner = organisation, person
    keep(matter)
    timeline.record(
        matter,
        name="assign",
        label=noop("转办"),
        by=by,
        at=at,
        note=reason,
        form={
            "before": before,
            "organisation": forms.as_json(organisation),
            "person": forms.as_json(person),
        },
    )
    notices.tell_next(matter, by, at)
    return matter
