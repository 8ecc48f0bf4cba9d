"""土壤监测 (mechanism S-2): what units measure themselves, and what is measured around them; judged when it is entered.

Construction land by GB 36600, farmland by GB 15618 and its pH (``standards.soil``). What is above the screening value
becomes a problem of the ledger by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities.models import Enterprise
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.matters import actions
from ecoledger.matters.register import register_of
from ecoledger.standards import soil

_AMOUNT: dict[str, Any] = {
    "max_digits": 12,
    "decimal_places": 5,
    "null": True,
    "blank": True,
    "validators": [MinValueValidator(0)],
}
# Item of the standards -> what it is called in tables.
ITEMS = {
    "cd": "镉", "hg": "汞", "as": "砷", "pb": "铅", "cr": "铬", "cr6": "六价铬", "cu": "铜", "ni": "镍", "zn": "锌",
}  # fmt: skip


class SoilTest(LogEntry):
    """One sample of soil at or around a unit."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_soil_test"
    )

    class Land(models.TextChoices):
        FIRST = "first", "建设用地第一类"
        SECOND = "second", "建设用地第二类"
        PADDY = "paddy", "农用地水田"
        ORCHARD = "orchard", "农用地果园"
        OTHER = "other", "农用地其他"

    class Risk(models.TextChoices):
        NEGLIGIBLE = "negligible", "不高于筛选值"
        POSSIBLE = "possible", "高于筛选值"
        UNACCEPTABLE = "unacceptable", "高于管制值"

    place = models.CharField("点位", max_length=80)
    depth = models.CharField("深度 m", max_length=20, blank=True)
    land = models.CharField("用地类型", max_length=10, choices=Land.choices)
    ph = models.DecimalField(
        "pH",
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(14)],
    )
    v_cd = models.DecimalField("镉 mg/kg", **_AMOUNT)
    v_hg = models.DecimalField("汞 mg/kg", **_AMOUNT)
    v_as = models.DecimalField("砷 mg/kg", **_AMOUNT)
    v_pb = models.DecimalField("铅 mg/kg", **_AMOUNT)
    v_cr = models.DecimalField("铬 mg/kg", **_AMOUNT)
    v_cr6 = models.DecimalField("六价铬 mg/kg", **_AMOUNT)
    v_cu = models.DecimalField("铜 mg/kg", **_AMOUNT)
    v_ni = models.DecimalField("镍 mg/kg", **_AMOUNT)
    v_zn = models.DecimalField("锌 mg/kg", **_AMOUNT)
    risk = models.CharField(
        "评价结果", max_length=14, choices=Risk.choices, blank=True, editable=False, db_index=True
    )
    exceeding = models.CharField("超筛选值项目", max_length=200, blank=True, editable=False)
    standard = models.CharField("评价标准", max_length=40, blank=True, editable=False)

    class Meta:
        verbose_name = "土壤监测结果"


def judged(values: Mapping[str, Any], on: Any) -> dict[str, str]:
    """What a sample's values come to; nothing where nothing was measured, or farmland has no pH."""
    land = str(values["land"])
    amounts = {key: float(v) for key in ITEMS if (v := values.get(f"v_{key}")) is not None}
    try:
        if land in ("first", "second"):
            found = soil.construction_land(amounts, land, on=on)  # type: ignore[arg-type]
        else:
            ph = values.get("ph")
            amounts |= {} if ph is None else {"ph": float(ph)}
            found = soil.agricultural_land(amounts, land, on=on)  # type: ignore[arg-type]
    except (ValueError, LookupError):
        return {"risk": "", "exceeding": "", "standard": ""}
    names = "、".join(
        item.name if item.multiple is None else f"{item.name}({item.multiple:.2g})"
        for item in found.exceeding
    )
    risk = found.risk.value if found.risk else ""
    return {"risk": risk, "exceeding": names[:200], "standard": found.standard}


