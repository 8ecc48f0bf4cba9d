"""环保专网 (mechanism G7): which units have to be on the network, which are, and which answered when it was last tried.

Coverage is units connected of units that have to be; connectivity is units that answered of units connected. A unit that
was never tried counts as not answering, and stands apart in the list.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Import, View
from ecoledger.listings.tallies import tally


class NetworkNode(models.Model):
    """The end of a line: one unit's router or terminal."""

    class Level(models.TextChoices):
        CITY = "city", "市级"
        COUNTY = "county", "县级"
        TOWN = "town", "镇街"
        STATION = "station", "站房"
        FIRM = "firm", "重点企业"

    class Kind(models.TextChoices):
        PRIVATE = "private", "环保专网"
        GOVERNMENT = "government", "电子政务外网"
        VPN = "vpn", "VPN 接入"

    unit = models.CharField("单位", max_length=120, unique=True)
    level = models.CharField("层级", max_length=10, choices=Level.choices)
    kind = models.CharField("接入方式", max_length=12, choices=Kind.choices, default=Kind.PRIVATE)
    device = models.CharField("网络设备", max_length=80, blank=True)
    address = models.CharField("接入地址", max_length=60, blank=True)
    required = models.BooleanField("应接入", default=True)
    connected = models.BooleanField("已接入", default=False)
    answers = models.BooleanField("连通", null=True, blank=True)
    tried_on = models.DateField("最近测试", null=True, blank=True, db_index=True)
    note = models.CharField("备注", max_length=200, blank=True)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "专网节点"
        ordering = ["unit"]

    def __str__(self) -> str:
        return self.unit


NODES = declare(Listing(
    key="network_node", label="环保专网节点", line="monitoring", model=NetworkNode, see="see_cockpit",
    edit=BUREAU | {Role.SYSTEM_ADMIN},
    columns=("unit", "level", "kind", "device", "required", "connected", "answers", "tried_on", "note", "area_code"),
    filters=("level", "kind", "required", "connected", "answers", "area_code", "tried_on"),
    search=("unit", "device", "address"), lead="unit", order=("unit", "pk"),
    fields=("unit", "level", "kind", "device", "address", "required", "connected", "answers", "tried_on", "note", "area_code"),
    batch=("connected", "answers", "tried_on"),
    views=(View("open", "未接入", {"required": "1", "connected": "0"}), View("down", "不连通", {"connected": "1", "answers": "0"})),
    imports=Import(key=("unit",), updates=True, future=(),
                   headers={"unit": ("单位名称", "节点名称"), "device": ("设备", "路由器"), "answers": ("是否连通", "是否联通", "联通"),
                            "connected": ("是否接入",), "tried_on": ("测试日期",), "address": ("IP",)},
                   examples={"unit": "北镇生态环境所", "level": "镇街", "connected": "是", "answers": "是",
                             "tried_on": "2026-06-01", "area_code": "北镇"}),
    empty="还没有节点。导入网络设备清单和连通测试结果，覆盖率、连通率由此计算。",
))  # fmt: skip
tally(NODES, "covered", "环保专网覆盖率", Q(required=True, connected=True), whole=Q(required=True), unit="%", decimals=1,
      missing="没有应接入的单位")  # fmt: skip
tally(NODES, "answering", "环保专网连通率", Q(connected=True, answers=True), whole=Q(connected=True), unit="%", decimals=1,
      missing="没有已接入的单位")  # fmt: skip
