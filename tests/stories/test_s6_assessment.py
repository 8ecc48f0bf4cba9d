"""危险废物规范化评估: a year's round for the key firms, marked, graded, published and objected to."""

from __future__ import annotations

import pytest
from tests.path.county import COUNTY
from tests.stories.pages import open_page, page_after, submit, text


@pytest.mark.story("S-6")
def test_a_firm_is_marked_graded_objects_and_is_put_right(house, visitor, hired):
    """Thirty items of two marks; a lost veto is 不达标; the firm objects, another person upholds it with the
    right marks, and nobody locks the round while objections may still come."""
    officer, chief = visitor("officer"), hired("section_chief", "固管科长甲")
    page = page_after(
        officer,
        "/b/waste_assessment/new",
        "/new",
        {"name": "2025年度", "area_code": COUNTY, "begin": "2025-01-01", "end": "2025-12-31"},
    )
    act = next(f.action for f in page.forms if (f.action or "").endswith("/act"))
    round_ = act.removesuffix("/act")
    scores = page.xpath("//a[contains(@href, '/scores/')]/@href")
    assert scores, text(page)
    score = scores[0]

    # All marks given: the eighteenth item, a veto, is lost.
    page = open_page(officer, score)
    marks = [f.fields["mark"] for f in page.forms if "mark" in f.fields]
    assert len(marks) == 30
    form = next(f for f in page.forms if f.fields.get("mark") == marks[0])
    for number, mark in enumerate(marks, 1):
        given = dict(form.form_values()) | {
            "mark": mark,
            "marks": "0" if number == 18 else "2",
            "reason": "未备案" if number == 18 else "",
            "action": "give",
        }
        assert officer.post(form.action, data=given).status_code == 302
    page = open_page(officer, score)
    assert page.get_element_by_id("total").text_content() == "58.00"
    assert "不达标" in text(page)

    # Published; the firm objects; the chief upholds it with the right marks; the round stays open.
    submit(officer, round_, act, {"until": "2099-12-31"}, button="publish")
    # The lost item is a problem of the ledger by itself, of this firm; the thirty have the bureau's own words.
    problems = open_page(officer, "/matters/problem?q=应急预案")
    assert "制定意外事故的防范措施和应急预案并备案" in text(problems)
    assert "已列入问题清单" in text(open_page(officer, score))
    table = open_page(chief, "/b/waste_assessment/items")
    assert len([v for v in table.xpath("//input[@name='row-label']/@value") if v]) == 30
    assert "标记 M" in text(table)
    firm = visitor("firm")
    page = open_page(firm, score)
    objecting = [f for f in page.forms if f.fields.get("mark") == marks[17] and "text" in f.fields]
    sent = dict(objecting[0].form_values()) | {"text": "预案已于3月备案", "action": "object"}
    assert firm.post(objecting[0].action, data=sent).status_code == 302
    page = open_page(chief, score)
    assert "预案已于3月备案" in text(page)
    answering = next(f for f in page.forms if "objection" in f.fields)
    sent = dict(answering.form_values()) | {
        "text": "核对备案表，采纳", "upheld": "1", "marks": "2", "action": "answer",
    }  # fmt: skip
    assert chief.post(answering.action, data=sent).status_code == 302
    page = open_page(chief, score)
    assert page.get_element_by_id("total").text_content() == "60.00"
    assert "达标" in text(page)
    page = open_page(chief, round_)
    assert "异议期到 2099-12-31 才结束" in text(page)
    assert not page.xpath("//button[@value='lock']")
