"""The models of the line of emergencies, each defined in its book's own module."""

from ecoledger.registers.emergency.around_it import RescueTeam, SensitivePoint
from ecoledger.registers.emergency.depots import Batch, Depot
from ecoledger.registers.emergency.dispatches import Dispatch, DispatchLine
from ecoledger.registers.emergency.drills import Drill
from ecoledger.registers.emergency.health_maps import (
    HealthAssessment,
    HealthCell,
    HealthParameter,
    HealthRun,
    HealthSample,
)
from ecoledger.registers.emergency.incidents import Incident
from ecoledger.registers.emergency.plan_filings import PlanFiling, PlanPaper

__all__ = [
    "Batch",
    "Depot",
    "Dispatch",
    "DispatchLine",
    "Drill",
    "HealthAssessment",
    "HealthCell",
    "HealthParameter",
    "HealthRun",
    "HealthSample",
    "Incident",
    "PlanFiling",
    "PlanPaper",
    "RescueTeam",
    "SensitivePoint",
]
