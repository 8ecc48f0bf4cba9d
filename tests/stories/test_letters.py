"""A letter from its matter to its PDF, by three people in their own browsers."""

from __future__ import annotations

import re
from io import BytesIO

from playwright.sync_api import expect
from pypdf import PdfReader

TITLE = "河岸堆放垃圾清理"


def test_a_letter_is_drafted_signed_and_issued(page_of, visitor, hired):
    desk = visitor("officer")
    new = desk.submit(
        "/matters/problem/new",
        {
            "origin_kind": "self",
            "title": TITLE,
            "description": "北河左岸堆放生活垃圾约 3 m³。",
            "area_code": "990101001",
            "category": "other",
            "level": "county",
            "risk": "normal",
        },
    )
    page = page_of("officer")
    page.goto(new.headers["Location"])
    page.get_by_role("button", name="拟交办函").click()
    page.get_by_label("主送").fill("北镇人民政府")
    page.get_by_label("反馈期限").fill("2036年12月5日")
    page.get_by_label("要求").fill("三日内清运。\n查明来源。")
    page.get_by_role("button", name="送审").click()
    expect(page.locator("body")).to_contain_text("已送审")
    address = re.search(r"/documents/drafts/\d+", page.url)[0]

    review = page_of("dispatcher")
    review.goto(address)
    review.get_by_role("button", name="审核同意").click()
    signed = hired("leader", "局领导甲").submit(f"{address}/approve", {"note": "同意"})
    assert signed.headers["Location"] == address
    review.goto(address)
    review.get_by_role("button", name="编号印发").click()
    expect(review.locator("h2.card-title").first).to_have_text(re.compile(r"^环交办〔\d{4}〕1号$"))
    number = review.locator("h2.card-title").first.inner_text()
    expect(review.locator("body")).to_contain_text("局领导甲")

    # The town reads it on the matter's page; the file says what was written.
    town = visitor("town")
    matter = town.get(new.headers["Location"]).text
    issued = re.search(rf'href="(/documents/\d+)">{number}<', matter)[1]
    pages = PdfReader(BytesIO(town.get(f"{issued}.pdf").content)).pages
    text = "".join(p.extract_text() for p in pages).replace(" ", "").replace("\n", "")
    for part in (
        number,
        f"关于交办{TITLE}的函",
        "北镇人民政府：",
        "（1）三日内清运。",
        "（2）查明来源。",
    ):
        assert part in text
