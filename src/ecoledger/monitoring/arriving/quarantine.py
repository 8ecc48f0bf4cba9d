"""How long what nobody vouches for stays in quarantine.

Frames of strangers (unreadable, unknown MN, wrong password, switched-off points) are let go after
:data:`KEPT_FOR`, or sooner when there are more than :data:`MOST`. Frames of known devices stay: they are evidence.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from ecoledger.accounts import audit
from ecoledger.hj212.packet import ERRORS
from ecoledger.live import times
from ecoledger.monitoring import runtime

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=90)
MOST = 500_000

# None of these has ever given a value.
_REASONS = ("mn", "password", "disabled", *sorted(ERRORS))


def let_go(now: datetime | None = None, *, most: int = MOST) -> int:
    """Delete what is too old or too much, and say so on the audit trail; how many frames went."""
    at = now or times.now()
    frames, octets = runtime.store().forget_quarantined(_REASONS, before=at - KEPT_FOR, most=most)
    if frames:
        log.info("quarantine: %d frames of strangers let go", frames)
        audit.record(None, "quarantine_let_go", details={"frames": frames, "bytes": octets})
    return frames
