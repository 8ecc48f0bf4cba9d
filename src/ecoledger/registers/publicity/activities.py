"""公众开放、进社区、培训、发布会: activities with the public and who came (mechanism G6)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Import
from ecoledger.listings.tallies import tally


class Activity(models.Model):
    """One activity, or several of a kind on a day (活动)."""

    class Kind(models.TextChoices):
        COMMUNITY = "community", "环保进社区"
        OPEN_DAY = "open_day", "设施向公众开放"
        TRAINING = "training", "普法培训"
        SCHOOL = "school", "美丽学校"
        VOLUNTEER = "volunteer", "志愿服务"
        PRESS = "press", "新闻发布会"
        SHOW = "show", "主题宣传活动"
        OTHER = "other", "其他"

    on = models.DateField("日期", db_index=True)
    name = models.CharField("活动名称", max_length=200)
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    times = models.PositiveIntegerField("场次", default=1)
    people = models.PositiveIntegerField("参加人次", null=True, blank=True)
    place = models.CharField("地点", max_length=120, blank=True)
    host = models.CharField("主办", max_length=80, blank=True)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "公众活动"
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return self.name


ACTIVITIES = declare(Listing(
    key="activity", label="公众活动", line="assessment", model=Activity,
    columns=("on", "name", "kind", "times", "people", "place", "host", "area_code"),
    filters=("kind", "on", "area_code"),
    search=("name", "place", "host"),
    fields=("on", "name", "kind", "times", "people", "place", "host", "area_code"),
    batch=("kind",), lead="name", order=("-on", "-pk"),
    imports=Import(
        key=("on", "name"),
        headers={"on": ("活动日期", "时间"), "name": ("活动", "名称"), "kind": ("活动类别", "活动类型"),
                 "times": ("场次数",), "people": ("人数", "参与人次")},
        examples={"on": "2026-06-05", "name": "六五环境日", "kind": "主题宣传活动", "area_code": "测试县"},
    ),
    empty="还没有活动。可点“登记”填写，或导入台账。",
))  # fmt: skip

tally(ACTIVITIES, "all", "公众活动", dated="on", add="times", unit="场次")
for _kind, _label in Activity.Kind.choices:
    tally(
        ACTIVITIES, _kind, str(_label), Q(kind=_kind), dated="on", add="times", unit="场次",
        part_of="all",
    )  # fmt: skip
tally(ACTIVITIES, "people", "参加人次", dated="on", add="people", unit="人次")
