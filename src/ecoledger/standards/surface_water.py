"""Surface-water classes by GB 3838-2002 and 环办〔2011〕22号.

A sample's class is that of its worst item; beyond Ⅴ is 劣Ⅴ. Rivers and lakes differ in total
phosphorus. Water temperature, total nitrogen and fecal coliform are computed but not counted unless
asked for. Items are named by the keys of ``data/surface_water.toml`` (``ph``, ``do``, ``codmn`` ...),
values are mg/L (fecal coliform 个/L, water temperature ℃).

:func:`classify` judges one sample, :func:`ecoledger.standards.surface_water_tables.classify_table` a Polars
table; they agree on every input.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from ecoledger.standards import catalogue, exceedance
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.quality_classes import ByWorstItem, ItemLimits, item_from_table, worst
from ecoledger.standards.readings import Reading, UnreadableReadingError, parse
from ecoledger.standards.rule_data import compiled, declare_editions

RULE_SET = "surface-water-class"
METHOD_RULE_SET = "surface-water-evaluation"

Waterbody = Literal["river", "lake"]

_KINDS: tuple[Waterbody, Waterbody] = ("river", "lake")

LABELS = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")
#: Up to this class water is good (优良, Ⅰ to Ⅲ); 劣Ⅴ is :data:`INFERIOR`.
GOOD_UP_TO = 3
INFERIOR = 6

_WATERBODIES: dict[str, Waterbody] = {
    **dict.fromkeys(("river", "河流", "河", "河段", "河流断面"), "river"),
    **dict.fromkeys(("lake", "reservoir", "湖库", "湖", "库", "湖泊", "水库", "湖(库)"), "lake"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What GB 3838 says: items by key, in the order of its table 1, for rivers and for lakes."""

    river: Mapping[str, ItemLimits]
    lake: Mapping[str, ItemLimits]
    class_one_saturation: float
    drinking_water: Mapping[str, tuple[str, float]]

    def of(self, waterbody: Waterbody) -> Mapping[str, ItemLimits]:
        """Items for one kind of water body."""
        return self.lake if waterbody == "lake" else self.river


@dataclass(frozen=True, slots=True)
class Grade:
    """A qualitative grade (定性评价) and its map colour."""

    name: str
    colour: str
    rgb: str


