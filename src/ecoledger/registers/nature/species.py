"""物种名录和保护名录 (mechanism G1): what lives here, since when it is known, and how it is protected.

The protection list is data, with its edition and source: rows that the bureau imports, else a few flagship species that
ship (mark M). A species is looked up by its scientific name and by its Chinese one; where the two disagree, that is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Import, TableRow, View
from ecoledger.listings.tallies import tally


class Protection(models.TextChoices):
    """Levels of protection."""

    FIRST = "1", "国家一级"
    SECOND = "2", "国家二级"
    USEFUL = "3", "三有动物"
    PROVINCE = "p", "省重点"
    NONE = "", "未列入"


class ProtectedSpecies(models.Model):
    """One species of a protection list."""

    name = models.CharField("中文名", max_length=60, db_index=True)
    scientific_name = models.CharField("学名", max_length=80, blank=True, db_index=True)
    level = models.CharField("保护级别", max_length=2, choices=Protection.choices[:-1])
    edition = models.CharField("名录版本", max_length=60)
    source = models.CharField("来源", max_length=200)
    note = models.CharField("备注", max_length=200, blank=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "保护物种"
        ordering = ["level", "name"]
        constraints = [
            models.UniqueConstraint(fields=["name", "edition"], name="a_species_once_a_list")
        ]

    def __str__(self) -> str:
        return self.name


class Species(models.Model):
    """A species that is known to live in a division."""

    class Group(models.TextChoices):
        BIRD = "bird", "鸟类"
        MAMMAL = "mammal", "哺乳类"
        REPTILE = "reptile", "爬行类"
        AMPHIBIAN = "amphibian", "两栖类"
        FISH = "fish", "鱼类"
        INSECT = "insect", "昆虫"
        BENTHOS = "benthos", "底栖动物"
        PLANKTON = "plankton", "浮游生物"
        PLANT = "plant", "植物"
        FUNGUS = "fungus", "大型真菌"
        OTHER = "other", "其他"

    name = models.CharField("中文名", max_length=60, db_index=True)
    scientific_name = models.CharField("学名", max_length=80, blank=True, db_index=True)
    group = models.CharField("类群", max_length=10, choices=Group.choices, db_index=True)
    level = models.CharField(
        "保护级别", max_length=2, choices=Protection.choices, blank=True, default="", db_index=True
    )
    level_source = models.CharField("级别依据", max_length=80, blank=True, editable=False)
    first_on = models.DateField("首次记录日期", null=True, blank=True, db_index=True)
    first_where = models.CharField("首次记录地点", max_length=120, blank=True)
    new_record = models.BooleanField("新记录", default=False, db_index=True)
    evidence = models.CharField("凭据", max_length=200, blank=True)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "物种"
        ordering = ["group", "name"]
        constraints = [
            models.UniqueConstraint(fields=["area_code", "name"], name="a_species_once_a_place")
        ]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Protected:
    """How a species is protected, by which list, and what does not fit; an empty level: not on the list."""

    level: str
    source: str
    doubt: str = ""


def protection_of(name: str, scientific_name: str) -> Protected:
    """By scientific name and Chinese name; where they point to different species a person has to look."""
    rows: list[Any] = list(
        ProtectedSpecies.objects.filter(
            Q(name=name) | Q(scientific_name__iexact=scientific_name) & ~Q(scientific_name="")
        )
        .order_by("-edition", "pk")
        .values("name", "scientific_name", "level", "edition")
    )
    if not rows and not ProtectedSpecies.objects.exists():
        said = own_data.read(__package__, "protected_species")
        edition = f"{said['source']}（{said['mark']}）"
        rows = [
            {**row, "edition": edition}
            for row in said["species"]
            if row["name"] == name
            or (scientific_name and row["scientific_name"].lower() == scientific_name.lower())
        ]
    if not rows:
        return Protected("", "")
    best = next((r for r in rows if r["name"] == name), rows[0])
    doubt = ""
    other = str(best["scientific_name"])
    if scientific_name and other and other.lower() != scientific_name.lower():
        doubt = _("名录中“%(name)s”的学名是 %(latin)s，请核对") % {
            "name": best["name"],
            "latin": other,
        }
    elif best["name"] != name:
        doubt = _("名录中 %(latin)s 的中文名是“%(name)s”，请核对") % {
            "name": best["name"],
            "latin": other,
        }
    return Protected(str(best["level"]), str(best["edition"])[:80], doubt)


PROTECTED = declare(Listing(
    key="protected_species", label="保护物种名录", line="soil", model=ProtectedSpecies, area="", edit=BUREAU,
    columns=("name", "scientific_name", "level", "edition", "source", "note"), filters=("level", "edition"),
    search=("name", "scientific_name"), lead="name", under=("scientific_name",), order=("level", "pk"),
    fields=("name", "scientific_name", "level", "edition", "source", "note"),
    imports=Import(key=("name", "edition"),
                   headers={"name": ("中文名称", "chineseName"), "scientific_name": ("拉丁学名", "scientificName"),
                            "level": ("级别", "保护等级"), "edition": ("版本",), "source": ("数据来源",)},
                   values={"level": {"一级": "1", "二级": "2", "Ⅰ": "1", "Ⅱ": "2", "I": "1", "II": "2", "三有": "3"}},
                   examples={"name": "长江江豚", "scientific_name": "Neophocaena asiaeorientalis", "level": "国家一级",
                             "edition": "国家重点保护野生动物名录（2021）", "source": "国家林草局 农业农村部公告2021年第3号"}),
    empty="还没有导入保护名录，级别暂按随附的少数物种判断。导入名录时写明版本和来源。",
))  # fmt: skip


def _read(row: TableRow) -> None:
    """A species without a level in the table has that of the list."""
    name, latin = str(row.values.get("name") or ""), str(row.values.get("scientific_name") or "")
    found = protection_of(name, latin)
    if found.level and not row.values.get("level"):
        row.values["level"] = found.level
    if found.doubt:
        row.warn("scientific_name", found.doubt)


class SpeciesList(Listing):
    """What lives here: a species has the level of the protection list where nobody says one."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        found = protection_of(values["name"], str(values.get("scientific_name") or ""))
        own = dict(values)
        if found.level and own.get("level") in (None, "", found.level):
            own |= {"level": found.level, "level_source": found.source}
        return super().open_row(own, by, at, **more)


