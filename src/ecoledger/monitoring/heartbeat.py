"""Signs of life of the running process: what each part did last, for the health page and the metrics."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.arriving import ingest


@dataclass
class Job:
    """A background job: how often it is due, and how its last runs went."""

    name: str
    every: timedelta
    last_run: datetime | None = None
    last_success: datetime | None = None
    last_error: str = ""
    runs: int = 0
    failures: int = 0

    @property
    def late(self) -> bool:
        """Whether it has not succeeded for five times its interval and a minute."""
        since = self.last_success or started
        return since is not None and times.now() - since > 5 * self.every + timedelta(minutes=1)


started: datetime | None = None
jobs: dict[str, Job] = {}
# Set by the server: counters of the gateway, and when it last handed over a batch.
gateway_state: Callable[[], dict[str, Any]] | None = None
# Set by the nightly sweep: how much did not hold.
integrity_problems = 0
# Below this share, or this many bytes, the disk is as good as full: a database needs room to write at all.
FULL_SHARE, FULL_BYTES = 0.03, 512 << 20
# So many devices ahead of this machine's clock, and more than are not, say that it is the machine's.
DEVICES_AHEAD = 3
_lock = threading.Lock()


def begin() -> None:
    """The process starts serving."""
    global started
    started = times.now()
    jobs.clear()


def ran(name: str, error: str = "") -> None:
    """A job ended, well or with an error."""
    with _lock:
        job = jobs[name]
        job.runs += 1
        job.last_run = times.now()
        if error:
            job.failures += 1
            job.last_error = error
        else:
            job.last_success = job.last_run


def disk() -> dict[str, Any]:
    """Whether the data folder's disk has room left."""
    usage = shutil.disk_usage(settings.DATA)
    full = usage.free < FULL_BYTES or usage.free < FULL_SHARE * usage.total
    return {
        "ok": not full,
        "free": usage.free,
        **({"error": "the disk is nearly full"} if full else {}),
    }


def clock() -> dict[str, Any]:
    """Whether this machine's clock is believed: not, when most devices of the last hour are ahead of it.

    One device ahead has a wrong clock itself; most of them do not.
    """
    since = times.now() - timedelta(hours=1)
    ahead = {point for point, at in ingest.last_ahead.items() if at > since}
    heard = {point for point, at in ingest.last_seen.items() if at > since}
    behind = len(ahead) >= DEVICES_AHEAD and len(ahead) > len(heard)
    error = "the clock is behind the devices': their data wait in quarantine"
    return {"ok": not behind, "devices_ahead": len(ahead), **({"error": error} if behind else {})}


def outline(report: dict[str, Any]) -> dict[str, Any]:
    """What a stranger, such as a load balancer, learns of a report: which part is well, and why not."""
    short: dict[str, Any] = {"ok": report["ok"]}
    for name, part in report.items():
        if isinstance(part, dict):
            short[name] = {key: part[key] for key in ("ok", "error") if key in part}
    return short


def report() -> dict[str, Any]:
    """Whether the process is well: ``ok`` and, part by part, why not.

    No names, numbers or addresses of anything monitored: the page is open to the load balancer.
    """
    parts: dict[str, dict[str, Any]] = {}
    try:
        counts = runtime.store().counts()
        parts["store"] = {
            "ok": True,
            "observations": counts.observations,
            "pending": counts.pending,
            "bytes": counts.bytes,
        }
    except Exception as error:  # whatever it is, it is the answer
        parts["store"] = {"ok": False, "error": type(error).__name__}
    late = sorted(name for name, job in jobs.items() if job.late)
    parts["scheduler"] = {
        "ok": not late,
        "late": late,
        "jobs": {
            name: {
                "last_success": job.last_success.isoformat() if job.last_success else None,
                "failures": job.failures,
            }
            for name, job in sorted(jobs.items())
        },
    }
    if gateway_state is None:
        parts["gateway"] = {"ok": False, "error": "not running"}
    else:
        state = gateway_state()
        parts["gateway"] = {"ok": not state.get("failing"), **state}
        if state.get("failing"):
            parts["gateway"]["error"] = "packets cannot be stored"
    parts["disk"] = disk()
    parts["clock"] = clock()
    parts["integrity"] = {"ok": not integrity_problems, "problems": integrity_problems}
    return {
        "ok": all(part["ok"] for part in parts.values()),
        "started": started.isoformat() if started else None,
        "now": times.now().isoformat(),
        **parts,
    }
