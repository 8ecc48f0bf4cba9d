"""Results of sampling by hand, and the water that passed a section in a month."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models

from ecoledger.books.models import LogEntry


class WaterSample(LogEntry):
    """One sample of surface water: of a section, a reservoir, a drinking-water source.

    Results are kept as the laboratory wrote them ("0.02L", "未检出", "断流"); ``standards.readings`` reads them.
    """

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_water_sample"
    )
    report_no = models.CharField("报告编号", max_length=60, blank=True)
    laboratory = models.CharField("监测单位", max_length=60, blank=True)
    water_temp = models.CharField("水温", max_length=20, blank=True)
    ph = models.CharField("pH", max_length=20, blank=True)
    do = models.CharField("溶解氧", max_length=20, blank=True)
    codmn = models.CharField("高锰酸盐指数", max_length=20, blank=True)
    codcr = models.CharField("化学需氧量", max_length=20, blank=True)
    bod5 = models.CharField("五日生化需氧量", max_length=20, blank=True)
    nh3n = models.CharField("氨氮", max_length=20, blank=True)
    tp = models.CharField("总磷", max_length=20, blank=True)
    tn = models.CharField("总氮", max_length=20, blank=True)
    cu = models.CharField("铜", max_length=20, blank=True)
    zn = models.CharField("锌", max_length=20, blank=True)
    fluoride = models.CharField("氟化物", max_length=20, blank=True)
    se = models.CharField("硒", max_length=20, blank=True)
    arsenic = models.CharField("砷", max_length=20, blank=True)
    hg = models.CharField("汞", max_length=20, blank=True)
    cd = models.CharField("镉", max_length=20, blank=True)
    cr6 = models.CharField("六价铬", max_length=20, blank=True)
    pb = models.CharField("铅", max_length=20, blank=True)
    cn = models.CharField("氰化物", max_length=20, blank=True)
    phenol = models.CharField("挥发酚", max_length=20, blank=True)
    oil = models.CharField("石油类", max_length=20, blank=True)
    las = models.CharField("阴离子表面活性剂", max_length=20, blank=True)
    sulfide = models.CharField("硫化物", max_length=20, blank=True)
    fecal_coliform = models.CharField("粪大肠菌群", max_length=20, blank=True)
    sulfate = models.CharField("硫酸盐", max_length=20, blank=True)
    chloride = models.CharField("氯化物", max_length=20, blank=True)
    nitrate = models.CharField("硝酸盐氮", max_length=20, blank=True)
    fe = models.CharField("铁", max_length=20, blank=True)
    mn = models.CharField("锰", max_length=20, blank=True)

    class Meta:
        verbose_name = "地表水手工监测"


class MonthlyFlow(LogEntry):
    """How much water passed a section in a month, and which way it ran."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_monthly_flow"
    )

    class Direction(models.TextChoices):
        DOWN = "down", "顺流"
        BACK = "back", "逆流"
        NONE = "none", "断流"

    volume = models.DecimalField(
        "水量 万m³", max_digits=14, decimal_places=4, validators=[MinValueValidator(0)]
    )
    # Rivers of the plain run both ways: in a month of backflow the lower town is the upper one.
    direction = models.CharField(
        "流向", max_length=6, choices=Direction.choices, default=Direction.DOWN
    )

    class Meta:
        verbose_name = "断面月水量"
