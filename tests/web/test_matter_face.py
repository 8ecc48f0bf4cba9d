"""What a matter's page says of itself: who did each stage and how late, whose turn it is, and where its things are."""

from __future__ import annotations

import re
from datetime import timedelta

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from ecoledger.accounts.models import Organisation
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.evidence import Upload
from ecoledger.matters.models import Clock, Matter
from ecoledger.registers.approval.zoning_check import REGISTER as ZONING
from ecoledger.registers.problems.problem_ledger import REGISTER


@pytest.fixture
def problem(county):
    """A problem of a firm, handed over nine days after it should have been."""
    values = {
        "title": "喷漆房未密闭",
        "area_code": "990101001",
        "origin_kind": "self",
        "entity": county.bureau.enterprise.entity_ptr,
    }
    matter = actions.open_matter(REGISTER, values, by=county.person("officer"))
    late = timezone.now() - timedelta(days=9)
    Clock.objects.filter(matter=matter, name="hand_over").update(due=late)
    Matter.objects.filter(pk=matter.pk).update(due=late)
    unit = Organisation.objects.get(name="北镇人民政府")
    form = {"owner_organisation": unit, "measures": "密闭", "deadline": "2026-01-01"}
    return actions.perform(matter.pk, "hand_over", by=county.person("dispatcher"), form=form)


def apply_close(county, problem):
    png = bytes.fromhex("89504e470d0a1a0a") + b"\0" * 64
    picture = Upload(SimpleUploadedFile("完工.png", png, "image/png"))
    form = {"verdict": "true", "result": "已密闭"}
    return actions.perform(
        problem.pk, "apply_close", by=county.person("town"), form=form, files=[picture]
    )


def page_of(client, matter) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(client.get(f"/matters/problem/{matter.pk}").content)


def said(node) -> str:
    return re.sub(r"\s+", " ", node.text_content()).strip()


def stages(page) -> dict[str, str]:
    rows = (said(li) for li in page.xpath("//ol[@class='stage']/li"))
    return {text.split()[0]: text for text in rows}


def test_a_stage_is_told_with_who_did_it_not_with_who_brought_the_matter_there(
    county, problem, signed_in
):
    line = stages(page_of(signed_in("leader"), problem))
    assert county.person("dispatcher").name in line["交办"]
    assert county.person("officer").name not in line["交办"]  # who entered it
    assert "超期办结" in line["交办"]
    assert line["整改"].endswith(("超期", "天"))  # overdue now: how long


def test_the_turn_is_named_by_role_where_the_step_is_the_authoritys(county, problem, signed_in):
    client = signed_in("town")
    heading = "//h2[@id='ask-title']"
    assert "请您" in said(page_of(client, problem).xpath(heading)[0])
    closing = apply_close(county, problem)
    (whose,) = page_of(client, closing).xpath(heading)
    assert "局领导、" in said(whose)
    assert "北镇人民政府" not in said(whose)


def test_the_owner_is_named_where_the_step_is_the_owners(problem, signed_in):
    (whose,) = page_of(signed_in("leader"), problem).xpath("//h2[@id='ask-title']")
    assert said(whose) == "现在由 北镇人民政府 办理"


def test_the_thing_a_matter_is_about_is_a_door(county, problem, signed_in):
    firm = county.bureau.enterprise
    links = page_of(signed_in("leader"), problem).xpath("//main//dd/a")
    assert {said(a): a.get("href") for a in links}[firm.name] == f"/enterprises/{firm.pk}"


def test_a_page_tells_one_number_of_days_overdue(problem, signed_in):
    """In days of the calendar, in the head and at the clock, whatever the clock counts in."""
    days = re.findall(
        r"超期 ?([0-9.]+) ?(\S*天|工作日)", page_of(signed_in("leader"), problem).text_content()
    )
    assert len(days) >= 3
    assert len(set(days)) == 1


def test_a_step_that_leaves_the_state_says_so(county, problem, signed_in):
    way = page_of(signed_in("town"), problem).xpath("//details[contains(., '填报进展')]/summary")[0]
    assert "状态不变" in said(way)
    assert "转为" not in said(way)


def test_whoever_is_asked_reads_what_was_written_before_them(county, problem, signed_in):
    """The applicant's own words stand in the ask, not only further down on the timeline."""
    page = page_of(signed_in("dispatcher"), apply_close(county, problem))
    ask = said(page.xpath("//section[@id='act']")[0])
    assert "请您" in ask
    assert "整改结果 已密闭" in ask


