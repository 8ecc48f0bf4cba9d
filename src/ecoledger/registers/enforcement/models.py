"""The models of 执法, each defined in its book's own module."""

from ecoledger.registers.enforcement.check_objects import CheckedObject
from ecoledger.registers.enforcement.check_plan import CheckPlan
from ecoledger.registers.enforcement.inspections import Inspection, Purpose
from ecoledger.registers.enforcement.officers import Avoidance, Equipment, Officer, Training
from ecoledger.registers.enforcement.random_check import RandomCheck

__all__ = [
    "Avoidance",
    "CheckPlan",
    "CheckedObject",
    "Equipment",
    "Inspection",
    "Officer",
    "Purpose",
    "RandomCheck",
    "Training",
]
