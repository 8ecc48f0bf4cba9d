"""The models of 总量与排污权, each defined in its book's own module."""

from ecoledger.registers.quota.plans import QuotaPlan
from ecoledger.registers.quota.reduction_projects import (
    ReductionInput,
    ReductionProject,
    ReductionProof,
    ReductionUse,
)
from ecoledger.registers.quota.reduction_targets import ReductionTarget
from ecoledger.registers.quota.requests import QuotaRequest, RequestedAmount
from ecoledger.registers.quota.trades import QuotaTrade

__all__ = [
    "QuotaPlan",
    "QuotaRequest",
    "QuotaTrade",
    "ReductionInput",
    "ReductionProject",
    "ReductionProof",
    "ReductionTarget",
    "ReductionUse",
    "RequestedAmount",
]
