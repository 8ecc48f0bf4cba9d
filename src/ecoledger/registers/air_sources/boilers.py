"""锅炉、炉窑与超低排放 (mechanism A15): each with the standard and the edition it is held to, its retrofit, its assessment.

The limits follow from the standard by its number and category (``standards.emission``): the edition is that of the
day, so that a standard that is revised changes the limits without a change here. A limit of the permit goes before.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.standards import emission
from ecoledger.standards.rounding import plainly

_LIMIT: dict[str, Any] = {"max_digits": 8, "decimal_places": 2, "null": True, "blank": True}


class Furnace(Entity):
    """A boiler or a kiln of a firm."""

    KIND = "furnace"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_furnace"
    )

    class Sort(models.TextChoices):
        BOILER = "boiler", "锅炉"
        KILN = "kiln", "工业炉窑"
        POWER = "power", "发电机组"
        SINTER = "sinter", "烧结、焦化等工序"

    class Fuel(models.TextChoices):
        COAL = "coal", "煤"
        BIOMASS = "biomass", "生物质"
        GAS = "gas", "天然气"
        OIL = "oil", "油"
        ELECTRIC = "electric", "电"
        OTHER = "other", "其他"

    class Retrofit(models.TextChoices):
        NONE = "none", "不需改造"
        PLANNED = "planned", "待改造"
        RUNNING = "running", "改造中"
        DONE = "done", "已完成"
        REMOVED = "removed", "已淘汰"

    class Assessment(models.TextChoices):
        NONE = "none", "未开展"
        RUNNING = "running", "评估监测中"
        PASSED = "passed", "已通过并公示"
        FAILED = "failed", "未通过"

    sort = models.CharField("类型", max_length=10, choices=Sort.choices)
    fuel = models.CharField("燃料", max_length=10, choices=Fuel.choices)
    size = models.DecimalField("容量", max_digits=10, decimal_places=2, null=True, blank=True)
    size_unit = models.CharField("容量单位", max_length=10, default="t/h")
    outlet = models.CharField("排放口编号", max_length=20, blank=True)
    standard = models.CharField("执行标准", max_length=60, blank=True)
    category = models.CharField("标准类别", max_length=60, blank=True)
    permit_pm = models.DecimalField("许可限值 颗粒物", **_LIMIT)
    permit_so2 = models.DecimalField("许可限值 SO2", **_LIMIT)
    permit_nox = models.DecimalField("许可限值 NOx", **_LIMIT)
    treatment = models.CharField("治理设施", max_length=120, blank=True)
    retrofit = models.CharField(
        "改造状态", max_length=10, choices=Retrofit.choices, default=Retrofit.NONE
    )
    retrofit_what = models.CharField("改造内容", max_length=120, blank=True)
    retrofit_due = models.DateField("改造时限", null=True, blank=True)
    ultra_low = models.CharField(
        "超低排放评估", max_length=10, choices=Assessment.choices, default=Assessment.NONE
    )
    report_no = models.CharField("评估报告", max_length=80, blank=True)
    verified_on = models.DateField("现场核查日期", null=True, blank=True)

    class Meta:
        verbose_name = "锅炉炉窑"

    @property
    def edition(self) -> str:
        """The edition of its standard in force today, with its mark; why there is none."""
        rows = self._of_standard()
        if not rows:
            return _("标准库没有此标准") if self.standard else ""
        return f"{rows[0].standard}（{rows[0].mark.value}）"

    @property
    def limit_words(self) -> str:
        """Limits that hold today, mg/m³: the permit's, else the standard's."""
        own = {"颗粒物": self.permit_pm, "SO2": self.permit_so2, "NOx": self.permit_nox}
        keys = {"颗粒物": "pm", "SO2": "so2", "NOx": "nox"}
        by_standard = {row.pollutant: row.high for row in self._of_standard()}
        parts = []
        for name, permit in own.items():
            value = permit if permit is not None else by_standard.get(keys[name])
            if value is not None:
                parts.append(f"{name} {plainly(float(value))}")
        return "、".join(parts)

    def _of_standard(self) -> tuple[emission.Limit, ...]:
        """The hour's limits of its standard and category on this day."""
        if not self.standard:
            return ()
        today = timezone.localdate()
        rows = emission.limits(
            on=today, standard=self.standard.replace("—", "-"), basis=emission.Basis.HOUR
        )
        return tuple(row for row in rows if self.category in (row.category, row.category_name))


def clean(furnace: Furnace, findings: Findings) -> None:
    """The category is one of its standard's; which there are is said."""
    furnace.standard = furnace.standard.strip().replace("—", "-").replace("－", "-")
    if not furnace.standard or not furnace.category:
        return
    rows = emission.limits(on=timezone.localdate(), standard=furnace.standard)
    known = dict.fromkeys(row.category_name or row.category for row in rows)
    if not known:
        findings.odd.append(_("标准库没有 %s，限值须按许可填写") % furnace.standard)
    elif furnace.category not in {*known, *(row.category for row in rows)}:
        findings.wrong["category"] = _("%(standard)s 的类别有：%(known)s") % {
            "standard": furnace.standard,
            "known": "、".join(known),
        }


FURNACES = declare(Inventory(
    key="furnace", label="锅炉炉窑", model=Furnace, line="air", letter="K", parents=(Enterprise,),
    clean=clean, enterprise="parent__code",
    columns=("name", "parent", "sort", "fuel", "size", "size_unit", "edition", "category", "limit_words",
             "retrofit", "retrofit_due", "ultra_low", "area_code"),
    filters=("sort", "fuel", "retrofit", "ultra_low", "area_code"),
    search=("name", "code", "parent__name", "standard"),
    fields=("name", CODE, Ask("parent", "所属企业", to=Enterprise, required=True), "sort", "fuel", "size",
            "size_unit", "outlet", "standard", "category", "permit_pm", "permit_so2", "permit_nox",
            "treatment", "retrofit", "retrofit_what", "retrofit_due", "ultra_low", "report_no",
            "verified_on", "since", "until"),
    labels={"parent": "所属企业", "edition": "现行版本", "limit_words": "限值 mg/m³"},
    imports=Import(key=("parent", "name"),
                   headers={"name": ("锅炉名称", "设备名称", "炉窑名称"), "parent": ("企业名称", "使用单位"),
                            "fuel": ("燃料类型",), "size": ("吨位", "蒸吨", "额定蒸发量"),
                            "standard": ("排放标准",), "category": ("锅炉类别",),
                            "retrofit": ("改造情况",), "retrofit_due": ("完成时限",)},
                   values={"fuel": {"燃煤": "coal", "燃气": "gas", "燃油": "oil", "生物质成型燃料": "biomass"}},
                   examples={"name": "1号锅炉", "parent": "示例供热有限公司", "sort": "锅炉", "fuel": "生物质",
                             "size": "4", "standard": "DB32/4385-2022", "category": "燃生物质锅炉"},
                   future=()),
    views=(View("todo", "待改造", {"retrofit": "planned,running"}),
           View("ultra_low", "超低排放", {"ultra_low": "running,passed,failed"})),
    empty="还没有锅炉炉窑。导入锅炉清单，限值按执行标准的现行版本显示。",
))  # fmt: skip


def counted(rows: QuerySet[Furnace]) -> dict[str, int]:
    """Numbers of furnaces by state of retrofit."""
    counts = dict(rows.order_by().values_list("retrofit").annotate(Count("pk")))
    return {str(state.label): counts.get(state.value, 0) for state in Furnace.Retrofit}
