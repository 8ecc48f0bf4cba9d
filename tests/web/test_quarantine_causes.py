"""Frames put aside are shown by their few causes, and a device that is registered from there has its factors ticked."""

from __future__ import annotations

import lxml.html
import polars as pl
import pytest
from django.test import Client

from ecoledger.live import times
from ecoledger.monitoring.runtime import store as the_store

pytestmark = pytest.mark.django_db

MN = "7" * 24
FRAME = (
    "QN=20261128080000001;ST=31;CN=2061;PW=123456;MN=" + MN + ";Flag=5;"
    "CP=&&DataTime=20261128070000;a21026-Avg=12.5,a21026-Flag=N;a21002-Avg=30.1,a21002-Flag=N&&"
)


@pytest.fixture
def monitor(county):
    raw = f"##{len(FRAME):04d}{FRAME}0000\r\n".encode()
    frames = pl.DataFrame(
        {
            "received_at": [times.now()] * 3,
            "digest": [bytes([100 + n]) * 16 for n in range(3)],
            "raw": [raw] * 3,
            "mn": [MN] * 3,
            "cn": ["2061"] * 3,
            "st": ["31"] * 3,
            "status": ["quarantined"] * 3,
            "reason": ["mn"] * 3,
            "connection": ["tcp 10.0.0.1:1"] * 3,
        }
    )
    the_store().append(frames=frames)
    client = Client()
    client.force_login(county.person("monitor"))
    return client


def test_causes_stand_above_the_rows_with_their_number(monitor):
    page = lxml.html.fromstring(monitor.get("/quarantine").content)
    rows = [
        " ".join(row.text_content().split()) for row in page.xpath("//table[@id='causes']/tbody/tr")
    ]
    mine = [row for row in rows if MN in row]
    assert len(mine) == 1
    assert " 3 " in mine[0]
    assert "登记此 MN" in mine[0]


def test_what_the_device_sent_is_ticked_first(monitor):
    page = lxml.html.fromstring(monitor.get(f"/registry/points/new?mn={MN}&kind=flue_gas").content)
    ticked = page.xpath("//input[contains(@name, '-used') and @checked]/@name")
    assert sorted(ticked) == ["a21002-used", "a21026-used"]
    every = page.xpath("//input[contains(@name, '-used')]/@name")
    assert set(every[:2]) == set(ticked)
