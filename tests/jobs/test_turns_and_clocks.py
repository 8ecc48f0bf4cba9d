"""A machine's clock that jumps neither stops a job nor has it done twice at one time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ecoledger.jobs import turns

pytestmark = pytest.mark.django_db


def test_what_was_done_is_not_done_again_by_a_clock_set_back():
    now = timezone.now()
    assert turns.take("tick", now)
    turns.finish("tick", now)
    assert not turns.take("tick", now)
    assert not turns.take("tick", now - timedelta(days=1))
    assert turns.is_done("tick", now - timedelta(days=1))
    assert turns.take("tick", now + timedelta(minutes=1))


def test_a_clock_that_was_a_year_ahead_does_not_stop_the_job_for_a_year():
    now = timezone.now()
    ahead = now + timedelta(days=365)
    assert turns.take("tick", ahead)
    turns.finish("tick", ahead)
    assert not turns.is_done("tick", now)
    assert turns.take("tick", now)
    assert not turns.take("tick", now), "who has it keeps it while it works"
    turns.finish("tick", now)
    assert turns.is_done("tick", now)
