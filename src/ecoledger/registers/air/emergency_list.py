"""应急减排清单 (mechanism A1): who does what at each warning level, by season, firm and production line.

A roster in editions: a season's list is drafted, imported, published from a day on, copied for the next season and
compared. A line is a firm or one production line of it; its measures are words, the share they take away is
read from the words where nobody gave it, and what nobody can read is shown as unknown, not as nothing.
A firm may stand on the province's, the city's and the county's list with different grades: one of them holds, by the
order that the bureau keeps as data (``ruling``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.models import RosterLine
from ecoledger.books.roster import Roster
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Choices, Import, Kind, TableRow
from ecoledger.registers.air.measures import percent_of

EDITORS = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.APPROVER})
POLLUTANTS = {"so2": "SO2", "nox": "NOx", "pm": "颗粒物", "vocs": "VOCs"}
_KILOGRAMS: dict[str, Any] = {
    "max_digits": 12,
    "decimal_places": 3,
    "default": 0,
    "validators": [MinValueValidator(0)],
}
_PERCENT: dict[str, Any] = {
    "max_digits": 4,
    "decimal_places": 1,
    "null": True,
    "blank": True,
    "validators": [MinValueValidator(0), MaxValueValidator(100)],
}


class WarningLevel(models.TextChoices):
    """Levels of a heavy-pollution warning (环大气〔2024〕6号: three)."""

    YELLOW = "yellow", "黄色预警（Ⅲ级）"
    ORANGE = "orange", "橙色预警（Ⅱ级）"
    RED = "red", "红色预警（Ⅰ级）"


class Source(models.TextChoices):
    """Whose list a line is from."""

    PROVINCE = "province", "省级清单"
    CITY = "city", "市级清单"
    COUNTY = "county", "县级清单"


class ControlLine(RosterLine):
    """What one firm, or one production line of it, does at each level."""

    grade = models.CharField("绩效等级", max_length=12, db_index=True)
    trade = models.CharField("行业", max_length=60, blank=True)
    process = models.CharField("工序", max_length=80, blank=True)
    fuel = models.CharField("燃料", max_length=40, blank=True)
    outlet = models.CharField("排放口编号", max_length=60, blank=True)
    so2 = models.DecimalField("SO2 日排放 kg/d", **_KILOGRAMS)
    nox = models.DecimalField("NOx 日排放 kg/d", **_KILOGRAMS)
    pm = models.DecimalField("颗粒物 日排放 kg/d", **_KILOGRAMS)
    vocs = models.DecimalField("VOCs 日排放 kg/d", **_KILOGRAMS)
    yellow = models.CharField("黄色措施", max_length=400, blank=True)
    orange = models.CharField("橙色措施", max_length=400, blank=True)
    red = models.CharField("红色措施", max_length=400, blank=True)
    yellow_cut = models.DecimalField("黄色减排比例 %", **_PERCENT)
    orange_cut = models.DecimalField("橙色减排比例 %", **_PERCENT)
    red_cut = models.DecimalField("红色减排比例 %", **_PERCENT)
    proof = models.CharField("核查方法", max_length=80, blank=True)
    contact = models.CharField("责任人及电话", max_length=80, blank=True)

    class Meta:
        verbose_name = "应急减排清单"

    def measure(self, level: str) -> str:
        return str(getattr(self, level))

    def percent(self, level: str) -> Decimal | None:
        """Share that is taken away at a level; ``None`` where neither number nor words say."""
        share: Decimal | None = getattr(self, f"{level}_cut")
        return share

    def cut(self, pollutant: str, level: str) -> Decimal:
        """What is taken away at a level, kg/d; nothing where the share is unknown."""
        share = self.percent(level)
        emitted: Decimal = getattr(self, pollutant)
        return (emitted * share / 100).quantize(Decimal("0.001")) if share else Decimal(0)


@dataclass(frozen=True, kw_only=True, eq=False)
class ControlRoster(Roster):
    """A list of :class:`ControlLine`: grades by the bureau's words, shares read from the measures."""

    kinds: ClassVar[Mapping[str, Kind]] = {"grade": Kind.CHOICE, "source": Kind.CHOICE}

    def own_choices(self) -> Mapping[str, Choices]:
        words = own_data.read(__package__, "emergency_list")["grade"]
        grades = tuple((row["word"], row["word"]) for row in words)
        return {"grade": grades, "source": tuple(Source.choices)}

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        source = {"source": values.get("source") or Source.COUNTY}
        return super().open_row({**_with_shares(values), **source}, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        return super().change_row(row, _with_shares(values), by, at)


def _with_shares(values: Mapping[str, Any]) -> dict[str, Any]:
    read = {
        f"{level}_cut": percent_of(str(values[level]))
        for level in WarningLevel.values
        if values.get(level) and values.get(f"{level}_cut") is None
    }
    return {**values, **read}


def _grade_words() -> dict[str, str]:
    return {
        also: row["word"]
        for row in own_data.read(__package__, "emergency_list")["grade"]
        for also in row["also"]
    }


FIELDS: tuple[str | Ask, ...] = (
    "edition",
    Ask("entity", "企业名称", to=Enterprise, required=True),
    Ask("part", "生产线"),
    Ask("source", required=False),
    "grade", "trade", "process", "fuel", "outlet", "so2", "nox", "pm", "vocs", "yellow", "orange",
    "red", "yellow_cut", "orange_cut", "red_cut", "proof", "contact", "reason",
)  # fmt: skip


def _of_the_county(row: TableRow) -> None:
    """A line that does not say whose list it is from is from the county's own."""
    row.values["source"] = row.values.get("source") or Source.COUNTY.value


IMPORTS = Import(
    key=("edition", "entity", "part", "source"),
    headers={
        "source": ("清单级别", "层级", "清单来源"),
        "edition": ("清单版本", "季节", "年度"),
        "entity": ("企业", "单位名称", "企业全称"),
        "part": ("生产线名称", "产线", "工序/生产线"),
        "grade": ("绩效分级", "等级", "绩效等级（引领性）"),
        "trade": ("行业类型", "行业大类", "重点行业"),
        "process": ("涉气工序", "装备"),
        "outlet": ("排口编号",),
        "so2": ("二氧化硫日排放量", "SO2排放量(kg/d)", "SO2"),
        "nox": ("氮氧化物日排放量", "NOx排放量(kg/d)", "NOx"),
        "pm": ("颗粒物日排放量", "PM排放量(kg/d)", "颗粒物"),
        "vocs": ("VOCs日排放量", "VOCs排放量(kg/d)", "VOCs"),
        "yellow": ("黄色预警措施", "Ⅲ级响应措施", "黄色预警减排措施"),
        "orange": ("橙色预警措施", "Ⅱ级响应措施", "橙色预警减排措施"),
        "red": ("红色预警措施", "Ⅰ级响应措施", "红色预警减排措施"),
        "yellow_cut": ("黄色减排比例",), "orange_cut": ("橙色减排比例",), "red_cut": ("红色减排比例",),
        "proof": ("核查方式",), "contact": ("联系人及电话", "责任人"),
    },
    read=_of_the_county,
    examples={
        "edition": "2026—2027年秋冬季", "entity": "示例水泥有限公司", "part": "2号窑", "grade": "C",
        "yellow": "日投料量由960吨降低到768吨及以下", "red": "2号窑停产",
    },
    values={
        "grade": _grade_words(),
        "source": {"省级": "province", "省": "province", "市级": "city", "市": "city", "县级": "county",
                   "区县": "county"},
    },
)  # fmt: skip


def sign_of(line: ControlLine, _person: Person) -> list[tuple[str, str]]:
    """The way to the firm's public sign (公示牌)."""
    return [("公示牌", reverse("air-sign", args=[line.pk]))] if line.entity_id else []


EMERGENCY = declare(ControlRoster(
    key="emergency_list", label="应急减排清单", line="air", model=ControlLine, edition="季节",
    identity=("entity_id", "part", "source"), links=sign_of,
    columns=("entity", "part", "source", "grade", "trade", "yellow", "orange", "red", "so2", "nox", "pm", "vocs",
             "area_code", "edition"),
    filters=("edition", "source", "grade", "area_code", "trade"), search=("entity__name", "part", "trade"),
    fields=FIELDS, imports=IMPORTS, lead="entity", under=("part",), enterprise="entity__code",
    details=("edition", "entity", "part", "source", "grade", "trade", "process", "fuel", "outlet", "so2", "nox",
             "pm", "vocs", "yellow", "yellow_cut", "orange", "orange_cut", "red", "red_cut", "proof",
             "contact", "reason", "area_code"),
    labels={"entity": "企业", "part": "生产线"}, edit=EDITORS,
    empty="还没有应急减排清单。先在“版本”里新建一个季节的清单，再导入企业的减排措施。",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """One firm on one or more lists: its lines by list, and which list holds."""

    firm: Enterprise
    by_source: Mapping[str, tuple[ControlLine, ...]]
    holds: str

    @property
    def grades(self) -> dict[str, str]:
        """Grade by list; the worst of its lines."""
        return {source: worst(lines) for source, lines in self.by_source.items()}

    @property
    def differs(self) -> bool:
        """Whether the lists do not agree on grade or measures."""
        said = {
            tuple((line.part, line.grade, line.yellow, line.orange, line.red) for line in lines)
            for lines in self.by_source.values()
        }
        return len(said) > 1


def listed(lines: Iterable[ControlLine]) -> list[Listed]:
    """The firms of ``lines``, each with its lists and the one that holds (``data/emergency_list.toml``)."""
    by_firm: dict[int, dict[str, list[ControlLine]]] = {}
    firms: dict[int, Enterprise] = {}
    for line in lines:
        if line.entity_id is not None:
            source = line.source or Source.COUNTY.value
            by_firm.setdefault(line.entity_id, {}).setdefault(source, []).append(line)
            firms[line.entity_id] = line.entity  # type: ignore[assignment]
    return [
        Listed(firms[pk], {s: tuple(own) for s, own in sources.items()}, _holds(sources))
        for pk, sources in by_firm.items()
    ]


def _holds(sources: Mapping[str, list[ControlLine]]) -> str:
    """Which list rules: by the kept order of lists, or the one that takes away most at red."""
    rule = own_data.read(__package__, "emergency_list")["several_lists"]
    order = list(rule["order"])
    place = {source: order.index(source) if source in order else len(order) for source in sources}
    if rule["by"] == "strictest":
        return min(sources, key=lambda s: (-_strictness(sources[s]), place[s]))
    return min(sources, key=lambda s: place[s])


def _strictness(lines: Iterable[ControlLine]) -> Decimal:
    return max((line.percent("red") or Decimal(0) for line in lines), default=Decimal(0))


def ruling(lines: Iterable[ControlLine]) -> list[ControlLine]:
    """Of firms on several lists the lines of the one that holds; of the others all."""
    rows = list(lines)
    holds = {line.firm.pk: line.holds for line in listed(rows)}
    return [
        row
        for row in rows
        if row.entity_id is None or (row.source or Source.COUNTY.value) == holds[row.entity_id]
    ]


def worst(lines: Iterable[ControlLine]) -> str:
    """The worst grade of a firm's lines."""
    order = [row["word"] for row in own_data.read(__package__, "emergency_list")["grade"]]
    return max((line.grade for line in lines), key=lambda grade: _place(order, grade), default="")


@dataclass(frozen=True, slots=True)
class Cut:
    """What a level takes away of what the listed firms emit: one pollutant, kg/d."""

    pollutant: str
    emitted: Decimal
    taken: Decimal

    @property
    def percent(self) -> Decimal | None:
        return (100 * self.taken / self.emitted).quantize(Decimal("0.1")) if self.emitted else None


@dataclass(frozen=True, slots=True)
class Summary:
    """A list in numbers. ``unknown``: lines with an emission of which no share is known at a level."""

    firms: int
    lines: int
    grades: tuple[tuple[str, int], ...]
    cuts: Mapping[str, tuple[Cut, ...]]
    unknown: Mapping[str, int]


def summary(lines: Iterable[ControlLine]) -> Summary:
    """Firms by grade (the firm's worst line counts), and the cut of each level by pollutant."""
    rows = ruling(lines)
    order = [row["word"] for row in own_data.read(__package__, "emergency_list")["grade"]]
    grade_of: dict[int, str] = {}
    for row in rows:
        if row.entity_id is None:
            continue
        known = grade_of.get(row.entity_id)
        if known is None or _place(order, row.grade) > _place(order, known):
            grade_of[row.entity_id] = row.grade
    counts = Counter(grade_of.values())
    cuts = {
        level: tuple(
            Cut(
                label,
                sum((getattr(row, name) for row in rows), Decimal(0)),
                sum((row.cut(name, level) for row in rows), Decimal(0)),
            )
            for name, label in POLLUTANTS.items()
        )
        for level in WarningLevel.values
    }
    unknown = {
        level: sum(
            1
            for row in rows
            if row.percent(level) is None and any(getattr(row, name) for name in POLLUTANTS)
        )
        for level in WarningLevel.values
    }
    grades = tuple((word, counts[word]) for word in order if counts[word])
    return Summary(len(grade_of), len(rows), grades, cuts, unknown)


def _place(order: list[str], grade: str) -> int:
    return order.index(grade) if grade in order else len(order)
