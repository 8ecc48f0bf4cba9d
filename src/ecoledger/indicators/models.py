"""Values of indicators as they were computed, revision by revision, and what has been touched since."""

from __future__ import annotations

from django.db import models

from ecoledger.accounts.fields import AreaCodeField


class IndicatorValue(models.Model):
    """One indicator's figure for an area and the days ``begin <= day < end``.

    Never changed: a value that comes out differently is a further ``revision``, so that a document can
    show what it was issued with beside what is true today. ``inputs_up_to``: records that came later
    than this had no part in it. ``stale``: something it was made from has changed since.
    """

    indicator = models.CharField("指标", max_length=80)
    area_code = AreaCodeField()
    begin = models.DateField("起")
    end = models.DateField("止（不含）")
    revision = models.PositiveIntegerField("版次", default=1)
    current = models.BooleanField("现行", default=True)
    stale = models.BooleanField("待重算", default=False)
    touched_by = models.CharField("数据来源", max_length=60)
    label = models.CharField("名称", max_length=120)
    # Exact fractions as "numerator/denominator", so that nothing is lost to a float.
    value = models.CharField("数值", max_length=200, blank=True)
    numerator = models.CharField("分子", max_length=60, blank=True)
    denominator = models.CharField("分母", max_length=60, blank=True)
    display = models.CharField("显示", max_length=80)
    unit = models.CharField("单位", max_length=40, blank=True)
    decimals = models.PositiveSmallIntegerField("小数位", default=0)
    standard = models.CharField("依据", max_length=200, blank=True)
    judged = models.BooleanField("按限值评价", default=False)
    missing = models.CharField("缺值原因", max_length=200, blank=True)
    records = models.JSONField("记录", default=dict)
    computed_at = models.DateTimeField("计算时间")
    inputs_up_to = models.DateTimeField("数据截至")

    class Meta:
        verbose_name = verbose_name_plural = "指标值"
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "area_code", "begin", "end", "revision"],
                name="one_revision_of_an_indicator_value",
            ),
        ]
        indexes = [
            models.Index(fields=["stale", "current"], name="indicator_values_to_do"),
            models.Index(fields=["touched_by", "begin", "end"], name="indicator_values_touched"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.area_code} {self.begin} – {self.end}: {self.display}"


class Touched(models.Model):
    """Records of one kind that changed for a division on the days ``begin <= day < end``.

    Kept for as long as a computation may run, so that a change during it is not lost.
    """

    touched_by = models.CharField(max_length=60)
    area_code = AreaCodeField()
    begin = models.DateField()
    end = models.DateField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "变动区间"

    def __str__(self) -> str:
        return f"{self.touched_by} {self.area_code} {self.begin} – {self.end}"
