"""What is entered at the border of what can be: years, divisors, rules of a bureau, places beyond a person's area."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ecoledger.books import account as accounts
from ecoledger.books.models import Holding
from ecoledger.entities.models import Section
from ecoledger.indicators import portrait
from ecoledger.listings import importing, own_files
from ecoledger.listings.parts import Kind
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.register import register_of
from ecoledger.registers.emergency import downstream
from ecoledger.registers.emergency.around_it import SensitivePoint
from ecoledger.registers.emergency.health_maps import (
    PARAMETERS,
    HealthAssessment,
    HealthParameter,
    HealthSample,
)
from ecoledger.registers.emergency.incidents import INCIDENTS
from ecoledger.registers.emergency.plan_filings import FILINGS, PlanFiling
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.waste.hazardous_waste import HAZARDOUS

pytestmark = pytest.mark.django_db
COUNTY, NORTH, SOUTH = "990101", "990101001", "990101002"


@pytest.fixture(autouse=True)
def profile(settings, tmp_path):
    settings.PROFILE = tmp_path


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("days = 90", "days = 99999999", "rule.3.days 应在 0 到 1000 之间"),
        ("days = 90", "days = nan", "days 应在"),
        ('key = "power"\n', "", "缺少 rule.3.key"),
        ("from = 15", 'from = "x"', "level.2.from 的取值类型不对"),
        ("from = 15", "from = nan", "from 应在"),
    ],
)
def test_rules_that_would_stop_the_page_of_portraits_are_refused(bureau, before, after, said):
    rules = own_files.declared()["portrait"]
    assert before in rules.shipped
    with pytest.raises(Refused, match=said):
        own_files.write(rules, rules.shipped.replace(before, after, 1), by=bureau.officer)


@pytest.mark.parametrize("name", sorted(own_files.declared()))
def test_every_shipped_file_is_like_itself(name):
    shipped = tomllib.loads(own_files.declared()[name].shipped)
    assert own_files.unlike(shipped, shipped) == []


def test_days_that_no_calendar_counts_are_no_rule(bureau):
    rules = own_files.declared()["enterprise_services"]
    for days in ("999999999999", "-5", "inf", "nan"):
        with pytest.raises(Refused, match="default 应在 0 到 1000 之间"):
            own_files.write(
                rules, rules.shipped.replace("default = 5", f"default = {days}"), by=bureau.officer
            )
    own_files.write(rules, rules.shipped.replace("default = 5", "default = 7"), by=bureau.officer)


def test_a_number_below_nought_stays_one_where_it_ships_as_one():
    assert own_files.unlike({"points": -7}, {"points": -5}) == []


def test_what_the_database_does_not_keep_is_refused_on_the_page_that_opens_it(bureau, client):
    own = own_files.declared()["enterprise_services"].own
    own.write_text(
        own_files.declared()["enterprise_services"].shipped.replace("days = 3", "days = -50")
    )
    client.force_login(bureau.approver)
    page = client.post("/matters/service_request/new", {
        "title": "咨询", "sort": "consultation", "area_code": NORTH, "description": "咨询", "channel": "phone",
        "visits-count": "0",
    })  # fmt: skip
    assert page.status_code == 200
    assert "有内容无法保存" in page.content.decode()


def test_an_anomaly_before_all_records_is_none(store, bureau, client):
    client.force_login(bureau.leader)
    asked = {
        "point": bureau.air[0].pk,
        "parameter": "a34004",
        "begin": "0001-01-01T00:00",
        "end": "0001-01-01T05:00",
    }
    assert client.get("/air/tracing", asked).status_code == 200


def test_a_number_is_no_answer_to_yes_or_no():
    assert own_files.unlike({"counts": 1}, {"counts": True}) != []
    assert own_files.unlike({"counts": True}, {"counts": 1}) != []
    assert own_files.unlike({"counts": 1.5}, {"counts": 1}) == []


def test_what_is_stored_too_long_is_asked_of_all_firms_at_once(bureau):
    code, today = "900-249-08", timezone.localdate()
    stored = HAZARDOUS.holding(code, bureau.enterprise)
    beyond = HAZARDOUS.outside(code, "产生", COUNTY)
    for days, amount in ((400, 5), (3, 2)):
        accounts.post(
            HAZARDOUS, HAZARDOUS.vouchers[0].key, {stored: Decimal(amount), beyond: Decimal(-amount)},
            on=today - timedelta(days), text="x", voucher_no="1", by=None,
        )  # fmt: skip
    rows = Holding.objects.filter(pk=stored.pk)
    with CaptureQueriesContext(connection) as asked:
        told = accounts.all_held_longer(rows, today, 365)
    assert len(asked) == 1
    assert [old for _row, old in told] == [accounts.held_longer(stored, today, 365)] == [5]
    firms = {bureau.enterprise.pk: bureau.enterprise}
    now = timezone.now()
    assert (
        portrait.SOURCES["waste"](firms, bureau.leader, now, now)[bureau.enterprise.pk].count == 1
    )


def test_nothing_is_divided_by_nought(bureau):
    said = {
        "version": "本地",
        "substance": "",
        "name": "weight_a",
        "unit": "kg",
        "source": "调查",
        "area_code": COUNTY,
    }
    now = timezone.now()
    with pytest.raises(Refused, match="除数"):
        PARAMETERS.open_row({**said, "value": 0.0}, bureau.officer, now)
    row = PARAMETERS.open_row({**said, "value": 60.0}, bureau.officer, now)
    with pytest.raises(Refused, match="除数"):
        PARAMETERS.change_row(row, {"value": 0.0}, bureau.officer, now)
    with pytest.raises(Refused, match="没有参数"):
        PARAMETERS.change_row(row, {"name": "nonsense"}, bureau.officer, now)


def test_years_that_no_standard_judges_are_not_asked(bureau, client):
    client.force_login(bureau.leader)
    for address in (
        f"/water/upstream?section={bureau.section.pk}&seen=0001-01-01T00:00",
        "/water/outlets?month=2000-01",
        "/water/outlets?month=2002-12",
    ):
        assert client.get(address).status_code == 200


def test_a_plan_is_not_filed_or_signed_in_days_to_come(bureau):
    row = actions.open_matter(
        FILINGS, {"title": "预案", "entity": bureau.enterprise, "area_code": NORTH, "sort": "firm", "risk": "L"},
        by=bureau.officer,
    )  # fmt: skip
    later = f"{timezone.localdate() + timedelta(days=1)}"
    PlanFiling.objects.filter(pk=row.pk).update(state="reviewed")
    with pytest.raises(Refused, match="晚于现在"):
        actions.perform(
            row.pk, "sign", by=bureau.officer, form={"signed_on": later, "signed_by": "某"}
        )
    PlanFiling.objects.filter(pk=row.pk).update(state="sent")
    row.papers.update(there=True)
    with pytest.raises(Refused, match="晚于现在"):
        actions.perform(row.pk, "file", by=bureau.officer, form={"filed_on": later})


def test_what_lies_beyond_ones_area_is_reached_and_not_named(bureau, client):
    river = bureau.river
    river.geometry = {"type": "LineString", "coordinates": [[118.5, 24.9], [118.6, 24.9]]}
    river.save()
    SensitivePoint.objects.create(
        code="MG-1", name="南镇水厂取水口", area_code=SOUTH, lon=118.59, lat=24.901, sort="intake"
    )
    Section.objects.create(
        code="S-2", name="南镇内部断面", area_code=SOUTH, river=river, chainage_km=(river.length_km or 10) * 0.8, target_class=3
    )  # fmt: skip
    now = timezone.now()
    case = actions.open_matter(INCIDENTS, {
        "title": "泄漏", "area_code": NORTH, "lon": 118.51, "lat": 24.9, "occurred_at": now, "learned_at": now,
        "cause": "traffic", "medium": "water",
    }, by=bureau.officer)  # fmt: skip
    town = bureau.people["town"]
    town.area_codes = [NORTH]
    town.save()
    texts = {}
    for person in (town, bureau.leader):
        client.force_login(person)
        texts[person] = "".join(
            client.get(reverse(name, args=[case.pk])).content.decode("unicode_escape" if name == "emergency-map" else "utf-8")
            for name in ("emergency-scene", "emergency-map")
        )  # fmt: skip
    assert "南镇水厂取水口" in texts[bureau.leader]
    assert "南镇内部断面" in texts[bureau.leader]
    assert "南镇水厂" not in texts[town]
    assert "南镇内部" not in texts[town]
    assert texts[town].count("辖区外的敏感点") >= 2
    assert "辖区外的断面" in texts[town]


def test_a_place_is_put_on_the_nearest_river_in_reach(bureau):
    river = bureau.river
    river.geometry = {"type": "LineString", "coordinates": [[118.5, 24.9], [118.6, 24.9]]}
    river.length_km = 20
    river.save()
    stop = downstream.on_river([river], 118.55, 24.91)
    assert stop is not None
    assert stop.km == 10
    assert downstream.on_river([river], 118.55, 24.93) is None


def test_a_parameter_that_is_kept_as_nought_is_said_and_stops_no_page(bureau, client):
    case = HealthAssessment.objects.create(
        name="园区评价", area_code=COUNTY, land="first", on=timezone.localdate()
    )
    HealthSample.objects.create(
        assessment=case, area_code=COUNTY, cell="G1", lon=118.5, lat=24.9, medium="soil", substance="镉", value=10
    )  # fmt: skip
    HealthParameter.objects.create(
        version="本地", name="acceptable_risk", value=0, source="旧系统", area_code=COUNTY
    )
    client.force_login(bureau.officer)
    address = f"/emergency/health/{case.pk}"
    said = client.post(f"{address}/calculate", {"version": "本地", "back": address}, follow=True)
    assert "“acceptable_risk”是除数，须大于零" in said.content.decode()
    assert not case.runs.exists()
    assert client.get(address).status_code == 200
    client.post(f"{address}/calculate", {"version": ""})
    assert case.runs.get().cells.count() == 1


def test_the_page_of_an_account_asks_no_more_for_more_holdings(bureau, client):
    client.force_login(bureau.officer)
    asked, today = [], timezone.localdate()
    client.get(f"{HAZARDOUS.url}/holdings")  # what is asked once a process
    for codes in (["900-249-08"], ["900-039-49", "900-041-49", "900-252-12"]):
        for code in codes:
            stored, beyond = (
                HAZARDOUS.holding(code, bureau.enterprise), HAZARDOUS.outside(code, "产生", COUNTY),
            )  # fmt: skip
            accounts.post(
                HAZARDOUS, HAZARDOUS.vouchers[0].key, {stored: Decimal(5), beyond: Decimal(-5)},
                on=today - timedelta(days=400), text="x", voucher_no="1", by=None,
            )  # fmt: skip
        with CaptureQueriesContext(connection) as queries:
            page = client.get(f"{HAZARDOUS.url}/holdings")
        rows = page.context["rows"]
        assert [row["too_long"] for row in rows] == [5] * len(rows)
        asked.append((len(rows), len(queries)))
    (one, before), (four, after) = asked
    assert (one, four) == (1, 4)
    assert after <= before


HAPPENED = [
    ("black_smoke", "caught_at"), ("waste_manifest", "handed_on"), ("penalty_case", "found_on"),
    ("penalty_case", "served_on"), ("penalty_case", "remedy_until"), ("correction_order", "report_on"),
    ("damage_claim", "clue_on"), ("production_order", "completed_on"), ("police_transfer", "accepted_on"),
    ("committee_task", "replied_on"), ("complaint", "opened_at"), ("incident", "learned_at"),
    ("quality_check", "checked_on"), ("outfall_work", "monitored_on"), ("key_project", "on"),
]  # fmt: skip
TO_COME = [
    ("small_pickup", "wished_on"), ("waste_manifest", "expected_on"), ("penalty_case", "remake_by"),
    ("correction_order", "substitute_on"), ("insurance_policy", "ends_on"), ("committee_meeting", "held_at"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "name", "happened"), [(*p, True) for p in HAPPENED] + [(*p, False) for p in TO_COME]
)
def test_what_has_happened_lies_in_no_day_to_come(key, name, happened):
    register, now = register_of(key), timezone.now()
    steps = [ask for t in register.workflow.transitions for ask in register.asks_of(t)]
    asks = [ask for ask in (*register.fields, *steps) if ask.name == name]
    later = now + timedelta(days=30)
    for ask in asks:
        said = {name: later if ask.kind is Kind.DATETIME else timezone.localdate(later)}
        assert bool(register.lying_ahead([ask], said, now)) == happened
        assert not register.lying_ahead([ask], said, later)
    assert asks


@pytest.mark.parametrize("history", [False, True])
@pytest.mark.parametrize(("days", "wrong"), [(400, True), (2, True), (0, False), (-40, False)])
def test_a_table_brings_no_fact_of_a_day_to_come(bureau, days, wrong, history):
    day = timezone.localdate() + timedelta(days=days)
    table = f"案由,当事人,属地,发现线索日期,完成情况\n超标,某厂,北镇,{day},推进中\n"
    batch = importing.preview(CASES, "案件.csv", table.encode(), by=bureau.officer, history=history)
    told = [
        one["message"]
        for row in batch.rows.all()
        for one in row.errors
        if one["column"] == "found_on"
    ]
    assert (len(told), all("晚于现在" in one and "请核对" in one for one in told)) == (
        int(wrong),
        True,
    )


def test_a_table_may_bring_plans(bureau):
    later = timezone.localdate() + timedelta(days=400)
    ends = later + timedelta(days=365)
    table = f"保单号,承保公司,投保企业,属地,保额,保险起始日,到期日期\nH-1,甲,某厂,北镇,200,{later},{ends}\n"
    batch = importing.preview(register_of("insurance_policy"), "保单.csv", table.encode(), by=None)
    assert not any("晚于现在" in one["message"] for row in batch.rows.all() for one in row.errors)


def test_a_clue_of_next_year_begins_no_case_and_puts_none_off(bureau):
    """A mistyped year would move the day by which it is to be filed out of sight."""
    today = timezone.localdate()
    values = {
        "title": "超标",
        "kind": "general",
        "party": "某厂",
        "party_kind": "organisation",
        "area_code": NORTH,
    }
    with pytest.raises(Refused, match="晚于现在") as refused:
        actions.open_matter(
            CASES, {**values, "found_on": today + timedelta(days=400)}, by=bureau.officer
        )
    assert set(refused.value.fields) == {"found_on"}
    case = actions.open_matter(CASES, {**values, "found_on": today}, by=bureau.officer)
    later = {"found_on": today + timedelta(days=400)}
    with pytest.raises(Refused, match="晚于现在"):
        actions.amend(case.pk, later, event="edit", label="修改", by=bureau.leader)


def test_no_task_is_given_out_that_is_late_when_it_is_given(bureau, client):
    client.force_login(bureau.dispatcher)
    today = timezone.localdate()
    sent = {"title": "回头看", "area_code": "990101", "book": "problem", "count": "3", "units-count": "1",
            "units-0-organisation": bureau.people["town"].organisation.pk}  # fmt: skip
    late = client.post(
        "/matters/look_back/new", sent | {"deadline": f"{today - timedelta(days=1)}"}
    )
    assert "期限早于今天" in late.content.decode()
    assert client.post("/matters/look_back/new", sent | {"deadline": f"{today}"}).status_code == 302
