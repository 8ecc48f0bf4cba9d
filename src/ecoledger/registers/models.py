"""The registers' models, each defined in its register's own module."""

from ecoledger.registers.alarm_case import AlarmCase, CaseAlarm, RoutingRule
from ecoledger.registers.problem_ledger import Problem

__all__ = ["AlarmCase", "CaseAlarm", "Problem", "RoutingRule"]
