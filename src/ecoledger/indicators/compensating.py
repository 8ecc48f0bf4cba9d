"""What each boundary section owes or is owed for a month (mechanisms W9; 水环境生态补偿核算表): the rule, the parties, the sums.

All of it is data of the bureau, ``compensation_sheet.toml`` of its profile: a rule on file or a formula of its own, the
parties of sections that lie between no two towns, the share that the county adds. Concentrations are the sections' month
means, targets the limits of their functional-zone class, volumes and the way the water ran those of ``section_flow``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.indicators import boundaries, water
from ecoledger.listings import asked, own_data
from ecoledger.listings.cells import area_name
from ecoledger.listings.refusals import Refused
from ecoledger.registers.water import compensation as books
from ecoledger.registers.water import samples
from ecoledger.registers.water.compensation import Bill, Counted
from ecoledger.registers.water.compensation_models import CompensationMonth
from ecoledger.registers.water.sample_models import MonthlyFlow
from ecoledger.standards import compensation, surface_water
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.compensation import Compensation, Factor, SectionPeriod
from ecoledger.standards.percent import shown

FILE, ROOM = "compensation_sheet", "ecoledger.reports"
OWN = "own"
# Who stands for the own formula.
_OWN_RULE = "本局确定"
FACTORS = {
    "codmn": "高锰酸盐指数",
    "codcr": "化学需氧量",
    "nh3n": "氨氮",
    "tp": "总磷",
    "tn": "总氮",
    "fluoride": "氟化物",
}
KINDS = {
    "load": "通量：（浓度－目标）×水量×单价",
    "difference": "浓度差：（浓度－目标）×单价",
    "bands": "超标倍数分档",
    "steps": "超标倍数逐级累加",
    "classes": "按变差的水质类别",
}  # fmt: skip
PARTIES = {"upstream": "上游", "downstream": "下游", "fund": "统筹资金"}
# Numbers of an own formula and the rows of its tables, as they stand in the file and on the page.
NUMBERS = ("amount", "amount_not_worse_than_inflow", "step", "cap")
NO_PARTIES = "没有写明上下游责任方"
# Keys by which rules on file call a factor that the standard calls otherwise.
_CALLED = {"cod": "codcr"}


def settings() -> tuple[dict[str, Any], str]:
    """The bureau's settings, and why they cannot be read."""
    try:
        return own_data.read(ROOM, FILE), ""
    except tomllib.TOMLDecodeError as wrong:
        return {}, f"补偿设置 compensation_sheet.toml 读不出来：{wrong}"


def said() -> dict[str, Any]:
    """The bureau's settings as they are; empty where they cannot be read."""
    return settings()[0]


def lacks() -> tuple[str, str]:
    """Why nothing can be computed, and where that is put right; nothing when it can."""
    table, wrong = settings()
    if wrong:
        return wrong, _("请在“生态补偿规则”页重新选定。")
    if not table.get("rule"):
        return (
            _("尚未选定水环境生态补偿规则，不能起草核算表。"),
            _("请先在“生态补偿规则”页选定规则，并写明各断面上下游责任方。"),
        )
    return "", ""


def rules() -> list[tuple[str, str]]:
    """The rules that a bureau may choose: those on file, and its own formula where it has one."""
    today = timezone.localdate()
    named = [(key, _name_of(key, today)) for key in compensation.rule_names()]
    own = [(OWN, str(said()["own_title"]))] if said().get("own_title") else []
    return [*own, *((key, name) for key, name in named if name)]


def _name_of(key: str, on: date) -> str:
    """What a rule is called; "" where none of its editions is in force on that day."""
    try:
        return str(compensation.rule(key, on).content.get("title") or key)
    except (KeyError, ValueError, LookupError):
        return ""


def edition_on(table: Mapping[str, Any], on: date) -> Edition:
    """The rule in force on a day: on file, or the bureau's own. Raises ``KeyError`` and ``LookupError``."""
    if table["rule"] != OWN:
        return compensation.rule(str(table["rule"]), on)
    return Edition(
        rule_set=compensation.RULE_SET_PREFIX + OWN, standard=str(table.get("own_title", "")), title=str(table.get("own_title", "")),
        clause="", effective_from=None, effective_to=None, mark=Mark("P"), source="本局确定",
        content=own_table(table),
    )  # fmt: skip


