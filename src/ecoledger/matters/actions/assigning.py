"""Giving a matter to another owner, or asking that it be given to another unit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import STAFF
from ecoledger.listings import forms
from ecoledger.listings.refusals import Refused
from ecoledger.matters import notices, requests, timeline
from ecoledger.matters.actions.access import keep, locked, owns
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import Register, register_of


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
    """Give the matter to another owner (转办): managers of the register, or the present owner within his own unit."""
    at = at or timezone.now()
    matter = locked(matter_id, by, revision)
    register = register_of(matter.register)
    if by is not None and not register.manages(by, matter) and not owns(matter, by):
        raise Refused("role", _("转办由%s或当前责任人办理。") % register.managers)
    if by is not None:
        _in_hand(register, matter)
    if person is not None:
        if refused := refusal_to_own(matter, person, organisation):
            raise refused
        organisation = organisation or person.organisation
        if organisation is not None and person.organisation_id != organisation.pk:
            raise Refused(
                "form",
                _("%(person)s不属于%(organisation)s。")
                % {"person": person, "organisation": organisation},
                fields={"person": [_("与单位不符")]},
            )
    if by is not None and must_ask(register, matter, by, organisation):
        raise Refused(
            "unit",
            _("转给其他单位须由调度人员决定。"),
            _("请用“申请转办”报调度人员，或在本单位内转办。"),
            {"organisation": [_("不是本单位")]},
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


def refusal_to_own(
    matter: Matter, person: Person, organisation: Organisation | None = None
) -> Refused | None:
    """Why ``matter`` cannot be given to ``person`` (of ``organisation``): he neither sees it nor would as one of its unit."""
    register = register_of(matter.register)
    of_unit = organisation is None or person.organisation_id == organisation.pk
    joins = of_unit and person.organisation_id is not None and person.has_role(*STAFF)
    confided = matter.circulation == Circulation.CONFIDED
    joins = joins and (not confided or person.has_role(*register.circle))
    if (joins and person.is_active and person.may(register.see)) or (
        register.visible_to(person).filter(pk=matter.pk).exists()
    ):
        return None
    if confided:
        return Refused(
            "role",
            _("%(person)s不在此事项的知悉范围内，不能交给他。") % {"person": person},
            _("请选择知悉范围内的人员。"),
            {"person": [_("不在知悉范围内")]},
        )
    return Refused(
        "area",
        _("%(person)s的数据范围不含此事项的属地，看不到它。") % {"person": person},
        _("请选择有此范围的人员，或先请安全管理员调整其范围。"),
        {"person": [_("数据范围不含此属地")]},
    )


def must_ask(
    register: Register, matter: Matter, by: Person, organisation: Organisation | None
) -> bool:
    """Whether ``by`` may only ask that the matter goes to ``organisation``: who does not manage it hands nothing on to
    another unit, nor to none, by himself; inside the bureau everybody does."""
    if register.manages(by, matter):
        return False
    if organisation is None:
        return matter.owner_organisation_id is not None
    if by.organisation is None:
        return False
    house = Organisation.Kind.BUREAU
    inside = by.organisation.kind == house and organisation.kind == house
    return organisation.pk != by.organisation_id and not inside


def _in_hand(register: Register, matter: Matter) -> None:
    """What is finished has its owner for good: nobody has anything to do there any more."""
    if not register.state_of(matter).open:
        raise Refused("state", _("该事项已经办结，不再转办。"), _("需要再办的，请先重新打开。"))


@transaction.atomic
def ask_transfer(
    matter_id: int,
    *,
    by: Person,
    organisation: Organisation,
    person: Person | None = None,
    reason: str = "",
    revision: int | None = None,
) -> Any:
    """Ask whoever manages the register that ``organisation`` take the matter (申请转办). It stays where it is until then."""
    at = timezone.now()
    matter = locked(matter_id, by, revision)
    register = register_of(matter.register)
    if not owns(matter, by):
        raise Refused("role", _("申请转办由当前责任人提出。"), _("请联系调度人员。"))
    _in_hand(register, matter)
    if not reason.strip():
        raise Refused("form", _("请写明转办原因。"), fields={"reason": [_("请填写")]})
    if requests.transfer_asked(matter) is not None:
        raise Refused("state", _("已有一份转办申请待答复。"), _("请等待调度人员答复。"))
    timeline.record(
        matter,
        name=requests.ASKED,
        label=noop("申请转办"),
        by=by,
        at=at,
        note=_("申请转给%(unit)s：%(reason)s") % {"unit": organisation, "reason": reason.strip()},
        form={"organisation": forms.as_json(organisation), "person": forms.as_json(person)},
    )
    notices.tell(
        notices.people_with(register.manage, matter.area_code),
        noop("%(number)s %(unit)s申请转办，请决定")
        % {"number": matter.number, "unit": by.organisation},
        matter=matter,
        at=at,
        but=by,
    )
    return matter


@transaction.atomic
def decline_transfer(matter_id: int, *, by: Person, reason: str = "") -> Any:
    """Say that the matter stays with its unit; who agrees hands it over (:func:`assign`)."""
    at = timezone.now()
    matter = locked(matter_id, by)
    asked = requests.transfer_asked(matter)
    if not register_of(matter.register).manages(by, matter):
        raise Refused("role", _("转办申请由调度人员答复。"))
    if asked is None:
        raise Refused("state", _("没有待答复的转办申请。"), _("请刷新页面。"))
    timeline.record(
        matter, name=requests.DECLINED, label=noop("不同意转办"), by=by, at=at, note=reason
    )
    if asked.person is not None:
        text = noop("%(number)s 的转办申请：不同意") % {"number": matter.number}
        notices.tell([asked.person], text, matter=matter, at=at)
    return matter
