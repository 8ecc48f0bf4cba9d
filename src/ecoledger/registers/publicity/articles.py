"""信息公开与宣传稿件: what was published where, by the level of the outlet (mechanism G5).

The levels must come to the total: an article whose level nobody knows counts in the total and stands apart as
未分级, so that a summary that says 116 = 4 + 23 + 84 is told of the five that are left.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Import, View
from ecoledger.listings.tallies import tally


class Article(models.Model):
    """One piece in one outlet, or a number of them taken over from an earlier ledger (稿件)."""

    class Level(models.TextChoices):
        NATIONAL = "national", "国家级媒体"
        PROVINCIAL = "provincial", "省级媒体"
        CITY = "city", "市级媒体"
        COUNTY = "county", "县级媒体"
        OWN = "own", "本局公众号"
        SITE = "site", "政务公开"
        UNKNOWN = "", "未分级"

    on = models.DateField("发表日期", db_index=True)
    title = models.CharField("标题", max_length=200)
    outlet = models.CharField("媒体", max_length=80, blank=True)
    level = models.CharField("级别", max_length=12, choices=Level.choices, blank=True, default="")
    pieces = models.PositiveIntegerField("篇数", default=1)
    # What the outlet's own page says: empty where nobody looked, which is not nought.
    readers = models.PositiveIntegerField("阅读量", null=True, blank=True)
    reposts = models.PositiveIntegerField("转载量", null=True, blank=True)
    section = models.CharField("供稿科室", max_length=60, blank=True)
    address = models.CharField("网址", max_length=300, blank=True)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "宣传稿件"
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return self.title


ARTICLES = declare(Listing(
    key="article", label="宣传稿件", line="assessment", model=Article,
    columns=("on", "title", "outlet", "level", "pieces", "readers", "reposts", "section"),
    filters=("level", "on", "section", "area_code"),
    search=("title", "outlet"),
    fields=("on", "title", "outlet", "level", "pieces", "readers", "reposts", "section", "address", "area_code"),
    batch=("level", "outlet", "readers", "reposts"), lead="title", order=("-on", "-pk"),
    views=(View("unknown", "未分级", {"level": ""}),),
    imports=Import(
        key=("on", "title", "outlet"),
        headers={"on": ("日期", "刊发日期"), "outlet": ("刊发媒体", "媒体名称"), "level": ("媒体级别",),
                 "pieces": ("数量", "篇"), "readers": ("阅读人次", "阅读数", "点击量"),
                 "reposts": ("转发量", "转发次数", "转载次数")},
        examples={"on": "2026-03-05", "title": "河长巡河记", "outlet": "某省日报", "level": "省级媒体",
                  "area_code": "测试县"},
        values={"level": {"国家级": "national", "省级": "provincial", "市级": "city", "县级": "county",
                          "公众号": "own", "信息公开": "site"}},
    ),
    empty="还没有稿件。可点“登记”逐篇登记，或导入台账。",
))  # fmt: skip

_LABELS = dict(Article.Level.choices)
MEDIA = Q(level__in=("national", "provincial", "city", "county", ""))
tally(ARTICLES, "media", "媒体发表文章", MEDIA, dated="on", add="pieces", unit="篇")
for _level in ("national", "provincial", "city", "county"):
    tally(
        ARTICLES, _level, f"{_LABELS[_level]}发表文章", Q(level=_level), dated="on", add="pieces",
        unit="篇", part_of="media",
    )  # fmt: skip
tally(
    ARTICLES, "unknown", "未分级文章", Q(level=""), dated="on", add="pieces", unit="篇",
    part_of="media", better="lower",
)  # fmt: skip
tally(
    ARTICLES,
    "readers",
    "稿件阅读量",
    Q(readers__isnull=False),
    dated="on",
    add="readers",
    unit="次",
)
tally(
    ARTICLES,
    "reposts",
    "稿件转载量",
    Q(reposts__isnull=False),
    dated="on",
    add="reposts",
    unit="次",
)
tally(ARTICLES, "own", "公众号发布", Q(level="own"), dated="on", add="pieces", unit="篇")
tally(ARTICLES, "site", "公开环境信息", Q(level="site"), dated="on", add="pieces", unit="条")
