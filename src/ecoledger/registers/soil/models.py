"""The models of 土壤, each defined in its book's own module."""

from ecoledger.registers.soil.apportionments import Apportionment, SourceShare
from ecoledger.registers.soil.farmland import Field, FieldYear
from ecoledger.registers.soil.hazards import Demolition, SoilHazard
from ecoledger.registers.soil.key_units import KeyUnit, SoilSurvey
from ecoledger.registers.soil.land_uses import LandUse
from ecoledger.registers.soil.manure import FertilizerYear, ManureRun, ManureSite
from ecoledger.registers.soil.parcel_cases import ParcelCase
from ecoledger.registers.soil.parcels import ListEntry, Parcel
from ecoledger.registers.soil.plume_alarms import PlumeAlarm
from ecoledger.registers.soil.report_checks import CheckedReport, Expert, ReportCheck
from ecoledger.registers.soil.soil_reports import SoilReport, SoilSample
from ecoledger.registers.soil.soil_tests import SoilTest
from ecoledger.registers.soil.well_years import WellYear
from ecoledger.registers.soil.wells import Well, WellSample

__all__ = [
    "Apportionment",
    "CheckedReport",
    "Demolition",
    "Expert",
    "FertilizerYear",
    "Field",
    "FieldYear",
    "KeyUnit",
    "LandUse",
    "ListEntry",
    "ManureRun",
    "ManureSite",
    "Parcel",
    "ParcelCase",
    "PlumeAlarm",
    "ReportCheck",
    "SoilHazard",
    "SoilReport",
    "SoilSample",
    "SoilSurvey",
    "SoilTest",
    "SourceShare",
    "Well",
    "WellSample",
    "WellYear",
]
