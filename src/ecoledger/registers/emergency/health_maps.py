"""环境健康风险地图 (mechanism E16): concentrations by cell become risk by pathway and in sum, under a version of parameters.

The method is ``standards.health_risk`` (HJ 25.3-2019): swallowing soil, skin contact, breathing soil dust, drinking
groundwater. A version is data: rows that replace single parameters or toxicities, each with its source. A calculation
keeps what it was made with, so that the map of last year still says what it said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU
from ecoledger.entities.models import Enterprise
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.standards import health_risk
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.health_risk import LandUse, Substance
from ecoledger.standards.rule_data import weakest

PATHWAYS = ("经口摄入", "皮肤接触", "吸入颗粒物", "饮用地下水")
# Fields of a substance that a version may say anew.
TOXICITY = (
    "sf_oral",
    "iur",
    "rfd_oral",
    "rfc",
    "absorption_gut",
    "absorption_dermal",
    "saf",
    "waf",
)


# Parameters and toxicities that others are divided by, and the least that may be divided by.
DIVISORS = frozenset({
    "acceptable_risk", "acceptable_quotient", "weight_a", "weight_c", "air_a", "averaging_carcinogenic",
    "averaging_noncarcinogenic", "rfd_oral", "rfc", "absorption_gut", "saf", "waf",
})  # fmt: skip
LEAST_DIVISOR = 1e-15


def is_nought(name: str, value: float) -> bool:
    """Whether others would be divided by nought."""
    return name in DIVISORS and value < LEAST_DIVISOR


class HealthAssessment(models.Model):
    """One assessment of an area or of a project's surroundings."""

    class Land(models.TextChoices):
        FIRST = "first", "第一类用地"
        SECOND = "second", "第二类用地"

    name = models.CharField("评价名称", max_length=120, unique=True)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    entity = models.ForeignKey(
        Enterprise,
        verbose_name="建设项目或企业",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="health_assessments",
    )
    land = models.CharField("用地类型", max_length=8, choices=Land.choices)
    on = models.DateField("调查日期", db_index=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "环境健康风险评价"
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return self.name


class HealthParameter(models.Model):
    """That in one version a parameter, or a toxicity of a substance, has another value than the standard's."""

    version = models.CharField("参数版本", max_length=60, db_index=True)
    substance = models.CharField(
        "污染物", max_length=40, blank=True, help_text="暴露参数留空；毒性参数填污染物"
    )
    name = models.CharField("参数", max_length=40)
    value = models.FloatField("取值", validators=[MinValueValidator(0), MaxValueValidator(1e9)])
    unit = models.CharField("单位", max_length=20, blank=True)
    source = models.CharField("来源", max_length=200)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "健康风险参数"
        ordering = ["version", "substance", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "substance", "name", "area_code"], name="a_parameter_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.substance}{self.name}"


class HealthSample(models.Model):
    """The concentration of one substance in the soil or groundwater of one cell."""

    class Medium(models.TextChoices):
        SOIL = "soil", "土壤"
        WATER = "water", "地下水"

    assessment = models.ForeignKey(
        HealthAssessment, verbose_name="评价", on_delete=models.PROTECT, related_name="samples"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True, editable=False)
    cell = models.CharField("网格", max_length=40)
    lon = models.FloatField("经度", validators=[MinValueValidator(-180), MaxValueValidator(180)])
    lat = models.FloatField("纬度", validators=[MinValueValidator(-90), MaxValueValidator(90)])
    medium = models.CharField("介质", max_length=6, choices=Medium.choices)
    substance = models.CharField("污染物", max_length=40)
    # mg/kg of soil, mg/L of water.
    value = models.FloatField("浓度", validators=[MinValueValidator(0), MaxValueValidator(1e6)])
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "网格浓度"
        ordering = ["assessment_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "cell", "medium", "substance"], name="a_cells_value_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.cell} {self.substance}"


class HealthRun(models.Model):
    """One calculation: under which version, with which parameters, and what had to be left out."""

    assessment = models.ForeignKey(
        HealthAssessment, verbose_name="评价", on_delete=models.PROTECT, related_name="runs"
    )
    version = models.CharField("参数版本", max_length=60, blank=True)
    at = models.DateTimeField("计算时间", default=timezone.now)
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    parameters = JSONInOrder("所用参数", default=dict)
    mark = models.CharField("最弱标记", max_length=2, blank=True)
    # Substances without toxicity on file, which are in no sum.
    left_out = JSONInOrder("未计入的污染物", default=list)

    class Meta:
        verbose_name = "健康风险计算"
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.assessment} {self.version}"


