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
from ecoledger.registers.water.outfall_models import (
    BlackWater,
    BlackWaterTest,
    BlackWaterWork,
    OutfallSetting,
    OutfallWork,
    RiverOutfall,
)
from ecoledger.registers.water.outlet_models import RiverMouth
from ecoledger.registers.water.sample_models import MonthlyFlow, WaterSample
from ecoledger.registers.water.sea_models import Bay, SeaRiver, SeaSample, SeaStation, SeaSurvey
from ecoledger.registers.water.sewage_models import (
    DistrictPlan,
    FacilityDay,
    FacilityVisit,
    FiveNorms,
    FluorideFirm,
    NormItem,
    PlanMeasure,
    PlantMonth,
    RegionYear,
    SewagePlant,
    SewageRegion,
    SewageVillage,
    SewerGap,
    SewerWork,
    VillageFacility,
    VillageWork,
)
from ecoledger.registers.water.source_models import (
    ProtectionZone,
    SourceIntake,
    SourcePatrol,
    WaterSource,
)
from ecoledger.registers.water.trace_models import TraceSuspect, WaterTrace

__all__ = [
    "Bay",
    "BlackWater",
    "BlackWaterTest",
    "BlackWaterWork",
    "CompensationAppeal",
    "CompensationLine",
    "CompensationMonth",
    "CompensationYear",
    "DataExclusion",
    "DistrictPlan",
    "FacilityDay",
    "FacilityVisit",
    "FiveNorms",
    "FloodMode",
    "FluorideFirm",
    "MonthlyFlow",
    "NormItem",
    "OutfallSetting",
    "OutfallWork",
    "PlanMeasure",
    "PlantMonth",
    "ProtectionZone",
    "RainCheck",
    "RegionYear",
    "RiverMouth",
    "RiverOutfall",
    "SeaRiver",
    "SeaSample",
    "SeaStation",
    "SeaSurvey",
    "SettlementLine",
    "SewagePlant",
    "SewageRegion",
    "SewageVillage",
    "SewerGap",
    "SewerWork",
    "SourceIntake",
    "SourcePatrol",
    "TraceSuspect",
    "VillageFacility",
    "VillageWork",
    "WaterSample",
    "WaterSource",
    "WaterTrace",
]
