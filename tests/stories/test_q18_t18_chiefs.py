"""站点长、河长、断面长、管长: who answers for a station checks it every week; one warning at a pipe calls three chiefs."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from tests.path.house import hours_ago, until
from tests.stories.pages import open_page, page_after, submit, text

from ecoledger.hj212 import Device, Value

STATION = "北镇空气站"
MN = "000000000000000000007001"


@pytest.fixture
def enter(house, tmp_path):
    """``enter("charge", "text of a table")``: how many rows were kept; none may be refused."""

    def run(kind: str, content: str) -> int:
        file = tmp_path / f"{kind}.csv"
        file.write_text(content, encoding="utf-8-sig")
        data = str(house.process.data)
        code, lines, errors = house.process.command("enter", "--data", data, kind, str(file))
        assert code == 0, errors or lines
        (counts,) = (line for line in lines if line.get("event") == "counts")
        assert counts["refused"] == 0, lines
        return counts["kept"]

    return run


@pytest.mark.story("Q18")
def test_a_station_chief_checks_every_week_and_interference_becomes_a_problem(
    visitor, enter, hired
):
    """A check is owed every week and answered item by item from the bureau's own list; water sprayed at the station is a
    problem of the ledger."""
    monitor, chief = visitor("monitor"), visitor("town")
    assert (
        enter("charge", f"对象,责任类别,责任人,任职起\n{STATION},站点长,北镇员甲,2026-01-01\n") == 1
    )
    # This week's check is owed from then on, and nobody can say that it was done without doing it.
    assert STATION in text(open_page(monitor, "/b/station_weekly/calendar"))

    # The checklist must be answered item by item.
    refused = page_after(
        chief, "/b/station_check/new", "/b/station_check/new", {"entity_text": STATION}
    )
    assert "没有填对" in text(refused)
    # The bureau keeps the list as a table of its own: two items go, one is worded anew, one comes; a monitor only looks.
    assert not open_page(monitor, "/b/station_check/items").xpath("//button[text()='保存']")
    head = hired("section_chief", "监测科长甲")
    table = open_page(head, "/b/station_check/items")
    form = next(f for f in table.forms if "row-label" in f.fields)
    keys = [i.value for i in form.xpath(".//input[@name='row-key']")]
    words = [i.value or "" for i in form.xpath(".//input[@name='row-label']")]
    words[keys.index("height_ok")] = words[keys.index("distance_ok")] = ""
    words[keys.index("sampling_ok")] = "采样口完好、无遮挡、无喷淋"
    words[len([k for k in keys if k])] = "视频监控在线"
    sent = {
        "csrfmiddlewaretoken": form.fields["csrfmiddlewaretoken"],
        "row-key": keys, "row-label": words,
        "row-basis": [i.value or "" for i in form.xpath(".//input[@name='row-basis']")],
    }  # fmt: skip
    assert head.post("/b/station_check/items", data=sent).is_redirect
    asked = text(open_page(chief, "/b/station_check/new"))
    assert "视频监控在线" in asked
    assert "捕集空间" not in asked
    new_key = open_page(head, "/b/station_check/items").xpath("//input[@name='row-key']/@value")[4]
    found = {
        "entity_text": STATION, "power_ok": "1", "sampling_ok": "0", "surroundings_ok": "1",
        "records_ok": "1", new_key: "1", "interference": "spray", "handling": "已制止，洒水车改道", "note": "站房旁有洒水车来回喷淋",
    }  # fmt: skip
    kept = page_after(chief, "/b/station_check/new", "/b/station_check/new", found)
    assert "已制止" in text(kept)

    # The week is done; what was found stands in the book of checks and has become a problem to be dealt with.
    owed = open_page(monitor, "/b/station_weekly")
    row = next(r for r in owed.xpath("//tbody/tr") if STATION in r.text_content())
    assert "已履行" in row.text_content()
    assert "喷淋" in text(open_page(monitor, "/b/station_check?interference=spray"))
    assert "采样口完好、无遮挡、无喷淋" in text(open_page(monitor, "/b/station_check"))
    problems = open_page(visitor("dispatcher"), f"/matters/problem?q={STATION}")
    assert "喷淋、洒水干扰" in text(problems)


@pytest.mark.story("T18")
def test_one_warning_at_a_pipe_calls_its_chief_and_those_of_the_river(house, visitor, enter):
    """One exceedance at a pipe calls its chief and those of the river and the basin; their answers stand together as one
    log."""
    county, town, monitor = visitor("dispatcher"), visitor("south"), visitor("monitor")
    assert enter("river", "河流名称,对象编码,所在地,长度\n清溪,R-9,测试县,31\n") == 1
    outlet = "企业名称,编号,排放口名称,类型\n三号测试厂,DW001,清溪三号管,废水\n"
    assert enter("outlet", outlet) == 1
    assert enter("relation", "对象,关系,另一对象\nE-3-DW001,排入,R-9\n") == 1
    point = f"所属对象,类别,名称,MN,访问密码,监测因子\nE-3-DW001,废水排放,三号管在线,{MN},123456,化学需氧量\n"
    assert enter("point", point) == 1
    assert (
        enter(
            "limit",
            "排放口,因子,限值,单位,判定依据,起\nE-3-DW001,化学需氧量,50,mg/L,小时均值,2026-01-01\n",
        )
        == 1
    )
    chiefs = """对象,责任类别,级别,责任人,任职起
