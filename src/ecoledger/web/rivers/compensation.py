"""横向生态补偿 (mechanism W9): a month's matrix of who pays whom, every section's calculation, and the year so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.accounts.roles import BUREAU
from ecoledger.entities.models import Area
from ecoledger.indicators import doors
from ecoledger.indicators.figures import Records
from ecoledger.indicators.records.declaring import Cell, Column, Fact, Page, Row
from ecoledger.registers.water import compensation as books
from ecoledger.registers.water.compensation import APPEALS, EXCLUSIONS, MONTHS, YEARS
from ecoledger.registers.water.compensation_account import ACCOUNT
from ecoledger.registers.water.compensation_models import CompensationLine, CompensationMonth
from ecoledger.web.access import Request, needs
from ecoledger.web.rivers import asked

# Of whose bills a month's page tells: what is behind an amount of its matrix.
_WHO = ("payer", "payee", "party")
# What has been told to the towns: they read it, their neighbours' lines too.
TOLD = ("published", "frozen")
ZERO = Decimal(0)


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """The month asked for; towns see it once it was told to them."""
    begin, county = asked.month(request), asked.county(request)
    months = CompensationMonth.objects.filter(area_code=county, withdrawn_at=None)
    if not request.user.has_role(*BUREAU):
        months = months.filter(state__in=TOLD)
    month = months.filter(month=begin).first()
    panels: list[tuple[str, Page]] = []
    if month is not None:
        who = {name: said for name in _WHO if (said := request.GET.get(name, ""))}
        panels += [("收支矩阵", _matrix(month, county)), ("各断面核算", _lines(month, who))]
        if who:  # what was asked for comes first
            panels.reverse()
    else:
        panels.append(("收支矩阵", Page("", (), (), empty="这个月还没有核算。")))
    panels.append(("本年各月", _year(months.filter(month__year=begin.year), county)))
    can_open = request.user.has_role(*BUREAU)
    rules = (("生态补偿规则", "/documents/compensation"),) if request.user.may("make_reports") else ()  # fmt: skip
    context = {
        "heading": "镇街横向生态补偿",
        "month": begin,
        "panels": panels,
        "doors": (
            *((register.label, register.url) for register in (MONTHS, EXCLUSIONS, APPEALS, YEARS)),
            *(((ACCOUNT.label, f"{ACCOUNT.url}/holdings"),) if can_open else ()),
            *rules,
        ),
    }
    return render(request, "web/rivers/month.html", context)


def _names(county: str) -> set[str]:
    return set(Area.objects.filter(code__startswith=county).values_list("name", flat=True))


def _ordered(parties: Iterable[str], county: str) -> list[str]:
    """Towns as divisions are ordered, what is no town behind them."""
    places = Area.objects.filter(code__startswith=county).order_by("code").values_list("name", flat=True)  # fmt: skip
    rank = {name: n for n, name in enumerate(places)}
    return sorted(parties, key=lambda name: (rank.get(name, len(rank)), name))


def _matrix(month: CompensationMonth, county: str) -> Page:
    """Who pays (rows) whom (columns), and what each is left with; towns and the county's part together come to zero."""
    sums = books.pairs(month)
    parties = _ordered({name for pair in sums for name in pair}, county)
    towns = _names(county)
    net = books.nets(sums)
    rows: list[Row] = []
    for payer in parties:
        cells = [
            Cell(float(sums[payer, payee]), "number", 2, _bills(month, payer=payer, payee=payee))
            if (payer, payee) in sums
            else Cell("")
            for payee in parties
        ]
        of_all = Cell(float(net[payer]), "number", 2, _bills(month, party=payer))
        rows.append(Row((Cell(payer), *cells, of_all), {"party": payer}))
    of_towns = sum((amount for name, amount in net.items() if name in towns), ZERO)
    others = sum((amount for name, amount in net.items() if name not in towns), ZERO)
    facts = (
        Fact("状态", (str(MONTHS.state_of(month).label),)),
        Fact("核算规则", (f"{month.rule}（{_(month.mark)}）",)),
        Fact("镇街净额合计", (_money(of_towns),)),
        Fact("本级和统筹净额", (_money(others),)),
        Fact("全部合计", (_money(of_towns + others),)),
    )
    return Page(
        "", (Column("支付方", lead=True), *(Column(name, "number") for name in parties), Column("净额 万元", "number")),
        rows, facts=facts, empty="本月各断面都不需补偿。",
        notes=(_("行为支付方，列为收取方；净额为正是应收，为负是应付。"),),
    )  # fmt: skip


