"""The models of 预警交办, each defined in its register's own module."""

from ecoledger.registers.alarms.alarm_case import AlarmCase, CaseAlarm, RoutingRule

__all__ = ["AlarmCase", "CaseAlarm", "RoutingRule"]
