"""Credit, quota and carbon of the demonstration city: batches and repairs, who may emit what, reports and policies. Synthetic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from demo import city
from demo.work import person, picture
from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions
from ecoledger.registers.carbon.economy import ECONOMY
from ecoledger.registers.carbon.impact import IMPACTS
from ecoledger.registers.carbon.reports import REPORTS
from ecoledger.registers.carbon.sheets import SHEETS
from ecoledger.registers.credit.batches import BATCHES
from ecoledger.registers.credit.events import EVENTS
from ecoledger.registers.credit.insurance import POLICIES
from ecoledger.registers.credit.ratings import RATINGS
from ecoledger.registers.credit.repairs import REPAIRS
from ecoledger.registers.credit.subsidies import SUBSIDIES
from ecoledger.registers.quota.plans import PLANS
from ecoledger.registers.quota.reduction_projects import PROJECTS
from ecoledger.registers.quota.reduction_targets import TARGETS
from ecoledger.registers.quota.requests import REQUESTS
from ecoledger.registers.quota.trades import TRADES
from ecoledger.web.search.index import together

RATED, INSURED, UNITS = 120, 15, 8
SYNTHETIC = "（合成数据）"


@together()
def build(now: datetime) -> dict[str, int]:
    """Everything of this module; ``now`` in China standard time without zone."""
    at = timezone.make_aware(now)
    firms = list(Enterprise.objects.filter(code__startswith="M-").order_by("code")[:RATED])
    big = list(Enterprise.objects.exclude(code__startswith="M-").order_by("code")[:UNITS])
    with transaction.atomic():
        _credit(firms, at)
    with transaction.atomic():
        _quota(big, at)
        _reductions(big, at)
    with transaction.atomic():
        _carbon(big, at)
        _policies(firms, at)
    return {"信用评价": RATED, "投保企业": INSURED, "碳排放单位": len(big)}


def _back(at: datetime, days: int) -> datetime:
    return at - timedelta(days=days)


def _day(at: datetime, days: int) -> date:
    return timezone.localtime(_back(at, days)).date()


def _do(row: Any, name: str, who: str, at: datetime, *, proof: bool = False, **form: Any) -> Any:
    files = [picture(row.number)] if proof else []
    return actions.perform(row.pk, name, by=person(who), form=form, at=at, files=files)


def _credit(firms: Sequence[Enterprise], at: datetime) -> None:
    """One batch announced, one shown with an objection's time running, one in preparation; three repairs."""
    officer = person("zhifa")
    behaviours = (
        ("pollution-control", -5, "general"),
        ("management", -3, ""),
        ("social", -2, "minor"),
    )
    noted = []
    for number, firm in enumerate(firms[1:40], 1):
        behaviour, points, sort = behaviours[number % 3]
        noted.append(EVENTS.open_row({
            "entity": firm, "on": _day(at, 120 + number), "behaviour": behaviour,
            "points": Decimal(points * (8 if number % 13 == 0 else 1)), "valid_months": 12,
            "reference": f"演示罚〔{at.year}〕{number}号", "repair_class": sort,
        }, officer, _back(at, 110)))  # fmt: skip
    for n, (name, part, back) in enumerate(
        (("第一批", firms[:60], 60), ("第二批", firms[60:100], 12), ("第三批", firms[100:], 3))
    ):
        batch = actions.open_matter(BATCHES, {
            "title": f"{at.year}年企业环境信用评价{name}", "year": at.year, "as_of": _day(at, back),
            "area_code": city.CITY_CODE, "synthetic": True,
        }, by=officer, at=_back(at, back))  # fmt: skip
        for firm in part:
            RATINGS.open_row({"batch": batch, "entity": firm}, officer, _back(at, back))
        _do(batch, "compute", "zhifa", _back(at, back - 1))
        if n < 2:
            until = _day(at, 30) if n == 0 else _day(at, -10)
            _do(
                batch, "publish", "juzhang", _back(at, back - 2), objections_until=until.isoformat()
            )
        if n == 0:
            _do(batch, "announce", "zhifa", _back(at, 28))
    for number, event in enumerate([one for one in noted if one.repair_class][:3]):
        repair = actions.open_matter(REPAIRS, {
            "entity": event.entity, "event": event, "corrected": f"已改正并完成验收{SYNTHETIC}",
            "duties_done_on": _day(at, 60), "promised_on": _day(at, 20), "synthetic": True,
        }, by=officer, at=_back(at, 14))  # fmt: skip
        _do(repair, "accept", "zhifa", _back(at, 12), proof=True)
        if number < 2:
            _do(repair, "grant", "juzhang", _back(at, 6), checked=f"材料齐全，现场核实{SYNTHETIC}")


