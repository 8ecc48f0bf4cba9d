"""Rectification and the committee's office, synthetic: a look-back, a sweep, 132 places of the city's list, 44 problems of a
discipline inspection with 114 measures and 18 rules, risks, meetings with their tasks, the positive list."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from demo import city
from demo.work import aware, person, picture, town_person
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.books import campaign as campaigns
from ecoledger.books import roster as rosters
from ecoledger.books.models import Drive
from ecoledger.matters import actions, history
from ecoledger.registers.office.discipline import REGISTER as DISCIPLINE
from ecoledger.registers.office.discipline import (
    DisciplineMeasure,
    DisciplineRule,
    IntegrityRisk,
)
from ecoledger.registers.office.incoming_letters import REGISTER as LETTERS
from ecoledger.registers.office.meetings import MEETINGS, AgendaItem, Committee, Resolution
from ecoledger.registers.office.positive_list import POSITIVE
from ecoledger.registers.problems.city_problems import REGISTER as CITY
from ecoledger.registers.problems.look_back import ROUNDS
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.sweeps import SWEEPS, WatchSite
from ecoledger.web.search.index import together

LISTED, INSPECTED, OPEN_PLACES = 124, 8, 11
FOUND, SUPPLEMENTARY, MEASURES, RULES = 44, 11, 114, 18
_ASPECTS = (
    ("聚焦贯彻落实决策部署", ("责任落实", "督察整改", "污染防治", "服务发展", "规划计划")),
    ("聚焦群众身边腐败问题", ("执法监管", "项目审批", "资金使用", "作风建设")),
    ("聚焦基层党组织建设", ("党建责任", "组织生活", "干部队伍", "制度执行")),
)
_PLACES = (
    "背街小巷垃圾未清",
    "油烟净化器未清洗",
    "河道漂浮物",
    "工地围挡破损扬尘",
    "占道废品堆放",
    "雨水口污水外溢",
)


@together()
def build(now: datetime) -> dict[str, int]:
    """Everything of this module; returns how many of each."""
    generator = random.Random(f"{city.SEED}-rectification")
    towns = {
        code: Organisation.objects.get(kind="town", area_code=code) for code, _name in city.TOWNS
    }
    with transaction.atomic():
        _look_back(towns, now)
        _sweep(towns, now)
        places = _city(generator, towns, now)
    with transaction.atomic():
        problems = _discipline(generator, now)
        _meetings(towns, now)
        _letters(towns, now)
        _positive(now.date())
    return {"创城问题": places, "巡察问题": problems}


def _look_back(towns: dict[str, Any], now: datetime) -> None:
    """A round over the closed problems: twelve drawn, five looked at, one came back."""
    desk, units = person("diaodu"), list(towns.values())[:4]
    values = {"title": f"{now.year}年下半年回头看（演示）", "area_code": city.CITY_CODE, "book": PROBLEMS.key, "count": 12,
              "deadline": now.date() + timedelta(days=25), "synthetic": True}  # fmt: skip
    lines = {"units": [{"organisation": unit.name} for unit in units]}
    round_ = actions.open_matter(ROUNDS, values, by=desk, lines=lines)
    actions.perform(round_.pk, "draw", by=desk, form={})
    for n, check in enumerate(round_.checks.order_by("pk")[:5]):
        # The town's office, not the grid workers of its villages.
        people = Person.objects.filter(organisation=check.owner_organisation)
        who = next(p for p in people if p.has_role(Role.TOWN))
        back = n == 0
        form = {"outcome": "back" if back else "kept", "seen": "又有堆放" if back else "未见反弹"}
        actions.perform(check.pk, "visit", by=who, form=form, files=[picture(check.number)])
        actions.perform(check.pk, "reopen" if back else "keep", by=desk, form={})


def _sweep(towns: dict[str, Any], now: datetime) -> None:
    """From one waste station a sweep over eighteen like it: eleven looked at, three with something to mend."""
    desk, sorts = person("diaodu"), ("transfer", "scrap", "mine")
    for n in range(18):
        code, name = city.TOWNS[n % len(city.TOWNS)]
        lon, lat = city.town_centre(code)
        WatchSite.objects.create(
            code=f"D-{code[:6]}-{n + 1:04d}", name=f"{name}{n + 1}号点位（演示）", sort=sorts[n % 3], keeper="合成经营单位",
            area_code=code, address=f"示例路{n + 300}号", lon=lon + 0.004 * (n % 5 - 2), lat=lat + 0.004 * (n % 4 - 2),
            synthetic=True,
        )  # fmt: skip
    code, name = city.TOWNS[0]
    values = {"title": f"{name}建筑垃圾中转站未覆盖防尘网（演示）", "area_code": code, "origin_kind": "superior",
              "category": "air", "tier": "county", "risk": "normal", "synthetic": True}  # fmt: skip
    problem = actions.open_matter(PROBLEMS, values, by=desk)
    form: dict[str, Any] = {"owner_organisation": towns[code].name, "measures": "覆盖、喷淋、硬化"}
    actions.perform(problem.pk, "hand_over", by=desk, form=form)
    begin, end = now.date() - timedelta(days=12), now.date() + timedelta(days=18)
    form = {
        "words": "建筑垃圾、回收站、废弃矿山",
        "begin": begin.isoformat(),
        "end": end.isoformat(),
    }
    actions.perform(problem.pk, "sweep", by=desk, form=form)
    drive = Drive.objects.get(cause=problem.pk)
    for n, task in enumerate(drive.tasks.order_by("pk")[:11]):
        seen = ["露天堆放未覆盖"] if n % 4 == 0 else []
        campaigns.visit(SWEEPS, task, {}, by=town_person(task.area_code), seen=seen)


def _city(generator: random.Random, towns: dict[str, Any], now: datetime) -> int:
    """124 places of the list and 8 that the inspection found; most are closed."""
    rows = []
    for n in range(LISTED + INSPECTED - OPEN_PLACES):
        code, name = city.TOWNS[n % len(city.TOWNS)]
        opened = aware(now - timedelta(days=generator.randrange(60, 200)))
        rows.append({
            "title": f"{name}{_PLACES[n % len(_PLACES)]}", "list_no": f"CC-{n + 1:03d}", "area_code": code,
            "origin_kind": "list" if n < LISTED - OPEN_PLACES else "inspection", "address": f"示例路{n + 1}号",
            "sort": "环境卫生" if n % 2 else "污染防治", "owner_organisation": towns[code], "result": "已整改到位。",
            "opened_at": opened, "closed_at": opened + timedelta(days=generator.randrange(3, 30)), "synthetic": True,
        })  # fmt: skip
    rows.sort(key=lambda row: row["opened_at"])
    history.enter(CITY, rows, by=person("diaodu"), source="创城问题清单（演示）")
    openings = []
    for n in range(OPEN_PLACES):
        code, name = city.TOWNS[n % len(city.TOWNS)]
        values = {
            "title": f"{name}{_PLACES[n % len(_PLACES)]}", "list_no": f"CC-{200 + n}", "area_code": code,
            "address": f"示例路{200 + n}号", "deadline": now.date() + timedelta(days=10 + n), "synthetic": True,
        }  # fmt: skip
        openings.append(actions.Opening(values=values, at=aware(now - timedelta(hours=20))))
    made = actions.open_many(CITY, openings, by=person("diaodu"))
    for place in made[:7]:
        actions.perform(
            place.pk, "hand_over", by=person("diaodu"),
            form={"owner_organisation": towns[place.area_code].name},
        )  # fmt: skip
    return len(rows) + len(made)


def _discipline(generator: random.Random, now: datetime) -> int:
    """Three aspects, thirteen items, 44 problems, 114 measures, 18 rules; known to two people."""
    items = [(aspect, item) for aspect, names in _ASPECTS for item in names]
    rows = []
    for n in range(FOUND):
        aspect, item = items[n % len(items)]
        closed = n % 4 != 0
        opened = aware(now - timedelta(days=210))
        rows.append({
            "title": f"{item}方面的问题（示例{n + 1}）", "source_no": f"XC-{n + 1:02d}", "aspect": aspect, "item": item,
            "area_code": city.CITY_CODE, "supplementary": n >= FOUND - SUPPLEMENTARY, "section": "办公室",
            "sponsor": "分管领导", "deadline": now.date() + timedelta(days=30), "result": "已制定制度并执行。" if closed else "",
            "opened_at": opened, "ended": closed, "synthetic": True,
            **({"closed_at": opened + timedelta(days=90 + n)} if closed else {}),
        })  # fmt: skip
    made = history.enter(DISCIPLINE, rows, by=None, source="巡察整改台账（演示）")
    DisciplineMeasure.objects.bulk_create(
        DisciplineMeasure(
            problem=made[n % FOUND], text=f"整改措施{n + 1}：明确责任、时限和标准", owner="责任科室",
            due=now.date() + timedelta(days=n % 60),
            done_on=now.date() - timedelta(days=30) if n % 4 else None,
        )
        for n in range(MEASURES)
    )  # fmt: skip
    DisciplineRule.objects.bulk_create(
        DisciplineRule(
            problem=made[n], name=f"示例制度{n + 1}", number=f"安环〔{now.year}〕{n + 20}号",
            issued_on=now.date() - timedelta(days=100 - n),
        )
        for n in range(RULES)
    )  # fmt: skip
    IntegrityRisk.objects.bulk_create(
        IntegrityRisk(
            area_code=city.CITY_CODE, post=post, power=power, risk=risk, level=level, red=level == "high",
            measures="集体研究、双人经办、全程留痕。", owner="科室负责人", reviewed_on=now.date() - timedelta(days=20),
        )
        for post, power, risk, level in (
            ("执法岗", "行政处罚自由裁量", "裁量畸轻畸重、人情案", "high"), ("审批岗", "环评和排污许可审批", "违规审批、吃拿卡要", "high"),
            ("监测岗", "监测数据", "篡改伪造数据", "middle"), ("财务岗", "专项资金", "挪用、截留", "middle"),
            ("采购岗", "项目采购", "围标串标", "high"), ("信访岗", "举报人信息", "泄露举报人信息", "middle"),
        )
    )  # fmt: skip
    return FOUND


def _meetings(towns: dict[str, Any], now: datetime) -> None:
    """Three meetings of the year; what they resolved is with the towns."""
    desk = person("diaodu")
    for name in ("大气污染防治", "水污染防治", "土壤和固体废物污染防治", "自然生态保护"):
        Committee.objects.create(
            area_code=city.CITY_CODE, name=f"{name}专业委员会（演示）", head="市领导", lead="市生态环境局",
            members="发展改革局、工业和信息化局、住房和城乡建设局", since=date(now.year, 1, 20),
        )  # fmt: skip
    for n, (title, sort) in enumerate(
        (
            ("环委会第一次全体会议", "full"),
            ("大气专业委员会会议", "special"),
            ("问题通报和定期协商会", "consultation"),
        )
    ):
        at = aware(now - timedelta(days=200 - n * 80))
        meeting = actions.open_matter(
            MEETINGS,
            {"title": f"{now.year}年{title}（演示）", "sort": sort, "held_at": at, "place": "市政府会议室", "chair": "市领导",
             "area_code": city.CITY_CODE, "minutes_no": f"安环委纪要〔{now.year}〕{n + 1}号", "synthetic": True},
            by=desk, at=at,
        )  # fmt: skip
        AgendaItem.objects.create(meeting_id=meeting.pk, topic="通报上阶段工作", reporter="环委办")
        for k, unit in enumerate(list(towns.values())[n : n + 3]):
            Resolution.objects.create(
                meeting_id=meeting.pk, organisation=unit, text=f"完成示例整改任务{n + 1}-{k + 1}",
                due=now.date() + timedelta(days=15 * (k + 1) - 20 * (2 - n)),
            )  # fmt: skip
        actions.perform(meeting.pk, "hold", by=desk, form={"attending": "成员单位负责人"}, at=at)
        form = {"minutes_no": f"安环委纪要〔{now.year}〕{n + 1}号"}
        actions.perform(meeting.pk, "issue", by=desk, form=form, at=at + timedelta(days=2))


def _letters(towns: dict[str, Any], now: datetime) -> None:
    """Nine letters that came in: what they ask is with the towns, two only to be known."""
    desk, units = person("diaodu"), list(towns.values())
    for n in range(9):
        at = aware(now - timedelta(days=90 - n * 10))
        values = {
            "title": f"关于{('交办扬尘污染问题', '报送整改进展', '加强汛期水环境管理')[n % 3]}的函（演示）", "sort": ("order", "reminder", "notice")[n % 3],
            "sender": ("市环委办", "省生态环境厅", "市人民政府办公室")[n % 3], "letter_no": f"示环委办〔{now.year}〕{n + 3}号",
            "received_on": at.date(), "urgent": n % 4 == 0, "area_code": city.CITY_CODE, "synthetic": True,
            "reply_by": None if n % 3 == 2 else at.date() + timedelta(days=20 if n < 6 else 60),
        }  # fmt: skip
        asked = [
            {
                "text": f"完成来文第{k + 1}项要求",
                "organisation": units[(n + k) % len(units)].name,
                "due": "",
            }
            for k in range(2)
        ]
        lines = {"demands": asked if n % 3 != 2 else []}
        letter = actions.open_matter(LETTERS, values, by=desk, at=at, lines=lines)
        step = "file" if n % 3 == 2 else "hand_out"
        actions.perform(letter.pk, step, by=desk, form={"instruction": "按职责办理"}, at=at)


def _positive(today: date) -> None:
    """An edition of the positive list: who meets the conditions, in force since the year's beginning."""
    desk = person("diaodu")
    edition = rosters.draft(
        POSITIVE, str(today.year), city.CITY_CODE, by=desk, basis="正面清单工作方案（合成）"
    )
    rosters.fill_by_rule(POSITIVE, edition, today, by=desk)
    rosters.publish(POSITIVE, edition, date(today.year, 3, 1), by=desk)
