"""The size of a real county: thousands of small firms, the year's projects, the problems of two years, and the
books of the year (quota pool, coating campaign, waste assessment, responsibility list). All synthetic.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from demo import city
from demo.work import person, town_person
from ecoledger.accounts.models import Organisation
from ecoledger.books import account as accounts
from ecoledger.books import campaign as campaigns
from ecoledger.books import roster as rosters
from ecoledger.books import score_sheet as sheets
from ecoledger.books.models import Checklist
from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions, history
from ecoledger.registers.air.coating import COATING
from ecoledger.registers.air.quota import POOL, QUOTA
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.responsibilities import RESPONSIBILITIES
from ecoledger.registers.projects.project_schedule import REGISTER as PROJECTS
from ecoledger.registers.waste.assessment import ASSESSMENT
from ecoledger.web.search.index import together

FIRMS = 4_000
PROBLEMS_BEFORE = 1_480
COATERS = 273
PROJECTS_PLANNED, PROJECTS_DONE = 134, 104

_SYLLABLES = "安博昌德丰广恒华佳康力茂宁鹏启荣盛泰旺鑫扬裕振志中卓"
_TRADES = (
    ("3311", "金属结构制造", "钢构"),
    ("2110", "木质家具制造", "家居"),
    ("1951", "纺织面料鞋制造", "鞋业"),
    ("2319", "包装装潢印刷", "印务"),
    ("8111", "汽车修理与维护", "汽修"),
    ("2926", "塑料包装箱制造", "塑业"),
    ("6210", "正餐服务", "餐饮"),
    ("3481", "金属制品制造", "五金"),
)
_COATING = ("3360", "金属表面喷涂", "喷涂")


@together()
def build(now: datetime) -> dict[str, int]:
    """Everything of this module, in a few transactions; returns how many of each."""
    generator = random.Random(f"{city.SEED}-county")
    with transaction.atomic():
        firms = _firms(generator)
    with transaction.atomic():
        problems = _problems(generator, now)
    with transaction.atomic():
        done = _projects(generator, now.year)
        _quota(now.year)
        _coating(generator, now.date())
        _assessment(now.year)
        _responsibilities(now.year)
    return {"企业": firms, "历史问题": problems, "治理工程": PROJECTS_PLANNED, "已完成": done}


# ---- firms ---------------------------------------------------------------------------------------


def _firms(generator: random.Random) -> int:
    """Small firms in every town, beside those with instruments."""
    wanted = FIRMS - Enterprise.objects.count()
    centres = {code: city.town_centre(code) for code, _name in city.TOWNS}
    names = _names()
    for number in range(wanted):
        town, _name = city.TOWNS[number % len(city.TOWNS)]
        code, trade, stem = _COATING if number < COATERS else generator.choice(_TRADES)
        lon, lat = centres[town]
        Enterprise.objects.create(
            code=f"M-{number + 1:04d}",
            name=f"安澜{next(names)}{stem}（演示）",
            area_code=town,
            lon=round(lon + generator.gauss(0, 0.03), 5),
            lat=round(lat + generator.gauss(0, 0.02), 5),
            industry=trade,
            industry_code=code,
            synthetic=True,
        )
    return wanted


def _names() -> Iterator[str]:
    for first in _SYLLABLES:
        for second in _SYLLABLES:
            yield first + second
    for number in range(1, FIRMS):
        yield f"{_SYLLABLES[number % len(_SYLLABLES)]}诚{number}"


# ---- problems of two years -----------------------------------------------------------------------

_WHAT = (
    ("河道岸线堆放垃圾", "waste"),
    ("雨污水管网错接", "water"),
    ("施工工地扬尘未覆盖", "air"),
    ("餐饮油烟扰民", "air"),
    ("喷涂车间未密闭", "air"),
    ("养殖粪污直排", "water"),
    ("危险废物贮存不规范", "waste"),
    ("夜间施工噪声", "noise"),
)
_ORIGINS = ("central", "provincial", "petition", "petition", "self", "self", "superior")


def _problems(generator: random.Random, now: datetime) -> int:
    """Closed problems of the last two years, as an existing ledger brings them in: history, no clocks."""
    towns = {
        code: Organisation.objects.get(kind="town", area_code=code) for code, _name in city.TOWNS
    }
    rows = []
    for number in range(PROBLEMS_BEFORE):
        opened = now - timedelta(days=generator.randint(60, 760), hours=generator.randint(0, 9))
        closed = opened + timedelta(days=generator.randint(5, 58))
        town = city.TOWNS[number % len(city.TOWNS)][0]
        what, category = generator.choice(_WHAT)
        rows.append(
            {
                "title": f"{towns[town].name.removesuffix('（演示）')}{what}",
                "area_code": town,
                "origin_kind": generator.choice(_ORIGINS),
                "category": category,
                "source_no": f"LS-{number + 1:04d}",
                "owner_organisation": towns[town],
                "verdict": "true",
                "progress": 100,
                "opened_at": timezone.make_aware(opened),
                "closed_at": timezone.make_aware(closed),
                "synthetic": True,
            }
        )
    rows.sort(key=lambda row: row["opened_at"])
    return len(history.enter(PROBLEMS, rows, by=person("diaodu"), source="存量问题台账（演示）"))


# ---- the year's projects -------------------------------------------------------------------------

_WORKS = (
    ("vocs", "挥发性有机物治理"),
    ("gas", "锅炉提标改造"),
    ("dust", "堆场封闭"),
    ("sewer", "污水管网建设"),
    ("water", "河道生态修复"),
)


def _projects(generator: random.Random, year: int) -> int:
    """134 works of the year, 104 of them finished and accepted."""
    clerk = person("diaodu")
    firms = list(Enterprise.objects.filter(code__startswith="M-").order_by("code")[:600])
    done = 0
    for number in range(PROJECTS_PLANNED):
        firm = firms[number * 4]
        kind, what = _WORKS[number % len(_WORKS)]
        finish = date(year, 3, 1) + timedelta(days=generator.randint(0, 270))
        town = town_person(firm.area_code)
        project = actions.open_matter(
            PROJECTS,
            {
                "title": f"{firm.name.removesuffix('（演示）')}{what}",
                "area_code": firm.area_code,
                "entity": firm,
                "owner_organisation": town.organisation,
                "owner": town,
                "year": year,
                "type": kind,
                "implementing": firm.name,
                "planned_start": date(year, 1, 10),
                "planned_finish": finish,
                "synthetic": True,
            },
            by=clerk,
            at=_at(date(year, 1, 5)),
        )
        if number < PROJECTS_DONE:
            _finish(project, town, clerk, min(finish, date(year, 11, 1)))
            done += 1
    return done


def _finish(project: Any, town: Any, clerk: Any, day: date) -> None:
    from demo.work import picture

    said = {"result": "已按方案建成投运（合成数据）"}
    actions.perform(
        project.pk, "finish", by=town, form=said, files=[picture(project.number)], at=_at(day)
    )
    actions.perform(
        project.pk,
        "accept",
        by=clerk,
        form={"checked": "现场核实，同意验收"},
        at=_at(day + timedelta(days=4)),
    )


def _at(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day, 10))


# ---- the other books -----------------------------------------------------------------------------


def _quota(year: int) -> None:
    """A pool with what four closed boilers gave and two new projects took."""
    by = person("shenpi")
    for pollutant, given, taken in (("NOx", "36.420", "9.860"), ("VOCs", "58.300", "21.740")):
        pool = QUOTA.holding(pollutant, POOL, city.CITY_CODE)
        source = QUOTA.outside(pollutant, "减排项目", pool.area_code)
        sink = QUOTA.outside(pollutant, "新建项目", pool.area_code)
        for quantity, day, what in (
            (Decimal(given), date(year, 2, 20), "2020年以来关闭类项目核算入库（演示）"),
            (Decimal(given) / 10, date(year, 5, 18), "改造类项目核算入库（演示）"),
        ):
            quantity = quantity.quantize(Decimal("0.001"))
            accounts.post(
                QUOTA, "reduction", {pool: quantity, source: -quantity}, on=day, text=what, by=by
            )
        accounts.post(
            QUOTA,
            "allocation",
            {pool: -Decimal(taken), sink: Decimal(taken)},
            on=date(year, 8, 6),
            text="新建项目倍量替代（演示）",
            voucher_no="演示审批〔8〕号",
            by=by,
        )


_CLAUSES = (
    ("closed", "喷漆房是否密闭"),
    ("bypass", "是否存在废气旁路"),
    ("source", "是否使用低挥发性涂料"),
    ("device", "治理设施是否正常运行"),
    ("carbon", "活性炭是否按期更换"),
)


def _coating(generator: random.Random, today: date) -> None:
    """The year's look at every coating firm, two thirds of it done."""
    clerk, officers = person("diaodu"), [person(name) for name in ("zhifa", "zhifa2", "zhifa3")]
    choices = [["ok", "符合"], ["problem", "有问题"]]
    checklist = Checklist.objects.create(
        name="喷涂行业回头看（演示）",
        questions=[
            {
                "name": name,
                "type": "select_one",
                "label": label,
                "hint": "",
                "required": True,
                "choices": choices,
                "relevant": None,
                "constraint": [],
                "constraint_message": "",
            }
            for name, label in _CLAUSES
        ],
        made_by=clerk,
    )
    begin = today - timedelta(days=60)
    drive = COATING.open_row(
        {
            "name": f"{today.year}年喷涂行业回头看（演示）",
            "area_code": city.CITY_CODE,
            "begin": begin,
            "end": today + timedelta(days=30),
            "checklist": checklist,
            "basis": "年度工作计划（演示）",
            "synthetic": True,
        },
        clerk,
        _at(begin),
    )
    campaigns.add_objects(COATING, drive, COATING.objects(), by=clerk)
    drive = campaigns.start(COATING, drive, by=clerk)
    for task in list(drive.tasks.order_by("entity__code"))[: 2 * COATERS // 3]:
        answers = {
            name: "problem" if generator.random() < 0.04 else "ok" for name, _label in _CLAUSES
        }
        at = _at(begin + timedelta(days=generator.randint(1, 58)))
        campaigns.visit(COATING, task, answers, by=generator.choice(officers), at=at)


def _assessment(year: int) -> None:
    """This year's standardised assessment of the key firms, marked and not yet published."""
    officer = person("zhifa")
    row = sheets.begin(
        ASSESSMENT,
        f"{year}年度（演示）",
        city.CITY_CODE,
        date(year, 1, 1),
        date(year, 12, 31),
        by=officer,
    )
    generator = random.Random(f"{city.SEED}-assessment")
    for score in row.scores.all():
        for mark in score.marks.all():
            lost = generator.choices((0, 1, 2), (86, 10, 4))[0] if mark.item != "01" else 0
            mark.marks, mark.reason = Decimal(2 - lost), "现场检查（合成数据）" if lost else ""
            mark.by = officer
            mark.save()
        sheets.add_up(ASSESSMENT, score)


_DUTIES = (
    ("住房和城乡建设局（演示）", "施工工地扬尘", "air", "工地、扬尘"),
    ("住房和城乡建设局（演示）", "城镇污水管网", "water", "管网、雨污"),
    ("农业农村局（演示）", "畜禽养殖污染", "water", "养殖、粪污"),
    ("农业农村局（演示）", "秸秆禁烧", "air", "秸秆"),
    ("城市管理局（演示）", "餐饮油烟", "air", "油烟、餐饮"),
    ("城市管理局（演示）", "生活和建筑垃圾", "waste", "垃圾、渣土"),
    ("交通运输局（演示）", "道路扬尘", "air", "道路、车辆"),
)


def _responsibilities(year: int) -> None:
    """The list of who answers for what, in force this year."""
    clerk = person("diaodu")
    edition = rosters.draft(RESPONSIBILITIES, f"{year}年（演示）", city.CITY_CODE, by=clerk)
    for name, item, category, words in _DUTIES:
        organisation, _made = Organisation.objects.get_or_create(
            name=name, defaults={"kind": "department", "area_code": city.CITY_CODE}
        )
        values = {"edition": edition, "organisation": organisation, "item": item}
        RESPONSIBILITIES.open_row(
            {**values, "category": category, "words": words}, clerk, timezone.now()
        )
    rosters.publish(RESPONSIBILITIES, edition, date(year, 1, 1), by=clerk)
