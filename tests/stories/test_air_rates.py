"""How much of the data has come: capture of the air stations by month, transmission of the firms, firms connected."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

import pytest
from tests.path.county import AIR_FACTORS, AIR_MN, MN, NORTH
from tests.path.house import hours_ago, this_hour
from tests.stories.pages import open_page, submit, text
from tests.stories.test_air_sources import kept, matters, statistics
from tests.stories.test_air_weather import entered, workbook

from ecoledger.hj212 import Device, Value

STACK = "南镇锅炉烟囱"  # of 三号测试厂


def hourly(mn, hours, factors, flags=None):
    """A packet an hour ago: every factor, marked good or as ``flags`` says."""
    device = Device(mn, st="31" if len(factors) == 1 else "22")
    return [
        device.packet(
            "2061",
            time=hours_ago(n),
            values=tuple(
                Value(code, "Avg", Decimal(20) + n % 7, flag=(flags or {}).get(n, "N"))
                for code in factors
            ),
        )
        for n in hours
    ]


@pytest.mark.story("A11")
def test_65_firms_are_connected_and_each_quarter_has_its_rates(house, visitor, tmp_path):
    """“新增65家重点行业企业污染物在线监控，并与市级平台联网”: a firm is connected when its data arrive and accepted when a
    week of them is 90 % there and valid; the quarter shows what was due, received, valid and left out."""
    monitor = visitor("monitor")
    firms = [(f"测试联网{n}厂", NORTH, "纺织印染") for n in range(1, 65)]
    entered(
        house, "enterprise", workbook(tmp_path / "企业.xlsx", ("企业名称", "所在地", "行业"), firms)
    )
    head = ("项目名称", "企业名称", "批次名称", "因子", "完成时限")
    rows = [(f"{name}在线监控联网", name, "2026年新增65家", "SO2", "2099-12-31")
            for name in (*(firm[0] for firm in firms), "三号测试厂")]  # fmt: skip
    assert kept(entered(house, "connection", workbook(tmp_path / "联网.xlsx", head, rows))) == 65

    (case,) = matters(monitor, "/matters/connection?q=三号测试厂")
    submit(monitor, case, "/do/install", {"installed_on": "2026-06-01"})
    early = monitor.submit(f"{case}/do/connect", {"connect-connected_on": "2026-06-02"})
    assert "还没有收到该企业近 24 小时的数据" in early.text
    # A week but its first hours; in five hours the analyser was being calibrated.
    some = range(1, 101)
    assert set(house.send(*hourly(MN[STACK], some, ("a21026",)))) == {"9014"}
    house.settled()
    submit(monitor, case, "/do/connect", {"connected_on": "2026-06-02"})
    early = monitor.submit(f"{case}/do/accept", {})
    assert "近 7 天传输率 59.5%、有效率 59.5%，未达到 90%" in early.text
    more = range(101, 161)
    marks = dict.fromkeys(range(101, 106), "C")
    assert set(house.send(*hourly(MN[STACK], more, ("a21026",), marks))) == {"9014"}
    house.settled()
    submit(monitor, case, "/do/accept")
    page = text(open_page(monitor, case))
    assert "95.2" in page
    assert "92.3" in page
    shown = statistics(monitor, "connection")
    assert re.search(r"计划联网\s*65", shown), shown
    assert re.search(r"验收率.{0,40}1\.5", shown), shown

    # The quarter: what was due since it began, of every hour and factor, with the numbers behind each rate.
    page = open_page(monitor, "/air/transmission")
    (row,) = page.xpath("//tr[@data-firm='三号测试厂']")
    due, received, valid, stopped = (int(c.text_content()) for c in row.xpath("./td")[2:6])
    begun = datetime(this_hour().year, 3 * ((this_hour().month - 1) // 3) + 1, 1)
    hours = int((this_hour() - begun).total_seconds() // 3600)
    assert due in (hours, hours - 1)
    if hours > 200:
        assert (received, valid, stopped) == (160, 155, 0)
        rate = float(row.xpath("./td")[8].text_content())
        assert rate == pytest.approx(100 * 160 * 155 / due**2, abs=0.06)


@pytest.mark.story("Q1")
def test_capture_of_every_station_by_month_and_year(house, visitor):
    """Forty hours of six factors, one of them marked for three hours: what was captured of what was due, by
    month; a filed shutdown of ten hours is due to nobody."""
    monitor = visitor("monitor")
    marked = dict.fromkeys((5, 6, 7), "D")
    packets = hourly(AIR_MN["县城空气站"], range(1, 41), tuple(AIR_FACTORS), marked)
    assert set(house.send(*packets)) == {"9014"}
    house.settled()

    def station():
        page = open_page(monitor, "/air/capture")
        (row,) = page.xpath("//tr[@data-station='县城空气站']")
        valid, due = row.xpath("./td")[2].get("title").split("/")
        return int(valid), int(due), page

    valid, due, page = station()
    begun = datetime(this_hour().year, 1, 1)
    hours = int((this_hour() - begun).total_seconds() // 3600)
    assert due in (6 * hours, 6 * (hours - 1))
    if hours > 48:
        assert valid == 6 * 37
    assert "全年需 324 个有效天" in text(page)
    # Shut down for ten hours before anything came: those are due to nobody.
    page = open_page(monitor, "/filings/new")
    form = next(f for f in page.forms if "reason" in f.fields)
    submit(
        monitor,
        "/filings/new",
        form.action or "/filings/new",
        {
            "entity_text": "县城空气站",
            "kind": "shutdown",
            "begin": f"{hours_ago(70):%Y-%m-%dT%H:%M}",
            "end": f"{hours_ago(60):%Y-%m-%dT%H:%M}",
            "reason": "站房搬迁",
        },
    )
    _valid, less, page = station()
    if hours > 80:
        assert due - less == 60
        assert "停运剔除 60" in text(page)
