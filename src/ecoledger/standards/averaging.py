"""How automatic data become means: minutes to hours, hours to days, of every kind of monitoring.

The numbers come from the rules of each matter: ambient air (GB 3095 table 4, by edition), flue gas
(HJ 75, HJ 212-2017 annex D), wastewater (HJ 356), noise (HJ 906). ``data/averaging.toml`` says what the kinds
without a standard of their own are averaged like. A kind is one of :func:`kinds`.

One rule is a row of :func:`table`; the expressions below it work on Polars tables that carry its columns.

>>> from datetime import date
>>> rule("flue_gas", date(2026, 5, 1)).hour_minutes, rule("air", date(2026, 5, 1)).day_hours
(45, 20)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, get_args

import polars as pl

from ecoledger.standards import air_evaluation, catalogue, flue_gas, noise, wastewater
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.rule_data import compiled, declare_file

RULE_SET = "averaging"

Mean = Literal["plain", "flow", "energy", "direction", "sum"]
FlagRule = Literal["share", "any", "keep"]

_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Averaging:
    """How one kind of data is averaged from the day ``effective_from`` on.

    An hour needs ``hour_minutes`` minutes of valid data, a day ``day_hours`` valid hours or, where that is
    ``None``, ``day_share`` percent of the values due. ``flag_rule``: an hour of mixed data is normal from
    a share on (``share``), only when all of it is (``any``: else the first abnormal flag speaks), or
    whenever there is a valid value (``keep``).
    """

    kind: str
    effective_from: date
    hour_minutes: int
    day_hours: int | None
    day_share: float | None
    flag_rule: FlagRule
    mean: Mean
    standard: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Rules:
    like: dict[str, str]
    quantities: dict[str, Mean]
    sparse_share: float


@compiled("averaging")
def _rules(content: dict[str, Any]) -> _Rules:
    declare_file(RULE_SET, content)
    for name, mean in content["quantity"].items():
        if mean not in get_args(Mean):
            raise ValueError(
                f"averaging.toml: {name} is {mean!r}; use one of {', '.join(get_args(Mean))}"
            )
    return _Rules(dict(content["like"]), dict(content["quantity"]), content["sparse"]["share"])


_rules()


def kinds() -> tuple[str, ...]:
    """The kinds of data that have a rule."""
    return ("air", "flue_gas", "wastewater", "noise", *_rules().like)


def rules_of(kind: str) -> tuple[Averaging, ...]:
    """The rules of a kind of data, oldest first. Raises ``LookupError`` naming the kinds there are."""
    own = {"air": _air, "flue_gas": _flue_gas, "wastewater": _wastewater, "noise": _noise}
    if kind in own:
        return tuple(own[kind]())
    if kind not in _rules().like:
        raise LookupError(f"no rule for {kind!r}; there are {', '.join(kinds())}")
    edition = catalogue.editions(RULE_SET)[-1]
    return tuple(
        Averaging(
            kind,
            like.effective_from,
            like.hour_minutes,
            like.day_hours,
            like.day_share,
            "keep",
            "plain",
            f"{edition.standard}（{like.standard}）",
            edition.mark,
        )
        for like in rules_of(_rules().like[kind])
    )


def rule(kind: str, on: date) -> Averaging:
    """The rule for data of the day ``on``; days before the first edition take that edition's."""
    found = rules_of(kind)
    return next((each for each in reversed(found) if each.effective_from <= on), found[0])


def _begins(editions: tuple[Edition, ...]) -> Iterator[tuple[date, Edition]]:
    """Editions and when each begins; what comes before the first is averaged by it too."""
    for number, edition in enumerate(editions):
        yield (edition.effective_from if number else None) or date.min, edition


def _air() -> Iterator[Averaging]:
    for begins, edition in _begins(catalogue.editions(air_evaluation.EVALUATION)):
        rules: air_evaluation.Rules = edition.content
        minutes, hours = rules.hour_minutes, rules.day_hours
        yield Averaging(
            "air", begins, minutes, hours, None, "keep", "plain", edition.standard, edition.mark
        )


def _flue_gas() -> Iterator[Averaging]:
    rules = flue_gas.rules()
    for begins, edition in _begins(catalogue.editions(flue_gas.RULE_SET)):
        minutes, hours = rules.minutes_of_hour, rules.hours_of_day
        yield Averaging(
            "flue_gas",
            begins,
            minutes,
            hours,
            None,
            "share",
            "plain",
            edition.standard,
            edition.mark,
        )


