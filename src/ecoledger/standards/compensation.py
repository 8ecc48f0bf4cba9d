"""Compensation between upstream and downstream (流域横向生态补偿), from rules that are data.

A rule has one of six forms (``kind``; see ``data/compensation.toml``), its factors, prices or bands,
who pays whom, and its place in time. Nothing in it is code. A result keeps the inputs, every step in
words with its figures, what was left out and why, and the edition it followed, so that a town can check
its bill with a pocket calculator and appeal.

Concentrations are mg/L, flows 万m³ of the period, amounts 万元. Arithmetic is exact; an amount is
rounded once, to the rule's decimals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.percent import Number, exact, shown
from ecoledger.standards.rule_data import compiled, declare_editions

RULE_SET_PREFIX = "compensation/"

# mg/L times 万m³ is 10 kg, a hundredth of a tonne.
_TONNES = Fraction(1, 100)


@dataclass(frozen=True, slots=True)
class Factor:
    """One pollutant of a section for the period. ``None`` where the rule does not need it.

    ``value``, ``target``, ``inflow`` (what came in from above) and ``base`` (the reference of an
    index) in mg/L; ``class_now`` and ``class_target`` 1 to 6 (6: 劣V). ``excluded`` is the reason for
    leaving the factor out (invalid data, upheld appeal).
    """

    value: Number | None = None
    target: Number | None = None
    inflow: Number | None = None
    base: Number | None = None
    class_now: int | None = None
    class_target: int | None = None
    excluded: str = ""


@dataclass(frozen=True, slots=True)
class SectionPeriod:
    """A section, who is above and below it, and its figures for one period (``"2026-03"``)."""

    section: str
    period: str
    upstream: str
    downstream: str
    factors: Mapping[str, Factor]
    flow: Number | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the calculation: what, how (with figures), and the amount in 万元 or the index."""

    factor: str
    how: str
    result: Fraction


@dataclass(frozen=True, slots=True)
class Compensation:
    """Who pays whom how much (万元, never negative), and how it came about."""

    inputs: SectionPeriod
    amount: Decimal
    payer: str
    payee: str
    steps: tuple[Step, ...]
    left_out: tuple[str, ...]
    standard: str
    clause: str
    mark: Mark
    note: str = ""

    @property
    def explanation(self) -> str:
        """Every step on a line, then the sum and the direction."""
        lines = [f"{step.factor}：{step.how}" for step in self.steps]
        lines += [f"未计入：{reason}" for reason in self.left_out]
        if self.amount:
            lines.append(f"合计{self.amount}万元，{self.payer}支付给{self.payee}")
        else:
            lines.append("无需支付")
        return "\n".join(lines)


Rule = Mapping[str, Any]


def _number(value: Fraction) -> str:
    return format(Decimal(shown(value, 6)).normalize(), "f")


def _required(value: Number | None, what: str, factor: str) -> Fraction:
    if value is None:
        raise ValueError(f"{factor}: the rule needs {what}, which is not given")
    return exact(value)


def _price(rule: Rule, code: str) -> Fraction:
    entry = rule["factors"][code]
    if "price" not in entry:
        raise ValueError(
            f"{entry['name']}: no price is on file; write factors.{code}.price into an overriding "
            "compensation.toml"
        )
    return exact(entry["price"])


def _target(rule: Rule, code: str, factor: Factor) -> Fraction:
    entry = rule["factors"][code]
    target = _required(entry.get("target", factor.target), "a target", entry["name"])
    if target <= 0:
        raise ValueError(f"{entry['name']}: the target must be above zero, not {_number(target)}")
    above = entry.get("target_above")
    if above is not None and target <= exact(above):
        raise ValueError(
            f"{entry['name']}: the bands on file are for targets above {above} mg/L, not "
            f"{_number(target)}; add the others to an overriding compensation.toml"
        )
    return target


def _one_way(rule: Rule, amount: Fraction) -> Fraction:
    return amount if rule["two_way"] else max(amount, Fraction(0))


def _load(rule: Rule, code: str, factor: Factor, section: SectionPeriod) -> tuple[str, Fraction]:
    name = rule["factors"][code]["name"]
    value = _required(factor.value, "a concentration", name)
    target = _target(rule, code, factor)
    flow = _required(section.flow, "a flow", name)
    price = _price(rule, code)
    amount = _one_way(rule, (value - target) * flow * _TONNES * price)
    how = (
        f"({_number(value)}－{_number(target)})mg/L×{_number(flow)}万m³×0.01×{_number(price)}万元/t"
    )
    return how, amount