class SoilTestLog(Log):
    """Samples: judged when they are entered; what is above its screening value opens a problem."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        farm = str(values.get("land", "")) in ("paddy", "orchard", "other")
        if farm and values.get("ph") is None:
            return {"ph": _("农用地按 pH 评价，须填 pH")}
        return {}

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        _refuse(self.wrong(values, by))
        on = timezone.localdate(values.get("at") or at)
        entry = super().open_row({**values, **judged(values, on)}, by, at, **more)
        if entry.exceeding and entry.begets is None:
            entry.begets = _problem(entry, at)
            entry.save(update_fields=["begets"])
        return entry

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        kept = {name: getattr(row, name) for name in self.own_fields}
        whole = {**kept, **values}
        _refuse(self.wrong(whole, by))
        on = timezone.localdate(values.get("at") or row.at)
        return super().change_row(row, {**values, **judged(whole, on)}, by, at)


def _refuse(wrong: Mapping[str, str]) -> None:
    for name, why in wrong.items():
        raise Refused("form", why, fields={name: [why]})


def _problem(entry: SoilTest, at: datetime) -> Any:
    return actions.open_matter(
        register_of("problem"),
        {
            "title": _("%(unit)s %(place)s 土壤超筛选值：%(items)s")
            % {"unit": entry.entity, "place": entry.place, "items": entry.exceeding},
            "area_code": entry.area_code,
            "entity": entry.entity,
            "origin_kind": "self",
            "category": "soil",
            "source_batch": "土壤监测",
            "lon": entry.lon,
            "lat": entry.lat,
            "synthetic": entry.synthetic,
        },
        by=None,
        at=at,
    )


def _book(key: str, label: str, empty: str) -> SoilTestLog:
    amounts = tuple(f"v_{item}" for item in ITEMS)
    headers = {f"v_{item}": (name, f"{name}（mg/kg）", f"总{name}") for item, name in ITEMS.items()}
    return SoilTestLog(
        key=key, label=label, model=SoilTest, line="soil", begets="problem", tells=("begets",),
        edit=frozenset({Role.MONITOR, Role.THIRD_PARTY, Role.ENTERPRISE}), enterprise="entity__code",
        columns=("entity", "at", "place", "depth", "land", "ph", "risk", "exceeding", "standard", "begets", "area_code"),
        filters=("risk", "land", "area_code", "at"), search=("entity__name", "place", "exceeding"), lead="entity",
        fields=(Ask("entity", "单位", to=Enterprise, required=True), "at", "place", "depth", "land", "ph", *amounts,
                "lon", "lat", "note"),
        details=("place", "depth", "land", "ph", *amounts, "risk", "exceeding", "standard"),
        labels={"entity": "单位"},
        imports=Import(key=("entity", "at", "place", "depth"), future=(),
                       headers={"entity": ("单位名称", "企业名称"), "at": ("采样日期", "采样时间", "监测日期"),
                                "place": ("点位编号", "采样点位"), "depth": ("采样深度",),
                                "land": ("用地分类", "土地利用类型"), "ph": ("pH值",), **headers},
                       values={"land": {"第一类用地": "first", "第二类用地": "second", "一类": "first",
                                        "二类": "second", "水田": "paddy", "果园": "orchard", "旱地": "other"}},
                       examples={"entity": "示例化工有限公司", "at": "2026-06-02", "place": "S1", "depth": "0-0.5",
                                 "land": "建设用地第二类", "v_as": "12.3"}),
        views=(View("over", "高于筛选值", {"risk": "possible,unacceptable"}),), empty=empty,
    )  # fmt: skip


SELF_TESTS = declare(
    _book(
        "soil_self_test",
        "土壤自行监测结果",
        "还没有自行监测结果。导入检测报告的结果表，当年的自行监测义务随之履行。",
    )
)
AROUND_TESTS = declare(
    _book(
        "soil_around_test",
        "重点单位周边土壤监测",
        "还没有周边监测结果。导入结果表后按标准评价，超过筛选值的自动列入问题清单。",
    )
)
for _log in (SELF_TESTS, AROUND_TESTS):
    tally(_log, "over_ratio", f"{_log.label}超筛选值比例", Q(risk__in=("possible", "unacceptable")),
          whole=~Q(risk=""), dated="at", better="lower")  # fmt: skip
