"""Frames put aside are shown by their few causes, and a device that is registered from there has its factors ticked."""

from __future__ import annotations

import lxml.html
import polars as pl
import pytest
from django.test import Client

from ecoledger.accounts.models import AuditEntry
from ecoledger.live import times
from ecoledger.monitoring.models import Dismissal
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


def causes_of(client) -> list[str]:
    page = lxml.html.fromstring(client.get("/quarantine").content)
    return [
        " ".join(row.text_content().split()) for row in page.xpath("//table[@id='causes']/tbody/tr")
    ]


def dismissal_of(client) -> dict[str, str]:
    """The hidden fields of the form that stands beside the stranger's cause."""
    page = lxml.html.fromstring(client.get("/quarantine").content)
    (form,) = page.xpath(f"//form[@action='/quarantine/dismissals'][input[@value='{MN}']]")
    names = ("mn", "reason", "through")
    return {name: form.xpath(f"input[@name='{name}']/@value")[0] for name in names}


def test_a_cause_is_dismissed_with_its_reason_and_brought_back(monitor):
    form = dismissal_of(monitor)
    # Without a conclusion, or without words where the conclusion is "something else", nothing happens.
    for wrong in ({}, {"why": "nonsense"}, {"why": "other", "note": "  "}):
        monitor.post("/quarantine/dismissals", form | wrong)
    assert any(MN in row for row in causes_of(monitor))
    monitor.post("/quarantine/dismissals", form | {"why": "stranger", "note": "邻县的设备误接"})
    assert not any(MN in row for row in causes_of(monitor))
    assert MN not in monitor.get("/quarantine").content.decode()
    told = monitor.get("/quarantine?status=dismissed").content.decode()
    assert "不属本局的设备" in told
    assert "邻县的设备误接" in told
    entry = AuditEntry.objects.get(action="frames_dismissed")
    assert entry.details["note"] == "邻县的设备误接"
    monitor.post(f"/quarantine/dismissals/{Dismissal.objects.get().pk}/withdraw")
    assert any(MN in row for row in causes_of(monitor))


def test_what_comes_later_is_listed_again_unless_it_was_said(monitor):
    store = the_store()
    one = store.frames(status="quarantined", mn=MN, limit=1).row(0, named=True)

    def arrive(number: int) -> None:
        frame = {
            "received_at": times.now(),
            "digest": bytes([number]) * 16,
            "raw": b"##0",
            "mn": MN,
        }
        more = {"status": "quarantined", "reason": one["reason"]}
        store.append(frames=pl.DataFrame([frame | more]))

    form = dismissal_of(monitor)
    monitor.post("/quarantine/dismissals", form | {"why": "trial"})
    arrive(200)
    (row,) = (row for row in causes_of(monitor) if MN in row)
    assert " 1 " in row
    monitor.post("/quarantine/dismissals", dismissal_of(monitor) | {"why": "trial", "later": "on"})
    arrive(201)
    assert not any(MN in row for row in causes_of(monitor))


def test_nobody_dismisses_what_he_may_not_see(monitor, county):
    form = dismissal_of(monitor) | {"why": "stranger"}
    for role in ("dispatcher", "officer", "enterprise"):
        client = Client()
        client.force_login(county.person(role))
        assert client.post("/quarantine/dismissals", form).status_code == 403
    small = county.person("monitor")
    small.area_codes = ["990101002"]
    small.save()
    assert monitor.post("/quarantine/dismissals", form).status_code == 404
    assert not Dismissal.objects.exists()
