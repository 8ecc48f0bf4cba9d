"""A form that is sent after the session ended: its text is kept through the sign-in and offered."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from ecoledger.registers.problems.problem_ledger import Problem

PASSWORD = "correct horse battery"
LONG = "桥下游左岸约20米堆放建筑垃圾，附近居民多次反映。" * 40
FORM = {
    "origin_kind": "self", "title": "河岸堆放垃圾", "description": LONG, "area_code": "990101001", "category": "waste",
    "tier": "county", "risk": "normal", "key_item": "0",
}  # fmt: skip


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


@pytest.fixture
def browser(bureau):
    """A browser that sends the tokens of its pages, as people's do."""
    return Client(enforce_csrf_checks=True)


def token(browser) -> str:
    return browser.cookies["csrftoken"].value


def test_the_text_is_offered_after_the_sign_in_and_sent_on(browser):
    browser.get("/sign-in")
    late = browser.post("/matters/problem/new", FORM | {"csrfmiddlewaretoken": token(browser)})
    page = late.content.decode()
    assert late.status_code == 200
    assert "已保留" in page
    kept = hidden(page, "kept")
    # A wrong password first: the text is still there.
    wrong = {"username": "dispatcher", "password": "no", "kept": kept, "next": hidden(page, "next")}
    again = browser.post("/sign-in", wrong | {"csrfmiddlewaretoken": token(browser)})
    right = wrong | {"password": PASSWORD, "kept": hidden(again.content.decode(), "kept")}
    signed = browser.post("/sign-in", right | {"csrfmiddlewaretoken": token(browser)})
    assert signed["Location"] == "/kept-text"
    offered = browser.get("/kept-text").content.decode()
    assert "桥下游左岸约20米" in offered
    said = FORM | {"kept_answer": "send", "csrfmiddlewaretoken": token(browser)}
    sent = browser.post("/kept-text", said)
    assert (sent.status_code, sent["Location"]) == (307, "/matters/problem/new")
    assert browser.post(sent["Location"], said).status_code == 302
    assert Problem.objects.get().description == LONG
    assert browser.get("/kept-text").status_code == 302


def test_what_is_thrown_away_is_gone(browser):
    browser.get("/sign-in")
    late = browser.post("/matters/problem/new", FORM | {"csrfmiddlewaretoken": token(browser)})
    form = {
        "username": "dispatcher",
        "password": PASSWORD,
        "kept": hidden(late.content.decode(), "kept"),
    }
    browser.post("/sign-in", form | {"next": "/kept-text", "csrfmiddlewaretoken": token(browser)})
    left = browser.post(
        "/kept-text", {"kept_answer": "discard", "csrfmiddlewaretoken": token(browser)}
    )
    assert left["Location"] == "/matters/problem/new"
    assert browser.get("/kept-text").status_code == 302
    assert not Problem.objects.exists()


def test_a_text_that_nobody_here_signed_is_not_offered(browser):
    browser.get("/sign-in")
    form = {"username": "dispatcher", "password": PASSWORD, "kept": "eyJwYXRoIjoiL3gifQ:x:y"}
    signed = browser.post("/sign-in", form | {"csrfmiddlewaretoken": token(browser)})
    assert signed.status_code == 302
    assert "kept_text" not in browser.session


def test_passwords_are_not_kept_and_an_empty_form_is_no_text(browser):
    browser.get("/sign-in")
    empty = browser.post("/notices/read", {"csrfmiddlewaretoken": token(browser)})
    assert empty.status_code == 302
    secret = {"new_password1": "geheim", "old_password": "y"}
    late = browser.post("/account", secret | {"csrfmiddlewaretoken": token(browser)})
    assert late.status_code == 302
