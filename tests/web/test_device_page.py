"""The page that asks devices: for those who may, in their area, and honest about a device that is away."""

from __future__ import annotations

import pytest
from django.urls import reverse

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
