"""The models of 综合办公, each defined in its own module."""

from ecoledger.registers.office.discipline import (
    DisciplineMeasure,
    DisciplineProblem,
    DisciplineRule,
    IntegrityRisk,
)
from ecoledger.registers.office.meetings import AgendaItem, CommitteeTask, Meeting, Resolution
from ecoledger.registers.office.positive_list import PositiveLine

__all__ = [
    "AgendaItem",
    "CommitteeTask",
    "DisciplineMeasure",
    "DisciplineProblem",
    "DisciplineRule",
    "IntegrityRisk",
    "Meeting",
    "PositiveLine",
    "Resolution",
]
