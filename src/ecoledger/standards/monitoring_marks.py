"""Marks on automatic monitoring data and what they excuse (生态环境部公告2022年第21号).

An equipment mark (设备标记) makes a value invalid. A condition mark (工况标记) excuses an hour of starting,
stopping or fault, within the time the industry's rule allows. A mark set after noon of the next day does
not count. All time limits are data and carry their mark of sureness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from ecoledger.standards.catalogue import Mark
from ecoledger.standards.rule_data import compiled, declare_file

RULE_SET = "monitoring-marks"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of operation that an industry may mark: its time limit in hours (``None``: none known),
    the pollutants it excuses (empty: all), and limits that hold all the same."""

    industry: str
    industry_name: str
    key: str
    name: str
    hours: float | None
    extendable_to: float | None
    pollutants: frozenset[str]
    hour_limits: Mapping[str, float]
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Rules:
    deadline_hour: int
    normal: frozenset[str]
    invalid: frozenset[str]
    over_range: frozenset[str]
    equipment: Mapping[str, str]
    conditions: Mapping[tuple[str, str], Condition]


@compiled("monitoring_marks")
def _rules(content: dict[str, Any]) -> _Rules:
    declare_file(RULE_SET, content)
    conditions: dict[tuple[str, str], Condition] = {}
    for industry, table in content["condition"]["industries"].items():
        for key, entry in table.items():
            if key == "name":
                continue
            conditions[industry, key] = Condition(
                industry=industry,
                industry_name=table["name"],
                key=key,
                name=entry["name"],
                hours=entry.get("hours"),
                extendable_to=entry.get("extendable_to"),
                pollutants=frozenset(entry.get("pollutants", ())),
                hour_limits=entry.get("hour_limit", {}),
                mark=Mark(entry.get("mark", content["condition"]["mark"])),
            )
    flags = content["flags"]
    return _Rules(
        deadline_hour=int(content["deadline"]["hour"]),
        normal=frozenset(flags["normal"]),
        invalid=frozenset(flags["invalid"]),
        over_range=frozenset(flags["over_range"]),
        equipment={key: entry["name"] for key, entry in content["equipment"].items()},
        conditions=conditions,
    )


_rules()


def usable_flags() -> frozenset[str]:
    """HJ 212 flags of values that enter statistics: N (of air stations in 2005 also 3), T (over range, a
    lower estimate), and the empty one."""
    return _rules().normal | _rules().over_range | {""}


def valid_flag(flag: str | None) -> bool:
    """Whether a value with this HJ 212 flag may be used; see :func:`usable_flags`.

    A value without a flag is taken as normal; an unknown flag is not.
    """
    return (flag or "") in usable_flags()


def conditions(industry: str | None = None) -> tuple[Condition, ...]:
    """The conditions of operation known, of one industry or of all."""
    return tuple(
        entry for entry in _rules().conditions.values() if industry in (None, entry.industry)
    )


def deadline(moment: datetime) -> datetime:
    """Until when data of this moment may be marked: noon of the next day.

    >>> from datetime import datetime
    >>> deadline(datetime(2026, 5, 1, 23))
    datetime.datetime(2026, 5, 2, 12, 0)
    """
    return datetime.combine(moment.date() + timedelta(days=1), time(_rules().deadline_hour))


@dataclass(frozen=True, slots=True)
class Excuse:
    """Whether a marked hour is excused from judgement, and why or why not. ``invalid`` is true for an
    equipment mark: the value is no measurement at all. ``limit`` is one that holds all the same."""

    excused: bool
    invalid: bool
    reason: str
    limit: float | None
    mark: Mark


def equipment_excuse(kind: str, moment: datetime, set_at: datetime) -> Excuse:
    """What an equipment mark (``maintenance``, ``fault``, ``calibration``, ``offline``) excuses.

    Raises ``LookupError`` for an unknown kind.
    """
    names = _rules().equipment
    if kind not in names:
        raise LookupError(f"no equipment mark {kind!r}; there are {', '.join(names)}")
    if late := _late(moment, set_at):
        return Excuse(False, False, late, None, Mark.TWO_PLACES)
    return Excuse(True, True, f"设备标记：{names[kind]}", None, Mark.TWO_PLACES)


def condition_excuse(
    industry: str,
    condition: str,
    pollutant: str,
    moment: datetime,
    *,
    began: datetime,
    set_at: datetime,
    extended: bool = False,
) -> Excuse:
    """What a condition mark excuses for the hour that starts at ``moment``.

    ``began`` is when the condition began; ``extended`` uses the longer time an industry may be granted.
    Raises ``LookupError`` for an industry or condition that has no rule.
    """
    known = _rules().conditions
    if (industry, condition) not in known:
        choices = ", ".join("/".join(key) for key in known)
        raise LookupError(f"no condition mark {industry}/{condition}; there are {choices}")
    rule = known[industry, condition]
    name = f"{rule.industry_name}{rule.name}"
    if late := _late(moment, set_at):
        return Excuse(False, False, late, None, rule.mark)
    if rule.pollutants and pollutant not in rule.pollutants:
        return Excuse(False, False, f"{name}的工况标记不包括该污染物", None, rule.mark)
    hours = rule.extendable_to if extended and rule.extendable_to else rule.hours
    if moment < began:
        return Excuse(False, False, f"早于{name}开始时间", None, rule.mark)
    if hours is not None and moment - began >= timedelta(hours=hours):
        return Excuse(False, False, f"超过{name}的时限{hours:g}小时", None, rule.mark)
    within = "" if hours is None else f"（{hours:g}小时内）"
    return Excuse(
        True, False, f"工况标记：{name}{within}", rule.hour_limits.get(pollutant), rule.mark
    )


def _late(moment: datetime, set_at: datetime) -> str:
    until = deadline(moment)
    return f"标记晚于{until.month}月{until.day}日{until.hour}时的时限" if set_at > until else ""
