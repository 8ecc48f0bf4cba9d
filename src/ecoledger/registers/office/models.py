"""The models of 综合办公, each defined in its own module."""

from ecoledger.registers.office.discipline import (
    DisciplineMeasure,
    DisciplineProblem,
    DisciplineRule,
    IntegrityRisk,
)
from ecoledger.registers.office.incoming_letters import Demand, IncomingLetter
from ecoledger.registers.office.meetings import (
    AgendaItem,
    Committee,
    CommitteeTask,
    Meeting,
    Resolution,
)
from ecoledger.registers.office.positive_list import PositiveLine

__all__ = [
    "AgendaItem",
    "Committee",
    "CommitteeTask",
    "Demand",
    "DisciplineMeasure",
    "DisciplineProblem",
    "DisciplineRule",
    "IncomingLetter",
    "IntegrityRisk",
    "Meeting",
    "PositiveLine",
    "Resolution",
]