E-3-DW001,管长,镇级,南镇员甲,2026-01-01
R-9,河长,县级,调度员甲,2026-01-01
R-9,流域长,县级,监测员甲,2026-01-01
"""
    assert enter("charge", chiefs) == 3

    # The file of the pipe shows where it leads, and of the river who answers.
    page = open_page(monitor, "/b/outlet?q=清溪三号管")
    address = next(
        a.get("href") for a in page.xpath("//a") if a.text_content().strip() == "清溪三号管"
    )
    assert "清溪" in text(open_page(monitor, address))

    over = (Value("w01018", "Avg", Decimal("120"), flag="N"),)
    device = Device(MN, st="32")
    packets = [device.packet("2061", time=hours_ago(n), values=over) for n in (3, 2)]
    assert house.send(*packets) == ["9014"] * 2
    house.settled()
    until(lambda: "镇级管长" in text(open_page(town, "/notices")), "the pipe's chief to be told")
    assert "县级河长" in text(open_page(county, "/notices"))
    assert "县级流域长" in text(open_page(monitor, "/notices"))

    # Each answers; the three answers stand together as the log of their joint work.
    for person, duty, action in (
        (town, "镇级管长", "关闭三号管"),
        (county, "县级河长", "沿河排查"),
        (monitor, "县级流域长", "加密监测"),
    ):
        notices = open_page(person, "/notices")
        form = next(f for f in notices.forms if duty in f.text_content())
        opened = person.submit(form.action, dict(form.form_values()), follow_redirects=True)
        address = opened.url.path
        assert re.fullmatch(r"/b/chief_call/\d+/edit", address)
        submit(person, address, address, {"action": action, "effect": "已见效"})
    log = text(open_page(county, "/b/chief_call"))
    for words in ("镇级管长", "县级河长", "县级流域长", "关闭三号管", "沿河排查", "加密监测"):
        assert words in log


@pytest.mark.story("T18")
def test_a_storm_drain_has_a_chief_and_the_river_it_leads_into_another(house, visitor, enter):
    """Who is called when something is wrong at a pipe of the network stands in its file."""
    monitor = visitor("monitor")
    assert enter("river", "河流名称,对象编码,所在地,长度\n南溪,R-8,测试县,12\n") == 1
    assert (
        enter(
            "pipe",
            "管段名称,管段编号,所在地,管道类型,管径,排入水体\n工业路雨水管,G-8,南镇,雨水管,600,南溪\n",
        )
        == 1
    )
    chiefs = "对象,责任类别,级别,责任人,任职起\nG-8,管长,镇级,南镇员甲,2026-01-01\nR-8,河长,县级,调度员甲,2026-01-01\n"
    assert enter("charge", chiefs) == 2
    page = open_page(monitor, "/b/pipe?q=工业路雨水管")
    address = next(
        a.get("href") for a in page.xpath("//a") if a.text_content().strip() == "工业路雨水管"
    )
    said = text(open_page(monitor, address))
    assert "南溪" in said
    assert "管长" in said
    assert "南镇员甲" in said
    assert "河长" in said
    assert "调度员甲" in said
