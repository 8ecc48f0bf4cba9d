"""A bureau begins: organisations, people, stations, points, facilities, relations and boundaries by file; then one file of each thing."""

from __future__ import annotations

import json
import re
from contextlib import closing

import pytest
from tests.path.county import COUNTY, NORTH, SOUTH
from tests.path.house import Visitor
from tests.stories.conftest import BUREAU, with_own_password
from tests.stories.pages import open_page, page_after, text

DAY = "2026-07-01"
OFFICES = "单位名称,类别,行政区划\n清溪环境监测站,政府部门,测试县\n"
PEOPLE = """用户名,姓名,单位,岗位,数据范围
linmou,林某,清溪环境监测站,监测人员,测试县
chenmou,陈某,清溪环境监测站,执法人员、审批人员,北镇、南镇
wumou,吴某,没有这个单位,监测人员,测试县
"""
SECTIONS_RIVER = "河流名称,对象编码,行政区划代码,长度 km\n清溪,R-1,990101,31\n"
SECTIONS = """断面名称,对象编码,河流,距河源 km,行政区划代码
上桥断面,S-1,清溪,5,990101001
下桥断面,S-2,清溪,19,990101002
"""
NETWORK = "上游断面,关系,下游断面,流达时间,距离\nS-1,在其上游,S-2,6.5,14\n"
FACILITIES = "企业,设施编号,设施名称,设施类别,治理工艺\n三号测试厂,MF0001,炉窑,生产设施,\n三号测试厂,TA001,布袋除尘器,治理设施,袋式除尘\n"
POINTS = """所属对象,监测类别,监测点名称,MN号,监测因子
E-3-DA001,废气排放,南镇烟囱备用仪,000000000000000000009001,二氧化硫、氮氧化物
E-3-DA001,废气排放,写错因子,000000000000000000009002,氨氮
"""
SQUARE = [[[118.5, 24.8], [118.7, 24.8], [118.7, 25.0], [118.5, 25.0], [118.5, 24.8]]]
BOUNDARIES = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"代码": NORTH, "名称": "北镇"},
         "geometry": {"type": "Polygon", "coordinates": SQUARE}},
        {"type": "Feature", "properties": {"代码": "123456789", "名称": "别处"},
         "geometry": {"type": "Polygon", "coordinates": SQUARE}},
    ],
}  # fmt: skip


@pytest.fixture
def enter(house, tmp_path):
    """``enter("person", "text of a file")``: (kept, refused, reasons of the refused)."""

    def run(kind: str, content: str, *more: str, name: str = "表.csv"):
        file = tmp_path / f"{kind}-{name}"
        file.write_text(content, encoding="utf-8" if name.endswith("json") else "utf-8-sig")
        code, lines, errors = house.process.command(
            "enter", "--data", str(house.process.data), kind, str(file), *more
        )
        assert code == 0, errors or lines
        (counts,) = (line for line in lines if line.get("event") == "counts")
        reasons = [line["reason"] for line in lines if line.get("outcome") == "refused"]
        return counts["kept"], counts["refused"], reasons

    return run


def test_what_a_bureau_begins_with_comes_by_file_while_the_server_runs(house, visitor, enter):
    assert enter("organisation", OFFICES)[:2] == (1, 0)
    # A look changes nothing.
    assert enter("person", PEOPLE, "--preview")[:2] == (2, 1)
    kept, refused, reasons = enter("person", PEOPLE)
    assert (kept, refused) == (2, 1)
    assert "没有这个单位" in reasons[0]
    code, lines, errors = house.process.command(
        "person", "--data", str(house.process.data), "first-passwords"
    )
    assert code == 0, errors
    given = {line["username"]: line for line in lines}
    assert given["chenmou"]["roles"] == ["officer", "approver"]
    assert given["chenmou"]["area_codes"] == [NORTH, SOUTH]
    assert given["linmou"]["area_codes"] == [COUNTY]
    assert len(given["linmou"]["password"]) >= 12

    assert enter("river", SECTIONS_RIVER)[:2] == (1, 0)
    assert enter("section", SECTIONS)[:2] == (2, 0)
    assert enter("relation", NETWORK)[:2] == (1, 0)
    assert enter("facility", FACILITIES)[:2] == (2, 0)
    kept, refused, reasons = enter("point", POINTS)
    assert (kept, refused) == (1, 1)
    assert "不是废气排放监测点的因子" in reasons[0]
    kept, refused, reasons = enter(
        "boundary", json.dumps(BOUNDARIES, ensure_ascii=False), name="边界.geojson"
    )
    assert (kept, refused) == (1, 1)
    assert "123456789" in reasons[0]

    monitor = visitor("monitor")
    shown = text(open_page(monitor, "/b/point?q=南镇烟囱备用仪"))
    assert "000000000000000000009001" in shown
    assert "NOx" in shown


