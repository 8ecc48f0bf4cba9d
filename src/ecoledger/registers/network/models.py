"""The models of 感知网络."""

from django.core.validators import MinValueValidator
from django.db import models

from ecoledger.entities.models import Entity
from ecoledger.matters.models import Matter
from ecoledger.registers.network.connections import Connection
from ecoledger.registers.network.exchanges import Exchange
from ecoledger.registers.network.private_network import NetworkNode

__all__ = ["Connection", "Device", "Exchange", "MaintenanceOrder", "NetworkNode"]


class Device(Entity):
    """An instrument of the sensing network, at a station, an outlet or an enterprise."""

    KIND = "device"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_device"
    )

    class Sort(models.TextChoices):
        ANALYSER = "analyser", "分析仪"
        LOGGER = "logger", "数据采集传输仪"
        SAMPLER = "sampler", "采样设备"
        METER = "meter", "用电监控"
        CAMERA = "camera", "视频监控"
        OTHER = "other", "其他"

    sort = models.CharField("种类", max_length=10, choices=Sort.choices)
    maker = models.CharField("生产厂家", max_length=60, blank=True)
    product_model = models.CharField("型号", max_length=60, blank=True)
    serial_no = models.CharField("出厂编号", max_length=40, blank=True, db_index=True)
    operator = models.CharField("运维单位", max_length=60, blank=True)
    verified_until = models.DateField("检定有效期至", null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = "感知设备"
        ordering = ["code"]


class MaintenanceOrder(Matter):
    """An order to repair, verify or exchange a device (运维单)."""

    class Fault(models.TextChoices):
        OFFLINE = "offline", "离线"
        DRIFT = "drift", "示值漂移"
        BROKEN = "broken", "故障停机"
        VERIFY = "verify", "到期检定"
        ROUTINE = "routine", "例行维护"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_maintenance_order"
    )
    fault = models.CharField("维护类别", max_length=10, choices=Fault.choices)
    # From the fault until it works again, as who repaired it reports it.
    down_hours = models.DecimalField(
        "停运时长 h", max_digits=7, decimal_places=1, null=True, blank=True,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    parts = models.CharField("更换部件", max_length=200, blank=True)

    class Meta:
        verbose_name = "运维单"