def _times_over(rule: Rule, code: str, factor: Factor) -> tuple[str, Fraction]:
    name = rule["factors"][code]["name"]
    value = _required(factor.value, "a concentration", name)
    target = _target(rule, code, factor)
    k = (value - target) / target
    return f"超标倍数({_number(value)}－{_number(target)})/{_number(target)}={_number(k)}", k


def _bands(rule: Rule, code: str, factor: Factor, section: SectionPeriod) -> tuple[str, Fraction]:
    how, k = _times_over(rule, code, factor)
    for band in rule["bands"]:
        if k > exact(band["over"]) and ("up_to" not in band or k <= exact(band["up_to"])):
            amount = exact(band["amount"])
            if rule["one_plus_k"]:
                return f"{how}，{_number(amount)}万元×(1+{_number(k)})", amount * (1 + k)
            return f"{how}，{_number(amount)}万元", amount
    return f"{how}，不在补偿档次内", Fraction(0)


def _steps(rule: Rule, code: str, factor: Factor, section: SectionPeriod) -> tuple[str, Fraction]:
    how, k = _times_over(rule, code, factor)
    started = max(0, ceil(k / exact(rule["step"])))
    full = started * exact(rule["amount"])
    amount = min(full, exact(rule["cap"]))
    capped = f"，封顶{_number(amount)}万元" if amount < full else ""
    return f"{how}，{started}档×{rule['amount']}万元{capped}", amount


def _classes(rule: Rule, code: str, factor: Factor, section: SectionPeriod) -> tuple[str, Fraction]:
    name = rule["factors"][code]["name"]
    if factor.class_now is None or factor.class_target is None:
        raise ValueError(f"{name}: the rule needs the class and the target class")
    worse = max(0, factor.class_now - factor.class_target)
    each = exact(rule["amount"])
    how = f"{factor.class_now}类对目标{factor.class_target}类，变差{worse}个类别"
    value, inflow = factor.value, factor.inflow
    if value is not None and inflow is not None and exact(value) <= exact(inflow):
        each = exact(rule["amount_not_worse_than_inflow"])
        how += f"，出境{value}不劣于入境{inflow}mg/L"
    return f"{how}，{worse}×{_number(each)}万元", worse * each


def _difference(
    rule: Rule, code: str, factor: Factor, section: SectionPeriod
) -> tuple[str, Fraction]:
    name = rule["factors"][code]["name"]
    value = _required(factor.value, "a concentration", name)
    target = _target(rule, code, factor)
    price = _price(rule, code)
    how = f"({_number(value)}－{_number(target)})mg/L×{_number(price)}万元/(mg/L)"
    return how, _one_way(rule, (value - target) * price)


_FORMS: dict[str, Callable[[Rule, str, Factor, SectionPeriod], tuple[str, Fraction]]] = {
    "load": _load,
    "bands": _bands,
    "steps": _steps,
    "classes": _classes,
    "difference": _difference,
}


def _index(rule: Rule, section: SectionPeriod) -> tuple[list[Step], Fraction]:
    """Steps of an index rule and the signed amount; an index misses no factor."""
    stability = exact(rule["stability"])
    steps, total = [], Fraction(0)
    for code, entry in rule["factors"].items():
        factor = section.factors.get(code, Factor())
        if factor.excluded:
            raise ValueError(
                f"{entry['name']}: an index cannot leave a factor out ({factor.excluded})"
            )
        value = _required(factor.value, "a concentration", entry["name"])
        base = _required(factor.base, "a base concentration", entry["name"])
        part = exact(entry["weight"]) * value / base
        total += part
        how = f"{entry['weight']}×{_number(value)}/{_number(base)}={_number(part)}"
        steps.append(Step(entry["name"], how, part))
    index = stability * total
    how = f"P={_number(stability)}×{_number(total)}={_number(index)}"
    steps.append(Step("补偿指数", f"{how}，{'大于1' if index > 1 else '不大于1'}", index))
    amount = exact(rule["amount"])
    return steps, amount if index > 1 else -amount


FORMS = (*_FORMS, "index")


