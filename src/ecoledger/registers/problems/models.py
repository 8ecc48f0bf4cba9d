"""The models of 督察整改, each defined in its register's own module."""

from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.registers.problems.responsibilities import Responsibility

__all__ = ["Problem", "Responsibility"]
