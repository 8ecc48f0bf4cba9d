"""The year's plan of the demonstration city: a target book, tasks by section, short boards, articles, activities.

All synthetic; quantities as a county bureau has them.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from demo import city
from demo.work import aware, person, town_person
from ecoledger.accounts.models import Organisation
from ecoledger.entities.models import Charge, Station
from ecoledger.indicators import plans, warning_rules
from ecoledger.matters import actions, history
from ecoledger.registers.plan.short_boards import REGISTER as SHORT_BOARDS
from ecoledger.registers.plan.target_book import PlanTarget
from ecoledger.registers.plan.target_grades import TargetGrade
from ecoledger.registers.plan.work_tasks import REGISTER as TASKS
from ecoledger.registers.publicity.activities import Activity
from ecoledger.registers.publicity.articles import Article

SECTIONS = ("大气科", "水科", "土壤科", "固管中心", "审批科", "执法大队", "监测站", "办公室")
# Number, field, name, kind, marks, comparison, target, unit, indicator, reported.
_TARGETS = (
    ("1", "大气", "优良天数比例", "binding", 12, ">=", "66", "%", "good_day_ratio", None),
    ("2", "大气", "PM2.5年均浓度", "binding", 12, "<=", "60", "µg/m³", "pm2_5_mean", None),
    ("3", "大气", "重污染天数", "binding", 6, "<=", "2", "天", "heavy_days", None),
    ("4", "水", "优良断面比例", "binding", 12, ">=", "80", "%", "water_good_ratio", None),
    ("5", "水", "劣Ⅴ类断面比例", "binding", 8, "<=", "0", "%", "water_inferior_ratio", None),
    ("6", "水", "生活污水集中收集率", "expected", 8, ">=", "62", "%", "", "58.32"),
    ("7", "土壤", "受污染耕地安全利用率", "binding", 8, ">=", "93", "%", "field_year.safe_ratio", None),
    ("8", "工程", "治理工程完成率", "expected", 10, ">=", "95", "%", "project.done_ratio", None),
    ("9", "水", "新建污水管网", "expected", 6, ">=", "12.5", "公里", "", "9.8"),
    ("10", "农村", "农村生活污水治理率", "expected", 8, ">=", "40", "%", "", "38.7"),
    ("11", "公众", "公众生态环境满意度", "leading", 5, ">=", "90", "%", "", None),
    ("12", "碳", "单位GDP二氧化碳排放降低", "reference", 5, ">=", "3.5", "%", "", None),
)  # fmt: skip
# Number, field, name, comparison, unit, and of each of four years the step and what it came to.
_STEPS = (
    ("1", "水", "生活污水集中收集率", ">=", "%", ((52, 52.3), (57, 56.1), (62, 58.32), (70, None))),
    ("2", "农村", "农村生活污水治理率", ">=", "%", ((30, 31.4), (35, 36.0), (40, 38.7), (45, None))),
    ("3", "碳", "单位GDP二氧化碳排放累计降低", ">=", "%", ((6, 6.4), (10, 10.1), (14, None), (18, None))),
)  # fmt: skip
_TASKS = (
    "完成{n}个挥发性有机物治理项目", "更新应急减排清单", "开展扬尘专项检查", "完成{n}个入河排污口溯源",
    "整治城区晴天出水排口", "新建污水管网", "更新土壤重点监管单位名录", "完成{n}个地块调查", "开展危废规范化评估",
    "推广小微危废收集", "优化环评审批流程", "完成登记表备案核查", "开展双随机检查", "组织“清水蓝天”行动",
    "完善水质自动站运维", "开展监测数据质量核查", "组织六五环境日活动", "编制年度工作总结",
)  # fmt: skip
_PLAN = """安澜市生态环境局{year}年工作计划（演示）
一、主要目标
PM2.5年均浓度控制在60微克/立方米以下,空气质量优良天数比率不低于66%;地表水优良断面比例达到80%以上;受污染耕地安全利用率不低于93%。
二、重点任务
(一)深入打好蓝天保卫战。一是完成110个VOCs治理项目,其中源头替代项目15个以上。二是10月底前完成46台生物质锅炉综合整治。
(二)深入打好碧水保卫战。一是新建污水管网12.5公里,新建“污水处理提质增效达标区”7个。二是9月底前完成淮河流域排口监测、溯源任务,12月底前完成30%整治任务。
(三)加强宣传引导。全年召开新闻发布会、新闻通气会等12次。
"""


def build(now: datetime) -> dict[str, int]:
    """Everything of this module; returns how many of each."""
    generator = random.Random(f"{city.SEED}-plan")
    year = now.year
    counts = {
        "目标": _targets(year),
        "重点任务": _tasks(generator, now),
        "短板指标": _short_boards(now),
        "稿件": _articles(generator, now),
        "活动": _activities(generator, now),
        "点位长": _chiefs(year),
    }
    plans.take_in(
        f"{year}年工作计划（演示）",
        _PLAN.format(year=year),
        city.CITY_CODE,
        year,
        by=person("juzhang"),
    )
    return counts


def propose(now: datetime) -> int:
    """What the rules of warnings propose, once the year has been computed: days ago, so that summaries speak of it."""
    at = aware(now) - timedelta(days=5)
    return len(warning_rules.propose(city.CITY_CODE, now.date(), at=at))


def _targets(year: int) -> int:
    bureau = Organisation.objects.filter(kind="bureau").order_by("pk").first()
    PlanTarget.objects.bulk_create(
        PlanTarget(
            book=f"{year}年党政领导生态环保目标责任书（演示）", year=year, area_code=city.CITY_CODE, number=number,
            group=field, name=name, kind=kind, weight=Decimal(marks), comparator=comparator,
            target=Decimal(target), unit=unit, indicator=indicator,
            reported=Decimal(reported) if reported else None, lead=bureau, synthetic=True,
        )
        for number, field, name, kind, marks, comparator, target, unit, indicator, reported in _TARGETS
    )  # fmt: skip
    PlanTarget.objects.bulk_create(
        PlanTarget(
            book=f"{year - 2}—{year + 1}年生态环境分年指标（演示）", year=each, area_code=city.CITY_CODE, number=number, group=field, name=name,
            kind="expected", comparator=comparator, target=Decimal(str(level)), unit=unit,
            reported=Decimal(str(came_to)) if came_to is not None else None, lead=bureau, synthetic=True,
        )
        for number, field, name, comparator, unit, steps in _STEPS
        for each, (level, came_to) in zip(range(year - 2, year + 2), steps, strict=True)
    )  # fmt: skip
    TargetGrade.objects.create(
        book=f"{year}年党政领导生态环保目标责任书（演示）", year=year, area_code=city.CITY_CODE, grade="良好",
        marks=Decimal("91.5"), full=100, issuer="上级生态环境委员会办公室（演示）", paper=f"环委办〔{year}〕4号",
        on=date(year, 4, 20), lost="污水集中收集率未达序时进度，扣1.5分", synthetic=True,
    )  # fmt: skip
    return len(_TARGETS) + 4 * len(_STEPS)


def _chiefs(year: int) -> int:
    """Each air station's point chiefs: one of the county, one of its town."""
    rows: list[Charge] = []
    for station in Station.objects.filter(medium="air").exclude(level="micro").order_by("code"):
        chiefs = {"county": person("diaodu"), "town": town_person(station.area_code)}
        rows += [
            Charge(
                entity=station, role="point_chief", level=level, person=who, since=date(year, 1, 1)
            )
            for level, who in chiefs.items()
        ]
    Charge.objects.bulk_create(rows)
    return len(rows)


