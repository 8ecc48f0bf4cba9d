"""T6: hidden dangers with their risk stand in the same ledger; none is struck off without evidence and a second person."""

from __future__ import annotations

import re

import pytest
from tests.path.house import PNG
from tests.stories.test_alarm_to_closing import step

pytestmark = pytest.mark.story("T6")

PHOTO = {"name": "整改后.png", "mimeType": "image/png", "buffer": PNG}


def test_found_rectified_completed_struck_off_one_by_one(page_of, visitor):
    """“发现一项、整改一项、完成一项、销号一项”: a major danger is entered with its risk and stands in the view of such; it is not struck off
    without evidence, nor by who rectified it."""
    # 发现一项: an officer enters it on the page, with its risk.
    officer = page_of("officer")
    officer.goto("/matters/problem/new")
    officer.get_by_label("来源类别").select_option(label="自查发现")
    officer.locator('[name="title"]').fill("危险废物贮存间无防渗")
    officer.get_by_label("属地").select_option(label="北镇")
    officer.get_by_label("风险等级").select_option(label="重大")
    officer.locator("form button.btn-primary").click()
    officer.wait_for_url(re.compile(r"/matters/problem/\d+$"))
    address = officer.url

    # It stands in the view of major dangers.
    desk = visitor("dispatcher")
    page = page_of("dispatcher")
    page.goto("/matters/problem")
    page.get_by_role("link", name="重大隐患").click()
    assert "危险废物贮存间无防渗" in page.locator("main").inner_text()

    # 整改一项: handed over; without evidence it is not struck off.
    page.goto(address)
    step(page, "hand_over", owner_organisation="北镇人民政府", measures="重做防渗")
    town = visitor("town")
    path = address.split("://", 1)[1].split("/", 1)[1]
    form = {"apply_close-verdict": "true", "apply_close-result": "已重做防渗"}
    refused = town.submit(f"/{path}/do/apply_close", form)
    assert refused.status_code == 422
    assert "至少 1 份证据" in refused.text
    photo = {"files": ("防渗.png", PNG, "image/png")}
    assert town.submit(f"/{path}/do/apply_close", form, files=photo).is_redirect

    # 销号一项: not by who applied, but by another.
    refused = town.submit(f"/{path}/do/confirm_close", {"confirm_close-checked": "属实"})
    assert refused.status_code == 422
    page.goto(address)
    step(page, "confirm_close", checked="现场核查，防渗到位")
    assert "已销号" in page.locator("main").inner_text()
    assert "危险废物贮存间无防渗" not in desk.get("/matters/problem?risk=major&open=1").text
