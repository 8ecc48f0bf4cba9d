"""A code of the phone beside the password, and the bureau's own sign-on (OpenID Connect)."""

from __future__ import annotations

import re
import socket
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from ecoledger.accounts import second_factor
from ecoledger.accounts.models import AuditEntry

PASSWORD = "correct horse battery"


def code_of(person, *, ahead: int = 0) -> str:
    """What the person's phone shows, ``ahead`` steps of 30 seconds from now."""
    totp = TOTP(TOTPDevice.objects.get(user=person).bin_key)
    totp.time = time.time() + 30 * ahead
    return f"{totp.token():06d}"


def phone(client, person) -> list[str]:
    """Set a phone up as the person does; the spare codes shown."""
    client.get(reverse("second-factor"))
    answer = client.post(reverse("second-factor"), {"code": code_of(person)})
    return re.findall(r"<li>([0-9a-f]{10})</li>", answer.content.decode())


def enter(person, code: str | None = None) -> tuple[Client, object]:
    client = Client()
    answer = client.post(reverse("sign-in"), {"username": person.username, "password": PASSWORD})
    if code is not None:
        answer = client.post(reverse("sign-in-code"), {"code": code})
    return client, answer


def signed(client) -> bool:
    return "_auth_user_id" in client.session


def test_a_password_alone_does_not_let_in_who_has_a_phone(people, signed_in):
    officer = people["officer"]
    spare = phone(signed_in("officer"), officer)
    assert len(spare) == second_factor.SPARE_CODES

    client, answer = enter(officer)
    assert (answer.status_code, answer["Location"]) == (302, reverse("sign-in-code"))
    assert not signed(client)
    assert client.get(reverse("my-work")).status_code == 302  # still a stranger

    client, answer = enter(officer, code_of(officer, ahead=1))
    assert signed(client)
    assert AuditEntry.objects.filter(action="second_factor", person=officer).exists()


def test_a_code_counts_once_and_guesses_are_slowed(people, signed_in):
    officer = people["officer"]
    spare = phone(signed_in("officer"), officer)
    right = code_of(officer, ahead=1)
    assert signed(enter(officer, right)[0])
    assert not signed(enter(officer, right)[0])
    # After a wrong guess the right one does not count at once either.
    TOTPDevice.objects.update(throttling_failure_count=6)
    assert not signed(enter(officer, code_of(officer, ahead=2))[0])
    # A spare code is not slowed by it; it too counts once.
    assert signed(enter(officer, spare[0])[0])
    assert not signed(enter(officer, spare[0])[0])


def test_nobody_comes_to_the_code_without_the_password(client, people):
    assert client.post(reverse("sign-in-code"), {"code": "000000"})["Location"] == reverse(
        "sign-in"
    )


def test_the_bureau_may_ask_it_of_administrators(people, signed_in, settings):
    settings.SECOND_FACTOR = "administrators"
    client = signed_in("audit_admin")
    assert client.get(reverse("audit"))["Location"] == reverse("second-factor")
    phone(client, people["audit_admin"])
    assert client.get(reverse("audit")).status_code == 200
    client.post(reverse("second-factor-remove"), {"password": PASSWORD})
    assert second_factor.device_of(people["audit_admin"]) is not None
    assert signed_in("officer").get(reverse("my-work")).status_code == 200


def test_a_lost_phone_is_taken_away_by_another_person(people, signed_in):
    officer, security, audit = (people[n] for n in ("officer", "security_admin", "audit_admin"))
    for name in ("officer", "security_admin", "audit_admin"):
        phone(signed_in(name), people[name])
    desk = signed_in("security_admin")
    assert desk.post(reverse("person-second-factor", args=[officer.pk])).status_code == 302
    assert second_factor.device_of(officer) is None
    for person in (security, audit):
        answer = desk.post(reverse("person-second-factor", args=[person.pk]))
        assert answer.status_code == 403
        assert second_factor.device_of(person) is not None
    foreign = signed_in("officer")
    assert foreign.post(reverse("person-second-factor", args=[audit.pk])).status_code == 403


def test_one_takes_ones_phone_away_with_the_password(people, signed_in):
    client = signed_in("officer")
    phone(client, people["officer"])
    client.post(reverse("second-factor-remove"), {"password": "wrong"})
    assert second_factor.device_of(people["officer"]) is not None
    client.post(reverse("second-factor-remove"), {"password": PASSWORD})
    assert second_factor.device_of(people["officer"]) is None


# -- the bureau's own sign-on --------------------------------------------------------------------


@pytest.fixture
def sign_on(settings, tmp_path):
    """An OpenID provider of its own on the loopback."""
    secret = tmp_path / "secret"
    secret.write_text("shared with the provider only")
    settings.OIDC_SECRET_FILE = str(secret)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with oidc_provider_mock.run_server_in_thread(port=port) as server:
        settings.OIDC_ISSUER = f"http://127.0.0.1:{server.server_port}"
        settings.OIDC_NAME_CLAIM = "sub"
        yield settings.OIDC_ISSUER


def through(client, name: str):
    """Go to the provider, say who one is there, and come back."""
    go = client.get(reverse("sign-on"))
    answer = httpx.post(go["Location"], data={"sub": name}, follow_redirects=False)
    back = urlsplit(answer.headers["location"])
    assert parse_qs(back.query)["code"]
    return client.get(f"{back.path}?{back.query}")


def test_whom_the_sign_on_names_is_signed_in(people, sign_on):
    client = Client()
    assert "用本单位统一认证登录" in client.get(reverse("sign-in")).content.decode()
    through(client, people["officer"].username)
    assert client.session["_auth_user_id"] == str(people["officer"].pk)
    entry = AuditEntry.objects.filter(action="sign_in").latest("pk")
    assert entry.details == {"sign_on": sign_on}


@pytest.mark.parametrize("state", ["unknown", "inactive"])
def test_who_is_not_on_record_is_not_let_in(people, sign_on, state):
    person = people["officer"]
    if state == "inactive":
        person.is_active = False
        person.save()
    client = Client()
    through(client, "nobody" if state == "unknown" else person.username)
    assert not signed(client)
    assert AuditEntry.objects.filter(action="sign_in_failed").exists()


def test_an_answer_nobody_asked_for_is_refused(people, sign_on):
    client = Client()
    answer = client.get(reverse("sign-on-back"), {"code": "x", "state": "y"})
    assert answer["Location"] == reverse("sign-in")
    assert not signed(client)


def test_without_a_sign_on_its_pages_are_not_there(client, people):
    assert client.get(reverse("sign-on")).status_code == 404