def test_who_is_put_on_record_by_the_command_signs_in_and_sets_a_password_of_his_own(house):
    code, lines, errors = house.process.command(
        "person", "--data", str(house.process.data), "create", "zhang", "--name", "审批员甲",
        "--role", "approver", "--area", COUNTY, "--organisation", BUREAU,
    )  # fmt: skip
    assert code == 0, errors
    first = lines[0]["password"]
    assert (lines[0]["name"], lines[0]["roles"]) == ("审批员甲", ["approver"])
    with closing(Visitor(house, "zhang", first)) as person:
        assert person.get("/my-work").headers["Location"] == "/account"
        with_own_password(person, first)
        assert person.get("/my-work").status_code == 200


def _address_of(person, book: str, name: str) -> str:
    page = open_page(person, f"/b/{book}?q={name}")
    (link,) = {
        a.get("href") for a in page.xpath("//main//a | //a") if a.text_content().strip() == name
    }
    return re.sub(r"^/b/\w+/", "/entities/", link)


def test_the_file_of_a_thing_shows_its_relations_and_what_became_of_it(house, visitor, enter):
    monitor = visitor("monitor")
    address = _address_of(monitor, "section", "上桥断面")
    page = text(open_page(monitor, address))
    assert "下桥断面" in page
    assert "6.5 h" in page
    # A chief of the section stands in its file.
    enter("charge", "对象,责任类别,级别,姓名,任职起\nS-1,断面长,镇级,林断面长,2026-01-01\n")
    assert "林断面长" in text(open_page(monitor, address))

    # Renamed from a day: the old name stays in the history and is found.
    page = page_after(
        monitor, f"{address}/rename", "rename", {"name": "新桥断面", "on": DAY}, button="do"
    )
    assert "上桥断面 → 新桥断面" in text(page)
    assert "新桥断面" in text(open_page(monitor, "/search?q=上桥断面"))

    # Two entries of one facility are merged: shown first, done, and taken back.
    twin = _address_of(monitor, "facility", "布袋除尘器")
    enter("facility", "企业,设施编号,设施名称,设施类别\n三号测试厂,TA002,布袋除尘,治理设施\n")
    enter("relation", "对象,关系,另一对象\n布袋除尘器,接至排放口,E-3-DA001\n")
    said = {"other_text": "布袋除尘", "other": "布袋除尘", "on": DAY}
    page = page_after(monitor, f"{twin}/merge", "merge", said, button="preview")
    assert "关系 1" in text(page)
    assert "接至排放口" not in text(
        open_page(monitor, _address_of(monitor, "facility", "布袋除尘"))
    )
    data = dict(said) | {"step": "do"}
    done = monitor.submit(f"{twin}/merge", data, follow_redirects=True)
    assert "停用" in done.text
    page = page_after(monitor, twin, "/undo")
    assert "已撤销" in text(page)
    assert "排放口" in text(open_page(monitor, twin))


def test_who_may_not_keep_the_registry_is_refused(visitor):
    town = visitor("town")
    page = open_page(town, "/b/facility")
    assert "登记" not in {a.text_content().strip() for a in page.xpath("//a")}
    assert town.get("/entities/1/rename").status_code in (403, 404)


def test_the_guide_says_what_is_there_what_is_missing_and_the_way_to_it(visitor):
    monitor = visitor("monitor")
    page = open_page(monitor, "/beginning")
    (areas,) = page.xpath("//li[@id='step-area']")
    assert "已有 3" in " ".join(areas.text_content().split())
    assert "没有边界" in areas.text_content()
    links = {a.get("href") for a in areas.xpath(".//a")}
    assert {"/b/area/import/template.xlsx", "/b/area/import"} <= links
    # Who is wanted for the work is named; people are entered by somebody else.
    (people,) = page.xpath("//li[@id='step-person']")
    assert "没有审批" not in people.text_content()
    assert "安全管理员" in people.text_content()
    assert visitor("town").get("/beginning").status_code == 403
