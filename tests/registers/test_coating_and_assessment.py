"""273 coating firms looked at again; a firm's hazardous waste assessed by thirty items with three vetoes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone
from tests.books.test_checklists import COATING as CHECKLIST
from tests.books.test_checklists import book

from ecoledger.books import campaign as campaigns
from ecoledger.books import score_sheet as sheets
from ecoledger.books.models import Mark, Score
from ecoledger.entities.models import Enterprise, Facility
from ecoledger.registers.air.coating import BEARINGS, COATING
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.registers.waste.assessment import ASSESSMENT

pytestmark = pytest.mark.django_db
COUNTY, NORTH = "990101", "990101001"


def test_every_coating_firm_is_listed_and_a_finding_becomes_a_problem(bureau):
    for n in range(273):
        Enterprise.objects.create(
            code=f"C-{n:03d}", name=f"涂装{n}厂", area_code=NORTH, industry="工业涂装"
        )
    drive = COATING.open_row(
        {
            "name": "2026年喷涂回头看",
            "area_code": COUNTY,
            "begin": date(2026, 3, 1),
            "end": date(2026, 12, 31),
            "checklist": campaigns.keep_checklist("喷涂", book(CHECKLIST), "x.xlsx", by=None),
        },
        bureau.dispatcher,
        timezone.now(),
    )
    campaigns.add_objects(COATING, drive, COATING.objects(), by=bureau.dispatcher)
    campaigns.start(COATING, drive, by=bureau.dispatcher)
    tasks = list(drive.tasks.order_by("pk"))
    assert len(tasks) == 273
    campaigns.visit(COATING, tasks[0], {"房间密闭": "ok"}, by=bureau.officer)
    found = campaigns.visit(
        COATING, tasks[1], {"房间密闭": "problem", "缺口": "侧门"}, by=bureau.officer
    )
    (problem,) = Problem.objects.all()
    assert problem.title == "涂装1厂：喷漆房是否密闭"
    assert (problem.origin_kind, problem.category, problem.entity) == (
        "self",
        "air",
        tasks[1].entity.entity_ptr if hasattr(tasks[1].entity, "entity_ptr") else tasks[1].entity,
    )
    assert list(found.findings.values_list("pk", flat=True)) == [problem.pk]
    seen = campaigns.coverage(drive, drive.tasks.all(), date(2026, 3, 1))
    assert (seen.planned, seen.done, seen.with_findings) == (273, 2, 1)


def test_a_bearing_works_is_looked_at_from_fifty_tonnes_or_ten_washers_on():
    sizes = {"小": (12.0, 3), "用量大": (50.0, 1), "台数多": (None, 10), "未登记": (None, None)}
    for n, (name, (use, machines)) in enumerate(sizes.items()):
        firm = Enterprise.objects.create(
            code=f"B-{n}", name=name, area_code=NORTH, industry="轴承制造"
        )
        for half in range(2):
            Facility.objects.create(
                code=f"B-{n}-{half}", parent=firm, name=f"清洗机{half}", role="production", area_code=NORTH,
                yearly_use=use / 2 if use else None,
                machines=(machines + half) // 2 if machines else None,
            )  # fmt: skip
    proposed = {firm.name for firm in BEARINGS.objects()}
    assert proposed == {"用量大", "台数多", "未登记"}
    many = Enterprise.objects.get(name="台数多")
    assert "设备 10 台" in BEARINGS.grounds(many)


def test_thirty_items_of_two_marks_with_three_vetoes():
    assert len(ASSESSMENT.items) == 30
    assert sum(item.full for item in ASSESSMENT.items) == 60
    assert [n for n, item in enumerate(ASSESSMENT.items, 1) if item.veto] == [1, 18, 30]


@pytest.mark.parametrize(
    ("lost", "grade"),
    [
        ({}, "达标"),
        ({"02": 2, "03": 2, "04": 2, "05": 2, "06": 2}, "达标"),  # 50
        ({"02": 2, "03": 2, "04": 2, "05": 2, "06": 2, "07": 1}, "基本达标"),  # 49
        ({f"{n:02d}": 2 for n in range(2, 12)}, "基本达标"),  # 40
        ({f"{n:02d}": 2 for n in range(2, 13)}, "不达标"),  # 38
        ({"18": 2}, "不达标"),  # a veto
    ],
)
def test_grades_follow_the_official_sheet(bureau, lost, grade):
    row = sheets.begin(
        ASSESSMENT, "2026", COUNTY, date(2026, 1, 1), date(2026, 12, 31), by=bureau.officer
    )
    for mark in Mark.objects.filter(score__round=row, score__entity=bureau.enterprise):
        marks = Decimal(2 - lost.get(mark.item, 0))
        sheets.give(ASSESSMENT, mark, marks, by=bureau.officer, reason="现场检查")
    assert Score.objects.get(round=row, entity=bureau.enterprise).grade == grade
