"""The record of past values that devices reported anew (历史数据改写): read only."""

from __future__ import annotations

from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.monitoring.models import Rewrite

REWRITES = declare(
    Listing(
        key="rewrite",
        label="历史数据改写",
        model=Rewrite,
        line="monitoring",
        see="see_monitoring",
        edit=frozenset(),
        columns=("received_at", "point", "parameter", "series", "start", "before", "after", "waits",
                 "area_code"),
        filters=("parameter", "waits", "area_code"),
        search=("point__name",),
        lead="point",
        enterprise="point__entity__parent__code",
        empty="设备没有改写过已上报的历史数据。",
    )
)  # fmt: skip
