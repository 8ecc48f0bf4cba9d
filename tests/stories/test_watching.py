"""Alarms of connected outlets: what arrived and what is valid (A11), and verdicts found from the desk (E6)."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.path import county
from tests.path.house import PNG, hours_ago, until
from tests.stories.pages import open_page, page_after, text

from ecoledger.hj212 import Value
from ecoledger.hj212.client import Device
from ecoledger.live import times

ASKED, DESK, VISITED = "停运锅炉烟囱", "日报锅炉烟囱", "手机锅炉烟囱"


def act(person, outlet: str, name: str, **values: str) -> None:
    """A step of the case about an outlet; the numbers of what it names are looked up as the form does."""
    answer = person.act(person.case(outlet)["id"], name, **values)
    assert answer.status_code == 200, answer.text


@pytest.mark.story("E6")
def test_alarms_are_verified_from_the_desk_and_the_share_is_counted(house, visitor, hired):
    """Of three alarms one is explained by the firm and put aside, one judged at the desk, one needs a visit: 2 of 3."""
    desk, firm, town = visitor("dispatcher"), visitor("firm"), visitor("town")
    for outlet in (ASKED, DESK, VISITED):
        house.emit(outlet, 61.0, hours_ago(3), hours_ago(2))
    house.settled()
    # What it is judged by stands beside the case: the value, the limit, since when.
    bundle = text(open_page(desk, f"/matters/alarm_case/{desk.case(ASKED)['id']}"))
    assert "61" in bundle
    assert "50" in bundle

    # The firm is asked before anybody goes there; its explanation is looked at by a second person.
    act(desk, ASKED, "ask_enterprise", question="请说明二氧化硫超标原因")
    assert firm.case(ASKED)["state"] == "asked"
    act(firm, ASKED, "explain", explanation_kind="instrument", explanation="标气校准时段未做标记")
    act(desk, ASKED, "propose_dismiss", false_reason="instrument", grounds="校准记录与数据一致")
    act(hired("dispatcher", "调度员乙"), ASKED, "confirm_dismiss")
    assert desk.case(ASKED)["state"] == "dismissed"

    # Two are real. One is settled from its data; at the other somebody goes to look.
    towns = desk.get("/lookup/organisation", params={"q": "北镇人民政府"}).text
    town_number = re.search(r'data-(?:value|id|key)="(\d+)"', towns)
    assert town_number, towns
    for outlet in (DESK, VISITED):
        act(desk, outlet, "dispatch", finding="数据与工况一致", instruction="核查治理设施",
            owner_organisation=town_number[1])  # fmt: skip
    said = text(open_page(desk, "/matters/alarm_case/statistics"))
    assert re.search(r"非现场核实占比 ?100\.0", said), said
    act(town, VISITED, "accept")
    photo = {"files": ("现场.png", PNG, "image/png")}
    answer = town.submit(
        f"/matters/alarm_case/{town.case(VISITED)['id']}/do/trace_done",
        {
            "trace_done-cause": "treatment_off",
            "trace_done-source": "脱硫塔",
            "trace_done-measures": "已加药",
        },
        files=photo,
    )
    assert answer.is_redirect, answer.text
    said = text(open_page(desk, "/matters/alarm_case/statistics"))
    assert re.search(r"非现场核实占比 ?66\.7", said), said
    assert re.search(r"2 / 3", said)


@pytest.mark.story("A11")
def test_an_outlet_s_data_arrive_are_judged_valid_and_a_fault_is_filed(house, visitor):
    """24 hours asked, 20 sent, two of them marked: arrival, validity, an exceedance and a filing that silences."""
    outlet, firm, desk = "别家锅炉烟囱", visitor("firm2"), visitor("monitor")
    device = Device(county.MN[outlet], st="31")
    hours = [hours_ago(n) for n in range(24, 4, -1)]
    marks = ["N"] * 18 + ["C", "M"]
    packets = [
        device.packet("2061", time=at, values=(Value("a21026", "Avg", Decimal(20), flag=mark),))
        for at, mark in zip(hours, marks, strict=True)
    ]
    assert set(house.send(*packets)) == {"9014"}
    house.settled()
    points = {p["name"]: p["id"] for p in desk.api("points")}
    address = f"/stations/{points[outlet]}"
    quality = text(open_page(desk, f"{address}?tab=quality"))
    assert "20" in quality
    rows = desk.api(
        f"points/{points[outlet]}/observations",
        begin=f"{hours[0]:%Y-%m-%dT%H:%M:%S}", end=f"{hours_ago(0):%Y-%m-%dT%H:%M:%S}",
    )  # fmt: skip
    assert len(rows) == 20
    assert [r["flag"] for r in rows].count("N") == 18

    # Above the limit by the hour: a case; the firm files a fault, and what falls into it stays silent.
    house.emit(outlet, 66.0, hours_ago(4))
    house.settled()
    until(lambda: desk.cases(outlet), "a case")
    # The firm files a fault of its analyser for the hours to come.
    fault = "锅炉分析仪故障更换"
    now = times.now()
    page = open_page(firm, "/filings/new")
    form = next(f for f in page.forms if "reason" in f.fields)
    page = page_after(
        firm,
        "/filings/new",
        form.action or "/filings/new",
        {
            "entity_text": outlet,
            "kind": "fault",
            "begin": f"{now + timedelta(minutes=5):%Y-%m-%dT%H:%M}",
            "end": f"{now + timedelta(hours=5):%Y-%m-%dT%H:%M}",
            "reason": fault,
        },
    )
    assert fault in text(page)
