"""The models of 信访投诉, each defined in its own module."""

from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.registers.complaints.proposals import Repeat
from ecoledger.registers.complaints.register import REGISTER, REPEATS

__all__ = ["REGISTER", "REPEATS", "Complaint", "Repeat"]