def own_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """The bureau's own formula as ``standards.compensation`` follows it."""
    factors: dict[str, dict[str, Any]] = {}
    for row in table.get("own_factor", ()):
        factors[str(row["key"])] = {"name": FACTORS.get(str(row["key"]), str(row["key"]))}
        if row.get("price") not in (None, ""):
            factors[str(row["key"])]["price"] = row["price"]
    rule: dict[str, Any] = {
        "kind": table.get("own_kind", ""), "payer": table.get("own_payer", ""), "payee": table.get("own_payee", ""),
        "fund": table.get("own_fund") or "统筹资金", "two_way": bool(table.get("own_two_way")),
        "one_plus_k": bool(table.get("own_one_plus_k")), "decimals": 4, "period": "month", "factors": factors,
        "bands": [dict(row) for row in table.get("own_band", ())], "title": table.get("own_title", ""),
        "note": "",
    }  # fmt: skip
    rule |= {name: table[f"own_{name}"] for name in NUMBERS if f"own_{name}" in table}
    rule.setdefault("amount_not_worse_than_inflow", rule.get("amount"))
    return rule


def choose(
    rule: str,
    parties: Sequence[tuple[str, str, str]],
    *,
    by: Person,
    city_percent: str = "",
    own: Mapping[str, Any] | None = None,
) -> None:
    """Set the rule, who is above and below each section and what the county adds; flows that were entered stay.

    ``own``: the bureau's own formula as the page sends it. Raises :class:`Refused` for a rule that is not on file, a section
    with one party alone, or a formula that cannot be followed.
    """
    before = said()
    formula = _formula(own) if own is not None else {k: v for k, v in before.items() if k.startswith("own_")}  # fmt: skip
    if rule == OWN and not formula.get("own_title"):
        raise Refused("form", _("本局公式没有名称。"), _("请先填写本局公式。"))
    if rule != OWN and rule not in compensation.rule_names():
        raise Refused("form", _("没有选定规则。"), _("请从列表中选一项。"))
    half = [name for name, above, below in parties if bool(above) != bool(below)]
    if half:
        raise Refused("form", _("“%s”只写了一方。") % half[0], _("上游和下游责任方须一并写明。"))
    percent = _number(city_percent, _("本级分担比例")) if city_percent.strip() else 0
    if not 0 <= percent <= 100:
        raise Refused("form", _("本级分担比例应在 0 至 100 之间。"))
    rows = [
        {"name": name, "upstream": above, "downstream": below}
        for name, above, below in parties
        if above and below
    ]
    own_data.write(
        FILE,
        {"rule": rule, "city_percent": percent, **formula, "section": rows, "flow": before.get("flow", [])},
        by=by,
    )  # fmt: skip


def _number(written: str, what: str) -> float | int:
    value = asked.amount(written)
    if value is None or value < 0:
        raise Refused("form", _("%s不是数字。") % what, _("请填写数字，不超过一千亿。"))
    return asked.short(value)


def _formula(own: Mapping[str, Any]) -> dict[str, Any]:
    """A formula as the page sends it, checked; nothing where it has no name."""
    title = str(own.get("title", "")).strip()[:60]
    if not title:
        return {}
    said_: dict[str, Any] = {
        "own_title": title, "own_kind": str(own.get("kind", "")), "own_payer": str(own.get("payer", "")),
        "own_payee": str(own.get("payee", "")), "own_fund": str(own.get("fund", "")).strip()[:40],
        "own_two_way": bool(own.get("two_way")), "own_one_plus_k": bool(own.get("one_plus_k")),
    }  # fmt: skip
    for name in NUMBERS:
        if str(own.get(name, "")).strip():
            said_[f"own_{name}"] = _number(str(own[name]), _(_NUMBER_NAMES[name]))
    factors = [row for row in own.get("factors", ()) if row[0]]
    said_["own_factor"] = [
        {"key": key, **({"price": _number(price, _("单价"))} if price.strip() else {})}
        for key, price in factors
    ]
    said_["own_band"] = [
        {"over": _number(over, _("超标倍数")), **({"up_to": _number(up, _("超标倍数"))} if up.strip() else {}),
         "amount": _number(amount, _("金额"))}
        for over, up, amount in own.get("bands", ()) if over.strip()
    ]  # fmt: skip
    if unknown := [key for key, _price in factors if key not in FACTORS]:
        raise Refused("form", _("没有因子“%s”。") % unknown[0])
    if said_["own_kind"] in ("load", "difference") and any("price" not in row for row in said_["own_factor"]):  # fmt: skip
        raise Refused("form", _("这种公式的每个因子都要有单价。"))
    try:
        compensation.checked(own_table(said_))
    except ValueError as wrong:
        raise Refused("form", _("公式不完整：%s") % wrong, _("请按所选的公式类型填齐。")) from wrong
    return said_


