"""The file of a thing (一企一档): health by reasons, tabs and one timeline; every figure leads to its rows."""

from __future__ import annotations

import re

import lxml.html
import pytest
from django.test import Client

from ecoledger.books.models import LogEntry
from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions
from ecoledger.registers.complaints.register import REGISTER as COMPLAINTS
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS


def page_of(client: Client, path: str):
    answer = client.get(path, follow=True)
    assert answer.status_code == 200, path
    return lxml.html.fromstring(answer.content)


def words(node) -> str:
    return " ".join(node.text_content().split())


def open_problem(county, title: str, *, by: str = "officer"):
    firm = county.bureau.enterprise
    values = {"title": title, "area_code": firm.area_code, "entity": firm, "origin_kind": "self"}
    return actions.open_matter(PROBLEMS, values, by=county.person(by))


@pytest.mark.parametrize("path", ["/enterprises/{}", "/entities/{}"])
def test_a_firm_shows_its_health_by_reasons_each_with_its_rows(county, signed_in, path):
    firm = county.bureau.enterprise
    problem = open_problem(county, "喷涂车间未密闭")
    client = signed_in("leader")
    page = page_of(client, path.format(firm.pk))
    (health,) = page.xpath("//*[@id='health']")
    assert words(health).startswith("环保体检 需处置")  # a warning is under way
    reasons = {words(b): b.getparent() for b in health.xpath(".//li//b[not(ancestor::details)]")}
    assert {"数据", "预警", "问题", "行政处罚", "信访投诉", "许可限值"} <= set(reasons)
    assert words(reasons["问题"]) == "问题 在办1件，没有超期"
    (to_problems,) = reasons["问题"].xpath(".//a/@href")
    rows = page_of(client, to_problems)
    assert problem.title in words(rows)
    assert firm.name in words(rows.xpath("//*[contains(@class, 'pick on')]")[0])
    (to_alarms,) = reasons["预警"].xpath(".//a/@href")
    shown = page_of(client, to_alarms)
    assert len(shown.xpath("//*[@id='rows']//tbody/tr")) == int(
        re.search(r"持续中(\d+)条", words(reasons["预警"]))[1]
    )


def test_all_in_hand_of_a_thing_is_one_list_whatever_the_tab(county, signed_in):
    firm = county.bureau.enterprise
    problem = open_problem(county, "喷涂车间未密闭")
    values = {
        "title": "夜间异味",
        "area_code": firm.area_code,
        "entity": firm,
    }
    complaint = actions.open_matter(COMPLAINTS, values, by=county.person("dispatcher"))
    other = actions.open_matter(
        PROBLEMS,
        {"title": "与它无关", "area_code": firm.area_code, "origin_kind": "self"},
        by=county.person("officer"),
    )
    client = signed_in("leader")
    page = page_of(client, f"/enterprises/{firm.pk}")
    (way,) = page.xpath("//a[contains(@href, 'in-hand')]/@href")
    rows = words(page_of(client, way))
    assert problem.title in rows
    assert complaint.title in rows
    assert other.title not in rows
    assert firm.name in rows
    assert problem.title not in words(page_of(client, "/my-work/in-hand?about=99999999"))


def test_each_tab_says_how_much_is_under_it_and_leads_there(county, signed_in):
    firm = county.bureau.enterprise
    for n in range(3):
        open_problem(county, f"第{n}个问题")
    client = signed_in("leader")
    page = page_of(client, f"/enterprises/{firm.pk}")
    tabs = {
        words(a).split(" ")[0].rstrip("0123456789"): a for a in page.xpath("//nav[@class='tabs']/a")
    }
    assert words(tabs["概览"]) == "概览"
    work = page_of(client, f"/enterprises/{firm.pk}" + tabs["事项"].get("href"))
    shelves = {
        words(li.xpath(".//a")[0]): (int(words(li.xpath("./span")[-1])), li.xpath(".//a/@href")[0])
        for li in work.xpath("//*[@id='shelves']//li")
    }
    assert shelves["问题一本账"][0] == 3
    assert sum(count for count, _url in shelves.values()) == int(
        words(tabs["事项"]).split("事项")[1]
    )
    listed = page_of(client, shelves["问题一本账"][1])
    assert len(listed.xpath("//table//tbody/tr")) == 3
    told = [words(li) for li in work.xpath("//*[@id='timeline']//li[@class='e']")]
    assert sum("问题一本账" in line for line in told) == 3
    assert not any("建档" in line for line in told)  # that is no matter


def test_one_timeline_holds_every_book(county, signed_in):
    station = county.bureau.air[0].entity
    LogEntry.objects.create(
        book="station_check", entity=station, area_code=station.area_code, note="采样口有遮挡",
        by=county.person("monitor"),
    )  # fmt: skip
    page = page_of(signed_in("monitor"), f"/entities/{station.pk}")
    lines = [words(li) for li in page.xpath("//*[@id='timeline']//li[@class='e']")]
    assert any("采样口有遮挡" in line and "站点巡查" in line for line in lines)
    assert any("建档" in line for line in lines)


def test_a_firms_own_people_are_told_of_no_complaint(county, signed_in):
    firm = county.bureau.enterprise
    values = {"title": "夜间异味扰民", "area_code": firm.area_code, "entity": firm}
    actions.open_matter(COMPLAINTS, values, by=None)
    staff = words(page_of(signed_in("leader"), f"/enterprises/{firm.pk}"))
    assert "夜间异味扰民" in staff
    assert "信访投诉" in staff
    own = words(page_of(signed_in("enterprise"), f"/enterprises/{firm.pk}").xpath("//main")[0])
    assert "环保体检" in own
    assert "夜间异味扰民" not in own
    assert "信访投诉" not in own


def test_out_of_scope_there_is_no_file_nor_a_name_in_a_list(county, signed_in):
    other = Enterprise.objects.create(code="F-9", name="南镇某厂", area_code="990101002")
    client = signed_in("town")
    assert client.get(f"/enterprises/{other.pk}").status_code == 404
    assert client.get(f"/entities/{other.pk}").status_code == 404
    assert other.name not in words(page_of(client, f"/matters/problem?about={other.pk}"))


def test_an_empty_file_says_so(county, signed_in):
    new = Enterprise.objects.create(code="F-8", name="新办厂", area_code="990101001")
    page = page_of(signed_in("leader"), f"/enterprises/{new.pk}")
    health = words(page.xpath("//*[@id='health']")[0])
    assert "不能判断" in health
    assert "没有接入自动监测" in health
    assert "没有在办事项" in words(page.xpath("//*[@id='in-hand']")[0])
    names = [words(a) for a in page.xpath("//nav[@class='tabs']/a")]
    assert names == ["概览"]


def test_a_point_says_how_it_stands(county, signed_in):
    point = county.bureau.flue_gas
    page = page_of(signed_in("monitor"), f"/stations/{point.pk}")
    health = page.xpath("//*[@id='health']")[0]
    assert {"数据", "预警", "许可限值"} <= {words(b) for b in health.xpath(".//li//b")}
    area = page_of(signed_in("monitor"), f"/stations/{county.area.pk}")
    assert not area.xpath("//*[@id='health']")
