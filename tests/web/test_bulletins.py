"""Bulletins on pages: every figure opens exactly its records, to those who may see them."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from datetime import date, timedelta
from io import BytesIO

import lxml.html
import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone
from docx import Document

from ecoledger.accounts.models import AuditEntry, Person
from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.indicators import doors
from ecoledger.indicators.figures import Figure
from ecoledger.monitoring.models import Alarm, Point
from ecoledger.reports import bulletin, drafting, rendering
from ecoledger.reports.content import DayChart
from ecoledger.reports.declaration import reports
from ecoledger.reports.models import Draft, IssuedDocument

COUNTY, NORTH, SOUTH = "990101", "990101001", "990101002"


@pytest.fixture
def sent_out(people):
    def go(draft):
        drafting.submit(draft, by=draft.author)
        while draft.state in ("review", "sign"):
            who = "leader" if draft.state == "sign" else "dispatcher"
            drafting.approve(draft, by=people[who])
        return drafting.issue(draft, by=people["dispatcher"])

    return go


@pytest.fixture
def month(request, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PROFILE = tmp_path
    (tmp_path / "alarm_steps.toml").write_text("ask_first = false\n", encoding="utf-8")
    (tmp_path / "targets.toml").write_text(
        '[[target]]\nindicator = "good_day_ratio"\nyear = 2026\nvalue = 92.5\n', encoding="utf-8"
    )
    return request.getfixturevalue("october")


def body(response) -> str:
    assert response.status_code == 200, response.status_code
    return html.unescape(response.content.decode())


def recount(figure: Figure, page: str) -> tuple[int, int] | int | None:
    """What the page behind a figure comes to, counted from its rows; ``None`` where nothing is counted."""
    kind, query = figure.records.kind, figure.records.query
    if kind == "air-days":
        shown = re.findall(r'data-aqi="[^"]*">(—|\d+)<', page)
        valid = [int(v) for v in shown if v != "—"]
        if figure.unit == "天":
            return len(valid)
        if figure.numerator is not None:
            return sum(1 for v in valid if v <= 100), len(valid)
    if kind in ("water-sections", "water-months"):
        rows = re.findall(r'<tr data-section="\d+"\s+data-rank="(\d*)"( data-counted)?', page)
        if query["only"] == "months":
            met = Counter(re.findall(r'data-month-met="(\d)"', page))
            return met["1"], met["1"] + met["0"]
        return sum(1 for _, c in rows if c), sum(1 for rank, _ in rows if rank)
    if kind == "alarms":
        return len(re.findall(r"data-alarm=", page))
    if kind == "counted-matters":
        rows = re.findall(r'<tr data-case="\d+"[^>]*>', page)
        counted = sum("data-counted" in row for row in rows)
        return counted if figure.numerator is None else (counted, len(rows))
    if kind == "matters":
        return len(re.findall(r'name="matter" value="\d+"|<tr[^>]*data-href="/matters/', page))
    return None


@pytest.mark.parametrize("made", ["monthly", "daily"])
def test_every_figure_opens_the_records_that_reproduce_it(month, signed_in, made):
    content = (
        bulletin.monthly(COUNTY, 2026, 10)
        if made == "monthly"
        else bulletin.daily(COUNTY, date(2026, 10, 20))
    )
    leader = signed_in("leader")
    pages: dict[str, str] = {}
    counted = 0
    for figure in content.figures():
        address = doors.address(figure.records)
        if address not in pages:
            pages[address] = body(leader.get(address))
        found = recount(figure, pages[address])
        if found is None or figure.value is None:
            continue
        expected = (
            figure.value
            if figure.numerator is None
            else (int(figure.numerator), int(figure.denominator))
        )
        if (
            figure.records.kind in ("air-days",)
            and figure.numerator is None
            and figure.unit != "天"
        ):
            continue
        assert found == expected, (figure.label, address)
        counted += 1
    assert counted >= (20 if made == "monthly" else 10)


def test_a_mean_can_be_formed_again_from_the_days_behind_it(month, signed_in):
    content = bulletin.monthly(COUNTY, 2026, 10)
    figure = next(f for f in content.figures() if f.label == "PM2.5平均浓度")
    page = body(signed_in("leader").get(doors.address(figure.records)))
    values = [float(v) for v in re.findall(r'data-pm2_5="([\d.]+)"', page)]
    assert len(values) == 31
    assert sum(values) / len(values) == pytest.approx(float(figure.value))


def test_the_page_shows_days_of_the_calendar_without_data_too(month, signed_in):
    url = reverse("records", args=["air-days"])
    page = body(
        signed_in("leader").get(
            url, {"point": month["county"].pk, "begin": "2026-09-29", "end": "2026-10-03"}
        )
    )
    assert re.findall(r'data-aqi="[^"]*">(—|\d+)<', page)[:2] == ["—", "—"]
    assert "2天</a> / 4" in page


def test_a_long_table_has_its_months_and_goes_out_as_shown(month, signed_in):
    """Two months of days: a section for each, and the same rows as a file with numbers as numbers."""
    url = reverse("records", args=["air-days"])
    query = {"point": month["county"].pk, "begin": "2026-09-29", "end": "2026-11-01"}
    client = signed_in("leader")
    page = lxml.html.fromstring(body(client.get(url, query)))
    assert page.xpath("//tr[@class='section']/th/@id") == ["month-2026-09", "month-2026-10"]
    assert page.xpath("//nav/a[starts-with(@href, '#month')]/@href") == [
        "#month-2026-09",
        "#month-2026-10",
    ]
    (link,) = page.xpath("//a[contains(@href, 'records/air-days.xlsx')]/@href")
    sheet = openpyxl.load_workbook(BytesIO(client.get(link).content)).active
    rows = list(sheet.iter_rows(min_row=3, max_row=35, values_only=True))
    assert [row[0].date().isoformat() for row in rows][:3] == [
        "2026-09-29",
        "2026-09-30",
        "2026-10-01",
    ]
    shown = page.xpath("//td[@data-aqi]/@data-aqi")
    assert [row[1] for row in rows if row[1]] == [float(one) for one in shown if one]
    assert AuditEntry.objects.filter(action="export_list", details__list="records").exists()


def test_a_short_table_has_no_sections(month, signed_in):
    url = reverse("records", args=["air-days"])
    query = {"point": month["county"].pk, "begin": "2026-10-02", "end": "2026-10-09"}
    assert 'class="section"' not in body(signed_in("leader").get(url, query))


def test_records_outside_ones_scope_go_into_no_file(month, signed_in):
    query = {"point": month["county"].pk, "begin": "2026-10-02", "end": "2026-10-09"}
    assert signed_in("enterprise").get("/records/air-days.xlsx", query).status_code == 404
    assert signed_in("audit_admin").get("/records/air-days.xlsx", query).status_code == 403


def test_the_bulletin_links_its_figures(month, signed_in):
    page = body(signed_in("monitor").get(reverse("bulletin", args=["monthly", "2026-10"])))
    assert '<p class="document-mark">测试县生态环境局</p>' in page
    link = re.search(r'<a class="ref" href="([^"]+)" title="优良天数比例 · 24/30', page)
    assert link
    assert "air-days" in link[1]
    assert "尚未与标准原文核对" in page


def test_every_report_draws_its_charts_from_what_was_locked(month, people, signed_in):
    """The days stand in the page: whoever reads the document sees them, and they do not change when data do."""
    client, drawing = signed_in("leader"), set()
    for report in reports():
        if report.lacks and report.lacks()[0]:
            continue
        draft = drafting.begin_report(report, COUNTY, date(2026, 10, 14), by=people["monitor"])
        locked = rendering.report_of(draft, "")
        charts = [b for s in locked.sections for b in s.blocks if isinstance(b, DayChart)]
        page = lxml.html.fromstring(client.get(reverse("draft", args=[draft.pk])).content)
        drawn = [json.loads(text) for text in page.xpath("//*[@data-chart='']/script/text()")]
        assert len(page.xpath("//*[@data-chart]")) == len(drawn) == len(charts), report.key
        for shown, chart in zip(drawn, charts, strict=True):
            bars = [[f"{d}", v] for d, v in zip(chart.days, chart.index, strict=True)]
            assert shown["series"][0]["points"] == bars
            drawing.add(report.key)
    assert drawing >= {"monthly", "air_week", "air_ten_days", "air_notice"}


def test_targets_show_how_the_gap_comes_about(month, signed_in):
    address = reverse("records", args=["targets"])
    page = body(signed_in("leader").get(address, {"area": COUNTY, "end": "2026-11-01"}))
    assert "92.5%" in page
    assert "-12.5个百分点" in page


# ---- who sees what -------------------------------------------------------------------------------


def test_only_those_who_make_reports_open_bulletins(month, signed_in):
    for role in Role:
        wanted = 200 if role in CAPABILITIES["make_reports"] else 403
        client = signed_in(role.value)
        assert client.get(reverse("bulletins")).status_code == wanted, role
        address = reverse("bulletin", args=["daily", "2026-10-09"])
        assert client.get(address).status_code == wanted, role


def town_monitor() -> Person:
    """Someone who makes reports, of one town only."""
    person = Person(username="zhenjiance", name="镇监测员", roles=["monitor"], area_codes=[NORTH])
    person.set_password("correct horse battery")
    person.save()
    return person


def test_nobody_reads_or_issues_the_bulletin_of_the_city_around_them(month, client):
    client.force_login(town_monitor())
    assert "还没有可出公报的行政区" in body(client.get(reverse("bulletins")))
    address = reverse("bulletin", args=["monthly", "2026-10"])
    assert client.get(address, {"area": COUNTY}).status_code == 403
    issue = reverse("bulletin-issue", args=["monthly", "2026-10"])
    assert client.post(issue, {"area": COUNTY}).status_code == 403
    assert not IssuedDocument.objects.exists()


def test_another_areas_bulletin_does_not_exist_for_the_bureau(month, signed_in):
    Point.objects.create(kind="area", name="别县", area_code="990202")
    address = reverse("bulletin", args=["monthly", "2026-10"])
    assert signed_in("leader").get(address, {"area": "990202"}).status_code == 404


def test_files_go_to_those_in_whose_area_they_were_issued(month, signed_in, client, sent_out):
    monitor = signed_in("monitor")
    monitor.post(reverse("bulletin-issue", args=["monthly", "2026-10"]))
    issued = sent_out(Draft.objects.get())
    address = reverse("document-file", args=[issued.pk, "docx"])
    content = monitor.get(address).content
    assert Document(BytesIO(content)).paragraphs[0].text == "测试县生态环境局"
    assert AuditEntry.objects.filter(action="下载文书").count() == 1
    client.force_login(town_monitor())
    assert client.get(address).status_code == 404
    for role, status in (("enterprise", 404), ("town", 404), ("officer", 404), ("approver", 404)):
        assert signed_in(role).get(address).status_code == status
    assert monitor.get(address.replace("docx", "exe")).status_code == 404


def test_a_town_sees_its_own_stations_sections_and_alarms_behind_a_figure(month, bureau, signed_in):
    town = signed_in("town")
    day = body(
        town.get(reverse("records", args=["air-stations"]), {"area": COUNTY, "day": "2026-10-09"})
    )
    shown = set(re.findall(r'data-point="(\d+)"', day))
    assert shown == {str(p.pk) for p in bureau.air if p.area_code == NORTH}
    assert "测试县" in day  # the city's index is public
    bureau.section.area_code = SOUTH
    bureau.section.save()
    span = {"area": COUNTY, "begin": "2026-10-01", "end": "2026-11-01", "only": "good"}
    assert "data-section" not in body(town.get(reverse("records", args=["water-sections"]), span))
    days = reverse("records", args=["water-days"])
    assert town.get(days, {**span, "section": bureau.section.pk}).status_code == 404
    other = bureau.air[3]
    assert other.area_code == SOUTH
    air = reverse("records", args=["air-days"])
    assert town.get(air, {**span, "point": other.pk}).status_code == 404
    alarms = reverse("records", args=["alarms"])
    assert body(town.get(alarms, {**span, "state": "loud"})).count("data-alarm=") == 4
    type(month["true"]).objects.update(area_code=SOUTH, owner=None, owner_organisation=None)
    Alarm.objects.update(area_code=SOUTH)
    assert "data-alarm=" not in body(town.get(alarms, {**span, "state": "loud"}))
    cases = reverse("records", args=["counted-matters"])
    asked = {**span, "indicator": "alarm_case.confirmed_ratio"}
    assert "data-case=" not in body(town.get(cases, asked))


def test_an_enterprise_sees_none_of_the_areas_records(month, bureau, signed_in):
    firm = signed_in("enterprise")
    span = {"area": COUNTY, "begin": "2026-10-01", "end": "2026-11-01", "only": "good"}
    for kind, mark in (("water-sections", "data-section"), ("water-months", "data-section"),
                       ("counted-matters", "data-case")):  # fmt: skip
        asked = {**span, "indicator": "alarm_case.confirmed_ratio"}
        assert mark not in body(firm.get(reverse("records", args=[kind]), asked))
    stations = body(
        firm.get(reverse("records", args=["air-stations"]), {"area": COUNTY, "day": "2026-10-09"})
    )
    assert "data-point" not in stations
    assert "测试县" not in stations.split("print-head")[1].split("</div>", 3)[3]
    targets = reverse("records", args=["targets"])
    assert firm.get(targets, {"area": COUNTY, "end": "2026-11-01"}).status_code == 404
    days = reverse("records", args=["air-days"])
    for point in (*bureau.air, month["county"]):
        assert firm.get(days, {**span, "point": point.pk}).status_code == 404


# ---- issuing -------------------------------------------------------------------------------------


def test_a_bulletin_is_drafted_by_one_and_issued_by_another(month, signed_in):
    monitor, dispatcher = signed_in("monitor"), signed_in("dispatcher")
    drafted = monitor.post(reverse("bulletin-issue", args=["daily", "2026-10-09"]), follow=True)
    assert "数字已锁定，截至" in body(drafted)
    draft = Draft.objects.get()
    monitor.post(reverse("draft-step", args=[draft.pk, "submit"]))
    issue = reverse("draft-step", args=[draft.pk, "issue"])
    assert "拟稿人不能" in body(monitor.post(issue, follow=True))
    assert not IssuedDocument.objects.exists()
    done = body(dispatcher.post(issue, follow=True))
    assert "已印发，文号2026年第282期" in done
    issued = IssuedDocument.objects.get()
    assert (issued.kind, issued.area_code, issued.author.username, issued.issued_by.username) == (
        "daily",
        COUNTY,
        "monitor",
        "dispatcher",
    )
    again = body(monitor.get(reverse("bulletin", args=["daily", "2026-10-09"])))
    assert "再次印发不会覆盖" in again
    assert "环境质量日报（2026年10月9日）" in body(monitor.get(reverse("documents")))


def test_a_period_that_is_not_over_is_shown_but_not_issued(month, signed_in):
    today = timezone.localdate()
    monitor = signed_in("monitor")
    address = reverse("bulletin", args=["daily", today.isoformat()])
    page = body(monitor.get(address))
    assert "该期间尚未结束" in page
    assert "拟稿（锁定数字）" not in page
    refused = monitor.post(
        reverse("bulletin-issue", args=["daily", today.isoformat()]), follow=True
    )
    assert "不能印发" in body(refused)
    assert not IssuedDocument.objects.exists()


def test_it_is_issued_by_posting_only(month, signed_in):
    address = reverse("bulletin-issue", args=["daily", "2026-10-09"])
    answer = signed_in("monitor").get(address)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    # Whoever reloads it reads why.
    assert "不能直接打开或刷新" in answer.content.decode()


def test_periods_that_cannot_be_are_refused(month, signed_in):
    monitor = signed_in("monitor")
    later = (timezone.localdate() + timedelta(days=3)).isoformat()
    for kind, period in (
        ("daily", "2026-13-01"),
        ("monthly", "2026-10-09"),
        ("weekly", "2026-10"),
        ("daily", "2009-01-01"),
        ("daily", later),
    ):
        address = reverse("bulletin", args=[kind, period])
        assert monitor.get(address).status_code == 404, address


def test_addresses_written_by_hand_that_make_no_sense_do_not_exist(bureau, store, signed_in):
    leader = signed_in("leader")
    for kind in ("air-days", "air-stations", "water-sections", "water-months", "alarms", "nothing"):
        for query in (
            "",
            "?area=990101",
            "?area=990101&begin=2026-11-01&end=2026-10-01",
            "?area=x&begin=2026-10-01",
            "?area=990101&begin=1000-01-01&end=2026-10-01",
            "?area=990101&begin=2026-10-01&end=9999-12-31",
        ):
            address = reverse("records", args=[kind]) + query
            assert leader.get(address).status_code == 404, address


def test_the_choice_leads_to_the_bulletin(month, signed_in):
    went = signed_in("monitor").get(
        reverse("bulletin-choose"), {"kind": "monthly", "month": "2026-10"}
    )
    assert went.url == f"{reverse('bulletin', args=['monthly', '2026-10'])}?area={COUNTY}"


def test_the_document_stays_chinese_on_an_english_page(month, signed_in):
    monitor = signed_in("monitor")
    monitor.cookies["django_language"] = "en"
    page = body(monitor.get(reverse("bulletin", args=["monthly", "2026-10"])))
    assert "余下61天最多还可有0个污染天" in page
    assert "Draft (lock figures)" in page
