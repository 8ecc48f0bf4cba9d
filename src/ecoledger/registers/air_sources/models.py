"""The models of the sources of air pollution, each defined in its book's own module."""

from ecoledger.registers.air_sources.cameras import Camera, CameraCheck
from ecoledger.registers.air_sources.carbon_boxes import CarbonBox, CarbonReplacement
from ecoledger.registers.air_sources.mobile import BlackSmoke, Machine, MachineCheck, VehicleCheck
from ecoledger.registers.air_sources.shared_centres import CentreMember, CentreRun, SharedCentre

__all__ = [
    "BlackSmoke",
    "Camera",
    "CameraCheck",
    "CarbonBox",
    "CarbonReplacement",
    "CentreMember",
    "CentreRun",
    "Machine",
    "MachineCheck",
    "SharedCentre",
    "VehicleCheck",
]