@dataclass(frozen=True, slots=True)
class Method:
    """What the evaluation method says beside the limits."""

    not_counted: frozenset[str]
    toxic_first: frozenset[str]
    no_multiple: frozenset[str]
    reference_class: int
    main_pollutants: int
    multiple_decimals: int
    sections_for_shares: int
    grades: Mapping[int, Grade]
    river_grades: tuple[Mapping[str, Any], ...]
    unchanged_up_to: float
    some_up_to: float


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything the data file says, and the names its columns go by."""

    aliases: Mapping[str, tuple[str, ...]]
    units: Mapping[str, str]
    code_units: Mapping[str, str]


def _limits(table: Mapping[str, Any]) -> Limits:
    river: dict[str, ItemLimits] = {}
    lake: dict[str, ItemLimits] = {}
    for key, item in sorted(table["items"].items(), key=lambda pair: pair[1]["number"]):
        if "limits" not in item and "ranges" not in item:
            continue
        river[key] = item_from_table(key, item)
        lake[key] = (
            item_from_table(key, item, limits="lake_limits")
            if "lake_limits" in item
            else river[key]
        )
    return Limits(
        river=river,
        lake=lake,
        class_one_saturation=float(table["dissolved_oxygen"]["class_one_saturation"]),
        drinking_water={
            key: (item["name"], float(item["limit"]))
            for part in ("drinking_water_source", "drinking_water_specific")
            for key, item in table[part]["items"].items()
        },
    )


def _method(table: Mapping[str, Any]) -> Method:
    rules = table["rules"]
    return Method(
        not_counted=frozenset(rules["not_counted"]),
        toxic_first=frozenset(rules["toxic_first"]),
        no_multiple=frozenset(rules["no_multiple"]),
        reference_class=int(rules["reference_class"]),
        main_pollutants=int(rules["main_pollutants"]),
        multiple_decimals=int(rules["multiple_decimals"]),
        sections_for_shares=int(rules["sections_for_shares"]),
        grades={int(rank): Grade(**grade) for rank, grade in table["grades"].items()},
        river_grades=tuple(table["river_grades"]),
        unchanged_up_to=float(table["trend"]["unchanged_up_to"]),
        some_up_to=float(table["trend"]["some_up_to"]),
    )


@compiled("surface_water")
def rules(content: dict[str, Any]) -> Rules:
    """Column names and units; entering the editions in the catalogue is part of reading them."""
    limits = {standard: _limits(table) for standard, table in content["edition"].items()}
    declare_editions(RULE_SET, content["edition"], limits)
    methods = {number: _method(table) for number, table in content["method"].items()}
    declare_editions(METHOD_RULE_SET, content["method"], methods)
    units = {item.key: item.unit for edition in limits.values() for item in edition.river.values()}
    units |= {key: "mg/L" for edition in limits.values() for key in edition.drinking_water}
    return Rules(
        aliases={key: tuple(names) for key, names in content["aliases"].items()},
        code_units=content["code_units"],
        units={**units, "water_temp": "℃", "do_saturation": "%", "chla": "mg/m3", "sd": "m"},
    )


rules()


def limits_on(on: date) -> tuple[Edition, Limits]:
    """The edition of the limits that judges data of the day ``on``, with its content."""
    rules()
    edition = catalogue.in_force(RULE_SET, on)
    return edition, edition.content


def method_on(on: date) -> tuple[Edition, Method]:
    """The edition of the evaluation method for data of the day ``on``, with its content.

    Data from before 环办〔2011〕22号 are judged by it too, since nothing else says how.
    """
    rules()
    first = catalogue.editions(METHOD_RULE_SET)[0]
    edition = catalogue.in_force(METHOD_RULE_SET, max(on, first.effective_from or date.min))
    return edition, edition.content


def label(rank: int | None) -> str:
    """The class as it is printed: ``3`` is ``"Ⅲ"``, ``6`` is ``"劣Ⅴ"``, ``None`` is ``""``."""
    return LABELS[rank - 1] if rank else ""


_CHINESE = str.maketrans("一二三四五", "12345")


def rank_of(text: str) -> int:
    """The class that a text names: "Ⅲ", "III", "3", "Ⅲ类", "三类", "劣Ⅴ", "劣V类". Raises ``ValueError``."""
    name = text.strip().upper().removesuffix("类").replace("Ⅳ", "IV").replace("Ⅴ", "V")
    name = name.replace("Ⅰ", "I").replace("Ⅱ", "II").replace("Ⅲ", "III")
    name = name.translate(_CHINESE)
    ranks = {
        "I": 1,
        "II": 2,
        "III": 3,
        "IV": 4,
        "V": 5,
        "劣V": 6,
        "劣5": 6,
        **{str(n): n for n in range(1, 7)},
    }
    if name not in ranks:
        raise ValueError(f"{text!r} is not a water class; write Ⅰ, Ⅱ, Ⅲ, Ⅳ, Ⅴ or 劣Ⅴ")
    return ranks[name]


def waterbody_of(text: str) -> Waterbody:
    """The kind of water body that a text names. Raises ``ValueError``."""
    kind = _WATERBODIES.get(text.strip().casefold().replace("（", "(").replace("）", ")"))
    if kind is None:
        raise ValueError(f"{text!r} is not a kind of water body; write river (河流) or lake (湖库)")
    return kind


def item_name(key: str) -> str:
    """The item's Chinese name, as in the newest edition. Raises ``KeyError``."""
    rules()
    newest: Limits = catalogue.editions(RULE_SET)[-1].content
    if key in newest.river:
        return newest.river[key].name
    return newest.drinking_water[key][0]