SPECIES = declare(SpeciesList(
    key="species", label="物种名录", line="soil", model=Species, edit=BUREAU,
    columns=("name", "scientific_name", "group", "level", "level_source", "first_on", "first_where", "new_record", "area_code"),
    filters=("group", "level", "new_record", "first_on", "area_code"), search=("name", "scientific_name"),
    lead="name", under=("scientific_name",), order=("group", "pk"),
    fields=("name", "scientific_name", "group", "level", "first_on", "first_where", "new_record", "evidence", "area_code"),
    batch=("group", "level", "new_record"),
    views=(View("first", "国家一级", {"level": "1"}), View("second", "国家二级", {"level": "2"}),
           View("new", "新记录", {"new_record": "1"}), View("birds", "鸟类", {"group": "bird"})),
    imports=Import(key=("area_code", "name"), read=_read, future=(),
                   headers={"name": ("物种", "中文名称"), "scientific_name": ("拉丁名", "拉丁学名"), "group": ("类别", "纲"),
                            "level": ("国家重点", "保护等级"), "first_on": ("首次记录", "记录日期"),
                            "first_where": ("记录地点",), "new_record": ("是否新增", "新增物种")},
                   values={"level": {"一级": "1", "二级": "2", "Ⅰ": "1", "Ⅱ": "2", "无": ""}},
                   examples={"name": "鸳鸯", "scientific_name": "Aix galericulata", "group": "鸟类", "area_code": "测试县",
                             "first_on": "2026-03-01"}),
    empty="还没有物种。导入本底调查的名录；监测中专家确认的物种会自动加入。",
))  # fmt: skip
tally(SPECIES, "species", "物种数", unit="种")
tally(SPECIES, "birds", "鸟类物种数", Q(group="bird"), unit="种")
tally(SPECIES, "first", "国家一级保护物种数", Q(level="1"), unit="种")
tally(SPECIES, "second", "国家二级保护物种数", Q(level="2"), unit="种")
tally(SPECIES, "new", "新记录物种数", Q(new_record=True), dated="first_on", unit="种")
