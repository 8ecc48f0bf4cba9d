"""The file of an entity: facts, health by reasons and one timeline, from whatever room knows it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone

from ecoledger.books.models import Obligation
from ecoledger.entities import charges, file, succession
from ecoledger.entities.file import File, Mark
from ecoledger.entities.models import Charge, Identifier
from ecoledger.matters import actions
from ecoledger.matters.models import Matter
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.registers.complaints.register import REGISTER as COMPLAINTS
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
    facts = {fact.label: fact.value for fact in File.of(bureau.section, bureau.monitor).facts()}
    assert (facts["类别"], facts["对象编码"], facts["河长"]) == ("断面", "S-1", "林某 138")
    assert "地址" not in facts


def test_health_gives_reasons_the_worst_first(bureau):
    firm, officer = bureau.enterprise, bureau.people["officer"]
    items = File.of(firm, officer).health()
    marks = {item.item: item.mark for item in items}
    good = (
        "预警",
        "许可限值",
        "问题",
        "行政处罚",
        "信访投诉",
        "责令改正",
        "限产停产",
        "五规范检查",
    )
    assert {name for name, mark in marks.items() if mark == Mark.GOOD} == set(good)
    assert marks["排污许可"] == Mark.UNKNOWN  # a key polluter without a permit on record
    alarm_at(bureau, timezone.now() - timedelta(days=20), "ended")
    items = File.of(firm, officer).health()
    assert (items[0].item, items[0].mark, items[0].url) == (
        "预警", Mark.WATCH, f"/alarms?about={firm.pk}&state=ended",
    )  # fmt: skip
    assert file.word_of(items) == "需关注"
    alarm_at(bureau, timezone.now(), "open")
    items = File.of(firm, officer).health()
    assert file.word_of(items) == "需处置"
    assert items[0].url == f"/alarms?about={firm.pk}&state=open"
    assert all(item.rule for item in items)


def test_a_permit_is_judged_by_its_end(bureau):
    firm, officer = bureau.enterprise, bureau.people["officer"]
    today = timezone.localdate()

    def permit() -> tuple[Mark, str]:
        (item,) = (i for i in File.of(firm, officer).health() if i.item == "排污许可")
        return item.mark, item.fact

    firm.permit_no = "91990101MA00000001001P"
    firm.save()
    assert permit() == (Mark.UNKNOWN, "91990101MA00000001001P，没有登记有效期")
    number = Identifier.objects.create(
        entity=firm,
        scheme="排污许可证编号",
        value=firm.permit_no,
        until=today + timedelta(days=400),
    )
    assert permit()[0] == Mark.GOOD
    for left, mark in ((60, Mark.WATCH), (0, Mark.WATCH), (-1, Mark.BAD)):
        number.until = today + timedelta(days=left)
        number.save()
        assert permit()[0] == mark


def test_penalties_and_complaints_stay_a_reason_for_their_days(bureau):
    """What is over is still watched for a year or a season, then no longer."""
    firm, officer = bureau.enterprise, bureau.people["officer"]
    values = {"title": "夜间异味", "area_code": firm.area_code, "entity": firm}
    complaint = actions.open_matter(COMPLAINTS, values, by=None)
    rows = Matter.objects.filter(pk=complaint.pk)

    def said() -> tuple[Mark, str, str]:
        (item,) = (i for i in File.of(firm, officer).health() if i.item == "信访投诉")
        return item.mark, item.fact, item.url

    about = f"/matters/complaint?about={firm.pk}"
    rows.update(due=None)
    assert said() == (Mark.WATCH, "在办1件，没有超期", f"{about}&open=1")
    rows.update(phase="closed", closed_at=timezone.now())
    assert said() == (Mark.WATCH, "90日内1件，均已办结", about)
    rows.update(opened_at=timezone.now() - timedelta(days=91))
    assert said()[:2] == (Mark.GOOD, "90日内没有")


def test_a_duty_that_was_not_done_is_a_reason(bureau):
    station, monitor = bureau.air[0].entity, bureau.monitor
    today = timezone.localdate()
    row = Obligation.objects.create(
        book="station_weekly", entity=station, area_code=station.area_code,
        begin=today - timedelta(days=9), end=today - timedelta(days=3), due=today - timedelta(days=1),
    )  # fmt: skip

    def said() -> tuple[Mark, str]:
        (item,) = (i for i in File.of(station, monitor).health() if i.item == "站点长周查")
        assert item.url == f"/b/station_weekly?about={station.pk}"
        return item.mark, item.fact

    assert said() == (Mark.BAD, "到期没有履行1期")
    row.due = today + timedelta(days=3)
    row.save()
    assert said() == (Mark.WATCH, "15日内到期1期")
    row.state = Obligation.State.DONE
    row.save()
    assert said() == (Mark.GOOD, "按期履行")


def test_work_that_is_overdue_is_a_reason(bureau):
    values = {"title": "废气问题", "area_code": "990101001", "entity": bureau.enterprise,
              "origin_kind": "self"}  # fmt: skip
    officer = bureau.people["officer"]
    problem = actions.open_matter(REGISTER, values, by=officer)
    items = {item.item: item for item in File.of(bureau.enterprise, officer).health()}
    assert (items["问题"].mark, items["问题"].fact) == (Mark.WATCH, "在办1件，没有超期")
    Matter.objects.filter(pk=problem.pk).update(due=timezone.now() - timedelta(days=1))
    items = {item.item: item for item in File.of(bureau.enterprise, officer).health()}
    assert (items["问题"].mark, items["问题"].fact) == (Mark.BAD, "超期1件")
    assert items["问题"].url == f"/matters/problem?about={bureau.enterprise.pk}&overdue=1"


def test_no_data_is_not_good(bureau):
    items = {item.item: item for item in File.of(bureau.river, bureau.monitor).health()}
    assert items["在线监测"].mark == Mark.UNKNOWN
    assert file.word_of([items["在线监测"]]) == file.word_of([]) == "不能判断"


def test_one_timeline_of_every_room(bureau):
    firm, officer = bureau.enterprise, bureau.people["officer"]
    succession.rename(bureau.monitor, firm, "新名", date(2026, 7, 1), note="换照")
    alarm_at(bureau, timezone.now() - timedelta(days=20), "ended")
    values = {"title": "废气问题", "area_code": "990101001", "entity": firm, "origin_kind": "self"}
    actions.open_matter(REGISTER, values, by=officer)
    rows = File.of(firm, officer).timeline()
    assert [row.at for row in rows] == sorted((row.at for row in rows), reverse=True)
    assert {"更名", "变更登记", "蓝色预警", "问题一本账", "建档"} <= {row.kind for row in rows}
    assert next(row.text for row in rows if row.kind == "更名") == "测试化工厂 → 新名"


def test_what_a_person_may_not_see_is_not_told(bureau):
    alarm_at(bureau, timezone.now(), "open")
    stranger = bureau.people["system_admin"]
    assert {row.kind for row in File.of(bureau.enterprise, stranger).timeline()} == {"建档"}
    other = bureau.people["town"]
    other.area_codes = ["990101002"]
    assert "蓝色预警" not in {row.kind for row in File.of(bureau.enterprise, other).timeline()}
