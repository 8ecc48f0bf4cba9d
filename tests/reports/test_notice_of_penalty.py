"""A notice tells the fine that was determined last, and of a large one the right to a hearing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from lxml import html
from tests.conftest import NORTH

from ecoledger.matters import actions
from ecoledger.matters.actions import Refused
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.registers.enforcement.penalty_case.register import REGISTER
from ecoledger.reports import drafting, matter_values
from ecoledger.reports.declaration import document_of
from ecoledger.reports.models import IssuedDocument
from ecoledger.web.matters.offered import form_of_step

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def case(people):
    values = {
        "title": "涉嫌超标排放水污染物案",
        "party": "某某印染厂",
        "party_kind": "organisation",
        "area_code": NORTH,
    }
    row = actions.open_matter(REGISTER, values, by=people["officer"])
    PenaltyCase.objects.filter(pk=row.pk).update(state="telling", filed_on=TODAY)
    return PenaltyCase.objects.get(pk=row.pk)


def assess(case, people, times=2):
    """250,000 yuan; with the lowest factor 100,000."""
    form = {"table": "water_excess", "levels": f"times={times} area=0 again=0"}
    return actions.perform(case.pk, "assess", by=people["officer"], form=form)


def notice(case, at=None):
    return IssuedDocument.objects.create(
        kind="penalty_notice", area_code=NORTH, matter_id=case.pk, title="告知书", issued_at=at or timezone.now(),
        number=f"环罚告〔2026〕{IssuedDocument.objects.count() + 1}号", word_sha256="", pdf_sha256="",
    )  # fmt: skip


def served(case, people, told):
    form = {"notice_served_on": f"{TODAY}", "hearing_right": told}
    return actions.perform(case.pk, "notify", by=people["officer"], form=form)


def test_a_notice_is_not_handed_on_before_its_fine_is_determined(case, people):
    officer = people["officer"]
    draft = drafting.begin_letter(document_of("penalty_notice"), case, by=officer)
    with pytest.raises(Refused, match="还没有裁量"):
        drafting.submit(draft, by=officer)
    assess(case, people)
    with pytest.raises(Refused, match="重新锁定"):
        drafting.submit(draft, by=officer)
    drafting.renew(draft, by=officer)
    assert draft.content["拟罚款大写"]
    drafting.submit(draft, by=officer)
    assert draft.state == "review"


def test_a_notice_is_not_issued_where_the_fine_was_determined_anew_on_its_way(case, people):
    officer, leader = people["officer"], people["leader"]
    assess(case, people)
    draft = drafting.begin_letter(document_of("penalty_notice"), case, by=officer)
    type(draft).objects.filter(pk=draft.pk).update(state="number")
    assess(case, people, times=0)
    with pytest.raises(Refused, match="重新锁定"):
        drafting.issue(draft, by=leader)


def test_a_notice_older_than_the_discretion_is_not_the_one_that_was_served(case, people):
    assess(case, people)
    old = notice(case, timezone.now() - timedelta(days=1))
    with pytest.raises(Refused, match="早于最近一次调查终结、裁量"):
        served(case, people, "1")
    new = notice(case)
    assert served(case, people, "1").notice_no == new.number != old.number


def test_a_large_fine_is_told_with_the_right_to_a_hearing(case, people):
    assess(case, people)
    notice(case)
    case.refresh_from_db()
    way = REGISTER.workflow.transition("notify")
    form = form_of_step(REGISTER, way, case, people["officer"])
    assert form["hearing_right"].value() == "1"
    with pytest.raises(Refused, match="应当告知听证权利"):
        served(case, people, "0")
    assert "ask_hearing" in ways(served(case, people, "1"), people)


def test_a_small_fine_may_be_told_without_it_and_no_hearing_is_asked_for_then(case, people):
    assess(case, people, times=0)
    notice(case)
    assert "ask_hearing" not in ways(served(case, people, "0"), people)


def test_the_officer_is_told_what_is_lacking_and_led_to_the_sheet_of_discretion(
    case, people, client
):
    client.force_login(people["officer"])
    answer = client.get(f"/matters/penalty_case/{case.pk}")
    asked = html.fromstring(answer.content).get_element_by_id("act")
    assert asked.xpath("string(.//h2)") == "“告知书已送达”还不能办"
    assert "还没有裁量" in asked.text_content()
    assert asked.xpath(f".//a[@href='/enforcement/cases/{case.pk}/discretion']")
    assert not asked.xpath(".//input[contains(@name, 'levels')]")


def test_a_draft_shows_of_what_it_locked_what_its_letter_says(case, people, client):
    assess(case, people)
    case.refresh_from_db()
    draft = drafting.begin_letter(document_of("penalty_notice"), case, by=people["officer"])
    client.force_login(people["officer"])
    shown = client.get(f"/documents/drafts/{draft.pk}").context["values"]
    assert shown["拟罚款大写"] == "贰拾伍万元整"
    assert shown["当事人"] == "某某印染厂"
    assert matter_values.labels(REGISTER)["拟罚款元"] == "拟罚款 元"
    assert not {"裁量", "同意的分期", "陈述申辩采纳", "反弹次数"} & set(shown)
    assert not draft.content["同意的分期"]


def ways(case, people):
    return {way.name for way in actions.available(case, people["officer"])}
