"""Counters of the running process, in Prometheus form; shown at ``/metrics``."""

from prometheus_client import Counter, Gauge, Histogram

PACKETS = Counter(
    "ecoledger_packets_total", "HJ 212 packets taken in, by what became of them", ["outcome"]
)
OBSERVATIONS = Counter("ecoledger_observations_total", "Observation rows stored from devices")
DUPLICATES = Counter(
    "ecoledger_duplicate_packets_total", "Packets received before and not stored again"
)
QUARANTINED = Counter(
    "ecoledger_quarantined_total", "Packets put into quarantine, by reason", ["reason"]
)
STORE_SECONDS = Histogram(
    "ecoledger_ingest_seconds",
    "From a decoded batch to its durable commit",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
JOB_SECONDS = Histogram(
    "ecoledger_job_seconds",
    "Length of one run of a background job",
    ["job"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300),
)
JOB_FAILURES = Counter("ecoledger_job_failures_total", "Background job runs that failed", ["job"])
PENDING = Gauge("ecoledger_pending_hours", "Hours waiting to be aggregated")
ALARMS = Counter("ecoledger_alarms_total", "Alarms by what happened", ["event", "detector"])
"""event: raised, repeated, ended, silenced."""
