"""What the books of this line keep."""

from ecoledger.registers.credit.events import CreditEvent
from ecoledger.registers.credit.insurance import (
    InsuranceClaim,
    InsurancePolicy,
    InsuranceService,
    InsuranceTerm,
)
from ecoledger.registers.credit.objections import CreditObjection
from ecoledger.registers.credit.ratings import CreditBatch, Rating
from ecoledger.registers.credit.repairs import CreditRepair
from ecoledger.registers.credit.subsidies import GreenSubsidy

__all__ = [
    "CreditBatch",
    "CreditEvent",
    "CreditObjection",
    "CreditRepair",
    "GreenSubsidy",
    "InsuranceClaim",
    "InsurancePolicy",
    "InsuranceService",
    "InsuranceTerm",
    "Rating",
]
