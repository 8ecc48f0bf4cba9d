"""The page that asks devices: for those who may, in their area, and honest about a device that is away."""

from __future__ import annotations

import lxml.html
import pytest
from django.urls import reverse

from ecoledger.accounts.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_only_monitors_and_operators_command_devices(bureau, store, client):
    address = reverse("device", args=[bureau.flue_gas.pk])
    for name in ("leader", "officer", "town", "enterprise"):
        client.force_login(bureau.people[name])
        assert client.get(address).status_code in (403, 404)
    client.force_login(bureau.people["monitor"])
    page = client.get(address)
    assert page.status_code == 200
    assert "设备不在线" in page.content.decode()


def test_a_device_that_is_away_is_said_to_be_so(bureau, store, client):
    client.force_login(bureau.people["monitor"])
    address = reverse("device", args=[bureau.flue_gas.pk])
    answer = client.post(address, {"question": "time"}, follow=True)
    assert "网关" in answer.content.decode()
    assert client.post(address, {"question": "reboot"}).status_code == 404


def test_commands_that_change_a_device_stand_apart_and_want_a_second_look(bureau, store, client):
    """Reading and fetching go at once; a clock, an interval or a password only after somebody has ticked."""
    client.force_login(bureau.people["monitor"])
    address = reverse("device", args=[bureau.flue_gas.pk])
    page = lxml.html.fromstring(client.get(address).content)
    where = "descendant::input[@name='question']/@value"
    apart = set(page.xpath(f"//main//details[not(@open)]/{where}"))
    assert apart == {"set_time", "real_time_interval", "minute_interval", "password"}
    at_hand = set(page.xpath(f"//main//section/{where}"))
    assert at_hand == {"time", "minutes", "hours", "days"}
    for form in page.xpath("//main//form[input[@name='question']]"):
        ticks = form.xpath(".//input[@name='sure' and @required]")
        assert len(ticks) == (form.fields["question"] in apart)
    said = {"question": "password", "password": "abc123"}
    assert "会改动设备" in client.post(address, said, follow=True).content.decode()
    assert not AuditEntry.objects.filter(action="ask_device").exists()
    # Ticked, it goes as far as there is a device to hear it.
    assert "网关" in client.post(address, said | {"sure": "1"}, follow=True).content.decode()