@dataclass(frozen=True, slots=True)
class WaterClass(ByWorstItem):
    """The class of a sample or section.

    ``class_`` is 1 (Ⅰ) to 6 (劣Ⅴ), ``None`` when no counted item was measured. ``values`` are the
    readings as they were compared; ``item_classes`` holds the counted items, ``reference_classes`` those computed but not counted. ``main_pollutants`` names
    the items worse than Ⅲ with their multiple over Ⅲ (``None`` where none is computed), the foremost
    first. ``marks`` are those of the texts it rests on.
    """

    class_: int | None
    label: str
    values: Mapping[str, float]
    item_classes: Mapping[str, int]
    reference_classes: Mapping[str, int]
    main_pollutants: tuple[tuple[str, float | None], ...]
    grade: Grade | None
    standard: str
    method: str
    marks: tuple[Mark, ...]
    main_pollutants_text: str = ""


def _value(raw: Any, key: str) -> float | None:
    try:
        return parse(raw).value
    except UnreadableReadingError as error:
        raise UnreadableReadingError(f"{key}: {error}") from None


def classify(
    values: Mapping[str, float | str | Reading | None],
    *,
    on: date,
    waterbody: Waterbody = "river",
    count_tn: bool = False,
    items: Iterable[str] | None = None,
) -> WaterClass:
    """Class of one sample or section from its readings by item key (GB 3838-2002 表1, 单因子评价法).

    Readings may be numbers or text ("0.02L", "未检出"; see :mod:`ecoledger.standards.readings`); keys
    that are no items are ignored. ``do_saturation`` (%) of at least 90 gives dissolved oxygen class Ⅰ.
    ``count_tn`` counts total nitrogen; ``items`` restricts the counted items (as 9+X plans do).
    Values are compared as given: round means first, see
    :func:`ecoledger.standards.water_periods.period_table`.

    Raises :class:`~ecoledger.standards.readings.UnreadableReadingError` naming the item.

    >>> from datetime import date
    >>> judged = classify({"ph": 7.5, "do": 6.2, "nh3n": 1.5, "tp": 0.3}, on=date(2026, 2, 4))
    >>> judged.label, judged.main_pollutants
    ('Ⅳ', (('nh3n', 0.5), ('tp', 0.5)))
    """
    edition, limits = limits_on(on)
    method_edition, method = method_on(on)
    table = limits.of(waterbody)
    saturation = _value(values.get("do_saturation"), "do_saturation")
    counted: dict[str, int] = {}
    reference: dict[str, int] = {}
    measured: dict[str, float] = {}
    counts = counted_items(table, method, count_tn, items)
    for key, item in table.items():
        value = _value(values.get(key), key)
        if value is None:
            continue
        rank = item.class_of(value)
        if key == "do" and saturation is not None and saturation >= limits.class_one_saturation:
            rank = 1
        measured[key] = value
        (counted if key in counts else reference)[key] = rank
    overall = worst(list(counted.values()))
    pollutants = _main_pollutants(counted, measured, table, method)
    return WaterClass(
        class_=overall,
        label=label(overall),
        values=measured,
        item_classes=counted,
        reference_classes=reference,
        main_pollutants=pollutants,
        grade=method.grades[overall] if overall else None,
        standard=edition.standard,
        method=method_edition.standard,
        marks=tuple(dict.fromkeys((edition.mark, method_edition.mark))),
        main_pollutants_text=pollutants_text(pollutants, table, method),
    )


def counted_items(
    table: Mapping[str, ItemLimits], method: Method, count_tn: bool, items: Iterable[str] | None
) -> frozenset[str]:
    """Keys of the items that decide the class: 21 of them unless asked otherwise.

    Raises ``ValueError`` for a key that is no item.
    """
    if items is not None:
        chosen = frozenset(items)
        if unknown := chosen - table.keys():
            raise ValueError(f"no such items: {', '.join(sorted(unknown))}")
    else:
        chosen = frozenset(table) - method.not_counted
    return chosen | {"tn"} if count_tn else chosen


def _main_pollutants(
    counted: Mapping[str, int],
    measured: Mapping[str, float],
    table: Mapping[str, ItemLimits],
    method: Method,
) -> tuple[tuple[str, float | None], ...]:
    # 环办〔2011〕22号 二（一）3: toxic items first, then the worst class, then the greatest multiple.
    exceeding = []
    for key, rank in counted.items():
        if rank <= method.reference_class:
            continue
        limit = table[key].limit(method.reference_class)
        over = (
            None
            if key in method.no_multiple or limit is None
            else exceedance.multiple(measured[key], limit)
        )
        exceeding.append(
            (
                key not in method.toxic_first,
                -rank,
                math.inf if over is None else -round(over, 9),
                table[key].order,
                (key, over),
            )
        )
    exceeding.sort(key=lambda entry: entry[:4])
    return tuple(entry[4] for entry in exceeding[: method.main_pollutants])


