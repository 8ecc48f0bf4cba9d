"""That somebody is there is kept in the session; no page waits for whoever writes the database meanwhile."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter

import pytest
from django.contrib.sessions.models import Session
from django.db import connection

from ecoledger.web import models
from ecoledger.web.attendance import SEEN

pytestmark = pytest.mark.django_db(transaction=True)


def noted(client):
    return Session.objects.get(pk=client.session.session_key).get_decoded().get(SEEN)


@pytest.fixture
def visitor(bureau, client):
    client.force_login(bureau.officer)
    session = client.session
    session[SEEN] = int(time.time()) - 1000
    session.save()
    return client


def test_a_visit_is_noted(visitor):
    before = noted(visitor)
    assert visitor.get("/my-work").status_code == 200
    assert noted(visitor) > before


@pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="only there writers wait for each other"
)
def test_a_page_is_answered_while_another_holds_the_database(visitor):
    """A table that comes in holds it for most of the time; the note is made by a later page."""
    before = noted(visitor)
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert visitor.get("/my-work").status_code == 200
        assert other.in_transaction
        assert noted(visitor) == before
    finally:
        other.rollback()
        other.close()
    assert visitor.get("/my-work").status_code == 200
    assert noted(visitor) > before
    assert connection.cursor().execute("PRAGMA busy_timeout").fetchone()[0] > 0


@pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="only there writers wait for each other"
)
def test_a_list_is_opened_while_another_holds_the_database_and_counted_afterwards(
    visitor, bureau, monkeypatch
):
    assert visitor.get("/my-work").status_code == 200
    monkeypatch.setattr(models, "_written", -models._EVERY)
    monkeypatch.setattr(models, "_openings", Counter())
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert visitor.get("/matters/problem").status_code == 200
        assert not models.BookUse.objects.exists()
    finally:
        other.rollback()
        other.close()
    assert visitor.get("/matters/problem").status_code == 200
    assert models.BookUse.objects.get(person=bureau.officer, book="problem").times == 2
