"""The approval section's year in the demonstration city: items, cases, permits, reviews, zoning, parks and services. Synthetic."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from demo import city
from demo.work import person
from ecoledger.accounts.models import Person
from ecoledger.entities.models import Enterprise, Outlet
from ecoledger.matters import actions, history
from ecoledger.registers.approval import (
    agencies,
    document_reviews,
    filing_checks,
    items,
    joint,
    key_projects,
    parks,
    permit_review,
    permit_terms,
    reports,
    self_results,
    self_review,
    service_requests,
    zoning,
    zoning_check,
)
from ecoledger.registers.approval.cases import CASES
from ecoledger.registers.approval.items import ApprovalItem, Kind
from ecoledger.registers.approval.permits import PERMITS
from ecoledger.web.search.index import together

HELD, CASES_A_YEAR, AGENCIES = 24, 120, 8
SOURCE = "审批台账（演示）"


@together()
def build(now: datetime) -> dict[str, int]:
    """Everything of this module; ``now`` in China standard time without zone."""
    generator = random.Random(f"{city.SEED}-approval")
    at = timezone.make_aware(now)
    firms = list(Enterprise.objects.exclude(code__startswith="M-").order_by("code")[:HELD])
    clerk, head = person("shenpi"), person("juzhang")
    with transaction.atomic():
        items.take_shipped(by=clerk, at=at)
        _cases(generator, firms, clerk, head, at)
        held = _permits(firms, clerk, at)
        _reviews(held, clerk, at)
    with transaction.atomic():
        _zoning(clerk, head, at)
        _parks_and_projects(firms, clerk, at)
        _agencies(generator, clerk, at)
        _services(firms, clerk, at)
    return {"审批办件": CASES_A_YEAR, "排污许可证": len(held), "编制单位": AGENCIES}


def _town(number: int) -> str:
    return city.TOWNS[number % len(city.TOWNS)][0]


def _cases(
    generator: random.Random, firms: Sequence[Enterprise], clerk: Person, head: Person, at: datetime
) -> None:
    """The year's cases from the hall's ledger, three under way, a joint case, and a draw of filings."""
    by_kind = {item.kind: item for item in ApprovalItem.objects.order_by("-code")}
    kinds = (
        Kind.REPORT,
        *[Kind.FORM] * 4,
        *[Kind.FILING] * 8,
        *[Kind.CONSULTATION] * 6,
        Kind.PERMIT,
    )
    rows: list[dict[str, Any]] = []
    for number in range(CASES_A_YEAR):
        item = by_kind[kinds[number % len(kinds)]]
        day = at.date() - timedelta(days=8 + number * 2 % 300)
        asked = 0 if item.at_once else generator.randint(1, max(item.promised_days, 1))
        end = min(day + timedelta(days=asked), at.date() - timedelta(days=1))
        used = (end - day).days
        rows.append({
            "title": f"{item.name}演示件{number + 1}", "item": item, "applicant": f"演示申请人{number + 1}",
            "area_code": _town(number), "accepted_on": day, "decided_on": end, "used_days": used, "decision": "granted",
            "decision_no": f"演示〔{day.year}〕{number + 1}号", "content": "very" if number % 3 else "content",
            "opened_at": _noon(day), "closed_at": _noon(end), "synthetic": True,
        })  # fmt: skip
    history.enter(CASES, rows, by=clerk, source=SOURCE, at=at)
    form = by_kind[Kind.FORM]
    for number, firm in enumerate(firms[:3]):
        values = {
            "title": f"{firm.name}技改项目（演示）",
            "item": form,
            "entity": firm,
            "synthetic": True,
        }
        case = actions.open_matter(CASES, values, by=clerk, at=at - timedelta(days=4 - number))
        if number < 2:
            actions.perform(case.pk, "accept", by=clerk, at=at - timedelta(days=3 - number))
        if number == 0:
            said = {"publicity_at": "https://example.invalid/demo"}
            actions.perform(case.pk, "publish", by=clerk, form=said, at=at - timedelta(days=1))
    permit = ApprovalItem.objects.get(code="XK-04")
    values = {"title": f"{firms[3].name}扩建项目（演示）", "document": "eia_form", "entity": firms[3], "eia_item": form,
              "permit_item": permit, "synthetic": True}  # fmt: skip
    one = actions.open_matter(joint.REGISTER, values, by=clerk, at=at - timedelta(days=2))
    one.materials.update(given_on=at.date() - timedelta(days=2))
    actions.perform(one.pk, "accept", by=clerk, at=at - timedelta(days=1))
    first = date(at.year, 1, 1) - timedelta(days=200)
    waiting = filing_checks.waiting(clerk, first, at.date()).count()
    checks = filing_checks.draw(
        f"{at.year}年演示批次", min(6, waiting), first, at.date(), by=clerk, seed="demo", at=at
    )
    for number, check in enumerate(checks[:4]):
        result = "category" if number == 0 else "true"
        said = {
            "result": result,
            "checked_on": f"{at.date()}",
            "findings": "演示：应编报告表" if number == 0 else "",
        }
        actions.perform(check.pk, "check", by=clerk, form=said, at=at)
        if number:
            actions.perform(check.pk, "keep", by=clerk, at=at)
        else:
            actions.perform(check.pk, "cancel", by=head, form={"reason": "类别不符（演示）"}, at=at)


def _noon(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day, 12))


def _permits(firms: Sequence[Enterprise], clerk: Person, at: datetime) -> list[Any]:
    """A permit for each metered firm, with what it asks and what was handed in."""
    held = []
    for number, firm in enumerate(firms):
        begin = date(at.year - 1 - number % 4, 3, 1)
        values = {
            "parent": firm, "permit_no": f"{firm.uscc}001P",
            "management": "key" if firm.is_key else "simple", "industry": firm.industry,
            "legal_person": "演示法人" if number % 5 else "", "issued_by": "安澜市生态环境局（演示）", "issued_on": begin,
            "valid_from": begin, "valid_until": date(begin.year + 5, 2, 28), "eia_no": f"演示环审〔{begin.year}〕{number + 1}号",
            "products": "演示产品", "raw_materials": "演示原料" if number % 6 else "", "report_quarter": firm.is_key,
            "synthetic": True,
        }  # fmt: skip
        permit = PERMITS.open_row(values, clerk, at)
        held.append(permit)
        for outlet in Outlet.objects.filter(parent=firm).order_by("number")[:2]:
            factor = "二氧化硫" if outlet.medium == "gas" else "化学需氧量"
            permit_terms.MONITORING.open_row(
                {"permit": permit, "outlet": outlet, "place": "", "factor": factor,
                 "frequency": "auto" if number % 3 else "month"}, clerk, at)  # fmt: skip
        fence = permit_terms.MONITORING.open_row(
            {"permit": permit, "outlet": None, "place": "厂界", "factor": "颗粒物", "frequency": "month",
             "limit": Decimal(1), "unit": "mg/m³"}, clerk, at)  # fmt: skip
        permit_terms.AMOUNTS.open_row(
            {"permit": permit, "pollutant": "氮氧化物", "tonnes": Decimal(30)}, clerk, at
        )
        for sort in ("basic", "production", "treatment", "monitoring")[: 4 if number % 7 else 3]:
            permit_terms.LEDGERS.open_row(
                {
                    "permit": permit,
                    "sort": sort,
                    "content": "按副本（演示）",
                    "frequency": "1次/日",
                },
                clerk,
                at,
            )
        last = self_review.last_month(at.date())
        if number % 8:
            self_results.RESULTS.open_row(
                {
                    "term": fence,
                    "on": last + timedelta(days=11),
                    "value": Decimal("0.4"),
                    "unit": "mg/m³",
                },
                clerk,
                at,
            )
        report = reports.REPORTS.open_row(
            {"permit": permit, "period": "year", "year": at.year - 1, "number": 1, "basic": True, "facilities": True,
             "monitoring": True, "ledger": number % 4 != 0, "emission": True, "disclosure": True, "management": True,
             "submitted_on": date(at.year, 1, 20) + timedelta(days=number)}, clerk, at)  # fmt: skip
        reports.AMOUNTS.open_row(
            {"report": report, "pollutant": "氮氧化物", "tonnes": Decimal(8 + number)}, clerk, at
        )
    return held


def _reviews(held: Sequence[Any], clerk: Person, at: datetime) -> None:
    """Two thirds of the permits and reports reviewed, and last month's self-monitoring."""
    made = permit_review.open_reviews(held[: HELD * 2 // 3], at.year, by=clerk, at=at)
    told = [report for permit in held[:8] for report in permit.reports.all()]
    made += permit_review.open_reviews(told, at.year - 1, by=clerk, at=at)
    for review in [one for one in made if one.phase == "open"][:3]:
        actions.perform(
            review.pk, "send_back", by=clerk, form={"conclusion": "请改正（演示）"}, at=at
        )
    self_review.open_month(self_review.last_month(at.date()), by=person("jiance"), at=at)


def _zoning(clerk: Person, head: Person, at: datetime) -> None:
    """One edition with three units over the city, a few clauses, and two checks."""
    version = zoning.VERSIONS.open_row(
        {
            "name": f"{at.year - 2}年动态更新（演示）",
            "paper": "演示〔1〕号",
            "since": date(at.year - 2, 12, 1),
        },
        clerk,
        at,
    )
    middle = (city.WEST + city.EAST) / 2
    third = city.SOUTH + (city.NORTH - city.SOUTH) / 3
    boxes = (
        (
            f"ZH{city.CITY_CODE}10001",
            "北部水源涵养优先保护单元",
            "1",
            (city.WEST, third, middle, city.NORTH),
        ),
        (
            f"ZH{city.CITY_CODE}20001",
            "城东工业重点管控单元",
            "2",
            (middle, third, city.EAST, city.NORTH),
        ),
        (
            f"ZH{city.CITY_CODE}30001",
            "南部一般管控单元",
            "3",
            (city.WEST, city.SOUTH, city.EAST, third),
        ),
    )
    for code, name, sort, (west, south, east, north) in boxes:
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        zoning.UNITS.open_row(
            {"version": version, "unit_code": code, "name": name, "layer": "whole", "unit_class": sort, "element": "",
             "area_code": city.CITY_CODE, "geometry": {"type": "Polygon", "coordinates": [ring]}, "synthetic": True},
            clerk, at)  # fmt: skip
    clauses = (
        (
            "ZT-1",
            "county",
            "",
            "",
            "emission",
            "ask",
            "新增挥发性有机物实行倍量替代（演示）",
            "195,231",
            "涂装,胶粘剂",
        ),
        (
            "YX-1",
            "class",
            "1",
            "",
            "space",
            "forbid",
            "禁止新建工业项目（演示）",
            "13,17,19,23,26,33",
            "",
        ),
        (
            "DY-1",
            "unit",
            "",
            boxes[1][0],
            "space",
            "forbid",
            "禁止新建专业电镀（演示）",
            "336",
            "电镀",
        ),
        (
            "DY-2",
            "unit",
            "",
            boxes[1][0],
            "risk",
            "ask",
            "涉危化品企业应设应急池（演示）",
            "26",
            "危化品",
        ),
    )
    for number, level, unit_class, unit_code, dimension, effect, text, industries, words in clauses:
        zoning.CLAUSES.open_row(
            {"version": version, "number": number, "level": level, "unit_class": unit_class, "unit_code": unit_code,
             "dimension": dimension, "effect": effect, "text": text, "industries": industries, "words": words},
            clerk, at)  # fmt: skip
    for title, code, content in (
        ("五金电镀项目（演示）", "3360", "电镀"),
        ("制鞋项目（演示）", "1953", "水性胶粘剂"),
    ):
        values = {"title": title, "industry_code": code, "description": content, "area_code": city.CITY_CODE,
                  "lon": city.EAST - 0.05, "lat": city.NORTH - 0.05, "synthetic": True}  # fmt: skip
        check = actions.open_matter(
            zoning_check.REGISTER, values, by=clerk, at=at - timedelta(days=2)
        )
        actions.perform(check.pk, "judge", by=clerk, at=at - timedelta(days=1))
    actions.perform(check.pk, "review", by=clerk, form={"opinion": "落实倍量替代（演示）"}, at=at)
    actions.perform(check.pk, "issue", by=head, at=at)


def _parks_and_projects(firms: Sequence[Enterprise], clerk: Person, at: datetime) -> None:
    """Three parks, one without its planning assessment, and six key projects."""
    for number, (name, planning) in enumerate(
        (("城东工业园", "reviewed"), ("东港临港园", "writing"), ("河口食品园", "reviewed"))
    ):
        reviewed = date(at.year - 4 - number, 6, 30) if planning == "reviewed" else None
        parks.PARKS.open_row(
            {"name": f"{name}（演示）", "area_code": _town(number + 6), "grade": "province" if number == 0 else "county",
             "planning": planning, "reviewed_on": reviewed, "review_no": "演示环函〔1〕号" if reviewed else "",
             "quality_met": number != 1, "synthetic": True}, clerk, at)  # fmt: skip
    stages = ("planning", "writing", "accepted", "approved", "permit", "building")
    for number, stage in enumerate(stages):
        values = {"title": f"重点项目{number + 1}（演示）", "tier": "province" if number < 2 else "county", "stage": stage,
                  "area_code": _town(number), "investment": Decimal(30_000 + 5_000 * number), "synthetic": True,
                  "planned_approval": at.date() + timedelta(days=20 + 15 * number)}  # fmt: skip
        project = actions.open_matter(
            key_projects.REGISTER, values, by=clerk, at=at - timedelta(days=60)
        )
        if number % 2:
            said = {
                "on": f"{at.date()}",
                "way": "visit",
                "who": "审批科",
                "content": "指导环评编制（演示）",
            }
            actions.perform(project.pk, "contact", by=clerk, form=said, at=at)
        if number == 1:
            said = {"hold": "quota", "hold_text": "缺挥发性有机物指标（演示）"}
            actions.perform(project.pk, "hold", by=clerk, form=said, at=at - timedelta(days=9))


def _agencies(generator: random.Random, clerk: Person, at: datetime) -> None:
    """Agencies with a year's reviews from the ledger, one being scored."""
    made = [
        agencies.AGENCIES.open_row({"name": f"演示环评机构{number + 1}", "engineers": 3}, clerk, at)
        for number in range(AGENCIES)
    ]
    rows = [
        {"title": f"演示环评文件{number + 1}", "agency": made[number % AGENCIES], "year": at.year, "area_code": _town(number),
         "sort": "report" if number % 6 == 0 else "form", "score": Decimal(generator.randint(62, 97)),
         "opened_at": at - timedelta(days=90), "closed_at": at - timedelta(days=60), "synthetic": True}
        for number in range(2 * AGENCIES)
    ]  # fmt: skip
    history.enter(document_reviews.REGISTER, rows, by=clerk, source=SOURCE, at=at)
    values = {
        "title": "某电镀项目报告表（演示）",
        "agency": made[0],
        "year": at.year,
        "area_code": _town(4),
        "synthetic": True,
    }
    actions.open_matter(document_reviews.REGISTER, values, by=clerk, at=at - timedelta(days=3))


def _services(firms: Sequence[Enterprise], clerk: Person, at: datetime) -> None:
    """Requests of firms, one of them a report of its own."""
    sorts = ("consultation", "approval", "technology", "hall", "self_report")
    for number, sort in enumerate(sorts):
        values = {
            "title": f"服务请求{number + 1}（演示）",
            "sort": sort,
            "entity": firms[number],
            "synthetic": True,
        }
        request = actions.open_matter(
            service_requests.REGISTER, values, by=clerk, at=at - timedelta(days=6)
        )
        if number % 2 == 0:
            said = {"answer": "已答复（演示）", "put_right_by": f"{at.date() + timedelta(days=20)}"}
            actions.perform(request.pk, "answer", by=clerk, form=said, at=at - timedelta(days=5))
            visit = {"on": f"{at.date()}", "who": "帮扶队（演示）", "found": "现场情况（演示）"}
            actions.perform(request.pk, "visit", by=clerk, form=visit, at=at)
