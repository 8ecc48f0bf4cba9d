"""地下水年度类别 (mechanism Q13): a well's class of a year beside that of the year before.

Reckoned from the year's results whenever one is entered or corrected: by the mean of each item, or by the worst result
where the bureau says so (``data/wells.toml``, mark ?).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q

from ecoledger.accounts.roles import Role
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import View
from ecoledger.listings.tallies import tally
from ecoledger.registers.soil.wells import CLASSES, Well, WellSample, judged, rules
from ecoledger.standards.readings import parse


class WellYear(models.Model):
    """The class of a well in a year."""

    class Change(models.TextChoices):
        BETTER = "better", "变好"
        SAME = "same", "持平"
        WORSE = "worse", "变差"
        NONE = "none", "上年数据缺"

    well = models.ForeignKey(
        Well, verbose_name="监测井", on_delete=models.CASCADE, related_name="years"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    # The first day of the year: by it figures of a span find the row.
    begins = models.DateField(editable=False, db_index=True)
    samples = models.PositiveSmallIntegerField("样品数", default=0)
    rank = models.PositiveSmallIntegerField("年度类别", choices=CLASSES, null=True)
    before = models.PositiveSmallIntegerField("上年类别", choices=CLASSES, null=True)
    change = models.CharField("同比", max_length=8, choices=Change.choices, default=Change.NONE)
    deciding = models.CharField("定类项目", max_length=200, blank=True)
    target = models.PositiveSmallIntegerField("水质目标", choices=CLASSES)
    attained = models.BooleanField("达到目标", null=True)
    standard = models.CharField("评价标准", max_length=40, blank=True)

    class Meta:
        verbose_name = "地下水年度类别"
        ordering = ["-year", "well_id"]
        constraints = [models.UniqueConstraint(fields=["well", "year"], name="one_class_a_year")]

    def __str__(self) -> str:
        return f"{self.well} {self.year}"


def means(samples: Iterable[WellSample]) -> dict[str, str]:
    """The mean of each item over samples; what was below detection enters as ``standards.readings`` says."""
    known: dict[str, list[float]] = {}
    for sample in samples:
        for key, text in sample.readings.items():
            value = parse(text).value
            if value is not None:
                known.setdefault(key, []).append(value)
    return {key: repr(sum(values) / len(values)) for key, values in known.items()}


def _class_of(samples: list[WellSample], year: int) -> dict[str, Any]:
    """The class of a year's samples, as the bureau's rules reckon it."""
    if rules()["year"] == "worst":
        worst = max(samples, key=lambda sample: sample.rank or 0)
        return {name: getattr(worst, name) for name in ("rank", "deciding", "standard")}
    return {k: v for k, v in judged(means(samples), date(year, 12, 31)).items() if k != "exceeding"}


def reckon(well_key: int, year: int) -> None:
    """The class of a well's year anew, and what the year after says of its change."""
    well = Well.objects.filter(pk=well_key).first()
    if well is None:
        return
    rows = WellSample.objects.filter(entity=well.pk, current=True, at__year=year)
    samples = list(rows.order_by("at", "pk"))
    if not samples:
        WellYear.objects.filter(well=well, year=year).delete()
    else:
        said = _class_of(samples, year)
        rank = said["rank"]
        WellYear.objects.update_or_create(
            well=well,
            year=year,
            defaults={
                **said,
                "area_code": well.area_code,
                "begins": date(year, 1, 1),
                "samples": len(samples),
                "target": well.target,
                "attained": None if rank is None else rank <= well.target,
            },
        )
    _compare(well, year)
    _compare(well, year + 1)


def _compare(well: Well, year: int) -> None:
    row = WellYear.objects.filter(well=well, year=year).first()
    if row is None:
        return
    last = WellYear.objects.filter(well=well, year=year - 1).first()
    row.before = last.rank if last else None
    change = WellYear.Change
    if row.before is None or row.rank is None:
        row.change = change.NONE
    elif row.rank == row.before:
        row.change = change.SAME
    else:
        row.change = change.BETTER if row.rank < row.before else change.WORSE
    row.save(update_fields=["before", "change"])


YEARS = declare(Listing(
    key="well_year", label="地下水年度类别", model=WellYear, line="soil", lead="well", order=("-year", "-pk"),
    columns=("well", "year", "rank", "before", "change", "deciding", "target", "attained", "samples", "standard",
             "area_code"),
    filters=("year", "rank", "change", "attained", "area_code"), search=("well__name", "deciding"),
    views=(View("worse", "变差", {"change": "worse"}), View("five", "Ⅴ类", {"rank": "5"})),
    edit=frozenset[Role](), empty="还没有年度类别。登记监测结果后自动计算。",
))  # fmt: skip
_JUDGED = Q(rank__isnull=False)
_OF_YEARS: dict[str, Any] = {"dated": "begins", "yearly": True}
tally(YEARS, "class5_ratio", "地下水Ⅴ类比例", Q(rank=5), whole=_JUDGED, better="lower", **_OF_YEARS)
tally(YEARS, "attained_ratio", "地下水达标率", Q(attained=True), whole=_JUDGED, **_OF_YEARS)
tally(YEARS, "worse", "地下水同比变差监测井", Q(change="worse"), better="lower", **_OF_YEARS)
