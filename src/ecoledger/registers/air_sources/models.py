"""The models of the sources of air pollution, each defined in its book's own module."""

from ecoledger.registers.air_sources.boilers import Furnace
from ecoledger.registers.air_sources.cameras import Camera, CameraCheck
from ecoledger.registers.air_sources.carbon_boxes import CarbonBox, CarbonReplacement
from ecoledger.registers.air_sources.joint_visits import JointVisit, TestResult
from ecoledger.registers.air_sources.mobile import BlackSmoke, Machine, MachineCheck, VehicleCheck
from ecoledger.registers.air_sources.patrols import Patrol
from ecoledger.registers.air_sources.shared_centres import CentreMember, CentreRun, SharedCentre
from ecoledger.registers.air_sources.sites import (
    Caterer,
    DustCheck,
    DustSite,
    FuelStation,
    SiteTest,
)
from ecoledger.registers.air_sources.ultra_low import AssessedPart, UltraLowAssessment
from ecoledger.registers.air_sources.voc_projects import VocProject

__all__ = [
    "AssessedPart",
    "BlackSmoke",
    "Camera",
    "CameraCheck",
    "CarbonBox",
    "CarbonReplacement",
    "Caterer",
    "CentreMember",
    "CentreRun",
    "DustCheck",
    "DustSite",
    "FuelStation",
    "Furnace",
    "JointVisit",
    "Machine",
    "MachineCheck",
    "Patrol",
    "SharedCentre",
    "SiteTest",
    "TestResult",
    "UltraLowAssessment",
    "VehicleCheck",
    "VocProject",
]
