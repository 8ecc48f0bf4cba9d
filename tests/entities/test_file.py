"""The file of an entity: facts, health by reasons and one timeline, from whatever room knows it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone

from ecoledger.entities import charges, file, succession
from ecoledger.entities.file import Mark
from ecoledger.entities.models import Charge
from ecoledger.matters import actions
from ecoledger.matters.models import Matter
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.registers.problems.problem_ledger import REGISTER


def alarm_at(bureau, begin: datetime, state: str) -> Alarm:
    rule, _new = AlarmRule.objects.get_or_create(
        code="x", defaults={"name": "超标", "detector": "exceedance", "kind": "flue_gas"}
    )
    return Alarm.objects.create(
        rule=rule, point=bureau.flue_gas, parameter="a21026", area_code="990101001",
        owner_code="E-1", level="blue", state=state, begin=begin, last=begin, text="SO2超标",
    )  # fmt: skip


def test_facts_name_the_kind_the_place_and_who_answers(bureau):
    charges.appoint(
        bureau.monitor, Charge(entity=bureau.river, role="river_chief", name="林某", phone="138")
    )
    facts = {fact.label: fact.value for fact in file.facts_of(bureau.section, bureau.monitor)}
    assert (facts["类别"], facts["对象编码"], facts["河长"]) == ("断面", "S-1", "林某 138")
    assert "地址" not in facts


def test_health_gives_reasons_the_worst_first(bureau):
    firm, officer = bureau.enterprise, bureau.people["officer"]
    items = file.health_of(firm, officer)
    assert {(item.item, item.mark) for item in items} == {
        ("预警", Mark.GOOD), ("许可限值", Mark.GOOD), ("事项", Mark.GOOD),
    }  # fmt: skip
    assert file.word_of(items) == "良好"
    ended = alarm_at(bureau, timezone.now() - timedelta(days=20), "ended")
    items = file.health_of(firm, officer)
    assert (items[0].item, items[0].mark, items[0].url) == (
        "预警", Mark.WATCH, f"/alarms/{ended.pk}",
    )  # fmt: skip
    assert file.word_of(items) == "需关注"
    alarm_at(bureau, timezone.now(), "open")
    assert file.word_of(file.health_of(firm, officer)) == "需处置"
    assert all(item.rule for item in items)


def test_work_that_is_overdue_is_a_reason(bureau):
    values = {"title": "废气问题", "area_code": "990101001", "entity": bureau.enterprise,
              "origin_kind": "self"}  # fmt: skip
    officer = bureau.people["officer"]
    problem = actions.open_matter(REGISTER, values, by=officer)
    items = {item.item: item for item in file.health_of(bureau.enterprise, officer)}
    assert (items["事项"].mark, items["事项"].fact) == (Mark.WATCH, "在办1件，没有超期")
    Matter.objects.filter(pk=problem.pk).update(due=timezone.now() - timedelta(days=1))
    items = {item.item: item for item in file.health_of(bureau.enterprise, officer)}
    assert items["事项"].mark == Mark.BAD
    assert problem.number in items["事项"].fact


def test_no_data_is_not_good(bureau):
    items = {item.item: item for item in file.health_of(bureau.river, bureau.monitor)}
    assert items["在线监测"].mark == Mark.UNKNOWN
    assert file.word_of([items["在线监测"]]) == file.word_of([]) == "不能判断"


def test_one_timeline_of_every_room(bureau):
    firm, officer = bureau.enterprise, bureau.people["officer"]
    succession.rename(bureau.monitor, firm, "新名", date(2026, 7, 1), note="换照")
    alarm_at(bureau, timezone.now() - timedelta(days=20), "ended")
    values = {"title": "废气问题", "area_code": "990101001", "entity": firm, "origin_kind": "self"}
    actions.open_matter(REGISTER, values, by=officer)
    rows = file.timeline_of(firm, officer)
    assert [row.at for row in rows] == sorted((row.at for row in rows), reverse=True)
    assert {"更名", "变更登记", "预警", "问题一本账", "建档"} <= {row.kind for row in rows}
    assert next(row.text for row in rows if row.kind == "更名") == "测试化工厂 → 新名"


def test_what_a_person_may_not_see_is_not_told(bureau):
    alarm_at(bureau, timezone.now(), "open")
    stranger = bureau.people["system_admin"]
    assert {row.kind for row in file.timeline_of(bureau.enterprise, stranger)} == {"建档"}
    other = bureau.people["town"]
    other.area_codes = ["990101002"]
    assert "预警" not in {row.kind for row in file.timeline_of(bureau.enterprise, other)}