class HealthCell(models.Model):
    """The risk of one cell in one calculation, by pathway and in sum."""

    run = models.ForeignKey(
        HealthRun, verbose_name="计算", on_delete=models.PROTECT, related_name="cells"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    cell = models.CharField("网格", max_length=40)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    # Pathway -> risk, pathway -> quotient, over the substances.
    cancer = JSONInOrder(default=dict)
    quotient = JSONInOrder(default=dict)
    total_cancer = models.FloatField("致癌风险合计")
    total_quotient = models.FloatField("危害指数", db_index=True)
    exceeds = models.BooleanField("超过可接受水平", db_index=True)
    worst = models.CharField("主要污染物", max_length=40, blank=True)
    # What was measured in other cells and not in this one: its sum may be too small.
    missing = JSONInOrder("未测项目", default=list)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "网格健康风险"
        ordering = ["-total_quotient", "id"]

    def __str__(self) -> str:
        return self.cell

    @property
    def lacking(self) -> str:
        """What was not measured here, in words."""
        return "、".join(self.missing)


def versions(area_code: str) -> list[str]:
    """The versions that hold in a division: its own and those of the divisions above."""
    rows = HealthParameter.objects.filter(area_code__in=_above(area_code)).order_by("version")
    return list(rows.values_list("version", flat=True).distinct())


def _above(area_code: str) -> list[str]:
    return [area_code[:n] for n in range(2, len(area_code) + 1)]


def parameters_of(
    version: str, land: LandUse, area_code: str
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The exposure parameters that a version changes, and the toxicities by substance."""
    changed: dict[str, float] = {}
    toxic: dict[str, dict[str, float]] = {}
    if not version:
        return changed, toxic
    known = health_risk.parameters(land)
    for row in HealthParameter.objects.filter(version=version, area_code__in=_above(area_code)):
        if row.substance:
            toxic.setdefault(row.substance, {})[row.name] = row.value
        elif row.name in known:  # of the other kind of land some have no meaning
            changed[row.name] = row.value
    return changed, toxic


def _substance(name: str, toxic: Mapping[str, Mapping[str, float]]) -> Substance | None:
    own: dict[str, Any] = dict(toxic.get(name, {}))
    try:
        return replace(health_risk.substance(name), **own)
    except KeyError:
        return Substance(name=name, **own, mark=Mark.MEMORY) if own else None


@transaction.atomic
def calculate(assessment: HealthAssessment, version: str, by: Person | None) -> HealthRun:
    """Calculate every cell anew. Raises :class:`Refused` without samples, or for a version that does not exist."""
    if version and version not in versions(assessment.area_code):
        raise Refused("form", _("没有参数版本“%s”。") % version, _("请先登记这一版的参数。"))
    samples = list(assessment.samples.order_by("cell", "id"))
    if not samples:
        raise Refused("form", _("这次评价还没有网格浓度。"), _("请先导入各网格的浓度。"))
    land = LandUse(assessment.land)
    changed, toxic = parameters_of(version, land, assessment.area_code)
    for said in (changed, *toxic.values()):
        if nought := [name for name in said if is_nought(name, said[name])]:
            raise Refused(
                "form",
                _("“%(name)s”是除数，须大于零") % {"name": nought[0]},
                _("请更正这一版的参数。"),
            )
    places = {s.cell: (s.lon, s.lat) for s in samples}
    cells = list(places)
    shape = len(cells)
    cancer = {path: np.zeros(shape) for path in PATHWAYS}
    quotient = {path: np.zeros(shape) for path in PATHWAYS}
    # Per cell the substance that gives most of the index.
    share, worst = np.zeros(shape), [""] * shape
    left_out, marks = [], []
    where = {cell: n for n, cell in enumerate(cells)}
    for name in sorted({s.substance for s in samples}):
        found = _substance(name, toxic)
        if found is None:
            left_out.append(name)
            continue
        soil, water = np.zeros(shape), np.zeros(shape)
        for sample in samples:
            if sample.substance == name:
                medium = soil if sample.medium == HealthSample.Medium.SOIL else water
                medium[where[sample.cell]] = sample.value
        risk = health_risk.assess(found, land, soil, water, **changed)
        marks.append(risk.mark)
        for path, values in risk.cancer.items():
            cancer[path] += values
        for path, values in risk.quotient.items():
            quotient[path] += values
        weight = risk.total_quotient / risk.acceptable_quotient + (
            risk.total_cancer / risk.acceptable_risk
        )
        for n in range(shape):
            if float(np.broadcast_to(weight, shape)[n]) > share[n]:
                share[n], worst[n] = float(np.broadcast_to(weight, shape)[n]), name
    used = health_risk.parameters(land, **changed)
    asked = {(s.substance, s.medium) for s in samples}
    there = {(s.cell, s.substance, s.medium) for s in samples}
    labels = dict(HealthSample.Medium.choices)
    run = HealthRun.objects.create(
        assessment=assessment,
        version=version,
        by=by,
        parameters={**used, **{f"{name} {key}": value for name, row in toxic.items() for key, value in row.items()}},
        mark=str(weakest(*marks)) if marks else "",
        left_out=left_out,
    )  # fmt: skip
    rows = []
    for n, cell in enumerate(cells):
        own_cancer = {path: float(cancer[path][n]) for path in PATHWAYS}
        own_quotient = {path: float(quotient[path][n]) for path in PATHWAYS}
        total_c, total_q = sum(own_cancer.values()), sum(own_quotient.values())
        rows.append(
            HealthCell(
                run=run, area_code=assessment.area_code, cell=cell, lon=places[cell][0], lat=places[cell][1],
                cancer=own_cancer, quotient=own_quotient, total_cancer=total_c, total_quotient=total_q,
                exceeds=total_c > used["acceptable_risk"] or total_q > used["acceptable_quotient"],
                worst=worst[n],
                missing=sorted(f"{labels[m]}{name}" for name, m in asked if (cell, name, m) not in there),
                synthetic=assessment.synthetic,
            )
        )  # fmt: skip
    HealthCell.objects.bulk_create(rows, batch_size=500)
    audit.record(by, "health_assessment.calculate", assessment, details={"version": version, "cells": len(rows)})  # fmt: skip
    return run


# ---- books ---------------------------------------------------------------------------------------


class Assessments(Listing):
    """The assessments; each has its page."""

    def url_of(self, row: Any) -> str:
        return f"/emergency/health/{row.pk}"


ASSESSMENTS = declare(Assessments(
    key="health_assessment", label="环境健康风险评价", line="emergency", model=HealthAssessment, edit=BUREAU,
    columns=("name", "entity", "land", "on", "basis", "area_code"), filters=("land", "area_code", "on"),
    search=("name", "entity__name"), lead="name", order=("-on", "-pk"),
    fields=("name", "area_code", Ask("entity", to=Enterprise, required=False), "land", "on", "basis"),
    empty="还没有健康风险评价。登记一次评价，导入各网格的浓度，再计算。",
))  # fmt: skip


def _assessments(person: Person | None) -> Any:
    rows = HealthAssessment.objects.all()
    return (
        rows if person is None else rows.filter(pk__in=ASSESSMENTS.visible_to(person).values("pk"))
    )


declare_lookup(
    Lookup(key="health_assessment", model=HealthAssessment, label="健康风险评价", rows=_assessments)
)


class Parameters(Listing):
    """Versions of parameters: a name that means nothing is refused, for it would change nothing; so is nought where
    others are divided by it."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        name = str(values.get("name") or "")
        if not name:
            return {}
        known: tuple[str, ...]
        if values.get("substance"):
            known = TOXICITY
        else:
            known = tuple(
                dict.fromkeys(key for land in LandUse for key in health_risk.parameters(land))
            )
        value = values.get("value")
        if value is not None and is_nought(name, float(value)):
            return {"value": _("“%(name)s”是除数，须大于零") % {"name": name}}
        if name in known:
            return {}
        return {
            "name": _("没有参数“%(name)s”；可填：%(known)s")
            % {"name": name, "known": "、".join(known)}
        }

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        self._refuse(self.wrong(values, by))
        return super().open_row(values, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        there = {name: getattr(row, name) for name in ("substance", "name", "value")}
        self._refuse(self.wrong({**there, **values}, by))
        return super().change_row(row, values, by, at)

    @staticmethod
    def _refuse(wrong: Mapping[str, str]) -> None:
        if wrong:
            raise Refused(
                "form", next(iter(wrong.values())), fields={k: [v] for k, v in wrong.items()}
            )


PARAMETERS = declare(Parameters(
    key="health_parameter", label="健康风险参数版本", line="emergency", model=HealthParameter, edit=BUREAU,
    columns=("version", "substance", "name", "value", "unit", "source", "area_code"),
    filters=("version", "area_code"), search=("version", "substance", "name"), lead="name", order=("version", "pk"),
    fields=("version", "substance", "name", Ask("value", minimum=0, maximum=1e9), "unit", "source", "area_code"),
    imports=Import(key=("version", "substance", "name"), updates=False,
                   headers={"version": ("版本",), "name": ("参数名",), "value": ("数值",), "source": ("参数来源",)},
                   examples={"version": "本地暴露参数2026", "name": "weight_a", "value": "60.5", "unit": "kg",
                             "source": "本市暴露参数调查", "area_code": "测试县"}),
    empty="没有另定的参数，计算按标准的推荐值。要用本地参数时按版本登记，每个参数写明来源。",
))  # fmt: skip


class Samples(Listing):
    """Concentrations by cell."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        area_code = values["assessment"].area_code
        return super().open_row({**values, "area_code": area_code}, by, at, **more)


SAMPLES = declare(Samples(
    key="health_sample", label="网格浓度", line="emergency", model=HealthSample, edit=BUREAU,
    columns=("cell", "assessment", "medium", "substance", "value", "lon", "lat"),
    filters=("assessment", "medium"), search=("cell", "substance"), lead="cell", order=("-pk",),
    fields=(Ask("assessment", among="health_assessment"), "cell", "lon", "lat", "medium", "substance",
            Ask("value", minimum=0, maximum=1e6)),
    imports=Import(key=("assessment", "cell", "medium", "substance"),
                   headers={"assessment": ("评价名称",), "cell": ("网格编号", "点位编号"), "substance": ("监测项目",),
                            "value": ("检测值", "浓度 mg/kg", "浓度 mg/L"), "medium": ("样品类型",)},
                   values={"medium": {"水": "water", "饮用水": "water"}},
                   examples={"assessment": "园区周边健康风险评价", "cell": "G01", "lon": "118.61", "lat": "24.92",
                             "medium": "土壤", "substance": "镉", "value": "1.2"}),
    empty="还没有网格浓度。导入各网格土壤（mg/kg）和地下水（mg/L）的浓度。",
))  # fmt: skip

CELLS = declare(Listing(
    key="health_cell", label="网格健康风险", line="emergency", model=HealthCell, edit=frozenset(),
    columns=("cell", "run", "total_quotient", "total_cancer", "exceeds", "worst", "lacking",
             "area_code"),
    labels={"lacking": "未测项目"}, filters=("exceeds", "area_code"), search=("cell", "worst"), lead="cell", order=("-total_quotient", "-pk"),
    views=(View("exceeds", "超过可接受水平", {"exceeds": "1"}),),
    empty="还没有计算结果。",
))  # fmt: skip
