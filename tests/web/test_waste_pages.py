"""Pages of waste ask the database as often of many firms as of a few, and say what is missing and not nought."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlsplit

import lxml.html
import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecoledger.entities.models import Enterprise
from ecoledger.listings import selecting
from ecoledger.registers.waste.hazardous_waste import produce
from ecoledger.registers.waste.medical_waste import DAYS, INSTITUTIONS
from ecoledger.registers.waste.waste_balance import BALANCE
from ecoledger.registers.waste.waste_ledgers import CONSIGNED, STORED, TAKEN_OUT
from ecoledger.web import models

pytestmark = pytest.mark.django_db
CODES = ("900-249-08", "336-064-17", "900-039-49", "900-252-12")
LISTS = (
    "/waste",
    "/b/waste_balance",
    "/b/waste_stored",
    "/b/medical_institution",
    "/matters/waste_manifest",
)


def fill(bureau, first, last):
    now = timezone.now()
    at = timezone.make_aware(datetime(now.year, 1, 5, 9))
    for number in range(first, last):
        town = bureau.towns[number % 2].code
        firm = Enterprise.objects.create(
            code=f"WP-{number}", name=f"第{number}电镀厂", area_code=town
        )
        for ledger, tonnes in ((STORED, 10), (TAKEN_OUT, 8), (CONSIGNED, 8)):
            ledger.open_row(
                {"entity": firm, "batch_no": f"{ledger.key}-{number}", "at": at, "unit": "t",
                 "code": CODES[number % 4], "quantity": Decimal(tonnes)}, bureau.officer, now,
            )  # fmt: skip
        place = INSTITUTIONS.open_row(
            {"name": f"第{number}卫生院", "area_code": town, "sort": "township"},
            bureau.people["monitor"],
            now,
        )
        DAYS.open_row(
            {"entity": place, "at": now, "infectious": Decimal(3), "injuring": Decimal(0)},
            bureau.officer,
            now,
        )


@pytest.mark.parametrize("address", LISTS)
def test_a_page_asks_no_oftener_of_many_firms(bureau, client, monkeypatch, address):
    monkeypatch.setattr(models, "_EVERY", float("inf"))
    client.force_login(bureau.dispatcher)
    counts = []
    # Every class and town is there from the start: they are few by law.
    for first, last in ((0, 8), (8, 24)):
        fill(bureau, first, last)
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        counts.append(len(asked))
    # What lies too long is asked of each institution that has anything: a handful of a county's.
    spare = 16 if "medical" in address else 0
    spare += 1  # what a page remembers for a minute, it asks anew when that is over
    assert counts[1] <= counts[0] + spare, [query["sql"][:200] for query in asked]


def test_a_figure_of_a_town_or_a_class_opens_its_own_rows(bureau, client):
    fill(bureau, 0, 4)
    client.force_login(bureau.dispatcher)
    page = lxml.html.fromstring(client.get("/waste").content)
    for part, own in (
        ("towns", lambda row, key: row.area_code == key),
        ("classes", lambda row, key: row.code[-2:] == key[-2:]),
    ):
        keys = page.xpath(f"//section[@id='{part}']//tr[@data-key]")
        assert len(keys) > 1
        for line in keys:
            addresses = [urlsplit(href) for href in line.xpath(".//a/@href")]
            assert all(client.get(a.geturl()).status_code == 200 for a in addresses)
            address = next(a for a in addresses if a.path == BALANCE.url)
            opened = selecting.select(BALANCE, bureau.dispatcher, QueryDict(address.query))
            assert opened
            assert all(own(row, line.get("data-key")) for row in opened)


def test_what_nobody_wrote_down_is_missing_and_not_nought(bureau, client):
    client.force_login(bureau.dispatcher)
    page = client.get("/waste").content.decode()
    assert "没有产生台账" in page
    assert "没有利用处置台账" in page
    assert "0.0%" not in page


def test_a_class_is_the_end_of_a_code_and_what_lies_in_store_opens_the_account(bureau, client):
    """336-064-17 holds -06, and is no waste of HW06; that of HW06 lay there from the start and did not move."""
    firm = Enterprise.objects.create(code="F-1", name="一号测试厂", area_code="990101002")
    at = timezone.now()
    for code in ("900-402-06", "336-064-17"):
        produce(firm, code, Decimal(6000), on=date(at.year - 1, 5, 1), text="产生", by=None, at=at)
    client.force_login(bureau.dispatcher)
    page = lxml.html.fromstring(client.get("/waste").content)
    (door,) = page.xpath("//section[@id='classes']//tr[@data-key='HW06']//a[contains(., '6.00')]")
    account = lxml.html.fromstring(client.get(door.get("href")).content).text_content()
    assert "900-402-06" in account
    assert "336-064-17" not in account
    assert (
        account.count("6000.00") == 3
    )  # the row, how much of it too long, and what all rows come to
    balance = selecting.select(BALANCE, bureau.dispatcher, QueryDict("category=06"))
    assert {row.code for row in balance} <= {"900-402-06"}
