"""水环境生态补偿核算表: what each section owes or is owed for a month, with every step of the calculation.

A month that is computed in the book of months is told as it stands there; another is counted by the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from ecoledger.indicators import compensating, doors
from ecoledger.indicators.compensating import lacks
from ecoledger.indicators.figures import Figure, bare, quantity
from ecoledger.registers.water import compensation as books
from ecoledger.registers.water.compensation import Counted
from ecoledger.reports.content import Block, Part, Statement, Table
from ecoledger.reports.declaration import Part as Heading
from ecoledger.reports.declaration import SectionedReport, declare
from ecoledger.reports.spoken import Spoken, spoken

Blocks = Sequence[Block | None]


def _sheet(of: Spoken) -> Blocks:
    if lacks()[0]:
        # What is missing is said to who begins a draft, not inside an official paper.
        return []
    counted = compensating.account(of.area_code, of.begin)
    span = {"area": of.area_code, "begin": of.begin.isoformat(), "end": of.end.isoformat()}
    door = doors.WATER_SECTIONS.opens(**span)

    def money(what: str, amount: Decimal) -> Figure:
        return bare(quantity(what, amount, 4, "万元", door))

    rows: list[tuple[Part, ...]] = []
    for bill in counted.bills:
        name = bill.section.name
        if bill.why:
            rows.append((name, "—", "—", "—", "—", bill.why))
            continue
        amounts = money(f"{name}补偿金额", bill.amount), money(f"{name}本级分担", bill.shared)
        how = bill.how.replace("\n", "；")
        rows.append((name, bill.payer or "—", bill.payee or "—", *amounts, how))
    header = ("断面", "支付方", "收取方", "金额（万元）", "本级分担（万元）", "核算过程")
    blocks: list[Block | None] = [
        _told(of, counted),
        Table("各断面补偿核算", header, tuple(rows), empty="没有断面。"),
    ]
    if sums := books.pairs_of(counted.bills):
        paid = tuple(
            (payer, payee, money(f"{payer}支付{payee}", amount))
            for (payer, payee), amount in sums.items()
        )
        blocks.append(Table("按责任方汇总", ("支付方", "收取方", "金额（万元）"), paid))
        nets = tuple((name, money(f"{name}净额", net)) for name, net in books.nets(sums).items())
        note = "净额为正是应收，为负是应付；含本级分担。"
        blocks.append(Table("各方净额", ("责任方", "净额（万元）"), nets, note))
    return blocks


def _told(of: Spoken, counted: Counted) -> Statement:
    done = [bill for bill in counted.bills if not bill.why]
    if not done:
        return Statement((f"{of.words}没有可核算的断面。",))
    left = len(counted.bills) - len(done)
    besides = f"（另有{left}个未核算，原因见表）" if left else ""
    paying = sum(1 for bill in done if bill.amount)
    return Statement(
        (
            f"{of.words}，依据{counted.rule}，核算断面{len(done)}个{besides}，其中需支付补偿金{paying}个。"
            f"规则来源：{counted.mark}。",
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