def _tasks(generator: random.Random, now: datetime) -> int:
    begin = timezone.make_aware(datetime(now.year, 1, 10))
    rows = []
    for number, text in enumerate(_TASKS * 4, 1):
        opened = begin + timedelta(days=generator.randrange(60))
        closed = opened + timedelta(days=generator.randrange(40, 300))
        row = {
            "year": now.year,
            "title": f"{text.format(n=generator.randrange(5, 120))}（第{(number - 1) // len(_TASKS) + 1}批）",
            "source": generator.choice(("plan", "plan", "plan", "meeting", "leader")),
            "section": SECTIONS[number % len(SECTIONS)],
            "area_code": city.CITY_CODE,
            "finish_by": (closed + timedelta(days=generator.randrange(-20, 40))).date(),
            "opened_at": opened,
            "synthetic": True,
        }
        if closed < now:
            row["closed_at"] = closed
        rows.append(row)
    done = [r for r in rows if "closed_at" in r]
    history.enter(TASKS, done, by=None, source="年度工作计划（演示）", at=now)
    for row in rows:
        if "closed_at" not in row:
            values = {k: v for k, v in row.items() if k != "synthetic"}
            values["finish_by"] = max(values["finish_by"], now.date() - timedelta(days=12))
            actions.open_matter(TASKS, values | {"synthetic": True}, by=None, at=row["opened_at"])
    return len(rows)


def _short_boards(now: datetime) -> int:
    """What failed in the year before, listed when its grade had come."""
    year = now.year
    listed = min(timezone.make_aware(datetime(year, 4, 22, 9)), now - timedelta(days=1))
    names = (
        "水环境质量",
        "单位地区生产总值能耗",
        "农村生活污水治理率",
        "三大粮食作物化肥农药利用率",
    )
    for name in names:
        actions.open_matter(
            SHORT_BOARDS,
            {
                "year": year, "title": name, "area_code": city.CITY_CODE, "target_value": "达到创建要求",
                "finish_by": date(year, 12, 31), "synthetic": True,
            },
            by=None, at=listed,
        )  # fmt: skip
    return len(names)


def _articles(generator: random.Random, now: datetime) -> int:
    levels = [("national", "某国家级报")] * 4 + [("provincial", "某省报")] * 23
    levels += [("city", "某市日报")] * 84 + [("", "某平台")] * 5
    levels += [("own", "公众号")] * 180 + [("site", "政务网")] * 150
    first, days = date(now.year, 1, 4), max((now.date() - date(now.year, 1, 4)).days, 1)
    Article.objects.bulk_create(
        Article(
            on=first + timedelta(days=generator.randrange(days)), title=f"生态环境工作报道{n}（演示）",
            outlet=outlet, level=level,
            readers=generator.randrange(200, 9000) if level == "own" else None,
            reposts=generator.randrange(0, 60) if level == "own" else None, section=generator.choice(SECTIONS), area_code=city.CITY_CODE, synthetic=True,
        )
        for n, (level, outlet) in enumerate(levels, 1)
    )  # fmt: skip
    return len(levels)


def _activities(generator: random.Random, now: datetime) -> int:
    kinds = (
        ["community"] * 9
        + ["open_day"] * 10
        + ["training"] * 2
        + ["press"] * 11
        + ["volunteer"] * 6
    )
    first, days = date(now.year, 2, 1), max((now.date() - date(now.year, 2, 1)).days, 1)
    labels = dict(Activity.Kind.choices)
    Activity.objects.bulk_create(
        Activity(
            on=first + timedelta(days=generator.randrange(days)), name=f"{labels[kind]}第{n}场（演示）", kind=kind,
            people=generator.randrange(20, 300), place="演示社区", area_code=city.CITY_CODE, synthetic=True,
        )
        for n, kind in enumerate(kinds, 1)
    )  # fmt: skip
    return len(kinds)
