"""What the books of this line keep."""

from ecoledger.registers.water.compensation_models import (
    CompensationAppeal,
    CompensationLine,
    CompensationMonth,
    CompensationYear,
    DataExclusion,
    SettlementLine,
)
from ecoledger.registers.water.flood_models import FloodMode, RainCheck
from ecoledger.registers.water.outlet_models import RiverMouth
from ecoledger.registers.water.sample_models import MonthlyFlow, WaterSample
from ecoledger.registers.water.sea_models import Bay, SeaRiver, SeaSample, SeaStation, SeaSurvey
from ecoledger.registers.water.source_models import (
    ProtectionZone,
    SourceIntake,
    SourcePatrol,
    WaterSource,
)
from ecoledger.registers.water.trace_models import TraceSuspect, WaterTrace

__all__ = [
    "Bay",
    "CompensationAppeal",
    "CompensationLine",
    "CompensationMonth",
    "CompensationYear",
    "DataExclusion",
    "FloodMode",
    "MonthlyFlow",
    "ProtectionZone",
    "RainCheck",
    "RiverMouth",
    "SeaRiver",
    "SeaSample",
    "SeaStation",
    "SeaSurvey",
    "SettlementLine",
    "SourceIntake",
    "SourcePatrol",
    "TraceSuspect",
    "WaterSample",
    "WaterSource",
    "WaterTrace",
]
