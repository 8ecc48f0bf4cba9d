"""The models of 固废辐射."""

from django.db import models

from ecoledger.entities.models import Entity


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

    class Meta:
        verbose_name = "放射源与射线装置"
