"""The models of chiefs, each defined in its book's own module."""

from ecoledger.registers.chiefs.calls import Call
from ecoledger.registers.chiefs.station_checks import StationCheck

__all__ = ["Call", "StationCheck"]
