"""目标季度公示表 and 月度通报: a quarter's standing of every target book (T1), a month's notice of the towns (T16)."""

from __future__ import annotations

from datetime import date, timedelta

from ecoledger.indicators import target_book
from ecoledger.indicators.figures import Figure
from ecoledger.indicators.of_registers import Counting, measures_of
from ecoledger.registers.plan.target_book import PlanTarget
from ecoledger.registers.plan.warnings import REGISTER as WARNINGS
from ecoledger.reports import named_figures
from ecoledger.reports.content import Block, Part, Statement, Table
from ecoledger.reports.declaration import Part as Heading
from ecoledger.reports.declaration import SectionedReport, declare
from ecoledger.reports.spoken import Spoken, spoken


def _quarter(area_code: str, day: date) -> Spoken:
    return spoken(area_code, "quarter", day, "生态环保目标责任\n{words}进展公示")


def _books(of: Spoken) -> list[Block]:
    rows = PlanTarget.objects.filter(area_code=of.area_code, year=of.begin.year).order_by(
        "book", "pk"
    )
    found: list[Block] = []
    for book in dict.fromkeys(rows.values_list("book", flat=True)):
        chosen = list(rows.filter(book=book).select_related("lead"))
        standings = target_book.standings(chosen, of.end)
        marks = target_book.marked(standings)
        met = sum(1 for s in standings if s.met)
        untold = sum(1 for s in standings if s.untold)
        lacking = sum(1 for s in standings if s.met is None) - untold
        words = (
            f"《{book}》共{target_book.totals(chosen).sentence}，已达到{met}项，数据缺{lacking}项"
        )
        if untold:
            words += f"，限定知悉范围不列{untold}项"
        if marks.full:
            words += f"，得分{marks.given}（可计{marks.full}分）"
        found.append(Statement((f"{words}。",)))
        found.append(
            Table(
                book,
                ("序号", "指标", "性质", "目标", "本季节点", "现值", "结论", "得分"),
                tuple(_row(s) for s in standings),
                note="数据缺的不计分，不按零分计。",
            )
        )
    return found or [Statement(("本年度没有登记目标。",))]


def _row(standing: target_book.Standing) -> tuple[Part, ...]:
    target = standing.target
    verdict = {True: "达到", False: "未达到", None: "数据缺"}[standing.met]
    verdict += f"（{standing.beside}）" if standing.beside else ""
    now: Figure | str = standing.figure if standing.figure.value is not None else "—"
    step = "—" if standing.step is None else f"{float(standing.step):.10g}"
    score = "—" if standing.score is None else f"{standing.score}/{target.weight:f}"
    return (
        target.number,
        target.name,
        str(target.get_kind_display()),
        target_book.goal(target),
        step,
        now,
        verdict,
        score,
    )


PUBLICATION = declare(
    SectionedReport(
        key="target_publication",
        label="目标季度公示",
        line="assessment",
        span="quarter",
        gather=_quarter,
        sections=(Heading("目标进展情况", _books),),
    )
)


def _month(area_code: str, day: date) -> Spoken:
    return spoken(area_code, "month", day, "生态环境工作\n{words}通报")


def _towns(of: Spoken) -> list[Block]:
    asked = named_figures.Asked(of.area_code, of.span)
    header = named_figures.LISTS["镇街表"]
    rows = named_figures.rows_of("镇街表", asked)
    cells = tuple(tuple(row.get(column, "数据缺") for column in header) for row in rows)
    heads = tuple(column.replace("PM25", "PM2.5") for column in header)
    hidden = named_figures.untold(cell for row in cells for cell in row)
    note = f"“—”为没有数据或不列的数字。{hidden}" if hidden else "“—”为没有数据。"
    return [Table("各镇街主要指标", heads, cells, note, "没有镇街。")]


def _letters(of: Spoken) -> list[Block]:
    counting = Counting(WARNINGS, of.area_code, of.span)
    figures = {m.key: counting.figure(m) for m in measures_of(WARNINGS)}
    parts: list[Part] = [
        f"{of.begin.month}月提出通报、预警、约谈", figures["opened"], "，其中发出预警函", figures["letters"],
        "、约谈", figures["interviews"], "；截至", f"{of.end - timedelta(days=1)}", "在办", figures["in_hand"], "。",
    ]  # fmt: skip
    return [Statement(tuple(parts))]


NOTICE = declare(
    SectionedReport(
        key="monthly_notice",
        label="生态环境月度通报",
        line="assessment",
        span="month",
        series="环通报〔{year}〕{n}号",
        gather=_month,
        sections=(Heading("各镇街指标情况", _towns), Heading("预警和约谈情况", _letters)),
    )
)