_NUMBER_NAMES = {
    "amount": "每级（每类）金额", "amount_not_worse_than_inflow": "不劣于入境时的金额", "step": "每级超标倍数", "cap": "单因子封顶金额",
}  # fmt: skip

# ---- a month -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SectionBill:
    """A section's result, or why there is none."""

    period: water.SectionPeriod
    crossing: boundaries.Crossing | None = None
    result: Compensation | None = None
    why: str = ""

    @property
    def name(self) -> str:
        return self.period.section.name


def factors_of(
    period: water.SectionPeriod,
    on: date,
    inflow: Mapping[str, Fraction] | None = None,
    excluded: Mapping[str, str] | None = None,
) -> dict[str, Factor]:
    """Month mean, target, classes and inflow of each item of a section, and what is left out of it."""
    if period.mean is None:
        return {}
    kind: surface_water.Waterbody = "lake" if period.section.is_lake else "river"
    limits = surface_water.limits_on(on)[1].of(kind)
    rows: dict[str, Factor] = {}
    for key, value in period.mean.values.items():
        item = limits.get(key)
        target = period.section.target_class
        # What is bounded from below (dissolved oxygen, pH) is paid for by no rule.
        if item is None or not isfinite(item.high[target - 1]):
            continue
        classes = [n for n, limit in enumerate(item.high, 1) if value <= limit]
        came = (inflow or {}).get(key)
        rows[key] = Factor(
            value=str(value),
            target=str(item.high[target - 1]),
            inflow=None if came is None else shown(came, 4),
            class_now=classes[0] if classes else surface_water.INFERIOR,
            class_target=target,
            excluded=(excluded or {}).get(key, (excluded or {}).get("", "")),
        )  # fmt: skip
    for other, key in _CALLED.items():
        if key in rows:
            rows[other] = rows[key]
    return rows


def bills(area_code: str, begin: date, end: date) -> list[SectionBill]:
    """What every section of an area comes to for the month ``begin <= day < end`` by the rule chosen."""
    table, _wrong = settings()
    last = end - timedelta(days=1)
    try:
        edition = edition_on(table, last)
    except (KeyError, LookupError):
        why = f"没有名为“{table.get('rule', '')}”的补偿规则"
        return [
            SectionBill(measured, why=why)
            for measured in water.period(area_code, begin, end).sections
        ]
    periods = water.period(area_code, begin, end).sections
    crossings = boundaries.crossings_of(periods, begin, end)
    inflows = _inflows(crossings)
    left = books.exclusions(area_code[: books.COUNTY], begin)
    flows = samples.flows_of([measured.section.pk for measured in periods], begin, end)
    typed = {row["section"]: row["volume"] for row in table.get("flow", []) if row["month"] == f"{begin:%Y-%m}"}  # fmt: skip
    parties = {row["name"]: (row["upstream"], row["downstream"]) for row in table.get("section", [])}  # fmt: skip
    made: list[SectionBill] = []
    crossing = {between_towns.period.section.pk: between_towns for between_towns in crossings}
    for period in periods:
        section = period.section
        across = crossing.get(section.pk)
        between = parties.get(section.name) or (
            (area_name(across.upper), area_name(across.lower)) if across else None
        )
        volume = _volume(flows.get(section.pk, ())) or typed.get(section.name)
        upper = across.upper if across else ""
        made.append(
            _bill(
                period,
                across,
                between,
                volume,
                edition,
                inflows.get(upper, {}),
                left.get(section.pk, {}),
                begin,
                last,
            )
        )
    return made


def _inflows(crossings: Sequence[boundaries.Crossing]) -> dict[str, dict[str, Fraction]]:
    """Town -> item -> mean of what came in."""
    towns: dict[str, dict[str, Fraction]] = {}
    for town in {crossing.lower for crossing in crossings}:
        into = [crossing for crossing in crossings if crossing.lower == town]
        means = {key: boundaries.mean_of(into, key) for key in FACTORS}
        towns[town] = {key: value for key, value in means.items() if value is not None}
    return towns


