"""What the books of this line keep, each model defined in its book's own module."""

from ecoledger.registers.approval.agencies import AgencyRating, EiaAgency
from ecoledger.registers.approval.cases import ApprovalCase
from ecoledger.registers.approval.document_reviews import DocumentMark, DocumentReview
from ecoledger.registers.approval.filing_checks import FilingCheck
from ecoledger.registers.approval.items import ApprovalItem
from ecoledger.registers.approval.joint import JointApproval, JointMaterial
from ecoledger.registers.approval.key_projects import KeyProject, ProjectContact
from ecoledger.registers.approval.parks import Park
from ecoledger.registers.approval.permit_review import PermitReview, ReviewFinding
from ecoledger.registers.approval.permit_terms import PermitAmount, PermitLedger, PermitMonitoring
from ecoledger.registers.approval.permits import Permit
from ecoledger.registers.approval.reports import ExecutionReport, ReportedAmount
from ecoledger.registers.approval.self_results import SelfResult
from ecoledger.registers.approval.self_review import SelfReview, SelfReviewLine
from ecoledger.registers.approval.service_requests import ServiceRequest, ServiceVisit
from ecoledger.registers.approval.zoning import ControlUnit, ZoningClause, ZoningVersion
from ecoledger.registers.approval.zoning_check import ZoningCheck, ZoningFinding

__all__ = [
    "AgencyRating",
    "ApprovalCase",
    "ApprovalItem",
    "ControlUnit",
    "DocumentMark",
    "DocumentReview",
    "EiaAgency",
    "ExecutionReport",
    "FilingCheck",
    "JointApproval",
    "JointMaterial",
    "KeyProject",
    "Park",
    "Permit",
    "PermitAmount",
    "PermitLedger",
    "PermitMonitoring",
    "PermitReview",
    "ProjectContact",
    "ReportedAmount",
    "ReviewFinding",
    "SelfResult",
    "SelfReview",
    "SelfReviewLine",
    "ServiceRequest",
    "ServiceVisit",
    "ZoningCheck",
    "ZoningClause",
    "ZoningFinding",
    "ZoningVersion",
]
