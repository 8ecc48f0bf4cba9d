"""The models of 大气, each defined in its book's own module."""

from ecoledger.registers.air.coating import COATING
from ecoledger.registers.air.quota import Allocation, Reduction

__all__ = ["COATING", "Allocation", "Reduction"]
