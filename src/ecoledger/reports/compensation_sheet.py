"""水环境生态补偿核算表: what each section owes or is owed for a month, with every step of the calculation.

The rule, the parties and the flows are data of the bureau (``compensation_sheet.toml`` of its profile); the
concentrations are the sections' month means, the targets the limits of their functional-zone class.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.indicators import doors, water
from ecoledger.indicators.figures import Figure, quantity
from ecoledger.listings import own_data
from ecoledger.listings.refusals import Refused
from ecoledger.reports.content import Block, Part, Statement, Table
from ecoledger.reports.declaration import Part as Heading
from ecoledger.reports.declaration import SectionedReport, declare
from ecoledger.reports.spoken import Spoken, spoken
from ecoledger.standards import compensation, surface_water
from ecoledger.standards.compensation import Compensation, Factor, SectionPeriod

Blocks = Sequence[Block | None]


@dataclass(frozen=True)
class _Bill:
    """A section's result, or why there is none."""

    name: str
    result: Compensation | None = None
    why: str = ""


def _settings() -> tuple[dict[str, Any], str]:
    try:
        return own_data.read("ecoledger.reports", "compensation_sheet"), ""
    except tomllib.TOMLDecodeError as wrong:
        return {}, f"补偿设置 compensation_sheet.toml 读不出来：{wrong}"


def lacks() -> tuple[str, str]:
    """Why no sheet can be drafted, and where that is put right; nothing when one can."""
    table, wrong = _settings()
    if wrong:
        return wrong, _("请在“生态补偿规则”页重新选定。")
    if not table.get("rule"):
        return (
            _("尚未选定水环境生态补偿规则，不能起草核算表。"),
            _("请先在“生态补偿规则”页选定规则，并写明各断面上下游责任方。"),
        )
    return "", ""


def rules() -> list[tuple[str, str]]:
    """The rules on file that a bureau may choose: key and name."""
    today = timezone.localdate()
    named = ((key, _name_of(key, today)) for key in compensation.rule_names())
    return [(key, name) for key, name in named if name]


def _name_of(key: str, on: date) -> str:
    """What a rule is called; "" where none of its editions is in force on that day."""
    try:
        return str(compensation.rule(key, on).content.get("title") or key)
    except (KeyError, ValueError, LookupError):
        return ""


def said() -> dict[str, Any]:
    """The bureau's settings as they are; empty where they cannot be read."""
    return _settings()[0]


def choose(rule: str, parties: Sequence[tuple[str, str, str]], *, by: Person) -> None:
    """Set the rule and who is above and below each section; flows that were entered stay.

    Raises :class:`Refused` for a rule that is not on file, or a section with one party alone.
    """
    if rule not in compensation.rule_names():
        raise Refused("form", _("没有选定规则。"), _("请从列表中选一项。"))
    half = [name for name, above, below in parties if bool(above) != bool(below)]
    if half:
        raise Refused("form", _("“%s”只写了一方。") % half[0], _("上游和下游责任方须一并写明。"))
    rows = [
        {"name": name, "upstream": above, "downstream": below}
        for name, above, below in parties
        if above and below
    ]
    own_data.write(
        "compensation_sheet",
        {"rule": rule, "section": rows, "flow": said().get("flow", [])},
        by=by,
    )


def _factors(found: water.SectionPeriod, on: date) -> dict[str, Factor]:
    """Month mean, target and classes of each item of a section."""
    if found.mean is None:
        return {}
    kind: surface_water.Waterbody = "lake" if found.section.is_lake else "river"
    limits = surface_water.limits_on(on)[1].of(kind)
    rows: dict[str, Factor] = {}
    for key, value in found.mean.values.items():
        item = limits.get(key)
        target = found.section.target_class
        # What is bounded from below (dissolved oxygen, pH) is paid for by no rule.
        if item is None or not isfinite(item.high[target - 1]):
            continue
        classes = [n for n, limit in enumerate(item.high, 1) if value <= limit]
        rows[key] = Factor(
            value=str(value),
            target=str(item.high[target - 1]),
            class_now=classes[0] if classes else surface_water.INFERIOR,
            class_target=target,
        )  # fmt: skip
    return rows


