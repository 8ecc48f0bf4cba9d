"""A policy in force is nobody's work until it is near its end; that it is renewed then is no relapse."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from ecoledger.matters import actions, inbox
from ecoledger.matters.evidence import Upload
from ecoledger.registers.credit.insurance import POLICIES

pytestmark = pytest.mark.django_db


def test_it_becomes_work_two_months_before_its_end(bureau):
    clerk, now = bureau.approver, timezone.now()
    first, last = timezone.localdate() - timedelta(days=100), timezone.localdate() + timedelta(200)
    policy = actions.open_matter(POLICIES, {
        "entity": bureau.enterprise, "insurer": "甲", "policy_no": "1", "insured": Decimal(1),
        "kind": "liability", "starts_on": first, "ends_on": last,
    }, by=clerk)  # fmt: skip
    assert POLICIES.daily(now) == 0
    assert not inbox.waiting(clerk).exists()
    assert not POLICIES.open_to(clerk).exists()
    actions.attach(
        policy.pk, [Upload(SimpleUploadedFile("保单.pdf", b"%PDF-1.4 policy"))], by=clerk
    )
    near = now + timedelta(days=150)
    assert (POLICIES.daily(near), POLICIES.daily(near)) == (1, 0)
    assert [matter.pk for matter in inbox.waiting(clerk)] == [policy.pk]
    term = {"policy_no": "2", "insured": "1", "starts_on": last, "ends_on": last + timedelta(365)}
    policy = actions.perform(policy.pk, "renew", by=clerk, form=term, at=near)
    assert (policy.state, policy.phase, policy.reopened) == ("insured", "done", 0)
    assert policy.terms.get().ends_on == last
    assert "reopened" not in {view.name for view in POLICIES.given_views()}