def _quota(big: Sequence[Enterprise], at: datetime) -> None:
    """The year's quota issued and split, two projects and one that waits, three trades."""
    clerk = person("shenpi")
    towns = [code for code, _name in city.TOWNS[:4]]
    rows = [("issued", city.CITY_CODE, what, amount) for what, amount in
            (("COD", 320), ("NH3-N", 26), ("NOx", 180), ("VOCs", 90), ("TP", 9))]  # fmt: skip
    rows += [
        ("split", town, what, amount)
        for town in towns
        for what, amount in (("COD", 40), ("VOCs", 12))
    ]
    for kind, area, what, amount in rows:
        title = "年度总量指标下达" if kind == "issued" else "总量指标分解到镇街"
        plan = actions.open_matter(PLANS, {
            "title": f"{at.year}{title}（演示）", "kind": kind, "year": at.year, "area_code": area, "pollutant": what,
            "amount": Decimal(amount), "paper_no": f"演示总量〔{at.year}〕3号", "synthetic": True,
        }, by=clerk, at=_back(at, 200))  # fmt: skip
        _do(plan, "post", "juzhang", _back(at, 198))
    for number, (name, what, amount) in enumerate(
        (
            ("年产三万吨铸件项目", "COD", "1.62"),
            ("水性涂料扩建项目", "COD", "0.85"),
            ("食品加工项目", "COD", "2.10"),
        )
    ):
        firm = big[number]
        request = actions.open_matter(REQUESTS, {
            "title": f"{name}（演示）", "entity": firm, "area_code": firm.area_code, "source": "reserve",
            "priority": ("key", "talent", "ordinary")[number], "synthetic": True,
        }, by=clerk, at=_back(at, 90), lines={"amounts": [{"pollutant": what, "amount": amount}]})  # fmt: skip
        _do(request, "submit", "shenpi", _back(at, 89))
        if number < 2:
            _do(request, "grant", "juzhang", _back(at, 85), use_by=_day(at, -180).isoformat())
    for number, (way, seller, buyer, amount, price) in enumerate((
        ("reserve_out", None, big[0], "2.4", "9000"), ("firms", big[0], big[1], "0.6", "11500"),
        ("reserve_out", None, big[2], "1.1", "9200"),
    )):  # fmt: skip
        trade = actions.open_matter(TRADES, {
            "title": f"总磷排污权交易{number + 1}（演示）", "way": way, "seller": seller, "buyer": buyer,
            "area_code": city.CITY_CODE, "pollutant": "TP", "amount": Decimal(amount), "price": Decimal(price),
            "years": 5, "contract_no": f"演示交易{number + 1:03d}", "synthetic": True,
        }, by=clerk, at=_back(at, 70 - number))  # fmt: skip
        if number < 2:
            _do(trade, "transfer", "juzhang", _back(at, 60 - number))


_SEWAGE = {
    "新增处理水量": 180,
    "进水化学需氧量": 220,
    "出水化学需氧量": 28,
    "进水氨氮": 32,
    "出水氨氮": "1.2",
}
_BOILER = {
    "替代燃煤量": 3200,
    "燃煤氮氧化物产排污系数": "2.94",
    "新增天然气用量": 160,
    "天然气氮氧化物产排污系数": "9.36",
}
_SOURCE = {"替代原辅料用量": 85, "原料挥发分": 55, "替代料挥发分": 12}


def _reductions(big: Sequence[Enterprise], at: datetime) -> None:
    """The year's targets and four projects, three of them recognised."""
    clerk = person("shenpi")
    for what, target in (("COD", 480), ("NH3-N", 60), ("NOx", 24), ("VOCs", 90)):
        TARGETS.open_row({
            "year": at.year, "area_code": city.CITY_CODE, "pollutant": what, "target": Decimal(target), "basis": "演示",
        }, clerk, _back(at, 300))  # fmt: skip
    rows = (
        ("东区污水处理厂扩建", "sewage", _SEWAGE), ("铸造园区锅炉煤改气", "boiler", _BOILER),
        ("家具企业水性漆替代", "voc_source", _SOURCE), ("印染废水深度治理", "industrial_water", {}),
    )  # fmt: skip
    for number, (name, kind, values) in enumerate(rows):
        project = actions.open_matter(PROJECTS, {
            "title": f"{name}（演示）", "kind": kind, "year": at.year, "area_code": big[number].area_code,
            "entity": big[number], "planned_finish": _day(at, -40), "synthetic": True,
        }, by=clerk, at=_back(at, 250))  # fmt: skip
        if not values:
            continue
        inputs = [
            {"name": row.name, "unit": row.unit, "value": str(values[row.name]), "basis": "台账"}
            for row in project.inputs.all()
        ]
        proofs = [
            {"name": row.name, "given": "1", "place": "见附件"} for row in project.proofs.all()
        ]
        actions.set_lines(project.pk, "inputs", inputs, by=clerk)
        actions.set_lines(project.pk, "proofs", proofs, by=clerk)
        _do(
            project,
            "account",
            "shenpi",
            _back(at, 20),
            proof=True,
            finished_on=_day(at, 30).isoformat(),
        )
        _do(project, "recognise", "juzhang", _back(at, 15))


