"""The models of 大气, each defined in its book's own module."""

from ecoledger.registers.air.clues import Clue
from ecoledger.registers.air.coating import COATING
from ecoledger.registers.air.emergency_list import ControlLine
from ecoledger.registers.air.event_assurance import Consultation, EventAssurance
from ecoledger.registers.air.hot_spots import HeatSource, HotSpot
from ecoledger.registers.air.instructions import Instruction
from ecoledger.registers.air.noise_sites import NoiseReading, NoiseSite, NoiseZone
from ecoledger.registers.air.quality_checks import QualityCheck, QualityRecord
from ecoledger.registers.air.quota import Allocation, Reduction
from ecoledger.registers.air.staggering import StaggerLine
from ecoledger.registers.air.track_surveys import TrackSurvey
from ecoledger.registers.air.voc_offset import OffsetSource, VocOffset
from ecoledger.registers.air.weather_response import WeatherResponse

__all__ = [
    "COATING",
    "Allocation",
    "Clue",
    "Consultation",
    "ControlLine",
    "EventAssurance",
    "HeatSource",
    "HotSpot",
    "Instruction",
    "NoiseReading",
    "NoiseSite",
    "NoiseZone",
    "OffsetSource",
    "QualityCheck",
    "QualityRecord",
    "Reduction",
    "StaggerLine",
    "TrackSurvey",
    "VocOffset",
    "WeatherResponse",
]
