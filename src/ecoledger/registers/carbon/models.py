"""The models of 应对气候变化, each defined in its book's own module."""

from ecoledger.registers.carbon.economy import CarbonEconomy
from ecoledger.registers.carbon.impact import CarbonImpact, ImpactSource
from ecoledger.registers.carbon.reports import CarbonFinding, CarbonReport
from ecoledger.registers.carbon.sheets import CarbonRow

__all__ = [
    "CarbonEconomy",
    "CarbonFinding",
    "CarbonImpact",
    "CarbonReport",
    "CarbonRow",
    "ImpactSource",
]