def checked(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """``table`` of a bureau's own rule if it can be followed; raises ``ValueError`` naming what is wrong."""
    _checked("own", table)
    if not table.get("factors"):
        raise ValueError("own: no factors")
    needed = {"bands": ("bands", "one_plus_k"), "steps": ("step", "amount", "cap"),
              "classes": ("amount", "amount_not_worse_than_inflow"), "index": ("stability", "amount")}  # fmt: skip
    for name in ("two_way", "decimals", *needed.get(str(table["kind"]), ())):
        if table.get(name) in (None, []):
            raise ValueError(f"own: {name} is missing")
    if table["kind"] == "steps" and exact(table["step"]) <= 0:
        raise ValueError("own: step must be above zero")
    return table


def _checked(name: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = table.get("kind")
    if kind != "index" and kind not in _FORMS:
        known = ", ".join([*_FORMS, "index"])
        raise ValueError(f'compensation.toml: "{name}": kind {kind!r} is none of {known}')
    for role in ("payer", "payee"):
        if table.get(role) not in ("upstream", "downstream", "fund"):
            raise ValueError(
                f'compensation.toml: "{name}": {role} must be upstream, downstream, fund'
            )
    return table


@compiled("compensation")
def _names(content: dict[str, Any]) -> tuple[str, ...]:
    for key, entry in content.items():
        tables = {name: _checked(name, table) for name, table in entry["editions"].items()}
        declare_editions(RULE_SET_PREFIX + key, tables)
    return tuple(content)


def rule_names() -> tuple[str, ...]:
    """Keys of the rules on file."""
    return _names()


def rule(name: str, on: date) -> Edition:
    """The edition of rule ``name`` in force on ``on``; its ``content`` is the table as written."""
    if name not in _names():
        raise KeyError(f"no compensation rule {name!r}; on file: {', '.join(_names())}")
    return catalogue.in_force(RULE_SET_PREFIX + name, on)


def compensate(section: SectionPeriod, name: str, on: date) -> Compensation:
    """What ``section`` owes or is owed for its period by the rule ``name`` in force on ``on``.

    A factor that is excluded, or not given at all, is left out and said so. Raises ``ValueError`` when
    an input the rule needs is missing or a price is not on file, ``KeyError`` for an unknown rule.
    """
    return compensate_by(section, rule(name, on))


def compensate_by(section: SectionPeriod, edition: Edition) -> Compensation:
    """As :func:`compensate`, by an edition that is at hand; its ``content`` is the table of the rule."""
    table: Rule = edition.content
    steps: list[Step] = []
    left_out: list[str] = []
    if table["kind"] == "index":
        steps, signed = _index(table, section)
    else:
        signed = Fraction(0)
        for code, entry in table["factors"].items():
            factor = section.factors.get(code)
            if factor is None or factor.excluded:
                reason = "未监测" if factor is None else factor.excluded
                left_out.append(f"{entry['name']}（{reason}）")
                continue
            how, amount = _FORMS[table["kind"]](table, code, factor, section)
            steps.append(Step(entry["name"], f"{how}={_number(amount)}万元", amount))
            signed += amount
    parties = {
        "upstream": section.upstream,
        "downstream": section.downstream,
        "fund": table.get("fund", "统筹资金"),
    }
    payer, payee = parties[table["payer"]], parties[table["payee"]]
    if signed < 0:
        payer, payee = payee, payer
    return Compensation(
        inputs=section,
        amount=Decimal(shown(abs(signed), table["decimals"])),
        payer=payer,
        payee=payee,
        steps=tuple(steps),
        left_out=tuple(left_out),
        standard=edition.standard,
        clause=edition.clause,
        mark=edition.mark,
        note=table.get("note", ""),
    )


def share(
    amounts: Mapping[str, Number],
    contributions: Mapping[str, Mapping[str, Number]],
    decimals: int = 4,
) -> dict[str, Decimal]:
    """Divide amounts by factor between parties by their contribution in percent (污染贡献率).

    The parts are rounded to ``decimals`` and add up to the rounded total exactly: what rounding leaves
    goes to the largest remainders. Raises ``ValueError`` when a factor's contributions do not add up
    to 100 %.
    """
    exact_parts: dict[str, Fraction] = defaultdict(Fraction)
    for code, amount in amounts.items():
        total = sum((exact(p) for p in contributions[code].values()), Fraction(0))
        if total != 100:
            raise ValueError(f"{code}: the contributions add up to {total} %, not 100 %")
        for party, percent in contributions[code].items():
            exact_parts[party] += exact(amount) * exact(percent) / 100
    unit = Fraction(1, 10**decimals)
    total_units = round(sum(exact_parts.values(), Fraction(0)) / unit)
    units = {party: part // unit for party, part in exact_parts.items()}
    by_remainder = sorted(exact_parts, key=lambda p: exact_parts[p] - units[p] * unit, reverse=True)
    for party in by_remainder[: total_units - sum(units.values())]:
        units[party] += 1
    return {party: Decimal(count).scaleb(-decimals) for party, count in units.items()}


_names()
