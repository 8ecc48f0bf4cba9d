"""Things that matter when something has happened nearby: sensitive points and rescue teams (mechanism E10)."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models

from ecoledger.accounts.roles import Role
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Entity
from ecoledger.listings.parts import Import, View


class SensitivePoint(Entity):
    """People or nature that an event may reach: a village, a school, a hospital, the intake of a water works."""

    KIND = "sensitive_point"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_sensitive_point"
    )

    class Sort(models.TextChoices):
        HOMES = "homes", "居民区"
        SCHOOL = "school", "学校"
        HOSPITAL = "hospital", "医院、养老院"
        INTAKE = "intake", "饮用水水源取水口"
        OFFICE = "office", "机关、场馆"
        NATURE = "nature", "自然保护地"
        FARM = "farm", "水产养殖、农灌取水"
        OTHER = "other", "其他"

    sort = models.CharField("类别", max_length=10, choices=Sort.choices)
    # Empty where nobody counted, which is not nought.
    people = models.PositiveIntegerField(
        "人口数", null=True, blank=True, validators=[MaxValueValidator(100_000_000)]
    )
    contact = models.CharField("联系人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)

    class Meta:
        verbose_name = "环境敏感点"


class RescueTeam(Entity):
    """A team that can be called: rescue, monitoring, experts."""

    KIND = "rescue_team"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_rescue_team"
    )

    class Sort(models.TextChoices):
        RESCUE = "rescue", "应急救援单位"
        MONITOR = "monitor", "应急监测单位"
        EXPERT = "expert", "专家组"
        OTHER = "other", "其他支持单位"

    sort = models.CharField("类别", max_length=8, choices=Sort.choices)
    members = models.PositiveIntegerField("人数", null=True, blank=True)
    ability = models.CharField("主要能力", max_length=200, blank=True)
    contact = models.CharField("联系人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)

    class Meta:
        verbose_name = "应急队伍"


KEEPERS = frozenset({Role.MONITOR, Role.APPROVER, Role.SYSTEM_ADMIN})


def _placed(thing: Entity, findings: Findings) -> None:
    """Without a place nobody finds it from an event."""
    if thing.lon is None or thing.lat is None:
        from django.utils.translation import gettext as _

        findings.odd.append(_("没有坐标，应急一张图上找不到它"))


SENSITIVE = declare(Inventory(
    key="sensitive_point", label="环境敏感点", model=SensitivePoint, line="emergency", letter="N", clean=_placed,
    columns=("name", "code", "sort", "people", "address", "contact", "phone", "area_code"),
    filters=("sort", "area_code"), under=("address",),
    fields=("name", CODE, "area_code", "sort", "people", "address", "lon", "lat", "contact", "phone", "since", "until"),
    imports=Import(key=("name",),
                   headers={"name": ("敏感点名称", "敏感目标"), "sort": ("类型", "敏感点类型"), "people": ("人口", "人数"),
                            "phone": ("电话",)},
                   examples={"name": "北镇中心小学", "sort": "学校", "people": "1200", "lon": "118.61", "lat": "24.92"}),
    views=(View("intakes", "取水口", {"sort": "intake"}),),
    empty="还没有敏感点。导入居民区、学校、医院、取水口的清单（带坐标和人口）。",
))  # fmt: skip
TEAMS = declare(Inventory(
    key="rescue_team", label="应急队伍", model=RescueTeam, line="emergency", letter="Q", clean=_placed,
    columns=("name", "code", "sort", "members", "ability", "contact", "phone", "area_code"),
    filters=("sort", "area_code"), under=("ability",),
    fields=("name", CODE, "area_code", "sort", "members", "ability", "address", "lon", "lat", "contact", "phone",
            "since", "until"),
    imports=Import(key=("name",),
                   headers={"name": ("队伍名称", "单位名称"), "sort": ("类型",), "ability": ("专业能力",), "phone": ("电话",)},
                   examples={"name": "县环境应急分队", "sort": "应急救援单位", "members": "12", "lon": "118.6", "lat": "24.9"}),
    empty="还没有应急队伍。导入救援、监测单位和专家组的清单。",
))  # fmt: skip
