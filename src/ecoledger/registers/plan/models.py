"""The models of 年度计划, each defined in its book's own module."""

from ecoledger.registers.plan.short_boards import ShortBoard, ShortBoardTask
from ecoledger.registers.plan.target_book import PlanTarget
from ecoledger.registers.plan.target_evidence import TargetEvidence
from ecoledger.registers.plan.target_grades import TargetGrade
from ecoledger.registers.plan.warnings import WarningLetter
from ecoledger.registers.plan.work_tasks import Progress, Reconciliation, WorkTask

__all__ = [
    "PlanTarget",
    "Progress",
    "Reconciliation",
    "ShortBoard",
    "ShortBoardTask",
    "TargetEvidence",
    "TargetGrade",
    "WarningLetter",
    "WorkTask",
]
