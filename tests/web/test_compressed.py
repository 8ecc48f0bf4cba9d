"""Signed-in pages and JSON travel compressed, with a length that tells nothing; a second look at what is streamed."""

from __future__ import annotations

import gzip

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_page_is_smaller_on_the_wire_and_the_same_when_unpacked(county):
    client = Client(headers={"accept-encoding": "gzip"})
    client.force_login(county.person("leader"))
    answer = client.get("/stations")
    assert answer.headers["Content-Encoding"] == "gzip"
    text = gzip.decompress(answer.content)
    assert len(answer.content) < len(text) / 3
    assert "</html>" in text.decode()


def test_two_equal_pages_have_unequal_lengths(county):
    client = Client(headers={"accept-encoding": "gzip"})
    client.force_login(county.person("leader"))
    assert len({len(client.get("/help").content) for _ in range(12)}) > 1
