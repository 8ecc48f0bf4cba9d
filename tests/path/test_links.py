"""Every link a person is shown leads somewhere: nobody is offered a page that then refuses, is missing or fails."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest

# Pages of one shape (the same address with another number or book in it) are opened this often by each visitor.
OF_A_SHAPE = 1
VISITORS = (
    "monitor",
    "dispatcher",
    "officer",
    "south_leader",
    "south",
    "firm",
    "security",
    "auditor",
)
NOT_FOLLOWED = ("/static/", "/sign-out", "/files/")


def _links(page: str, address: str) -> list[str]:
    """Addresses of this server that a page links to, without its fragments."""
    links = []
    for href in re.findall(r"""<a\b[^>]*\bhref="([^"#]*)""", page):
        parts = urlsplit(urljoin(address, unescape(href)))
        if parts.path and parts.scheme in ("", "http") and not parts.path.startswith(NOT_FOLLOWED):
            links.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return links


def _shape(link: str) -> str:
    parts = urlsplit(link)
    path = re.sub(r"^/(b|matters|records|lines|documents/templates)/[^/.]+", r"/\1/KEY", parts.path)
    return re.sub(r"\d+", "N", path) + ("?" if parts.query else "")


@pytest.mark.parametrize("username", VISITORS)
def test_no_link_leads_to_a_refusal(visitor, house, username):
    person = visitor(username)
    waiting, opened, shapes, dead = [("/", "")], set(), {}, []
    while waiting:
        link, source = waiting.pop(0)
        shape = _shape(link)
        if link in opened or shapes.get(shape, 0) >= OF_A_SHAPE:
            continue
        opened.add(link)
        shapes[shape] = shapes.get(shape, 0) + 1
        answer = person.get(link, follow_redirects=True)
        if answer.status_code >= 400:
            dead.append((answer.status_code, link, source))
        if "text/html" in answer.headers.get("Content-Type", ""):
            waiting += [(further, link) for further in _links(answer.text, link)]
    assert dead == []
    assert len(opened) > 5