def test_a_hand_over_without_a_deadline_says_that_nobody_will_be_reminded(
    county, problem, signed_in
):
    values = {"title": "第二件", "area_code": "990101001", "origin_kind": "self"}
    other = actions.open_matter(REGISTER, values, by=county.person("officer"))
    unit = Organisation.objects.get(name="北镇人民政府")
    client = signed_in("dispatcher")
    form = {"hand_over-owner_organisation": unit.pk, "hand_over-measures": "清运"}
    address = f"/matters/problem/{other.pk}/do/hand_over"
    answer = client.post(address, form, follow=True).content.decode()
    assert "这件事现在没有期限" in answer
    assert Matter.objects.get(pk=other.pk).due is None
    # With a deadline nothing is said.
    third = actions.open_matter(REGISTER, values | {"title": "第三件"}, by=county.person("officer"))
    address = f"/matters/problem/{third.pk}/do/hand_over"
    form["hand_over-deadline"] = f"{timezone.localdate() + timedelta(days=30)}"
    assert "没有期限" not in client.post(address, form, follow=True).content.decode()


def test_overdue_work_is_told_apart_on_the_map(county, problem, signed_in):
    Matter.objects.filter(pk=problem.pk).update(lon=118.6, lat=24.9)
    layer = signed_in("leader").get("/map/matter.geojson").json()
    (mark,) = [f for f in layer["features"] if f["properties"]["name"] == problem.title]
    assert mark["properties"]["late"] is True
    assert any("超期" in line for line in mark["properties"]["lines"])


def test_a_remark_that_is_too_long_is_kept_as_written_and_not_cut(problem, signed_in):
    """Cut without a word, its end would be missing from the record; sent back empty, it would be written twice."""
    client, text = signed_in("dispatcher"), "已联系镇里。" * 1000
    answer = client.post(f"/matters/problem/{problem.pk}/note", {"text": text})
    page = lxml.html.fromstring(answer.content)
    assert answer.status_code == 422
    assert "说明最多 4000 字，现在有 6000 字。" in page.text_content()
    (box,) = page.xpath("//section[@id='act']//textarea[@name='text']")
    assert box.text == text
    assert box.get("maxlength") == "4000"
    assert not problem.events.filter(transition="note").exists()
    client.post(f"/matters/problem/{problem.pk}/note", {"text": text[:4000]})
    assert problem.events.get(transition="note").note == text[:4000].strip()


@pytest.fixture
def check(county):
    """A check of a project against the zones, not yet judged."""
    values = {"title": "电镀项目", "area_code": "990101001", "lon": 118.6, "lat": 24.9}
    return actions.open_matter(ZONING, values, by=county.person("dispatcher"))


def zoning_page(client, check) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(client.get(f"/matters/zoning_check/{check.pk}").content)


def test_of_several_ways_none_is_chosen_for_the_person(problem, signed_in):
    ways = page_of(signed_in("town"), problem).xpath("//details[contains(@class, 'way')]")
    assert len(ways) > 1
    assert [way for way in ways if "open" in way.attrib] == []


def test_what_is_left_is_counted_in_the_ask_as_at_the_clock(check, signed_in):
    page = zoning_page(signed_in("leader"), check)
    (ask,) = page.xpath("//div[@class='ask-head']/span[contains(@class, 'chip')]")
    (clock,) = page.xpath(
        "//section[h2='时限' or div/h2='时限']//li/span[contains(@class, 'chip')]"
    )
    assert "工作" in said(clock)
    assert said(ask) == said(clock)


def test_rows_of_many_columns_stand_in_the_main_column(check, signed_in):
    page = zoning_page(signed_in("leader"), check)
    (column,) = page.xpath("//section[@id='findings']/parent::div")
    assert "span-8" in column.get("class")


def test_whoever_may_only_do_it_over_is_told_whose_turn_it_is(check, signed_in):
    """The first judging is done: it is the approver's to review, though the leader may have it judged anew."""
    Matter.objects.filter(pk=check.pk).update(state="judged")
    page = zoning_page(signed_in("leader"), check)
    assert said(page.xpath("//h2[@id='ask-title']")[0]) == "现在由 审批人员 办理"
    ways = [said(way) for way in page.xpath("//details[contains(@class, 'way')]/summary//strong")]
    assert ways == ["按现行方案重新研判", "撤回"]


def test_only_what_may_run_beside_others_offers_it(county, check, problem, signed_in):
    client = signed_in("dispatcher")
    assert page_of(client, problem).xpath("//section[@id='bundle']")
    assert not zoning_page(signed_in("leader"), check).xpath("//section[@id='bundle']")
    with pytest.raises(Refused) as refused:
        actions.bundle([problem.pk, check.pk], by=county.person("leader"))
    assert "准入研判" in refused.value.why


def test_a_row_to_fill_in_that_has_many_boxes_names_each_of_them(signed_in):
    page = lxml.html.fromstring(signed_in("approver").get("/matters/zoning_check/new").content)
    (table,) = page.xpath("//table[contains(@class, 'spread')]")
    heads = [said(head).rstrip(" *") for head in table.xpath(".//th")]
    assert table.xpath(".//tbody/tr[1]/td/@data-label") == heads
    assert len(heads) > 6
