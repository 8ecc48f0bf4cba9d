"""What somebody holds goes to another as one, is seen before, and comes back when it was a mistake."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from ecoledger.accounts import appointing, deputies, handover, keys
from ecoledger.accounts.models import AuditEntry, Deputy, HandOver, Person
from ecoledger.entities import charges
from ecoledger.entities.models import Charge
from ecoledger.matters import actions, chain
from ecoledger.matters.models import Matter
from ecoledger.registers.problems.problem_ledger import REGISTER

NORTH, SOUTH = "990101001", "990101002"


@pytest.fixture
def held(bureau, people):
    """The officer owns two open problems and answers for a section."""
    matters = []
    for area in (NORTH, SOUTH):
        given = {"title": f"河岸堆放{area}", "area_code": area, "origin_kind": "self"}
        matter = actions.open_matter(REGISTER, given, by=people["dispatcher"])
        actions.assign(matter.pk, by=people["dispatcher"], person=people["officer"])
        matters.append(matter)
    role = next(iter(charges.ROLES))
    charge = Charge.objects.create(
        entity=bureau.section,
        role=role,
        person=people["officer"],
        since=date(2025, 1, 1),
    )
    return matters, charge


def texts(giver, taker=None):
    return {
        p.key: [(i.text, bool(i.hindrance)) for i in items]
        for p, items in handover.preview(giver, taker)
    }


def test_it_is_seen_before_what_goes_and_what_stays(held, people):
    people["officer2"].area_codes = [NORTH]
    people["officer2"].save()
    seen = texts(people["officer"], people["officer2"])
    assert [blocked for _text, blocked in seen["matters"]] == [False, True]
    assert [blocked for _text, blocked in seen["charges"]] == [False]
    # Nor what an administrator of the system would never see.
    seen = texts(people["officer"], people["audit_admin"])
    assert [blocked for _text, blocked in seen["matters"]] == [True, True]


def test_everything_goes_and_comes_back(held, people):
    matters, charge = held
    officer, successor = people["officer"], people["officer2"]
    now = timezone.now()
    deputies.name_deputy(officer, officer, successor, now, now + timedelta(days=5))
    keys.make_key(officer, "app")
    row = handover.hand_over(
        people["security_admin"], officer, successor, leaves=True, reason="调离"
    )
    assert {m.owner for m in Matter.objects.filter(pk__in=[m.pk for m in matters])} == {successor}
    assert charges.charged_to(officer).count() == 0
    (taken,) = charges.charged_to(successor)
    assert taken.since == timezone.localdate()
    charge.refresh_from_db()
    assert charge.until == timezone.localdate() - timedelta(days=1)
    left = Person.objects.get(pk=officer.pk)
    assert not left.is_active
    assert not any(key.valid for key in left.api_keys.all())
    assert not deputies.principals_of(successor).exists()
    assert chain.first_broken_overall() is None
    entry = AuditEntry.objects.get(action="hand_over")
    assert entry.details["given"] == {"charges": 1, "matters": 2}

    assert handover.undo(people["security_admin"], row) == 3
    assert {m.owner for m in Matter.objects.filter(pk__in=[m.pk for m in matters])} == {officer}
    assert charges.charged_to(officer).count() == 1
    assert Person.objects.get(pk=officer.pk).is_active
    assert Deputy.objects.get().until > timezone.now()
    with pytest.raises(ValidationError):
        handover.undo(people["security_admin"], row)


def test_an_account_that_was_closed_since_for_another_reason_stays_closed(held, people):
    security, officer = people["security_admin"], people["officer"]
    row = handover.hand_over(security, officer, people["officer2"], leaves=True)
    officer.refresh_from_db()
    appointing.apply(security, officer, {"active": True})
    appointing.apply(security, officer, {"active": False})
    handover.undo(security, row)
    assert not Person.objects.get(pk=officer.pk).is_active


def test_what_the_successor_gave_on_is_not_taken_from_the_third(held, people):
    matters, _charge = held
    row = handover.hand_over(people["security_admin"], people["officer"], people["officer2"])
    actions.assign(matters[0].pk, by=people["dispatcher"], person=people["monitor"])
    handover.undo(people["security_admin"], row)
    assert Matter.objects.get(pk=matters[0].pk).owner == people["monitor"]
    assert Matter.objects.get(pk=matters[1].pk).owner == people["officer"]


def test_only_the_security_administrator_and_never_to_oneself(held, people):
    with pytest.raises(PermissionDenied):
        handover.hand_over(people["leader"], people["officer"], people["officer2"])
    with pytest.raises(ValidationError):
        handover.hand_over(people["security_admin"], people["officer"], people["officer"])


def test_the_page_previews_does_and_undoes(held, people, client):
    client.force_login(people["security_admin"])
    address = f"/people/{people['officer'].pk}/hand-over"
    assert "河岸堆放" in client.get(address).content.decode()
    form = {"taker": people["officer2"].pk, "reason": "轮岗"}
    seen = client.post(address, form | {"step": "preview"}).content.decode()
    assert "确认交接" in seen
    assert not HandOver.objects.exists()
    assert client.post(address, form | {"step": "do"}).status_code == 302
    row = HandOver.objects.get()
    assert client.post(f"/hand-overs/{row.pk}/undo").status_code == 302
    assert Matter.objects.filter(owner=people["officer"]).count() == 2
    client.force_login(people["leader"])
    assert client.get(address).status_code == 403
