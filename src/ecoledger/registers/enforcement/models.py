"""The models of 执法, each defined in its book's own module."""

from ecoledger.registers.enforcement.check_objects import CheckedObject
from ecoledger.registers.enforcement.check_plan import CheckPlan
from ecoledger.registers.enforcement.correction_orders import CorrectionOrder
from ecoledger.registers.enforcement.credit_entries import CreditEntry
from ecoledger.registers.enforcement.damage_claims import DamageClaim, Meeting
from ecoledger.registers.enforcement.field_records import FieldRecord
from ecoledger.registers.enforcement.file_review import FileReview, ReviewItem
from ecoledger.registers.enforcement.inspections import Inspection, JointDepartment, Purpose
from ecoledger.registers.enforcement.officers import Avoidance, Equipment, Officer, Training
from ecoledger.registers.enforcement.penalty_case.models import (
    EvidenceItem,
    Instalment,
    Payment,
    PenaltyCase,
    Remedy,
)
from ecoledger.registers.enforcement.production_orders import ProductionOrder
from ecoledger.registers.enforcement.random_check import RandomCheck
from ecoledger.registers.enforcement.referrals import Referral
from ecoledger.registers.enforcement.seizures import SeizedThing, Seizure
from ecoledger.registers.enforcement.self_checks import SelfCheck, SelfCheckItem
from ecoledger.registers.enforcement.special_action import ActionMeeting
from ecoledger.registers.enforcement.transfers import Transfer, TransferPaper

__all__ = [
    "ActionMeeting",
    "Avoidance",
    "CheckPlan",
    "CheckedObject",
    "CorrectionOrder",
    "CreditEntry",
    "DamageClaim",
    "Equipment",
    "EvidenceItem",
    "FieldRecord",
    "FileReview",
    "Inspection",
    "Instalment",
    "JointDepartment",
    "Meeting",
    "Officer",
    "Payment",
    "PenaltyCase",
    "ProductionOrder",
    "Purpose",
    "RandomCheck",
    "Referral",
    "Remedy",
    "ReviewItem",
    "SeizedThing",
    "Seizure",
    "SelfCheck",
    "SelfCheckItem",
    "Training",
    "Transfer",
    "TransferPaper",
]
