"""水环境生态补偿核算表: what each section owes or is owed for a month, with every step of the calculation.

The rule, the parties and the flows are data of the bureau (``compensation_sheet.toml`` of its profile); the
concentrations are the sections' month means, the targets the limits of their functional-zone class.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ecoledger.indicators import compensating, doors
from ecoledger.indicators.compensating import SectionBill, lacks
from ecoledger.indicators.figures import Figure, quantity
from ecoledger.reports.content import Block, Part, Statement, Table
from ecoledger.reports.declaration import Part as Heading
from ecoledger.reports.declaration import SectionedReport, declare
from ecoledger.reports.spoken import Spoken, spoken
from ecoledger.standards import compensation
from ecoledger.standards.compensation import Compensation

Blocks = Sequence[Block | None]


def _sheet(of: Spoken) -> Blocks:
    if lacks()[0]:
        # What is missing is said to who begins a draft, not inside an official paper.
        return []
    bills = compensating.bills(of.area_code, of.begin, of.end)
    results = [bill.result for bill in bills if bill.result]
    blocks: list[Block | None] = [_told(of, bills, results)]
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


def _told(of: Spoken, bills: list[SectionBill], results: list[Compensation]) -> Statement:
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