def _bills(month: CompensationMonth, **who: str) -> Records:
    """What opens the bills of a month behind an amount: those of one payer and payee, or of one party."""
    query = urlencode({"month": f"{month.month:%Y-%m}", **who})
    return doors.ROW.opens(url=f"{reverse('water-compensation')}?{query}")


def _is_of(line: CompensationLine, who: Mapping[str, str]) -> bool:
    """Whether a section's bill is of those asked for."""
    return any(
        who.get("payer", payer) == payer
        and who.get("payee", payee) == payee
        and who.get("party", payer) in (payer, payee)
        for payer, payee in books.pairs_of([line])
    )


def _come_to(chosen: Iterable[CompensationLine], who: Mapping[str, str]) -> Fact:
    """What the bills of ``who`` come to, as the matrix says it."""
    sums = books.pairs_of(chosen)
    if party := who.get("party"):
        return Fact(f"{party} {_('净额 万元')}", (_money(books.nets(sums).get(party, ZERO)),))
    payer, payee = who.get("payer", ""), who.get("payee", "")
    return Fact(f"{payer} → {payee}", (_money(sums.get((payer, payee), ZERO)),))


def _money(amount: Decimal) -> str:
    """An amount whose minus cannot be taken for a dash; adding zero turns a negative zero into a plain one."""
    return f"{amount + 0:.2f}万元".replace("-", "－")


def _lines(month: CompensationMonth, who: Mapping[str, str]) -> Page:
    """Every section's bill, or those of ``who`` with what they come to."""
    rows = list(
        month.bills.select_related("section").order_by(
            "section__river__code", "section__chainage_km"
        )
    )
    chosen = [line for line in rows if _is_of(line, who)] if who else rows
    done = [line for line in rows if not line.why]
    return Page(
        "",
        (
            Column("断面", lead=True), Column("来水方"), Column("受水方"), Column("支付方"), Column("收取方"),
            Column("金额 万元", "number"), Column("本级分担 万元", "number"), Column("核算过程"),
        ),
        [_line(line, month) for line in chosen],
        facts=[_come_to(chosen, who)] if who else (),
        notes=(
            _("断面 %(all)s 个，核算 %(done)s 个，未核算 %(left)s 个（原因写在核算过程里）。")
            % {"all": len(rows), "done": len(done), "left": len(rows) - len(done)},
        ),
        empty="还没有核算。",
    )  # fmt: skip


def _line(line: CompensationLine, month: CompensationMonth) -> Row:
    end = asked.after(month.month)
    days = doors.WATER_DAYS.opens(section=str(line.section_id), begin=f"{month.month}", end=f"{end}")  # fmt: skip
    return Row(
        (
            Cell(line.section.name, opens=days, note=_("逆流") if line.turned else ""), Cell(line.upper or "—"),
            Cell(line.lower or "—"), Cell(line.payer or "—"), Cell(line.payee or "—"),
            Cell(None if line.why else float(line.amount), "number", 2),
            Cell(None if line.why else float(line.shared), "number", 2),
            Cell(line.why or line.how.replace("\n", "；")),
        ),
        {"section": line.section.name},
        counted=not line.why,
    )  # fmt: skip


def _year(months: Any, county: str) -> Page:
    """Each party's net by month, and over the year: what the account will be settled by."""
    rows = list(months.order_by("month").prefetch_related("bills"))
    nets = [books.nets(books.pairs(month)) for month in rows]
    parties = _ordered({name for net in nets for name in net}, county)
    frozen = sum(1 for month in rows if month.state == "frozen")
    return Page(
        "",
        (
            Column("责任方", lead=True),
            *(Column(f"{month.month:%Y-%m}", "number") for month in rows),
            Column("本年净额 万元", "number"),
        ),
        [
            Row(
                (
                    Cell(party),
                    *(
                        Cell(float(net.get(party, ZERO)), "number", 2, _bills(month, party=party))
                        for month, net in zip(rows, nets, strict=True)
                    ),
                    Cell(float(sum((net.get(party, ZERO) for net in nets), ZERO)), "number", 2),
                ),
                {"year-party": party},
            )
            for party in parties
        ],
        notes=(_("核算月份 %(all)s 个，已冻结 %(frozen)s 个。") % {"all": len(rows), "frozen": frozen},),
        empty="本年还没有核算。",
    )  # fmt: skip
