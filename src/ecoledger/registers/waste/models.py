"""The models of 固废辐射; most are defined in their book's own module."""

from django.db import models

from ecoledger.entities.models import Entity
from ecoledger.registers.waste.batteries import BatteryCollection, BatterySite
from ecoledger.registers.waste.closed_plants import Clearance, ClosedPlant, PlantStock
from ecoledger.registers.waste.disposal_capacity import CapacityLine, DisposalUnit
from ecoledger.registers.waste.epidemic_checks import EpidemicCheck, EpidemicObject
from ecoledger.registers.waste.industrial_waste import (
    CentreIntake,
    CollectionContract,
    CollectionRoute,
    IndustrialDeclaration,
    SortingCentre,
)
from ecoledger.registers.waste.manifests import Manifest, ManifestItem, TransportLeg
from ecoledger.registers.waste.medical_alarms import MedicalAlarm
from ecoledger.registers.waste.medical_waste import (
    MedicalDay,
    MedicalHandover,
    MedicalInstitution,
)
from ecoledger.registers.waste.overdue_storage import OverdueStorage
from ecoledger.registers.waste.producers import WasteDeclaration, WastePlan, WasteProducer
from ecoledger.registers.waste.radiation_units import (
    RadiationAssessment,
    RadiationCheck,
    RadiationUnit,
)
from ecoledger.registers.waste.small_pickups import PickupBatch, PickupOrder
from ecoledger.registers.waste.small_producers import SmallDeclaration, SmallProducer
from ecoledger.registers.waste.waste_balance import WasteBalance
from ecoledger.registers.waste.waste_ledgers import WasteRecord

__all__ = [
    "BatteryCollection",
    "BatterySite",
    "CapacityLine",
    "CentreIntake",
    "Clearance",
    "ClosedPlant",
    "CollectionContract",
    "CollectionRoute",
    "DisposalUnit",
    "EpidemicCheck",
    "EpidemicObject",
    "IndustrialDeclaration",
    "Manifest",
    "ManifestItem",
    "MedicalAlarm",
    "MedicalDay",
    "MedicalHandover",
    "MedicalInstitution",
    "OverdueStorage",
    "PickupBatch",
    "PickupOrder",
    "PlantStock",
    "RadiationAssessment",
    "RadiationCheck",
    "RadiationSource",
    "RadiationUnit",
    "SmallDeclaration",
    "SmallProducer",
    "SortingCentre",
    "TransportLeg",
    "WasteBalance",
    "WasteDeclaration",
    "WastePlan",
    "WasteProducer",
    "WasteRecord",
]


class RadiationSource(Entity):
    """A sealed source or a radiation device of a unit that uses nuclear technology."""

    KIND = "radiation_source"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_radiation_source"
    )

    class Sort(models.TextChoices):
        SOURCE = "source", "放射源"
        DEVICE = "device", "射线装置"

    sort = models.CharField("种类", max_length=10, choices=Sort.choices)
    category = models.CharField("类别", max_length=4, help_text="放射源Ⅰ—Ⅴ类，射线装置Ⅰ—Ⅲ类")
    nuclide = models.CharField("核素", max_length=20, blank=True)
    source_no = models.CharField("放射源编码", max_length=20, blank=True, db_index=True)
    licence_no = models.CharField("辐射安全许可证号", max_length=40)
    licence_until = models.DateField("许可证有效期至", db_index=True)
    model_no = models.CharField("型号", max_length=60, blank=True)
    activity = models.CharField("出厂活度", max_length=40, blank=True)
    made_on = models.DateField("出厂日期", null=True, blank=True)
    purpose = models.CharField("用途", max_length=60, blank=True)
    used_at = models.CharField("使用场所", max_length=120, blank=True)
    came_from = models.CharField("来源", max_length=120, blank=True)
    went_to = models.CharField("去向", max_length=120, blank=True)

    class Meta:
        verbose_name = "放射源与射线装置"