def _wastewater() -> Iterator[Averaging]:
    rules = wastewater.rules()
    mean: Mean = "flow" if rules.flow_weighted else "plain"
    for begins, edition in _begins(catalogue.editions(wastewater.RULE_SET)):
        minutes, share = rules.minutes_of_hour, rules.valid_share
        yield Averaging(
            "wastewater", begins, minutes, None, share, "any", mean, edition.standard, edition.mark
        )


def _noise() -> Iterator[Averaging]:
    found = noise.validity()
    minutes, hours = found.minutes_of_hour, found.hours_of_day
    yield Averaging(
        "noise", date.min, minutes, hours, None, "keep", "energy", found.standard, found.mark
    )


def table() -> pl.DataFrame:
    """Every rule as a row: ``kind, effective_from, hour_minutes, day_hours, day_share, flag_rule, mean,
    standard, mark``, sorted by kind and date, ready for ``join_asof`` on the day of the data."""
    rows = [
        {**asdict(each), "mark": each.mark.value} for kind in kinds() for each in rules_of(kind)
    ]
    types: dict[str, Any] = {"day_hours": pl.Float64, "day_share": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=types).sort("kind", "effective_from")


def mean_of_quantity(quantity: str) -> Mean | None:
    """How a quantity is averaged whatever the kind of data (``"wind_direction"``: by direction,
    ``"precipitation"``: summed); ``None`` where the kind decides."""
    return _rules().quantities.get(quantity)


# -- on tables -----------------------------------------------------------------------------------


def mean(
    method: Mean,
    value: str = "value",
    weight: str = "weight",
    volume: str = "volume",
) -> pl.Expr:
    """The mean of a group's values as an aggregating expression; every row must be valid.

    ``weight`` is the time each row stands for. By ``flow`` the mean is ``Σ(C·Q)/Σ(Q)`` over the rows with a
    known, positive ``volume`` (HJ 212-2017 annex D), and plain where no row has one; by ``energy`` it is
    ``10·lg(Σ(10^(L/10)·t)/Σt)``; by ``direction`` that of unit vectors, in degrees; ``sum`` adds up.
    """
    values, weights, volumes = pl.col(value), pl.col(weight), pl.col(volume)
    plain = (values * weights).sum() / weights.sum()
    match method:
        case "plain":
            return plain
        case "sum":
            return values.sum()
        case "energy":
            energy = pl.lit(10.0).pow(values / 10) * weights
            return 10 * (energy.sum() / weights.sum()).log10()
        case "direction":
            radians = values.radians()
            east, north = (radians.sin() * weights).sum(), (radians.cos() * weights).sum()
            return (pl.arctan2(east, north).degrees() + 360) % 360
        case "flow":
            known = volumes > 0
            by_flow = (values * volumes).filter(known).sum() / volumes.filter(known).sum()
            return pl.when(known.any()).then(by_flow).otherwise(plain)
    raise ValueError(f"{method!r} is not a way to average; use one of {', '.join(get_args(Mean))}")


def enough_values(number: pl.Expr, due: pl.Expr) -> pl.Expr:
    """Whether a day with ``number`` valid values of ``due`` may be judged.

    Needs the columns ``day_hours`` and ``day_share`` of :func:`table`. An instrument that gives fewer than
    24 values a day needs the share of ``[sparse]`` of them at most.
    """
    needed = pl.coalesce("day_hours", pl.col("day_share") * due / _PERCENT)
    sparse = (_rules().sparse_share * due / _PERCENT).ceil()
    return number >= pl.min_horizontal(needed, pl.when(due < 24).then(sparse))


def rolled_flag(normal: pl.Expr, number: pl.Expr, abnormal: pl.Expr) -> pl.Expr:
    """Flag of a longer record with ``normal`` normal parts of ``number``, whose first abnormal flag is
    ``abnormal`` (HJ 212-2017 tables C.16 to C.18). Needs the column ``flag_rule`` of :func:`table`."""
    share = flue_gas.rules().normal_share
    first = abnormal.fill_null("D")
    rule_is = pl.col("flag_rule")
    return (
        pl.when(rule_is == "share")
        .then(pl.when(_PERCENT * normal >= share * number).then(pl.lit("N")).otherwise(pl.lit("D")))
        .when(rule_is == "any")
        .then(pl.when(normal == number).then(pl.lit("N")).otherwise(first))
        .otherwise(pl.when(normal > 0).then(pl.lit("N")).otherwise(first))
    )
