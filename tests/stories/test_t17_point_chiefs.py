"""点位长制: three levels of chiefs at a station; a warning reaches each; what they did counts for their town."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from tests.path.county import AIR_MN
from tests.path.house import hours_ago, until
from tests.stories.pages import open_page, page_after, text

from ecoledger.hj212 import Device, Value
from ecoledger.live import times

STATION = "北镇空气站"
LIST = f"""对象,责任类别,级别,责任人,姓名,任职起
{STATION},点位长,县级,调度员甲,,2026-01-01
{STATION},点位长,镇级,北镇员甲,,2026-01-01
{STATION},点位长,村级,,村点位长,2026-01-01
"""


@pytest.mark.story("T17")
def test_three_chiefs_of_a_station_are_warned_and_their_town_is_scored(house, visitor, tmp_path):
    """Chiefs on three levels from a list; one warning reaches each, an answer without what was done is refused, and the
    town's row counts what was told and answered; what the station may still have this year stands beside them."""
    county, town, monitor = visitor("dispatcher"), visitor("town"), visitor("monitor")
    file = tmp_path / "点位长名单.csv"
    file.write_text(LIST, encoding="utf-8-sig")
    data = str(house.process.data)
    code, lines, errors = house.process.command("enter", "--data", data, "charge", str(file))
    assert code == 0, errors
    assert [line["kept"] for line in lines if line.get("event") == "counts"] == [3]

    # The list shows who answers, on three levels.
    shown = text(open_page(monitor, "/b/charge"))
    for words in ("调度员甲", "北镇员甲", "村点位长", "镇级"):
        assert words in shown

    # What the station may still have this year stands beside its chiefs.
    profile = house.process.data / "profile"
    profile.mkdir(exist_ok=True)
    year = times.now().year
    goals = f'[[target]]\nindicator = "good_day_ratio"\nyear = {year}\nvalue = 90\n'
    (profile / "targets.toml").write_text(goals, encoding="utf-8")
    space = open_page(monitor, "/chiefs/space")
    (row,) = space.xpath(f"//tr[@data-station='{STATION}']")
    shown = " ".join(row.text_content().split())
    assert "县级点位长 调度员甲" in shown
    assert "≥ 90%" in shown
    assert "没有巡查" in shown

    # Two hours of CO above the limit of 10 mg/m³: one warning, told to each of the three.
    device = Device(AIR_MN[STATION], st="22")
    monoxide = (Value("a21005", "Avg", Decimal("11"), flag="N"),)
    packets = [device.packet("2061", time=hours_ago(n), values=monoxide) for n in (3, 2)]
    assert house.send(*packets) == ["9014"] * 2
    house.settled()
    until(lambda: "镇级点位长" in text(open_page(town, "/notices")), "the town's chief to be told")
    assert "县级点位长" in text(open_page(county, "/notices"))

    # The town's chief opens his notice and answers; without what was done he is refused.
    notices = open_page(town, "/notices")
    form = next(f for f in notices.forms if "镇级点位长" in f.text_content())
    opened = town.submit(form.action, dict(form.form_values()), follow_redirects=True)
    address = opened.url.path
    assert re.fullmatch(r"/b/chief_call/\d+/edit", address)
    refused = page_after(town, address, address, {"action": ""})
    assert "处置措施" in text(refused)
    answered = page_after(
        town, address, address, {"action": "现场排查，停止垃圾焚烧", "effect": "CO降至1.2"}
    )
    assert "停止垃圾焚烧" in text(answered)

    # The town's row: three told, one answered in time and with effect.
    table = open_page(county, "/chiefs")
    row = next(r for r in table.xpath("//tbody/tr") if "北镇" in r.text_content())
    cells = [" ".join(cell.text_content().split()) for cell in row.xpath("./td")]
    assert cells == ["北镇", "3", "1", "1/3", "1", "1"]
    # Its number opens the calls behind it.
    (link,) = row.xpath(".//a/@href")
    assert text(open_page(county, link)).count(STATION) >= 3
