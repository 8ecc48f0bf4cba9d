"""How a message is handed over to each kind of channel; raises :class:`NotSent` with the reason."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import requests
from django.conf import settings
from django.core.mail import send_mail

from ecoledger.outbox.models import Channel, Outgoing

TIMEOUT = 10  # seconds


class NotSent(Exception):  # noqa: N818 - said to a person
    """The other side did not take the message."""


def _posted(channel: Channel, url: str, content: dict[str, Any]) -> dict[str, Any]:
    if (
        not channel.leads_where_allowed
    ):  # the operator's list may be shorter than when it was entered
        raise NotSent("host not allowed")
    try:
        # A redirect could lead anywhere: it is no answer of a gateway.
        answer = requests.post(url, json=content, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise NotSent(type(error).__name__) from error
    if answer.status_code != 200:
        raise NotSent(f"HTTP {answer.status_code}")
    try:
        said = answer.json()
    except ValueError as error:
        raise NotSent("no JSON") from error
    return said if isinstance(said, dict) else {}


def _robot(channel: Channel, url: str, text: str) -> None:
    said = _posted(channel, url, {"msgtype": "text", "text": {"content": text}})
    if said.get("errcode") != 0:
        raise NotSent(f"{said.get('errcode')} {said.get('errmsg', '')}"[:180])


def wecom(message: Outgoing) -> None:
    """To a group robot of 企业微信."""
    _robot(message.channel, message.channel.address, message.text)


def dingtalk(message: Outgoing) -> None:
    """To a group robot of 钉钉, signed (加签) where the channel has a secret."""
    channel, url = message.channel, message.channel.address
    if channel.secret:
        stamp = str(round(time.time() * 1000))
        digest = hmac.new(
            channel.secret.encode(), f"{stamp}\n{channel.secret}".encode(), hashlib.sha256
        ).digest()
        url += f"&timestamp={stamp}&sign={quote_plus(base64.b64encode(digest))}"
    _robot(channel, url, message.text)


def email(message: Outgoing) -> None:
    """By the bureau's mail server."""
    if not settings.EMAIL_HOST:
        raise NotSent("ECOLEDGER_SMTP is not set")
    recipients = [part.strip() for part in message.recipient.split(",") if part.strip()]
    try:
        send_mail("生态一本账：有事项等待办理", message.text, settings.MAIL_FROM, recipients)
    except OSError as error:  # smtplib's errors are such, too
        raise NotSent(f"{type(error).__name__} {error}"[:180]) from error


def sms(message: Outgoing) -> None:
    """To the bureau's own gateway: JSON ``{"phone", "text"}``, answered by ``{"ok": true}``."""
    said = _posted(
        message.channel,
        message.channel.address,
        {"phone": message.recipient, "text": message.text, "key": message.channel.secret},
    )
    if said.get("ok") is not True:
        raise NotSent(str(said.get("error", "refused"))[:180])


SENDERS: dict[str, Callable[[Outgoing], None]] = {
    Channel.Kind.WECOM: wecom,
    Channel.Kind.DINGTALK: dingtalk,
    Channel.Kind.EMAIL: email,
    Channel.Kind.SMS: sms,
}
