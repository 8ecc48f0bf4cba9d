"""The books of channels (外发渠道) and of what went out (外发记录)."""

from __future__ import annotations

from ecoledger.accounts.roles import CAPABILITIES
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.outbox.models import Channel, Outgoing

CHANNELS = declare(
    Listing(
        key="channel",
        label="外发渠道",
        line="monitoring",
        model=Channel,
        see="operate",
        edit=CAPABILITIES["operate"],
        columns=("name", "kind", "role", "area_code", "least", "digest_minutes", "an_hour", "enabled"),
        filters=("kind", "enabled"),
        search=("name",),
        fields=("name", "kind", "address", "secret", "role", "area_code", "least", "quiet_from",
                "quiet_until", "digest_minutes", "an_hour", "enabled"),
        lead="name",
        empty="还没有外发渠道。登记群机器人、邮件或短信网关后，通知会以编号和链接的方式发出，不含任何个人信息。",
    )
)  # fmt: skip

OUTGOING = declare(
    Listing(
        key="outgoing",
        label="外发记录",
        line="monitoring",
        model=Outgoing,
        see="operate",
        edit=frozenset(),
        columns=("created_at", "channel", "text", "notices", "gathered", "attempts", "sent_at", "given_up_at",
                 "error"),
        filters=("channel",),
        search=("text",),
        lead="text",
        empty="还没有发出过通知。",
    )
)  # fmt: skip