def pollutants_text(
    pollutants: Sequence[tuple[str, float | None]],
    table: Mapping[str, ItemLimits],
    method: Method,
) -> str:
    """Main pollutants as bulletins print them: ``"氨氮(0.5)、总磷(0.2)"``, ``"溶解氧"``."""
    return "、".join(
        table[key].name
        if over is None
        else f"{table[key].name}({exceedance.multiple_text(over, method.multiple_decimals)})"
        for key, over in pollutants
    )


def bounds(
    key: str, target: int, *, on: date, waterbody: Waterbody = "river"
) -> tuple[float | None, float | None]:
    """Least and greatest value of an item that meet the class ``target``, ``None`` where there is no bound.

    Both are ``None`` for what is no item of the edition or does not count (total nitrogen, water
    temperature, fecal coliform). A target beyond Ⅴ asks for Ⅴ.

    >>> from datetime import date
    >>> bounds("do", 3, on=date(2026, 5, 1)), bounds("tp", 3, on=date(2026, 5, 1), waterbody="lake")
    ((5.0, None), (None, 0.05))
    """
    _, limits = limits_on(on)
    table = limits.of(waterbody)
    if key not in counted_items(table, method_on(on)[1], False, None):
        return None, None
    item = table[key]
    rank = min(target, len(item.low))
    low, high = item.low[rank - 1], item.high[rank - 1]
    return (low if math.isfinite(low) else None), (high if math.isfinite(high) else None)


@dataclass(frozen=True, slots=True)
class Failure:
    """An item beyond its limit: the value, the limit and the multiple (``None`` where there is none)."""

    item: str
    name: str
    value: float
    limit: float | None
    multiple: float | None
    text: str


def failures(
    values: Mapping[str, float | str | Reading | None],
    target: int,
    *,
    on: date,
    waterbody: Waterbody = "river",
    count_tn: bool = False,
    items: Iterable[str] | None = None,
) -> tuple[Failure, ...]:
    """Items that miss the target class of a functional zone, with multiple and gap over **its** limits.

    The main pollutants of :func:`classify` always refer to class Ⅲ; this refers to the target.
    """
    _, limits = limits_on(on)
    _, method = method_on(on)
    judged = classify(values, on=on, waterbody=waterbody, count_tn=count_tn, items=items)
    result = []
    for key, rank in judged.item_classes.items():
        if rank <= target:
            continue
        item = limits.of(waterbody)[key]
        result.append(_failure(item, judged.values[key], target, method))
    return tuple(result)


def _failure(item: ItemLimits, value: float, target: int, method: Method) -> Failure:
    limit = item.limit(target)
    if limit is None:
        low, high = item.low[target - 1], item.high[target - 1]
        return Failure(item.key, item.name, value, None, None, f"超出 {low:g}～{high:g} 的范围")
    over = None if item.key in method.no_multiple else exceedance.multiple(value, limit)
    text = exceedance.gap_text(value, limit, item.unit, at_least=item.at_least)
    return Failure(item.key, item.name, value, limit, over, text)


def drinking_water_failures(
    values: Mapping[str, float | str | Reading | None], *, on: date, waterbody: Waterbody = "river"
) -> tuple[Failure, ...]:
    """Items by which a drinking-water source misses class Ⅲ, a supplementary or a specific limit.

    Table 1 as everywhere; table 2 (5 items) and table 3 (80 items, mark M) against their one limit.
    """
    _, limits = limits_on(on)
    result = list(failures(values, 3, on=on, waterbody=waterbody))
    for key, (name, limit) in limits.drinking_water.items():
        value = _value(values.get(key), key)
        if value is not None and value > limit:
            over = exceedance.multiple(value, limit)
            text = exceedance.gap_text(value, limit, "mg/L")
            result.append(Failure(key, name, value, limit, over, text))
    return tuple(result)