def _volume(flows: Sequence[MonthlyFlow]) -> Decimal | None:
    """The month's volume, backflow counted against flow: what passed in the end."""
    if not flows:
        return None
    back = MonthlyFlow.Direction.BACK
    return abs(sum((-row.volume if row.direction == back else row.volume for row in flows), Decimal(0)))  # fmt: skip


def _bill(
    period: water.SectionPeriod, across: boundaries.Crossing | None, between: tuple[str, str] | None,
    volume: object, edition: Edition, inflow: Mapping[str, Fraction], left: Mapping[str, str], begin: date, last: date,
) -> SectionBill:  # fmt: skip
    month = f"{begin:%Y-%m}"
    blank = SectionBill(period, across)
    if between is None:
        return replace(blank, why=NO_PARTIES)
    if across is not None and across.dry:
        return replace(blank, why="断流，不核算")
    if period.mean is None:
        return replace(blank, why="期内没有监测数据")
    if "" in left:
        return replace(blank, why=f"数据剔除：{left['']}")
    if volume is None and edition.content["kind"] == "load":
        return replace(blank, why=f"规则按通量计算，缺少{month}的断面水量（万m³）")
    section = SectionPeriod(
        period.section.name, month, *between, factors_of(period, last, inflow, left),
        None if volume is None else str(volume),
    )  # fmt: skip
    try:
        return replace(blank, result=compensation.compensate_by(section, edition))
    except (ValueError, KeyError) as wrong:
        return replace(blank, why=f"核算条件不足：{wrong}".replace("'", ""))


def counted(area_code: str, month: date) -> Counted:
    """A month of a county as its book keeps it. Raises :class:`Refused` where no rule was chosen."""
    table, _wrong = settings()
    if why := lacks()[0]:
        raise Refused("condition", why, lacks()[1])
    end = (month + timedelta(days=31)).replace(day=1)
    try:
        edition = edition_on(table, end - timedelta(days=1))
    except (KeyError, LookupError) as wrong:
        raise Refused(
            "condition", _("选定的补偿规则在%s没有生效的版本。") % f"{month:%Y-%m}"
        ) from wrong
    share = Fraction(str(table.get("city_percent", 0))) / 100
    # Of the county's own book: sections that some party answers for, and those between two towns.
    kept = [_kept(bill, share) for bill in bills(area_code, month, end) if bill.why != NO_PARTIES]
    return Counted(
        edition.title or edition.standard,
        _OWN_RULE if table.get("rule") == OWN else edition.mark.label,
        kept,
    )


def account(area_code: str, month: date) -> Counted:
    """A month as it stands in the book, where it was computed there, else as it is counted now. Raises :class:`Refused`."""
    kept = CompensationMonth.objects.filter(
        area_code=area_code, month=month, withdrawn_at=None, computed_at__isnull=False
    ).first()  # fmt: skip
    if kept is None:
        return counted(area_code, month)
    lines = kept.bills.select_related("section").order_by(
        "section__river__code", "section__chainage_km"
    )
    return Counted(kept.rule, kept.mark, list(lines))


def _kept(bill: SectionBill, share: Fraction) -> Bill:
    across, result = bill.crossing, bill.result
    ends = (area_name(across.upper), area_name(across.lower)) if across else ("", "")
    base = Bill(bill.period.section, *ends, turned=bool(across and across.turned), why=bill.why)
    if result is None:
        return base
    inputs: dict[str, Any] = {
        key: {
            "value": str(factor.value), "target": str(factor.target),
            "inflow": None if factor.inflow is None else str(factor.inflow), "excluded": factor.excluded,
        }
        for key, factor in result.inputs.factors.items()
        if key not in _CALLED
    }  # fmt: skip
    inputs["flow"] = None if result.inputs.flow is None else str(result.inputs.flow)
    paid = bool(result.amount)
    if paid and result.payer == result.payee:
        return replace(base, why=f"支付方和收取方都是{result.payer}，不需补偿", inputs=inputs)
    return replace(
        base,
        payer=result.payer if paid else "", payee=result.payee if paid else "", amount=result.amount,
        shared=Decimal(shown(Fraction(result.amount) * share, 4)), how=result.explanation, inputs=inputs,
    )  # fmt: skip


books.counting.append(counted)