def _bills(of: Spoken, table: dict[str, Any]) -> list[_Bill]:
    rule = str(table["rule"])
    if rule not in compensation.rule_names():
        return [_Bill("全部断面", why=f"没有名为“{rule}”的补偿规则")]
    month = f"{of.begin:%Y-%m}"
    parties = {row["name"]: row for row in table.get("section", [])}
    flows = {
        row["section"]: row["volume"] for row in table.get("flow", []) if row["month"] == month
    }
    last = date.fromordinal(of.end.toordinal() - 1)
    bills: list[_Bill] = []
    for found in water.period(of.area_code, of.begin, of.end).sections:
        name = found.section.name
        party = parties.get(name)
        if party is None:
            bills.append(_Bill(name, why="没有写明上下游责任方"))
            continue
        if found.mean is None:
            bills.append(_Bill(name, why=found.missing or "期内无有效数据"))
            continue
        flow = flows.get(name)
        if flow is None and compensation.rule(rule, last).content["kind"] == "load":
            bills.append(_Bill(name, why=f"规则按通量计算，缺少{month}的断面水量（万m³）"))
            continue
        section = SectionPeriod(
            name, month, party["upstream"], party["downstream"], _factors(found, last),
            None if flow is None else str(flow),
        )  # fmt: skip
        try:
            bills.append(_Bill(name, compensation.compensate(section, rule, last)))
        except (ValueError, KeyError) as wrong:
            bills.append(_Bill(name, why=f"核算条件不足：{wrong}".replace("'", "")))
    return bills


def _sheet(of: Spoken) -> Blocks:
    if lacks()[0]:
        # What is missing is said to who begins a draft, not inside an official paper.
        return []
    table, _wrong = _settings()
    bills = _bills(of, table)
    results = [bill.result for bill in bills if bill.result]
    blocks: list[Block | None] = [_told(of, table, bills, results)]
    span = {"area": of.area_code, "begin": of.begin.isoformat(), "end": of.end.isoformat()}

    def amount(result: Compensation) -> Figure:
        return quantity(
            f"{result.inputs.section}补偿金额", result.amount, 4, "万元", doors.WATER_SECTIONS.opens(**span)
        )  # fmt: skip

    rows: list[tuple[Part, ...]] = []
    for bill in bills:
        if bill.result is None:
            rows.append((bill.name, "—", "—", "—", bill.why))
            continue
        result = bill.result
        paid = (result.payer, result.payee) if result.amount else ("—", "—")
        rows.append((bill.name, *paid, amount(result), result.explanation.replace("\n", "；")))
    header = ("断面", "支付方", "收取方", "金额（万元）", "核算过程")
    blocks.append(Table("各断面补偿核算", header, tuple(rows), empty="没有断面。"))
    settled = compensation.settle(results)
    if settled.flows:
        pairs = tuple(
            (payer, payee, f"{sum_}万元") for (payer, payee), sum_ in settled.flows.items()
        )
        blocks.append(Table("按责任方汇总", ("支付方", "收取方", "金额"), pairs))
    return blocks


def _told(
    of: Spoken, table: dict[str, Any], bills: list[_Bill], results: list[Compensation]
) -> Statement:
    if not results:
        return Statement((f"{of.words}没有可核算的断面。",))
    first = results[0]
    paying = sum(1 for result in results if result.amount)
    note = f"；{first.note}" if first.note else ""
    return Statement(
        (
            f"{of.words}，依据{first.standard}{first.clause}，核算断面{len(results)}个"
            f"（另有{len(bills) - len(results)}个未核算，原因见表），其中需支付补偿金{paying}个{note}。"
            f"规则来源：{first.mark.label}。",
        )
    )


def _gather(area_code: str, day: date) -> Spoken:
    return spoken(area_code, "month", day, "水环境生态补偿\n{words}核算表")


SHEET = declare(
    SectionedReport(
        key="compensation_sheet",
        label="水环境生态补偿核算表",
        line="assessment",
        span="month",
        series="环补〔{year}〕{n}号",
        gather=_gather,
        sections=(Heading("核算情况", _sheet),),
        lacks=lacks,
    )
)
