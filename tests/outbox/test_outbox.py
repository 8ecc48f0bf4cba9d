"""Pointers to notices leave the house: to a real HTTP server and a real mail server on the loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from datetime import datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller
from django.core.exceptions import ValidationError
from django.utils import timezone

from ecoledger.matters import notices
from ecoledger.matters.models import Notice, Urgency
from ecoledger.outbox import posting
from ecoledger.outbox.models import Channel, Outgoing

pytestmark = pytest.mark.django_db
COUNTY = "990101"
NOON = timezone.make_aware(datetime(2026, 11, 27, 12))


class Gateway:
    """A robot or SMS gateway: keeps what it was sent; answers what ``answers`` says."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict]] = []
        self.answers: list[tuple[int, dict]] = []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                gateway.calls.append((self.path, json.loads(content)))
                status, said = (
                    gateway.answers.pop(0) if gateway.answers else (200, {"errcode": 0, "ok": True})
                )
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(said).encode())

            def log_message(self, *args: object) -> None:
                """Nothing on the screen."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def gateway(settings):
    running = Gateway()
    settings.OUTBOX_HOSTS = [running.host, "127.0.0.1"]
    settings.SITE_ADDRESS = "https://eco.example"
    yield running
    running.server.shutdown()
    running.server.server_close()


def channel(gateway, kind="wecom", **more):
    made = Channel(
        name=f"渠道{kind}",
        kind=kind,
        area_code=COUNTY,
        **{
            "address": f"http://{gateway.host}/robot?key=1" if gateway else "",
            "role": "officer",
            "digest_minutes": 0,
            **more,
        },
    )
    made.full_clean()
    made.save()
    posting.gather(made, NOON)  # begins after what was there before
    made.refresh_from_db()
    return made


def tell(person, text="张三的电话 10012345678", urgency=Urgency.SOON, **more):
    notices.tell([person], text, urgency=urgency, at=NOON, **more)


@pytest.fixture
def before(people):
    """A notice of the past: a new channel does not tell it."""
    tell(people["officer"], "从前的事")


def test_a_message_says_number_and_link_and_nothing_of_what_happened(gateway, people, before):
    channel(gateway)
    tell(people["officer"])
    assert posting.run(NOON) == (1, 1)
    ((path, content),) = gateway.calls
    assert path == "/robot?key=1"
    text = content["text"]["content"]
    assert "https://eco.example/my-work" in text
    assert "张三" not in text
    assert "10012345678" not in text
    assert posting.run(NOON) == (0, 0)  # told once


def test_a_channel_is_for_its_role_area_and_loudness(gateway, people, before):
    channel(gateway, least="overdue")
    tell(people["monitor"], urgency=Urgency.ESCALATED)
    tell(people["officer"], urgency=Urgency.SOON)
    assert posting.run(NOON) == (0, 0)


def test_a_group_is_told_once_of_what_many_were_told(gateway, people, before):
    channel(gateway, role="", digest_minutes=10)
    for role in ("officer", "monitor", "leader"):
        tell(people[role])
    assert posting.run(NOON) == (1, 0)  # gathered for ten minutes
    assert Outgoing.objects.get().notices == 1
    assert posting.run(NOON + timedelta(minutes=11)) == (0, 1)
    assert len(gateway.calls) == 1


def test_at_night_only_what_cannot_wait_goes_out(gateway, people, before):
    channel(gateway, quiet_from=time(22), quiet_until=time(7))
    night = NOON.replace(hour=23)
    tell(people["officer"])
    assert posting.run(night) == (1, 0)
    tell(people["officer"], urgency=Urgency.ESCALATED)
    assert posting.run(night + timedelta(minutes=1)) == (1, 1)
    assert posting.run(NOON + timedelta(hours=18, minutes=59)) == (0, 0)
    assert posting.run(NOON + timedelta(hours=19)) == (0, 1)


def test_no_more_than_so_many_an_hour(gateway, people, before):
    channel(gateway, an_hour=2)
    for _n in range(4):
        tell(people["officer"])
        posting.gather(Channel.objects.get(), NOON)
    assert posting.send_due(NOON) == 2
    assert posting.send_due(NOON + timedelta(minutes=59)) == 0
    assert posting.send_due(NOON + timedelta(minutes=61)) == 2


def test_what_is_not_taken_is_tried_again_and_given_up_in_the_end(gateway, people, before):
    channel(gateway)
    tell(people["officer"])
    gateway.answers = [(500, {}), (200, {"errcode": 45009, "errmsg": "too often"})]
    assert posting.run(NOON) == (1, 0)
    assert posting.send_due(NOON + timedelta(seconds=50)) == 0
    assert len(gateway.calls) == 1
    assert posting.send_due(NOON + timedelta(minutes=1)) == 0
    assert Outgoing.objects.get().error == "45009 too often"
    gateway.answers = [(500, {})] * 20
    at = NOON
    for _n in range(20):
        at += timedelta(hours=13)
        posting.send_due(at)
    message = Outgoing.objects.get()
    assert message.attempts == len(posting.RETRIES) + 1
    assert message.given_up_at is not None
    assert Notice.objects.filter(person=people["system_admin"], text__contains="发送失败").exists()


def test_a_robot_with_a_secret_is_sent_signed_messages(gateway, people, before):
    channel(gateway, "dingtalk", secret="SEC-test")
    tell(people["officer"])
    posting.run(NOON)
    ((path, _content),) = gateway.calls
    asked = {k: v[0] for k, v in parse_qs(urlsplit(path).query).items()}
    expected = hmac.new(b"SEC-test", f"{asked['timestamp']}\nSEC-test".encode(), hashlib.sha256)
    assert base64.b64decode(asked["sign"]) == expected.digest()


def test_an_sms_goes_to_each_persons_own_number(gateway, people, before):
    channel(gateway, "sms", role="")
    officer = people["officer"]
    officer.phone = "10087654321"
    officer.save()
    for role in ("officer", "monitor"):  # the monitor has no number
        tell(people[role])
    assert posting.run(NOON) == (1, 1)
    ((_path, content),) = gateway.calls
    assert content["phone"] == "10087654321"


def test_a_mail_goes_by_the_bureaus_server(people, before, settings):
    letters = []

    class Mailbox:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the library's name
            letters.append(envelope)
            return "250 OK"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(Mailbox(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = port
        settings.MAIL_FROM = "eco@bureau.example"
        channel(None, "email", address="duty@bureau.example, chief@bureau.example")
        tell(people["officer"])
        assert posting.run(NOON) == (1, 1)
    finally:
        server.stop()
    (letter,) = letters
    assert letter.rcpt_tos == ["duty@bureau.example", "chief@bureau.example"]
    assert "张三" not in letter.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1",  # not encrypted
        "https://evil.example/robot",
        "https://127.0.0.1/robot",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_nobody_allowed_is_refused(address):
    with pytest.raises(ValidationError):
        Channel(name="x", kind="wecom", address=address, area_code=COUNTY).full_clean()
