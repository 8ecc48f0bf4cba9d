"""What figures know of the file of a drinking-water source and of a bay segment (一源一档; mechanisms Q12, T19)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.entities.file import Fact, File, HealthItem, Mark, knows
from ecoledger.entities.validity import in_force
from ecoledger.indicators import sea, sources
from ecoledger.registers.water.sea_models import Bay
from ecoledger.registers.water.source_models import ProtectionZone, WaterSource
from ecoledger.standards.rounding import plainly

# So many months back a source's last samples are looked for.
MONTHS = 6


def _facts(file: File) -> Iterable[Fact]:
    entity = file.entity
    if isinstance(entity, WaterSource):
        zones = ProtectionZone.objects.filter(in_force(), parent=entity).order_by("grade")
        for zone in zones:
            size = "" if zone.area_km2 is None else f" {plainly(zone.area_km2)} km²"
            yield Fact(_(zone.get_grade_display()), f"{zone.name}{size}", f"/entities/{zone.pk}")
        yield Fact(_("水源编码"), entity.water_code)
        yield Fact(_("取水方式"), entity.intake)
        yield Fact(_("监测频次"), entity.monitored)
        yield Fact(_("应急预案备案号"), entity.plan_paper)
        yield Fact(_("风险源"), entity.risks)
        yield Fact(_("供水单位"), entity.supplier)
        yield Fact(_("联动部门"), entity.linked)
    if isinstance(entity, Bay):
        yield Fact(_("规划目标"), entity.goal)
        row = file.once(_bay_year)
        if row is not None and row.good is not None:
            yield Fact(_("今年优良面积比例"), f"{row.good:.1f} %", f"/water/sea?year={row_year()}")


def row_year() -> int:
    return timezone.localdate().year


def _bay_year(file: File) -> sea.BayYear | None:
    return sea.bay_year(file.entity, row_year()) if isinstance(file.entity, Bay) else None


def _health(file: File) -> Iterable[HealthItem]:
    entity = file.entity
    if isinstance(entity, WaterSource):
        yield _source(entity)
    if isinstance(entity, Bay):
        row = file.once(_bay_year)
        rule = _("今年优良面积比例达到本湾段目标为良好")
        url = f"/water/sea?year={row_year()}"
        if row is None or row.good is None:
            yield HealthItem(_("海水水质"), _("今年没有海水监测数据"), Mark.UNKNOWN, rule, url=url)
        elif row.met is None:
            yield HealthItem(_("海水水质"), _("没有设定目标"), Mark.UNKNOWN, rule, url=url)
        else:
            said = _("优良面积比例 %(good).1f %%，目标 %(target)s %%") % {
                "good": row.good, "target": plainly(float(entity.target_good or 0)),
            }  # fmt: skip
            yield HealthItem(_("海水水质"), said, Mark.GOOD if row.met else Mark.BAD, rule, url=url)


def _source(entity: WaterSource) -> HealthItem:
    """The last month that was sampled, against the limits."""
    rule = _("最近一个有监测的月份达标为良好")
    end = (timezone.localdate().replace(day=1) + timedelta(days=31)).replace(day=1)
    begin = date(end.year, end.month, 1)
    for _n in range(MONTHS):
        begin = (begin - timedelta(days=1)).replace(day=1)
    rows = sources.months_of(entity, begin, end)
    last = next((row for row in reversed(rows) if row.attains is not None), None)
    if last is None:
        return HealthItem(_("水源水质"), _("近半年没有监测数据"), Mark.UNKNOWN, rule)
    url = f"/water/sources?month={last.month:%Y-%m}"
    words = {"month": f"{last.month:%Y-%m}", "why": last.failures}
    if last.attains:
        return HealthItem(_("水源水质"), _("%(month)s 达标") % words, Mark.GOOD, rule, url=url)
    said = _("%(month)s 不达标：%(why)s") % words
    return HealthItem(_("水源水质"), said, Mark.BAD, rule, last.month, url)


knows(facts=_facts, health=_health)
