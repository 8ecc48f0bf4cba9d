"""To whom a case goes."""

from __future__ import annotations

from typing import Any

from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Outlet, Station
from ecoledger.entities.validity import in_force
from ecoledger.registers.alarms.alarm_case.models import RoutingRule
from ecoledger.registers.network.models import Device


def routing(area_code: str, kind: str, detector: str = "") -> RoutingRule | None:
    """The most particular rule for an alarm; ``None`` when none fits."""
    fitting = [
        rule
        for rule in RoutingRule.objects.filter(register="alarm_case").select_related(
            "organisation", "person"
        )
        if area_code.startswith(rule.area_code)
        and rule.kind in ("", kind)
        and rule.detector in ("", detector)
    ]
    return max(fitting, key=lambda rule: rule.weight, default=None)


def default_owner(area_code: str) -> Organisation | None:
    """The town government with the longest code that ``area_code`` lies in, else the bureau."""
    candidates = Organisation.objects.filter(
        kind__in=(Organisation.Kind.TOWN, Organisation.Kind.BUREAU)
    )
    inside = [o for o in candidates if o.area_code and area_code.startswith(o.area_code)]
    towns = [o for o in inside if o.kind == Organisation.Kind.TOWN]
    return max(towns or inside, key=lambda o: len(o.area_code), default=None)


def operator_of(case: Any) -> Organisation | None:
    """Who runs the instruments of a case's place: the organisation that the 运维单位 of the station or outlet names, else
    that of the devices standing there; ``None`` where nobody, or more than one, is named."""
    names = _operators(case.entity_id)
    contractors = Organisation.objects.filter(kind=Organisation.Kind.THIRD_PARTY)
    named = [o for o in contractors if names & {o.name, *o.also_called}]
    return named[0] if len(named) == 1 else None


def _operators(entity: int | None) -> set[str]:
    if entity is None:
        return set()
    for model in (Station, Outlet):
        if thing := model.objects.filter(pk=entity).exclude(operator="").first():
            return {thing.operator}
    devices = Device.objects.filter(in_force(), parent_id=entity).exclude(operator="")
    return set(devices.values_list("operator", flat=True))


def owner_for(case: Any) -> Organisation | None:
    """The organisation offered when a case is handed over."""
    owner: Organisation | None = case.owner_organisation
    # A station's operator that was asked does not trace sources.
    if owner is not None and owner.kind != Organisation.Kind.THIRD_PARTY:
        return owner
    rule = routing(case.area_code, case.point.kind, case.rule.detector)
    if rule is not None and rule.organisation is not None:
        return rule.organisation
    return default_owner(case.area_code)


def person_for(case: Any) -> Person | None:
    """The person offered when a case is handed over."""
    rule = routing(case.area_code, case.point.kind, case.rule.detector)
    return case.owner or (rule.person if rule else None)
