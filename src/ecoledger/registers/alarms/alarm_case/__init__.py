"""预警交办: an alarm becomes a case with an owner and clocks, and goes through the four mechanisms.

预警交办 (verify, ask the enterprise, hand over) → 溯源治理 (trace and treat) → 跟踪督查 (supervise) →
通报反馈 (report back, apply for closing, check by a second person) → 销号 → 回头看; what comes back is
reopened. Lengths of the clocks are the bureau's own (``profile/matters.toml``); the defaults here
follow no law and say so.
"""

from ecoledger.registers.alarms.alarm_case.models import AlarmCase, CaseAlarm, RoutingRule
from ecoledger.registers.alarms.alarm_case.opening import (
    REBOUND_WITHIN,
    STALE_AFTER,
    ended,
    merged,
    open_from_alarm,
    raised,
    repeated,
)
from ecoledger.registers.alarms.alarm_case.owners import (
    default_owner,
    owner_for,
    person_for,
    routing,
)
from ecoledger.registers.alarms.alarm_case.register import REGISTER
from ecoledger.registers.alarms.alarm_case.statistics import (
    precision_by_month,
    precision_by_rule,
    verdicts_on,
)
from ecoledger.registers.alarms.alarm_case.workflow import WORKFLOW

__all__ = [
    "REBOUND_WITHIN",
    "REGISTER",
    "STALE_AFTER",
    "WORKFLOW",
    "AlarmCase",
    "CaseAlarm",
    "RoutingRule",
    "default_owner",
    "ended",
    "merged",
    "open_from_alarm",
    "owner_for",
    "person_for",
    "precision_by_month",
    "precision_by_rule",
    "raised",
    "repeated",
    "routing",
    "verdicts_on",
]
