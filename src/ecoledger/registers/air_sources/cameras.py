"""视频监控 (mechanism A10): cameras on facilities, whether each works, and a snapshot that becomes evidence of a case.

The video itself stays where it is recorded; what is kept here is which camera looks at what, how to reach it, and
the pictures that prove something: when a look becomes a problem, a still is fetched as its evidence (``stills``).
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import STAFF
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.matters.evidence import Upload
from ecoledger.registers.air_sources import stills
from ecoledger.registers.problems.problem_ledger import AIR_PROBLEM


class Camera(Entity):
    """A camera that looks at a facility of a firm."""

    KIND = "camera"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_camera"
    )

    class Looks(models.TextChoices):
        PRODUCTION = "production", "产污设施"
        TREATMENT = "treatment", "治污设施"
        OUTLET = "outlet", "排放口"
        GATE = "gate", "门禁"
        STORE = "store", "危废库"
        OTHER = "other", "其他"

    looks_at = models.CharField("监控部位", max_length=12, choices=Looks.choices)
    facility = models.CharField("设施名称", max_length=80, blank=True)
    channel = models.CharField("视频通道号", max_length=60, blank=True)
    address_of_stream = models.CharField("视频平台", max_length=120, blank=True)
    still = models.CharField("截图地址", max_length=300, blank=True)
    retention_days = models.PositiveSmallIntegerField("录像保存天数", null=True, blank=True)
    online = models.BooleanField("在线", default=True)

    class Meta:
        verbose_name = "摄像头"


def clean(camera: Camera, findings: Findings) -> None:
    """A still may only be fetched from the bureau's own video platform."""
    if camera.still and not stills.allowed(camera.still):
        findings.wrong["still"] = _("截图地址须在视频平台登记的主机内（配置 cameras.toml）")


CAMERAS = declare(Inventory(
    key="camera", label="视频监控", model=Camera, line="air", letter="V", parents=(Enterprise,), clean=clean,
    enterprise="parent__code",
    columns=("name", "parent", "looks_at", "facility", "channel", "retention_days", "online", "area_code"),
    filters=("looks_at", "online", "area_code"), search=("name", "code", "parent__name", "channel"),
    fields=("name", CODE, Ask("parent", "所属企业", to=Enterprise, required=True), "looks_at", "facility",
            "channel", "address_of_stream", "still", "retention_days", "online", "since", "until"),
    labels={"parent": "所属企业"},
    imports=Import(key=("parent", "name"),
                   headers={"name": ("摄像头名称", "点位名称", "监控名称"), "parent": ("企业名称",),
                            "looks_at": ("安装位置", "监控位置"), "channel": ("通道号", "国标编码"),
                            "retention_days": ("保存天数",), "still": ("抓图地址",)},
                   examples={"name": "1#喷漆房", "parent": "示例涂装有限公司", "looks_at": "产污设施"}),
    views=(View("offline", "离线", {"online": "0"}),),
    empty="还没有摄像头。导入企业治污设施的视频清单；视频本身仍在视频平台。",
))  # fmt: skip


class CameraCheck(LogEntry):
    """One look through a camera, online or on site."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_camera_check"
    )

    class Seen(models.TextChoices):
        FINE = "fine", "正常"
        OFFLINE = "offline", "离线"
        BLOCKED = "blocked", "遮挡、偏离"
        STOPPED = "stopped", "治污设施未运行"
        OPEN = "open", "未密闭、无组织排放"
        OTHER = "other", "其他"

    seen = models.CharField("所见", max_length=10, choices=Seen.choices)

    class Meta:
        verbose_name = "视频巡检"


def still_of(check: CameraCheck) -> list[Upload]:
    """A picture from the camera that was looked through; none where its platform gives none."""
    camera = Camera.objects.get(pk=check.entity_id)
    return [stills.fetch(camera.still, camera.name)] if camera.still else []


CHECKS = declare_book(Log(
    key="camera_check", label="视频巡检", model=CameraCheck, line="air", begets="problem", begotten=AIR_PROBLEM, edit=STAFF,
    proof=still_of,
    columns=("entity", "at", "seen", "note", "area_code", "by"), filters=("seen", "area_code", "at"),
    search=("entity__name", "entity__parent__name", "note"),
    fields=(Ask("entity", "摄像头", to=Camera, required=True), "at", "seen", "note"),
    labels={"entity": "摄像头"}, lead="entity",
    views=(View("odd", "有异常", {"seen": "offline,blocked,stopped,open,other"}),),
    empty="还没有视频巡检记录。",
))  # fmt: skip
