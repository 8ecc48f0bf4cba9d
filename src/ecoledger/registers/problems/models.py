"""The models of 督察整改, each defined in its register's own module."""

from ecoledger.registers.problems.city_problems import CityProblem
from ecoledger.registers.problems.inspectorate import InspectorateBatch, InspectorateLetter
from ecoledger.registers.problems.look_back import LookBackCheck, LookBackRound, LookBackUnit
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.registers.problems.responsibilities import Responsibility
from ecoledger.registers.problems.sweeps import WatchSite

__all__ = [
    "CityProblem",
    "InspectorateBatch",
    "InspectorateLetter",
    "LookBackCheck",
    "LookBackRound",
    "LookBackUnit",
    "Problem",
    "Responsibility",
    "WatchSite",
]
