"""The two steps of an alarm: the firm, or whoever runs the instruments, is asked first, and what it does not answer, repeats
or is large goes to the officer.

What is asked and of whom is in ``alarm_steps.toml`` (:mod:`ecoledger.listings.own_data`). Their clock is the case's
clock "explain"; when it runs out the case goes on by itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.accounts import grants
from ecoledger.accounts.models import Organisation
from ecoledger.accounts.roles import Role
from ecoledger.listings import own_data
from ecoledger.matters import actions
from ecoledger.monitoring.alarming import words
from ecoledger.monitoring.models import Alarm
from ecoledger.registers.alarms.alarm_case.models import AlarmCase
from ecoledger.registers.alarms.alarm_case.owners import operator_of
from ecoledger.standards.rounding import plainly

# The latest values that the firm is shown.
_VALUES = 6


def settings() -> dict[str, Any]:
    return own_data.read("ecoledger.registers.alarms", "alarm_steps")


def asked_first(case: AlarmCase, alarm: Alarm) -> bool:
    """Whether the firm is to explain before an officer looks at it."""
    rules = settings()
    return bool(
        rules.get("ask_first", True)
        and case.enterprise is not None
        and not _large(case, alarm, rules)
        and grants.people_with((Role.ENTERPRISE,))
        .filter(organisation__entity_code=case.enterprise.code)
        .exists()
    )


def operator_asked_first(case: AlarmCase, alarm: Alarm) -> Organisation | None:
    """Who runs the instruments, where it is to explain before an officer looks at it and somebody of it can: of a station
    about all that an instrument can do, of a firm's outlet about the data alone."""
    rules = settings()
    asked_about = "ask_outlet_operator" if case.enterprise is not None else "ask_operator"
    if not rules.get("ask_first", True) or alarm.rule.detector not in rules.get(asked_about, []):
        return None
    operator = operator_of(case)
    if operator is None or _large(case, alarm, rules):
        return None
    people = grants.people_with((Role.THIRD_PARTY,), case.area_code)
    return operator if people.filter(organisation=operator).exists() else None


def ask(case: AlarmCase, alarm: Alarm, at: datetime) -> AlarmCase:
    """Ask the firm or the operator with the evidence, where one is to be asked; the case as it is then."""
    form: dict[str, Any] = {"question": bundle(alarm)}
    # Of a fault of the data at an outlet, he who runs its instruments knows more than the firm.
    if operator := operator_asked_first(case, alarm):
        step, form["owner_organisation"] = "ask_operator", operator
    elif asked_first(case, alarm):
        step = "ask_first"
    else:
        return case
    asked: AlarmCase = actions.perform(case.pk, step, by=None, form=form, at=at)
    return asked


def go_on(case: AlarmCase, alarm: Alarm, at: datetime) -> AlarmCase:
    """After another alarm or a higher level: the officer looks at it now, whether the asked one has answered or not."""
    if case.state not in ("asked", "asked_operator") or not _large(case, alarm, settings()):
        return case
    moved: AlarmCase = actions.perform(case.pk, "to_officer", by=None, note=alarm.text, at=at)
    return moved


def bundle(alarm: Alarm) -> str:
    """What was found, why it is told, the latest values, and what would have prevented it."""
    values = [
        f"{datetime.fromisoformat(start):%m-%d %H:%M} {plainly(value)}"
        for start, value in alarm.evidence.get("values", [])[-_VALUES:]
    ]
    lines = [alarm.text, _("预警原因：%s") % alarm.why if alarm.why else ""]
    if values:
        lines.append(_("最近数值：%s") % "，".join(values))
    if prevention := words.prevention(alarm.rule.detector):
        lines.append(_("可避免此类预警的做法：%s") % prevention)
    lines.append(_("请说明原因并上传佐证材料；超期未说明将转监管人员核实。"))
    return "\n".join(line for line in lines if line)


def _large(case: AlarmCase, alarm: Alarm, rules: dict[str, Any]) -> bool:
    """Whether it is too grave or too often for a question."""
    return (
        case.level not in rules.get("levels", ["blue", "yellow"])
        or max(case.alarm_count, alarm.count_30d) >= rules.get("repeats", 3)
        or alarm.rule.detector in rules.get("at_once", [])
    )
