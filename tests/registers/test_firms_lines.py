"""A firm fills in the lines of its own draft, and those that its step asks for; nobody takes that right elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ecoledger.accounts.models import Organisation, Person
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.registers.credit.subsidies import SUBSIDIES
from ecoledger.registers.waste.manifest_lines import LINES as TRANSFERS
from ecoledger.registers.waste.manifests import MANIFEST

pytestmark = pytest.mark.django_db
NORTH = "990101001"
WASTE = {"name": "废矿物油", "code": "900-249-08", "moved": "2"}


@pytest.fixture
def colleague(bureau):
    firm = bureau.people["enterprise"]
    return Person.objects.create(
        username="colleague", name="同事", roles=firm.roles, organisation=firm.organisation
    )


def draft(bureau, by, **more):
    values = {"entity": bureau.enterprise, "receiver": "处置公司", "area_code": NORTH}
    return actions.open_matter(MANIFEST, values, by=by, **more)


def test_a_firm_fills_its_own_draft_and_what_it_carries(bureau, colleague):
    firm = bureau.people["enterprise"]
    row = draft(bureau, firm)
    actions.set_lines(row.pk, "items", [WASTE], by=firm)
    actions.amend(row.pk, {"receiver": "另一处置公司"}, event="edit", label="修改", by=firm)
    form = {"manifest_no": "20263500000001", "handed_on": timezone.now() - timedelta(hours=1)}
    actions.perform(row.pk, "hand_over", by=firm, form=form)
    with pytest.raises(Refused):
        actions.amend(row.pk, {"receiver": "第三家"}, event="edit", label="修改", by=firm)
    item = row.items.get()
    with pytest.raises(Refused, match="修改由"):
        actions.set_lines(row.pk, "items", [WASTE | {"id": item.pk, "moved": "1"}], by=firm)
    # Who entered it works for another firm by now: what it entered stays the firm's.
    firm.organisation = Organisation.objects.create(
        name="别家", kind="enterprise", entity_code="E-9"
    )
    firm.save()
    leg = {"carrier": "运输公司", "plate": "闽C00000", "vehicle": "公路危货车"}
    actions.set_lines(row.pk, "legs", [leg], by=colleague)
    for step in ("depart", "arrive"):
        actions.perform(row.pk, step, by=colleague)
    # What came is the receiver's to say, and the sender accepts nothing of its own.
    with pytest.raises(Refused):
        actions.set_lines(row.pk, "items", [WASTE | {"id": item.pk, "accepted": "2"}], by=colleague)
    actions.set_lines(
        row.pk, "items", [WASTE | {"id": item.pk, "accepted": "2"}], by=bureau.officer
    )
    said = {"accepted_on": timezone.now(), "outcome": "whole"}
    third = Person.objects.create(
        username="third", name="又一人", roles=colleague.roles, organisation=colleague.organisation
    )
    for by in (colleague, third):
        with pytest.raises(Refused, match="对方单位"):
            actions.perform(row.pk, "accept", by=by, form=said)


def test_a_sender_hands_over_no_weight_that_the_receiver_finds(bureau):
    firm = bureau.people["enterprise"]
    row = draft(bureau, firm)
    actions.set_lines(row.pk, "items", [WASTE | {"accepted": "2"}], by=firm)
    form = {"manifest_no": NUMBER, "handed_on": timezone.now() - timedelta(hours=1)}
    with pytest.raises(Refused, match="接受量"):
        actions.perform(row.pk, "hand_over", by=firm, form=form)


def test_no_sender_accepts_what_the_bureau_handed_over_for_it(bureau):
    """Whoever handed it over, and even where the manifest was given to its account."""
    firm, officer = bureau.people["enterprise"], bureau.officer
    row = draft(bureau, officer, state="arrived", lines={"items": [WASTE]})
    actions.assign(row.pk, by=bureau.leader, organisation=firm.organisation)
    with pytest.raises(Refused, match="管理部门"):
        actions.amend(row.pk, {"receiver": "别处"}, event="edit", label="修改", by=firm)
    item = WASTE | {"id": row.items.get().pk, "accepted": "1.9"}
    actions.set_lines(row.pk, "items", [item], by=officer)
    said = {"accepted_on": timezone.now(), "outcome": "whole"}
    for step, form in (("accept", said), ("refuse", {"reason": "包装破损"})):
        with pytest.raises(Refused, match="对方单位"):
            actions.perform(row.pk, step, by=firm, form=form)
    assert actions.perform(row.pk, "accept", by=officer, form=said).state == "accepted"


NUMBER = "20263500000001"


def carried(bureau, code, moved):
    """A line as the list of manifests' lines takes it, from a form or a table."""
    return {
        "manifest__manifest_no": NUMBER, "manifest__entity": bureau.enterprise.entity_ptr, "name": "废物",
        "code": code, "moved": moved, "accepted": moved, "manifest__receiver": "处置公司",
        "manifest__handed_on": timezone.now(), "manifest__accepted_on": timezone.now(),
    }  # fmt: skip


def test_no_table_adds_waste_to_a_manifest_that_two_persons_ended(bureau):
    officer, second, now = bureau.officer, bureau.leader, timezone.now()
    row = draft(bureau, officer, lines={"items": [WASTE | {"accepted": "2"}]})
    form = {"manifest_no": NUMBER, "handed_on": now - timedelta(hours=1)}
    actions.perform(row.pk, "hand_over", by=officer, form=form)
    leg = {"carrier": "运输公司", "plate": "闽C00000", "vehicle": "公路危货车"}
    actions.set_lines(row.pk, "legs", [leg], by=officer)
    for step in ("depart", "arrive"):
        actions.perform(row.pk, step, by=officer)
    said = {"accepted_on": now, "outcome": "whole"}
    actions.perform(row.pk, "accept", by=second, form=said)
    more = carried(bureau, "900-349-34", 500)
    assert "不再修改" in TRANSFERS.wrong(more, officer)["manifest_no"]
    with pytest.raises(Refused, match="不再修改"):
        TRANSFERS.open_row(more, officer, now)
    assert row.items.count() == 1


def test_no_table_weighs_for_the_receiver_what_has_not_left(bureau):
    row = draft(bureau, bureau.people["enterprise"], lines={"items": [WASTE]})
    actions.amend(row.pk, {"manifest_no": NUMBER}, event="edit", label="修改", by=bureau.officer)
    more = carried(bureau, "900-349-34", 500)
    assert "接受量" in TRANSFERS.wrong(more, bureau.officer)["accepted"]
    assert TRANSFERS.wrong(more | {"accepted": None}, bureau.officer) == {}


def test_a_manifest_that_a_table_alone_told_of_is_told_further_by_it(bureau):
    for code in ("900-249-08", "900-349-34"):
        TRANSFERS.open_row(carried(bureau, code, 2), bureau.monitor, timezone.now())
    assert MANIFEST.model.objects.get().items.count() == 2


def test_a_firm_changes_its_application_until_somebody_takes_it_up(bureau):
    firm, clerk = bureau.people["enterprise"], bureau.approver
    kind = SUBSIDIES.model.Kind.values[0]
    values = {
        "entity": bureau.enterprise,
        "area_code": NORTH,
        "year": 2026,
        "kind": kind,
        "asked": 30,
    }
    row = actions.open_matter(SUBSIDIES, values, by=firm)
    actions.amend(row.pk, {"asked": 31}, event="edit", label="修改", by=firm)
    actions.assign(row.pk, by=bureau.leader, person=clerk)
    with pytest.raises(Refused):
        actions.amend(row.pk, {"asked": 32}, event="edit", label="修改", by=firm)
