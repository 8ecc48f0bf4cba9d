"""考核结果: the grade that the higher level gave for a year's book, with its paper (mechanism T1)."""

from __future__ import annotations

from django.db import models

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.roles import Role
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Import


class TargetGrade(models.Model):
    """What the higher level decided on one book of one year (考核结果)."""

    book = models.CharField("责任书或指标体系", max_length=120, db_index=True)
    year = models.PositiveSmallIntegerField("考核年度", db_index=True)
    area_code = AreaCodeField("属地")
    # As the paper words it: 优秀、良好、合格 … differ between provinces.
    grade = models.CharField("等次", max_length=20)
    marks = models.DecimalField("得分", max_digits=8, decimal_places=2, null=True, blank=True)
    full = models.DecimalField("满分", max_digits=8, decimal_places=2, null=True, blank=True)
    place = models.PositiveSmallIntegerField("名次", null=True, blank=True)
    issuer = models.CharField("考核单位", max_length=80)
    paper = models.CharField("文号", max_length=60, blank=True)
    on = models.DateField("通报日期")
    lost = models.TextField("扣分说明", blank=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "考核结果"
        ordering = ["-year", "book", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["area_code", "book", "year"], name="one_grade_of_a_book"
            )
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.book} {self.grade}"


GRADES = declare(Listing(
    key="target_grade", label="考核结果", line="assessment", model=TargetGrade,
    columns=("book", "year", "grade", "marks", "full", "place", "issuer", "paper", "on"),
    filters=("year", "book", "grade", "area_code"), search=("book", "issuer", "paper", "lost"),
    fields=("book", "year", "area_code", "grade", "marks", "full", "place", "issuer", "paper", "on", "lost"),
    lead="book", under=("year", "grade"), order=("-year", "-pk"),
    imports=Import(
        key=("book", "year"),
        headers={"grade": ("考核等次", "评定等次"), "marks": ("考核得分", "总分"), "issuer": ("考核机关",),
                 "on": ("通报时间",), "year": ("年度",), "book": ("责任书",), "lost": ("扣分原因",)},
        examples={"book": "2025年党政领导生态环保目标责任书", "year": "2025", "area_code": "测试县", "grade": "良好",
                  "marks": "91.5", "full": "100", "issuer": "市生态环境委员会办公室", "on": "2026-04-20"},
    ),
    edit=frozenset({Role.LEADER, Role.SECTION_CHIEF, Role.DISPATCHER}),
    empty="还没有考核结果。上级通报后，把等次、得分和文号登记在这里。",
))  # fmt: skip
