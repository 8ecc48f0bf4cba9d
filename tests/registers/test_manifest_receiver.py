"""The receiver of a transfer sees what is under way to it, and says what arrived; nobody else's firm does either."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Enterprise
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.matters import actions, inbox, sight
from ecoledger.registers.waste.disposal_capacity import DisposalUnit
from ecoledger.registers.waste.manifests import MANIFEST

pytestmark = pytest.mark.django_db
NORTH = "990101001"
WASTE = {"name": "废矿物油", "code": "900-249-08", "moved": "2"}
LEG = {"carrier": "运输公司", "plate": "闽C00000", "vehicle": "公路危货车"}


def of_firm(code, name):
    """A firm and one who works for it."""
    firm = Enterprise.objects.create(code=code, name=name, area_code=NORTH)
    unit = Organisation.objects.create(name=name, kind="enterprise", entity_code=code)
    person = Person.objects.create(
        username=code, name=name, roles=["enterprise"], organisation=unit
    )
    return firm, person


@pytest.fixture
def receiver(bureau):
    """The people of a firm whose licensed unit goes by a name of its own."""
    firm, person = of_firm("E-7", "绿源环保")
    DisposalUnit.objects.create(code="D-7", name="绿源处置中心", area_code=NORTH, parent=firm)
    return person


def under_way(bureau, name="绿源处置中心"):
    sender = bureau.people["enterprise"]
    values = {"entity": bureau.enterprise, "receiver": name, "area_code": NORTH}
    row = actions.open_matter(MANIFEST, values, by=sender, lines={"items": [WASTE], "legs": [LEG]})
    return sender, row


def test_the_receiver_sees_and_confirms_what_comes_to_it(bureau, receiver):
    sender, row = under_way(bureau)
    _firm, stranger = of_firm("E-8", "不相干的企业")
    assert not MANIFEST.visible_to(receiver).exists(), "a draft is the sender's alone"
    with pytest.raises(NotVisible):
        actions.find(row.pk, receiver)
    form = {"manifest_no": "20263500000001", "handed_on": timezone.now() - timedelta(hours=1)}
    actions.perform(row.pk, "hand_over", by=sender, form=form)
    assert row.pk not in {m.pk for m in inbox.waiting_for(receiver)}
    with pytest.raises(Refused, match="对方单位"):
        actions.perform(row.pk, "depart", by=receiver)
    for step in ("depart", "arrive"):
        actions.perform(row.pk, step, by=sender)
    assert [m.pk for m in inbox.waiting_for(receiver)] == [row.pk]
    assert inbox.load(receiver).waiting == 1
    assert row.pk not in {m.pk for m in inbox.waiting_for(sender)}
    assert receiver.notices.filter(matter=row).exists()
    client = Client()
    client.force_login(receiver)
    page = client.get(f"/matters/waste_manifest/{row.pk}").content.decode()
    for told in ("20263500000001", "废矿物油", "接受人确认", "/lines/items"):
        assert told in page
    item = row.items.get()
    filled = WASTE | {"id": item.pk, "accepted": "1.98"}
    with pytest.raises(Refused, match="不再修改"):
        actions.set_lines(row.pk, "items", [filled | {"moved": "1"}], by=receiver)
    actions.set_lines(row.pk, "items", [filled], by=receiver)
    said = {"accepted_on": timezone.now(), "outcome": "whole"}
    with pytest.raises(NotVisible):
        actions.perform(row.pk, "accept", by=stranger, form=said)
    assert actions.perform(row.pk, "accept", by=receiver, form=said).state == "accepted"
    row.refresh_from_db()
    assert row.accepted == item.moved - item.moved / 100
    for person, hears in ((sender, True), (receiver, True), (stranger, False)):
        assert sight.Sight.of(person).sees(sight.said_of(row)) is hears, person.name
        assert MANIFEST.visible_to(person).exists() is hears, person.name


def test_a_name_that_two_firms_bear_opens_the_manifest_to_neither(bureau, receiver):
    _firm, other = of_firm("E-9", "绿源处置中心")
    _sender, row = under_way(bureau)
    assert row.receiver_firm is None
    assert not any(MANIFEST.visible_to(person).exists() for person in (receiver, other))


def test_the_receiver_of_a_draft_follows_its_name(bureau, receiver):
    sender, row = under_way(bureau, "别处的处置公司")
    assert row.receiver_firm is None
    actions.amend(row.pk, {"receiver": "绿源处置中心"}, event="edit", label="修改", by=sender)
    row.refresh_from_db()
    assert row.receiver_firm.code == "E-7"
