"""Keys for the interface, on the account page: shown once, listed, taken back."""

from __future__ import annotations

import re

import lxml.html
from django.test import Client
from django.urls import reverse

from ecoledger.accounts import keys
from ecoledger.accounts.models import ApiKey, AuditEntry

PASSWORD = "correct horse battery"


def made(client, name: str = "市大数据平台") -> str:
    page = client.post(
        reverse("key-make"), {"name": name, "days": 30, "password": PASSWORD}
    ).content.decode()
    return re.search(r'<code class="secret">(el_[\w-]+)</code>', page)[1]


def test_a_key_is_shown_once_and_opens_the_interface_until_it_is_taken_back(bureau, signed_in):
    client = signed_in("monitor")
    key = made(client)
    machine = Client(headers={"authorization": f"Bearer {key}"})
    assert machine.get("/api/v1/points").status_code == 200
    page = client.get(reverse("account")).content.decode()
    assert key not in page
    assert "市大数据平台" in page
    client.post(reverse("key-revoke", args=[ApiKey.objects.get().pk]))
    assert machine.get("/api/v1/points").status_code == 401
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"api_key_made", "api_key_revoked"} <= actions
    assert not any(key in str(entry.details) for entry in AuditEntry.objects.all())


def test_nobody_takes_back_anothers_key(bureau, signed_in):
    made(signed_in("monitor"))
    other = signed_in("officer")
    assert other.post(reverse("key-revoke", args=[ApiKey.objects.get().pk])).status_code == 404
    assert ApiKey.objects.get().valid
    assert "市大数据平台" not in other.get(reverse("account")).content.decode()


def test_a_person_holds_only_so_many_valid_keys(people, signed_in):
    client = signed_in("monitor")
    for number in range(keys.MOST):
        keys.make_key(people["monitor"], f"系统 {number}")
    page = client.post(
        reverse("key-make"), {"name": "再一个", "days": 30, "password": PASSWORD}
    ).content.decode()
    assert "请先撤销不用的" in page
    assert ApiKey.objects.count() == keys.MOST
    keys.revoke(ApiKey.objects.first(), people["monitor"])
    made(client)


def test_a_key_without_a_purpose_is_not_made(people, signed_in):
    client = signed_in("monitor")
    client.post(reverse("key-make"), {"name": " ", "days": 30, "password": PASSWORD})
    client.post(reverse("key-make"), {"name": "x", "days": 99999, "password": PASSWORD})
    assert not ApiKey.objects.exists()


def test_the_account_page_begins_with_ones_password_and_folds_the_keys(client, bureau):
    """Most people change a password here; a key is for who joins two systems."""
    client.force_login(bureau.people["town"])
    page = lxml.html.fromstring(client.get("/account").content.decode())
    order = [" ".join(e.text_content().split()) for e in page.xpath("//main//h2 | //main//summary")]
    assert order.index("修改密码") == 0
    assert order[-1] == "接口密钥"
    assert page.xpath("//details[@id='keys']/@open") == []
    client.post(reverse("key-make"), {"name": "一张图", "days": 30, "password": PASSWORD})
    page = lxml.html.fromstring(client.get("/account").content.decode())
    assert page.xpath("//details[@id='keys' and @open]")


def test_whoever_changes_a_password_is_addressed_as_everywhere_else(client, bureau):
    client.force_login(bureau.people["town"])
    wrong = {"old_password": "x", "new_password1": "town", "new_password2": "town"}
    page = client.post("/account", wrong).content.decode()
    assert "您的旧密码不正确" in page
    assert "你" not in page


def test_a_page_left_open_makes_no_key(people, signed_in):
    """A key outlives the session it was made in: the password is asked again."""
    client = signed_in("monitor")
    for password in ("", "guessed"):
        page = client.post(
            reverse("key-make"), {"name": "x", "days": 30, "password": password}
        ).content.decode()
        assert "el_" not in page
    assert not ApiKey.objects.exists()
    people["monitor"].set_unusable_password()  # comes in by the bureau's sign-on alone
    people["monitor"].save()
    client.force_login(people["monitor"])
    made(client)
