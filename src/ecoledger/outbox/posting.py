"""From notices to messages, and messages on their way: digest, quiet hours, a bound an hour, retries."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import grants
from ecoledger.accounts.roles import Role
from ecoledger.accounts.wording import numbered
from ecoledger.matters import notices
from ecoledger.matters.models import Notice, Urgency
from ecoledger.outbox.models import Channel, Outgoing
from ecoledger.outbox.senders import SENDERS, NotSent

log = logging.getLogger(__name__)

# After these many minutes a message is tried again; after the last it is given up and told.
RETRIES = (1, 5, 15, 60, 180, 360, 720)
NAMED = 10  # numbers that one message lists
_LOUDNESS = [Urgency.INFO, Urgency.SOON, Urgency.OVERDUE, Urgency.ESCALATED]


def run(now: datetime | None = None) -> tuple[int, int]:
    """Gather new notices and send what is due; how many messages were made and sent."""
    at = now or timezone.now()
    made = sum(gather(channel, at) for channel in Channel.objects.filter(enabled=True))
    return made, send_due(at)


@transaction.atomic
def gather(channel: Channel, at: datetime) -> int:
    """Put the notices since the last time into the channel's messages; how many messages."""
    newest = Notice.objects.aggregate(last=Max("pk"))["last"] or 0
    if channel.last_notice == 0:
        # A new channel does not tell the past.
        Channel.objects.filter(pk=channel.pk).update(last_notice=newest)
        return 0
    rows = Notice.objects.filter(
        pk__gt=channel.last_notice,
        pk__lte=newest,
        # Held back: told by the digest that it goes into.
        in_digest=False,
        urgency__in=_LOUDNESS[_LOUDNESS.index(Urgency(channel.least)) :],
        person__in=grants.people_with(
            [Role(channel.role)] if channel.role else list(Role), channel.area_code
        ),
    ).select_related("person", "matter")
    rows = rows.annotate(held=Count("gathered"))
    by_recipient: dict[str, dict[str, Any]] = {}
    for notice in rows.order_by("pk"):
        recipient = _recipient(channel, notice)
        if recipient is not None:
            # One matter told to five people is one line for their group.
            by_recipient.setdefault(recipient, {}).setdefault(_pointer(notice), notice)
    wait = timedelta(minutes=channel.digest_minutes)
    for recipient, told in by_recipient.items():
        loud = any(notice.urgency == Urgency.ESCALATED for notice in told.values())
        Outgoing.objects.create(
            channel=channel,
            area_code=channel.area_code,
            recipient=recipient,
            text=_text(told),
            notices=len(told),
            gathered=sum(notice.held for notice in told.values()),
            loud=loud,
            created_at=at,
            not_before=at if loud else at + wait,
        )
    Channel.objects.filter(pk=channel.pk).update(last_notice=newest)
    return len(by_recipient)


def _recipient(channel: Channel, notice: Notice) -> str | None:
    """Where the notice goes in this channel; ``None`` where the person has no address."""
    if channel.kind == Channel.Kind.EMAIL:
        return channel.address or notice.person.email or None
    if channel.kind == Channel.Kind.SMS:
        return notice.person.phone or None
    return ""


def _pointer(notice: Any) -> str:
    """What of a notice may leave the house: the matter's number, or that there is something."""
    if notice.held:
        return numbered("预警汇总%(count)d条", notice.held) % {"count": notice.held}
    return notice.matter.number if notice.matter is not None else _("平台消息")


def _text(told: dict[str, Any]) -> str:
    numbers = list(told)
    listed = "、".join(numbers[:NAMED])
    if len(numbers) > NAMED:
        listed = _("%(numbers)s 等 %(count)d 件") % {"numbers": listed, "count": len(numbers)}
    address = settings.SITE_ADDRESS
    where = f" {address}/my-work" if address else ""
    return _("【生态一本账】%(numbers)s 等待办理，请登录平台查看。%(where)s") % {
        "numbers": listed,
        "where": where,
    }


def quiet(channel: Channel, at: datetime) -> datetime | None:
    """Until when the channel keeps quiet at ``at``; ``None`` when it speaks."""
    begin, end = channel.quiet_from, channel.quiet_until
    if begin is None or end is None or begin == end:
        return None
    local = timezone.localtime(at)
    now = local.time()
    silent = begin <= now < end if begin < end else (now >= begin or now < end)
    if not silent:
        return None
    until = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return until if until > local else until + timedelta(days=1)


def send_due(at: datetime) -> int:
    """Send what may go now; how many went."""
    sent = 0
    for channel in Channel.objects.filter(enabled=True):
        waiting = channel.messages.filter(sent_at=None, given_up_at=None, not_before__lte=at)
        until = quiet(channel, at)
        if until is not None:
            waiting.filter(loud=False).update(not_before=until)
        an_hour_ago = at - timedelta(hours=1)
        left = channel.an_hour - channel.messages.filter(sent_at__gt=an_hour_ago).count()
        due = channel.messages.filter(sent_at=None, given_up_at=None, not_before__lte=at)
        sent += sum(_sent(message, at) for message in _first(due.order_by("pk"), left))
    return sent


def _first(messages: Iterable[Outgoing], most: int) -> list[Outgoing]:
    """The first ``most`` messages, loud ones before the rest."""
    return sorted(messages, key=lambda message: not message.loud)[: max(most, 0)]


def _sent(message: Outgoing, at: datetime) -> bool:
    message.attempts += 1
    try:
        SENDERS[message.channel.kind](message)
    except NotSent as why:
        message.error = str(why)[:200]
        if message.attempts > len(RETRIES):
            message.given_up_at = at
            _tell_given_up(message, at)
        else:
            message.not_before = at + timedelta(minutes=RETRIES[message.attempts - 1])
        log.warning("outbox: %s: %s", message.channel.kind, message.error)
    else:
        message.sent_at, message.error = at, ""
    message.save()
    return message.sent_at is not None


def _tell_given_up(message: Outgoing, at: datetime) -> None:
    notices.tell(
        grants.people_with((Role.SYSTEM_ADMIN,)),
        _("外发渠道“%(name)s”多次发送失败：%(error)s")
        % {"name": message.channel.name, "error": message.error},
        urgency=Urgency.SOON,
        at=at,
    )
