"""感知网络: devices by file, whether they are heard, and an order that brings one back."""

from __future__ import annotations

import re

import pytest
from tests.path.house import hours_ago
from tests.stories.pages import open_page, page_after, submit, text

DEVICES = """设备名称,安装位置,种类,型号,出厂编号,运维公司,检定有效期
一号二氧化硫分析仪,E-1-DA001,分析仪,SX-9,SX-001,清源运维公司,2020-01-01
一号数采仪,E-1-DA001,数据采集传输仪,DT-2,DT-001,清源运维公司,2099-12-31
重号数采仪,E-1-DA002,数据采集传输仪,DT-2,DT-001,清源运维公司,2099-12-31
"""


@pytest.mark.story("G9")
def test_a_silent_device_is_seen_repaired_and_heard_again(house, visitor, hired, tmp_path):
    """Devices come from a file; one that was never heard and whose verification ran out is seen, repaired by order and
    heard again."""
    monitor = visitor("monitor")
    folder = str(house.process.data)
    offices = tmp_path / "单位.csv"
    offices.write_text(
        "单位名称,类别,所在地\n清源运维公司,第三方机构,测试县\n", encoding="utf-8-sig"
    )
    code, _lines, errors = house.process.command(
        "enter", "--data", folder, "organisation", str(offices)
    )
    assert code == 0, errors
    file = tmp_path / "设备.csv"
    file.write_text(DEVICES, encoding="utf-8-sig")
    code, lines, errors = house.process.command("enter", "--data", folder, "device", str(file))
    assert code == 0, errors
    (counts,) = (line for line in lines if line.get("event") == "counts")
    assert (counts["kept"], counts["refused"]) == (2, 1)
    assert any("DT-001" in line.get("reason", "") for line in lines)

    # Its file says that nothing was ever heard, and that its verification has run out.
    book = open_page(monitor, "/b/device?q=一号二氧化硫分析仪")
    address = next(a.get("href") for a in book.xpath("//a") if "二氧化硫分析仪" in a.text_content())
    page = text(open_page(monitor, address))
    assert "从未收到数据" in page
    assert "有效期至 2020-01-01" in page
    assert "需处置" in page

    # An order to the company, repaired by its people, checked by the station.
    opened = page_after(
        monitor, "/matters/maintenance_order/new", "/new",
        {"entity_text": "一号二氧化硫分析仪", "fault": "offline", "description": "三天没有数据"},
    )  # fmt: skip
    assert "运维〔" in text(opened)
    listed = open_page(monitor, "/matters/maintenance_order")
    order = next(
        h for h in listed.xpath("//tbody//a/@href") if re.search(r"/maintenance_order/\d+$", h)
    )
    submit(monitor, order, "/do/order", {"owner_organisation_text": "清源运维公司"})
    repairer = hired("third_party", "运维员甲", organisation="清源运维公司")
    assert "一号二氧化硫分析仪" in text(open_page(repairer, "/my-work"))
    submit(
        repairer,
        order,
        "/do/report",
        {"work": "更换采样泵", "down_hours": "6.5", "parts": "采样泵"},
    )
    done = page_after(monitor, order, "/do/accept", {"checked": "数据恢复"})
    assert "已恢复" in text(done)
    assert "6.5" in text(done)

    # Heard again: the file says so, and the order stands in its history.
    house.emit("闭环锅炉烟囱", 20, hours_ago(2), hours_ago(1))
    house.settled()
    page = text(open_page(monitor, address))
    assert "最近数据" in page
    assert "从未收到数据" not in page
    assert "运维单" in page