def _carbon(big: Sequence[Enterprise], at: datetime) -> None:
    """Last year's reports of eight units, five of them approved; CO2 of GDP; two projects assessed."""
    clerk, year = person("shenpi"), at.year - 1
    for number, firm in enumerate(big):
        for source, unit, amount in (
            ("烟煤", "t", 900 + 310 * number),
            ("外购电力", "MWh", 4200 + 800 * number),
        ):
            SHEETS.open_row({
                "entity": firm, "year": year, "line": "全厂", "source": source, "item": "consumption", "unit": unit,
                "whole": Decimal(amount), "data_source": "能源统计台账（演示）",
            }, clerk, _back(at, 120))  # fmt: skip
        report = actions.open_matter(REPORTS, {
            "entity": firm, "area_code": firm.area_code, "year": year,
            "industry": ("power", "chemical", "paper", "other")[number % 4], "synthetic": True,
        }, by=clerk, at=_back(at, 118))  # fmt: skip
        if number == len(big) - 1:
            continue
        reported = Decimal(900 + 310 * number) * Decimal("1.74") + Decimal(
            4200 + 800 * number
        ) * Decimal("0.53")
        _do(report, "file", "shenpi", _back(at, 110), proof=True, reported=f"{reported:.2f}")
        if number < 5:
            _do(
                report,
                "conclude",
                "diaodu",
                _back(at, 60),
                proof=True,
                opinion=f"资料核对一致{SYNTHETIC}",
            )
            _do(report, "approve", "juzhang", _back(at, 55))
    for back, gdp, co2, target in (
        (3, "1320.5", "962.4", None),
        (2, "1402.8", "981.0", "3.9"),
        (1, "1488.0", "996.3", "3.9"),
    ):
        ECONOMY.open_row({
            "year": at.year - back, "area_code": city.CITY_CODE, "gdp": Decimal(gdp), "price_year": 2020,
            "co2": Decimal(co2), "target_fall": target and Decimal(target), "basis": "演示",
        }, clerk, _back(at, 100))  # fmt: skip
    for name, product, output, power, measures in (
        ("轮胎技改项目", "tyre", 18000, 20000, "余热回收"), ("啤酒扩能项目", "beer", 100000, 30000, "外购绿电、空压机改造"),
    ):  # fmt: skip
        impact = actions.open_matter(IMPACTS, {
            "title": f"{name}（演示）", "entity": big[0], "area_code": big[0].area_code, "product": product,
            "output": Decimal(output), "year": 2023, "measures": measures, "synthetic": True,
        }, by=clerk, at=_back(at, 40), lines={"sources": [
            {"source": "外购电力", "after": str(power), "before": "0", "basis": "可研"}]})  # fmt: skip
        _do(impact, "assess", "shenpi", _back(at, 35))
        if product == "tyre":
            _do(impact, "approve", "juzhang", _back(at, 30), opinion=f"同意{SYNTHETIC}")


def _policies(firms: Sequence[Enterprise], at: datetime) -> None:
    """Fifteen firms insured, two of them for a month only; four titles."""
    clerk = person("shenpi")
    for number, firm in enumerate(firms[:INSURED]):
        ends = _day(at, -20) if number < 2 else _day(at, -(60 + 15 * number))
        POLICIES.open_row({
            "entity": firm, "area_code": firm.area_code, "insurer": "演示财产保险", "policy_no": f"演示保单{number + 1:03d}",
            "insured": Decimal(100 + 50 * (number % 3)), "premium": Decimal(6000 + 900 * number),
            "starts_on": ends - timedelta(days=364), "ends_on": ends, "assessed": number % 2 == 0, "synthetic": True,
        }, clerk, _back(at, 200))  # fmt: skip
    for number, firm in enumerate((firms[0], *firms[41:44])):
        row = actions.open_matter(SUBSIDIES, {
            "entity": firm, "area_code": firm.area_code, "year": at.year, "kind": "model" if number else "leader",
            "asked": Decimal(20 if number else 50), "synthetic": True,
        }, by=clerk, at=_back(at, 80))  # fmt: skip
        _do(row, "recommend", "shenpi", _back(at, 75), proof=True, opinion=f"符合条件{SYNTHETIC}")
        _do(row, "approve", "juzhang", _back(at, 70), granted="15" if number else "40")
        if number < 2:
            _do(row, "grant", "shenpi", _back(at, 60), paper_no=f"演示绿〔{at.year}〕1号")
