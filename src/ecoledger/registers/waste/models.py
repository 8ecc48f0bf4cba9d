"""The models of 固废辐射, each defined in its book's own module."""

from ecoledger.registers.waste.assessment import ASSESSMENT

__all__ = ["ASSESSMENT"]
